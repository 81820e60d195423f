"""`land`: every new and complete file of the landing folder into the raw tables, each exactly once."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import duckdb

from orchestration.landing.contract import RawTable, ensure_tables, load_contract, load_own_tables
from orchestration.landing.discovery import LandingFile, find_files
from orchestration.landing.loading import ChangedWhileReadError, Loader
from orchestration.landing.register import REJECTED_LINES, Entry, Outcome, registered, split
from orchestration.landing.report import LandingReport
from orchestration.landing.salt import ensure_salt
from orchestration.progress import report as report_progress
from orchestration.settings import Settings
from orchestration.warehouse import DuckDBWarehouse, Warehouse, duckdb_connection, literal

# Rejected lines that a report names per file; all of them stand in raw_onefolk.rejected_lines.
LINES_NAMED = 3

# Any number: landings of one Postgres database wait for each other on it.
_ADVISORY_LOCK = 0x0F01C


def land(settings: Settings, warehouse: Warehouse, tables: Sequence[RawTable]) -> LandingReport:
    """Land the complete new files of these tables; raise `SettingsError` when the identifier salt would change.

    Afterwards every table and column of `tables` exists. Each file lands in one transaction with its row of the
    register: killed at any moment, the next call lands exactly the missing ones.
    """
    clock = settings.clock.replace(tzinfo=None)
    report = LandingReport()
    for table in tables:
        report.table(table.name)
    with _one_at_a_time(warehouse):
        ensure_tables(warehouse, tables, load_own_tables())
        ensure_salt(settings, warehouse)
        found = find_files(settings.landing_dir, tables, load_contract())
        entries = registered(warehouse)
        new, changed = split(warehouse, found.files, entries, remember=True)
        report.warnings += found.warnings
        report.waiting += found.waiting
        report.changed += [file.relative for file in changed]
        with _reader(settings, warehouse) as reader:
            _land_files(Loader(warehouse, reader, clock), new, entries, report)
    return report


def pending_files(
    settings: Settings, warehouse: Warehouse, tables: Iterable[RawTable] | None = None
) -> list[LandingFile]:
    """The complete files that the next `land` would load, by path; only reads the warehouse."""
    contract = load_contract()
    found = find_files(settings.landing_dir, contract if tables is None else tables, contract)
    return split(warehouse, found.files, registered(warehouse), remember=False)[0]


def _land_files(loader: Loader, files: list[LandingFile], entries: dict[str, Entry], report: LandingReport) -> None:
    for done, file in enumerate(files):
        report_progress("land", done, len(files), file.relative)
        try:
            outcome = loader.load(file, entries.get(file.relative))
        except (ChangedWhileReadError, FileNotFoundError):
            report.waiting.append(file.relative)
            continue
        except OSError as error:
            report.warnings.append(f"{file.relative} can't be opened ({error.strerror}); the next landing tries again.")
            continue
        _add(report, outcome, loader.warehouse)
    report.warnings += loader.notes
    report_progress("land", len(files), len(files))


def _add(report: LandingReport, outcome: Outcome, warehouse: Warehouse) -> None:
    table = report.table(outcome.file.table.name)
    if outcome.status == "set_aside":
        table.set_aside[outcome.file.relative] = outcome.error or ""
        return
    table.files += 1
    table.rows += outcome.row_count
    table.rejected_lines += outcome.rejected_count
    if not outcome.rejected_count:
        return
    rows = warehouse.rows(
        f"select line_no, reason from {REJECTED_LINES} where file_path = {literal(outcome.file.relative)}"
        f" order by line_no limit {LINES_NAMED}"
    )
    report.warnings += [f"{outcome.file.relative}, line {line_no}: {reason}." for line_no, reason in rows]
    if outcome.rejected_count > len(rows):
        more = outcome.rejected_count - len(rows)
        report.warnings.append(f"{outcome.file.relative}: {more:,} more lines are in raw_onefolk.rejected_lines.")


@contextmanager
def _one_at_a_time(warehouse: Warehouse) -> Iterator[None]:
    """DuckDB has one writer by nature; on Postgres a second landing waits for the first."""
    if warehouse.dialect != "postgres":
        yield
        return
    warehouse.rows(f"select pg_advisory_lock({_ADVISORY_LOCK})")
    try:
        yield
    finally:
        warehouse.rows(f"select pg_advisory_unlock({_ADVISORY_LOCK})")


@contextmanager
def _reader(settings: Settings, warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """The DuckDB connection that reads files: the warehouse itself, or one in memory beside Postgres."""
    if isinstance(warehouse, DuckDBWarehouse):
        yield warehouse.connection
        return
    with duckdb_connection(":memory:", settings) as connection:
        connection.execute(f"set temp_directory = {literal(str(settings.home / 'landing.tmp'))}")
        yield connection
