"""A table of somebody else's Postgres: what it looks like, whether our rows fit, and how it is made for them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from orchestration.activation.connections import WrongConnectionError
from orchestration.activation.destinations.protocol import NotAllowedError, Row
from orchestration.warehouse import quoted

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_KINDS = {
    "text": ("text", "character varying", "character", "citext", "name"),
    "number": ("smallint", "integer", "bigint", "numeric", "real", "double precision"),
    "boolean": ("boolean",),
    "date": ("date",),
    "timestamp": ("timestamp with time zone", "timestamp without time zone", "timestamptz"),
}
_LARGEST_BIGINT = 2**63 - 1


class UnfitTableError(NotAllowedError, WrongConnectionError):
    """The table can't hold the rows as it is, whichever they are; the message holds what to run, where SQL mends it."""


@dataclass(frozen=True)
class Table:
    """Names of columns to types, the columns that have to be given, and the sets of columns that are unique."""

    schema: str
    name: str
    columns: Mapping[str, str]
    required: tuple[str, ...] = ()
    unique: frozenset[frozenset[str]] = frozenset()

    @property
    def sql(self) -> str:
        """The table as SQL names it."""
        return quoted(self.schema, self.name)

    @property
    def kinds(self) -> dict[str, str]:
        """What each column holds: text, number, boolean, date, timestamp, or any where it is a type of its own."""
        return {
            name: next((kind for kind, known in _KINDS.items() if type_name in known), "any")
            for name, type_name in self.columns.items()
        }

    def check_key(self, key: tuple[str, ...]) -> None:
        """Raise where the key is not unique, for then neither a change nor a removal knows its row."""
        self._check_names(dict.fromkeys(key, "text"))
        if frozenset(key) not in self.unique:
            columns = ", ".join(map(quoted, key))
            raise UnfitTableError(
                f"{self.schema}.{self.name} has no unique constraint on its key, {', '.join(key)}: run"
                f" `alter table {self.sql} add unique ({columns})`, after removing what is there twice."
            )

    def check_columns(self, rows: Sequence[Row]) -> None:
        """Raise where a row speaks of a column that the table doesn't have."""
        if any(name not in self.columns for row in rows for name in row.payload):
            self._check_names(guessed_types(rows))

    def _check_names(self, types: Mapping[str, str]) -> None:
        if missing := [name for name in types if name not in self.columns]:
            added = ", ".join(f"add column {quoted(name)} {types[name]}" for name in missing)
            raise UnfitTableError(
                f"{self.schema}.{self.name} has no column {', '.join(missing)}: run `alter table {self.sql} {added}`,"
                " or leave the column out of the sync."
            )


def read_table(cursor: Any, schema: str, name: str) -> Table | None:
    """The table as it is now; None where there is none."""
    cursor.execute(
        "select relation.oid from pg_catalog.pg_class as relation"
        " join pg_catalog.pg_namespace as place on place.oid = relation.relnamespace"
        " where place.nspname = %s and relation.relname = %s and relation.relkind in ('r', 'p', 'v', 'm', 'f')",
        [schema, name],
    )
    if (found := cursor.fetchone()) is None:
        return None
    cursor.execute(
        "select column_name, case when data_type in ('USER-DEFINED', 'ARRAY') then udt_name else data_type end,"
        " is_nullable = 'NO' and column_default is null and is_identity = 'NO' and is_generated = 'NEVER'"
        " from information_schema.columns where table_schema = %s and table_name = %s order by ordinal_position",
        [schema, name],
    )
    columns = cursor.fetchall()
    if not columns:
        raise NotAllowedError(f"{schema}.{name} can't be read: grant select, insert, update and delete on it.")
    # Only such an index can tell for every row, at once, whether its key is there.
    cursor.execute(
        "select (select array_agg(attribute.attname::text) from pg_catalog.pg_attribute as attribute"
        " where attribute.attrelid = index.indrelid"
        " and attribute.attnum = any (index.indkey[0:index.indnkeyatts - 1]::int2[]))"
        " from pg_catalog.pg_index as index where index.indrelid = %s and index.indisunique and index.indisvalid"
        " and index.indimmediate and index.indpred is null and index.indexprs is null",
        [found[0]],
    )
    return Table(
        schema,
        name,
        {column: kind for column, kind, _ in columns},
        tuple(column for column, _, is_required in columns if is_required),
        frozenset(frozenset(names) for (names,) in cursor.fetchall()),
    )


def create_table(cursor: Any, schema: str, name: str, types: Mapping[str, str], key: tuple[str, ...]) -> Table:
    """Make the table, or find that somebody else was quicker."""
    cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"onefolk {schema}.{name}"])
    if (there := read_table(cursor, schema, name)) is not None:
        return there
    columns = [f"{quoted(column)} {kind}{' not null' if column in key else ''}" for column, kind in types.items()]
    unique = f"unique ({', '.join(map(quoted, key))})"
    cursor.execute(f"create table {quoted(schema, name)} ({', '.join([*columns, unique])})")
    return Table(schema, name, dict(types), key, frozenset([frozenset(key)]))


def guessed_types(rows: Sequence[Row]) -> dict[str, str]:
    """The narrowest type that every value of a column fits; text where there is none to judge by."""
    names = dict.fromkeys(name for row in rows for name in (*row.key, *row.payload))
    return {name: _guessed(row.key.get(name, row.payload.get(name)) for row in rows) for name in names}


def _guessed(values: Iterable[Any]) -> str:
    kinds = {_kind(value) for value in values if value is not None}
    if kinds == {"bigint", "numeric"}:
        return "numeric"
    return kinds.pop() if len(kinds) == 1 else "text"


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "bigint" if abs(value) <= _LARGEST_BIGINT else "numeric"
    if isinstance(value, float | Decimal):
        return "numeric"
    if isinstance(value, dict | list | tuple):
        return "jsonb"
    if isinstance(value, datetime):
        return "timestamptz"
    return "date" if isinstance(value, date) else _kind_of_text(str(value))


def _kind_of_text(value: str) -> str:
    """Moments and days come as texts in ISO 8601; what merely looks like one stays a text."""
    pattern = _MOMENT if len(value) > 10 else _DAY
    if not pattern.fullmatch(value):
        return "text"
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return "text"
    return "timestamptz" if pattern is _MOMENT else "date"
