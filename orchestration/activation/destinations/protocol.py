"""What a destination is to the engine: one small protocol, and the words that it answers in.

A destination knows how to send a batch and how to read the answer. When to send, how often to try again, what a crash
means and what is remembered is the engine's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable


class DeliveryClass(StrEnum):
    """What it means to send the same batch twice, and so what the engine may do after a crash.

    `upsert` is harmless; `keyed_event` is harmless under the same key; `side_effect` happens twice, as a letter would.
    """

    UPSERT = "upsert"
    KEYED_EVENT = "keyed_event"
    SIDE_EFFECT = "side_effect"


class Operation(StrEnum):
    """What the destination is asked to do with a row."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Row:
    """One planned row: its place in the plan, what tells it apart at the destination, and what it says.

    `payload` is by the destination's names; of a row to remove it holds the key alone. `idempotency_key` is the same
    whenever the same content of the same row is sent. `provider_id` is what the destination called it before.
    """

    seq: int
    key: Mapping[str, Any]
    operation: Operation
    payload: Mapping[str, Any]
    idempotency_key: str
    profile_id: str | None = None
    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are sent together, under one key; `attempt` counts from 1."""

    sync: str
    object: str
    idempotency_key: str
    rows: Sequence[Row]
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """What is said of one row: `ok`, `noop` (it was so already), `invalid` (our fault) or `rejected` (theirs)."""

    seq: int
    outcome: str = "ok"
    code: str | None = None
    message: str | None = None
    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer for every row of the batch; one without is a fault of the destination's module."""

    rows: Sequence[RowAnswer]
    status_code: int | None = None

    @classmethod
    def all_ok(cls, batch: Batch, status_code: int | None = None) -> "Answered":
        """Every row was taken."""
        return cls([RowAnswer(row.seq) for row in batch.rows], status_code)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The destination works on the batch and will tell later, under this id."""

    job_id: str
    status_code: int | None = None


Answer = Answered | Accepted


class SendError(Exception):
    """A batch has no answer per row; the message is shown to people, so it holds neither secrets nor personal data."""

    def __init__(self, message: str, status_code: int | None = None) -> None:
        super().__init__(message)
        self.status_code = status_code


class BatchRefusedError(SendError):
    """Something in the batch is wrong and nothing of it was taken: the engine halves it, down to the row."""


class TryLaterError(SendError):
    """Nothing was taken, and it is not the rows' fault; `after` is how many seconds the destination asks to wait."""

    def __init__(self, message: str, status_code: int | None = None, after: float | None = None) -> None:
        super().__init__(message, status_code)
        self.after = after


class UnsureError(SendError):
    """The connection ended before an answer: the batch may have been taken, or not."""


class NotAllowedError(SendError):
    """The destination doesn't let us in: the sync stops, and no row is to blame."""


@dataclass(frozen=True)
class Limits:
    """What a destination takes at once; bytes are those of the payloads as JSON."""

    max_rows: int = 100
    max_bytes: int = 1_000_000
    max_row_bytes: int = 100_000


@dataclass(frozen=True)
class Catalogue:
    """What an object of a destination knows: fields with their types, which it needs, and whether others may come.

    Without `takes_removals` nothing can be removed from it.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    required: Sequence[str] = ()
    is_open: bool = True
    takes_removals: bool = True


def _at_once() -> None:
    """Nobody waits."""


@dataclass(frozen=True)
class Target:
    """What of a destination one sync writes, by the destination's names.

    `kinds` tells which of text, number, boolean, date and timestamp each field is; `home` is the folder of sets that
    stay on this machine. A destination calls `turn` before each request of a batch but the first: it waits for the rate
    of the connection, and raises `TryLaterError` where that takes too long.
    """

    object: str
    mode: str = "upsert"
    key: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    home: Path | None = None
    turn: Callable[[], None] = _at_once


@runtime_checkable
class Destination(Protocol):
    """Sends batches. Made for one run of one sync, used from several threads at once, closed at its end."""

    delivery_class: DeliveryClass
    limits: Limits

    def catalogue(self) -> Catalogue:
        """What the object knows, for `onefolk sync validate`; nothing is sent."""

    def preparations(self) -> Sequence[str]:
        """What is missing there and would be made before the first batch, a sentence each; nothing is sent."""

    def prepare(self) -> None:
        """Make what is missing, before the first batch of a run that has one; raise a `SendError` where that fails."""

    def problems(self, row: Row) -> str | None:
        """Why this row can't be sent as it is, in a sentence without its values, else None: it becomes `invalid`."""

    def send(self, batch: Batch) -> Answer:
        """Send a batch; raise a `SendError` where there is no answer per row."""

    def poll(self, job_id: str, batch: Batch) -> Answer:
        """Ask after a batch that was accepted: again `Accepted` while it is worked on."""

    def was_done(self, row: Row) -> bool | None:
        """Whether a row whose answer was lost had been taken; None where the destination can't tell."""

    def close(self) -> None:
        """Let go of connections."""


class BatchDestination:
    """What most destinations share: an open catalogue, nothing to make, no objection, no jobs, no memory."""

    delivery_class = DeliveryClass.UPSERT
    limits = Limits()

    def catalogue(self) -> Catalogue:
        """Any field is welcome."""
        return Catalogue()

    def preparations(self) -> Sequence[str]:
        """Nothing is missing."""
        return ()

    def prepare(self) -> None:
        """There is nothing to make."""

    def problems(self, row: Row) -> str | None:
        """Any row is."""
        return None

    def poll(self, job_id: str, batch: Batch) -> Answer:
        """A destination that answers at once has no jobs."""
        raise NotImplementedError(f"{type(self).__name__} answers at once and has no job {job_id}.")

    def was_done(self, row: Row) -> bool | None:
        """It can't tell."""
        return None

    def close(self) -> None:
        """There is nothing to let go of."""
