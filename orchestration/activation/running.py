"""What every run of a sync is: its lease, its facts in the ledger, and how it is told."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from orchestration.activation.connections import Connection
from orchestration.activation.difference import ENDED, Counts
from orchestration.activation.errors import LostLeaseError
from orchestration.activation.ledger import Lease, Ledger
from orchestration.activation.ledger.batches import Batches
from orchestration.activation.ledger.ledger import LEASE_SECONDS
from orchestration.activation.planning import Plan, planned
from orchestration.activation.syncs import Sync
from orchestration.progress import report
from orchestration.scratch import scratch_folder
from orchestration.settings import Settings

# With how many runs before it a run is compared.
_LAST = 6
_PLANNED = ("done", "stopped", "guarded")
_WHY = {
    "invalid": "Its key is empty",
    "superseded": "Another row has the same key",
    "held_out": "The person is held out",
}


@dataclass(frozen=True)
class SyncRun:
    """How a run ended: `done`, `stopped` (the destination let nothing in), `guarded` or `waiting` (jobs still work).

    `outcomes` counts its rows; those that were `deferred` are planned again by the next run. `was_written` says whether
    anything was sent; `usually_wanted` is the median of what the last runs before it wanted, None on the first.
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
    was_written: bool = False
    usually_wanted: int | None = None

    @property
    def reject_share(self) -> float:
        """Rows that were invalid or rejected, of those planned."""
        failed = self.outcomes.get("invalid", 0) + self.outcomes.get("rejected", 0)
        return failed / self.planned if self.planned else 0.0


@dataclass(frozen=True)
class Job:
    """What a run works with: the project, the sync and its connection, the ledger, and how it was asked for."""

    settings: Settings
    sync: Sync
    connection: Connection
    ledger: Ledger
    trigger: str
    allow: bool
    requires_green: bool

    @contextmanager
    def planning(self, lease: Lease, *, is_set: bool) -> Iterator[Plan]:
        """A new run and its plan; a run that fails here has sent nothing, and ends as failed."""
        report("deliver", detail=f"{self.sync.name}: plan")
        self.ledger.begin(lease, self._facts())
        try:
            with (
                scratch_folder(self.settings.home / "plans") as folder,
                planned(
                    self.settings,
                    self.sync,
                    self.ledger,
                    folder,
                    allow=self.allow,
                    requires_green=self.requires_green,
                    is_set=is_set,
                ) as plan,
            ):
                yield plan
        except LostLeaseError:
            raise
        except Exception as error:
            run = self.ledger.run(lease.run_id)
            if run and run.status == "planning":
                self.ledger.end(lease, "failed", f"Nothing was sent: {type(error).__name__}.")
            raise

    def settle_endings(self, batches: Batches) -> None:
        """Give rows that can't be sent the outcome that the plan found."""
        for ending in ENDED:
            batches.settle(ending, ending, _WHY[ending], planned_so=True)

    def told(self, lease: Lease, status: str, message: str | None, counts: Counts, **more: bool) -> SyncRun:
        """The run as it ended."""
        run = self.ledger.run(lease.run_id)
        if run is None:
            raise LostLeaseError(f"Run {lease.run_id[:8]} of sync {lease.sync} is not in the ledger any more.")
        outcomes = self.ledger.outcomes(run.run_id)
        last = self.ledger.runs(run.sync, _LAST)
        before = [one.wanted_count for one in last if one.run_id != run.run_id and one.status in _PLANNED]
        return SyncRun(
            self.sync.name, run.run_id, status, run.planned_count, run.wanted_count, outcomes, counts, message,
            usually_wanted=int(median(before)) if before else None, **more,
        )  # fmt: skip

    def _facts(self) -> dict[str, Any]:
        sync = self.sync
        told = repr((sync.mode, sync.key, sorted(sync.fields.items()), sync.object, sync.connection))
        personal = [(name, sync.fields[name], label) for name, label in sync.personal.items() if name in sync.fields]
        return {
            "connection": sync.connection,
            "object": sync.object,
            "mode": sync.mode,
            "purpose": sync.purpose,
            "channel": sync.channel,
            "trigger": self.trigger,
            "personal_fields": json.dumps(personal),
            "config_hash": hashlib.sha256(told.encode()).hexdigest()[:16],
            "as_of": self.settings.clock.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


@contextmanager
def holding(ledger: Ledger, sync: Sync) -> Iterator[Lease]:
    """The lease of a sync, prolonged while the block works; whoever lost it finds out at its next write."""
    lease = ledger.acquire(sync.name)
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
        yield lease
    finally:
        ended.set()
        keeper.join()
        ledger.release(lease)
