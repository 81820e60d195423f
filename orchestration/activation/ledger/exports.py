"""Rows of a ledger as Parquet files, for DuckDB to compare a million of them at once."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.activation.destinations.file_formats import write_parquet
from orchestration.warehouse import literal

# How Postgres writes CSV with every text in quotes: what has none is null. A line may have so many bytes.
_CSV = (
    "header = false, auto_detect = false, quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false,"
    " max_line_size = 64_000_000"
)


def write_pages(pages: Iterable[Sequence[Sequence[Any]]], columns: pa.Schema, place: Path) -> None:
    """Write pages of rows, whose cells are in the order of the columns."""
    write_parquet(place, (_batch(page, columns) for page in pages), columns)


def write_lines(lines: Path, columns: pa.Schema, place: Path) -> None:
    """Write what a file of CSV without a header holds: texts, and whole numbers."""
    kinds = {field.name: "bigint" if pa.types.is_integer(field.type) else "varchar" for field in columns}
    with duckdb.connect() as copying:
        copying.execute(
            f"copy (from read_csv({literal(str(lines))}, columns = {kinds}, {_CSV}))"
            f" to {literal(str(place))} (format parquet)"
        )


def _batch(page: Sequence[Sequence[Any]], columns: pa.Schema) -> pa.RecordBatch:
    cells = zip(zip(*page, strict=True), columns, strict=True)
    return pa.record_batch([pa.array(values, field.type) for values, field in cells], columns)
