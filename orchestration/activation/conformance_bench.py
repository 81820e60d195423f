"""What laws of destinations are made of: how they are told, checked and broken."""

import logging
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from orchestration.activation.destinations.protocol import (
    Accepted,
    Batch,
    Destination,
    Operation,
    Row,
    SendError,
)

Payload = Mapping[str, Any]
Open = Callable[[], Destination]
# A text that would be found anywhere.
MARK = "Zaphod-d41d8cd9"
# Values that somebody's code always spoils, by the kind of field that they go into.
_TEXTS = (
    None, "", " ", "null", "0", "007", "1e5", "true", 'it\'s "quoted"', "back\\slash \\N \\n %s {0} {{x}} $x", "\\.",
    "Ελληνικά Русский 日本語 العربية", "👩\u200d👩\u200d👧\u200d👦", "e\u0301", "=1+1", "<b>&amp;",
    "one\ntwo\r\nthree\tfour", "\x00", "\u2028", "ä" * 16_384,
)  # fmt: skip
VALUES: Mapping[str, Sequence[Any]] = {
    "text": _TEXTS,
    "integer": (None, 0, -1, 2**53 + 1, 2**63 - 1, -(2**63)),
    "decimal": (None, Decimal("0.1"), Decimal("-0.000001"), Decimal("12345678901234567890.123456"), Decimal("1E+3")),
    "boolean": (None, True, False),
}
_SETTLED = ("ok", "noop", "invalid", "rejected")


class BrokenLawError(AssertionError):
    """A destination breaks a law; the message says which, and what was found."""


def laws_of(kind: type) -> list[str]:
    """Names of the laws for a bench of a kind, in the order in which they are best learned."""
    return list(_LAWS[kind])


def check(law: str, bench: Any) -> None:
    """Raise `BrokenLawError` where a destination breaks the law of that name; `laws_of` knows them."""
    with _heard() as records:
        _LAWS[type(bench)][law](bench)
    for secret in bench.secrets:
        demand(not any(secret in told for told in records), "A secret is in a log.")


def register(kind: type) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Make a function a law for benches of a kind."""

    def registered(law: Callable[[Any], None]) -> Callable[[Any], None]:
        _LAWS.setdefault(kind, {})[law.__name__] = law
        return law

    return registered


_LAWS: dict[type, dict[str, Callable[[Any], None]]] = {}


def demand(is_kept: bool, sentence: str) -> None:
    """Raise `BrokenLawError` with a sentence where a law isn't kept."""
    if not is_kept:
        raise BrokenLawError(sentence)


def outcomes(destination: Destination, rows: Sequence[Row], attempt: int = 1) -> dict[int, str]:
    """Send rows as the engine does, jobs awaited; the outcome by the row's number. Raises what `send` raises."""
    # The key of a batch is the same whenever the same rows are sent.
    key = rows[0].idempotency_key if len(rows) == 1 else "batch-" + "-".join(row.idempotency_key for row in rows[:3])
    batch = Batch("conformance", "things", key, rows, attempt)
    answer, deadline = destination.send(batch), time.monotonic() + 30
    while isinstance(answer, Accepted):
        demand(time.monotonic() < deadline, "A job isn't done after 30 seconds.")
        time.sleep(0.02)
        answer = destination.poll(answer.job_id, batch)
    told = [one.seq for one in answer.rows]
    demand(sorted(told) == sorted(row.seq for row in rows), f"{len(rows)} rows were sent, and {len(told)} answered.")
    found = {one.seq: one.outcome for one in answer.rows}
    demand(set(found.values()) <= set(_SETTLED), f"Outcomes are {sorted(set(found.values()))}; allowed are {_SETTLED}.")
    return found


def is_silent(error: BaseException, *forbidden: str) -> bool:
    """Whether nothing of an error, of its causes and of their traceback holds any of these texts."""
    told = "".join(traceback.format_exception(error)) + repr(error.args)
    return not any(text and text in told for text in forbidden)


def is_sentence(text: str, value: Any) -> bool:
    """Whether it reads as a sentence, and doesn't tell a value."""
    holds_it = isinstance(value, str | Decimal) and len(str(value)) > 3 and str(value) in text
    return len(text.split()) > 2 and not holds_it


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What is logged meanwhile, at every level."""
    records: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record.getMessage() + str(record.exc_info or ""))

    root, ear = logging.getLogger(), Ear(logging.DEBUG)
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        yield records
    finally:
        root.removeHandler(ear)
        root.setLevel(level)


@dataclass(frozen=True)
class Bench:
    """A destination on the bench: how it is opened, what its server holds, and how it is put into trouble.

    `row` gives the payload of the n-th good row, with other values for every n; `taken` what took effect at the server:
    of an upsert the rows that it holds, else every event or message, by the names of the payload. Texts that the server
    keeps by another type are turned back by `taken`.
    """

    open: Open
    row: Callable[[int], Payload]
    key: Sequence[str]
    taken: Callable[[], Sequence[Payload]]
    # A destination whose server is not there, and one whose server takes a batch and then ends the connection.
    down: Open
    cut: Open
    # Destinations whose servers answer with what is no answer, or with an error inside a success, by a name for it.
    garbage: Mapping[str, Open] = field(default_factory=dict)
    # Fields that values of a kind go into: text, integer, decimal, boolean.
    fields: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    # Whether a row to remove leaves the server.
    removes: bool = True

    def rows(self, count: int, first: int = 0, seq: Callable[[int], int] = lambda n: n) -> list[Row]:
        """Good rows to add, each with its number, profile and key."""
        rows = []
        for number in range(first, first + count):
            payload = self.row(number)
            key = {name: payload[name] for name in self.key}
            rows.append(Row(seq(number), key, Operation.ADD, payload, f"key-{number}", f"profile-{number}"))
        return rows

    def holds(self, expected: Sequence[Payload]) -> None:
        """The server took exactly these payloads, each once."""
        names = list(self.row(0))

        def told(payloads: Sequence[Payload]) -> list[str]:
            return sorted(repr([one.get(name) for name in names]) for one in payloads)

        found = told(self.taken())
        demand(found == told(expected), f"{len(expected)} rows were sent, and the server has {len(found)}, or others.")

    def is_clean(self, error: SendError) -> None:
        """Demand that an error is a sentence without values and secrets."""
        values = [str(value) for value in self.row(0).values() if isinstance(value, str) and len(value) > 5]
        demand(is_silent(error, MARK, *values, *self.secrets), f"A {type(error).__name__} tells a value or a secret.")
        demand(is_sentence(str(error), None), f"The message of a {type(error).__name__} is no sentence: {error}")
