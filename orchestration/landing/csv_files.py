"""CSV files: DuckDB's own reader for sound files, record by record for the others."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa

from orchestration.landing.columns import MOST_COLUMNS, column_names
from orchestration.landing.contract import RawTable
from orchestration.landing.inspection import FileFacts, UnreadableFileError
from orchestration.landing.lines import SHOWN_CHARACTERS, decoded, line_blocks
from orchestration.landing.reading import STREAM, Reading, file_literal
from orchestration.landing.records import Line, Record, records
from orchestration.warehouse import literal, quoted

DELIMITERS = (",", ";", "\t", "|")

_BATCH_CHARACTERS = 4 << 20


def csv_readings(path: Path, facts: FileFacts, table: RawTable, known: set[str]) -> Iterator[Reading]:
    """The ways to read a CSV file, the fast one first; raise `UnreadableFileError` when it has no usable header."""
    if not facts.has_content:
        yield Reading("(select 1) as nothing", {}, "0", condition="false")
        return
    delimiter, header = _header(path, facts, table)
    names = [name or "" for name in header.fields]
    targets, notes = column_names(names, known)
    if len(known.union(targets.values())) > MOST_COLUMNS:
        raise UnreadableFileError(f"brings more columns than the {MOST_COLUMNS} that a table may have")
    if not set(targets.values()) & set(table.columns):
        raise UnreadableFileError(f"names no column of {table.name} in its first line; is the header missing?")
    width = len(names)
    fields = {targets[position]: (quoted(f"c{position}"), "text") for position in range(width)}
    careful = Reading(
        relation=STREAM,
        columns=fields,
        row_number="row_no",
        condition="problem is null",
        rejects=f"select line_no, problem as reason, line as line_text from {STREAM} where problem is not null",
        stream=lambda: _stream(path, facts, delimiter, width),
        reject_stream=lambda: _stream(path, facts, delimiter, width, only_rejects=True),
        encoding=facts.encoding,
        notes=notes,
    )
    if not (facts.is_plain and facts.encoding == "utf-8" and width > 1 and header.line_no == 1):
        yield careful
        return
    typed = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(width))
    relation = (
        f"read_csv({file_literal(str(path))}, columns = {{{typed}}}, delim = {literal(delimiter)}, quote = '\"',"
        " escape = '\"', header = true, auto_detect = false, strict_mode = true, hive_partitioning = false)"
    )
    yield Reading(relation, fields, "row_number() over ()", notes=notes)
    yield careful


def _lines(path: Path, facts: FileFacts) -> Iterator[Line]:
    for block in line_blocks(path, facts):
        yield from decoded(block, facts)


def _header(path: Path, facts: FileFacts, table: RawTable) -> tuple[str, Record]:
    """The delimiter under which the first line names most columns of the table, and that line."""
    beginning = list(islice(_lines(path, facts), 200))
    best: tuple[int, str, Record] | None = None
    for delimiter in DELIMITERS:
        found = next(records(beginning, delimiter), None)
        if found is None:
            continue
        names, _ = column_names([name or "" for name in found.fields], table.columns)
        matching = len(set(names.values()) & set(table.columns))
        if best is None or matching > best[0]:
            best = (matching, delimiter, found)
    if best is None:
        raise UnreadableFileError("has only blank lines")
    header = best[2]
    if header.problem:
        raise UnreadableFileError(f"has a header that can't be read: {header.problem}")
    if any(ord(letter) < 32 and letter not in "\t\r\n" for letter in header.text):
        raise UnreadableFileError("is not text: its first line has control characters")
    return best[1], header


def _stream(
    path: Path, facts: FileFacts, delimiter: str, width: int, *, only_rejects: bool = False
) -> pa.RecordBatchReader:
    texts = [*(f"c{position}" for position in range(width)), "problem", "line"]
    schema = pa.schema([(name, pa.string()) for name in texts] + [("line_no", pa.int64()), ("row_no", pa.int64())])
    found = enumerate(islice(records(_lines(path, facts), delimiter, width), 1, None), start=1)
    rows = ((row_no, record) for row_no, record in found if record.problem or not only_rejects)
    return pa.RecordBatchReader.from_batches(schema, _batches(rows, width, schema))


def _batches(numbered: Iterator[tuple[int, Record]], width: int, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    rows: list[list[object]] = []
    size = 0
    for row_no, record in numbered:
        size += len(record.text)
        if record.problem:
            shown = record.text[:SHOWN_CHARACTERS]
            rows.append([*[None] * width, record.problem, shown, record.line_no, row_no])
        else:
            rows.append([*record.fields, None, None, record.line_no, row_no])
        if size > _BATCH_CHARACTERS:
            yield _batch(rows, schema)
            rows, size = [], 0
    if rows:
        yield _batch(rows, schema)


def _batch(rows: list[list[object]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)
