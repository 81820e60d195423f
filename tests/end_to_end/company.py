"""A small company for whole cycles: its files, the command line that runs them, and its tables and files as values."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.project import load_manifest, parse, public_tables
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.simulation import simulate
from orchestration.warehouse import Row, open_duckdb, open_warehouse, quoted
from tests.conftest import environment_of

PEOPLE, DAYS, SEED = 250, 57, 7
CLOCK = datetime(2026, 5, 1, tzinfo=UTC)
SECRET = "a secret that both warehouses share"
# Logs of runs: they say when, so they differ.
IDENTITY_LOGS = ("identity_runs", "identity_events", "identifier_history")
AUDIENCE_LOGS = ("audience_guards", "audience_changes", "audience_sizes")
RUN_LOGS = {("identity", name): ("run_id",) for name in IDENTITY_LOGS} | {
    ("audiences", name): ("run_id",) for name in AUDIENCE_LOGS
}

Tables = dict[str, list[Row]]


def write_company(folder: Path) -> Path:
    """Simulate the company; the folder that holds its landing/ and truth/."""
    simulate(people=PEOPLE, days=DAYS, seed=SEED, out=folder)
    return folder


def move_in(company: Path, settings: Settings) -> Settings:
    """Give a home the files of the company."""
    shutil.copytree(company / "landing", settings.landing_dir)
    return settings


def onefolk(settings: Settings, *arguments: str) -> list[str]:
    """The command line that runs one command of `onefolk` against these settings."""
    return [sys.executable, "-c", "from orchestration.cli import main; main()", *arguments]


def environment(settings: Settings) -> dict[str, str]:
    """Its environment: the project's, and a width that keeps sentences on one line."""
    return environment_of(settings) | {"COLUMNS": "200", "NO_COLOR": "1"}


def run(settings: Settings, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run one command to its end; with `check`, what it said is the failure's message."""
    done = subprocess.run(
        onefolk(settings, *arguments), cwd=PROJECT_DIR, env=environment(settings), capture_output=True, text=True
    )
    if check and done.returncode:
        pytest.fail(f"onefolk {' '.join(arguments)} failed:\n{done.stdout[-6000:]}\n{done.stderr[-4000:]}")
    return done


def published(settings: Settings) -> Tables:
    """Every table that readers see, rows in order, without what only says which run it was."""
    parse(settings)
    found: Tables = {}
    for table in public_tables(load_manifest()):
        # What became of deliveries is told by the next cycle, with times of its own.
        if table.room == "activation":
            continue
        left_out = RUN_LOGS.get((table.room, table.name), ())
        names = [column.name for column in table.columns if column.name not in left_out]
        relation = quoted(settings.stable_schema(table.room), table.name)
        columns = ", ".join(quoted(name) for name in names)
        rows = _rows(settings, f"select {columns} from {relation}")
        found[f"{table.room}.{table.name}"] = sorted(rows, key=repr)
    return found


def _rows(settings: Settings, sql: str) -> list[Row]:
    if settings.target == "duckdb":
        with open_duckdb(settings.serve_path, settings, read_only=True) as served:
            return [_comparable(row) for row in served.rows(sql)]
    with open_warehouse(settings) as warehouse:
        return [_comparable(row) for row in warehouse.rows(sql)]


def _comparable(row: Row) -> Row:
    return tuple(_plain(value) for value in row)


def _plain(value: Any) -> Any:
    if hasattr(value, "normalize"):
        return format(value.normalize(), "f")
    # Postgres gives decimals as text: they compare by their digits.
    if isinstance(value, str) and value.replace(".", "", 1).lstrip("-").isdigit() and "." in value:
        return value.rstrip("0").rstrip(".")
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def raw_tables(settings: Settings) -> dict[str, int]:
    """Rows of every raw table, but for what became of deliveries: that lands with the next cycle."""
    with open_warehouse(settings) as warehouse:
        names = warehouse.rows(
            "select table_schema, table_name from information_schema.tables"
            " where table_schema like 'raw%' and table_name not like 'sync%' and table_catalog = current_catalog"
        )
        return {
            f"{schema}.{table}": int(warehouse.rows(f"select count(*) from {quoted(schema, table)}")[0][0])
            for schema, table in sorted(names)
        }


def delivered(settings: Settings) -> dict[str, str]:
    """Every delivered file and its checksum."""
    return dict(_checksums(settings.delivered_dir))


def _checksums(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), hashlib.sha256(path.read_bytes()).hexdigest()


def assert_same_tables(one: Tables, other: Tables) -> None:
    """Fail with the first table that differs, and a row of the difference."""
    assert one.keys() == other.keys()
    for name, rows in one.items():
        missing = [row for row in rows if row not in set(other[name])][:3]
        extra = [row for row in other[name] if row not in set(rows)][:3]
        assert rows == other[name], (
            f"{name}: {len(rows)} rows and {len(other[name])}; only here {missing}; only there {extra}"
        )


def no_zombie(process: subprocess.Popen[bytes]) -> None:
    """Wait for a killed process, so that its locks are gone."""
    process.wait(timeout=30)
    if process.stdout:
        process.stdout.close()


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL a process and its children, dbt among them, as a power cut would."""
    import psutil

    parent = psutil.Process(process.pid)
    for child in [*parent.children(recursive=True), parent]:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    no_zombie(process)


def copy_part(company: Path, settings: Settings, part: str) -> None:
    """Give a home the files of one source, or of one table of it."""
    shutil.copytree(company / "landing" / part, settings.landing_dir / part)
