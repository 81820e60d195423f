"""What publishing did."""

from dataclasses import dataclass


class PublishError(RuntimeError):
    """Nothing was published; the message says which table stands in the way and what to do."""


@dataclass(frozen=True)
class PublishedTable:
    """One public table: how many rows readers see, and how many were written to get there.

    On Postgres a written row was added, changed or removed; on DuckDB a table that differs is written whole.
    """

    room: str
    name: str
    rows: int
    rows_written: int


@dataclass(frozen=True)
class PublishReport:
    """All public tables, whether anything changed for readers, the seconds it took, and what to look at."""

    tables: tuple[PublishedTable, ...]
    changed: bool
    seconds: float
    sentences: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows that readers see, over all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def rows_written(self) -> int:
        """Rows written to get there, over all tables; 0 when nothing changed."""
        return sum(table.rows_written for table in self.tables)
