"""Names and types of raw columns: how a file's column becomes a column of the table, whatever it is called."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from orchestration.landing.contract import METADATA_COLUMNS
from orchestration.warehouse import Warehouse, quoted

# Postgres refuses wider rows than this when every value is short text.
MOST_COLUMNS = 400

# Postgres cuts names at 63 bytes; room is left for a number that keeps two long names apart.
LONGEST_NAME = 56

_DUCKDB_TEXT = {
    "timestamp": "strftime({0}, '%Y-%m-%dT%H:%M:%S.%fZ')",
    "double": "case when {0} = trunc({0}) and abs({0}) < 1e15 then cast(cast({0} as bigint) as varchar)"
    " else cast({0} as varchar) end",
}
_POSTGRES_TEXT = {"timestamp": 'to_char({0}, \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')'}


def column_names(names: Sequence[str], known: Iterable[str]) -> tuple[dict[int, str], list[str]]:
    """The table's column for each of a file's columns, by position, and a sentence for each one that had to change.

    Names become lower case with underscores, so `Favourite Colour` lands as `favourite_colour`. A name that already
    stands in the table wins over one that only resembles it.
    """
    known = set(known)
    taken: dict[str, str] = {}
    mapped: dict[int, str] = {}
    notes: list[str] = []
    in_order = sorted(range(len(names)), key=lambda position: (names[position] not in known, position))
    for position in in_order:
        wanted = safe_name(names[position], position)
        name, number = wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted}_{number}"
        if name != wanted:
            notes.append(f"columns {taken[wanted]!r} and {names[position]!r} share a name; the second landed as {name}")
        taken[name] = names[position]
        mapped[position] = name
    return mapped, notes


def safe_name(name: str, position: int) -> str:
    """A column name that both engines keep as it is: lower case, letters, digits and underscores, 56 bytes."""
    plain = unicodedata.normalize("NFC", name).strip().lower()
    plain = re.sub(r"\W+", "_", plain).strip("_") if not re.fullmatch(r"\w+", plain) else plain
    plain = plain.encode("utf-8", "ignore")[:LONGEST_NAME].decode("utf-8", "ignore")
    if not plain:
        return f"column_{position + 1}"
    return f"file{plain}" if plain in METADATA_COLUMNS else plain


def canonical(data_type: str) -> str:
    """The few types that raw columns have: text, bigint, double, boolean, date, timestamp, numeric(p,s)."""
    plain = data_type.lower().strip()
    decimal = re.fullmatch(r"(?:decimal|numeric)(?:\((\d+), ?(\d+)\))?", plain)
    if decimal:
        return f"numeric({decimal[1]},{decimal[2]})" if decimal[1] else "numeric"
    if plain in {"tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger"}:
        return "bigint"
    if plain in {"float", "double", "real", "double precision"}:
        return "double"
    if plain.startswith("timestamp"):
        return "timestamp"
    return plain if plain in {"boolean", "date"} else "text"


def as_text(expression: str, data_type: str, dialect: str = "duckdb") -> str:
    """SQL that writes a raw column as text, the same on both engines: moments in ISO 8601, whole numbers without .0."""
    patterns = _DUCKDB_TEXT if dialect == "duckdb" else _POSTGRES_TEXT
    return patterns.get(canonical(data_type), "cast({0} as text)").format(expression)


def fit_table(
    warehouse: Warehouse,
    target: str,
    existing: dict[str, str],
    file_types: dict[str, str],
    has_values: Callable[[str], bool],
) -> dict[str, str]:
    """Give the table every column of a file, each of a type that holds both; the table's types afterwards.

    An empty table takes the file's types. A column that meets another type becomes text, its values rewritten.
    """
    types = dict(existing)
    for name in file_types:
        if name not in types:
            types[name] = file_types[name]
            data_type = _sql_type(types[name], warehouse)
            warehouse.execute(f"alter table {target} add column {quoted(name)} {data_type}")
    differing = [name for name in file_types if not _holds(types[name], file_types[name])]
    is_empty = bool(differing) and not warehouse.rows(f"select 1 from {target} limit 1")
    for name in differing:
        if is_empty:
            types[name], values = file_types[name], "null"
        elif types[name] != "text" and has_values(name):
            types[name], values = "text", as_text(quoted(name), types[name], warehouse.dialect)
        else:
            continue
        data_type = _sql_type(types[name], warehouse)
        warehouse.execute(f"alter table {target} alter column {quoted(name)} set data type {data_type} using {values}")
    return types


def _holds(column_type: str, file_type: str) -> bool:
    return column_type == file_type or (column_type == "numeric" and file_type.startswith("numeric"))


def _sql_type(data_type: str, warehouse: Warehouse) -> str:
    if data_type == "double":
        return "double precision"
    # Postgres holds any scale in one type; rounding a later file's decimals would lose money.
    return "numeric" if data_type.startswith("numeric") and warehouse.dialect == "postgres" else data_type
