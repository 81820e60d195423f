"""One run of a sync: lease, plan, guard, freeze, send, record; killed at any moment, the next goes on from there."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestration.activation.connections import Connection, Secrets, destination_module, load_connection
from orchestration.activation.destinations.protocol import DeliveryClass, Destination
from orchestration.activation.difference import ENDED, Counts, planned_rows
from orchestration.activation.errors import LostLeaseError
from orchestration.activation.ledger import Lease, Ledger, Run, open_ledger
from orchestration.activation.ledger.batches import Batches
from orchestration.activation.ledger.ledger import LEASE_SECONDS, utc_now
from orchestration.activation.messages import Gate, MessageGate, OpenGate
from orchestration.activation.pace import pace_of
from orchestration.activation.permission import Readers
from orchestration.activation.planning import batches_of, planned
from orchestration.activation.sending import Sender
from orchestration.activation.syncs import Sync
from orchestration.progress import report
from orchestration.scratch import scratch_folder
from orchestration.settings import Settings

Opener = Callable[[Connection, Sync], Destination]


@dataclass(frozen=True)
class SyncRun:
    """How a run ended: `done`, `stopped` (the destination let nothing in), `guarded` or `waiting` (jobs still work).

    `outcomes` counts its rows; those that were `deferred` are planned again by the next run.
    """

    sync: str
    run_id: str
    status: str
    planned: int
    wanted: int
    outcomes: dict[str, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    message: str | None = None
    was_resumed: bool = False

    @property
    def reject_share(self) -> float:
        """Rows that were invalid or rejected, of those planned."""
        failed = self.outcomes.get("invalid", 0) + self.outcomes.get("rejected", 0)
        return failed / self.planned if self.planned else 0.0


def run_sync(
    settings: Settings,
    sync: Sync,
    *,
    trigger: str = "command",
    allow: bool = False,
    now: Callable[[], datetime] = utc_now,
    opener: Opener | None = None,
    requires_green: bool = True,
) -> SyncRun:
    """Bring the destination of a sync to the rows of its model, and record what became of every row.

    A run that was killed is taken up, with the plan that it froze. Raises `BusySyncError` while another run of the
    sync lives, `DeliveryError` where nothing can be planned, `WrongConnectionError` where the connection can't be used.
    """
    connection = load_connection(settings, sync.connection)
    destination = (opener or open_destination)(connection, sync)
    try:
        with open_ledger(settings, now) as ledger:
            return _Runner(settings, sync, connection, destination, ledger, trigger, allow, requires_green).run()
    finally:
        destination.close()


def open_destination(connection: Connection, sync: Sync) -> Destination:
    """The destination of a connection, for the object of a sync."""
    module = destination_module(connection.type)
    return module.open_destination(connection, sync.object, Secrets(), channel=sync.channel)  # type: ignore[no-any-return]


class _Runner:
    def __init__(
        self,
        settings: Settings,
        sync: Sync,
        connection: Connection,
        destination: Destination,
        ledger: Ledger,
        trigger: str,
        allow: bool,
        requires_green: bool,
    ) -> None:
        self._settings = settings
        self._sync = sync
        self._connection = connection
        self._destination = destination
        self._ledger = ledger
        self._trigger = trigger
        self._allow = allow
        self._requires_green = requires_green

    def run(self) -> SyncRun:
        gate = self._gate()
        lease = self._ledger.acquire(self._sync.name)
        try:
            with _kept_alive(self._ledger, lease):
                found = self._ledger.run(lease.run_id)
                counts = Counts()
                breach = None
                if found is None:
                    counts, breach = self._plan(lease)
                return self._send(lease, gate, counts, breach, was_resumed=found is not None)
        finally:
            self._ledger.release(lease)

    def _gate(self) -> Gate:
        if self._destination.delivery_class != DeliveryClass.SIDE_EFFECT:
            return OpenGate()
        readers = Readers(self._settings, self._sync)
        return MessageGate(self._ledger, self._sync, self._connection, readers)

    def _plan(self, lease: Lease) -> tuple[Counts, str | None]:
        sync = self._sync
        report("deliver", detail=f"{sync.name}: plan")
        self._ledger.begin(lease, self._facts())
        try:
            with (
                scratch_folder(self._settings.home / "plans") as folder,
                planned(
                    self._settings,
                    sync,
                    self._ledger,
                    folder,
                    allow=self._allow,
                    requires_green=self._requires_green,
                ) as plan,
            ):
                batches = batches_of(plan.paper, self._destination.limits, lease.run_id)
                count = int(plan.paper.rows("select count(*) from planned")[0][0])
                self._ledger.freeze(
                    lease, planned_rows(plan.paper, lease.run_id, sync), batches, count, plan.counts.wanted
                )
                return plan.counts, plan.breach
        except LostLeaseError:
            raise
        except Exception as error:
            self._ledger.end(lease, "failed", f"Nothing was sent: {type(error).__name__}.")
            raise

    def _send(self, lease: Lease, gate: Gate, counts: Counts, breach: str | None, *, was_resumed: bool) -> SyncRun:
        run = self._ledger.run(lease.run_id)
        if run is None:
            raise LostLeaseError(f"Run {lease.run_id[:8]} of sync {lease.sync} is not in the ledger any more.")
        batches = Batches(self._ledger, lease)
        for ending in ENDED:
            batches.settle(ending, ending, _WHY[ending], planned_so=True)
        sender = Sender(
            self._sync,
            self._connection,
            self._destination,
            batches,
            gate,
            pace_of(self._sync.connection, self._connection),
            total=run.planned_count,
        )
        sending = sender.send_all()
        if sending.is_waiting and not sending.stopped:
            return self._told(run, "waiting", "The destination still works on it", counts, was_resumed)
        batches.settle("deferred", "not_sent", sending.stopped or "It was not sent")
        status, message = "done", None
        if sending.stopped:
            status, message = "stopped", sending.stopped
        elif breach:
            status, message = "guarded", breach
        self._ledger.end(lease, status, message)
        return self._told(run, status, message, counts, was_resumed)

    def _told(self, run: Run, status: str, message: str | None, counts: Counts, was_resumed: bool) -> SyncRun:
        outcomes = self._ledger.outcomes(run.run_id)
        return SyncRun(
            self._sync.name, run.run_id, status, run.planned_count, run.wanted_count, outcomes, counts, message,
            was_resumed,
        )  # fmt: skip

    def _facts(self) -> dict[str, Any]:
        sync = self._sync
        told = repr((sync.mode, sync.key, sorted(sync.fields.items()), sync.object, sync.connection))
        return {
            "connection": sync.connection,
            "object": sync.object,
            "mode": sync.mode,
            "purpose": sync.purpose,
            "channel": sync.channel,
            "trigger": self._trigger,
            "personal_fields": json.dumps(
                [(name, sync.fields[name], label) for name, label in sync.personal.items() if name in sync.fields]
            ),
            "config_hash": hashlib.sha256(told.encode()).hexdigest()[:16],
            "as_of": self._settings.clock.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


_WHY = {
    "invalid": "Its key is empty",
    "superseded": "Another row has the same key",
    "held_out": "The person is held out",
}


@contextmanager
def _kept_alive(ledger: Ledger, lease: Lease) -> Iterator[None]:
    """Prolong the lease while the block works; whoever lost it finds out at its next write."""
    ended = threading.Event()

    def prolong() -> None:
        while not ended.wait(LEASE_SECONDS / 6):
            try:
                ledger.prolong(lease)
            except Exception:
                return

    keeper = threading.Thread(target=prolong, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
