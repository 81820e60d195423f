"""Documentation: contracts, grains, keys, and a sentence for everything that somebody else calls or reads."""

import re
from collections.abc import Iterator

from tests.project.house import (
    Manifest,
    Node,
    is_documented_macro,
    key_of,
    macros_of,
    models_of,
    nodes_of,
    public_models,
    sentence,
    sources_of,
    where,
)

DATA_TYPES = frozenset({"text", "integer", "bigint", "boolean", "date", "timestamp", "numeric(28,6)"})
# Raw columns arrive as text; `json` says what staging takes apart.
RAW_DATA_TYPES = DATA_TYPES | {"json"}
# What stores nothing is tested where it is stored.
UNTESTED = frozenset({"view", "ephemeral"})
ACCESS = frozenset({"public", "protected", "private"})
# dbt calls this macro, nobody writes a call of it.
NO_EXAMPLE = frozenset({"generate_schema_name"})


def grain_violations(node: Node) -> Iterator[str]:
    """A table whose description doesn't open with its grain."""
    if not re.match(r"One row( per |: )\S+.*\.", node["description"], re.DOTALL):
        yield f"{where(node)}: {node['name']}: its description opens with the grain: `One row per ... .`"


def key_violations(model: Node, tested: dict[str, list[list[str]]]) -> Iterator[str]:
    """A model without a key, or whose key no `is_key` test guards; `tested` holds the tested keys by model."""
    key = key_of(model)
    if not key:
        yield f"{where(model)}: {model['name']} declares no key in config.meta.key"
        return
    is_built = model["config"]["materialized"] not in UNTESTED or model["config"].get("access") == "public"
    if is_built and sorted(key) not in tested.get(model["unique_id"], []):
        yield f"{where(model)}: {model['name']}: no is_key test of ({', '.join(key)})"
    missing = [column for column in key if column not in model["columns"]]
    if missing:
        yield f"{where(model)}: {model['name']}: its key has columns that it doesn't list: {', '.join(missing)}"


def keys_tested(manifest: Manifest) -> dict[str, list[list[str]]]:
    """By model, the columns that its is_key tests name."""
    tested: dict[str, list[list[str]]] = {}
    for test in nodes_of(manifest, "test"):
        named = test.get("test_metadata") or {}
        if named.get("name") == "is_key":
            tested.setdefault(str(test["attached_node"]), []).append(sorted(named["kwargs"]["columns"]))
    return tested


def contract_violations(model: Node) -> Iterator[str]:
    """A public table without an enforced contract, or with a column untyped or undescribed."""
    if not model["config"]["contract"]["enforced"]:
        yield f"{where(model)}: {model['name']} is public and enforces no contract"
    if not model["columns"]:
        yield f"{where(model)}: {model['name']} is public and lists no columns"
    for name, column in model["columns"].items():
        if column.get("data_type") not in DATA_TYPES:
            yield f"{where(model)}: {model['name']}.{name} is of type {column.get('data_type')}"
        if not column.get("description"):
            yield f"{where(model)}: {model['name']}.{name} has no description"


def macro_violations(macro: Node) -> Iterator[str]:
    """A macro without a sentence, an example, or a type and a sentence per argument."""
    if not re.match(r"[A-Z\d].*\.", macro["description"], re.DOTALL):
        yield f"{where(macro)}: {macro['name']} has no sentence"
    elif macro["name"] not in NO_EXAMPLE and not re.search(r"\bExample\b.*`", macro["description"], re.DOTALL):
        yield f"{where(macro)}: {macro['name']} has no example: end its description with Example: `...`."
    for argument in macro["arguments"]:
        if not argument.get("type") or not argument.get("description"):
            yield f"{where(macro)}: {macro['name']}: argument {argument['name']} has no type or no description"


def column_type_violations(seed: Node) -> Iterator[str]:
    """A seed without a sentence or with a column untyped or undescribed."""
    if not seed["description"]:
        yield f"{where(seed)}: {seed['name']} has no description"
    if not seed["columns"]:
        yield f"{where(seed)}: {seed['name']} lists no columns"
    for name, column in seed["columns"].items():
        if name not in (seed["config"].get("column_types") or {}):
            yield f"{where(seed)}: {seed['name']}.{name} is not in column_types"
        if not column.get("description"):
            yield f"{where(seed)}: {seed['name']}.{name} has no description"


def test_the_project_parses_without_a_warning(parsed: tuple[Manifest, list[str]]) -> None:
    """dbt has nothing to complain of, the arguments of macros (validate_macro_args) included."""
    assert not parsed[1], sentence(parsed[1])


def test_every_table_says_its_grain_first(manifest: Manifest) -> None:
    """The first sentence of every table's description, raw ones included, says what a row is."""
    tables = [*models_of(manifest), *nodes_of(manifest, "seed"), *sources_of(manifest)]
    assert not (found := [line for table in tables for line in grain_violations(table)]), sentence(found)


def test_every_key_is_declared_and_tested(manifest: Manifest) -> None:
    """Every model declares its key, and a test guards it."""
    tested = keys_tested(manifest)
    assert not (found := [line for model in models_of(manifest) for line in key_violations(model, tested)]), sentence(
        found
    )


def test_every_public_table_has_a_contract(manifest: Manifest) -> None:
    """What others read has an enforced contract, one type of the allowed per column, and a sentence per column."""
    assert public_models(manifest), "no public table at all"
    assert not (found := [line for model in public_models(manifest) for line in contract_violations(model)]), sentence(
        found
    )


def test_every_model_states_its_access(manifest: Manifest) -> None:
    """Public, protected or private: the YAML says so for every model, and lists it once."""
    found = [
        f"{where(model)}: {model['name']} is in no property file"
        for model in models_of(manifest)
        if not model["patch_path"] or model["config"].get("access") not in ACCESS
    ]
    assert not found, sentence(found)


def test_every_macro_is_documented(manifest: Manifest) -> None:
    """Every macro that is called by name has a sentence, an example, and a type and a sentence per argument."""
    macros = [macro for macro in macros_of(manifest) if is_documented_macro(macro)]
    assert not (found := [line for macro in macros for line in macro_violations(macro)]), sentence(found)


def test_every_generic_test_is_described(manifest: Manifest) -> None:
    """Generic tests and materializations have a sentence too."""
    found = [
        f"{where(macro)}: {macro['name']} has no description"
        for macro in macros_of(manifest)
        if macro["name"].startswith(("test_", "materialization_")) and not macro["description"]
    ]
    assert not found, sentence(found)


def test_every_seed_is_typed_and_described(manifest: Manifest) -> None:
    """A seed is knowledge: a sentence, and a type and a sentence per column."""
    assert not (found := [line for seed in nodes_of(manifest, "seed") for line in column_type_violations(seed)]), (
        sentence(found)
    )


def test_every_exposure_is_described(manifest: Manifest) -> None:
    """An exposure says where the rows go, and who answers for it."""
    found = [
        f"{where(exposure)}: {exposure['name']}"
        for exposure in manifest["exposures"].values()
        if not exposure["description"] or not exposure["owner"].get("name")
    ]
    assert not found, sentence(found)


def test_every_raw_column_is_typed(manifest: Manifest) -> None:
    """The contract of raw tables gives every column a type, and every table the columns of its key."""
    found = []
    for source in sources_of(manifest):
        for name, column in source["columns"].items():
            if column.get("data_type") not in RAW_DATA_TYPES:
                found.append(f"{where(source)}: {source['name']}.{name} is of type {column.get('data_type')}")
        found += [
            f"{where(source)}: {source['name']}: no column {key} of its key"
            for key in key_of(source)
            if key not in source["columns"]
        ]
        if not key_of(source):
            found.append(f"{where(source)}: {source['name']} declares no key in config.meta.key")
    assert not found, sentence(found)


def test_the_checks_can_fail() -> None:
    """Missing grains, keys, contracts, sentences, types and examples are found."""
    config = {"contract": {"enforced": True}, "materialized": "table", "access": "public"}
    base: Node = {"name": "a", "unique_id": "a", "original_file_path": "x", "config": config}
    model = {**base, "description": "One row per a.", "meta": {"key": ["a_id"]}, "columns": {"a_id": _column("text")}}
    assert not [*grain_violations(model), *key_violations(model, {"a": [["a_id"]]}), *contract_violations(model)]
    assert list(grain_violations({**model, "description": "Rows of a."}))
    assert list(key_violations(model, {"a": [["b_id"]]}))
    assert list(key_violations({**model, "meta": {}}, {}))
    assert not list(key_violations({**model, "config": {"materialized": "view", "access": "private"}}, {}))
    assert list(key_violations({**model, "config": {"materialized": "view", "access": "public"}}, {}))
    assert list(contract_violations({**model, "columns": {"a_id": _column("varchar")}}))
    assert list(contract_violations({**model, "columns": {}}))
    assert list(contract_violations({**model, "config": {"contract": {"enforced": False}}}))
    macro = {**base, "description": "Makes an a. Example: `a()`.", "arguments": [{"name": "b", "type": "string"}]}
    assert len(list(macro_violations(macro))) == 1
    assert len(list(macro_violations({**macro, "description": "Makes an a.", "arguments": []}))) == 1
    assert len(list(macro_violations({**macro, "description": "", "arguments": []}))) == 1
    assert list(column_type_violations({**model, "config": {"column_types": {}}}))
    assert not list(column_type_violations({**model, "config": {"column_types": {"a_id": "text"}}}))


def _column(data_type: str) -> Node:
    return {"data_type": data_type, "description": "The a."}
