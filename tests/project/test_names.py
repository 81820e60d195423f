"""Names: a reader knows what a model, a column or a file is before opening it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.house import (
    Manifest,
    Node,
    files_under,
    key_of,
    macro_base,
    macros_of,
    models_of,
    public_models,
    room_of,
    sentence,
    where,
)

SNAKE = r"[a-z][a-z0-9]*(_[a-z0-9]+)*"
# Models whose name follows a rule of their room; the prefix belongs to that room alone.
PREFIXES = {
    "stg_": ("staging", rf"stg_(?P<source>{SNAKE})__{SNAKE}"),
    "traits_": ("profiles", rf"traits_{SNAKE}"),
    "aud_": ("audiences", rf"aud_{SNAKE}"),
    "sync_": ("activation", rf"sync_{SNAKE}__{SNAKE}|sync_runs|sync_results"),
}
# Staging holds `stg_` models and these.
STAGING_OTHERS = frozenset({"landings", "quarantine", "unreadable_rows"})

# Endings that tell the type, and the types that they tell.
NUMBERS = ("integer", "bigint")
ENDINGS = {
    "_id": ("text",),
    "_key": ("text",),
    "_at": ("timestamp",),
    "_from": ("timestamp",),
    "_until": ("timestamp",),
    "_to": ("timestamp",),
    "_date": ("date",),
    "_count": NUMBERS,
    "_amount": ("numeric(28,6)",),
}
BEGINNINGS = {"is_": ("boolean",), "has_": ("boolean",)}
# What a column of a type may be called; text is free, and so are numbers that count nothing.
REQUIRED = {
    "boolean": r"(is|has)_\w+",
    "timestamp": r"\w+_at|valid_(from|to|until)",
    "date": r"\w+_date",
}
# Types that share a place in a table's order of columns: ids, text, numbers, booleans, times.
ORDER = {"text": 1, "integer": 2, "bigint": 2, "numeric(28,6)": 2, "boolean": 3, "date": 4, "timestamp": 4}
ORDER_NAMES = ("ids", "text", "numbers", "booleans", "times")


def name_violations(name: str, room: str, folder: str) -> Iterator[str]:
    """What is wrong with a model's name in its room; `folder` is the one that holds the file."""
    if not re.fullmatch(rf"{SNAKE}(__{SNAKE})?", name):
        yield f"{name}: not lower-case words joined by underscores"
    for prefix, (home, pattern) in PREFIXES.items():
        if not name.startswith(prefix):
            continue
        if room != home:
            yield f"{name}: `{prefix}` is for models of {home}, this one is in {room}"
        found = re.fullmatch(pattern, name)
        if not found:
            yield f"{name}: not of the form {prefix}..., see ARCHITECTURE of the room {home}"
        elif "source" in found.groupdict() and found["source"] != folder:
            yield f"{name}: stands in {folder}/, its name says {found['source']}"
    if room == "staging" and not name.startswith("stg_") and name not in STAGING_OTHERS:
        yield f"{name}: a model of staging is called stg_<source>__<table>"


def column_violations(model: Node) -> Iterator[str]:
    """Columns of a public table whose name and type disagree, or that stand out of order."""
    place = -1
    for name, column in model["columns"].items():
        kind = str(column.get("data_type"))
        here = 0 if name in key_of(model) or re.search(r"_(id|key)$", name) else ORDER.get(kind, place)
        if here < place:
            yield f"{where(model)}: {name} ({ORDER_NAMES[here]}) stands after {ORDER_NAMES[place]}"
        place = max(place, here)
        if is_facet(model, name):
            continue
        if not re.fullmatch(SNAKE, name):
            yield f"{where(model)}: {name} is not lower-case words joined by underscores"
        for ending, kinds in ENDINGS.items():
            if name.endswith(ending) and kind not in kinds:
                yield f"{where(model)}: {name} is {kind}; a name on {ending} is {' or '.join(kinds)}"
        for beginning, kinds in BEGINNINGS.items():
            if name.startswith(beginning) and kind not in kinds:
                yield f"{where(model)}: {name} is {kind}; a name on {beginning} is {' or '.join(kinds)}"
        if kind in REQUIRED and not re.fullmatch(REQUIRED[kind], name):
            yield f"{where(model)}: {name} is {kind}, so its name matches {REQUIRED[kind]}"


def audience_violations(model: Node) -> Iterator[str]:
    """Columns of an audience that are neither its key nor a condition."""
    for name in model["columns"]:
        if name not in key_of(model) and not re.match(r"(is|has)_", name) and not is_facet(model, name):
            yield f"{where(model)}: {name} is no condition: an audience has its key and one is_ or has_ column each"


def is_facet(model: Node, name: str) -> bool:
    """Whether a column of an audience says more of one of its conditions: what decided, since when, until when."""
    found = re.fullmatch(r"(\w+)__(value|since|until)", name)
    return bool(found) and model["name"].startswith("aud_") and found[1] in model["columns"]


def macro_file_violations(files: dict[str, list[str]]) -> Iterator[str]:
    """Macro files, as path and names of their macros, that hold another macro than the one they are named after."""
    for path, names in files.items():
        others = sorted({name for name in names if macro_base(name) != Path(path).stem})
        if others:
            yield f"{path}: holds {', '.join(others)}; one macro per file, named as the file"


def test_models_are_named_for_their_room(manifest: Manifest) -> None:
    """A model's name tells its room: stg_<source>__<table>, traits_, aud_, sync_<destination>__<object>."""
    found = [
        violation
        for model in models_of(manifest)
        for violation in name_violations(model["name"], room_of(model), Path(where(model)).parent.name)
    ]
    assert not found, sentence(found)


def test_columns_of_public_tables_tell_their_type(manifest: Manifest) -> None:
    """Ids, flags, counts, amounts, dates and times are known by their names, and stand in one order."""
    found = [violation for model in public_models(manifest) for violation in column_violations(model)]
    assert not found, sentence(found)


def test_an_audience_is_a_table_of_reasons(manifest: Manifest) -> None:
    """An audience has one boolean column per condition, and nothing else beside its key."""
    audiences = [model for model in models_of(manifest) if model["name"].startswith("aud_")]
    assert not (found := [line for model in audiences for line in audience_violations(model)]), sentence(found)


def test_one_macro_per_file(manifest: Manifest) -> None:
    """A macro is found by its file's name; one database's way of it stands in the same file."""
    files: dict[str, list[str]] = {}
    for macro in macros_of(manifest):
        files.setdefault(where(macro), []).append(str(macro["name"]))
    assert not (found := list(macro_file_violations(files))), sentence(found)
    empty = [str(path) for path in files_under("macros", ".sql") if str(path) not in files]
    assert not empty, sentence(empty)


def test_property_files_are_named_for_their_folder() -> None:
    """One property file per folder and kind: _<folder>__models.yml, __macros.yml, __seeds.yml, __sources.yml."""
    shape = {
        "models": "models|sources|exposures|groups|unit_tests|semantic_models",
        "macros": "macros",
        "seeds": "seeds",
    }
    found = [
        str(path)
        for top, kinds in shape.items()
        for path in files_under(top, ".yml", ".yaml")
        if str(path) != "models/_groups.yml" and not re.fullmatch(rf"_{path.parent.name}__({kinds})\.yml", path.name)
    ]
    assert not found, sentence(found)


@pytest.mark.parametrize(
    ("name", "room", "folder", "wrong"),
    [
        ("stg_crm__contacts", "staging", "crm", False),
        ("quarantine", "staging", "staging", False),
        ("stg_crm__contacts", "staging", "commerce", True),
        ("stg_crm_contacts", "staging", "crm", True),
        ("contacts", "staging", "crm", True),
        ("traits_orders", "identity", "identity", True),
        ("aud_Repeat", "audiences", "audiences", True),
        ("sync_files", "activation", "activation", True),
        ("sync_files__birthdays", "activation", "activation", False),
    ],
)
def test_the_names_can_fail(name: str, room: str, folder: str, wrong: bool) -> None:
    """A wrong name is found, a right one is not."""
    assert bool(list(name_violations(name, room, folder))) is wrong


@pytest.mark.parametrize(
    ("columns", "wrong"),
    [
        ({"profile_id": "text", "order_count": "bigint", "is_known": "boolean", "first_seen_at": "timestamp"}, False),
        ({"profile_id": "integer"}, True),
        ({"known": "boolean"}, True),
        ({"is_known": "text"}, True),
        ({"first_seen": "timestamp"}, True),
        ({"birth": "date"}, True),
        ({"order_amount": "integer"}, True),
        ({"order_count": "numeric(28,6)"}, True),
        ({"first_seen_at": "timestamp", "country": "text"}, True),
        ({"Country": "text"}, True),
    ],
)
def test_the_columns_can_fail(columns: dict[str, str], wrong: bool) -> None:
    """A column whose name, type or place misleads is found."""
    model = {
        "original_file_path": "x",
        "meta": {"key": ["profile_id"]},
        "columns": {name: {"data_type": kind} for name, kind in columns.items()},
    }
    assert bool(list(column_violations(model))) is wrong


def test_the_audiences_can_fail() -> None:
    """A column of an audience that is no condition is found."""
    audience: Node = {
        "original_file_path": "x",
        "meta": {"key": ["profile_id"]},
        "columns": {"profile_id": {}, "is_a": {}},
    }
    assert not list(audience_violations(audience))
    assert list(audience_violations({**audience, "columns": {"profile_id": {}, "order_count": {}}}))


def test_the_macro_files_can_fail() -> None:
    """A macro in another macro's file is found."""
    assert list(macro_file_violations({"macros/a.sql": ["a", "default__a", "b"]}))
    assert not list(macro_file_violations({"macros/a.sql": ["a", "default__a", "duckdb__a"]}))
    assert not list(macro_file_violations({"tests/generic/is_key.sql": ["test_is_key"]}))
    assert not list(macro_file_violations({"macros/materialization_a.sql": ["materialization_a_default"]}))
