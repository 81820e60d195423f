"""A kill at any step of a cycle: the next cycle ends with the tables and files of one that nobody disturbed."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_DIR, Settings
from tests.end_to_end.company import (
    assert_same_tables,
    delivered,
    environment,
    kill_tree,
    move_in,
    onefolk,
    published,
    raw_tables,
    run,
)

pytestmark = pytest.mark.long

SECONDS = 120.0
# dbt itself needs about four seconds to start, and the build of the small company some ten more.
BUILD_SECONDS = 8.0


def landing_begun(settings: Settings) -> bool:
    """Some files are in the warehouse, and more are to come."""
    return settings.warehouse_path.exists() and settings.warehouse_path.stat().st_size > 500_000


def building_begun(settings: Settings) -> bool:
    """The build has run for a while: dbt is past its start, and works on the tables."""
    marks = list(settings.home.glob("build.*.json"))
    return any('"running"' in mark.read_text() and time.time() - mark.stat().st_mtime > BUILD_SECONDS for mark in marks)


def publishing_begun(settings: Settings) -> bool:
    """The file of the readers is being written."""
    return any(
        path.name.startswith(("serve", ".serve")) and path != settings.serve_path for path in settings.home.iterdir()
    )


def delivering_begun(settings: Settings) -> bool:
    """Files lie in the folder of the destination, and no manifest names them yet."""
    folder = settings.delivered_dir
    return any(path.is_file() for path in folder.rglob("*")) if folder.exists() else False


def kill_when(has_begun: Callable[[Settings], bool], settings: Settings) -> None:
    """Start a cycle, and kill it and its children as soon as the step has begun."""
    command, place = onefolk(settings, "run"), environment(settings)
    process = subprocess.Popen(command, cwd=PROJECT_DIR, env=place, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + SECONDS
    while not has_begun(settings) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    was_running = process.poll() is None
    kill_tree(process) if was_running else process.wait()
    assert was_running, f"the cycle was over before {has_begun.__name__}"


def test_kill_at_every_step(company: Path, duckdb_company: Settings, new_home: Callable[[], Settings]) -> None:
    """kill -9 in each step of a cycle in turn, then `onefolk run`: nothing lost, nothing twice, nothing half."""
    settings = move_in(company, new_home())
    for has_begun in (landing_begun, building_begun, publishing_begun, delivering_begun):
        kill_when(has_begun, settings)
    run(settings, "run")
    assert raw_tables(settings) == raw_tables(duckdb_company)
    assert_same_tables(published(settings), published(duckdb_company))
    assert delivered(settings) == delivered(duckdb_company)
