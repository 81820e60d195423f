"""One writer at a time: a lock on the project's home that the operating system releases when its holder dies."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

from filelock import FileLock, Timeout

from orchestration.settings import Settings

WAIT_SECONDS = 1800.0
_TRY_EVERY_SECONDS = 0.25
_SAY_EVERY_SECONDS = 30.0


class BusyError(RuntimeError):
    """Somebody else uses the warehouse; the message says who, and since when."""


@contextmanager
def writing(
    settings: Settings,
    purpose: str,
    *,
    wait_seconds: float = WAIT_SECONDS,
    say: Callable[[str], None] = lambda sentence: None,
) -> Iterator[None]:
    """Hold the warehouse for writing; wait for its holder and `say` who it is; `BusyError` when that takes too long."""
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.home / "writer.lock")
    started, said = monotonic(), -_SAY_EVERY_SECONDS
    while True:
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:
            waited = monotonic() - started
            if waited >= wait_seconds:
                raise BusyError(f"The warehouse is in use: {holder(settings)}. Try again when it is done.") from None
            if waited - said >= _SAY_EVERY_SECONDS:
                say(f"Waiting for the warehouse: {holder(settings)}.")
                said = waited
            sleep(_TRY_EVERY_SECONDS)
    try:
        _note(settings).write_text(json.dumps({"purpose": purpose, "pid": os.getpid(), "since": _now()}))
        yield
    finally:
        _note(settings).unlink(missing_ok=True)
        lock.release()


@contextmanager
def reading(settings: Settings) -> Iterator[None]:
    """Hold the warehouse while looking into it; raise `BusyError` at once when somebody writes."""
    with writing(settings, "reading the warehouse", wait_seconds=1.0):
        yield


def holder(settings: Settings) -> str:
    """Who holds the warehouse, and since when, as a clause."""
    try:
        note = json.loads(_note(settings).read_text())
        return f"{note['purpose']} (process {note['pid']}) holds it since {note['since']}"
    except (OSError, ValueError, KeyError):
        return "another process holds it"


def _note(settings: Settings) -> Path:
    return settings.home / "writer.json"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
