"""What is in the warehouse, how fresh it is, how the last runs ended, and what waits: numbers, without a picture."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.audiences.guards import Guard, read_guards
from orchestration.landing import pending_files
from orchestration.lock import BusyError, reading
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, open_duckdb, open_warehouse, quoted

if TYPE_CHECKING:
    import dagster as dg

_RECENT_RUNS = 20


@dataclass
class SourceStatus:
    """One source: its raw rows, what was put aside on the way, and the clock of its newest row."""

    name: str
    rows: int = 0
    files: int = 0
    rejected_lines: int = 0
    files_set_aside: int = 0
    quarantined: int = 0
    newest_loaded_at: datetime | None = None


@dataclass
class WarehouseStatus:
    """The numbers of the warehouse; None where nothing has been built that would hold them."""

    place: str
    is_readable: bool = True
    note: str = ""
    sources: list[SourceStatus] = field(default_factory=list)
    set_aside: list[tuple[str, str]] = field(default_factory=list)
    identifiers: dict[str, int] = field(default_factory=dict)
    known_profiles: int | None = None
    anonymous_profiles: int | None = None
    largest_profile: int | None = None
    audiences: list[Guard] = field(default_factory=list)
    newest_event_at: datetime | None = None
    pending: int | None = None


@dataclass(frozen=True)
class RunStatus:
    """One run as Dagster remembers it."""

    run_id: str
    job: str
    status: str
    purpose: str
    started_at: datetime | None
    seconds: float | None
    failed_steps: tuple[str, ...] = ()


def warehouse_status(settings: Settings) -> WarehouseStatus:
    """Look into the warehouse; while somebody writes into it on DuckDB, into what readers see instead."""
    if settings.target == "postgres":
        with open_warehouse(settings, read_only=True) as warehouse:
            place = f"database {settings.postgres_dbname} on {settings.postgres_host}"
            status = _look(settings, warehouse, WarehouseStatus(place), settings.work_schema)
            status.pending = len(pending_files(settings, warehouse))
            return status
    if not settings.warehouse_path.is_file():
        return WarehouseStatus(str(settings.warehouse_path), is_readable=False, note="There is no warehouse yet.")
    try:
        with reading(settings), open_warehouse(settings, read_only=True) as warehouse:
            place = str(settings.warehouse_path)
            status = _look(settings, warehouse, WarehouseStatus(place), settings.work_schema)
            status.pending = len(pending_files(settings, warehouse))
            return status
    except BusyError as error:
        note = str(error)
    except duckdb.IOException as error:
        note = f"The warehouse is open elsewhere: {error}"
    if not settings.serve_path.is_file():
        return WarehouseStatus(str(settings.warehouse_path), is_readable=False, note=note)
    seen = WarehouseStatus(str(settings.serve_path), note=f"{note} Shown is what readers see.")
    with open_duckdb(settings.serve_path, settings, read_only=True) as warehouse:
        return _look(settings, warehouse, seen, settings.stable_schema)


def recent_runs(instance: "dg.DagsterInstance") -> list[RunStatus]:
    """The last runs, newest first, with the steps that failed."""
    from dagster import RunsFilter

    found: list[RunStatus] = []
    for record in instance.get_run_records(RunsFilter(), limit=_RECENT_RUNS):
        run = record.dagster_run
        started = datetime.fromtimestamp(record.start_time, UTC) if record.start_time else None
        seconds = record.end_time - record.start_time if record.end_time and record.start_time else None
        failed: tuple[str, ...] = ()
        if run.status.value == "FAILURE" and not any(other.status == "FAILURE" for other in found):
            stats = instance.get_run_step_stats(run.run_id)
            failed = tuple(step.step_key for step in stats if step.status and step.status.value == "FAILURE")
        purpose = run.tags.get("onefolk/purpose", "")
        found.append(RunStatus(run.run_id, run.job_name, run.status.value, purpose, started, seconds, failed))
    return found


def _look(settings: Settings, warehouse: Warehouse, status: WarehouseStatus, schema_of: Any) -> WarehouseStatus:
    tables = {
        (str(schema), str(table))
        for schema, table in warehouse.rows(
            "select table_schema, table_name from information_schema.tables where table_catalog = current_catalog"
        )
    }
    _look_at_sources(settings, warehouse, status, tables)
    identifiers = (schema_of("identity"), "identifiers")
    if identifiers in tables:
        place = quoted(*identifiers)
        counting = f"select identifier_type, count(*) from {place} group by identifier_type order by 2 desc, 1"
        status.identifiers = {str(kind): int(count) for kind, count in warehouse.rows(counting)}
        largest = f"select max(size) from (select count(*) as size from {place} group by profile_id) as profile_sizes"
        status.largest_profile = _number(warehouse, largest)
    profiles = (schema_of("profiles"), "profiles")
    if profiles in tables:
        counting = f"select is_known, count(*) from {quoted(*profiles)} group by is_known"
        counts = {bool(known): int(count) for known, count in warehouse.rows(counting)}
        status.known_profiles, status.anonymous_profiles = counts.get(True, 0), counts.get(False, 0)
    status.audiences = read_guards(warehouse, schema_of("audiences"))
    events = (schema_of("profiles"), "events")
    if events in tables:
        status.newest_event_at = warehouse.rows(f"select max(occurred_at) from {quoted(*events)}")[0][0]
    return status


def _look_at_sources(
    settings: Settings, warehouse: Warehouse, status: WarehouseStatus, tables: Iterable[tuple[str, str]]
) -> None:
    raw = sorted(pair for pair in tables if pair[0].startswith("raw_") and pair[0] != "raw_onefolk")
    sources: dict[str, SourceStatus] = {}
    if raw:
        counting = [
            f"select '{schema[4:]}' as source_name, count(*) as row_count, max(_loaded_at) as loaded_at"
            f" from {quoted(schema, table)}"
            for schema, table in raw
        ]
        rows = warehouse.rows(" union all ".join(counting))
        for name, count, newest in rows:
            source = sources.setdefault(name, SourceStatus(name))
            source.rows += int(count)
            source.newest_loaded_at = max(filter(None, (source.newest_loaded_at, newest)), default=None)
    if ("raw_onefolk", "files") in tables:
        register = quoted("raw_onefolk", "files")
        for name, landed, aside, rejected in warehouse.rows(
            "select source_name, sum(case when status = 'landed' then 1 else 0 end),"
            " sum(case when status = 'set_aside' then 1 else 0 end), coalesce(sum(rejected_count), 0)"
            f" from {register} group by source_name"
        ):
            source = sources.setdefault(name, SourceStatus(name))
            source.files, source.files_set_aside, source.rejected_lines = int(landed), int(aside), int(rejected)
        asides = f"select file_path, error from {register} where status = 'set_aside' order by file_path"
        status.set_aside = [(str(path), str(error)) for path, error in warehouse.rows(asides)]
    quarantine = (settings.work_schema("staging"), "quarantine")
    if quarantine in tables:
        set_apart = f"select source_name, count(*) from {quoted(*quarantine)} group by source_name"
        for name, count in warehouse.rows(set_apart):
            sources.setdefault(str(name), SourceStatus(str(name))).quarantined = int(count)
    status.sources = sorted(sources.values(), key=lambda source: source.name)


def _number(warehouse: Warehouse, sql: str) -> int | None:
    found = warehouse.rows(sql)[0][0]
    return None if found is None else int(found)
