"""Readers and roles while a company is built anew and published: nobody fails, nobody sees half of it."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.access.command import bring_grants_now
from orchestration.project import load_manifest, parse, public_tables
from orchestration.publishing import publish
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import open_warehouse, quoted
from tests.end_to_end.company import environment, run
from tests.orchestration.access_matrix import assert_matrix, log_in

pytestmark = pytest.mark.long

# Prints one line of JSON per look: what profiles earned, what orders earned, and how many orders there are. A reader
# for long keeps its connection; any other opens one a look.
READER = """
import json, sys, time
from orchestration.settings import load_settings
from orchestration.warehouse import open_duckdb, open_warehouse

settings, for_long = load_settings(), sys.argv[1] == "long"
QUERIES = (
    "select sum(net_revenue_amount) from profiles.profiles",
    "select sum(net_project_amount) from profiles.orders where is_valid and profile_id is not null",
    "select count(*) from profiles.orders",
)

def opened():
    if settings.target == "duckdb":
        return open_duckdb(settings.serve_path, settings, read_only=True)
    return open_warehouse(settings)

def look(warehouse):
    with warehouse.transaction():
        if settings.target == "postgres":
            warehouse.execute("set transaction isolation level repeatable read, read only")
        found = [str(warehouse.rows(query)[0][0]) for query in QUERIES]
    print(json.dumps(found), flush=True)
    time.sleep(0.05)

while True:
    with opened() as warehouse:
        look(warehouse)
        while for_long:
            look(warehouse)
"""


@dataclass
class Reader:
    """A reading process, and what it has seen so far."""

    process: "subprocess.Popen[str]"
    looks: list[tuple[str, str, str]] = field(default_factory=list)

    def listen(self) -> None:
        """Take in the lines of the process until it ends."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.looks.append(tuple(json.loads(line)))

    def orders(self) -> set[int]:
        """The numbers of orders that it saw."""
        return {int(look[2]) for look in self.looks}


@contextmanager
def reading(settings: Settings, how: str) -> Iterator[Reader]:
    """Let a process read in a loop while the block runs; it must not end by itself."""
    process = subprocess.Popen(
        [sys.executable, "-c", READER, how],
        cwd=PROJECT_DIR,
        env=environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    reader = Reader(process)
    thread = threading.Thread(target=reader.listen, daemon=True)
    thread.start()
    try:
        wait_for(lambda: len(reader.looks) > 2 or process.poll() is not None)
        yield reader
        seen = len(reader.looks)
        wait_for(lambda: len(reader.looks) > seen + 2 or process.poll() is not None)
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
    finally:
        process.kill()
        thread.join(10)
        process.communicate()


def wait_for(has_come: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is so."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if has_come():
            return
        pause.wait(0.05)
    raise AssertionError("It did not come about.")


def order_again(settings: Settings) -> int:
    """Land every order of the shop once more under another id; how many lines came."""
    written = 0
    for path in sorted((settings.landing_dir / "commerce" / "orders").glob("*.csv")):
        heading, *lines = path.read_text(encoding="utf-8").splitlines()
        again = [line.replace('"O', '"again-O', 1) for line in lines if line.startswith('"O')]
        path.with_name(f"again-{path.name}").write_text("\n".join([heading, *again]) + "\n", encoding="utf-8")
        written += len(again)
    return written


@pytest.fixture
def changing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """A copy of the company after its first cycle, on one engine, to be changed."""
    company: Settings = request.getfixturevalue(request.param)
    if request.param == "duckdb_company":
        more: dict[str, Any] = {}
    else:
        copy = f"{company.postgres_dbname}_copy"
        with open_warehouse(company.model_copy(update={"postgres_dbname": "postgres"})) as server:
            server.execute(f"create database {copy} template {company.postgres_dbname}")
        more = {"postgres_dbname": copy, "role_prefix": f"x{os.getpid()}_"}
    shutil.copytree(company.home, tmp_path / "home")
    later = company.clock + timedelta(days=1)
    yield Settings.model_validate(company.model_dump() | more | {"home": tmp_path / "home", "as_of": later})
    if request.param == "postgres_company":
        with open_warehouse(company) as server:
            for (name,) in server.rows(f"select rolname::text from pg_roles where rolname like '%x{os.getpid()}%'"):
                with open_warehouse(company.model_copy(update=more)) as warehouse:
                    warehouse.execute(f"drop owned by {quoted(str(name))}")
                server.execute(f"drop role {quoted(str(name))}")


@pytest.mark.parametrize("changing", ["duckdb_company", "postgres_company"], ids=["duckdb", "postgres"], indirect=True)
def test_readers_see_the_old_or_the_new(changing: Settings) -> None:
    """Readers of before, of the middle and of after a build and its publish see whole states, old or new, no mixture.

    On Postgres every role meanwhile reads what the seed says: before, after the rebuild, and after the publish; and
    whoever may read values of pii may at any moment.
    """
    settings = changing
    parse(settings)
    tables = public_tables(load_manifest())
    public = {(table.room, table.name) for table in tables}
    if settings.target == "postgres":
        bring_grants_now(settings, tables, create=True)
        assert len(assert_matrix(settings, public)["admin"]) > 100
    come = order_again(settings)
    with reading(settings, "long") as long_lived, reading(settings, "new") as newcomers, pii_reader(settings) as denied:
        before = max(newcomers.orders())
        run(settings, "land")
        run(settings, "build")
        assert newcomers.orders() == long_lived.orders() == {before}, "nothing is seen before it is published"
        if settings.target == "postgres":
            assert_matrix(settings, public)
        with reading(settings, "long") as late:
            assert publish(settings, tables).changed
            seen = len(newcomers.looks)
            wait_for(lambda: len(newcomers.looks) > seen + 3)
    after = max(newcomers.orders())
    assert 0 < after - before <= come
    assert newcomers.orders() == {before, after}
    # A file that is held open stays what it was; a session of Postgres goes on with the new rows.
    kept = {before} if settings.target == "duckdb" else {before, after}
    assert long_lived.orders() == kept
    assert late.orders() == kept
    for reader in (long_lived, newcomers, late):
        assert all(of_profiles == of_orders for of_profiles, of_orders, _ in reader.looks)
    assert newcomers.looks[0][0] != newcomers.looks[-1][0]
    if settings.target == "postgres":
        assert_matrix(settings, public)
        assert not denied


@contextmanager
def pii_reader(settings: Settings) -> Iterator[list[str]]:
    """On Postgres a support agent who looks people up in a loop; the refusals."""
    denied: list[str] = []
    if settings.target == "duckdb":
        yield denied
        return
    ended, looks = threading.Event(), 0

    def look_up() -> None:
        nonlocal looks
        with log_in(settings, "service") as connection, connection.cursor() as cursor:
            while not ended.wait(0.02):
                for table in ("contact_points", "identifier_values"):
                    try:
                        cursor.execute(f"select count(*) from work_pii.{table}")
                        cursor.fetchall()
                        looks += 1
                    except Exception as error:
                        denied.append(str(error))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    try:
        yield denied
    finally:
        ended.set()
        thread.join(20)
    assert looks > 10
