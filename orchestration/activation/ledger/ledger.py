"""Runs of syncs in the ledger: one at a time by a lease, planned, frozen, sent and ended."""

import os
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from orchestration.activation.errors import BusySyncError, LostLeaseError
from orchestration.activation.ledger.schema import create_tables
from orchestration.activation.ledger.store import Store, open_store
from orchestration.settings import Settings

LEASE_SECONDS = 60.0
PLAN_COLUMNS = (
    "run_id", "seq", "row_key", "profile_id", "operation", "fingerprint", "idempotency_key", "provider_id",
    "key_fields", "payload",
)  # fmt: skip
BATCH_COLUMNS = ("run_id", "batch_no", "first_seq", "last_seq", "state", "idempotency_key", "attempt")
_RUN = (
    "run_id, sync, connection, object, mode, purpose, channel, trigger, config_hash, status, planned_count,"
    " wanted_count, message, as_of, started_at, ended_at, is_published"
)


@dataclass(frozen=True)
class Lease:
    """The right to write for one sync, in the name of one run, until another takes it over."""

    sync: str
    run_id: str
    fence: int


@dataclass(frozen=True)
class Run:
    """One run of a sync, as the ledger has it."""

    run_id: str
    sync: str
    connection: str
    object: str
    mode: str
    purpose: str
    channel: str | None
    trigger: str
    config_hash: str
    status: str
    planned_count: int
    wanted_count: int
    message: str | None
    as_of: str
    started_at: str
    ended_at: str | None
    is_published: int


def utc_now() -> datetime:
    """The time of this machine: deliveries happen when they happen, whatever the clock of the cycle says."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """A moment as the ledger writes it; texts sort as moments do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Ledger:
    """The ledger of one project; use it as a context, or close it."""

    def __init__(self, store: Store, now: Callable[[], datetime] = utc_now) -> None:
        self.store = store
        self.now = now

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def stamp(self, seconds: float = 0.0) -> str:
        """The time, or what it will be in so many seconds."""
        return stamp(self.now() + timedelta(seconds=seconds))

    def acquire(self, sync: str) -> Lease:
        """The lease of a sync; `BusySyncError` while another run of it lives.

        An unfinished run whose plan was frozen is taken over as it is; one that was still planning has sent nothing and
        is given up.
        """
        owner = f"{socket.gethostname()}:{os.getpid()}"
        with self.store.transaction():
            held = self.store.rows("select run_id, fence, owner, expires_at from sync_lease where sync = ?", [sync])
            if held and held[0][1] and _is_alive(held[0][2], held[0][3], self.stamp()):
                run_id, _, holder, _ = held[0]
                raise BusySyncError(f"Sync {sync} is running already: run {run_id[:8]} of {holder}. Wait for its end.")
            fence = (held[0][1] if held else 0) + 1
            self.store.execute(
                "update sync_run set status = 'given_up', ended_at = ?, message = 'It ended before its plan was frozen,"
                " so nothing was sent.' where sync = ? and status = 'planning'",
                [self.stamp(), sync],
            )
            open_runs = self.store.rows("select run_id from sync_run where sync = ? and status = 'sending'", [sync])
            run_id = open_runs[0][0] if open_runs else uuid4().hex
            self.store.execute("delete from sync_lease where sync = ?", [sync])
            self.store.execute(
                "insert into sync_lease values (?, ?, ?, ?, ?)",
                [sync, run_id, fence, owner, self.stamp(LEASE_SECONDS)],
            )
            return Lease(sync, run_id, fence)

    def prolong(self, lease: Lease) -> None:
        """Say that the run lives; raise `LostLeaseError` where another took over."""
        touched = self.store.execute(
            "update sync_lease set expires_at = ? where sync = ? and fence = ?",
            [self.stamp(LEASE_SECONDS), lease.sync, lease.fence],
        )
        if touched != 1:
            raise LostLeaseError(f"Another run took sync {lease.sync} over.")

    def release(self, lease: Lease) -> None:
        """Let the next run in; the fence stays, so that it only grows."""
        self.store.execute(
            "update sync_lease set expires_at = '', owner = '' where sync = ? and fence = ?", [lease.sync, lease.fence]
        )

    @contextmanager
    def writing(self, lease: Lease) -> Iterator[None]:
        """A transaction that only the holder of the lease can make."""
        with self.store.transaction():
            found = self.store.rows("select fence from sync_lease where sync = ?", [lease.sync])
            if not found or found[0][0] != lease.fence:
                raise LostLeaseError(f"Another run took sync {lease.sync} over.")
            yield

    def begin(self, lease: Lease, facts: dict[str, Any]) -> None:
        """Write a new run that plans; `facts` are connection, object, mode, purpose, channel, trigger, hash, as_of."""
        with self.writing(lease):
            self.store.execute(
                "insert into sync_run (run_id, sync, connection, object, mode, purpose, channel, trigger, config_hash,"
                " personal_fields, status, planned_count, wanted_count, as_of, started_at, is_published)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'planning', 0, 0, ?, ?, 0)",
                [
                    lease.run_id, lease.sync, facts["connection"], facts["object"], facts["mode"], facts["purpose"],
                    facts["channel"], facts["trigger"], facts["config_hash"], facts["personal_fields"], facts["as_of"],
                    self.stamp(),
                ],
            )  # fmt: skip

    def freeze(
        self, lease: Lease, rows: Iterable[Sequence[Any]], batches: Sequence[Sequence[Any]], planned: int, wanted: int
    ) -> None:
        """Write the plan and its batches, which don't change any more: from here on the run is resumed."""
        with self.writing(lease):
            self.store.insert("sync_plan", PLAN_COLUMNS, rows)
            self.store.insert(
                "sync_batch", BATCH_COLUMNS, ((lease.run_id, *batch, "planned", key, 0) for *batch, key in batches)
            )
            self.store.execute(
                "update sync_run set status = 'sending', planned_count = ?, wanted_count = ?, frozen_at = ?"
                " where run_id = ?",
                [planned, wanted, self.stamp(), lease.run_id],
            )

    def end(self, lease: Lease, status: str, message: str | None = None) -> None:
        """End a run as `done`, `stopped`, `guarded` or `failed`; a run that is done has an outcome for every row."""
        with self.writing(lease):
            self.store.execute(
                "update sync_run set status = ?, message = ?, ended_at = ? where run_id = ?",
                [status, message, self.stamp(), lease.run_id],
            )
            self.store.execute("delete from sync_plan where run_id = ? and payload is null", [lease.run_id])

    def run(self, run_id: str) -> Run | None:
        """A run by its id."""
        found = self.store.rows(f"select {_RUN} from sync_run where run_id = ?", [run_id])
        return Run(*found[0]) if found else None

    def runs(self, sync: str | None = None, limit: int = 20) -> list[Run]:
        """The last runs, newest first."""
        where, values = ("where sync = ?", [sync]) if sync else ("", [])
        rows = self.store.rows(
            f"select {_RUN} from sync_run {where} order by started_at desc limit ?", [*values, limit]
        )
        return [Run(*row) for row in rows]

    def outcomes(self, run_id: str) -> dict[str, int]:
        """How many rows of a run ended how."""
        sql = "select outcome, count(*) from sync_result where run_id = ? group by outcome"
        return {str(outcome): int(count) for outcome, count in self.store.rows(sql, [run_id])}


def open_ledger(settings: Settings, now: Callable[[], datetime] = utc_now) -> Ledger:
    """The ledger of the project, made where there is none."""
    store = open_store(settings)
    create_tables(store)
    return Ledger(store, now)


def _is_alive(owner: str, expires_at: str, now: str) -> bool:
    """Whether the holder of a lease still works: not, where its process here is gone, or its time is over."""
    if expires_at <= now:
        return False
    host, _, pid = owner.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
