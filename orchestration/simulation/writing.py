"""Landing files of the demo company: one per table and calendar month of what is newly written, whole or not at all."""

import io
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from orchestration.simulation.columns import day_date

Table = Mapping[str, pa.Array]
FORMATS = {"events": "jsonl", "dmp": "parquet"}
LINES = "lines"  # the one column of a table whose rows are text lines already


@dataclass
class _OpenFile:
    """A file that grows under a temporary name."""

    path: Path
    rows: int = 0
    tables: list[pa.Table] = field(default_factory=list)

    @property
    def temporary(self) -> Path:
        return self.path.with_name(self.path.name + ".tmp")


class ChunkWriter:
    """Writes the files of one calendar month, or part of one, of newly simulated days."""

    def __init__(self, landing: Path, first: int, last: int) -> None:
        self._landing = landing
        self._period = f"{day_date(first)}-{day_date(last)}"
        self._files: dict[str, _OpenFile] = {}

    def add(self, name: str, table: Table) -> None:
        """Append rows to a table, named `source.table` or `source@instance.table`."""
        rows = len(next(iter(table.values())))
        if not rows:
            return
        source, _, table_name = name.partition(".")
        extension = FORMATS.get(source, "csv")
        if name not in self._files:
            folder = self._landing / source / table_name
            folder.mkdir(parents=True, exist_ok=True)
            self._files[name] = _OpenFile(folder / f"{table_name}-{self._period}.{extension}")
        file = self._files[name]
        if extension == "parquet":
            file.tables.append(pa.table(dict(table)))
        else:
            lines = _text_lines(table[LINES]) if extension == "jsonl" else _csv_lines(table, with_header=not file.rows)
            with file.temporary.open("ab" if file.rows else "wb") as stream:
                stream.write(lines)
        file.rows += rows

    def close(self) -> tuple[list[Path], dict[str, int]]:
        """Give every file its name; return the files and the rows of each table."""
        for file in self._files.values():
            if file.tables:
                pa_parquet.write_table(pa.concat_tables(file.tables), file.temporary, compression="zstd")
            os.replace(file.temporary, file.path)
        return [file.path for file in self._files.values()], {name: file.rows for name, file in self._files.items()}


def write_csv(path: Path, tables: Iterable[Table]) -> None:
    """Write tables under each other into one CSV file, whole or not at all."""
    temporary = path.with_name(path.name + ".tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary.open("wb") as stream:
        for number, table in enumerate(tables):
            stream.write(_csv_lines(table, with_header=not number))
    os.replace(temporary, path)


def append_csv(path: Path, table: Table, kept_bytes: int) -> int:
    """Append rows after the first bytes of a CSV file, which earlier calls wrote; return its new size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("r+b" if path.exists() else "w+b") as stream:
        stream.truncate(kept_bytes)
        stream.seek(kept_bytes)
        stream.write(_csv_lines(table, with_header=not kept_bytes))
        return stream.tell()


def remove_unfinished(landing: Path, first: int) -> None:
    """Remove files that a killed run left: temporary ones, and those of days that it could not finish."""
    period = re.compile(r"-(\d{4}-\d\d-\d\d)-\d{4}-\d\d-\d\d\.(csv|jsonl|parquet)(\.tmp)?$")
    for path in landing.glob("*/*/*"):
        found = period.search(path.name)
        if found and (found[3] or found[1] >= day_date(first).isoformat()):
            path.unlink()


def _csv_lines(table: Table, *, with_header: bool) -> bytes:
    sink = io.BytesIO()
    pa_csv.write_csv(pa.table(dict(table)), sink, pa_csv.WriteOptions(include_header=with_header))
    return sink.getvalue()


def _text_lines(lines: pa.Array) -> bytes:
    """The lines of a string array; each already ends its line."""
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return bytes(memoryview(lines.buffers()[2])[offsets[0] : offsets[-1]])
