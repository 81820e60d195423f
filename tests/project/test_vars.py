"""vars hold the names and numbers an adopter chooses, never SQL, each under a plain sentence; lists equal the files."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.project.house import (
    Columns,
    Manifest,
    files_under,
    meta_of,
    models_of,
    sentence,
    sources_of,
    text_of,
    yaml_of,
)
from tests.project.test_personal_data import is_personal_name

PROJECT_FILE = "dbt_project.yml"
SQL_WORDS = r"\b(select|from|where|join|case|when|then|cast|coalesce|nullif|union|having|like|between|is null|null)\b"
# Lists of names that a test below compares with the files; a new list needs its test, or a reason to stand here.
COMPARED = frozenset(
    {
        "audience_event_properties",
        "audiences",
        "contact_records",
        "event_properties",
        "identifier_records",
        "parties",
        "raw_tables",
        "second_party_attributes",
        "timeline_families",
        "trait_families",
    }
)


def sql_violations(name: str, value: Any) -> Iterator[str]:
    """Texts inside a var that are more than a name."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from sql_violations(f"{name}.{key}", inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from sql_violations(f"{name}[{place}]", inner)
    elif isinstance(value, str) and (
        re.search(SQL_WORDS, value, re.IGNORECASE) or not re.fullmatch(r"[\w/+.@: -]*", value)
    ):
        yield f"{name}: `{value}` is not a name or a number"


def comment_violations(text: str) -> Iterator[str]:
    """Vars that no plain sentence stands above."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if re.match(r"vars:\s*$", line))
    for number in range(start + 1, len(lines)):
        line = lines[number]
        if re.match(r"\S", line):
            return
        if not (key := re.match(r"  ([A-Za-z_]\w*):", line)):
            continue
        comment: list[str] = []
        above = number - 1
        while lines[above].startswith("  #"):
            comment.insert(0, lines[above].strip("# "))
            above -= 1
        if not re.fullmatch(r"[A-Z].*\.", " ".join(comment)):
            yield f"{PROJECT_FILE}:{number + 1}: {key.group(1)}: no plain sentence above it"


def difference(name: str, listed: list[str], there: list[str]) -> Iterator[str]:
    """What a list in vars and the files don't have in common."""
    for repeated in sorted({entry for entry in listed if listed.count(entry) > 1}):
        yield f"{name}: {repeated} is listed twice"
    for missing in sorted(set(there) - set(listed)):
        yield f"{name}: {missing} is there and not listed, so nothing would read it"
    for unknown in sorted(set(listed) - set(there)):
        yield f"{name}: {unknown} is listed and not there"


def record_violations(record: dict[str, Any], columns: dict[str, list[str]], types: list[str]) -> Iterator[str]:
    """Names in an entry of identifier_records or contact_records that no staged table, column or type bears."""
    model = record["model"]
    if model not in columns:
        yield f"{model} is no model of staging"
        return
    named = [*record["record_id"], *record["seen_at"], *record.get("last_seen_at", [])]
    named += [record[key] for key in ("country", "confidence") if key in record]
    named += [column for point in record.get("points", {}).values() for column in point]
    for identifier in record.get("identifiers", []):
        named.append(identifier["column"])
        if ("type" in identifier) == ("type_column" in identifier):
            yield f"{model}.{identifier['column']} has either a type or a type_column"
        if "type" in identifier and identifier["type"] not in types:
            yield f"{model}.{identifier['column']}: {identifier['type']} is no identifier type"
        if "type_column" in identifier:
            named.append(identifier["type_column"])
    for column in named:
        if column not in columns[model]:
            yield f"{model} has no column {column}"


@pytest.fixture(scope="module")
def project_vars() -> dict[str, Any]:
    """The vars of dbt_project.yml."""
    found: dict[str, Any] = yaml_of(PROJECT_FILE)["vars"]
    return found


def test_vars_hold_names_and_numbers(project_vars: dict[str, Any]) -> None:
    """No SQL, no ref, no Jinja in a var."""
    found = [line for name, value in project_vars.items() for line in sql_violations(name, value)]
    assert not found, sentence(found)


def test_every_var_stands_under_a_sentence() -> None:
    """Whoever adopts the project reads what a var means above it."""
    assert not (found := list(comment_violations(text_of(PROJECT_FILE)))), sentence(found)


def test_every_var_is_read(project_vars: dict[str, Any]) -> None:
    """A var that nothing reads is a promise that nobody keeps, and one that is read is declared."""
    files = [*files_under("models", ".sql", ".yml"), *files_under("macros", ".sql"), *files_under("tests", ".sql")]
    read = {name for path in files for name in re.findall(r"\bvar\(\s*['\"](\w+)['\"]", text_of(path))}
    in_python = r"project_vars\([^)]*\)\.get\(\s*['\"](\w+)['\"]"
    read |= {name for path in files_under("orchestration", ".py") for name in re.findall(in_python, text_of(path))}
    assert not (found := list(difference("vars", list(project_vars), sorted(read)))), sentence(found)


def test_every_list_is_compared_with_the_files(project_vars: dict[str, Any]) -> None:
    """A file missing from a list in vars would be ignored in silence, so each list has its test."""
    lists = {name for name, value in project_vars.items() if isinstance(value, list)}
    assert not lists - COMPARED, f"no test compares {sorted(lists - COMPARED)} with the files"


def test_audiences_are_the_files(project_vars: dict[str, Any]) -> None:
    """`audiences` lists every models/audiences/aud_<name>.sql."""
    there = [path.stem for path in files_under("models/audiences", ".sql") if path.stem.startswith("aud_")]
    listed = [f"aud_{name}" for name in project_vars["audiences"]]
    assert not (found := list(difference("audiences", listed, there))), sentence(found)


@pytest.mark.parametrize(
    ("name", "folder", "prefix", "apart"),
    [
        ("trait_families", "models/profiles", "traits_", {"traits_identity"}),
        ("timeline_families", "models/profiles", "timeline_", set()),
    ],
)
def test_families_are_the_files(
    project_vars: dict[str, Any], name: str, folder: str, prefix: str, apart: set[str]
) -> None:
    """A family of traits or of the timeline is listed where profiles and events read it."""
    there = [path.stem for path in files_under(folder, ".sql") if path.stem.startswith(prefix)]
    listed = [prefix + family for family in project_vars[name]]
    assert not (found := list(difference(name, [*listed, *apart], there))), sentence(found)


def test_parties_are_those_of_the_sources(project_vars: dict[str, Any], manifest: Manifest) -> None:
    """`parties` names every party whose data lands, and no other: shipped, everything counts."""
    there = {str(meta_of(node)["data_party"]) for node in sources_of(manifest)}
    assert not (found := list(difference("parties", project_vars["parties"], sorted(there)))), sentence(found)
    recorded = [record.get("party", "first") for record in project_vars["contact_records"]]
    recorded += [record.get("party", "first") for record in project_vars["identifier_records"]]
    assert set(recorded) <= there | {"steward"}


def test_second_party_attributes_are_columns(project_vars: dict[str, Any], manifest: Manifest) -> None:
    """Each of `second_party_attributes` is a column of profiles and customers, and names nobody."""
    listed = project_vars["second_party_attributes"]
    for table in ("profiles", "customers"):
        columns = next(model["columns"] for model in models_of(manifest) if model["name"] == table)
        there = [name.removeprefix("second_party_") for name in columns if name.startswith("second_party_")]
        assert not (found := list(difference(f"{table}.second_party", listed, there))), sentence(found)
    assert not [name for name in listed if is_personal_name(name)], "what tells who somebody is stays in pii"


def test_event_properties_have_no_column(project_vars: dict[str, Any], manifest: Manifest) -> None:
    """None of `event_properties` is a column of staged events already, and none names anybody."""
    events = next(model for model in models_of(manifest) if model["name"] == "stg_events__events")
    listed = project_vars["event_properties"]
    assert listed
    assert not set(listed) & set(events["columns"])
    assert not [name for name in listed if is_personal_name(name)], "what tells who somebody is stays in staging"


def test_audiences_ask_for_properties_that_are_there(project_vars: dict[str, Any], manifest: Manifest) -> None:
    """Every one of `audience_event_properties` is a column of the timeline, or listed for `event_properties`."""
    events = next(model for model in models_of(manifest) if model["name"] == "events")
    listed = project_vars["audience_event_properties"]
    assert listed
    assert set(listed) <= {*events["columns"], *project_vars["event_properties"]}


def test_raw_tables_are_the_sources(project_vars: dict[str, Any], manifest: Manifest) -> None:
    """`raw_tables`, where there is such a list, names every table of the raw contract."""
    if "raw_tables" not in project_vars:
        return
    there = [f"{node['source_name']}.{node['name']}" for node in sources_of(manifest)]
    there = [name for name in there if not name.startswith("onefolk.")]
    listed = project_vars["raw_tables"]
    assert not (found := list(difference("raw_tables", listed, there))), sentence(found)


def test_identifier_records_name_what_is_there(
    project_vars: dict[str, Any], manifest: Manifest, built_columns: Columns
) -> None:
    """Every staged table, column and identifier type that `identifier_records` or `contact_records` names exists."""
    types = [
        row["identifier_type"] for row in csv.DictReader(io.StringIO(text_of("seeds/identity/identifier_types.csv")))
    ]
    columns = {
        model["name"]: list(built_columns[model["unique_id"]])
        for model in models_of(manifest)
        if model["name"].startswith("stg_")
    }
    for name in ("identifier_records", "contact_records"):
        records = project_vars[name]
        found = [f"{name}: {line}" for record in records for line in record_violations(record, columns, types)]
        assert not found, sentence(found)
        models = [record["model"] for record in records]
        assert len(models) == len(set(models)), f"a staged table stands twice in {name}"


def test_staged_identifiers_are_recorded(
    project_vars: dict[str, Any], manifest: Manifest, built_columns: Columns
) -> None:
    """A staged table with two columns named for identifier types links them, so identifier_records lists it."""
    types = [
        row["identifier_type"] for row in csv.DictReader(io.StringIO(text_of("seeds/identity/identifier_types.csv")))
    ]
    recorded = {record["model"]: record for record in project_vars["identifier_records"]}
    found = []
    for model in models_of(manifest):
        columns = [column for column in built_columns[model["unique_id"]] if column in types]
        if not model["name"].startswith("stg_") or len(columns) < 2:
            continue
        listed = [identifier["column"] for identifier in recorded.get(model["name"], {}).get("identifiers", [])]
        found += [
            f"{model['name']}.{column} is left out of identifier_records" for column in columns if column not in listed
        ]
    assert not found, sentence(found)


@pytest.mark.parametrize(
    "value",
    ["coalesce(a, b)", "a is null", "{{ ref('a') }}", "lower(a)", "select a", ["email", {"column": "a || b"}], "a > 1"],
)
def test_sql_in_vars_is_found(value: Any) -> None:
    """An expression in a var is found, however deep."""
    assert list(sql_violations("x", value))


def test_the_checks_can_fail() -> None:
    """Vars without a sentence, lists that differ and records that name nothing are found; right ones are not."""
    assert not list(sql_violations("x", ["Europe/Berlin", "crm_contact_id", 60, True, "EUR"]))
    text = "vars:\n  # How many\n  # minutes.\n  a: 1\n\n  b: 2\n  # without an end\n  c:\n    d: 3\nseeds:\n  e: 4\n"
    assert len(list(comment_violations(text))) == 2
    assert len(list(difference("x", ["a", "a", "b"], ["b", "c"]))) == 3
    record = {
        "model": "stg_a",
        "record_id": ["a_id"],
        "seen_at": ["b_at"],
        "identifiers": [{"column": "c", "type": "d"}],
    }
    assert not list(record_violations(record, {"stg_a": ["a_id", "b_at", "c"]}, ["d"]))
    assert len(list(record_violations(record, {"stg_a": ["a_id"]}, ["e"]))) == 3
    assert len(list(record_violations(record, {}, ["d"]))) == 1
    points = {"model": "stg_a", "record_id": ["a_id"], "seen_at": [], "points": {"address": ["street", "city"]}}
    assert len(list(record_violations(points, {"stg_a": ["a_id", "city"]}, []))) == 1
