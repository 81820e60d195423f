"""Publishing while others read, write, depend on what is published, or are killed."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from orchestration.project import PublicTable
from orchestration.publishing import PublishError, publish
from orchestration.warehouse import open_warehouse
from tests.orchestration.test_publishing import MEMBERS, PROFILES, TABLES, build, built, change, reader, seen


def test_postgres_keeps_grants_views_and_open_readers(make_settings: Any, tmp_path: Path) -> None:
    """On Postgres grants and dependent views outlive a publish, and an open transaction goes on reading as it began."""
    settings = make_settings("postgres", tmp_path)
    build(settings)
    publish(settings, TABLES)
    with open_warehouse(settings) as admin, open_warehouse(settings) as dashboard:
        admin.execute("do $$ begin create role analyst; exception when duplicate_object then null; end $$")
        admin.execute("grant select on profiles.profiles to analyst")
        admin.execute(
            "create view public.by_country as select country, count(*) as people from profiles.profiles group by 1"
        )
        with dashboard.transaction():
            dashboard.execute("set transaction isolation level repeatable read")
            before = dashboard.rows("select * from profiles.profiles order by 1")
            build(settings, people=20)
            publish(settings, TABLES)
            assert dashboard.rows("select * from profiles.profiles order by 1") == before
        assert dashboard.rows("select sum(people) from public.by_country")[0][0] in (20, "20")
        assert admin.rows("select has_table_privilege('analyst', 'profiles.profiles', 'select')") == [(True,)]


def test_postgres_follows_a_change_of_type_or_key_and_says_when_it_can_not(make_settings: Any, tmp_path: Path) -> None:
    """A changed type is followed where no view stands in the way and refused with a sentence otherwise."""
    settings = make_settings("postgres", tmp_path)
    build(settings)
    publish(settings, TABLES)
    change(settings, "alter table {t} alter column order_count type integer")
    publish(settings, TABLES)
    with reader(settings) as warehouse:
        assert warehouse.columns("profiles", "profiles")["order_count"] == "integer"
        warehouse.execute("create view public.counts as select order_count from profiles.profiles")
    before = seen(settings)
    change(settings, "alter table {t} alter column order_count type text")
    with pytest.raises(PublishError, match=r"Column order_count of profiles\.profiles changed from integer to text"):
        publish(settings, TABLES)
    assert seen(settings) == before
    change(settings, "alter table {t} alter column order_count type integer using cast(order_count as integer)")
    rekeyed = PublicTable("profiles", "profiles", ("order_count",), PROFILES.columns, PROFILES.description)
    assert publish(settings, (rekeyed, MEMBERS)).changed
    assert seen(settings) == built(settings)
    assert not publish(settings, (rekeyed, MEMBERS)).changed


def test_postgres_publishes_all_tables_or_none(make_settings: Any, tmp_path: Path) -> None:
    """When one table can't be published, for its key repeats or is null, no table changes for readers."""
    settings = make_settings("postgres", tmp_path)
    build(settings)
    publish(settings, TABLES)
    before = seen(settings)
    for member in ("p9", "p9"), ("p1", "p1"), (None,):
        build(settings, people=5)
        with open_warehouse(settings) as warehouse:
            for profile_id in member:
                values = ["repeat_buyers", profile_id]
                warehouse.execute("insert into work_audiences.audience_members values ($1, $2)", values)
        with pytest.raises(PublishError, match=r"audiences\.audience_members"):
            publish(settings, TABLES)
        assert seen(settings) == before


_READ_FOR_LONG = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
print(connection.execute("select count(*) from profiles.profiles").fetchone()[0], flush=True)
for line in sys.stdin:
    found = connection.execute("select count(*), count(distinct profile_id) from profiles.profiles").fetchone()
    print(*found, flush=True)
"""


def test_open_duckdb_readers_are_undisturbed(make_settings: Any, tmp_path: Path) -> None:
    """A reader in another process goes on with the file it opened while new ones see each new state."""
    settings = make_settings("duckdb", tmp_path)
    build(settings, people=10)
    publish(settings, TABLES)
    command = [sys.executable, "-c", _READ_FOR_LONG, str(settings.serve_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as long_lived:
        assert long_lived.stdin
        assert long_lived.stdout
        assert long_lived.stdout.readline().split() == ["10"]
        for people in (11, 12, 13):
            build(settings, people=people)
            assert publish(settings, TABLES).changed
            long_lived.stdin.write("again\n")
            long_lived.stdin.flush()
            assert long_lived.stdout.readline().split() == ["10", "10"]
            assert len(seen(settings)) == people
        long_lived.stdin.close()
        assert long_lived.wait(10) == 0


_PUBLISH_UNTIL_KILLED = """
import importlib, sys, time
from orchestration.publishing import publish
from orchestration.settings import load_settings
from tests.orchestration.test_publishing import TABLES

def wait(*_):
    print("on the way", flush=True)
    time.sleep(60)

setattr(importlib.import_module("orchestration.publishing." + sys.argv[1]), sys.argv[2], wait)
publish(load_settings(), TABLES)
"""


@pytest.mark.parametrize(
    ("target", "module", "step"),
    [
        ("duckdb", "serve_file", "_swap"),
        ("duckdb", "serve_file", "sync_to_disk"),
        ("postgres", "stable_schemas", "_describe"),
    ],
)
def test_a_killed_publish_leaves_readers_alone(
    make_settings: Any, tmp_path: Path, target: str, module: str, step: str
) -> None:
    """Killed when the new rows are half there, readers keep the old ones; the next publish brings all."""
    settings = make_settings(target, tmp_path)
    build(settings)
    publish(settings, TABLES)
    before = seen(settings)
    build(settings, people=30)
    command = [sys.executable, "-c", _PUBLISH_UNTIL_KILLED, module, step]
    environment = os.environ | settings.dbt_environment()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2], env=environment
    ) as killed:
        assert killed.stdout
        assert killed.stdout.readline() == "on the way\n"
        if target == "duckdb":
            with pytest.raises(PublishError, match="Another process is publishing"):
                publish(settings, TABLES)
        killed.kill()
    assert seen(settings) == before
    assert publish(settings, TABLES).changed
    assert seen(settings) == built(settings)
    assert not publish(settings, TABLES).changed
    assert not (settings.home / "serve.duckdb.building").exists()


def test_publishing_waits_for_no_writer(make_settings: Any, tmp_path: Path) -> None:
    """While another process writes the warehouse, publishing says so instead of hanging."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(settings.warehouse_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == "open\n"
        started_at = time.monotonic()
        with pytest.raises(PublishError, match="a process writes it"):
            publish(settings, TABLES)
        assert time.monotonic() - started_at < 5
        writer.kill()
