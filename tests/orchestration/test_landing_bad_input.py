"""Bad input: it never stops the good, never vanishes, and the message names file and line."""

import csv
import gzip
import io
import itertools
import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orchestration.landing import land, load_contract
from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse
from tests.conftest import LandingFolder, SettingsFactory, environment_of

HEADER = "contact_id,first_name,email\n"
GOOD = "good,Ada,ada@example.com\n"


def contacts(landing: LandingFolder) -> list[tuple[object, ...]]:
    """What landed, in file order."""
    return landing.rows("select contact_id, first_name, email from raw_crm.contacts order by _source_file, _source_row")


def rejected(landing: LandingFolder) -> list[tuple[object, ...]]:
    """File, line and reason of each rejected line."""
    return landing.rows("select file_path, line_no, reason from raw_onefolk.rejected_lines order by 1, 2")


def test_files_without_rows_land_with_none(landing: LandingFolder) -> None:
    """A file of zero bytes and a header without rows land with zero rows, packed or not."""
    landing.put("crm/contacts/zero.csv", b"")
    landing.put("crm/contacts/zero.csv.gz", b"")
    landing.put("crm/contacts/zero_packed.csv.gz", gzip.compress(b""))
    landing.put("crm/contacts/zero.jsonl", b"")
    landing.put("crm/contacts/header.csv", HEADER)
    landing.put("crm/contacts/header_only_line.csv", HEADER.strip())
    landing.put("crm/contacts/mark.csv", b"\xef\xbb\xbf" + HEADER.encode())
    report = landing.land()
    assert (report.files, report.rows, report.sentences()) == (7, 0, [])


def test_broken_csv_lines_are_set_aside_with_file_and_line(landing: LandingFolder) -> None:
    """Ragged rows, an open quote and text after a quote cost their own line; the rest of the file loads."""
    lines = [
        HEADER,
        GOOD,
        "1,2\n",
        GOOD,
        "1,2,3,4\n",
        'x,"Ada,open\n',
        GOOD,
        'x,"Ada"da,z\n',
        "\n",
        'y,"a\nb",c\n',
        GOOD,
    ]
    landing.put("crm/contacts/a.csv", "".join(lines))
    report = landing.land()
    assert rejected(landing) == [
        ("crm/contacts/a.csv", 3, "the line has 2 field(s) where the header has 3"),
        ("crm/contacts/a.csv", 5, "the line has 4 field(s) where the header has 3"),
        ("crm/contacts/a.csv", 6, "a quote is not closed"),
        ("crm/contacts/a.csv", 8, "field 2 goes on after its closing quote"),
    ]
    assert [row[0] for row in contacts(landing)] == ["good", "good", "good", "y", "good"]
    assert contacts(landing)[3] == ("y", "a\nb", "c")
    assert "crm/contacts/a.csv, line 3: the line has 2 field(s) where the header has 3." in report.sentences()
    assert "crm/contacts/a.csv: 1 more lines are in raw_onefolk.rejected_lines." in report.sentences()
    assert landing.rows("select row_count, rejected_count, status from raw_onefolk.files") == [(5, 4, "landed")]


def test_broken_json_lines_are_set_aside_with_file_and_line(landing: LandingFolder) -> None:
    """A line that is no JSON object costs itself; blank lines cost nothing; numbers of lines are exact."""
    lines = [
        '{"contact_id": "a"}',
        "",
        "{broken",
        "[1, 2]",
        '"text"',
        "   ",
        '{"contact_id": "\\ud800"}',
        "{}{}",
        "null",
        "{}",
    ]
    landing.put("crm/contacts/a.jsonl", "\r\n".join([*lines, '{"contact_id": "b"}']))
    landing.land()
    not_json, no_object = "the line is not JSON", "the line is JSON, but not an object"
    reasons = {3: not_json, 4: no_object, 5: no_object, 7: not_json, 8: not_json, 9: no_object}
    assert rejected(landing) == [("crm/contacts/a.jsonl", line, reason) for line, reason in reasons.items()]
    landed = landing.rows("select contact_id, _source_row from raw_crm.contacts order by 2")
    assert landed == [("a", 1), (None, 10), ("b", 11)]
    assert landing.rows("select line_text from raw_onefolk.rejected_lines where line_no = 3") == [("{broken",)]


@pytest.mark.parametrize(
    ("content", "encoding", "name"),
    [
        ("José;Müller".encode("latin-1"), "latin-1", "José;Müller"),
        ("José;10 €".encode("cp1252"), "windows-1252", "José;10 €"),
        (b"\xef\xbb\xbf" + "José".encode(), "utf-8", "José"),
    ],
)
def test_other_encodings_are_read_and_noted(
    duckdb_landing: LandingFolder, content: bytes, encoding: str, name: str
) -> None:
    """A CSV that is not UTF-8 is read as Latin-1, and the register says so; a byte order mark is no part of a name."""
    header = HEADER.encode()
    if content.startswith(b"\xef\xbb\xbf"):
        header, content = b"\xef\xbb\xbf" + header, content[3:]
    duckdb_landing.put("crm/contacts/a.csv", header + b"1," + content + b",x\r\n" + GOOD.encode())
    duckdb_landing.land()
    assert contacts(duckdb_landing) == [("1", name, "x"), ("good", "Ada", "ada@example.com")]
    assert duckdb_landing.rows("select encoding from raw_onefolk.files") == [(encoding,)]


def test_utf16_and_other_delimiters_and_line_ends_are_read(landing: LandingFolder) -> None:
    """What spreadsheets export lands: UTF-16, semicolons, tabs, CRLF, and the line ends of old machines."""
    rows = [("1", "Zoë", "a,b"), ("2", "李", "c")]
    plain = "\n".join(["contact_id\tfirst_name\temail", *("\t".join(row) for row in rows)])
    landing.put("crm/contacts/1.csv", plain.encode("utf-16"))
    landing.put("crm/contacts/2.csv", plain.replace("\t", ";").replace("\n", "\r\n"))
    landing.put("crm/contacts/3.csv", plain.replace("\t", "|").replace("\n", "\r"))
    landing.put("crm/contacts/4.csv", gzip.compress(plain.encode()) and plain.replace("1\tZ", "1\t\0Z"))
    report = landing.land()
    assert report.sentences() == []
    assert contacts(landing) == rows * 4
    encodings = landing.rows("select encoding from raw_onefolk.files order by file_path")
    assert encodings == [("utf-16",), ("utf-8",), ("utf-8",), ("utf-8",)]


def test_a_line_that_is_not_utf8_costs_itself_in_a_utf8_file(duckdb_landing: LandingFolder) -> None:
    """In a file whose other lines are UTF-8, a broken one is set aside rather than all others garbled."""
    lines = [f"{number},Zoë,x\n".encode() for number in range(3)]
    duckdb_landing.put("crm/contacts/a.csv", HEADER.encode() + lines[0] + b"9,Zo\xeb,x\n" + lines[1] + lines[2])
    duckdb_landing.land()
    assert [row[:2] for row in contacts(duckdb_landing)] == [("0", "Zoë"), ("1", "Zoë"), ("2", "Zoë")]
    reason = "byte 0xeb at position 5 of the line is not utf-8"
    assert rejected(duckdb_landing) == [("crm/contacts/a.csv", 3, reason)]


def test_nul_characters_are_left_out(landing: LandingFolder) -> None:
    """NULs, which Postgres can't hold, are left out of CSV and JSON alike, escaped ones and nested ones too."""
    landing.put("crm/contacts/a.csv", HEADER + "1,A\0da,\0\n")
    landing.put(
        "crm/contacts/b.jsonl",
        '{"contact_id": "2\\u0000", "first_name": "\\\\u0000", "email": {"x\\u0000": "\\u0000y"}}\n',
    )
    landing.put("crm/contacts/c.jsonl", b'{"contact_id": "3\0"}\n')
    landing.land()
    assert contacts(landing) == [("1", "Ada", None), ("2", "\\u0000", '{"x":"y"}'), ("3", None, None)]


def test_numbers_and_non_numbers_of_json_stay_what_they_are(landing: LandingFolder) -> None:
    """Large numbers keep every digit; NaN and Infinity, which JSON does not have, become null inside nested values."""
    nested = '{"score": NaN, "rank": [Infinity, 1.5]}'
    line = f'{{"contact_id": 123456789012345678901234567890, "email": {nested}, "first_name": 19.99}}'
    landing.put("crm/contacts/a.jsonl", line)
    landing.land()
    assert contacts(landing) == [("123456789012345678901234567890", "19.99", '{"score":null,"rank":[null,1.5]}')]


def test_unreadable_files_are_set_aside_and_the_others_load(landing: LandingFolder) -> None:
    """What is not what its name says is set aside with its reason, counted, and not tried again."""
    landing.put("crm/contacts/a.csv", HEADER + GOOD)
    landing.put("crm/contacts/none.parquet", b"")
    landing.put("crm/contacts/text.parquet", b"PAR1 but not really PAR1")
    landing.put("crm/contacts/binary.csv", bytes(range(256)) * 40)
    landing.put("crm/contacts/torn.csv.gz", gzip.compress((HEADER + GOOD * 5000).encode())[:-20])
    landing.put("crm/contacts/not.jsonl.gz", b"{}")
    landing.put("crm/contacts/headless.csv", GOOD + GOOD)
    landing.put("crm/contacts/wide.csv", ",".join(["contact_id", *(f"c{n}" for n in range(500))]) + "\n1" + ",2" * 500)
    landing.put("crm/contacts/sheet.xlsx", b"PK")
    report = landing.land()
    assert report.rows == 1
    reasons = {Path(path).name: reason for path, reason in report.set_aside.items()}
    assert (
        sorted(reasons) == sorted(path.name for path in (landing.settings.landing_dir / "crm/contacts").iterdir())[1:]
    )
    assert "is not a readable Parquet file" in reasons["text.parquet"]
    assert "it ends too early" in reasons["torn.csv.gz"]
    assert "is not a readable gzip file" in reasons["not.jsonl.gz"]
    assert "is the header missing?" in reasons["headless.csv"]
    assert "more columns than the 400" in reasons["wide.csv"]
    assert "ends in none of .csv" in reasons["sheet.xlsx"]
    counted = landing.rows("select status, count(*), sum(row_count) from raw_onefolk.files group by status order by 1")
    assert [(status, int(files), int(rows)) for status, files, rows in counted] == [
        ("landed", 1, 1),
        ("set_aside", 8, 0),
    ]
    assert landing.land().is_empty


def test_keys_beyond_the_room_of_a_table_are_rejected_by_line(landing: LandingFolder) -> None:
    """A JSONL whose every line brings new keys fills the table's room; the lines beyond it are set aside."""
    landing.put("crm/contacts/a.jsonl", "\n".join(json.dumps({"contact_id": n, f"key_{n}": n}) for n in range(600)))
    report = landing.land()
    assert report.rows + report.rejected_lines == 600
    assert 300 < report.rows < 400
    assert rejected(landing)[0][2] == "the line has a column beyond the 400 that a table may have"


def test_duplicate_keys_land_as_they_are(landing: LandingFolder) -> None:
    """Two rows of one key both land: which one holds is for staging to say."""
    landing.put("crm/contacts/a.csv", HEADER + GOOD + GOOD)
    assert landing.land().rows == 2


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "csv.gz"])
def test_a_line_of_fifty_megabytes_is_set_aside_in_bounded_memory(duckdb_landing: LandingFolder, suffix: str) -> None:
    """A line that is longer than any line should be costs itself, and not the memory of the machine."""
    value = "x" * 50_000_000
    if suffix == "jsonl":
        good, huge = '{"contact_id": "good"}\n', f'{{"contact_id": "{value}"}}\n'
        content = good + huge + good
    else:
        content = HEADER + GOOD + f"1,{value},2\n" + GOOD
    packed = gzip.compress(content.encode(), 1) if suffix.endswith("gz") else content.encode()
    duckdb_landing.put(f"crm/contacts/a.{suffix}", packed)
    script = (
        "import resource\n"
        "from orchestration.landing import land, load_contract\n"
        "from orchestration.settings import load_settings\n"
        "from orchestration.warehouse import open_warehouse\n"
        "settings = load_settings()\n"
        "with open_warehouse(settings) as warehouse:\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "    land(settings, warehouse, load_contract())\n"
        "    raise SystemExit((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 10_000)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment_of(duckdb_landing.settings))
    assert done.returncode * 10 < 400, "landing took more than 400 MB beside what it started with"
    ((_, line_no, reason),) = rejected(duckdb_landing)
    assert (line_no, reason[:12]) == (2 + (suffix != "jsonl"), "the line has")
    assert [row[0] for row in contacts(duckdb_landing)] == ["good", "good"]


# Text that is likely to break something: quotes, delimiters, line ends, NULs, half characters, far alphabets.
HOSTILE = st.text(
    st.one_of(
        st.sampled_from("\",;'\\\r\t\0|{}[]:"),
        st.characters(codec="utf-8", exclude_characters="\n"),
    ),
    max_size=12,
)
JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), HOSTILE),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(HOSTILE, inner, max_size=2)),
    max_leaves=3,
)
KEYS = st.sampled_from(["contact_id", "email", "Email", "order", "a b", "", "/~", "🦆", "İ", '"', "0", "_source_row"])
JSON_LINES = st.one_of(
    HOSTILE,
    st.dictionaries(KEYS, JSON_VALUES, max_size=3).map(json.dumps),
    JSON_VALUES.map(json.dumps),
    st.binary(max_size=10).map(lambda found: found.decode("latin-1").replace("\n", "")),
)
CSV_LINES = st.lists(st.text(st.sampled_from('ab ",\0é\r'), max_size=4), min_size=1, max_size=4).map(",".join)
PROFILE = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def hostile_file(lines: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """Files of 500 lines, put together from some fifty that hypothesis finds."""
    pool = st.lists(lines, min_size=40, max_size=60)
    return st.builds(lambda found, seed: Random(seed).choices(found, k=500), pool, st.integers(0, 2**32))


def land_hostile(landing: Settings, relative: str, content: bytes) -> tuple[int, int]:
    """Land one file; its rows and rejected lines."""
    LandingFolder(landing).put(relative, content)
    with open_warehouse(landing) as warehouse:
        report = land(landing, warehouse, load_contract())
        assert report.set_aside == {}
        rows = warehouse.rows(f"select count(*) from raw_crm.contacts where _source_file = '{relative}'")
        lines = warehouse.rows(f"select count(*) from raw_onefolk.rejected_lines where file_path = '{relative}'")
    assert (report.rows, report.rejected_lines) == (rows[0][0], lines[0][0])
    return report.rows, report.rejected_lines


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_hostile_json_is_counted_to_the_line(make_settings: SettingsFactory, target: str) -> None:
    """Of 10,000 hostile JSON lines, each one that is not blank is either a row or a rejected line."""
    place, numbers = make_settings(target), itertools.count()

    @PROFILE
    @given(hostile_file(JSON_LINES))
    def check(lines: list[str]) -> None:
        content = "\n".join(line.replace("\n", "") for line in lines).encode()
        rows, rejects = land_hostile(place, f"crm/contacts/{next(numbers)}.jsonl", content)
        blank = [line for line in content.replace(b"\0", b"").split(b"\n") if not line.strip(b" \t\r\f")]
        assert rows + rejects + len(blank) == len(lines)

    check()


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_hostile_csv_is_counted_to_the_line(make_settings: SettingsFactory, target: str) -> None:
    """Of 10,000 hostile CSV lines, each is rejected, or a part of a row that holds its line breaks."""
    place, numbers = make_settings(target), itertools.count()

    @PROFILE
    @given(hostile_file(CSV_LINES), st.sampled_from(["\n", "\r\n"]))
    def check(lines: list[str], line_end: str) -> None:
        content = (HEADER.strip() + line_end + line_end.join(line + "." for line in lines)).encode()
        relative = f"crm/contacts/{next(numbers)}.csv"
        _, rejects = land_hostile(place, relative, content)
        landed = LandingFolder(place).rows(
            f"select contact_id, first_name, email from raw_crm.contacts where _source_file = '{relative}'"
        )
        breaks = sum((value or "").count("\n") for row in landed for value in row)
        assert len(landed) + breaks + rejects == len(lines)

    check()


def test_whatever_a_csv_writer_writes_lands_as_it_was(duckdb_landing: LandingFolder) -> None:
    """Sound CSV with hostile values lands value by value; only NULs and empty values are gone."""
    numbers = itertools.count()
    value = st.text(st.one_of(st.sampled_from('",\n\r\0 ;'), st.characters(codec="utf-8")), max_size=8)

    @PROFILE
    @given(st.lists(st.tuples(value, value, value), min_size=20, max_size=20), st.sampled_from(["\n", "\r\n"]))
    def check(rows: list[tuple[str, str, str]], line_end: str) -> None:
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL)
        writer.writerows([("contact_id", "first_name", "email"), *rows])
        relative = f"crm/contacts/{next(numbers)}.csv"
        duckdb_landing.put(relative, text.getvalue())
        assert duckdb_landing.land().rejected_lines == 0
        landed = duckdb_landing.rows(
            f"select contact_id, first_name, email from raw_crm.contacts where _source_file = '{relative}'"
            " order by _source_row"
        )
        assert landed == [tuple(part.replace("\0", "") or None for part in row) for row in rows]

    check()
