"""One connection to the warehouse, DuckDB or Postgres, with the few verbs that landing, publishing and delivery need.

Both engines take `$1` parameters, speak Arrow in both directions, and keep everything between `begin` and `commit` in
one transaction.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from orchestration.settings import Settings

Row = tuple[Any, ...]


def quoted(*names: str) -> str:
    """Identifiers as SQL: quoted, joined with dots."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def literal(text: str) -> str:
    """Text as a SQL literal; cheaper than a parameter where thousands of small statements run."""
    return "'" + text.replace("'", "''") + "'"


class Warehouse(Protocol):
    """What the libraries may do with a warehouse."""

    dialect: str

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement."""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run a query; its rows as tuples."""

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """Run a query; its rows as a stream of Arrow batches."""

    def append(self, schema: str, table: str, data: pa.RecordBatchReader) -> int:
        """Append Arrow data to an existing table, columns by name; the number of rows appended."""

    def transaction(self) -> Any:
        """Context manager: commit at its end, roll back on an error."""

    def columns(self, schema: str, table: str) -> dict[str, str]:
        """Column names and types of a table, in order; empty when there is no such table."""


class _Shared(ABC):
    """What both engines do alike, over the two verbs that each does in its own way."""

    @abstractmethod
    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]: ...

    @abstractmethod
    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None: ...

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.execute("begin")
        try:
            yield
        except BaseException:
            # The first error says what went wrong; a connection that is gone has rolled back by itself.
            with suppress(Exception):
                self.execute("rollback")
            raise
        self.execute("commit")

    def columns(self, schema: str, table: str) -> dict[str, str]:
        found = self.rows(
            "select column_name, data_type from information_schema.columns"
            f" where table_schema = {literal(schema)} and table_name = {literal(table)}"
            " and table_catalog = current_catalog order by ordinal_position"
        )
        return dict(found)


class DuckDBWarehouse(_Shared):
    """A DuckDB file; one process at a time."""

    dialect = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self.connection.execute(sql, list(parameters))

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self.connection.execute(sql, list(parameters)).fetchall()

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        yield from self.connection.execute(sql).to_arrow_reader(100_000)

    def append(self, schema: str, table: str, data: pa.RecordBatchReader) -> int:
        self.connection.register("_incoming", data)
        try:
            target = quoted(schema, table)
            done = self.connection.execute(f"insert into {target} by name select * from _incoming").fetchone()
        finally:
            self.connection.unregister("_incoming")
        return int(done[0]) if done else 0


class PostgresWarehouse(_Shared):
    """A Postgres database, over ADBC: Arrow in, by COPY, and Arrow out."""

    dialect = "postgres"

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, list(parameters) or None)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, list(parameters) or None)
            return cursor.fetchall()  # type: ignore[no-any-return]

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        # The stream ends with its cursor, so the cursor is held until the last batch.
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            yield from cursor.fetch_record_batch()

    def append(self, schema: str, table: str, data: pa.RecordBatchReader) -> int:
        with self.connection.cursor() as cursor:
            return int(cursor.adbc_ingest(table, data, mode="append", db_schema_name=schema))


@contextmanager
def open_warehouse(settings: Settings, *, read_only: bool = False) -> Iterator[Warehouse]:
    """Open the project's warehouse, creating the DuckDB file where there is none; closed at the end of the block."""
    if settings.target == "duckdb":
        with open_duckdb(settings.warehouse_path, settings, read_only=read_only) as warehouse:
            yield warehouse
        return
    import adbc_driver_postgresql.dbapi as adbc

    keywords = {
        "host": settings.postgres_host,
        "port": settings.postgres_port,
        "user": settings.postgres_user,
        "password": settings.postgres_password.get_secret_value(),
        "dbname": settings.postgres_dbname,
        "options": "-c TimeZone=UTC",
    }
    uri = " ".join(f"{name}='{_escaped(value)}'" for name, value in keywords.items() if value != "")
    with adbc.connect(uri, autocommit=True) as connection:
        yield PostgresWarehouse(connection)


@contextmanager
def open_duckdb(path: Path, settings: Settings, *, read_only: bool = False) -> Iterator[DuckDBWarehouse]:
    """Open one DuckDB file within the project's memory and threads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb_connection(str(path), settings, read_only=read_only) as connection:
        yield DuckDBWarehouse(connection)


def duckdb_connection(database: str, settings: Settings, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection within the project's memory and threads, in UTC; `:memory:` for one without a file."""
    connection = duckdb.connect(
        database,
        read_only=read_only,
        config={"memory_limit": settings.memory_limit, "threads": settings.threads},
    )
    connection.execute("set TimeZone = 'UTC'")
    return connection


def _escaped(value: object) -> str:
    return str(value).replace("\\", "\\\\").replace("'", "\\'")
