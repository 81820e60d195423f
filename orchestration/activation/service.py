"""What people ask of syncs between their runs: how they stand, what became of rows, and to try or settle again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.activation.errors import DeliveryError
from orchestration.activation.ledger import Ledger, Run
from orchestration.activation.syncs import Sync

# Rows that a person can do something about.
OPEN_OUTCOMES = ("rejected", "invalid", "ambiguous", "suppressed", "capped", "superseded", "held_out")


@dataclass(frozen=True)
class Standing:
    """How a sync stands: its last run, rows that the destination holds, and rows that are owed, by why."""

    sync: Sync
    last_run: Run | None
    outcomes: dict[str, int]
    held: int
    due: int
    dead: int
    ambiguous: int


@dataclass(frozen=True)
class ResultRow:
    """What became of one row of a run."""

    key: str
    profile_id: str | None
    operation: str
    outcome: str
    code: str | None
    message: str | None
    decided_at: str


def standing_of(ledger: Ledger, sync: Sync) -> Standing:
    """How one sync stands."""
    runs = ledger.runs(sync.name, 1)
    owed = {"due": "'rejected' and is_dead = 0", "dead": "'rejected' and is_dead = 1", "ambiguous": "'ambiguous'"}
    sums = [f"coalesce(sum(case when last_outcome = {test} then 1 else 0 end), 0)" for test in owed.values()]
    counts = ledger.store.rows(
        f"select count(fingerprint), {', '.join(sums)} from sync_state where sync = ?", [sync.name]
    )[0]
    held, due, dead, ambiguous = (int(count) for count in counts)
    outcomes = ledger.outcomes(runs[0].run_id) if runs else {}
    return Standing(sync, runs[0] if runs else None, outcomes, held, due, dead, ambiguous)


def outcomes_by_code(ledger: Ledger, run_id: str) -> list[tuple[str, str, int]]:
    """Of a run, how many rows ended how, by code."""
    rows = ledger.store.rows(
        "select outcome, coalesce(code, ''), count(*) from sync_result where run_id = ?"
        " group by outcome, coalesce(code, '') order by count(*) desc, outcome",
        [run_id],
    )
    return [(str(outcome), str(code), int(count)) for outcome, code, count in rows]


def result_rows(ledger: Ledger, run_id: str, outcome: str | None, limit: int) -> list[ResultRow]:
    """Rows of a run that did not simply arrive, or those of one outcome."""
    wanted = [outcome] if outcome else list(OPEN_OUTCOMES)
    rows = ledger.store.rows(
        "select row_key, profile_id, operation, outcome, code, message, decided_at from sync_result"
        f" where run_id = ? and outcome in ({', '.join('?' * len(wanted))}) order by outcome, seq limit ?",
        [run_id, *wanted, limit],
    )
    return [ResultRow(*row) for row in rows]


def retry(ledger: Ledger, sync: Sync) -> int:
    """Make rows that were rejected due now, the dead ones too; how many."""
    return _change(
        ledger,
        "update sync_state set is_dead = 0, fail_count = 0, retry_at = null, failed_fingerprint = null"
        " where sync = ? and last_outcome in ('rejected', 'invalid')",
        [sync.name],
        sync,
    )


def resync(ledger: Ledger, sync: Sync) -> int:
    """Forget what the destination is believed to hold of each row, so that all of it is sent again; how many rows.

    Which rows are there stays known, so that those that left are removed all the same. Messages are not sent again:
    that is what `resolve` with `resend` is for, row by row.
    """
    if sync.mode == "append":
        raise DeliveryError(f"Sync {sync.name} sends each row once, so nothing of it is sent again.")
    return _change(
        ledger,
        "update sync_state set fingerprint = 'unknown', failed_fingerprint = null, is_dead = 0, retry_at = null"
        " where sync = ? and fingerprint is not null",
        [sync.name],
        sync,
    )


def resolve(ledger: Ledger, sync: Sync, *, was_sent: bool, keys: Sequence[str] | None = None) -> int:
    """Say of ambiguous rows that they arrived, or that they did not and are to be sent again; how many.

    Without `keys` it is about all of them. Rows are told by the keys that `onefolk sync results` shows.
    """
    chosen = "" if keys is None else f" and row_key in ({', '.join('?' * len(keys))})"
    arrived = "fingerprint = failed_fingerprint, version = version + 1, acknowledged_at = ?, last_outcome = 'ok'"
    again = "last_outcome = 'deferred', fail_count = 0"
    values: list[Any] = [ledger.stamp()] if was_sent else []
    return _change(
        ledger,
        f"update sync_state set {arrived if was_sent else again}, failed_fingerprint = null, is_dead = 0,"
        f" retry_at = null where sync = ? and last_outcome = 'ambiguous'{chosen}",
        [*values, sync.name, *(keys or ())],
        sync,
    )


def _change(ledger: Ledger, sql: str, values: Sequence[Any], sync: Sync) -> int:
    """Change what is known of rows, while no run of the sync works with it."""
    lease = ledger.acquire(sync.name)
    try:
        if ledger.run(lease.run_id):
            raise DeliveryError(
                f"A run of {sync.name} did not come to its end; `onefolk sync run {sync.name}` takes it up."
            )
        with ledger.writing(lease):
            return ledger.store.execute(sql, values)
    finally:
        ledger.release(lease)
