"""Rows into a table of Postgres and out of it: by COPY into a temporary table, and from there in one statement."""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from orchestration.activation.destinations.postgres_table import Table
from orchestration.activation.destinations.protocol import Row, RowAnswer
from orchestration.warehouse import quoted

_SEQ = "onefolk_seq"
# Types that Postgres can't compare; their texts can be.
_INCOMPARABLE = frozenset({"json", "xml", "point", "box", "polygon", "path", "circle", "line", "lseg"})
_NUL_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_REFUSED = {
    "twice": (
        "21000",
        "Another row of the batch has the same key by the rules of the table: which of them should hold is not clear.",
    ),
    "taken": (
        "23505",
        "Another row has this key, and the sync's mode changes none: use upsert or mirror.",
    ),
}


def upsert(cursor: Any, table: Table, rows: Sequence[Row], *, changes: bool) -> Iterator[RowAnswer]:
    """Insert rows; of those whose key is there, what is so already is left alone, and others are changed or refused."""
    by_columns: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        by_columns.setdefault(tuple(sorted({*row.key, *row.payload})), []).append(row)
    for number, (columns, alike) in enumerate(by_columns.items(), 1):
        incoming = _copied(cursor, table, f"onefolk_rows_{number}", columns, alike)
        key = tuple(alike[0].key)
        cursor.execute(_upsert_sql(table, incoming, columns, key, changes=changes))
        for seq, outcome in cursor.fetchall():
            yield RowAnswer(seq, "rejected", *_REFUSED[outcome]) if outcome in _REFUSED else RowAnswer(seq, outcome)


def remove(cursor: Any, table: Table, rows: Sequence[Row]) -> Iterator[RowAnswer]:
    """Delete the rows of these keys, and no other."""
    if not rows:
        return
    key = tuple(rows[0].key)
    incoming = _copied(cursor, table, "onefolk_rows_0", key, rows)
    returned = ", ".join(f"held.{quoted(name)}" for name in key)
    cursor.execute(
        f"with gone as (delete from {table.sql} as held using {incoming} as incoming where {_same('held', key)}"
        f" returning {returned})"
        f" select incoming.{_SEQ}, case when exists (select from gone where {_same('gone', key)}) then 'ok' else 'noop'"
        f" end from {incoming} as incoming"
    )
    for seq, outcome in cursor.fetchall():
        yield RowAnswer(seq, outcome)


def unsendable(row: Row) -> str | None:
    """Why Postgres can't take a row at all, without its values."""
    if any(value is None for value in row.key.values()):
        return f"A column of the key is null: {', '.join(name for name, value in row.key.items() if value is None)}."
    for name, value in _values(row).items():
        try:
            text = _text(value)
        except (TypeError, ValueError):
            return f"Column {name} holds what JSON can't."
        if text is None:
            continue
        if "\x00" in text or (isinstance(value, dict | list | tuple) and _NUL_IN_JSON.search(text)):
            return f"Column {name} holds the character NUL, which Postgres can't store."
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            return f"Column {name} holds half a character, which is no UTF-8."
    return None


def _upsert_sql(table: Table, incoming: str, columns: tuple[str, ...], key: tuple[str, ...], *, changes: bool) -> str:
    listed, keys = ", ".join(map(quoted, columns)), ", ".join(map(quoted, key))
    others = [name for name in columns if name not in key]
    conflict, taken = "nothing", ""
    if others and changes:
        assigned = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in others)
        conflict = f"update set {assigned} where {_differ(table, 'excluded', others)}"
    elif others:
        held = f"select from {table.sql} as held where {_same('held', key)}"
        taken = f" when exists ({held} and ({_differ(table, 'incoming', others)})) then 'taken'"
    # Rows in the order of their keys, so that two batches never wait for each other.
    return (
        f"with chosen as (select distinct on ({keys}) * from {incoming} order by {keys}, {_SEQ}),"
        f" written as (insert into {table.sql} as held ({listed}) select {listed} from chosen"
        f" on conflict ({keys}) do {conflict} returning {', '.join(f'held.{quoted(name)}' for name in key)})"
        f" select incoming.{_SEQ}, case"
        f" when not exists (select from chosen where chosen.{_SEQ} = incoming.{_SEQ}) then 'twice'"
        f" when exists (select from written where {_same('written', key)}) then 'ok'{taken} else 'noop' end"
        f" from {incoming} as incoming"
    )


def _differ(table: Table, alias: str, names: Sequence[str]) -> str:
    """Whether what the table holds differs in any of the columns."""
    pairs = ((_comparable(table, "held", name), _comparable(table, alias, name)) for name in names)
    return " or ".join(f"{held} is distinct from {other}" for held, other in pairs)


def _same(one: str, key: Sequence[str]) -> str:
    return " and ".join(f"{one}.{quoted(name)} = incoming.{quoted(name)}" for name in key)


def _comparable(table: Table, alias: str, name: str) -> str:
    column = f"{alias}.{quoted(name)}"
    return f"cast({column} as text)" if table.columns[name] in _INCOMPARABLE else column


def _copied(cursor: Any, table: Table, name: str, columns: tuple[str, ...], rows: Sequence[Row]) -> str:
    """A temporary table with the rows, its columns of the same types; gone at the end of the transaction."""
    listed = ", ".join(map(quoted, columns))
    cursor.execute(
        f"create temporary table {name} on commit drop as"
        f" select cast(null as bigint) as {_SEQ}, {listed} from {table.sql} with no data"
    )
    lines = io.StringIO()
    for row in rows:
        values = _values(row)
        lines.write("\t".join([str(row.seq), *(_escaped(_text(values[column])) for column in columns)]))
        lines.write("\n")
    lines.seek(0)
    cursor.copy_expert(f"copy pg_temp.{name} ({_SEQ}, {listed}) from stdin", lines)
    return f"pg_temp.{name}"


def _values(row: Row) -> Mapping[str, Any]:
    return {**row.payload, **row.key}


def _text(value: Any) -> str | None:
    """A value as every column that fits reads it; moments without a zone are in UTC, as everywhere."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    if isinstance(value, int | float):
        return repr(value)
    raise TypeError(f"{type(value).__name__} is no type of JSON")


def _escaped(text: str | None) -> str:
    if text is None:
        return r"\N"
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
