"""Rooms of audiences on both engines, and the dbt that builds them all."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from orchestration.settings import Settings
from tests.audiences.audience_room import AudienceRoom
from tests.conftest import SettingsFactory
from tests.dbt_process import DbtProcess

MakeRoom = Callable[[Mapping[str, Mapping[str, Any]]], AudienceRoom]


@pytest.fixture(scope="session")
def dbt_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, DbtProcess]]:
    """One dbt per engine, for as long as the tests run."""
    processes = {engine: DbtProcess(tmp_path_factory.mktemp(engine)) for engine in ("duckdb", "postgres")}
    yield processes
    for process in processes.values():
        process.close()


@pytest.fixture
def make_room(engine_settings: Settings, dbt_processes: dict[str, DbtProcess]) -> MakeRoom:
    """`make_room(declared)`: a room with these audiences, once per engine."""
    return lambda declared: AudienceRoom(engine_settings, dbt_processes[engine_settings.target], declared)


@pytest.fixture
def duckdb_room(make_settings: SettingsFactory, dbt_processes: dict[str, DbtProcess]) -> MakeRoom:
    """The same on DuckDB alone, for what no engine does by itself."""
    settings = make_settings("duckdb")
    return lambda declared: AudienceRoom(settings, dbt_processes["duckdb"], declared)
