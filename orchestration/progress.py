"""Progress of long work: libraries report, a terminal listens or nobody does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """How far one step has come; `total` is None while it is not known."""

    step: str
    done: int
    total: int | None
    detail: str


_listener: ContextVar[Callable[[Report], None] | None] = ContextVar("progress_listener", default=None)


def report(step: str, done: int = 0, total: int | None = None, detail: str = "") -> None:
    """Say how far a step has come, to whoever listens."""
    listener = _listener.get()
    if listener:
        listener(Report(step, done, total, detail))


@contextmanager
def listening(listener: Callable[[Report], None]) -> Iterator[None]:
    """Hear every report made inside the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
