"""Exports, on both engines, read back by readers that know nothing of the writers."""

import csv
import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest

from orchestration.progress import Report, listening
from orchestration.project import PublicTable
from orchestration.publishing import export as export_module
from orchestration.publishing import publish
from orchestration.publishing.export import export_table
from orchestration.publishing.export_tables import ExportError
from orchestration.settings import Settings
from orchestration.warehouse import literal, open_warehouse
from tests.conftest import environment_of
from tests.orchestration.test_publishing import TABLES, build, change

TEXTS = [
    "plain",
    "=1+1",
    '=HYPERLINK("http://x.example","y")',
    "+49 30 1",
    "-5",
    "@sum",
    "\tx",
    "\uff1d1",
    "Ελλάδα 日本語 مرحبا 🙂",
    'a "quoted", comma',
    "two\nlines",
    "https://x.example/?a=1&b=<c>",
    "",
    None,
    "001",
    "NaN",
]
FORMULAS = ("=", "+", "-", "@", "\t", "\uff1d")
BIG = 9_007_199_254_740_993
MOMENT = dt.datetime(2026, 3, 5, 10, 0, 0, 123_000)
STRANGE = PublicTable("profiles", "strange", ("row_id",), (), "One row per strange value.")


def make_strange(settings: Settings) -> None:
    """A published table of values that files tend to lose."""
    build(settings)
    with open_warehouse(settings) as warehouse:
        warehouse.execute(
            "create table work_profiles.strange (row_id text, label text, big_count bigint, amount numeric(28,6),"
            " share double precision, is_odd boolean, day_date date, seen_at timestamp)"
        )
        for number, text in enumerate(TEXTS):
            label = "null" if text is None else literal(text)
            rest = (
                "null, null, null, null, null, null"
                if text is None
                else f"{BIG + number}, {'12345678901234567890.123456' if number else '-0.1'},"
                f" cast('{'NaN' if number % 2 else '0.1'}' as double precision), {number % 2 == 1},"
                f" '{'1815-12-10' if number else '2026-03-05'}', '2026-03-05 10:00:00.123'"
            )
            warehouse.execute(f"insert into work_profiles.strange values ('r{number:02}', {label}, {rest})")
    publish(settings, (*TABLES, STRANGE))


@pytest.fixture
def strange(engine_settings: Settings) -> Settings:
    """A project that published the strange table."""
    make_strange(engine_settings)
    return engine_settings


def test_csv_comes_back_as_it_was(strange: Settings, tmp_path: Path) -> None:
    """Exact CSV holds every value as text; otherwise only texts like formulas differ, by their apostrophe."""
    export_table(strange, "strange", form=None, out=tmp_path / "exact.csv", exact=True)
    done = export_table(strange, "strange", form=None, out=tmp_path / "safe.csv")
    exact, safe = (
        list(csv.reader((tmp_path / name).open(encoding="utf-8", newline=""))) for name in ("exact.csv", "safe.csv")
    )
    assert done.rows == len(TEXTS)
    assert exact[0] == safe[0]
    exact, safe = sorted(exact[1:]), sorted(safe[1:])
    assert [row[1] for row in exact] == [text or "" for text in TEXTS]
    assert [row[1] for row in safe] == [
        f"'{text}" if text and text.startswith(FORMULAS) else text or "" for text in TEXTS
    ]
    assert [row[2:] for row in exact] == [row[2:] for row in safe]
    assert exact[1][2:4] == [str(BIG + 1), "12345678901234567890.123456"]
    assert exact[0][3] == "-0.100000", "a negative number is no formula"
    assert exact[1][4].lower() == "nan"
    assert exact[1][5:] == ["true", "1815-12-10", "2026-03-05 10:00:00.123"]
    nothing, blank = next(row for row in exact if row[0] == "r13"), next(row for row in exact if row[0] == "r12")
    assert nothing[1:] == [""] * 7
    lines = (tmp_path / "exact.csv").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith('r12,"",') for line in lines), "an empty text is not nothing"
    assert blank[1] == ""


def test_parquet_comes_back_as_it_was(strange: Settings, tmp_path: Path) -> None:
    """Parquet holds every value in its type."""
    export_table(strange, "profiles.strange", form="parquet", out=tmp_path / "x.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "x.parquet").sort_by("row_id")
    rows = table.to_pylist()
    assert [row["label"] for row in rows] == TEXTS
    assert [str(table.schema.field(name).type) for name in ("big_count", "amount", "day_date")] == [
        "int64",
        "decimal128(28, 6)",
        "date32[day]",
    ]
    first = rows[1]
    assert (first["big_count"], first["amount"]) == (BIG + 1, Decimal("12345678901234567890.123456"))
    assert first["share"] != first["share"]
    assert (first["day_date"], first["seen_at"]) == (dt.date(1815, 12, 10), MOMENT)
    assert list(rows[13].values()) == ["r13", *[None] * 7]


def test_spreadsheets_hold_texts_never_formulas(strange: Settings, tmp_path: Path) -> None:
    """In a spreadsheet text stays text, whatever it begins with, and so do numbers that no cell holds exactly."""
    export_table(strange, "strange", form="xlsx", out=tmp_path)
    sheet = openpyxl.load_workbook(tmp_path / "strange.xlsx")["strange"]
    heading, *cells = sheet.iter_rows()
    assert [cell.value for cell in heading] == [
        "row_id", "label", "big_count", "amount", "share", "is_odd", "day_date", "seen_at",
    ]  # fmt: skip
    cells.sort(key=lambda row: row[0].value)
    assert not [cell for row in cells for cell in row if cell.data_type == "f" or cell.hyperlink]
    assert [row[1].value or "" for row in cells] == [text or "" for text in TEXTS]
    assert [row[1].data_type for row in cells if row[1].value] == ["s"] * (len(TEXTS) - 2)
    assert (cells[1][2].value, cells[1][3].value) == (str(BIG + 1), "12345678901234567890.123456")
    assert (cells[0][3].value, cells[0][4].value) == (-0.1, 0.1)
    assert (cells[1][4].value, cells[1][5].value) == ("nan", True)
    assert (cells[0][6].value.date(), cells[1][6].value) == (dt.date(2026, 3, 5), "1815-12-10")
    assert abs(cells[0][7].value - MOMENT) < dt.timedelta(milliseconds=1)
    assert {cell.value for cell in cells[13][1:]} == {None}


def test_an_empty_table_is_a_file_with_a_heading(engine_settings: Settings, tmp_path: Path) -> None:
    """A table without a row, or a limit of none, comes out with its columns."""
    build(engine_settings, people=0)
    publish(engine_settings, TABLES)
    for name in ("x.csv", "x.parquet", "x.xlsx"):
        assert export_table(engine_settings, "profiles", form=None, out=tmp_path / name).rows == 0
    heading = "profile_id,country,order_count,order_amount,first_seen_at"
    assert (tmp_path / "x.csv").read_text().strip() == heading
    assert ",".join(pyarrow.parquet.read_schema(tmp_path / "x.parquet").names) == heading
    assert openpyxl.load_workbook(tmp_path / "x.xlsx")["profiles"].max_row == 1


def test_readers_rows_are_exported_not_built_ones(engine_settings: Settings, tmp_path: Path) -> None:
    """What is built and not published is in no file; the file of before is replaced, and nothing else is left."""
    build(engine_settings, people=4)
    publish(engine_settings, TABLES)
    change(engine_settings, "delete from {t}")
    out = tmp_path / "out" / "p.csv"
    out.parent.mkdir()
    out.write_text("earlier")
    heard: list[Report] = []
    with listening(heard.append):
        assert export_table(engine_settings, "profiles", form=None, out=out).rows == 4
        assert export_table(engine_settings, "profiles", form=None, out=out, limit=3).rows == 3
    assert len(out.read_text().splitlines()) == 4
    assert [path.name for path in out.parent.iterdir()] == ["p.csv"]
    assert {report.done for report in heard} >= {0, 3, 4}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("profile", r"profile is no table that readers see. Near are profiles\.profiles"),
        ("audiences.audience_member", r"Near are audiences\.audience_members"),
        ("zzz", r"There are audiences\.audience_members, profiles\.profiles"),
        ("pii.contact_points", "holds direct personal data"),
        ("contact_points", "holds direct personal data"),
        ("work_pii.secrets", "holds direct personal data"),
        ("raw_crm.contacts", "holds direct personal data"),
        ("identity_components", "private table of its room"),
        ("profiles.profiles.x", "no table that readers see"),
        ('profiles"; drop table x; --', "no table that readers see"),
        ("", "no table that readers see"),
    ],
)
def test_other_tables_are_a_sentence(engine_settings: Settings, name: str, message: str) -> None:
    """An unknown table is answered with near names, a private one and one of values with the reason."""
    build(engine_settings)
    publish(engine_settings, TABLES)
    with pytest.raises(ExportError, match=message):
        export_table(engine_settings, name, form="csv", out=None)


@pytest.mark.parametrize(
    ("form", "out", "message"),
    [
        ("ods", None, "'ods' is no format; there are csv, parquet, xlsx"),
        (None, "x.txt", "tells no format"),
        ("csv", "x.xlsx", "make them the same"),
        (None, "nowhere/x.csv", "no folder"),
    ],
)
def test_a_wrong_file_is_a_sentence(make_settings: Any, tmp_path: Path, form: str, out: str, message: str) -> None:
    """A format or place that can't be is refused before anything is written."""
    settings = make_settings("duckdb", tmp_path)
    with pytest.raises(ExportError, match="Nothing has been published yet"):
        export_table(settings, "profiles", form="csv", out=None)
    build(settings)
    publish(settings, TABLES)
    with pytest.raises(ExportError, match=message):
        export_table(settings, "profiles", form=form, out=tmp_path / out if out else None)


def test_a_spreadsheet_too_long_is_refused_before_it_is_written(make_settings: Any, tmp_path: Path) -> None:
    """More rows than a sheet has are refused at once, with what to do; with the limit told, they go."""
    settings = make_settings("duckdb", tmp_path)
    build(settings, people=1_048_576)
    publish(settings, TABLES)
    with pytest.raises(ExportError, match=r"1,048,576 rows.*1,048,575 below its heading.*csv or parquet"):
        export_table(settings, "profiles", form="xlsx", out=tmp_path / "x.xlsx")
    assert not list(tmp_path.glob("*x.xlsx*"))
    assert export_table(settings, "profiles", form=None, out=tmp_path / "x.xlsx", limit=10).rows == 10


def test_what_a_form_can_not_hold_leaves_no_file(make_settings: Any, tmp_path: Path) -> None:
    """A text longer than a cell, and on Postgres a number that is none, are told; the earlier file stays."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    change(settings, "update {t} set country = repeat('x', 40000)")
    publish(settings, TABLES)
    out = tmp_path / "x.xlsx"
    out.write_text("earlier")
    with pytest.raises(ExportError, match=r"Column country of profiles\.profiles holds a text of 40,000 characters"):
        export_table(settings, "profiles", form=None, out=out)
    assert out.read_text() == "earlier"
    settings = make_settings("postgres", tmp_path / "postgres")
    build(settings)
    change(settings, "update {t} set order_amount = 'NaN'")
    publish(settings, TABLES)
    with pytest.raises(ExportError, match="such as NaN: export it as csv"):
        export_table(settings, "profiles", form=None, out=tmp_path / "x.parquet")
    export_table(settings, "profiles", form=None, out=tmp_path / "x.csv")
    assert "NaN" in (tmp_path / "x.csv").read_text()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["x.csv", "x.xlsx"]


def test_a_full_disk_or_a_kill_leaves_the_earlier_file(
    make_settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ends in the middle leaves the earlier file whole."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    publish(settings, TABLES)
    out = tmp_path / "x.csv"
    out.write_text("earlier")

    def broken(*_: Any) -> Iterator[Any]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_module, "_copy", broken)
    with pytest.raises(ExportError, match="No space left on device"):
        export_table(settings, "profiles", form=None, out=out)
    assert out.read_text() == "earlier"


def test_the_command_says_what_it_wrote(make_settings: Any, tmp_path: Path) -> None:
    """`onefolk export` prints rows, table and file, and for an unknown table a sentence."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    publish(settings, TABLES)

    def call(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "orchestration.cli", "export", *arguments]
        environment = environment_of(settings) | {"COLUMNS": "200", "PYTHONPATH": os.getcwd()}
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    done = call("profiles")
    assert done.returncode == 0, done.stderr
    assert f"3 rows of profiles.profiles are in {tmp_path / 'profiles.csv'}" in done.stdout
    wrong = call("profils")
    assert wrong.returncode == 1
    assert "Near are profiles.profiles" in wrong.stderr
