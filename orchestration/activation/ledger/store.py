"""Where a ledger lies: SQLite beside a DuckDB warehouse, the schema `onefolk_ledger` in Postgres; one SQL for both.

Statements are written with `?` and run in both; times are texts in UTC that sort as they follow each other. The file of
the warehouse is never open while something is sent, so the ledger is not in it.
"""

import io
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from orchestration.activation.errors import LedgerError
from orchestration.activation.ledger.exports import write_lines, write_pages
from orchestration.settings import Settings

Values = Sequence[Any]
# How long a statement waits for another process that writes.
BUSY_SECONDS = 30.0
# More rows at a time are slower, for then they don't fit into the processor's caches.
_PAGE = 1_000
# What ends a cell or a row of COPY, and what says so.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Store(Protocol):
    """Rows in, rows out, in transactions that end whole or not at all; safe to use from several threads."""

    def rows(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Rows of a query."""

    def execute(self, sql: str, values: Values = ()) -> int:
        """Run a statement; how many rows it touched."""

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Values]) -> None:
        """Insert many rows at once."""

    def pages(self, sql: str, values: Values = ()) -> Iterator[list[tuple[Any, ...]]]:
        """Rows of a query, a thousand at a time."""

    def export(self, sql: str, values: Values, columns: pa.Schema, place: Path) -> None:
        """Write the rows of a query into a Parquet file with these columns, texts and whole numbers."""

    def columns(self, table: str) -> set[str]:
        """Names of the columns of a table."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and nobody else writes meanwhile what this reads."""

    def close(self) -> None:
        """Let go of the connection."""


class SQLiteStore:
    """A file in the home folder, readable by its owner alone; every commit is on the disk before it returns."""

    def __init__(self, settings: Settings) -> None:
        path = settings.ledger_path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = full")
            # A payload that was dropped is gone from the file too.
            self._connection.execute("pragma secure_delete = on")
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(f"The ledger {path} can't be opened: {error}.") from None
        self._lock = threading.RLock()

    def rows(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        with self._lock, _told():
            return self._connection.execute(sql, values).fetchall()

    def execute(self, sql: str, values: Values = ()) -> int:
        with self._lock, _told():
            return self._connection.execute(sql, values).rowcount

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Values]) -> None:
        marks = ", ".join("?" * len(columns))
        with self._lock, _told():
            self._connection.executemany(f"insert into {table} ({', '.join(columns)}) values ({marks})", rows)

    def pages(self, sql: str, values: Values = ()) -> Iterator[list[tuple[Any, ...]]]:
        with self._lock, _told():
            cursor = self._connection.execute(sql, values)
            while page := cursor.fetchmany(_PAGE):
                yield page

    def export(self, sql: str, values: Values, columns: pa.Schema, place: Path) -> None:
        write_pages(self.pages(sql, values), columns, place)

    def columns(self, table: str) -> set[str]:
        return {str(row[1]) for row in self.rows(f"pragma table_info({table})")}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            with _told():
                self._connection.execute("begin immediate")
            try:
                yield
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.rollback()
                raise
            with _told():
                self._connection.execute("commit")

    def close(self) -> None:
        with self._lock:
            self._connection.close()


class PostgresStore:
    """A schema in the warehouse's database; transactions take an advisory lock, so that one follows the other."""

    def __init__(self, settings: Settings) -> None:
        import psycopg2

        self._errors = psycopg2.Error
        self._schema = settings.ledger_schema
        try:
            self._connection = psycopg2.connect(
                host=settings.postgres_host,
                port=settings.postgres_port,
                user=settings.postgres_user,
                password=settings.postgres_password.get_secret_value() or None,
                dbname=settings.postgres_dbname,
                options="-c TimeZone=UTC",
            )
        except psycopg2.Error as error:
            raise LedgerError(f"The ledger can't be opened: {str(error).strip()}") from None
        self._connection.autocommit = True
        self._lock = threading.RLock()
        try:
            self.execute(f'set search_path = "{self._schema}"')
            # In a transaction of ours, for two that create one schema at once collide in spite of `if not exists`.
            with self.transaction():
                self.execute(f'create schema if not exists "{self._schema}"')
        except BaseException:
            self.close()
            raise

    def rows(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        with self._lock, self._told(), self._connection.cursor() as cursor:
            cursor.execute(_marked(sql), list(values))
            return cursor.fetchall()

    def execute(self, sql: str, values: Values = ()) -> int:
        with self._lock, self._told(), self._connection.cursor() as cursor:
            cursor.execute(_marked(sql), list(values))
            return int(cursor.rowcount)

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Values]) -> None:
        sql, left = f"copy {table} ({', '.join(columns)}) from stdin", iter(rows)
        with self._lock, self._told(), self._connection.cursor() as cursor:
            while page := "".join(map(_line, islice(left, _PAGE))):
                cursor.copy_expert(sql, io.StringIO(page))

    def pages(self, sql: str, values: Values = ()) -> Iterator[list[tuple[Any, ...]]]:
        # By a cursor of the server, for a client's own holds all the rows; it outlives its statement's transaction.
        with self._lock, self._told(), self._connection.cursor("pages", withhold=True) as cursor:
            cursor.execute(_marked(sql), list(values))
            while page := cursor.fetchmany(_PAGE):
                yield page

    def export(self, sql: str, values: Values, columns: pa.Schema, place: Path) -> None:
        # Both sides read and write CSV by themselves, several times as fast as rows pass through here.
        lines = place.with_suffix(".csv")
        with self._lock, self._told(), self._connection.cursor() as cursor, lines.open("wb") as file:
            query = cursor.mogrify(_marked(sql), list(values)).decode()
            cursor.copy_expert(f"copy ({query}) to stdout (format csv, force_quote *)", file)
        write_lines(lines, columns, place)
        lines.unlink()

    def columns(self, table: str) -> set[str]:
        sql = "select column_name from information_schema.columns where table_schema = ? and table_name = ?"
        return {str(name) for (name,) in self.rows(sql, [self._schema, table])}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            with self._told(), self._connection.cursor() as cursor:
                cursor.execute("begin")
                cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", [self._schema])
            try:
                yield
            except BaseException:
                # A connection that broke rolls back by itself, and what broke it is told.
                with suppress(self._errors), self._connection.cursor() as cursor:
                    cursor.execute("rollback")
                raise
            with self._told(), self._connection.cursor() as cursor:
                cursor.execute("commit")

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise LedgerError(f"The ledger can't be used: {str(error).strip()}") from None


def open_store(settings: Settings) -> Store:
    """The store of the project's warehouse."""
    return SQLiteStore(settings) if settings.target == "duckdb" else PostgresStore(settings)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise LedgerError(f"The ledger can't be used: {error}.") from None


def _line(row: Values) -> str:
    """A row as COPY reads it."""
    cells = ("\\N" if value is None else str(value).translate(_ESCAPES) for value in row)
    return "\t".join(cells) + "\n"


def _marked(sql: str) -> str:
    """The marks of psycopg2; our statements hold neither `?` nor `%` otherwise."""
    return sql.replace("?", "%s")
