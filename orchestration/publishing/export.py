"""One table that readers see as a file: CSV, Parquet or a spreadsheet, streamed, and whole or not at all."""

import contextvars
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.progress import report
from orchestration.publishing.export_tables import ExportError, SeenTable, find_table
from orchestration.publishing.spreadsheet import SHEET_ROWS, write_spreadsheet
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, duckdb_connection, literal, open_duckdb, open_warehouse, quoted

FORMATS = ("csv", "parquet", "xlsx")
# With what a cell may begin that spreadsheets take for a formula, the full-width forms included.
_FORMULA = "^[=+\\-@\\t\\r\\n\\x{FF1D}\\x{FF0B}\\x{FF0D}\\x{FF20}]"


@dataclass(frozen=True)
class Exported:
    """What was written: the table, the file, its rows and bytes."""

    table: str
    path: Path
    rows: int
    size_bytes: int


def export_table(
    settings: Settings, name: str, *, form: str | None, out: Path | None, limit: int | None = None, exact: bool = False
) -> Exported:
    """Write a table, `name` or `room.name`, from one state of what readers see; the file replaces one of its name.

    Raises `ExportError` for an unknown or private table, a form that can't hold it, and a place that can't be written.
    In CSV a text that a spreadsheet would take for a formula gets an apostrophe before it, unless `exact`.
    """
    with readers_view(settings) as warehouse:
        table = find_table(settings, warehouse, name)
        form, path = _target(table, form, out)
        rows = int(warehouse.rows(f"select count(*) from {table.relation}")[0][0])
        rows = rows if limit is None else min(rows, limit)
        if form == "xlsx" and rows >= SHEET_ROWS:
            raise ExportError(
                f"{table.name} has {rows:,} rows, and a spreadsheet holds {SHEET_ROWS - 1:,} below its heading: export"
                f" it as csv or parquet, or with --limit {SHEET_ROWS - 1}."
            )
        batches = _counted(warehouse.batches(_select(warehouse, table, limit)), table.name, rows)
        with whole_file(path) as partial:
            if form == "xlsx":
                write_spreadsheet(partial, table, batches)
            else:
                _copy(settings, table, batches, _copy_statement(table, form, partial, exact=exact))
        report("export", rows, rows)
    return Exported(table.name, path, rows, path.stat().st_size)


@contextmanager
def readers_view(settings: Settings) -> Iterator[Warehouse]:
    """What readers see, in one state from the first query to the last."""
    if settings.target == "duckdb":
        if not settings.serve_path.is_file():
            raise ExportError(f"Nothing has been published yet: there is no {settings.serve_path}. Run `onefolk run`.")
        # The file is swapped by a publish, never written: who holds it open goes on with what it was.
        with open_duckdb(settings.serve_path, settings, read_only=True) as served:
            yield served
        return
    with open_warehouse(settings) as warehouse, warehouse.transaction():
        warehouse.execute("set transaction isolation level repeatable read, read only")
        yield warehouse


def _target(table: SeenTable, form: str | None, out: Path | None) -> tuple[str, Path]:
    """The form and the file, each told by the other where only one is given."""
    ending = out.suffix.lower().removeprefix(".") if out and not out.is_dir() else ""
    known = ", ".join(FORMATS)
    if form is not None and form not in FORMATS:
        raise ExportError(f"{form!r} is no format; there are {known}.")
    if form is None and out and ending not in FORMATS and not out.is_dir():
        raise ExportError(f"The ending of {out.name} tells no format: name one with --format, of {known}.")
    if form and ending in FORMATS and ending != form:
        raise ExportError(f"{out} ends in .{ending}, and --format says {form}: make them the same.")
    chosen = form or (ending if ending in FORMATS else "csv")
    path = (out or Path()).expanduser().absolute()
    if out is None or path.is_dir():
        path = path / f"{table.table}.{chosen}"
    if not path.parent.is_dir():
        raise ExportError(f"There is no folder {path.parent}.")
    return chosen, path


def _select(warehouse: Warehouse, table: SeenTable, limit: int | None) -> str:
    # Over Arrow, Postgres gives numerics as text of a type of its own; plain text every reader understands.
    names = [
        f"cast({quoted(column)} as text) as {quoted(column)}"
        if warehouse.dialect == "postgres" and data_type.startswith("numeric")
        else quoted(column)
        for column, data_type in table.columns.items()
    ]
    return f"select {', '.join(names)} from {table.relation}" + ("" if limit is None else f" limit {limit}")


def _counted(batches: Iterator[pa.RecordBatch], name: str, rows: int) -> Iterator[pa.RecordBatch]:
    done = 0
    # DuckDB asks for the next batch from a thread of its own, which knows of no listener.
    context = contextvars.copy_context()
    report("export", 0, rows, name)
    for batch in batches:
        yield batch
        done += batch.num_rows
        context.run(report, "export", done, rows, name)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file beside the wanted one, which takes its place at the end of the block, and vanishes on an error."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise ExportError(f"{path} can't be written: {error.strerror or error}.") from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _copy(settings: Settings, table: SeenTable, batches: Iterator[pa.RecordBatch], statement: str) -> None:
    first = next(batches, None)
    with duckdb_connection(":memory:", settings) as connection:
        if first is None:
            columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in table.columns.items())
            connection.execute(f"create table batches ({columns})")
        else:
            stream = pa.RecordBatchReader.from_batches(first.schema, _again(first, batches))
            connection.register("batches", stream)
        try:
            connection.execute(statement)
        except duckdb.ConversionException as error:
            raise ExportError(
                f"{table.name} holds a number that Parquet can't, such as NaN: export it as csv. {error}"
            ) from None
        except duckdb.IOException as error:
            raise ExportError(f"The file can't be written: {error}") from None


def _again(first: pa.RecordBatch, others: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from others


def _copy_statement(table: SeenTable, form: str, path: Path, *, exact: bool) -> str:
    shape: Callable[[str, str], str] = _as_is if form == "csv" and exact else _guarded if form == "csv" else _typed
    columns = ", ".join(f"{shape(name, kind)} as {quoted(name)}" for name, kind in table.columns.items())
    options: dict[str, Any] = {"csv": "format csv, header true", "parquet": "format parquet, compression zstd"}
    return f"copy (select {columns} from batches) to {literal(str(path))} ({options[form]})"


def _as_is(name: str, _: str) -> str:
    return quoted(name)


def _typed(name: str, kind: str) -> str:
    return f"cast({quoted(name)} as {kind})" if kind.startswith(("numeric(", "decimal(")) else quoted(name)


def _guarded(name: str, kind: str) -> str:
    column = quoted(name)
    if kind not in ("text", "varchar"):
        return column
    return f"case when regexp_matches({column}, {literal(_FORMULA)}) then '''' || {column} else {column} end"
