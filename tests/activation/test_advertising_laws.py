"""Customer lists keep the laws of sets: whole or not there, exact in their way, and nobody else's touched."""

import csv
import hashlib
import io
import json
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.activation.conformance_sets import SetBench, check, laws_of
from orchestration.activation.destinations.advertising import AdvertisingDestination
from orchestration.activation.destinations.file_formats import write_parquet
from orchestration.activation.destinations.set_protocol import SetDestination, SetFacts
from tests.activation.file_servers import PASSWORD
from tests.activation.test_advertising import HEADERS, IDENTIFIERS, opened, schema, sha256
from tests.activation.test_conformance import nobody


class Disguised:
    """A destination whose rows are any rows: each stands as one e-mail in a customer list."""

    def __init__(self, inner: AdvertisingDestination) -> None:
        self.inner = inner
        self.delivery_class = inner.delivery_class
        self.tidy = inner.tidy
        self.close = inner.close

    def holds(self, wanted: Path, rows: int, columns: pa.Schema, facts: SetFacts) -> bool:
        """As the inner one."""
        return self.inner.holds(disguise(wanted), rows, schema(), facts_of(facts))

    def replace(self, wanted: Path, rows: int, columns: pa.Schema, at: datetime, facts: SetFacts) -> list[str]:
        """As the inner one."""
        return self.inner.replace(disguise(wanted), rows, schema(), at, facts_of(facts))


def facts_of(facts: SetFacts) -> SetFacts:
    """The set is one of the lists' own key."""
    return replace(facts, key=("profile_id",))


def address(row: dict[str, Any]) -> str:
    """The e-mail that stands for a row."""
    return f"{sha256(repr(row))[:40]}@shop.example"


def disguise(wanted: Path) -> Path:
    """Rows as those of a customer list, in the same order."""
    path = wanted.with_name("disguised.parquet")
    rows = [(f"{n:06}", address(row)) for n, row in enumerate(pq.read_table(wanted).to_pylist())]
    count = len(rows)
    texts = [[row[0] for row in rows], [row[1] for row in rows], *([None] * count for _ in IDENTIFIERS[1:])]
    arrays = [pa.array(cells, pa.string()) for cells in texts] + [pa.array([True] * count, pa.bool_())] * 2
    write_parquet(path, [pa.record_batch(arrays, schema=schema())], schema())
    return path


def open_disguised(declared: dict[str, Any]) -> SetDestination:
    """The destination in any process."""
    return Disguised(opened(declared))


def read_disguised(root: Path, engine: Path, form: str) -> list[dict[str, Any]] | None:
    """What a reader finds who follows the manifest, each hash as the row that it stands for."""
    known = {
        sha256(address(row)): row
        for path in engine.rglob("wanted.parquet")
        for row in pq.read_table(path).to_pylist()
    }  # fmt: skip
    for _ in range(20):
        try:
            manifest = json.loads((root / "manifest.json").read_bytes())
            contents = [(file, (root / file["name"]).read_bytes()) for file in manifest["files"]]
        except FileNotFoundError:
            if not (root / "manifest.json").exists():
                return None
            continue
        assert all(hashlib.sha256(content).hexdigest() == file["sha256"] for file, content in contents)
        text = next(content for file, content in contents if file["name"].endswith(".csv")).decode()
        return [known[row[HEADERS[form][0]]] for row in csv.DictReader(io.StringIO(text, newline=""))]
    raise AssertionError("Files that a manifest names are gone, again and again.")


@pytest.fixture(params=HEADERS)
def bench(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SetBench:
    """Each company's list in a folder of this machine, and in a storage that is down."""
    monkeypatch.setenv("LIST_ACCESS", "access-key-of-ours")
    monkeypatch.setenv("LIST_SECRET", PASSWORD)
    for name in ("engine", "delivered"):
        (tmp_path / name).mkdir()
    declared = {"type": "advertising", "format": request.param}
    storage = {"place": "s3", "bucket": "lists", "region": "eu-central-1", "endpoint": f"http://127.0.0.1:{nobody()}"}
    keys = {"access_key_env": "LIST_ACCESS", "secret_key_env": "LIST_SECRET", "timeout_seconds": 2}
    folder = tmp_path / "delivered" / f"buyers_{request.param}"
    return SetBench(
        open=partial(open_disguised, declared | {"folder": str(tmp_path / "delivered")}),
        read=partial(read_disguised, folder, tmp_path / "engine", request.param),
        down=partial(open_disguised, declared | storage | keys),
        folder=tmp_path / "engine",
        secrets=(PASSWORD,),
    )


@pytest.mark.parametrize("law", laws_of(SetBench))
def test_lists_keep_the_law(law: str, bench: SetBench) -> None:
    """A customer list keeps the laws of sets."""
    check(law, bench)
