"""One delivery: read what the destination should hold, compare with what it holds, and replace it when they differ."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.activation.connections import load_connection
from orchestration.activation.destinations.files import FileSet, write_parquet
from orchestration.activation.difference import Counts
from orchestration.activation.engine import SyncRun, run_sync
from orchestration.activation.errors import DeliveryError
from orchestration.activation.plan import NOTHING, Plan, check_keys, plan
from orchestration.activation.rows import count_rows, ordered_batches, relation_schema
from orchestration.activation.syncs import ROOM, Sync
from orchestration.build_state import require_green
from orchestration.lock import writing
from orchestration.progress import report
from orchestration.settings import Settings
from orchestration.warehouse import open_duckdb, open_warehouse


@dataclass(frozen=True)
class Delivery:
    """What one delivery did: rows the destination holds now, and how they differ from what it held before."""

    sync: Sync
    rows: int
    delivered: bool
    files: tuple[Path, ...]
    added: int
    changed: int
    removed: int
    seconds: float


def deliver(settings: Settings, sync: Sync) -> Delivery:
    """Bring the destination to the rows of the sync's model; call it after a green build only.

    Nothing is written when the destination holds them already. Killed at any moment, the destination holds the earlier
    set or the new one, and the next delivery leaves what an undisturbed one would have. Raises `DeliveryError`, with
    nothing delivered, when the model is not built or a key of it is null or not unique.
    """
    started_at = time.monotonic()
    # A preview or a replay, which has a prefix, must not deliver over the live set.
    files = FileSet(sync, settings.delivered_dir / settings.stable_schema(sync.destination))
    with files.writing() as workroom:
        wanted = workroom / "wanted.parquet"
        rows, columns = _read(settings, sync, wanted)
        planned = NOTHING if files.holds(wanted) else _plan(settings, sync, wanted, files.delivered_rows())
        is_needed = not planned.is_empty or not files.is_as_declared(rows, columns)
        if is_needed:
            files.replace(wanted, rows, columns, settings.clock)
        delivered = files.delivered_files()
    report("deliver", rows, rows, sync.name)
    return Delivery(
        sync=sync,
        rows=rows,
        delivered=is_needed,
        files=tuple(delivered),
        added=planned.added,
        changed=planned.changed,
        removed=planned.removed,
        seconds=time.monotonic() - started_at,
    )


def deliver_sync(settings: Settings, sync: Sync, *, allow: bool = False, trigger: str = "command") -> SyncRun:
    """Run one sync: whole files where it goes into files, else rows by the engine."""
    if load_connection(settings, sync.connection).type != "files":
        return run_sync(settings, sync, allow=allow, trigger=trigger)
    with writing(settings, f"reading what {sync.name} wants", say=lambda text: report("wait", detail=text)):
        require_green(settings)
        done = deliver(settings, sync)
    counts = Counts(0, done.rows, done.added, done.changed, done.removed)
    planned = counts.planned if done.delivered else 0
    return SyncRun(sync.name, "", "done", planned, done.rows, {"ok": planned} if planned else {}, counts)


def _plan(settings: Settings, sync: Sync, wanted: Path, delivered: Path | None) -> Plan:
    # A database of its own beside the rows, so that what does not fit into memory is as well guarded as they are.
    with open_duckdb(wanted.with_name("plan.duckdb"), settings) as scratch:
        check_keys(scratch, sync, wanted)
        return plan(scratch, sync, wanted, delivered)


def _read(settings: Settings, sync: Sync, wanted: Path) -> tuple[int, pa.Schema]:
    """Copy the model's rows into a file, so that the warehouse is free again before anything is sent."""
    if settings.target == "duckdb" and not settings.warehouse_path.is_file():
        raise DeliveryError(f"There is no warehouse at {settings.warehouse_path}: build first.")
    schema = settings.work_schema(ROOM)
    try:
        with open_warehouse(settings, read_only=True) as warehouse:
            columns = relation_schema(warehouse, schema, sync.model)
            unknown = [name for name in sync.key if name not in columns.names]
            if unknown:
                there = ", ".join(columns.names)
                raise DeliveryError(f"{sync.model} has no key column {', '.join(unknown)}; it has {there}.")
            total = count_rows(warehouse, schema, sync.model)
            batches = ordered_batches(warehouse, schema, sync.model, columns, sync.key)
            return write_parquet(wanted, _reported(batches, total, sync.name), columns), columns
    except duckdb.IOException as error:
        raise DeliveryError(f"The warehouse can't be read, probably because a process writes it: {error}") from None


def _reported(batches: Iterable[pa.RecordBatch], total: int, detail: str) -> Iterator[pa.RecordBatch]:
    done = 0
    for batch in batches:
        report("deliver", done, total, detail)
        done += batch.num_rows
        yield batch
