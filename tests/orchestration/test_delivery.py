"""Delivery to files, on both engines: exact rows, whole sets, only when something changed, killed or not."""

import csv
import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from orchestration.activation import Delivery, DeliveryError, Sync, SyncError, deliver, load_syncs
from orchestration.progress import Report, listening
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


def test_a_prefix_does_not_deliver_over_the_live_set(make_settings: Any, tmp_path: Path) -> None:
    """What is built under a schema prefix goes to a folder of its own."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    deliver(at(settings), the_sync())
    before = contents(settings)
    preview = settings.model_copy(update={"schema_prefix": "dev_"})
    build(preview, 9)
    assert deliver(at(preview), the_sync()).files[0].parent == settings.delivered_dir / "dev_files/buyers"
    assert {name: content for name, content in contents(settings).items() if name in before} == before


def test_files_are_for_the_owner_only(make_settings: Any, tmp_path: Path) -> None:
    """No delivered file or folder can be read by anybody but its owner."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    deliver(at(settings), the_sync())
    root = settings.delivered_dir
    for path in (root, root / "files", root / "files/buyers", *(root / "files/buyers").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_what_was_altered_or_declared_anew_is_delivered_again(make_settings: Any, tmp_path: Path) -> None:
    """A file that was edited or lost, and a sync that says something else, are put right though no row changed."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    delivery = deliver(at(settings), the_sync())
    whole = contents(settings)
    for path in delivery.files:
        path.write_bytes(path.read_bytes()[:-1])
        assert deliver(at(settings), the_sync()).delivered
        assert contents(settings) == whole
        path.unlink()
        assert deliver(at(settings), the_sync()).delivered
        assert contents(settings) == whole
    (settings.delivered_dir / "files/buyers/manifest.json").write_text("{")
    assert deliver(at(settings), the_sync()).delivered
    assert contents(settings) == whole
    assert [path.suffix for path in deliver(at(settings), the_sync(formats=["parquet"])).files] == [".parquet"]
    assert len(deliver(at(settings), the_sync()).files) == 2
    assert deliver(at(settings), replace(the_sync(), purpose="service")).delivered


def test_progress_is_reported_and_memory_is_bounded_by_row_groups(make_settings: Any, tmp_path: Path) -> None:
    """Rows stream in batches, are heard of on the way, and end in row groups of one size."""
    settings = make_settings("duckdb", tmp_path)
    build(settings, 120_000)
    heard: list[Report] = []
    with listening(heard.append):
        delivery = deliver(at(settings), the_sync())
    assert [report.done for report in heard][-1] == heard[-1].total == 120_000
    assert len(heard) > 2
    parquet = next(path for path in delivery.files if path.suffix == ".parquet")
    groups = pq.ParquetFile(parquet).metadata
    assert [groups.row_group(n).num_rows for n in range(groups.num_row_groups)] == [50_000, 50_000, 20_000]


# Kills the process for good at the n-th call that makes something durable; fork spares the imports of every next kill.
_KILL_AT_EVERY_STEP = """
import os, shutil, signal, sys
from pathlib import Path
from orchestration.activation import deliver
from orchestration.settings import load_settings
from tests.orchestration.test_delivery import CLOCK, the_sync

home, pristine = Path(sys.argv[1]), Path(sys.argv[2])

def child(kill_at):
    calls = 0
    def counted(real):
        def call(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)
        return call
    os.replace, os.fsync, os.unlink = map(counted, (os.replace, os.fsync, os.unlink))
    deliver(load_settings(home=home, as_of=CLOCK, target="duckdb", schema_prefix=""), the_sync())

for kill_at in range(1, 100):
    shutil.rmtree(home / "delivered", ignore_errors=True)
    shutil.copytree(pristine, home / "delivered")
    pid = os.fork()
    if pid == 0:
        child(kill_at)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    print("done" if status == 0 else os.WTERMSIG(status), flush=True)
    sys.stdin.readline()
    if status == 0:
        break
"""


def test_a_killed_delivery_is_made_good_by_the_next(make_settings: Any, tmp_path: Path) -> None:
    """Killed at any step, readers find a whole set; delivered again with the same clock, no byte differs."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    deliver(at(settings, -1), the_sync())
    pristine = tmp_path / "pristine"
    settings.delivered_dir.rename(pristine)
    before = {str(path.relative_to(pristine)): path.read_bytes() for path in pristine.rglob("*") if path.is_file()}
    build(settings, 5, "update {t} set note = 'new'")
    deliver(at(settings), the_sync())
    undisturbed = contents(settings)
    command = [sys.executable, "-c", _KILL_AT_EVERY_STEP, str(settings.home), str(pristine)]
    kills = 0
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as killer:
        assert killer.stdin
        assert killer.stdout
        while (told := killer.stdout.readline().strip()) == "9":
            kills += 1
            folder = settings.delivered_dir / "files/buyers"
            manifest_of_killed = (folder / "manifest.json").read_bytes()
            whole = before if manifest_of_killed == before["files/buyers/manifest.json"] else undisturbed
            for file in json.loads(manifest_of_killed)["files"]:
                assert (folder / file["name"]).read_bytes() == whole[f"files/buyers/{file['name']}"]
            deliver(at(settings), the_sync())
            assert contents(settings) == undisturbed
            assert not (folder / ".building").exists()
            killer.stdin.write("next\n")
            killer.stdin.flush()
        assert told == "done"
        assert contents(settings) == undisturbed
        killer.stdin.close()
    assert kills > 8


def test_two_deliveries_of_one_sync_do_not_mix(make_settings: Any, tmp_path: Path) -> None:
    """While one process delivers a sync, another is refused with a sentence."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    code = (
        "import sys\nfrom orchestration.activation.destinations.files import FileSet\n"
        "from tests.orchestration.test_delivery import the_sync\nfrom pathlib import Path\n"
        "with FileSet(the_sync(), Path(sys.argv[1])).writing(): print('mine', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(settings.delivered_dir / "files")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "mine\n"
        with pytest.raises(DeliveryError, match="Another process is delivering repeat_buyers"):
            deliver(at(settings), the_sync())
        other.kill()
    assert deliver(at(settings), the_sync()).delivered


@pytest.mark.parametrize(
    ("activation", "told"),
    [
        ({"connection": "ftp"}, "activation.connection is 'ftp': input should be 'files'"),
        ({"mode": "upsert"}, "activation.mode is 'upsert': input should be 'mirror'"),
        ({"key": None}, "activation.key is missing"),
        ({"key": ["customer_id"]}, "key column customer_id is not in sync_files__buyers; it has profile_id"),
        ({"purpose": None}, "activation.purpose is missing"),
        ({"formats": ["csv"]}, "must include parquet"),
        ({"object": "../x"}, "activation.object is '../x'"),
        ({"object": "others"}, "must depend on sync_files__others and only that"),
        ({"colour": "red"}, "activation.colour is not known; allowed are connection, object, mode, key, purpose"),
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


def test_umask_does_not_open_files(make_settings: Any, tmp_path: Path) -> None:
    """Under the most open umask the files stay the owner's."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    earlier = os.umask(0)
    try:
        delivery = deliver(at(settings), the_sync())
    finally:
        os.umask(earlier)
    assert {stat.S_IMODE(path.stat().st_mode) for path in delivery.files} == {0o600}
