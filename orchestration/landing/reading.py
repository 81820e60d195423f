"""What every format comes down to: the SQL that reads one file, and the columns that it yields."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from orchestration.warehouse import literal

# The name that streamed lines have in SQL while a file is read.
STREAM = "landing_lines"


@dataclass(frozen=True)
class Reading:
    """One way to read one file with DuckDB.

    `columns` gives, for each column of the table, a SQL expression over `relation` and its canonical type; `rejects`
    is a query of line_no, reason, line_text. `stream` feeds the relation `landing_lines`, afresh for each query;
    `reject_stream`, where there is one, feeds it with no more than the rejected lines.
    """

    relation: str
    columns: dict[str, tuple[str, str]]
    row_number: str
    condition: str = "true"
    rejects: str | None = None
    stream: Callable[[], pa.RecordBatchReader] | None = None
    reject_stream: Callable[[], pa.RecordBatchReader] | None = None
    encoding: str | None = "utf-8"
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def open(self, connection: duckdb.DuckDBPyConnection, *, rejects: bool = False) -> Iterator[None]:
        """Make the stream readable by the queries of one block."""
        stream = self.reject_stream if rejects and self.reject_stream else self.stream
        if stream is None:
            yield
            return
        connection.register(STREAM, stream())
        try:
            yield
        finally:
            connection.unregister(STREAM)


def file_literal(path: str) -> str:
    """A path as a SQL literal, with the characters that DuckDB would take for a pattern."""
    return literal("".join(f"[{letter}]" if letter in "*?[" else letter for letter in path))
