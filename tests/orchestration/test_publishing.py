"""Publishing, on both engines: what readers see, what they never see, and what survives it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestration.project import PublicColumn, PublicTable
from orchestration.publishing import PublishError, PublishReport, publish
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, open_duckdb, open_warehouse, quoted

PROFILES = PublicTable(
    room="profiles",
    name="profiles",
    key=("profile_id",),
    columns=(
        PublicColumn("profile_id", "text", "The person's id."),
        PublicColumn("country", "text", "The person's country."),
        PublicColumn("order_count", "bigint", ""),
        PublicColumn("order_amount", "numeric(28,6)", ""),
        PublicColumn("first_seen_at", "timestamp", ""),
    ),
    description="One row per profile.",
)
MEMBERS = PublicTable(
    room="audiences",
    name="audience_members",
    key=("audience", "profile_id"),
    columns=(PublicColumn("audience", "text", ""), PublicColumn("profile_id", "text", "")),
    description="One row per audience and member.",
)
TABLES = (PROFILES, MEMBERS)


def build(settings: Settings, people: int = 3) -> None:
    """What dbt leaves: rooms of work, public and not, dropped and made anew."""
    with open_warehouse(settings) as warehouse:
        for room in ("profiles", "audiences", "pii", "staging", "activation"):
            warehouse.execute(f"create schema if not exists {quoted(settings.work_schema(room))}")
            warehouse.execute(f"drop table if exists {quoted(settings.work_schema(room), 'secrets')}")
            warehouse.execute(
                f"create table {quoted(settings.work_schema(room), 'secrets')} as select 'a@b.example' as email"
            )
        profiles = quoted(settings.work_schema("profiles"), "profiles")
        warehouse.execute(f"drop table if exists {profiles}")
        warehouse.execute(
            f"create table {profiles} as select 'p' || cast(n as text) as profile_id,"
            " case when n % 2 = 0 then 'DE' end as country, cast(n as bigint) as order_count,"
            " cast(n as numeric(28,6)) as order_amount, cast('2026-03-05 10:00:00' as timestamp) as first_seen_at"
            f" from generate_series(1, {people}) as people(n)"
        )
        members = quoted(settings.work_schema("audiences"), "audience_members")
        warehouse.execute(f"drop table if exists {members}")
        warehouse.execute(f"create table {members} as select 'repeat_buyers' as audience, profile_id from {profiles}")


def change(settings: Settings, *statements: str) -> None:
    """Change the built profiles; `{t}` is their table."""
    with open_warehouse(settings) as warehouse:
        for statement in statements:
            warehouse.execute(statement.format(t=quoted(settings.work_schema("profiles"), "profiles")))


@contextmanager
def reader(settings: Settings) -> Iterator[Warehouse]:
    """A reader of what is published."""
    if settings.target == "duckdb":
        with open_duckdb(settings.serve_path, settings, read_only=True) as warehouse:
            yield warehouse
    else:
        with open_warehouse(settings) as warehouse:
            yield warehouse


def seen(settings: Settings, table: PublicTable = PROFILES) -> list[tuple[Any, ...]]:
    """The rows of a published table as a reader sees them."""
    with reader(settings) as warehouse:
        return warehouse.rows(f"select * from {quoted(settings.stable_schema(table.room), table.name)} order by 1, 2")


def built(settings: Settings, table: PublicTable = PROFILES) -> list[tuple[Any, ...]]:
    """The rows of a table as dbt built it."""
    with open_warehouse(settings) as warehouse:
        return warehouse.rows(f"select * from {quoted(settings.work_schema(table.room), table.name)} order by 1, 2")


def written(report: PublishReport) -> dict[str, int]:
    """Rows written per table."""
    return {table.name: table.rows_written for table in report.tables}


def test_readers_see_the_public_tables_and_no_others(engine_settings: Settings) -> None:
    """Readers see exactly the public tables under stable names, with their comments, and nothing of any other room."""
    build(engine_settings)
    report = publish(engine_settings, TABLES)
    assert {table.name: table.rows for table in report.tables} == {"profiles": 3, "audience_members": 3}
    assert report.changed
    assert report.rows_written == report.rows == 6
    assert report.seconds > 0
    assert seen(engine_settings) == built(engine_settings)
    assert seen(engine_settings, MEMBERS) == built(engine_settings, MEMBERS)
    with reader(engine_settings) as warehouse:
        tables = warehouse.rows(
            "select table_schema, table_name from information_schema.tables"
            " where table_schema not like '%work_%' and table_schema not in ('pg_catalog', 'information_schema')"
        )
        assert set(tables) == {("profiles", "profiles"), ("audiences", "audience_members")}
        if engine_settings.target == "duckdb":
            sql = "select comment from duckdb_tables() where table_name = 'profiles' union all select comment"
            sql += " from duckdb_columns() where table_name = 'profiles' and column_name = 'country'"
        else:
            sql = "select obj_description('profiles.profiles'::regclass) union all"
            sql += " select col_description('profiles.profiles'::regclass, 2)"
        assert warehouse.rows(sql) == [("One row per profile.",), ("The person's country.",)]


def test_an_unchanged_publish_writes_nothing(engine_settings: Settings) -> None:
    """A second publish of the same build changes nothing, though dbt has made every table anew."""
    build(engine_settings)
    publish(engine_settings, TABLES)
    before = engine_settings.serve_path.stat() if engine_settings.target == "duckdb" else None
    build(engine_settings)
    report = publish(engine_settings, TABLES)
    assert not report.changed
    assert report.rows_written == 0
    if before:
        after = engine_settings.serve_path.stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_readers_see_rows_that_came_changed_and_left(engine_settings: Settings) -> None:
    """Rows that came, changed (to and from null too) and left are what the next publish writes, and all it writes."""
    build(engine_settings, people=50)
    publish(engine_settings, TABLES)
    change(
        engine_settings,
        "delete from {t} where profile_id = 'p1'",
        "update {t} set country = 'FR' where profile_id = 'p3'",
        "update {t} set country = null where profile_id = 'p4'",
        "insert into {t} values ('new', null, 0, 0, null)",
    )
    report = publish(engine_settings, TABLES)
    assert seen(engine_settings) == built(engine_settings)
    assert written(report) == {"profiles": 4 if engine_settings.target == "postgres" else 50, "audience_members": 0}


def test_columns_may_come_and_go(engine_settings: Settings) -> None:
    """A new column appears with its values; on Postgres a removed one stays without values, so views on it survive."""
    build(engine_settings)
    publish(engine_settings, TABLES)
    change(
        engine_settings,
        "alter table {t} add column city text",
        "update {t} set city = 'Ulm'",
        "alter table {t} drop column country",
    )
    publish(engine_settings, TABLES)
    with reader(engine_settings) as warehouse:
        columns = warehouse.columns("profiles", "profiles")
        assert warehouse.rows("select distinct city from profiles.profiles") == [("Ulm",)]
        assert ("country" in columns) == (engine_settings.target == "postgres")
        if "country" in columns:
            assert warehouse.rows("select count(country) from profiles.profiles") == [(0,)]
    assert publish(engine_settings, TABLES).rows_written == 0


def test_a_table_that_is_not_built_stops_publishing(engine_settings: Settings) -> None:
    """A public table that is not built is named, and readers keep what they had."""
    build(engine_settings)
    publish(engine_settings, TABLES)
    before = seen(engine_settings)
    build(engine_settings, people=9)
    change(engine_settings, "drop table {t}")
    with pytest.raises(PublishError, match=r"work_profiles\.profiles"):
        publish(engine_settings, TABLES)
    assert seen(engine_settings) == before


def test_prefixes_keep_projects_apart(engine_settings: Settings) -> None:
    """A schema prefix stands before every schema that readers see, and what other prefixes published stays."""
    build(engine_settings)
    publish(engine_settings, TABLES)
    settings = engine_settings.model_copy(update={"schema_prefix": "dev_"})
    build(settings, people=7)
    publish(settings, TABLES)
    assert settings.stable_schema("profiles") == "dev_profiles"
    assert seen(settings) == built(settings)
    assert seen(engine_settings) == built(engine_settings)
    assert not publish(engine_settings, TABLES).changed


def test_a_damaged_serve_file_is_replaced(make_settings: Any, tmp_path: Path) -> None:
    """A file that no reader can open is written anew."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    settings.serve_path.write_bytes(b"not a database" * 1000)
    publish(settings, TABLES)
    assert seen(settings) == built(settings)


def test_nothing_is_published_from_nothing(make_settings: Any, tmp_path: Path) -> None:
    """Without a warehouse or without public tables there is a sentence, and no file."""
    settings = make_settings("duckdb", tmp_path)
    with pytest.raises(PublishError, match="build first"):
        publish(settings, TABLES)
    with pytest.raises(PublishError, match="no public tables"):
        publish(settings, ())
    assert not settings.serve_path.exists()


def test_a_view_is_published_as_its_rows(make_settings: Any, tmp_path: Path) -> None:
    """A public model that dbt makes as a view reaches readers as a table."""
    for target in ("duckdb", "postgres"):
        settings = make_settings(target, tmp_path / target)
        build(settings)
        with open_warehouse(settings) as warehouse:
            database = warehouse.rows("select current_database()")[0][0]
            named = quoted(database, "work_profiles", "profiles")
            warehouse.execute("drop table work_audiences.audience_members")
            members = f"select 'everybody' as audience, profile_id from {named}"
            warehouse.execute(f"create view work_audiences.audience_members as {members}")
        publish(settings, TABLES)
        assert seen(settings, MEMBERS) == [("everybody", "p1"), ("everybody", "p2"), ("everybody", "p3")]


def test_published_types_are_the_built_ones(make_settings: Any, tmp_path: Path) -> None:
    """Readers get the types of the contract, to the scale of a number."""
    for target in ("duckdb", "postgres"):
        settings = make_settings(target, tmp_path / target)
        build(settings)
        publish(settings, TABLES)
        with reader(settings) as published:
            found = published.rows(
                "select numeric_precision, numeric_scale from information_schema.columns"
                " where table_schema = 'profiles' and column_name = 'order_amount'"
            )
        assert found == [(28, 6)]
