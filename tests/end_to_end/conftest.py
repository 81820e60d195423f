"""Whole cycles are dear: each engine runs one company once, and tests look at what came out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.settings import Settings
from tests.conftest import SettingsFactory, make_settings
from tests.end_to_end.company import CLOCK, SECRET, move_in, run, write_company
from tests.end_to_end.foreign_events import FOREIGN_CLOCK, build_foreign_events


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the company."""
    return write_company(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="session")
def duckdb_company(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The company after one undisturbed cycle on DuckDB."""
    folder = tmp_path_factory.mktemp("duckdb")
    settings = move_in(company, make_settings("duckdb", folder, as_of=CLOCK, secret=SECRET))
    run(settings, "run")
    return settings


@pytest.fixture(scope="session")
def postgres_company(
    company: Path, postgres_settings_factory: SettingsFactory, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """The company after one undisturbed cycle on Postgres."""
    folder = tmp_path_factory.mktemp("postgres")
    settings = move_in(company, postgres_settings_factory(folder, as_of=CLOCK, secret=SECRET))
    run(settings, "run")
    return settings


@pytest.fixture
def new_home(tmp_path: Path) -> Callable[[], Settings]:
    """A function that gives the settings of an empty home on DuckDB."""
    return lambda: make_settings("duckdb", tmp_path, as_of=CLOCK, secret=SECRET)


@pytest.fixture(scope="session")
def foreign_events(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The events of Snowplow and of Retentioneering, landed in one warehouse on DuckDB and built."""
    folder = tmp_path_factory.mktemp("foreign")
    return build_foreign_events(make_settings("duckdb", folder, as_of=FOREIGN_CLOCK), folder / "target")
