"""The plan of a run: what is sent, in which batches, and whether it may be; frozen before anything leaves."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestration.activation.destinations.protocol import Limits
from orchestration.activation.difference import (
    ENDED,
    STATE_SCHEMA,
    Counts,
    check_shape,
    difference,
    lay_out,
    settle_wanted,
)
from orchestration.activation.errors import DeliveryError
from orchestration.activation.holdouts import held_out_people
from orchestration.activation.ledger import Ledger
from orchestration.activation.snapshot import Snapshot, take_snapshot
from orchestration.activation.syncs import Sync
from orchestration.build_state import require_green
from orchestration.lock import writing
from orchestration.progress import report
from orchestration.settings import Settings
from orchestration.warehouse import DuckDBWarehouse, literal, open_duckdb, quoted

_HELD = f"select {', '.join(STATE_SCHEMA.names)} from sync_state where sync = ?"


@dataclass(frozen=True)
class Plan:
    """A plan in tables `planned`, `wanted` and `held` of a scratch database; `breach` says why it is too much.

    Where it is so, `planned` holds only what passes always: removals of people who don't permit it any more.
    """

    paper: DuckDBWarehouse
    snapshot: Snapshot
    counts: Counts
    breach: str | None
    held_out: Path | None


@contextmanager
def planned(
    settings: Settings,
    sync: Sync,
    ledger: Ledger,
    folder: Path,
    *,
    allow: bool,
    requires_green: bool = True,
    is_rehearsal: bool = False,
    is_set: bool = False,
) -> Iterator[Plan]:
    """Compare what a sync wants with what its destination holds; only people newly held out are remembered.

    In a rehearsal nothing is written, and the plan is shown whole, also where a guard would hold it.
    """
    # Held for the copy alone: while it is sent, the next build may begin.
    with writing(settings, f"reading what {sync.name} wants", say=lambda text: report("wait", detail=text)):
        if requires_green:
            require_green(settings, sync.model)
        snapshot = take_snapshot(settings, sync, folder)
    check_shape(sync, snapshot)
    sync = whole(sync, snapshot.columns.names) if is_set else sync
    with open_duckdb(folder / "plan.duckdb", settings) as paper:
        paper.execute(f"set temp_directory = {literal(str(folder / 'spilled'))}")
        if is_set:
            check_keys(paper, sync, snapshot.wanted)
        held = folder / "held.parquet"
        ledger.store.export(_HELD, [sync.name], STATE_SCHEMA, held)
        lay_out(paper, sync, snapshot, held)
        held_out = None
        if sync.holdout:
            held_out = held_out_people(paper, ledger, sync, snapshot, folder, assigns=not is_rehearsal)
        settle_wanted(paper, held_out)
        counts = difference(paper, sync, ledger.stamp())
        breach = None if allow else guard_breach(sync, counts, snapshot.rows)
        if breach and not is_rehearsal:
            _keep_only_what_passes(paper, snapshot)
        yield Plan(paper, snapshot, counts, breach, held_out)


def whole(sync: Sync, columns: list[str]) -> Sync:
    """The sync with every column of its model: a set is the model's rows as they are."""
    if sync.mode != "mirror":
        raise DeliveryError(f"Sync {sync.name} goes into whole files, so its mode must be mirror, and not {sync.mode}.")
    return replace(sync, fields={name: name for name in columns})


def check_keys(paper: DuckDBWarehouse, sync: Sync, wanted: Path) -> None:
    """Raise `DeliveryError` when keys are null or occur twice; it holds counts only, for a key may be personal."""
    key = ", ".join(quoted(name) for name in sync.key)
    null = " or ".join(f"{quoted(name)} is null" for name in sync.key)
    rows = f"read_parquet({literal(str(wanted))})"
    nulls = paper.rows(f"select count(*) from {rows} where {null}")[0][0]
    twice = f"select {key} from {rows} where not ({null}) group by {key} having count(*) > 1"
    repeated = paper.rows(f"select count(*) from ({twice}) as repeated")[0][0]
    if nulls or repeated:
        found = [f"{nulls} rows without a key"] * bool(nulls) + [f"{repeated} keys more than once"] * bool(repeated)
        raise DeliveryError(
            f"{sync.model} has {' and '.join(found)} (key: {', '.join(sync.key)}), so nothing was delivered:"
            " make the model one row per key."
        )


def guard_breach(sync: Sync, counts: Counts, rows: int) -> str | None:
    """Why a plan is more than the sync allows, with the figures; None where it isn't."""
    guards = sync.guards
    # Of what is sent once there may be nothing to tell any more.
    if counts.held and not rows and not guards.allow_empty and sync.mode != "append":
        return f"{sync.model} is empty, and {counts.held:,} rows are held"
    for told, count, most in (
        ("removed", counts.removed, guards.max_remove_share),
        ("changed", counts.changed, guards.max_change_share),
    ):
        if counts.held and count > most * counts.held:
            return f"{count:,} of {counts.held:,} rows would be {told}, and at most {most:.0%} may be"
    return None


def batches_of(paper: DuckDBWarehouse, limits: Limits, run_id: str) -> list[tuple[int, int, int, str]]:
    """Batches as number, first and last place in the plan, and key; none mixes removals with the rest."""
    found: list[tuple[int, int, int, str]] = []
    first = last = size = 0
    before: bool | None = None
    for page in _sizes(paper):
        for seq, is_removal, length in page:
            is_full = seq - first >= limits.max_rows or size + length > limits.max_bytes
            if before is None or is_removal != before or is_full:
                if before is not None:
                    found.append((len(found) + 1, first, last, f"{run_id}-{len(found) + 1}"))
                first, size, before = seq, 0, is_removal
            last, size = seq, size + length
    if before is not None:
        found.append((len(found) + 1, first, last, f"{run_id}-{len(found) + 1}"))
    return found


def examples(paper: DuckDBWarehouse, count: int) -> list[dict[str, Any]]:
    """A few planned rows of each operation, with their payloads."""
    rows = paper.rows(f"""
        select operation, row_key, profile_id, payload
        from (select *, row_number() over (partition by operation order by seq) as place from planned) as numbered
        where place <= {count}
        order by operation, seq
    """)
    return [
        {"operation": operation, "key": key, "profile_id": profile, "payload": json.loads(payload or "{}")}
        for operation, key, profile, payload in rows
    ]


def _sizes(paper: DuckDBWarehouse) -> Iterator[Sequence[tuple[int, bool, int]]]:
    ended = ", ".join(f"'{name}'" for name in ENDED)
    cursor = paper.connection.execute(
        "select seq, operation = 'remove', strlen(coalesce(payload, '')) from planned"
        f" where operation not in ({ended}) order by seq"
    )
    while page := cursor.fetchmany(50_000):
        yield page


def _keep_only_what_passes(paper: DuckDBWarehouse, snapshot: Snapshot) -> None:
    """Removals of those who don't permit it: a guard never keeps anybody at a destination against their will."""
    if snapshot.permitted is None:
        paper.execute("delete from planned")
        return
    permitted = f"select profile_id from read_parquet({literal(str(snapshot.permitted))})"
    paper.execute(
        f"delete from planned where operation <> 'remove' or profile_id is null or profile_id in ({permitted})"
    )
