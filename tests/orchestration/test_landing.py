"""Landing: what lands where, in which columns and types, once."""

import gzip
import io
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.landing import land, load_contract, load_own_tables, pending_files
from orchestration.progress import Report, listening
from orchestration.warehouse import open_warehouse
from tests.conftest import LandingFolder

METADATA = ["_loaded_at", "_source_file", "_source_row", "_source_instance"]


def parquet(**columns: Any) -> bytes:
    """The bytes of a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def test_contract_is_what_the_sources_yaml_says() -> None:
    """Every table of the sources YAML is landable with its key, but for the tables that Onefolk itself keeps."""
    contract = {table.name: table for table in load_contract()}
    assert len(contract) == 34
    assert contract["commerce.order_lines"].key == ("order_id", "line_no")
    assert contract["events.events"].columns["context"] == "json"
    assert contract["crm.contacts"].schema == "raw_crm"
    assert not [name for name in contract if name.startswith("onefolk.")]
    own = [table.table for table in load_own_tables()]
    outcomes = ["sync_fields", "sync_results", "sync_runs"]
    assert own == ["files", "identifier_salt", "profile_showings", "rejected_lines", *outcomes]


def test_empty_landing_folder_creates_every_table_and_column(landing: LandingFolder) -> None:
    """With nothing to land, every table and column of the contract exists, and the report is empty."""
    report = landing.land()
    assert report.is_empty
    assert report.sentences() == []
    with open_warehouse(landing.settings) as warehouse:
        for table in load_contract():
            columns = warehouse.columns(table.schema, table.table)
            assert list(columns) == [*table.columns, *METADATA]
            assert warehouse.rows(f'select count(*) from {table.schema}."{table.table}"') == [(0,)]
        for table in load_own_tables():
            assert list(warehouse.columns(table.schema, table.table)) == list(table.columns)


def test_missing_columns_of_the_contract_are_added_to_an_existing_table(landing: LandingFolder) -> None:
    """A raw table that another version left without a column gets it, and keeps its rows."""
    landing.land()
    with open_warehouse(landing.settings) as warehouse:
        warehouse.execute("alter table raw_pos.stores drop column city")
        warehouse.execute("insert into raw_pos.stores (store_id) values ('s1')")
    landing.land()
    assert landing.rows("select store_id, city from raw_pos.stores") == [("s1", None)]


def test_every_format_lands_with_where_it_came_from(landing: LandingFolder) -> None:
    """CSV, JSONL, their gzip forms and Parquet land side by side, each row with clock, file, row and instance."""
    header = "store_id,name,city\n"
    landing.put("pos/stores/a.csv", header + "1,One,Bonn\n2,,Köln\n")
    landing.put("pos/stores/b.csv.gz", gzip.compress((header + "3,Three,Ulm\n").encode()))
    landing.put("pos/stores/c.jsonl", '{"store_id": "4", "name": "Four"}\n{"store_id": 5, "name": null}\n')
    landing.put("pos@north/stores/2026/d.jsonl.gz", gzip.compress(b'{"store_id": "6", "city": {"de": ["Ulm"]}}'))
    landing.put("pos/stores/e.PARQUET", parquet(store_id=["7"], name=["Seven"]))
    report = landing.land()
    assert report.sentences() == []
    assert (report.files, report.rows, report.table("pos.stores").files) == (5, 7, 5)
    moment = datetime(2026, 9, 1, 6)
    rows = landing.rows(f"select store_id, name, city, {', '.join(METADATA)} from raw_pos.stores order by 1")
    assert rows == [
        ("1", "One", "Bonn", moment, "pos/stores/a.csv", 1, "main"),
        ("2", None, "Köln", moment, "pos/stores/a.csv", 2, "main"),
        ("3", "Three", "Ulm", moment, "pos/stores/b.csv.gz", 1, "main"),
        ("4", "Four", None, moment, "pos/stores/c.jsonl", 1, "main"),
        ("5", None, None, moment, "pos/stores/c.jsonl", 2, "main"),
        ("6", None, '{"de":["Ulm"]}', moment, "pos@north/stores/2026/d.jsonl.gz", 1, "north"),
        ("7", "Seven", None, moment, "pos/stores/e.PARQUET", 1, "main"),
    ]
    register = landing.rows("select file_path, row_count, status, encoding from raw_onefolk.files order by 1")
    assert register[0] == ("pos/stores/a.csv", 2, "landed", "utf-8")
    assert [row[1:3] for row in register] == [(2, "landed"), (1, "landed"), (2, "landed"), (1, "landed"), (1, "landed")]


def test_a_file_lands_once_and_a_later_file_is_an_increment(landing: LandingFolder) -> None:
    """A second landing loads nothing but what is new, and writes nothing otherwise."""
    landing.put("crm/owners/1.csv", "owner_id\na\n")
    assert not landing.land().is_empty
    before = landing.rows("select * from raw_onefolk.files")
    assert landing.land().is_empty
    assert landing.rows("select * from raw_onefolk.files") == before
    landing.put("crm/owners/2.csv", "owner_id\nb\n")
    assert landing.land().rows == 1
    assert landing.rows("select owner_id from raw_crm.owners order by 1") == [("a",), ("b",)]


def test_a_landed_file_that_changes_is_reported_and_not_loaded_again(landing: LandingFolder) -> None:
    """New content under a landed name is refused with advice; the same content with a new time is nothing."""
    path = landing.put("crm/owners/1.csv", "owner_id\na\n")
    landing.land()
    os.utime(path, ns=(1, 1))
    assert landing.land().changed == []
    landing.put("crm/owners/1.csv", "owner_id\nz\n")
    os.utime(path, ns=(2, 2))
    report = landing.land()
    assert report.is_empty
    assert report.sentences() == [
        "crm/owners/1.csv was changed after landing; its new content is not loaded: give it a new name."
    ]
    assert landing.rows("select owner_id from raw_crm.owners") == [("a",)]


def test_a_file_of_which_nothing_was_loaded_may_be_mended(landing: LandingFolder) -> None:
    """A file set aside, or empty when it landed, is tried again once its content changes."""
    landing.put("crm/owners/bad.parquet", b"none")
    landing.put("crm/owners/empty.csv", b"")
    assert list(landing.land().set_aside) == ["crm/owners/bad.parquet"]
    assert landing.land().is_empty
    landing.put("crm/owners/bad.parquet", parquet(owner_id=["a"]))
    landing.put("crm/owners/empty.csv", "owner_id\nb\n")
    assert landing.land().rows == 2
    assert landing.rows("select status, error from raw_onefolk.files") == [("landed", None), ("landed", None)]


def test_a_file_still_being_written_waits(duckdb_landing: LandingFolder) -> None:
    """Names of unfinished files wait, hidden files are no files, and a file that grows between two looks waits."""
    landing = duckdb_landing
    landing.put("crm/owners/a.csv.tmp", "owner_id\na\n")
    landing.put("crm/owners/b.csv.part", "owner_id\na\n")
    landing.put("crm/owners/.c.csv", "owner_id\na\n")
    landing.put("crm/owners/done.csv", "owner_id\nd\n")
    growing = landing.settings.landing_dir / "crm/owners/growing.csv"
    with growing.open("w") as file:
        file.write("owner_id\n")
        pid = os.fork()
        if pid == 0:
            for _ in range(400):
                time.sleep(0.01)
                file.write("x\n")
                file.flush()
            os._exit(0)
        report = landing.land()
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    assert report.files == 1
    assert report.waiting == ["crm/owners/a.csv.tmp", "crm/owners/b.csv.part", "crm/owners/growing.csv"]
    os.utime(growing, ns=(1, 1))
    with open_warehouse(landing.settings) as warehouse:
        assert [file.relative for file in pending_files(landing.settings, warehouse)] == ["crm/owners/growing.csv"]
    assert landing.land().files == 1


def test_a_fresh_file_lands_at_once(duckdb_landing: LandingFolder) -> None:
    """A file written a moment ago lands when it does not change between two looks."""
    path = duckdb_landing.put("crm/owners/a.csv", "owner_id\na\n")
    os.utime(path)
    assert duckdb_landing.land().rows == 1


def test_new_columns_appear_with_safe_names(landing: LandingFolder) -> None:
    """A new column of a file becomes a column; keywords, spaces, quotes and long names work on both engines."""
    names = ["contact_id", "select", "Favourite Colour", 'a "quoted" name', "Größe", "n" * 80, "1st", "_loaded_at"]
    landing.put(
        "crm/contacts/a.csv", ",".join('"' + name.replace('"', '""') + '"' for name in names) + "\n1" + ",x" * 7
    )
    landing.put("crm/contacts/b.jsonl", '{"contact_id": "2", "order": 1, "a/b~c": [1], "Group By": {"x": 1}, "": true}')
    report = landing.land()
    assert (report.rows, report.set_aside) == (2, {})
    new = list(landing.columns("raw_crm", "contacts"))[24:]
    expected = ["select", "favourite_colour", "a_quoted_name", "größe", "n" * 56, "1st", "file_loaded_at"]
    assert new == [*expected, "order", "a_b_c", "group_by", "column_5"]
    values = landing.rows('select "select", "1st", "order", a_b_c, group_by from raw_crm.contacts order by contact_id')
    assert values == [("x", "x", None, None, None), (None, None, "1", "[1]", '{"x":1}')]


def test_columns_that_share_a_name_are_kept_apart_with_a_reason(landing: LandingFolder) -> None:
    """Duplicate names, names that differ by case only and empty names all land, and the report says how."""
    landing.put("crm/owners/a.csv", "owner_id,Email,email,email,,\n1,a,b,c,d,e\n")
    landing.put("crm/owners/b.jsonl", '{"owner_id": "2", "TEAM": "x", "team": "y"}\n')
    report = landing.land()
    assert report.sentences() == [
        "crm/owners/a.csv: columns 'email' and 'email' share a name; the second landed as email_2.",
        "crm/owners/a.csv: columns 'email' and 'Email' share a name; the second landed as email_3.",
        "crm/owners/b.jsonl: columns 'team' and 'TEAM' share a name; the second landed as team_2.",
    ]
    rows = landing.rows(
        "select email, email_2, email_3, column_5, column_6, team, team_2 from raw_crm.owners order by owner_id"
    )
    assert rows == [("b", "c", "a", "d", "e", None, None), (None, None, None, None, None, "y", "x")]


def test_parquet_is_typed_and_moments_are_utc(landing: LandingFolder) -> None:
    """An empty table takes a Parquet file's types; zones become UTC, nested values JSON, odd types text."""
    zoned = pa.array([datetime(2026, 1, 1, 12)], pa.timestamp("us", tz="Europe/Berlin"))
    landing.put(
        "dmp/cookies/a.parquet",
        parquet(
            cookie_id=["c1\0"],
            first_seen_at=zoned,
            visits=pa.array([3], pa.int32()),
            score=[0.5],
            is_new=[True],
            price=pa.array([1], pa.decimal128(12, 2)),
            seen_on=pa.array([0], pa.date32()),
            tags=[["a", "b"]],
            blob=[b"\x00x"],
            nothing=pa.nulls(1),
        ),
    )
    landing.land()
    types = {name: found.split("(")[0].lower() for name, found in landing.columns("raw_dmp", "cookies").items()}
    assert types["visits"] == "bigint"
    assert types["first_seen_at"].startswith("timestamp")
    assert types["price"] in {"decimal", "numeric"}
    assert types["last_seen_at"] in {"varchar", "text"}
    row = landing.rows("select cookie_id, first_seen_at, visits, score, is_new, tags from raw_dmp.cookies")
    assert row == [("c1", datetime(2026, 1, 1, 12), 3, 0.5, True, '["a","b"]')]


def test_a_column_that_meets_another_type_becomes_text(landing: LandingFolder) -> None:
    """Types that differ between files widen to text, moments in ISO 8601, and no value is lost or rounded."""
    moment = pa.array([datetime(2026, 1, 2, 3, 4, 5)], pa.timestamp("us"))
    landing.put("dmp/cookies/1.parquet", parquet(cookie_id=["1"], last_seen_at=moment, n=[7], price=[1.5], flag=[True]))
    landing.put(
        "dmp/cookies/2.parquet", parquet(cookie_id=["2"], last_seen_at=["soon"], n=[7.0], price=["x"], flag=[0])
    )
    landing.put("dmp/cookies/3.csv", "cookie_id,n\n3,0042\n")
    landing.put("dmp/cookies/4.parquet", parquet(cookie_id=["4"], last_seen_at=moment, n=[9]))
    report = landing.land()
    assert (report.rows, report.sentences()) == (4, [])
    rows = landing.rows("select cookie_id, last_seen_at, n, price, flag from raw_dmp.cookies order by 1")
    iso = "2026-01-02T03:04:05.000000Z"
    assert rows == [
        ("1", iso, "7", "1.5", "true"),
        ("2", "soon", "7", "x", "0"),
        ("3", None, "0042", None, None),
        ("4", iso, "9", None, None),
    ]


def test_a_column_without_values_changes_no_type(landing: LandingFolder) -> None:
    """A Parquet column that holds nothing fits every type."""
    landing.put("dmp/cookies/1.parquet", parquet(cookie_id=["1"], n=[1.5]))
    landing.put("dmp/cookies/2.parquet", parquet(cookie_id=["2"], n=pa.nulls(1)))
    landing.land()
    assert "double" in landing.columns("raw_dmp", "cookies")["n"].lower()
    assert landing.rows("select n from raw_dmp.cookies order by cookie_id") == [(1.5,), (None,)]


def test_unknown_folders_are_named_and_passed_over(duckdb_landing: LandingFolder) -> None:
    """A folder of no known source or table, or a file outside of any table, is a sentence and not a failure."""
    duckdb_landing.put("crm/owners/a.csv", "owner_id\na\n")
    duckdb_landing.put("erp/orders/a.csv", "x\n1\n")
    duckdb_landing.put("crm/leads/a.csv", "x\n1\n")
    duckdb_landing.put("crm/owners.csv", "x\n1\n")
    duckdb_landing.put("stray.csv", "x\n1\n")
    report = duckdb_landing.land()
    assert report.rows == 1
    said = " ".join(report.sentences())
    assert "erp is no source of the contract, so its 1 file(s) are not landed" in said
    assert "crm/leads is no table of the contract" in said
    assert "owners.csv lies in folder crm itself" in said
    assert "stray.csv lies in the landing folder itself" in said


def test_an_instance_has_a_plain_name(duckdb_landing: LandingFolder) -> None:
    """Files of an instance whose name could not serve in an identifier are set aside with a sentence."""
    duckdb_landing.put("crm@emea_2/owners/a.csv", "owner_id\na\n")
    duckdb_landing.put("crm@EMEA-2/owners/a.csv", "owner_id\na\n")
    duckdb_landing.put("crm@/owners/a.csv", "owner_id\na\n")
    report = duckdb_landing.land()
    assert duckdb_landing.rows("select _source_instance from raw_crm.owners") == [("emea_2",)]
    assert sorted(report.set_aside) == ["crm@/owners/a.csv", "crm@EMEA-2/owners/a.csv"]
    assert "rename the folder" in report.set_aside["crm@EMEA-2/owners/a.csv"]


def test_only_the_asked_tables_land(duckdb_landing: LandingFolder) -> None:
    """Landing some tables leaves the files of the others for later, without a word."""
    duckdb_landing.put("crm/owners/a.csv", "owner_id\na\n")
    duckdb_landing.put("crm/deals/a.csv", "deal_id\na\n")
    report = duckdb_landing.land([table for table in load_contract() if table.name == "crm.owners"])
    assert (list(report.tables), report.rows, report.sentences()) == (["crm.owners"], 1, [])
    assert duckdb_landing.land().rows == 1


def test_file_names_mean_only_themselves(landing: LandingFolder) -> None:
    """Names with patterns, quotes, spaces or equals signs read that one file."""
    for name in ["*.csv", "a?.csv", "[ab].csv", "it's.csv", "day=2026-01-01/x y.csv", "ü.csv", "{a,b}.csv"]:
        landing.put(f"crm/owners/{name}", f'owner_id,name\n"{name}",n\n')
    report = landing.land()
    assert (report.rows, report.sentences()) == (7, [])
    assert landing.rows("select count(*) from raw_crm.owners where _source_file = 'crm/owners/' || owner_id") == [(7,)]


def test_progress_is_reported_file_by_file(duckdb_landing: LandingFolder) -> None:
    """Whoever listens hears every file and the end."""
    duckdb_landing.put("crm/owners/a.csv", "owner_id\na\n")
    duckdb_landing.put("crm/owners/b.csv", "owner_id\na\n")
    heard: list[Report] = []
    with listening(heard.append):
        duckdb_landing.land()
    assert [(said.step, said.done, said.total, Path(said.detail).name) for said in heard] == [
        ("land", 0, 2, "a.csv"),
        ("land", 1, 2, "b.csv"),
        ("land", 2, 2, ""),
    ]


def test_many_files_and_an_unchanged_run_are_cheap(duckdb_landing: LandingFolder) -> None:
    """With 500 registered files a landing that finds nothing new is over at once."""
    with open_warehouse(duckdb_landing.settings) as warehouse:
        for number in range(500):
            duckdb_landing.put(f"crm/owners/{number}.csv", f"owner_id,name\n{number},n\n")
        before = time.process_time()
        assert land(duckdb_landing.settings, warehouse, load_contract()).rows == 500
        landed = time.process_time() - before
        before = time.process_time()
        assert land(duckdb_landing.settings, warehouse, load_contract()).is_empty
        unchanged = time.process_time() - before
    assert landed < 500 * 0.05
    assert unchanged < 0.5
