"""Folders that are there while something works in them, and not after: also what a killed process left goes."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

_LOCK = ".lock"


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """An empty folder in `parent`, removed at the end of the block, after those that nobody works in any more."""
    parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(parent)
    name = uuid4().hex[:8]
    folder = parent / name
    # Held by the process, so that the operating system lets go of it when the process is killed.
    with FileLock(parent / (name + _LOCK)):
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            (parent / (name + _LOCK)).unlink(missing_ok=True)
            with suppress(OSError):
                parent.rmdir()


def remove_abandoned(parent: Path) -> None:
    """Remove the folders whose process is no more."""
    for path in parent.glob("*" + _LOCK):
        try:
            with FileLock(path, timeout=0):
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
                path.unlink(missing_ok=True)
        except Timeout:
            continue
