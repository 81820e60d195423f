"""Dagster's storage in the home folder, and the runs in it whose process died."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from orchestration.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

AS_OF_TAG = "onefolk/as_of"
PURPOSE_TAG = "onefolk/purpose"
ALLOWED_TAG = "onefolk/allowed_guards"
CONFIGURATION = Path(__file__).parent / "dagster.yaml"


def prepare_dagster_home(settings: Settings) -> Path:
    """Dagster's home with the committed configuration in it; the folder."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    target = settings.dagster_home / "dagster.yaml"
    if not target.exists() or target.read_bytes() != CONFIGURATION.read_bytes():
        shutil.copyfile(CONFIGURATION, target)
    return settings.dagster_home


@contextmanager
def alive(settings: Settings, run_id: str) -> Iterator[None]:
    """Show for as long as the block runs that the process of a run lives; the system withdraws it with the process."""
    path = _lives(settings) / f"{run_id}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:  # held already, by the command that started this run in its own process
        yield
        return
    try:
        yield
    finally:
        lock.release()
        path.unlink(missing_ok=True)


def end_dead_runs(settings: Settings, instance: "dg.DagsterInstance") -> list[str]:
    """Mark the runs failed whose process is gone; their ids."""
    ended = []
    for path in sorted(_lives(settings).glob("*.lock")):
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        run = instance.get_run_by_id(path.stem)
        if run is not None and not run.is_finished:
            instance.report_run_failed(run, "The process of this run was ended before the run was.")
            ended.append(run.run_id)
        lock.release()
        with suppress(OSError):
            path.unlink(missing_ok=True)
    return ended


def _lives(settings: Settings) -> Path:
    return settings.dagster_home / "alive"
