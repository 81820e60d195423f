"""A destination that remembers what it really received, and answers as it is told to, as a vendor does."""

import threading
from collections.abc import Callable
from typing import Any

from orchestration.activation.connections import Connection, Secrets
from orchestration.activation.destinations.protocol import (
    Accepted,
    Answer,
    Answered,
    Batch,
    BatchDestination,
    DeliveryClass,
    Limits,
    Operation,
    Row,
    RowAnswer,
    Target,
)

Behaviour = Callable[[int, Batch], Answer | Exception | None]


class Config(Connection):
    """A connection to the peer."""


class Peer(BatchDestination):
    """What a vendor is: a table by key, events by their key, and a log of every batch that arrived.

    `behave` sees the number of the call and the batch before it is taken: an exception or an answer that it returns is
    given instead of taking the batch. `after` does so when the batch was taken: that is a lost answer.
    """

    def __init__(
        self,
        delivery_class: DeliveryClass = DeliveryClass.UPSERT,
        *,
        max_rows: int = 100,
        behave: Behaviour = lambda call, batch: None,
        after: Behaviour = lambda call, batch: None,
    ) -> None:
        self.delivery_class = delivery_class
        self.limits = Limits(max_rows=1 if delivery_class == DeliveryClass.SIDE_EFFECT else max_rows)
        self.behave = behave
        self.after = after
        self.table: dict[str, dict[str, Any]] = {}
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.calls: list[Batch] = []
        self.refused: set[str] = set()
        self.wrong: set[str] = set()
        self.jobs: dict[str, list[RowAnswer]] = {}
        self.polls_needed = 0
        self._lock = threading.Lock()

    def problems(self, row: Row) -> str | None:
        """Rows that our side knows to be wrong."""
        return "It has no good address." if key_of(row) in self.wrong else None

    def send(self, batch: Batch) -> Answer:
        """Take a batch, or not."""
        with self._lock:
            self.calls.append(batch)
            call = len(self.calls)
            told = self.behave(call, batch)
            if isinstance(told, Exception):
                raise told
            if told is not None:
                return told
            answers = [self._take(row) for row in batch.rows]
            told = self.after(call, batch)
            if isinstance(told, Exception):
                raise told
            if isinstance(told, Accepted):
                self.jobs[told.job_id] = answers
                return told
            return Answered(answers, 200)

    def poll(self, job_id: str, batch: Batch) -> Answer:
        """Answer for a job after so many questions."""
        if self.polls_needed:
            self.polls_needed -= 1
            return Accepted(job_id)
        return Answered(self.jobs[job_id], 200)

    def was_done(self, row: Row) -> bool | None:
        """Whether an event arrived under the key of this row."""
        return row.idempotency_key in self.events

    @property
    def sent_rows(self) -> int:
        """How many rows arrived, each time counted."""
        return sum(len(batch.rows) for batch in self.calls)

    def _take(self, row: Row) -> RowAnswer:
        key = key_of(row)
        if key in self.refused:
            return RowAnswer(row.seq, "rejected", "bad", "It says no.")
        if row.operation == Operation.REMOVE:
            was_there = self.table.pop(key, None) is not None
            return RowAnswer(row.seq, "ok" if was_there else "noop")
        self.table[key] = dict(row.payload)
        self.events.setdefault(row.idempotency_key, []).append(dict(row.payload))
        return RowAnswer(row.seq, provider_id=f"id of {key}")


def open_destination(config: Connection, target: Target, secrets: Secrets) -> Peer:
    """A peer that takes everything."""
    return Peer()


def key_of(row: Row) -> str:
    """The key of a row as a text."""
    return "|".join(str(value) for value in row.key.values())
