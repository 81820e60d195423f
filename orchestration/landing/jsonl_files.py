"""JSONL files: every line by itself, keys found in all of them, nested values as JSON text."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb

from orchestration.landing.columns import MOST_COLUMNS, column_names
from orchestration.landing.inspection import FileFacts
from orchestration.landing.lines import SHOWN_CHARACTERS, json_lines
from orchestration.landing.reading import STREAM, Reading
from orchestration.warehouse import literal

# Up to this size, Python finds a file's keys sooner than a query is planned.
SMALL_BYTES = 1 << 20

_NOT_BLANK = "not regexp_full_match(line, '\\s*')"

# Evaluated in order: json_type raises on a line that is not JSON.
_PROBLEM = (
    "case when problem is not null then problem when not json_valid(line) then 'the line is not JSON'"
    " when json_type(line) <> 'OBJECT' then 'the line is JSON, but not an object' end"
)

# Lines mostly have the same keys, so lists of keys are counted before they are taken apart. A line without keys yields
# one null key: it may be blank, broken, or an empty object.
_KEYS_QUERY = f"""
    with parsed as (
        select case when problem is null then try(json_keys(line)) end as found, min(line_no) as line_no
        from {STREAM}
        group by all
    ),
    never_empty as (
        select line_no, case when len(found) > 0 then found else cast([null] as varchar[]) end as keys from parsed
    ),
    one_by_one as (
        select line_no, unnest(keys) as key, generate_subscripts(keys, 1) as place from never_empty
    )
    select key from one_by_one
    group by key order by key is not null, min(line_no), min(place), key limit {MOST_COLUMNS + 2}
"""


def jsonl_readings(
    path: Path, facts: FileFacts, known: set[str], connection: duckdb.DuckDBPyConnection
) -> Iterator[Reading]:
    """The ways to read a JSONL file; its keys are looked up in every line first."""
    if not facts.has_content:
        yield Reading("(select 1) as nothing", {}, "0", condition="false")
        return
    if facts.size_bytes <= SMALL_BYTES and (few := _keys_of_small(path, facts)) is not None:
        yield _reading(path, facts, few, known, is_sound=True)
    keys, is_sound = _keys(path, facts, connection)
    yield _reading(path, facts, keys, known, is_sound)


def _reading(path: Path, facts: FileFacts, keys: list[str], known: set[str], is_sound: bool) -> Reading:
    admitted = _admitted(keys, known)
    targets, notes = column_names(admitted, known)
    problem = _PROBLEM
    if len(admitted) < len(keys):
        is_sound = False
        listed = ", ".join(literal(key) for key in admitted)
        problem = problem.removesuffix("end") + (
            f"when len(list_filter(json_keys(line), lambda name: not list_contains([{listed}], name))) > 0"
            f" then 'the line has a column beyond the {MOST_COLUMNS} that a table may have' end"
        )
    # One list of paths takes a line apart once; a path for each column would do so once a column.
    paths = ", ".join(literal("/" + key.replace("~", "~0").replace("/", "~1")) for key in admitted)
    values = f"json_extract_string(line, [{paths}])" if admitted else "null"
    checked = STREAM if is_sound else f"(select *, {problem} as found from {STREAM} where {_NOT_BLANK})"
    shown = f"left(rtrim(line, chr(10) || chr(13)), {SHOWN_CHARACTERS})"
    rejects = f"select line_no, found as reason, {shown} as line_text from {checked} where found is not null"
    good = "" if is_sound else " where found is null"
    return Reading(
        relation=f"(select line_no, {values} as v from (select line_no, line from {checked}{good})) as parsed",
        columns={targets[position]: (f"v[{position + 1}]", "text") for position in range(len(admitted))},
        row_number="line_no",
        rejects=None if is_sound else rejects,
        stream=lambda: json_lines(path, facts),
        encoding=facts.encoding,
        notes=notes,
    )


def _keys_of_small(path: Path, facts: FileFacts) -> list[str] | None:
    """The keys of a small file without a query; None when any line needs a closer look."""
    keys: dict[str, None] = {}
    for batch in json_lines(path, facts):
        for line, problem in zip(batch["line"].to_pylist(), batch["problem"].to_pylist(), strict=True):
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                return None
            # Python reads half of a surrogate pair; DuckDB, rightly, does not.
            if problem or not isinstance(found, dict) or "\\ud" in line.lower():
                return None
            keys.update(dict.fromkeys(found))
    return list(keys)


def _keys(path: Path, facts: FileFacts, connection: duckdb.DuckDBPyConnection) -> tuple[list[str], bool]:
    """Every top-level key in the order in which the file first shows it, and whether every line is an object."""
    connection.register(STREAM, json_lines(path, facts))
    try:
        rows = connection.execute(_KEYS_QUERY).fetchall()
    finally:
        connection.unregister(STREAM)
    keys = [row[0] for row in rows]
    return [key for key in keys if key is not None], None not in keys


def _admitted(keys: list[str], known: set[str]) -> list[str]:
    """The keys that the table has room for: those it knows, then new ones in order."""
    room = MOST_COLUMNS - len(known)
    new = [key for key in keys if key not in known]
    surplus = set(new[max(room, 0) :])
    return [key for key in keys if key not in surplus]
