"""One file into its raw table, with its register row and rejected lines, in one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb

from orchestration.landing.columns import as_text, canonical, fit_table
from orchestration.landing.contract import METADATA_COLUMNS, REGISTER_SCHEMA, RawTable
from orchestration.landing.csv_files import csv_readings
from orchestration.landing.discovery import LandingFile
from orchestration.landing.inspection import FileFacts, UnreadableFileError, checksum_of, inspect
from orchestration.landing.jsonl_files import jsonl_readings
from orchestration.landing.parquet_files import first_sentence, parquet_readings
from orchestration.landing.reading import Reading
from orchestration.landing.register import Entry, Outcome, write
from orchestration.warehouse import DuckDBWarehouse, Warehouse, literal, quoted

# Rows of one Arrow batch on the way to Postgres.
ROWS_PER_BATCH = 8_192


class ChangedWhileReadError(Exception):
    """The file was written to while it was read; nothing of it was loaded."""


@dataclass
class Loader:
    """Loads files into one warehouse; `reader` is the DuckDB connection that reads them."""

    warehouse: Warehouse
    reader: duckdb.DuckDBPyConnection
    clock: datetime
    notes: list[str] = field(default_factory=list)
    types: dict[str, dict[str, str]] = field(default_factory=dict)

    def load(self, file: LandingFile, entry: Entry | None) -> Outcome:
        """Land one file or set it aside; raise when the warehouse, not the file, is at fault."""
        facts: FileFacts | None = None
        try:
            if file.problem:
                raise UnreadableFileError(file.problem)
            facts = inspect(file.path) if file.format != "parquet" else _parquet_facts(file)
            outcome = self._first_that_works(file, facts, self._readings(file, facts), entry)
        except UnreadableFileError as error:
            checksum = facts.checksum if facts else checksum_of(file.path)
            outcome = Outcome(file, "set_aside", checksum, error=str(error))
            with self.warehouse.transaction():
                write(self.warehouse, outcome, self.clock, entry)
        return outcome

    def _readings(self, file: LandingFile, facts: FileFacts) -> Iterator[Reading]:
        known = set(self._types_of(file.table)) - set(METADATA_COLUMNS)
        if file.format == "csv":
            return csv_readings(file.path, facts, file.table, known)
        if file.format == "jsonl":
            return jsonl_readings(file.path, facts, known, self.reader)
        return parquet_readings(file.path, file.table, known, self.reader)

    def _first_that_works(
        self, file: LandingFile, facts: FileFacts, readings: Iterator[Reading], entry: Entry | None
    ) -> Outcome:
        """Whatever stops a quick reading, the careful one after it finds out line by line, or stops at it again."""
        stopped: tuple[Reading, Exception] | None = None
        for reading in readings:
            try:
                return self._load(file, facts, reading, entry)
            except (ChangedWhileReadError, OSError):
                raise
            except Exception as error:
                stopped = (reading, error)
        if stopped is None:
            raise UnreadableFileError("can't be read")
        raise _fault_of_file(stopped[0], file.path, stopped[1]) or stopped[1]

    def _load(self, file: LandingFile, facts: FileFacts, reading: Reading, entry: Entry | None) -> Outcome:
        schema, table = file.table.schema, file.table.table
        with self.warehouse.transaction():
            types = {name: data_type for name, (_, data_type) in reading.columns.items()}
            existing = self._types_of(file.table)
            has_values = partial(self._has_values, reading)
            held = fit_table(self.warehouse, quoted(schema, table), existing, types, has_values)
            rows = self._append(reading, schema, table, _rows_query(reading, held, file, self.clock))
            rejected = 0
            if reading.rejects:
                query = _rejects_query(reading.rejects, file, self.clock)
                rejected = self._append(reading, REGISTER_SCHEMA, "rejected_lines", query, rejects=True)
            if not file.is_unchanged():
                raise ChangedWhileReadError
            outcome = Outcome(file, "landed", facts.checksum, rows, rejected, encoding=reading.encoding)
            write(self.warehouse, outcome, self.clock, entry)
        self.types[file.table.name] = held
        self.notes.extend(f"{file.relative}: {note}." for note in reading.notes)
        return outcome

    def _types_of(self, table: RawTable) -> dict[str, str]:
        if table.name not in self.types:
            columns = self.warehouse.columns(table.schema, table.table)
            self.types[table.name] = {name: canonical(data_type) for name, data_type in columns.items()}
        return self.types[table.name]

    def _append(self, reading: Reading, schema: str, table: str, query: str, *, rejects: bool = False) -> int:
        with reading.open(self.reader, rejects=rejects):
            if isinstance(self.warehouse, DuckDBWarehouse):
                done = self.reader.execute(f"insert into {quoted(schema, table)} by name {query}").fetchone()
                return int(done[0]) if done else 0
            return self.warehouse.append(schema, table, self.reader.execute(query).to_arrow_reader(ROWS_PER_BATCH))

    def _has_values(self, reading: Reading, name: str) -> bool:
        with reading.open(self.reader):
            query = f"select count({reading.columns[name][0]}) from {reading.relation} where {reading.condition}"
            found = self.reader.execute(query).fetchone()
        return bool(found and found[0])


def _rows_query(reading: Reading, held: dict[str, str], file: LandingFile, clock: datetime) -> str:
    """The file's rows as the table holds them, each with where it came from."""
    values = []
    for name, (expression, data_type) in reading.columns.items():
        if held[name] == data_type or held[name] == "numeric":
            value = expression
        elif held[name] == "text":
            value = as_text(expression, data_type)
        else:
            # A column without values fits any type.
            value = f"cast(null as {held[name]})"
        values.append(f"{value} as {quoted(name)}")
    values += [
        f"{_moment(clock)} as _loaded_at",
        f"{literal(file.relative)} as _source_file",
        f"{reading.row_number} as _source_row",
        f"{literal(file.instance)} as _source_instance",
    ]
    return f"select {', '.join(values)} from {reading.relation} where {reading.condition}"


def _rejects_query(rejects: str, file: LandingFile, clock: datetime) -> str:
    return (
        f"select {literal(file.relative)} as file_path, {literal(file.table.source)} as source_name,"
        f" {literal(file.table.table)} as table_name, *, {_moment(clock)} as _loaded_at from ({rejects}) as rejects"
    )


def _moment(clock: datetime) -> str:
    return f"cast({literal(clock.isoformat(sep=' '))} as timestamp)"


def _parquet_facts(file: LandingFile) -> FileFacts:
    return FileFacts(file.size_bytes, checksum_of(file.path), "", file.size_bytes > 0, True)


def _fault_of_file(reading: Reading, path: Path, error: Exception) -> UnreadableFileError | None:
    """What is wrong with the file when it can't be read without the warehouse either; None when nothing is."""
    # Postgres' classes of errors for a value that it can't hold, and for a row that is too wide.
    if str(getattr(error, "sqlstate", None) or "")[:2] in {"22", "54"}:
        return UnreadableFileError(f"has a value that the warehouse can't hold: {first_sentence(error, path)}")
    used = ", ".join(expression for expression, _ in reading.columns.values()) or "1"
    with duckdb.connect() as alone, reading.open(alone):
        try:
            alone.execute(f"select count(hash({used})) from {reading.relation} where {reading.condition}").fetchall()
        except duckdb.Error as found:
            return UnreadableFileError(f"can't be read: {first_sentence(found, path)}")
    return None
