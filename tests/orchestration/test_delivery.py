"""Delivery to files, on both engines: exact rows, whole sets, only when something changed, killed or not."""

import csv
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from orchestration.activation import DeliveryError, Sync, SyncError, load_syncs
from orchestration.activation.deliver import Delivery, deliver
from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse, quoted

CLOCK = datetime(2026, 9, 1, 6, tzinfo=UTC)
EXPOSURE = "exposure.onefolk.repeat_buyers"
MODEL = "model.onefolk.sync_files__buyers"
COLUMNS = ("profile_id", "email", "note", "order_count", "order_amount", "is_vip", "birth_date", "last_order_at")


def manifest(**activation: Any) -> dict[str, Any]:
    """A manifest with one sync, as dbt writes it."""
    meta = {"connection": "files", "object": "buyers", "key": ["profile_id"], "purpose": "marketing"} | activation
    exposure = {
        "name": "repeat_buyers",
        "description": "Repeat buyers.",
        "config": {"meta": {"activation": {name: value for name, value in meta.items() if value is not None}}},
        "depends_on": {"nodes": [MODEL]},
    }
    model = {"name": "sync_files__buyers", "columns": {name: {} for name in COLUMNS}}
    return {"exposures": {EXPOSURE: exposure}, "nodes": {MODEL: model}}


def the_sync(**activation: Any) -> Sync:
    """The one sync of that manifest."""
    return load_syncs(manifest(**activation))[0]


def build(settings: Settings, people: int = 3, *statements: str) -> None:
    """The sync model as dbt leaves it, in no order, changed by statements in which `{t}` is its table."""
    table = quoted(settings.work_schema("activation"), "sync_files__buyers")
    with open_warehouse(settings) as warehouse:
        warehouse.execute(f"create schema if not exists {quoted(settings.work_schema('activation'))}")
        warehouse.execute(f"drop table if exists {table}")
        warehouse.execute(
            f"create table {table} as select 'p' || cast(n as text) as profile_id,"
            " 'p' || cast(n as text) || '@shop.example' as email, cast(null as text) as note,"
            " cast(n as bigint) as order_count, cast(n as numeric(28,6)) / 4 as order_amount, n % 2 = 0 as is_vip,"
            " cast('1990-02-28' as date) as birth_date, cast('2026-03-05 10:00:00.5' as timestamp) as last_order_at"
            f" from generate_series(1, {people}) as people(n) order by n % 7, n"
        )
        for statement in (
            "alter table {t} alter column order_amount type numeric(28,6)",
            *statements,
        ):
            warehouse.execute(statement.format(t=table))


def at(settings: Settings, hours: int = 0) -> Settings:
    """The settings with a clock of so many hours after the first."""
    return settings.model_copy(update={"as_of": CLOCK + timedelta(hours=hours)})


def delivered_manifest(settings: Settings) -> dict[str, Any]:
    """The manifest of the delivered set."""
    found: dict[str, Any] = json.loads((settings.delivered_dir / "files/buyers/manifest.json").read_text())
    return found


def contents(settings: Settings) -> dict[str, bytes]:
    """Every file under the delivered folder, with its bytes."""
    root = settings.delivered_dir
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def counts(delivery: Delivery) -> tuple[int, int, int, int]:
    """Rows, and rows added, changed and removed."""
    return delivery.rows, delivery.added, delivery.changed, delivery.removed


def test_the_set_holds_exactly_the_rows_of_the_model(engine_settings: Settings) -> None:
    """CSV and Parquet hold the model's rows and types in the order of the key, and the manifest describes both."""
    build(
        engine_settings,
        12,
        "update {t} set note = '=1+1, \"quoted\"\nand é' where profile_id = 'p1'",
        "update {t} set note = '', is_vip = null where profile_id = 'p10'",
    )
    delivery = deliver(at(engine_settings), the_sync())
    assert delivery.delivered
    assert counts(delivery) == (12, 12, 0, 0)
    listed = {path.suffix: path for path in delivery.files}
    rows = pq.read_table(listed[".parquet"]).to_pylist()
    keys = [row["profile_id"] for row in rows]
    assert keys == sorted(f"p{n}" for n in range(1, 13))
    assert rows[0] == {
        "profile_id": "p1",
        "email": "p1@shop.example",
        "note": '=1+1, "quoted"\nand é',
        "order_count": 1,
        "order_amount": Decimal("0.250000"),
        "is_vip": False,
        "birth_date": datetime(1990, 2, 28).date(),
        "last_order_at": datetime(2026, 3, 5, 10, 0, 0, 500000),
    }
    text = listed[".csv"].read_bytes()
    assert text.count(b"\r\n") == 13
    assert b'"p10","p10@shop.example","",10,2.500000,,1990-02-28,"2026-03-05T10:00:00.500000Z"\r\n' in text
    with listed[".csv"].open(encoding="utf-8", newline="") as lines:
        table = list(csv.reader(lines))
    assert table[0] == list(COLUMNS)
    assert table[1][2] == '=1+1, "quoted"\nand é'
    assert [line[0] for line in table[1:]] == keys
    found = delivered_manifest(engine_settings)
    assert found["generated_at"] == "2026-09-01T06:00:00Z"
    assert (found["object"], found["purpose"], found["rows"]) == ("buyers", "marketing", 12)
    assert found["columns"][4] == {"name": "order_amount", "type": "numeric(28,6)"}
    for file in found["files"]:
        path = engine_settings.delivered_dir / "files/buyers" / file["name"]
        assert (file["bytes"], file["rows"]) == (path.stat().st_size, 12)
        assert file["name"].startswith(f"buyers-{file['sha256'][:12]}.")


def test_both_engines_deliver_the_same_bytes(make_settings: Any, tmp_path: Path) -> None:
    """Equal rows are equal bytes, whichever engine holds them and in whatever order."""
    every = []
    for target in ("duckdb", "postgres"):
        settings = at(make_settings(target, tmp_path / target))
        build(settings, 200, "update {t} set profile_id = 'É' where profile_id = 'p9'")
        deliver(settings, the_sync())
        every.append(contents(settings))
    assert every[0] == every[1]


def test_nothing_is_written_when_nothing_changed(engine_settings: Settings) -> None:
    """A second delivery of the same rows, in another order and an hour later, touches no file and says so."""
    build(engine_settings)
    deliver(at(engine_settings), the_sync())
    before = {path: path.stat().st_mtime_ns for path in engine_settings.delivered_dir.rglob("*.*") if path.is_file()}
    build(engine_settings, 3, "delete from {t} where profile_id = 'p1'")
    build(engine_settings, 3)
    delivery = deliver(at(engine_settings, 1), the_sync())
    assert not delivery.delivered
    assert counts(delivery) == (3, 0, 0, 0)
    assert len(delivery.files) == 2
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_rows_that_came_changed_and_left_are_counted(engine_settings: Settings) -> None:
    """The plan counts rows by key, nulls included, and the earlier generation of files goes."""
    build(engine_settings, 10)
    first = deliver(at(engine_settings), the_sync())
    build(
        engine_settings,
        12,
        "delete from {t} where profile_id = 'p1'",
        "update {t} set note = 'new' where profile_id = 'p2'",
        "update {t} set is_vip = null where profile_id = 'p3'",
    )
    second = deliver(at(engine_settings, 1), the_sync())
    assert counts(second) == (11, 2, 2, 1)
    assert not any(path.exists() for path in first.files)
    folder = engine_settings.delivered_dir / "files/buyers"
    assert {path.name for path in folder.iterdir()} == {"manifest.json", *(path.name for path in second.files)}
    build(engine_settings, 12, "alter table {t} add column city text")
    assert counts(deliver(at(engine_settings, 2), the_sync())) == (12, 1, 11, 0)


def test_an_empty_audience_is_a_set_without_rows(engine_settings: Settings) -> None:
    """No rows is something to deliver: a header, an empty Parquet and a manifest that says 0, once."""
    build(engine_settings, 3, "delete from {t}")
    delivery = deliver(at(engine_settings), the_sync())
    assert delivery.delivered
    assert counts(delivery) == (0, 0, 0, 0)
    listed = {path.suffix: path for path in delivery.files}
    assert listed[".csv"].read_text() == ",".join(f'"{name}"' for name in COLUMNS) + "\n"
    assert pq.read_table(listed[".parquet"]).num_rows == 0
    assert delivered_manifest(engine_settings)["rows"] == 0
    assert not deliver(at(engine_settings, 1), the_sync()).delivered


def test_a_broken_model_is_not_delivered(engine_settings: Settings) -> None:
    """Keys that are null or repeat, and types that can't be exact, leave the destination with what it had."""
    build(engine_settings)
    deliver(at(engine_settings), the_sync())
    before = contents(engine_settings)
    for statement, told in (
        ("update {t} set profile_id = 'p1' where profile_id = 'p2'", "1 keys more than once"),
        ("update {t} set profile_id = null where profile_id = 'p2'", "1 rows without a key"),
        ("alter table {t} drop column profile_id", "no key column profile_id"),
        ("alter table {t} add column took interval", "can't be delivered; allowed are text"),
        ("drop table {t}", "not built"),
    ):
        build(engine_settings, 5, statement)
        with pytest.raises(DeliveryError, match=told) as raised:
            deliver(at(engine_settings, 1), the_sync())
        assert "@shop.example" not in str(raised.value)
        assert contents(engine_settings) == before


@pytest.mark.parametrize(
    ("activation", "told"),
    [
        ({"connection": "F T P"}, "activation.connection is 'F T P': string should match pattern"),
        ({"mode": "wish"}, "activation.mode is 'wish': input should be 'insert', 'update', 'upsert', 'mirror'"),
        ({"key": None}, "activation.key is missing"),
        ({"key": ["customer_id"]}, "key column customer_id is not in sync_files__buyers; it has profile_id"),
        ({"purpose": None}, "activation.purpose is missing"),
        ({"formats": ["csv"]}, "must include parquet"),
        ({"object": "../x"}, "activation.object is '../x'"),
        ({"object": "others"}, "must depend on sync_files__others and only that"),
        (
            {"colour": "red"},
            "activation.colour is not known; allowed are connection, object, mode, key, fields, purpose",
        ),
    ],
)
def test_a_wrong_declaration_is_refused(activation: dict[str, Any], told: str) -> None:
    """Meta that can't be delivered is refused with a sentence that names the sync and what is allowed."""
    with pytest.raises(SyncError) as raised:
        load_syncs(manifest(**activation))
    assert str(raised.value).startswith("Sync repeat_buyers")
    assert told in str(raised.value)


def test_a_sync_model_has_one_sync() -> None:
    """Two exposures of one sync model are refused, for each would remove the other's files."""
    two = manifest()
    two["exposures"]["exposure.onefolk.again"] = two["exposures"][EXPOSURE] | {"name": "again"}
    with pytest.raises(SyncError, match="has 2 syncs; it may have one"):
        load_syncs(two)
