"""What audiences may not read around their helpers: others' data without its licence, and people by their values."""

import csv
import io
import re
from collections.abc import Iterator

from tests.project.house import Manifest, bare_sql, files_under, models_of, room_of, sentence, text_of, where

OTHERS = r"\b(?:third|second)_party\w*"
# The helpers that compare the purpose of the audience with the licence.
HELPERS = {"has_segment": "third_party_segments", "has_attribute": "second_party_attributes"}
PERSON = re.compile(r"[0-9a-f]{32,64}")


def source_violations(path: str, sql: str, reads: list[str]) -> Iterator[str]:
    """Second- and third-party columns and tables that a model of audiences reads around the helpers."""
    for found in re.finditer(OTHERS, bare_sql(sql) + " ".join(re.findall(r"ref\([^)]*\)", sql))):
        yield f"{path}: `{found.group()}`; read it by has_segment or has_attribute, which look at the licence"
    for helper, table in HELPERS.items():
        if table in reads and f"{helper}(" not in sql:
            yield f"{path}: reads {table} without {helper}, so without its licence"


def entry_violations(entries: list[dict[str, str]]) -> Iterator[str]:
    """Entries of lists that are a person's value, or no id or key where one is promised."""
    for entry in entries:
        value, kind = entry["entry"], entry["entry_type"]
        if kind != "value" and not PERSON.fullmatch(value):
            yield f"{entry['list_name']}: {value} is no {kind}"
        if kind == "value" and ("@" in value or len(re.findall(r"\d", value)) > 6):
            yield f"{entry['list_name']}: {value} looks like an address or number: list people by id or key"


def test_others_data_is_read_by_its_licence(manifest: Manifest) -> None:
    """Audiences read second- and third-party data by the helpers that compare purposes, and no other way."""
    found = []
    for model in models_of(manifest):
        if room_of(model) == "audiences":
            reads = [upstream.split(".")[-1] for upstream in model["depends_on"]["nodes"]]
            found += source_violations(where(model), model["raw_code"], reads)
    for path in files_under("macros/audiences", ".sql"):
        if path.stem not in HELPERS:
            found += source_violations(str(path), text_of(path).replace("var('second_party", ""), [])
    assert not found, sentence(found)


def test_people_are_listed_by_id_or_key() -> None:
    """No list holds what tells who somebody is."""
    entries = list(csv.DictReader(io.StringIO(text_of("seeds/audiences/list_entries.csv"))))
    assert not (found := list(entry_violations(entries))), sentence(found)


def test_the_checks_can_fail() -> None:
    """Columns and tables read around the helpers, and values of people, are found."""
    assert list(source_violations("x", "select third_party_sex = 'male' as is_x from customers", []))
    assert list(source_violations("x", "select * from {{ ref('second_party_attributes') }}", []))
    assert list(source_violations("x", "select * from a", ["third_party_segments"]))
    assert not list(source_violations("x", "{{ has_segment('hiking') }}", ["third_party_segments"]))
    assert not list(source_violations("x", "-- third_party_sex\nselect 1 as x", []))
    people = [("value", "a@b.c"), ("value", "+44 7400 123456"), ("profile_id", "Ada"), ("identifier_key", "a@b.c")]
    for kind, value in people:
        assert list(entry_violations([{"list_name": "x", "entry_type": kind, "entry": value}]))
    assert not list(entry_violations([{"list_name": "x", "entry_type": "value", "entry": "Berlin"}]))
