"""Parquet files: typed columns, nested ones as JSON text, moments in UTC."""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from orchestration.landing.columns import MOST_COLUMNS, canonical, column_names
from orchestration.landing.contract import RawTable
from orchestration.landing.inspection import UnreadableFileError
from orchestration.landing.reading import Reading, file_literal
from orchestration.warehouse import quoted


def parquet_readings(
    path: Path, table: RawTable, known: set[str], connection: duckdb.DuckDBPyConnection
) -> Iterator[Reading]:
    """The one way to read a Parquet file; raise `UnreadableFileError` when it is none."""
    relation = f"read_parquet({file_literal(str(path))}, file_row_number = true, hive_partitioning = false)"
    try:
        described = connection.execute(f"describe select * from {relation}").fetchall()
    except duckdb.Error as error:
        raise UnreadableFileError(f"is not a readable Parquet file: {first_sentence(error, path)}") from None
    types = {name: data_type for name, data_type, *_ in described if name != "file_row_number"}
    names = list(types)
    targets, notes = column_names(names, known)
    if len(known.union(targets.values())) > MOST_COLUMNS:
        raise UnreadableFileError(f"brings more columns than the {MOST_COLUMNS} that a table may have")
    if not set(targets.values()) & set(table.columns):
        raise UnreadableFileError(f"has no column of {table.name}")
    columns = {targets[position]: _typed(name, types[name]) for position, name in enumerate(names)}
    yield Reading(relation, columns, "file_row_number + 1", encoding=None, notes=notes)


def first_sentence(error: Exception, path: Path) -> str:
    """The first line of a driver's message, without the folders that the file lies in."""
    line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return line.replace(str(path), path.name)[:300]


def _typed(name: str, data_type: str) -> tuple[str, str]:
    """An expression of one of the canonical types."""
    column = quoted(name)
    plain = data_type.lower()
    if plain == "timestamp with time zone":
        return f"{column} at time zone 'UTC'", "timestamp"
    if plain == "ubigint":
        return f"cast({column} as decimal(20, 0))", "numeric(20,0)"
    target = canonical(data_type)
    if target != "text":
        return f"cast({column} as {target})", target
    if plain.endswith("]") or plain.startswith(("struct", "map", "union", "variant")):
        return f"replace(cast(to_json({column}) as varchar), '\\u0000', '')", "text"
    return f"replace(cast({column} as varchar), chr(0), '')", "text"
