"""The plan of a sync, made and shown and not carried out: what would be sent, to whom, in how many calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.activation.connections import load_connection
from orchestration.activation.destinations.protocol import DeliveryClass, Destination, Limits, SendError
from orchestration.activation.destinations.set_protocol import SetDestination
from orchestration.activation.difference import Counts
from orchestration.activation.engine import open_destination
from orchestration.activation.ledger import open_ledger
from orchestration.activation.planning import batches_of, examples, planned
from orchestration.activation.syncs import Sync
from orchestration.profiles.masking import mask
from orchestration.scratch import scratch_folder
from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse, quoted

EXAMPLES = 10


@dataclass(frozen=True)
class Rehearsal:
    """What a run would do now.

    `calls` are requests of at most `limits.max_rows` rows each, without limits one of them all; `suppressed` counts, of
    the members of the sync's audience, those who may not be reached, by reason; `examples` are masked;
    `preparations` are what would be made at the destination first.
    """

    sync: Sync
    counts: Counts
    breach: str | None
    calls: int
    limits: Limits | None
    delivery_class: DeliveryClass
    suppressed: Sequence[tuple[str, int]]
    examples: Sequence[dict[str, Any]]
    preparations: Sequence[str]
    resumes: str | None


def rehearse(settings: Settings, sync: Sync) -> Rehearsal:
    """Plan a sync and send nothing; raises as `run_sync` does, but for a run that lives."""
    destination = open_destination(settings, load_connection(settings, sync.connection), sync)
    limits = None if isinstance(destination, SetDestination) else destination.limits
    try:
        with (
            open_ledger(settings) as ledger,
            scratch_folder(settings.home / "plans") as folder,
            planned(
                settings,
                sync,
                ledger,
                folder,
                allow=False,
                is_rehearsal=True,
                is_set=isinstance(destination, SetDestination),
            ) as plan,
        ):
            open_runs = ledger.store.rows(
                "select run_id from sync_run where sync = ? and status = 'sending'", [sync.name]
            )
            return Rehearsal(
                sync=sync,
                counts=plan.counts,
                breach=plan.breach,
                calls=len(batches_of(plan.paper, limits or Limits(2**31, 2**60), "rehearsal")),
                limits=limits,
                delivery_class=destination.delivery_class,
                suppressed=_suppressed(settings, sync),
                examples=[_masked(example) for example in examples(plan.paper, EXAMPLES)][:EXAMPLES],
                preparations=_preparations(destination),
                resumes=open_runs[0][0] if open_runs else None,
            )
    finally:
        destination.close()


def _preparations(destination: Destination | SetDestination) -> Sequence[str]:
    if isinstance(destination, SetDestination):
        return ()
    try:
        return destination.preparations()
    except SendError as error:
        return (f"ask what is there, which fails now: {error}",)


def _suppressed(settings: Settings, sync: Sync) -> list[tuple[str, int]]:
    """Of the audience's members, how many may not be reached on the channel, by reason."""
    if not sync.audience or not sync.channel:
        return []
    schema = settings.work_schema("audiences")
    with open_warehouse(settings, read_only=True) as warehouse:
        names = [
            name
            for name in warehouse.columns(schema, "audience_reach")
            if name.endswith("_count")
            and name not in ("member_count", "contactable_count", "permitted_count", "deliverable_count")
        ]
        rows = warehouse.rows(
            f"select {', '.join(names)} from {quoted(schema, 'audience_reach')} where audience = $1 and channel = $2",
            [sync.audience, sync.channel],
        )
    counts = zip(names, rows[0], strict=True) if rows else ()
    return sorted(
        ((name.removesuffix("_count"), int(count)) for name, count in counts if count), key=lambda one: -one[1]
    )


def _masked(example: dict[str, Any]) -> dict[str, Any]:
    """Texts and numbers of a person are masked; what it is about and whether it is true are not."""
    payload = {
        name: mask(name, value) if isinstance(value, str) and value else value
        for name, value in example["payload"].items()
    }
    return {"operation": example["operation"], "profile_id": (example["profile_id"] or "")[:8], "payload": payload}
