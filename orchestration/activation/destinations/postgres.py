"""The destination `postgres`: rows of a table in a Postgres database, by their key, a batch in a transaction.

    connections:
      shop:
        type: postgres
        host: db.example.com
        user: onefolk
        password_env: SHOP_PASSWORD
        dbname: shop
        schema: marketing

The user needs `select, insert, update, delete` on the table and may make temporary tables; to make the table too, it
needs `create` on the schema. Only rows that we are asked to remove are deleted, by their key. A text goes in as the
type of its column reads it, so a column of `jsonb` takes a text that holds JSON. A column that a row doesn't speak of
keeps what it has.
"""

import ipaddress
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal

import psycopg2
from pydantic import ConfigDict, Field, SecretStr

from orchestration.activation.connections import Connection, Secrets, VariableName
from orchestration.activation.destinations.postgres_errors import RowsRefusedError, connection_error, statement_error
from orchestration.activation.destinations.postgres_rows import remove, unsendable, upsert
from orchestration.activation.destinations.postgres_table import (
    Table,
    UnfitTableError,
    create_table,
    guessed_types,
    read_table,
)
from orchestration.activation.destinations.protocol import (
    Answered,
    Batch,
    BatchDestination,
    Catalogue,
    Limits,
    Operation,
    Row,
    RowAnswer,
    Target,
)

# For one transaction, so that nothing of it stays on a connection that a pooler hands on to others.
_SESSION = (
    "select set_config('statement_timeout', %s, true), set_config('TimeZone', 'UTC', true),"
    " set_config('DateStyle', 'ISO, YMD', true)"
)


class Config(Connection):
    """Which database, as whom, and the schema that the tables are in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(min_length=1, description="host name, or the folder of a Unix socket")
    port: int = Field(5432, ge=1, le=65535)
    user: str = Field(min_length=1)
    password_env: VariableName | None = Field(None, description="variable that holds the password")
    dbname: str = Field(min_length=1)
    schema_name: str = Field("public", alias="schema", min_length=1, max_length=63)
    sslmode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] | None = Field(
        None, description="default: require; for this machine itself and for sockets: prefer"
    )
    sslrootcert: Path | None = Field(None, description="certificates that verify-ca and verify-full trust")
    create_table: bool = Field(True, description="whether a table that isn't there is made")

    @property
    def encryption(self) -> str:
        """The `sslmode` that holds."""
        return self.sslmode or ("prefer" if all(map(_is_near, self.host.split(","))) else "require")


def open_destination(config: Config, target: Target, secrets: Secrets) -> "PostgresDestination":
    """The table of that name; nothing is connected yet."""
    return PostgresDestination(config, target, secrets)


class PostgresDestination(BatchDestination):
    """A table; one connection per batch that is under way."""

    limits = Limits(max_rows=10_000, max_bytes=64_000_000, max_row_bytes=16_000_000)

    def __init__(self, config: Config, target: Target, secrets: Secrets) -> None:
        self._config = config
        self._object = target.object
        # What is only ever added must not take the place of somebody else's row.
        self._changes = target.mode not in ("insert", "append")
        password = secrets.get(config.password_env) if config.password_env else None
        self._connect = partial(_connected, config, password)
        self._idle: list[Any] = []
        self._table: Table | None = None
        self._lock = threading.Lock()

    def catalogue(self) -> Catalogue:
        with self._transaction() as connection, connection.cursor() as cursor:
            table = read_table(cursor, self._config.schema_name, self._object)
        if table is None and not self._config.create_table:
            raise self._no_table()
        return Catalogue(is_open=True) if table is None else Catalogue(table.kinds, table.required, is_open=False)

    def problems(self, row: Row) -> str | None:
        return unsendable(row)

    def send(self, batch: Batch) -> Answered:
        removed = [row for row in batch.rows if row.operation is Operation.REMOVE]
        kept = [row for row in batch.rows if row.operation is not Operation.REMOVE]
        try:
            table = self._ready_for(batch.rows[0], kept)
            if table is None:
                return Answered([RowAnswer(row.seq, "noop") for row in removed])
            with self._transaction(writes_rows=True) as connection, connection.cursor() as cursor:
                # What left goes first: the table may take the key of a row that came for the same.
                return Answered([*remove(cursor, table, removed), *upsert(cursor, table, kept, changes=self._changes)])
        except RowsRefusedError as refused:
            if len(batch.rows) > 1:
                raise
            return Answered([RowAnswer(batch.rows[0].seq, "rejected", refused.code, str(refused))])

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _ready_for(self, first: Row, rows: Sequence[Row]) -> Table | None:
        """The table, made where there is none; None where there is none and nothing to put in it."""
        key = tuple(first.key)
        with self._lock:
            known = self._table
        if known is None:
            known = self._read_or_created(key, rows)
            with self._lock:
                self._table = known
        if known is not None:
            known.check_key(key)
            known.check_columns(rows)
        return known

    def _read_or_created(self, key: tuple[str, ...], rows: Sequence[Row]) -> Table | None:
        place = (self._config.schema_name, self._object)
        with self._transaction() as connection, connection.cursor() as cursor:
            table = read_table(cursor, *place)
            if table is not None or not rows:
                return table
            if not self._config.create_table:
                raise self._no_table()
            return create_table(cursor, *place, guessed_types(rows), key)

    def _no_table(self) -> UnfitTableError:
        return UnfitTableError(
            f"There is no table {self._config.schema_name}.{self._object}, and the connection says create_table: false:"
            " make the table, or let it be made."
        )

    @contextmanager
    def _transaction(self, *, writes_rows: bool = False) -> Iterator[Any]:
        """A connection; what is done with it is kept at the end, or nothing of it."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect()
        ends = False
        try:
            with connection.cursor() as cursor:
                cursor.execute(_SESSION, [str(int(self._config.timeout_seconds * 1000))])
            yield connection
            ends = writes_rows
            connection.commit()
        except psycopg2.Error as error:
            raise self._told(error, lost=bool(connection.closed), ends=ends) from None
        finally:
            self._put_back(connection)

    def _told(self, error: psycopg2.Error, *, lost: bool, ends: bool) -> Exception:
        columns = self._table.columns if self._table else ()
        if (error.pgcode or "").startswith("42"):
            # Somebody may have changed the table meanwhile: the next attempt looks at it anew.
            with self._lock:
                self._table = None
        return statement_error(error, f"{self._config.schema_name}.{self._object}", columns, lost=lost, ends=ends)

    def _put_back(self, connection: Any) -> None:
        with suppress(psycopg2.Error):
            if not connection.closed:
                connection.rollback()
                with self._lock:
                    self._idle.append(connection)
                return
        connection.close()


def _connected(config: Config, password: SecretStr | None) -> Any:
    seconds = int(max(config.timeout_seconds, 2))
    try:
        return psycopg2.connect(
            host=config.host,
            port=config.port,
            user=config.user,
            password=password.get_secret_value() if password else None,
            dbname=config.dbname,
            sslmode=config.encryption,
            sslrootcert=str(config.sslrootcert) if config.sslrootcert else None,
            client_encoding="UTF8",
            application_name="onefolk",
            connect_timeout=seconds,
            # A network that went away is noticed, whichever side was to speak.
            keepalives_idle=seconds,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=seconds * 1000,
        )
    except psycopg2.Error as error:
        place = f"database {config.dbname} on {config.host}:{config.port}"
        raise connection_error(str(error), place, config.user, config.password_env) from None


def _is_near(host: str) -> bool:
    if host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
