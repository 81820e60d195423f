"""Customer lists: as Google and Meta take them, of those who permit it, and nothing else of anybody anywhere."""

import csv
import hashlib
import io
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.activation.connections import Secrets, WrongConnectionError, destination_module, parse_connection
from orchestration.activation.destinations.advertising import AdvertisingDestination
from orchestration.activation.destinations.file_formats import write_parquet
from orchestration.activation.destinations.protocol import NotAllowedError, Target
from orchestration.activation.destinations.set_protocol import SetFacts
from orchestration.activation.hashing import google

AT = datetime(2026, 9, 1, 6, tzinfo=UTC)
FACTS = SetFacts("lists", "advertising", "ads", "mirror", ("profile_id",), ("csv", "parquet"))
IDENTIFIERS = ("email", "phone", "first_name", "last_name", "city", "postcode", "country")
SIGNALS = ("ad_user_data", "ad_personalization")
HEADERS = {
    "google": ["Email", "Phone", "First Name", "Last Name", "Country", "Zip"],
    "meta": ["email", "phone", "fn", "ln", "ct", "zip", "country"],
}
ANNA = ("Anna.Schmidt+shop@Gmail.com", "01512 3456789", "Anna", "O'Brien", "St. Gallen", "8004 ", "de")


def sha256(text: str) -> str:
    """The hash as everybody computes it."""
    return hashlib.sha256(text.encode()).hexdigest()


class Lists:
    """A folder of customer lists, and the way of the rows of a model there."""

    def __init__(self, folder: Path, formats: Any) -> None:
        self.root = folder / "delivered"
        self.engine = folder / "engine"
        self.root.mkdir(parents=True)
        self.engine.mkdir()
        self.declared = {"type": "advertising", "format": formats, "folder": str(self.root)}

    def open(self, **target: Any) -> AdvertisingDestination:
        """The destination of the connection."""
        return opened(self.declared, **target)  # type: ignore[no-any-return]

    def wanted(self, people: Sequence[Sequence[Any]], columns: pa.Schema | None = None) -> tuple[Path, pa.Schema]:
        """People as the engine hands them over: identifiers, and the two signals, granted where they are not told."""
        columns = columns or schema()
        rows = [(f"p{n:04}", *person, *((True, True) if len(person) == 7 else ())) for n, person in enumerate(people)]
        cells = list(zip(*rows, strict=True)) or [()] * len(columns)
        arrays = [pa.array(cell, field.type) for cell, field in zip(cells, columns, strict=True)]
        write_parquet(self.engine / "wanted.parquet", [pa.record_batch(arrays, schema=columns)], columns)
        return self.engine / "wanted.parquet", columns

    def deliver(self, people: Sequence[Sequence[Any]], columns: pa.Schema | None = None) -> bool:
        """A run as the engine makes it; whether anything was written."""
        wanted, columns = self.wanted(people, columns)
        destination = self.open()
        destination.tidy()
        if destination.holds(wanted, len(people), columns, FACTS):
            return False
        destination.replace(wanted, len(people), columns, AT, FACTS)
        return True

    def manifest(self, form: str) -> dict[str, Any]:
        """What a list says of itself."""
        return json.loads((self.root / f"buyers_{form}" / "manifest.json").read_text())  # type: ignore[no-any-return]

    def rows(self, form: str) -> list[dict[str, str]]:
        """The rows of the CSV, as a reader finds them; those of the Parquet are the same."""
        files = {Path(file["name"]).suffix: file for file in self.manifest(form)["files"]}
        content = (self.root / f"buyers_{form}" / files[".csv"]["name"]).read_bytes().decode()
        found = list(csv.DictReader(io.StringIO(content, newline="")))
        assert content.split("\r\n")[0] == ",".join(f'"{header}"' for header in HEADERS[form])
        kept = pq.read_table(self.root / f"buyers_{form}" / files[".parquet"]["name"]).to_pylist()
        assert [{name: value or "" for name, value in row.items()} for row in kept] == found
        assert self.manifest(form)["rows"] == len(found)
        return found


def schema(signal: pa.DataType | None = None) -> pa.Schema:
    """The columns of a model, with signals of a type."""
    texts = [(name, pa.string()) for name in ("profile_id", *IDENTIFIERS)]
    return pa.schema([*texts, *((name, signal or pa.bool_()) for name in SIGNALS)])


def opened(declared: dict[str, Any], **target: Any) -> Any:
    """The destination of a connection, in any process."""
    config = parse_connection("lists", declared)
    return destination_module(config.type).open_destination(config, Target("buyers", **target), Secrets())


@pytest.fixture
def lists(tmp_path: Path) -> Callable[..., Lists]:
    """A function that gives lists of some formats."""
    return lambda *formats: Lists(tmp_path, list(formats))


def test_a_list_is_what_the_company_takes(lists: Callable[..., Lists]) -> None:
    """One person's row has the company's headers, and hashes that are computed by hand here."""
    both = lists("google", "meta")
    both.deliver([ANNA, (None, "+49 1512 3456789", "Anna", None, None, None, "DE")])
    mail, number = "annaschmidt@gmail.com", "+4915123456789"
    names = {"First Name": sha256("anna"), "Last Name": sha256("o'brien")}
    assert both.rows("google") == [
        {"Email": sha256(mail), "Phone": sha256(number), **names, "Country": "DE", "Zip": "8004"},
        dict.fromkeys(HEADERS["google"], "") | {"Phone": sha256(number)},
    ]
    assert both.rows("meta") == [
        {
            "email": sha256("anna.schmidt+shop@gmail.com"),
            "phone": sha256(number[1:]),
            "fn": sha256("anna"),
            "ln": sha256("obrien"),
            "ct": sha256("stgallen"),
            "zip": sha256("8004"),
            "country": sha256("de"),
        },
        dict.fromkeys(HEADERS["meta"], "") | {"phone": sha256(number[1:]), "country": sha256("de")},
    ]


@pytest.mark.parametrize("form", HEADERS)
def test_only_who_agrees_to_both_is_told_of(lists: Callable[..., Lists], form: str) -> None:
    """A signal that is no, missing or another word leaves a person out, in every file, and is counted."""
    said = [True, False, None]
    people = [(*ANNA, user, personal) for user in said for personal in said]
    told = lists(form)
    told.deliver(people)
    assert len(told.rows(form)) == 1
    assert told.manifest(form)["left_out"] == {"denied": 8, "unusable": 0}
    assert told.manifest(form)["consent"] == {"ad_user_data": "GRANTED", "ad_personalization": "GRANTED"}

    words = ["granted", " GRANTED", "Granted\n", "denied", "DENIED", "yes", "true", "1", "", "unspecified", None]
    told.deliver([(*ANNA, "granted", word) for word in words], schema(pa.string()))
    assert len(told.rows(form)) == 3
    told.deliver([(*ANNA, 1, 1)], schema(pa.int64()))
    assert told.rows(form) == []


def test_an_address_counts_whole(lists: Callable[..., Lists]) -> None:
    """Google finds nobody by a part of an address, so it goes whole or not; who can't be found isn't told of."""
    whole = (None, None, "Anna", "Schmidt", "Berlin", "10115", "DE")
    parts = [(*whole[:place], None, *whole[place + 1 :]) for place in (2, 3, 5, 6)]
    told = lists("google", "meta")
    told.deliver([whole, *parts, (None,) * 7, ("no address", "12", None, None, None, None, None)])
    assert [row["Zip"] for row in told.rows("google")] == ["10115"]
    assert told.manifest("google")["left_out"] == {"denied": 0, "unusable": 6}
    assert [bool(row["zip"]) for row in told.rows("meta")] == [True, False, True]
    assert told.manifest("meta")["left_out"] == {"denied": 0, "unusable": 4}


VALUE = st.one_of(st.none(), st.text(max_size=25), st.sampled_from([*ANNA, "anna@shop.example", "10115", "DE"]))
CELL = re.compile(r"([0-9a-f]{64})?")
PLAIN = {"Country": re.compile(r"([A-Z]{2})?"), "Zip": re.compile(r"([0-9A-Za-z -]{1,12})?")}


@given(people=st.lists(st.tuples(*[VALUE] * 7), max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_holds_a_value_of_a_person(people: list[tuple[str | None, ...]], tmp_path_factory: Any) -> None:
    """Whatever stands in whatever column: what stays is hashes, and in Google's list country and postcode."""
    told = Lists(tmp_path_factory.mktemp("lists"), ["google", "meta"])
    told.deliver(people)
    for form in HEADERS:
        for row in told.rows(form):
            assert all(PLAIN.get(name, CELL).fullmatch(value) for name, value in row.items())
    assert [path.name for path in told.engine.iterdir()] == ["wanted.parquet"]
    suffixes = {path.suffix for path in told.root.rglob("*") if path.is_file()}
    assert suffixes <= {".csv", ".parquet", ".json", ".lock"}


def test_the_manifest_holds_nobody(lists: Callable[..., Lists]) -> None:
    """It says what the list is, by which versions of the rules it was made and how many were left out, and no value."""
    told = lists("google")
    told.deliver([ANNA])
    manifest = told.manifest("google")
    assert (manifest["format"], manifest["rows"], manifest["key"]) == ("google", 1, [])
    assert manifest["rules"] == dict(google.RULES)
    assert [column["name"] for column in manifest["columns"]] == HEADERS["google"]
    assert not any(value.strip() in json.dumps(manifest) for value in ANNA if len(value) > 2)


def test_equal_rows_are_not_hashed_again(lists: Callable[..., Lists], monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of the same rows by the same rules is held; another version of a rule makes it anew."""
    told = lists("google")
    assert told.deliver([ANNA])
    before = told.manifest("google")
    with monkeypatch.context() as without:
        for name in ("email", "phone", "first_name"):
            without.setattr(google, name, None)
        assert not told.deliver([ANNA])
    assert told.manifest("google") == before
    with monkeypatch.context() as newer:
        newer.setattr(google, "RULES", {**google.RULES, "phonenumbers": "99"})
        assert told.deliver([ANNA])
        assert told.manifest("google")["rules"]["phonenumbers"] == "99"


@pytest.mark.parametrize("harm", ["csv gone", "csv altered", "manifest gone", "rows", "left_out", "no left_out"])
def test_a_list_that_was_touched_is_made_anew(lists: Callable[..., Lists], harm: str) -> None:
    """A file that is gone or altered, or a manifest that says otherwise, is found and mended."""
    told = lists("meta")
    told.deliver([ANNA])
    folder = told.root / "buyers_meta"
    before = told.manifest("meta")
    [path] = folder.glob("*.csv")
    if harm == "csv gone":
        path.unlink()
    elif harm == "csv altered":
        path.write_bytes(path.read_bytes()[:-3] + b"x\r\n")
    elif harm == "manifest gone":
        (folder / "manifest.json").unlink()
    else:
        altered = {"rows": {"rows": 2}, "left_out": {"left_out": {"denied": 1}}, "no left_out": {"left_out": None}}
        (folder / "manifest.json").write_text(json.dumps(before | altered[harm]))
    assert told.deliver([ANNA])
    assert told.manifest("meta") == before
    assert len(told.rows("meta")) == 1


def test_one_list_that_was_touched_is_made_anew_alone(lists: Callable[..., Lists]) -> None:
    """Of two lists the one that is whole is left as it is."""
    told = lists("google", "meta")
    told.deliver([ANNA])
    [path] = (told.root / "buyers_google").glob("*.csv")
    path.unlink()
    untouched = {file: file.stat().st_mtime_ns for file in (told.root / "buyers_meta").iterdir()}
    assert told.deliver([ANNA])
    assert {file: file.stat().st_mtime_ns for file in (told.root / "buyers_meta").iterdir()} == untouched


BROKEN: list[tuple[tuple[str, ...], str]] = [
    (("email", "ad_user_data"), "needs the column ad_personalization: nobody is on it"),
    (("email",), "needs the column ad_user_data and ad_personalization"),
    (("first_name", "city", *SIGNALS), "needs identifiers"),
    (("email", "net_revenue_amount", *SIGNALS), "can't hold the column net_revenue_amount: beside its key"),
]


@pytest.mark.parametrize(("columns", "sentence"), BROKEN)
def test_a_model_that_is_no_list_is_refused(lists: Callable[..., Lists], columns: Sequence[str], sentence: str) -> None:
    """What is missing or too much is said before anything is written, as declared and as built."""
    told = lists("google")
    with pytest.raises(WrongConnectionError, match=sentence):
        told.open(kinds=dict.fromkeys(("profile_id", *columns), "text"), key=("profile_id",))
    built = pa.schema([(name, pa.string()) for name in ("profile_id", *columns)])
    path = told.engine / "wanted.parquet"
    write_parquet(path, [], built)
    for call in (told.open().holds, partial(told.open().replace, at=AT)):
        with pytest.raises(NotAllowedError, match=sentence):
            call(wanted=path, rows=0, columns=built, facts=FACTS)
    assert not list(told.root.iterdir())


def test_any_column_may_be_the_key(lists: Callable[..., Lists]) -> None:
    """The key's columns tell the model's rows apart and are no part of the list; numbers are read as texts."""
    told = lists("google")
    columns = pa.schema(
        [("customer_id", pa.int64()), ("email", pa.string()), *((name, pa.bool_()) for name in SIGNALS)]
    )
    path = told.engine / "wanted.parquet"
    batch = pa.record_batch([[7], ["anna@shop.example"], [True], [True]], schema=columns)
    write_parquet(path, [batch], columns)
    told.open().replace(path, 1, columns, AT, replace(FACTS, key=("customer_id",)))
    assert [row["Email"] for row in told.rows("google")] == [sha256("anna@shop.example")]


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({}, "format: Field required"),
        ({"format": "tiktok"}, "'google' or 'meta'"),
        ({"format": []}, "at least 1 item"),
        ({"format": "google", "bucket": "x"}, "bucket is no option of place local"),
        ({"format": "google", "place": "s3"}, "place s3 needs bucket"),
        ({"format": "google", "colour": "red"}, "colour"),
    ],
)
def test_a_wrong_connection_is_told(declared: dict[str, Any], sentence: str) -> None:
    """A connection says which companies' lists it holds, and where as `files` does."""
    with pytest.raises(WrongConnectionError, match=sentence):
        parse_connection("lists", {"type": "advertising", **declared})


def test_without_the_libraries_a_sentence_says_what_to_install(
    lists: Callable[..., Lists], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The companies' libraries are an extra; whoever hasn't got them is told its name."""
    monkeypatch.delitem(sys.modules, "orchestration.activation.hashing.google")
    monkeypatch.setitem(sys.modules, "google.ads.datamanager_util.format", None)
    with pytest.raises(WrongConnectionError, match=r"install onefolk\[advertising\]"):
        lists("google").open()
