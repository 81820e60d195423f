"""Personal data: where it may lie, that it is labelled there, and how a person leaves."""

import re
from collections.abc import Iterator

import pytest

from tests.project.house import (
    Columns,
    Manifest,
    Node,
    column_label,
    key_of,
    meta_of,
    models_of,
    room_of,
    sentence,
    sources_of,
    where,
)

LABELS = frozenset(
    {
        "email",
        "phone",
        "name",
        "address",
        "birth_date",
        "ip_address",
        "free_text",
        "handle",
        "identifier",
        "json",
        "url",
    }
)
# Tells nobody who somebody is, but how to guess it; guarded alike.
LABELS |= {"secret"}
ERASURES = frozenset({"delete", "pseudonymise", "rebuild", "keep"})
# Rooms whose tables hold the values themselves, each readable by its role; everywhere else are keys.
VALUE_ROOMS = frozenset({"staging", "pii", "activation"})
VALUE_SCHEMAS = frozenset({"pii"})

# Columns that hold the values, by their names; `(^|_)` and `($|_)` are the ends of a word.
WORDS = (
    r"e_?mail|phone|mobile|fax|birth_?date|birthday|street|postcode|zip|address|handle|ip|ip_address|iban|passport"
    r"|free_text|first_name|last_name|middle_name|full_name|given_name|family_name|maiden_name|owner_name|author"
)
WHOLE = (
    r"name|body|subject|url|page_url|page_referrer|user_agent_raw|search_query|context|properties|traits|row_text"
    r"|line_text|id_value(_[ab])?|identifier_value|(raw|normalised|normalized)_(value|form)s?|row_key"
)
PERSONAL_NAME = re.compile(rf"(^|_)({WORDS})(_raw|_normalised|_truncated|_[ab])?$|^({WHOLE})$")
# What is told about a value is not the value.
SPEAKS_ABOUT = re.compile(r"^(is|has|accepts)_|_(key|hash|count|at|type|id|status|rank)$")
TYPES_OF_VALUES = frozenset({"text", "date", "json", "", "varchar"})
# Columns named like a person's that are none.
NOT_OF_A_PERSON = frozenset({("accounts", "name"), ("deals", "name"), ("products", "name"), ("stores", "name")})
NOT_OF_A_PERSON |= frozenset({("campaigns", "name")})


def is_personal_name(name: str, data_type: str = "text") -> bool:
    """Whether a column of this name and type holds a value that tells who somebody is."""
    if SPEAKS_ABOUT.search(name) and not re.search(r"birth_?date$", name):
        return False
    return data_type.lower() in TYPES_OF_VALUES and bool(PERSONAL_NAME.search(name))


def holds_values(node: Node) -> bool:
    """Whether a table is one of those that may hold direct personal data."""
    if node["resource_type"] == "source":
        return True
    return room_of(node) in VALUE_ROOMS or node["config"].get("schema") in VALUE_SCHEMAS


def label_violations(node: Node, columns: dict[str, str]) -> Iterator[str]:
    """Columns, by name and type, that hold direct personal data unlabelled, or where none may lie."""
    allowed = holds_values(node)
    for name, data_type in columns.items():
        label = column_label(node["columns"].get(name, {}))
        if (node["name"], name) in NOT_OF_A_PERSON:
            continue
        if label and label not in LABELS:
            yield f"{where(node)}: {node['name']}.{name}: `{label}` is no kind of personal data"
        if label and not allowed:
            yield f"{where(node)}: {node['name']}.{name}: holds {label}, though its room holds keys only"
        if is_personal_name(name, data_type) and not label:
            hint = "label it in config.meta.personal_data" if allowed else "its room holds keys only"
            yield f"{where(node)}: {node['name']}.{name}: named like direct personal data: {hint}"


def listing_violations(node: Node, columns: dict[str, str]) -> Iterator[str]:
    """A table whose YAML lists other columns than it has, or in another order; both as built."""
    listed = list(node["columns"])
    if listed != list(columns):
        missing, unknown = [name for name in columns if name not in listed], [n for n in listed if n not in columns]
        differ = f"missing {missing}, unknown {unknown}" if missing or unknown else f"the order is {list(columns)}"
        yield f"{where(node)}: {node['name']}: the columns of its YAML differ from the table's: {differ}"


def outlives(node: Node) -> bool:
    """Whether a table keeps rows that a rebuild would not make again."""
    config = node["config"]
    return config.get("materialized") in ("incremental", "snapshot") or config.get("full_refresh") is False


def leaving_violations(node: Node) -> Iterator[str]:
    """A table that outlives a rebuild and doesn't say how a person leaves it, or when its rows do."""
    meta = meta_of(node)
    if meta.get("erasure") not in ERASURES:
        yield f"{where(node)}: {node['name']}: meta.erasure is {meta.get('erasure')}, not one of {sorted(ERASURES)}"
    days = meta.get("retention_days")
    if not isinstance(days, int) or isinstance(days, bool) or days < 1:
        yield f"{where(node)}: {node['name']}: meta.retention_days is {days}, not a number of days"
    if meta.get("erasure") == "keep":
        # What must be remembered to forget somebody is their keys, never their values.
        if not re.fullmatch(r"[A-Z].{20,}\.", str(meta.get("kept_because"))):
            yield f"{where(node)}: {node['name']}: is kept, and meta.kept_because says no sentence why"
        if holds_values(node):
            yield f"{where(node)}: {node['name']}: is kept in a room of values"


def state_violations(node: Node) -> Iterator[str]:
    """A state model that a full refresh would forget, or that refuses a new column."""
    config = node["config"]
    if config.get("full_refresh") is False and config.get("on_schema_change") != "append_new_columns":
        yield f"{where(node)}: {node['name']}: a state model says on_schema_change: append_new_columns"


def test_personal_data_in_raw_tables_is_labelled(manifest: Manifest) -> None:
    """Every raw column that tells who somebody is says so."""
    found = []
    for source in sources_of(manifest):
        types = {name: str(column.get("data_type")) for name, column in source["columns"].items()}
        found += label_violations(source, types)
    assert not found, sentence(found)


def test_personal_data_lies_where_it_may(manifest: Manifest, built_columns: Columns) -> None:
    """In staging, pii and activation it is labelled; in the other rooms are keys, and nothing named like a value."""
    found = []
    for model in models_of(manifest):
        types = {name: str(column.get("data_type") or "") for name, column in model["columns"].items()}
        found += label_violations(model, {**types, **built_columns[model["unique_id"]]})
    assert not found, sentence(found)


def test_every_table_lists_its_columns(manifest: Manifest, built_columns: Columns) -> None:
    """A model's YAML lists exactly the columns of its table, in the table's order."""
    found = [
        line for model in models_of(manifest) for line in listing_violations(model, built_columns[model["unique_id"]])
    ]
    assert not found, sentence(found)


def test_a_person_can_leave_every_table_that_outlives_a_rebuild(manifest: Manifest) -> None:
    """Raw tables, state, increments and delivered files declare erasure and retention_days."""
    lasting = [
        node
        for node in [*models_of(manifest), *sources_of(manifest)]
        if node["resource_type"] == "source" or outlives(node)
    ]
    deliveries = [exposure for exposure in manifest["exposures"].values() if exposure["type"] == "application"]
    assert deliveries
    found = [line for node in [*lasting, *deliveries] for line in leaving_violations(node)]
    found += [line for model in models_of(manifest) for line in state_violations(model)]
    assert not found, sentence(found)


def test_keys_are_no_personal_data(manifest: Manifest) -> None:
    """A key of a public table tells nobody who somebody is."""
    found = [
        f"{where(model)}: {model['name']}: its key holds {column}"
        for model in models_of(manifest)
        if not holds_values(model)
        for column in key_of(model)
        if is_personal_name(column)
    ]
    assert not found, sentence(found)


@pytest.mark.parametrize(
    ("name", "data_type", "personal"),
    [
        ("email", "text", True),
        ("recipient_email", "text", True),
        ("requester_email", "text", True),
        ("first_name", "text", True),
        ("birth_date", "date", True),
        ("ip_truncated", "text", True),
        ("raw_value", "text", True),
        ("traits", "json", True),
        ("email_key", "text", False),
        ("has_email", "boolean", False),
        ("email_count", "bigint", False),
        ("zip_length", "integer", False),
        ("shipping_amount", "numeric(28,6)", False),
        ("profile_id", "text", False),
        ("description", "text", False),
        ("membership", "text", False),
    ],
)
def test_the_names_can_fail(name: str, data_type: str, personal: bool) -> None:
    """Columns named like a value are found, columns about a value are not."""
    assert is_personal_name(name, data_type) is personal


def test_the_checks_can_fail() -> None:
    """Unlabelled values, values in the wrong room, unlisted columns and tables that nobody can leave are found."""
    labelled = {"email": {"config": {"meta": {"personal_data": "email"}}}}
    model: Node = {
        "name": "a",
        "resource_type": "model",
        "original_file_path": "models/pii/a.sql",
        "config": {"schema": "pii", "materialized": "table"},
        "columns": labelled,
    }
    built = {"email": "VARCHAR"}
    assert not [*label_violations(model, built), *listing_violations(model, built)]
    assert list(label_violations({**model, "columns": {}}, built))
    moved = {**model, "original_file_path": "models/profiles/a.sql", "config": {"schema": "profiles"}}
    assert list(label_violations(moved, built))
    assert list(label_violations({**moved, "columns": {}}, built))
    assert list(label_violations({**model, "columns": {"x": {"meta": {"personal_data": "smell"}}}}, {"x": "text"}))
    assert list(listing_violations(model, {**built, "phone": "VARCHAR"}))
    assert list(listing_violations({**model, "columns": {"b": {}, "a": {}}}, {"a": "text", "b": "text"}))
    assert not outlives(model)
    assert outlives({**model, "config": {"full_refresh": False}})
    assert outlives({**model, "config": {"materialized": "incremental"}})
    assert len(list(leaving_violations(model))) == 2
    assert len(list(leaving_violations({**model, "meta": {"erasure": "never", "retention_days": "30"}}))) == 2
    assert not list(leaving_violations({**model, "meta": {"erasure": "delete", "retention_days": 30}}))
    kept = {"erasure": "keep", "retention_days": 30, "kept_because": "Who is forgotten has to stay so."}
    assert len(list(leaving_violations({**model, "meta": kept}))) == 1
    assert not list(leaving_violations({**moved, "meta": kept}))
    assert len(list(leaving_violations({**moved, "meta": {**kept, "kept_because": ""}}))) == 1
    assert list(state_violations({**model, "config": {"full_refresh": False}}))
