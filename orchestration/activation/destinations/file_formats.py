"""Rows as files: Parquet, and from it CSV and lines of JSON, a part at a time; equal rows are equal bytes.

The CSV is UTF-8 after RFC 4180: a header, lines ending in CRLF, texts quoted, null as nothing and the empty text as "".
JSON is one object a line, UTF-8, its names in the order of the columns; a decimal is a number with all its digits.
Times are ISO 8601 in UTC. Values are exact: nothing is put before a text that a spreadsheet would take for a formula.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

_ROW_GROUP = 50_000
_TIME = "%Y-%m-%dT%H:%M:%SZ"
# JSON has no word for what isn't a number.
_NO_NUMBERS = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}
_encoded = json.JSONEncoder(ensure_ascii=False).encode


def write_parquet(path: Path, batches: Iterable[pa.RecordBatch], columns: pa.Schema) -> int:
    """Write batches in row groups of one size, so that equal rows are equal bytes; the number of rows."""
    count = 0
    with pq.ParquetWriter(path, columns) as writer:
        for table in _row_groups(batches, columns):
            writer.write_table(table, row_group_size=_ROW_GROUP)
            count += table.num_rows
    return count


def write_csv(path: Path, rows: Path) -> None:
    """Write the rows of a Parquet file as CSV, a part at a time."""
    source = pq.ParquetFile(rows)
    times = {field.name for field in source.schema_arrow if pa.types.is_timestamp(field.type)}
    written = [pa.field(f.name, pa.string()) if f.name in times else f for f in source.schema_arrow]
    options = pa_csv.WriteOptions(eol="\r\n")
    with pa_csv.CSVWriter(path, pa.schema(written), write_options=options) as writer:
        for batch in source.iter_batches(_ROW_GROUP):
            columns = [
                pc.strftime(column, format=_TIME) if name in times else column
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            ]
            writer.write_batch(pa.record_batch(columns, schema=pa.schema(written)))


def write_jsonl(path: Path, rows: Path) -> None:
    """Write the rows of a Parquet file as one JSON object a line, a part at a time."""
    source = pq.ParquetFile(rows)
    with path.open("w", encoding="utf-8", newline="\n") as lines:
        for batch in source.iter_batches(_ROW_GROUP):
            parts: list[pa.Array | str] = []
            for number, (name, column) in enumerate(zip(batch.schema.names, batch.columns, strict=True)):
                parts += [f"{',' if number else '{'}{_encoded(name)}:", _json_column(column)]
            found = pc.binary_join_element_wise(*parts, "}\n", "")
            lines.writelines(found.to_pylist())


WRITERS: Mapping[str, Callable[[Path, Path], None]] = {"csv": write_csv, "jsonl": write_jsonl}


def checksum(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _json_column(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_timestamp(kind):
        column = pc.strftime(column, format=_TIME)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        written = pc.binary_join_element_wise('"', pc.cast(column, pa.string()), '"', "")
    elif pa.types.is_string(kind):
        written = pa.array((None if text is None else _encoded(text) for text in column.to_pylist()), pa.string())
    elif pa.types.is_floating(kind):
        written = pa.array(map(_json_float, column.to_pylist()), pa.string())
    else:
        written = pc.cast(column, pa.string())
    return pc.fill_null(written, "null")


def _json_float(value: float | None) -> str | None:
    if value is None or math.isfinite(value):
        return None if value is None else repr(value)
    return _NO_NUMBERS[repr(value)]


def _row_groups(batches: Iterable[pa.RecordBatch], columns: pa.Schema) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        rest = batch
        while rest.num_rows:
            part = rest.slice(0, _ROW_GROUP - count)
            rest = rest.slice(part.num_rows)
            held.append(part)
            count += part.num_rows
            if count == _ROW_GROUP:
                yield pa.Table.from_batches(held, columns).combine_chunks()
                held, count = [], 0
    if held:
        yield pa.Table.from_batches(held, columns).combine_chunks()
