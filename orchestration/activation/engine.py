"""One run of a sync: lease, plan, guard, freeze, send, record; killed at any moment, the next goes on from there."""

from collections.abc import Callable
from datetime import datetime
from typing import cast

from orchestration.activation.connections import Connection, Secrets, destination_module, load_connection
from orchestration.activation.destinations.protocol import DeliveryClass, Destination, Target
from orchestration.activation.destinations.set_protocol import SetDestination
from orchestration.activation.difference import Counts, planned_rows
from orchestration.activation.errors import DeliveryError
from orchestration.activation.ledger import Lease, open_ledger
from orchestration.activation.ledger.batches import Batches
from orchestration.activation.ledger.ledger import utc_now
from orchestration.activation.messages import Gate, MessageGate, OpenGate
from orchestration.activation.pace import pace_of, turn_of
from orchestration.activation.permission import Readers
from orchestration.activation.planning import batches_of
from orchestration.activation.running import Job, SyncRun, holding
from orchestration.activation.sending import Sender
from orchestration.activation.sets import run_set
from orchestration.activation.syncs import Sync
from orchestration.settings import Settings

Opener = Callable[[Connection, Sync], Destination | SetDestination]


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

    A run that was killed is taken up, with the plan that it froze. Raises `BusySyncError` while another run of the sync
    lives, `NotGreenError` and `DeliveryError` where nothing can be planned, `WrongConnectionError` where the connection
    can't be used.
    """
    connection = load_connection(settings, sync.connection)
    destination = opener(connection, sync) if opener else open_destination(settings, connection, sync)
    try:
        with open_ledger(settings, now) as ledger:
            job = Job(settings, sync, connection, ledger, trigger, allow, requires_green)
            if isinstance(destination, SetDestination):
                return run_set(job, destination)
            return _run_batches(job, destination)
    finally:
        destination.close()


def is_follower(settings: Settings, sync: Sync) -> bool:
    """Whether its rows speak of others that the same connection brings: members of a list, say, who come after people.

    A destination's module says so by a function `follows(object_name)`; one without has no order.
    """
    try:
        module = destination_module(load_connection(settings, sync.connection).type)
    except DeliveryError:
        # What is wrong with the connection is told by the run.
        return False
    return bool(module.follows(sync.object)) if hasattr(module, "follows") else False


def open_destination(settings: Settings, connection: Connection, sync: Sync) -> Destination | SetDestination:
    """The destination of a connection, for the object of a sync."""
    module = destination_module(connection.type)
    target = Target(
        object=sync.object,
        mode=sync.mode,
        key=sync.key_fields,
        kinds=sync.kinds,
        # What is built under a prefix, to try it, must not take the place of the live set.
        home=settings.delivered_dir / settings.stable_schema(sync.destination),
        turn=turn_of(sync.connection, connection),
    )
    opened = module.open_destination(connection, target, Secrets())
    return cast("Destination | SetDestination", opened)


def _run_batches(job: Job, destination: Destination) -> SyncRun:
    gate = _gate(job, destination)
    with holding(job.ledger, job.sync) as lease:
        is_new = job.ledger.run(lease.run_id) is None
        counts, breach = _plan(job, destination, lease) if is_new else (Counts(), None)
        batches = Batches(job.ledger, lease)
        job.settle_endings(batches)
        run = job.told(lease, "sending", None, counts)
        pace = pace_of(job.sync.connection, job.connection)
        sender = Sender(job.sync, job.connection, destination, batches, gate, pace, total=run.planned)
        sending = sender.send_all()
        more = {"was_resumed": not is_new, "was_written": bool(sending.done)}
        if _is_owed(batches, destination):
            # It stays open, whatever stopped it: the next run asks after jobs, and sends the same under the same keys.
            told = sending.stopped or "The destination still works on it"
            return job.told(lease, "stopped" if sending.stopped else "waiting", told, counts, **more)
        batches.settle("deferred", "not_sent", sending.stopped or "It was not sent")
        status = "stopped" if sending.stopped else "guarded" if breach else "done"
        message = sending.stopped or breach
        job.ledger.end(lease, status, message)
        return job.told(lease, status, message, counts, **more)


def _is_owed(batches: Batches, destination: Destination) -> bool:
    """Whether jobs still work, or events may have been taken that only their batch's key keeps from being doubled."""
    is_keyed = destination.delivery_class == DeliveryClass.KEYED_EVENT
    return any(entry.state == "accepted" or (is_keyed and entry.state == "claimed") for entry in batches.open())


def _gate(job: Job, destination: Destination) -> Gate:
    if destination.delivery_class != DeliveryClass.SIDE_EFFECT:
        return OpenGate()
    return MessageGate(job.ledger, job.sync, job.connection, Readers(job.settings, job.sync))


def _plan(job: Job, destination: Destination, lease: Lease) -> tuple[Counts, str | None]:
    with job.planning(lease, is_set=False) as plan:
        batches = batches_of(plan.paper, destination.limits, lease.run_id)
        count = int(plan.paper.rows("select count(*) from planned")[0][0])
        rows = planned_rows(plan.paper, lease.run_id, job.sync)
        job.ledger.freeze(lease, rows, batches, count, plan.counts.wanted)
        return plan.counts, plan.breach
