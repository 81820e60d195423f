"""What a sync wants, copied out of the warehouse into files, so that the warehouse is free while it is sent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.activation.destinations.files import write_parquet
from orchestration.activation.errors import DeliveryError
from orchestration.activation.rows import count_rows, ordered_batches, relation_schema
from orchestration.activation.syncs import ROOM, Sync
from orchestration.progress import report
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, literal, open_warehouse, quoted


@dataclass(frozen=True)
class Snapshot:
    """Files of one moment: the rows wanted, whom the purpose permits, and which id every profile id stands for now.

    `permitted` is None for a sync without a channel, which is not about contacting anybody.
    """

    wanted: Path
    rows: int
    columns: pa.Schema
    permitted: Path | None
    live_ids: Path


def take_snapshot(settings: Settings, sync: Sync, folder: Path) -> Snapshot:
    """Copy what a sync wants into a folder; `DeliveryError` where its model is not built or the warehouse is busy."""
    if settings.target == "duckdb" and not settings.warehouse_path.is_file():
        raise DeliveryError(f"There is no warehouse at {settings.warehouse_path}: build first.")
    schema = settings.work_schema(ROOM)
    try:
        with open_warehouse(settings, read_only=True) as warehouse:
            columns = relation_schema(warehouse, schema, sync.model)
            if unknown := [name for name in sync.key if name not in columns.names]:
                there = ", ".join(columns.names)
                raise DeliveryError(f"{sync.model} has no key column {', '.join(unknown)}; it has {there}.")
            total = count_rows(warehouse, schema, sync.model)
            batches = ordered_batches(warehouse, schema, sync.model, columns, sync.key)
            rows = write_parquet(folder / "wanted.parquet", _reported(batches, total, sync.name), columns)
            permitted = _permitted(warehouse, settings, sync, folder) if sync.channel else None
            return Snapshot(
                folder / "wanted.parquet", rows, columns, permitted, _live_ids(warehouse, settings, sync, folder)
            )
    except duckdb.IOException as error:
        raise DeliveryError(f"The warehouse can't be read, probably because a process writes it: {error}") from None


def _permitted(warehouse: Warehouse, settings: Settings, sync: Sync, folder: Path) -> Path:
    """Profiles that may be reached on the channel for the purpose of the sync."""
    place = quoted(settings.work_schema("consent"), "permissions")
    sql = (
        f"select profile_id from {place} where is_allowed"
        f" and purpose = {literal(sync.purpose)} and channel = {literal(str(sync.channel))}"
    )
    return _copied(warehouse, sql, folder / "permitted.parquet", ("profile_id",))


def _live_ids(warehouse: Warehouse, settings: Settings, sync: Sync, folder: Path) -> Path:
    """Ids that were merged, and the one that each stands for; read only where people are held out."""
    place = quoted(settings.work_schema("identity"), "profile_id_map")
    sql = f"select profile_id, live_profile_id from {place} where live_profile_id <> profile_id"
    if not sync.holdout:
        sql = "select cast(null as text) as profile_id, cast(null as text) as live_profile_id where 1 = 0"
    return _copied(warehouse, sql, folder / "live_ids.parquet", ("profile_id", "live_profile_id"))


def _copied(warehouse: Warehouse, sql: str, path: Path, names: tuple[str, ...]) -> Path:
    columns = pa.schema([(name, pa.string()) for name in names])
    write_parquet(path, (batch.cast(columns) for batch in warehouse.batches(sql)), columns)
    return path


def _reported(batches: Iterable[pa.RecordBatch], total: int, detail: str) -> Iterator[pa.RecordBatch]:
    done = 0
    for batch in batches:
        report("deliver", done, total, detail)
        done += batch.num_rows
        yield batch
