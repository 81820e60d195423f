"""A run of a sync whose destination holds one whole set, such as files: replaced at once, or not at all."""

import time
from collections.abc import Callable
from pathlib import Path

from orchestration.activation.attempts import Tries
from orchestration.activation.destinations.file_formats import write_parquet
from orchestration.activation.destinations.protocol import SendError, TryLaterError, UnsureError
from orchestration.activation.destinations.set_protocol import SetDestination, SetFacts
from orchestration.activation.difference import planned_rows
from orchestration.activation.ledger import Lease
from orchestration.activation.ledger.batches import Batches
from orchestration.activation.planning import Plan
from orchestration.activation.running import Job, SyncRun, holding
from orchestration.progress import report
from orchestration.warehouse import literal, quoted


def run_set(job: Job, destination: SetDestination) -> SyncRun:
    """Make the rows of a sync the set of its destination, unless it holds them."""
    with holding(job.ledger, job.sync) as lease:
        if job.ledger.run(lease.run_id):
            # What a killed run wrote is whole or nothing, and either is found out by looking.
            Batches(job.ledger, lease).settle("deferred", "not_sent", "The run ended before it was told")
            job.ledger.end(lease, "stopped", "It ended before it was told; the next run looks what is there.")
        else:
            return _run(job, destination, lease)
    with holding(job.ledger, job.sync) as lease:
        return _run(job, destination, lease)


def _run(job: Job, destination: SetDestination, lease: Lease) -> SyncRun:
    batches = Batches(job.ledger, lease)
    was_written = False
    with job.planning(lease, is_set=True) as plan:
        count = int(plan.paper.rows("select count(*) from planned")[0][0])
        is_held = bool(plan.breach) and not count
        batch = [(1, 1, max(count, 1), f"{lease.run_id}-1")]
        rows = planned_rows(plan.paper, lease.run_id, job.sync)
        job.ledger.freeze(lease, rows, batch, count, plan.counts.wanted)
        job.settle_endings(batches)
        status, message = ("guarded", plan.breach) if is_held else ("done", None)
        if not is_held:
            [entry] = batches.open()
            batches.claim(entry)
            try:
                was_written = bring_set(job, destination, plan)
            except SendError as error:
                status, message = "stopped", str(error)
                batches.settle("deferred", "not_sent", message)
            else:
                batches.settle("ok" if was_written else "noop", None, None)
                batches.record(entry, [])
        job.ledger.end(lease, status, message)
        report("deliver", plan.snapshot.rows, plan.snapshot.rows, job.sync.name)
        return job.told(lease, status, message, plan.counts, was_written=was_written)


def bring_set(job: Job, destination: SetDestination, plan: Plan, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Make the rows of a plan the set, unless it holds them; whether anything was written. May raise a `SendError`."""
    sync = job.sync
    facts = SetFacts(sync.name, sync.purpose, sync.channel, sync.mode, sync.key, sync.formats)
    rows, wanted = _without_held_out(plan)
    tries = Tries()
    while True:
        try:
            destination.tidy()
            if destination.holds(wanted, rows, plan.snapshot.columns, facts):
                return False
            destination.replace(wanted, rows, plan.snapshot.columns, job.settings.clock, facts)
        except (TryLaterError, UnsureError) as error:
            # What was written is whole or is nothing, so that it can be written again.
            asked = error.after if isinstance(error, TryLaterError) else None
            pause = tries.next_pause(asked, job.connection.patience_minutes * 60)
            if pause is None:
                raise
            sleep(pause)
        else:
            return True


def _without_held_out(plan: Plan) -> tuple[int, Path]:
    """The rows of the set, in the order of the key: those of the snapshot but for the people who are held out."""
    snapshot = plan.snapshot
    if not plan.held_out:
        return snapshot.rows, snapshot.wanted
    rows = f"read_parquet({literal(str(snapshot.wanted))}, file_row_number = true)"
    out = f"select profile_id from read_parquet({literal(str(plan.held_out))})"
    listed = ", ".join(quoted(name) for name in snapshot.columns.names)
    batches = plan.paper.batches(
        f"select {listed} from {rows} where profile_id is null or profile_id not in ({out}) order by file_row_number"
    )
    path = snapshot.wanted.with_name("set.parquet")
    count = write_parquet(path, (batch.cast(snapshot.columns) for batch in batches), snapshot.columns)
    return count, path
