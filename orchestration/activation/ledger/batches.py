"""Batches of a run in the ledger: claimed before they are sent, answered row by row after it."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from orchestration.activation.destinations.protocol import Operation, Row, RowAnswer
from orchestration.activation.ledger.ledger import BATCH_COLUMNS, Lease, Ledger, stamp

_Item = TypeVar("_Item")
# After a rejection: the next run, an hour, six hours, a day; then the row is dead until its content changes.
RETRY_AFTER = (timedelta(0), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
# The destination holds what was sent.
TAKEN = ("ok", "noop")
# Nothing more is owed for this content, until it changes.
_SETTLED = ("invalid", "superseded", "held_out")
_RESULT = (
    "run_id", "seq", "row_key", "profile_id", "operation", "outcome", "code", "message", "provider_id", "decided_at",
)  # fmt: skip
_LONGEST_MESSAGE = 500
_AT_ONCE = 5_000
# How many rows a statement names.
_NAMED = 500
# Made once: one for every row costs as much as reading the row.
_DECODER = json.JSONDecoder(parse_float=Decimal)


@dataclass(frozen=True)
class BatchEntry:
    """A batch as the ledger has it: `planned`, `claimed`, `accepted` (a job works on it), `answered` or `split`."""

    batch_no: int
    first_seq: int
    last_seq: int
    state: str
    idempotency_key: str
    attempt: int
    job_id: str | None


class Batches:
    """The batches of one run, for the holder of its lease."""

    def __init__(self, ledger: Ledger, lease: Lease) -> None:
        self._ledger = ledger
        self._store = ledger.store
        self._lease = lease
        self._run_id = lease.run_id

    def open(self) -> list[BatchEntry]:
        """Batches that are not answered yet, in their order."""
        rows = self._store.rows(
            "select batch_no, first_seq, last_seq, state, idempotency_key, attempt, job_id from sync_batch"
            " where run_id = ? and state in ('planned', 'claimed', 'accepted') order by batch_no",
            [self._run_id],
        )
        return [BatchEntry(*row) for row in rows]

    def rows(self, entry: BatchEntry) -> list[Row]:
        """The frozen rows of a batch that have no outcome yet: the same bytes and keys, however often they are read."""
        part = [self._run_id, entry.first_seq, entry.last_seq]
        # The part is named twice, for a planner that has no statistics of a new run might join it to all of the run.
        found = self._store.rows(
            "select seq, key_fields, operation, payload, idempotency_key, profile_id, provider_id from sync_plan"
            " where run_id = ? and seq between ? and ? and operation in ('add', 'change', 'remove') and seq not in"
            " (select seq from sync_result where run_id = ? and seq between ? and ?) order by seq",
            [*part, *part],
        )
        return [
            Row(seq, _read(key), Operation(operation), _read(payload), idempotency, profile_id, provider_id)
            for seq, key, operation, payload, idempotency, profile_id, provider_id in found
        ]

    def claim(self, entry: BatchEntry) -> BatchEntry:
        """Say that the batch is being sent: what stands as claimed after a crash may have been taken."""
        with self._ledger.writing(self._lease):
            self._store.execute(
                "update sync_batch set state = 'claimed', attempt = attempt + 1, claimed_at = ?"
                " where run_id = ? and batch_no = ?",
                [self._ledger.stamp(), self._run_id, entry.batch_no],
            )
        return replace(entry, state="claimed", attempt=entry.attempt + 1)

    def unclaim(self, entry: BatchEntry, status_code: int | None, message: str) -> None:
        """Nothing of the batch was taken: it is sent again."""
        self._mark(entry, "planned", status_code, message)

    def accept(self, entry: BatchEntry, job_id: str, status_code: int | None) -> None:
        """A job works on the batch: any process may ask after it, and nobody sends it again."""
        with self._ledger.writing(self._lease):
            self._store.execute(
                "update sync_batch set state = 'accepted', job_id = ?, status_code = ?"
                " where run_id = ? and batch_no = ?",
                [job_id, status_code, self._run_id, entry.batch_no],
            )

    def split(self, entry: BatchEntry, seqs: Sequence[int], status_code: int | None, message: str) -> list[BatchEntry]:
        """Halve a refused batch, so that the row that spoils it is found; the halves."""
        middle = len(seqs) // 2
        with self._ledger.writing(self._lease):
            self._mark_in(entry, "split", status_code, message)
            last = self._store.rows("select max(batch_no) from sync_batch where run_id = ?", [self._run_id])[0][0]
            halves = [
                BatchEntry(last + place, part[0], part[-1], "planned", f"{entry.idempotency_key}.{place}", 0, None)
                for place, part in enumerate((seqs[:middle], seqs[middle:]), start=1)
            ]
            self._store.insert(
                "sync_batch",
                BATCH_COLUMNS,
                [
                    (self._run_id, half.batch_no, half.first_seq, half.last_seq, "planned", half.idempotency_key, 0)
                    for half in halves
                ],
            )
        return halves

    def record(self, entry: BatchEntry | None, answers: Iterable[RowAnswer], status_code: int | None = None) -> None:
        """Write the outcome of rows, what the destination holds now, and that the batch is answered; all or nothing."""
        told = list(answers)
        now = self._ledger.stamp()
        with self._ledger.writing(self._lease):
            plan = self._planned([answer.seq for answer in told])
            self._store.insert(
                "sync_result",
                _RESULT,
                [
                    (
                        self._run_id, answer.seq, *plan[answer.seq][:3], answer.outcome, answer.code,
                        answer.message and answer.message[:_LONGEST_MESSAGE], answer.provider_id, now,
                    )
                    for answer in told
                ],
            )  # fmt: skip
            self._fold(told, plan, now)
            if entry:
                self._mark_in(entry, "answered", status_code, None)

    def settle(self, outcome: str, code: str | None, message: str | None, *, planned_so: bool = False) -> int:
        """Give rows without an outcome this one: all, or those that the plan says end so; how many."""
        ending, wanted = (" and operation = ?", [outcome]) if planned_so else ("", [])
        # A difference of sets, and no join, which costs the square of the rows where the planner takes them for few.
        rows = self._store.rows(
            f"select seq from sync_plan where run_id = ?{ending}"
            " except select seq from sync_result where run_id = ? order by seq",
            [self._run_id, *wanted, self._run_id],
        )
        answers = [RowAnswer(int(seq), outcome, code, message) for (seq,) in rows]
        for part in _parts(answers, _AT_ONCE):
            self.record(None, part)
        return len(answers)

    def _planned(self, seqs: Sequence[int]) -> dict[int, tuple[Any, ...]]:
        """By place in the plan: key, profile, operation, fingerprint, fields of the key, provider's id."""
        found: dict[int, tuple[Any, ...]] = {}
        for part in _parts(seqs, _NAMED):
            marks = ", ".join("?" * len(part))
            for seq, *rest in self._store.rows(
                "select seq, row_key, profile_id, operation, fingerprint, key_fields, provider_id from sync_plan"
                f" where run_id = ? and seq in ({marks})",
                [self._run_id, *part],
            ):
                found[int(seq)] = tuple(rest)
        return found

    def _fold(self, told: Sequence[RowAnswer], plan: dict[int, tuple[Any, ...]], now: str) -> None:
        """Bring what is known of each row to its new outcome, and drop what need not be kept of it."""
        sync = self._lease.sync
        # Of what was not sent nothing is known that wasn't before.
        told = [answer for answer in told if answer.outcome != "deferred"]
        keys = [plan[answer.seq][0] for answer in told]
        before = self._states(keys)
        rows: list[tuple[Any, ...]] = []
        dropped: list[int] = []
        for answer in told:
            key, profile_id, operation, fingerprint, fields, provider_id = plan[answer.seq]
            held, version, known_id, acknowledged_at, fails = before.get(key, (None, 0, None, None, 0))
            provider_id = answer.provider_id or provider_id or known_id
            if answer.outcome in TAKEN:
                dropped.append(answer.seq)
                # One that left is forgotten; of one that a model wants deleted it is kept that it was.
                if operation == Operation.REMOVE and fingerprint.startswith("gone "):
                    continue
                row = (sync, key, profile_id, fingerprint, version + 1, fields, provider_id, now, answer.outcome)
                rows.append((*row, None, 0, None, 0))
                continue
            fails += answer.outcome == "rejected"
            is_dead, retry_at = answer.outcome in _SETTLED or answer.outcome == "ambiguous", None
            if answer.outcome == "rejected":
                is_dead = fails > len(RETRY_AFTER)
                retry_at = None if is_dead else stamp(self._ledger.now() + RETRY_AFTER[fails - 1])
            row = (sync, key, profile_id, held, version, fields, provider_id, acknowledged_at, answer.outcome)
            rows.append((*row, fingerprint, fails, retry_at, int(is_dead)))
        self._replace(keys, rows)
        self._drop_payloads(dropped)

    def _states(self, keys: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        found: dict[str, tuple[Any, ...]] = {}
        for part in _parts(keys, _NAMED):
            for key, *rest in self._store.rows(
                "select row_key, fingerprint, version, provider_id, acknowledged_at, fail_count from sync_state"
                f" where sync = ? and row_key in ({', '.join('?' * len(part))})",
                [self._lease.sync, *part],
            ):
                found[key] = tuple(rest)
        return found

    def _replace(self, keys: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        for part in _parts(keys, _NAMED):
            self._store.execute(
                f"delete from sync_state where sync = ? and row_key in ({', '.join('?' * len(part))})",
                [self._lease.sync, *part],
            )
        columns = (
            "sync", "row_key", "profile_id", "fingerprint", "version", "key_fields", "provider_id", "acknowledged_at",
            "last_outcome", "failed_fingerprint", "fail_count", "retry_at", "is_dead",
        )  # fmt: skip
        self._store.insert("sync_state", columns, rows)

    def _drop_payloads(self, seqs: Sequence[int]) -> None:
        """Personal data does not pile up: what was taken is known by its fingerprint from here on."""
        for part in _parts(seqs, _NAMED):
            self._store.execute(
                f"update sync_plan set payload = null where run_id = ? and seq in ({', '.join('?' * len(part))})",
                [self._run_id, *part],
            )

    def _mark(self, entry: BatchEntry, state: str, status_code: int | None, message: str | None) -> None:
        with self._ledger.writing(self._lease):
            self._mark_in(entry, state, status_code, message)

    def _mark_in(self, entry: BatchEntry, state: str, status_code: int | None, message: str | None) -> None:
        self._store.execute(
            "update sync_batch set state = ?, status_code = ?, message = ?, ended_at = ?"
            " where run_id = ? and batch_no = ?",
            [state, status_code, message, self._ledger.stamp(), self._run_id, entry.batch_no],
        )


def _parts(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _read(text: str) -> dict[str, Any]:
    """An object of JSON; decimals stay exact."""
    return dict(_DECODER.decode(text))
