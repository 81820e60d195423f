"""Syncs of hand-made models, on both ledgers."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
import yaml

from orchestration.activation.engine import run_sync
from orchestration.activation.ledger import open_ledger
from orchestration.activation.running import SyncRun
from orchestration.activation.syncs import Sync, load_syncs
from orchestration.settings import Settings
from orchestration.warehouse import Row, open_duckdb, open_warehouse, quoted
from tests.activation.peer import Peer

MODEL = "model.onefolk.sync_peer__people"
COLUMNS = {"profile_id": pa.string(), "email": pa.string(), "city": pa.string(), "order_count": pa.int64()}
People = Iterable[tuple[str | None, str | None, str | None, int | None]]


def sync_of(**activation: Any) -> Sync:
    """The sync of the people, declared so."""
    meta = {"connection": "peer", "object": "people", "key": ["email"], "purpose": "marketing"} | activation
    exposure = {
        "name": "peer_people",
        "config": {"meta": {"activation": meta}},
        "depends_on": {"nodes": [MODEL]},
    }
    kinds = {name: {"data_type": "text" if kind == pa.string() else "bigint"} for name, kind in COLUMNS.items()}
    node = {"name": "sync_peer__people", "columns": kinds}
    return load_syncs({"exposures": {"exposure.onefolk.peer": exposure}, "nodes": {MODEL: node}})[0]


class Desk:
    """One project with one sync: put people into its model, run it, look at what the peer and the ledger hold."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.now = datetime(2026, 9, 1, 12, tzinfo=UTC)
        self.connection: dict[str, Any] = {"type": "tests.activation.peer", "concurrency": 1}
        self.put([])
        self.permit([])

    def put(self, people: People) -> None:
        """Make the model hold these rows."""
        self._table("work_activation", "sync_peer__people", COLUMNS, list(people))

    def permit(self, profiles: Iterable[str], countries: dict[str, str] | None = None) -> None:
        """Publish who may be e-mailed for marketing, and make the build say so too."""
        permissions = {"profile_id": pa.string(), "purpose": pa.string(), "channel": pa.string()}
        rows = [(one, "marketing", "email") for one in profiles]
        for schema in ("work_consent", "consent"):
            self._table(schema, "permissions", permissions, rows, ", true as is_allowed")
        self._table(
            "profiles", "profiles", {"profile_id": pa.string(), "country": pa.string()},
            [(one, (countries or {}).get(one)) for one, *_ in rows],
        )  # fmt: skip
        self._table("work_identity", "profile_id_map", {"profile_id": pa.string(), "live_profile_id": pa.string()}, [])

    def merge(self, ids: dict[str, str]) -> None:
        """Say which ids stand for others now."""
        columns = {"profile_id": pa.string(), "live_profile_id": pa.string()}
        self._table("work_identity", "profile_id_map", columns, list(ids.items()))

    def sync(self, **activation: Any) -> Sync:
        """The sync, declared so."""
        return sync_of(**activation)

    def run(self, peer: Peer, *, allow: bool = False, **activation: Any) -> SyncRun:
        """Run the sync against a peer."""
        self.settings.home.mkdir(parents=True, exist_ok=True)
        self.settings.connections_path.write_text(yaml.safe_dump({"connections": {"peer": self.connection}}))
        return run_sync(
            self.settings,
            self.sync(**activation),
            allow=allow,
            now=lambda: self.now,
            opener=lambda *_: peer,
            requires_green=False,
        )

    def later(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)

    def ledger(self, sql: str) -> list[Row]:
        """Rows of the ledger."""
        with open_ledger(self.settings) as ledger:
            return ledger.store.rows(sql)

    def _table(self, schema: str, table: str, columns: dict[str, pa.DataType], rows: list[Any], more: str = "") -> None:
        name = self.settings.schema_prefix + schema
        is_published = not schema.startswith("work_") and self.settings.target == "duckdb"
        opened = open_duckdb(self.settings.serve_path, self.settings) if is_published else open_warehouse(self.settings)
        with opened as warehouse:
            warehouse.execute(f"create schema if not exists {quoted(name)}")
            warehouse.execute(f"drop table if exists {quoted(name, table)}")
            kinds = {pa.string(): "text", pa.int64(): "bigint"}
            typed = ", ".join(f"{quoted(column)} {kinds[kind]}" for column, kind in columns.items())
            warehouse.execute(f"create table {quoted(name, table)} ({typed})")
            cells = list(zip(*rows, strict=True)) or [()] * len(columns)
            arrays = [pa.array(cell, kind) for cell, kind in zip(cells, columns.values(), strict=True)]
            warehouse.append(name, table, pa.table(arrays, names=list(columns)).to_reader())
            if more:
                warehouse.execute(f"alter table {quoted(name, table)} add column is_allowed boolean default true")


@pytest.fixture
def desk(engine_settings: Settings) -> Desk:
    """An empty project, once per engine."""
    return Desk(engine_settings)


@pytest.fixture
def make_desk(engine_settings: Settings) -> Callable[[], Desk]:
    """A function that gives the project anew."""
    return lambda: Desk(engine_settings)


def people(count: int, **changed: str) -> list[tuple[str, str, str, int]]:
    """So many people; `changed` gives some another city, by their number as `p3`."""
    return [(f"p{n}", f"p{n}@shop.example", changed.get(f"p{n}", "Berlin"), n) for n in range(count)]
