"""Grants on Postgres: the seed of roles decides, at every publish, and nobody else reads values of personal data."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import pytest

from orchestration.access import roles as roles_module
from orchestration.access.command import bring_grants_now
from orchestration.access.grants import GrantError, GrantReport, create_roles
from orchestration.access.roles import RoleError, load_rules, readers_environment
from orchestration.publishing import publish
from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse, quoted
from tests.orchestration.access_matrix import ROLES, assert_matrix, log_in, readable, tables_of
from tests.orchestration.test_publishing import TABLES, build

PUBLIC = {("profiles", "profiles"), ("audiences", "audience_members")}
NUMBERS = itertools.count(1)


@pytest.fixture
def settings(make_settings: Any, tmp_path: Path) -> Iterator[Settings]:
    """A database that is built, with roles under a prefix of their own, which the server forgets afterwards."""
    prefix = f"t{os.getpid()}_{next(NUMBERS)}_"
    settings: Settings = make_settings("postgres", tmp_path, role_prefix=prefix)
    build(settings)
    make_pii(settings)
    yield settings
    forget_roles(settings)


def forget_roles(settings: Settings) -> None:
    """Drop the roles and logins of these settings."""
    with open_warehouse(settings) as warehouse:
        like = f"%{settings.role_prefix}%".replace("_", "\\_")
        for (name,) in warehouse.rows("select rolname::text from pg_roles where rolname like $1", [like]):
            warehouse.execute(f"reassign owned by {quoted(name)} to current_user")
            warehouse.execute(f"drop owned by {quoted(name)}")
            warehouse.execute(f"drop role {quoted(name)}")


def make_pii(settings: Settings) -> None:
    """The tables of pii, as a build leaves them, and a raw one."""
    pii = settings.work_schema("pii")
    run(
        settings,
        *(
            f"drop table if exists {pii}.{name}; create table {pii}.{name} (email text)"
            for name in ("contact_points", "identifier_values", "stated_values")
        ),
        "create schema if not exists raw_crm",
        "create table if not exists raw_crm.contacts (email text)",
    )


def run(settings: Settings, *statements: str) -> None:
    """Run statements as the owner of everything."""
    with open_warehouse(settings) as warehouse:
        for statement in statements:
            for part in statement.split("; "):
                warehouse.execute(part)


def make_roles(settings: Settings) -> None:
    """Create the seed's roles."""
    with open_warehouse(settings) as warehouse:
        create_roles(settings, warehouse)


@pytest.fixture
def use_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A function that puts other rows into the seed's place."""

    def use(rows: str) -> None:
        path = tmp_path / "role_grants.csv"
        path.write_text("role,place,room,table_name\n" + rows, encoding="utf-8")
        monkeypatch.setattr(roles_module, "SEED", path)

    return use


def test_roles_read_what_the_seed_says(settings: Settings) -> None:
    """After a publish each role reads exactly its tables of the seed, and again after tables were made anew."""
    make_roles(settings)
    publish(settings, TABLES)
    matrix = assert_matrix(settings, PUBLIC)
    assert matrix["service"] == PUBLIC | {("work_pii", "contact_points"), ("work_pii", "identifier_values")}
    assert matrix["marketer"] == matrix["analyst"] == PUBLIC
    assert set(tables_of(settings)) == matrix["admin"]
    assert not matrix["outsider"]
    build(settings, people=5)
    make_pii(settings)
    assert set(tables_of(settings)) == readable(settings, "admin", tables_of(settings)), "admin waits for no publish"
    publish(settings, TABLES)
    assert assert_matrix(settings, PUBLIC) == matrix


def test_an_unchanged_publish_changes_no_grant(settings: Settings) -> None:
    """Grants are brought by difference: the second time there is none."""
    make_roles(settings)
    publish(settings, TABLES)
    _, done = bring_grants_now(settings, TABLES, create=False)
    assert (done.granted, done.revoked, done.sentences) == (0, 0, _without_unbuilt_rooms(done))
    assert done.roles[f"{settings.role_prefix}service"] == 4


def _without_unbuilt_rooms(done: GrantReport) -> tuple[str, ...]:
    assert not [sentence for sentence in done.sentences if "such table" not in sentence]
    return done.sentences


def test_who_leaves_the_seed_reads_no_more(settings: Settings, use_seed: Callable[[str], None]) -> None:
    """A row, and a whole role, taken out of the seed is taken back, defaults for tables to come as well."""
    make_roles(settings)
    publish(settings, TABLES)
    use_seed("analyst,published,profiles,*\nservice,work,pii,contact_points\n")
    publish(settings, TABLES)
    tables = tables_of(settings)
    assert readable(settings, "analyst", tables) == {("profiles", "profiles")}
    assert readable(settings, "service", tables) == {("work_pii", "contact_points")}
    assert not readable(settings, "admin", tables)
    assert not readable(settings, "marketer", tables)
    make_pii(settings)
    assert not readable(settings, "admin", tables_of(settings))


def test_nobody_else_reads_values(settings: Settings) -> None:
    """What was granted by hand where values lie, to everybody, to a role or on a column, is taken back."""
    make_roles(settings)
    log_in(settings, "outsider").close()
    outsider = quoted(f"login_of_{settings.role_prefix}outsider")
    run(
        settings,
        "grant usage on schema work_pii, work_profiles, raw_crm to public",
        "grant select on all tables in schema work_pii, raw_crm to public",
        f"grant usage on schema work_staging, work_activation to {outsider}",
        f"grant select on work_staging.secrets to {outsider}",
        f"grant select (email) on work_activation.secrets to {outsider}",
        "alter default privileges in schema work_pii grant select on tables to public",
        f"alter default privileges in schema work_pii grant all on tables to {outsider}",
    )
    assert len(readable(settings, "outsider", tables_of(settings))) > 3
    publish(settings, TABLES)
    assert not readable(settings, "outsider", tables_of(settings))
    make_pii(settings)
    assert not readable(settings, "outsider", tables_of(settings))


def test_what_was_granted_by_hand_on_published_tables_stays(settings: Settings) -> None:
    """A role without the prefix keeps what it was granted on published tables; one with the prefix keeps nothing."""
    publish(settings, TABLES)
    other, ours = f"other_{settings.role_prefix}x", f"{settings.role_prefix}bi"
    for role in (other, ours):
        run(
            settings,
            f"create role {role}",
            f"grant usage on schema profiles to {role}; grant select on profiles.profiles to {role}",
        )
    publish(settings, TABLES)
    with open_warehouse(settings) as warehouse:
        kept = [
            role
            for role in (other, ours)
            if warehouse.rows("select has_table_privilege($1, 'profiles.profiles', 'select')", [role])[0][0]
        ]
    assert kept == [other]


def test_missing_roles_are_told_and_created_when_asked_to(settings: Settings) -> None:
    """Roles that are not there are named in a sentence and stay away, until somebody asks for them."""
    report = publish(settings, TABLES)
    missing = next(sentence for sentence in report.sentences if "not in the database" in sentence)
    assert all(f"{settings.role_prefix}{role}" in missing for role in ROLES)
    assert "onefolk grant --create-roles" in missing
    assert readers_environment(settings) == {
        "ONEFOLK_READERS": '{"pii.contact_points": [], "pii.identifier_values": []}'
    }
    created, done = bring_grants_now(settings, TABLES, create=True)
    assert created == [f"{settings.role_prefix}{role}" for role in ROLES]
    assert all(done.roles.values())
    assert_matrix(settings, PUBLIC)
    assert bring_grants_now(settings, TABLES, create=True)[0] == []
    readers = [f"{settings.role_prefix}{role}" for role in ("admin", "service")]
    assert (
        f'"pii.contact_points": {str(readers).replace(chr(39), chr(34))}'
        in readers_environment(settings)["ONEFOLK_READERS"]
    )


def as_builder(settings: Settings) -> Settings:
    """The settings of a user who owns nothing yet and may create schemas, but no roles."""
    name = f"builder_of_{settings.role_prefix}x"
    run(settings, f"create role {name} login; grant create on database {settings.postgres_dbname} to {name}")
    return settings.model_copy(update={"postgres_user": name})


def test_a_user_who_can_not_create_roles_hears_who_can(settings: Settings) -> None:
    """Without the right to create roles there is a sentence with the statements for those who have it."""
    with pytest.raises(GrantError, match=r"may not create roles. Let an administrator run: create role \"t\d+"):
        bring_grants_now(as_builder(settings), TABLES, create=True)


def test_a_user_who_can_not_grant_hears_who_can(make_settings: Any, settings: Settings) -> None:
    """What belongs to somebody else is not granted but told; values left open to others stop everything."""
    make_roles(settings)
    builder = as_builder(settings)
    user, fresh = builder.postgres_user, make_settings("postgres", settings.home.parent / "b")
    builder = builder.model_copy(update={"postgres_dbname": fresh.postgres_dbname})
    run(fresh, f"grant create on database {fresh.postgres_dbname} to {user}")
    build(builder)
    make_pii(builder)
    run(fresh, "create schema profiles", f"grant usage, create on schema profiles to {user}")
    report = publish(builder, TABLES)
    sentence = next(sentence for sentence in report.sentences if "can't grant" in sentence)
    assert "belongs to postgres in schema profiles" in sentence
    assert f'grant usage on schema "profiles" to "{settings.role_prefix}analyst"' in sentence
    assert readable(builder.model_copy(update={"postgres_user": "postgres"}), "analyst", [*PUBLIC]) == {
        ("audiences", "audience_members")
    }
    run(fresh, "create table work_pii.leak (email text)", "grant select on work_pii.leak to public")
    with pytest.raises(GrantError, match=r"work_pii is open to public(.|\n)*Let postgres run: revoke select on table"):
        publish(builder, TABLES)
    run(fresh, f"drop owned by {user} cascade")


def test_an_empty_database_has_nothing_to_grant(make_settings: Any, tmp_path: Path) -> None:
    """Before anything is built `onefolk grant` changes nothing and says what is missing."""
    settings = make_settings("postgres", tmp_path, role_prefix=f"e{os.getpid()}_")
    _, done = bring_grants_now(settings, TABLES, create=False)
    assert (done.granted, done.revoked) == (0, 0)


def test_duckdb_has_no_roles(make_settings: Any, tmp_path: Path) -> None:
    """On DuckDB the command says why there is nothing to grant, and dbt is told of nobody."""
    settings = make_settings("duckdb", tmp_path)
    with pytest.raises(GrantError, match="DuckDB has no roles"):
        bring_grants_now(settings, TABLES, create=False)
    assert readers_environment(settings) == {}


def test_a_row_that_names_nothing_is_told(settings: Settings, use_seed: Callable[[str], None]) -> None:
    """A table that is not there is told; nothing else fails for it."""
    use_seed("service,work,pii,contact_pionts\nanalyst,published,profiles,*\nanalyst,published,audiences,nothing\n")
    make_roles(settings)
    told = [sentence for sentence in publish(settings, TABLES).sentences if "no such table" in sentence]
    assert len(told) == 2
    assert "work pii.contact_pionts to service" in told[0]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("public,work,pii,*", "'public' is no role"),
        ("An analyst,work,pii,*", "is no role"),
        ("analyst,somewhere,pii,*", "'somewhere' is no place: published, work, raw"),
        ("analyst,work,,*", "'' is no room"),
        ("analyst,work,pii,", "'' is no table_name"),
        ('analyst,work,pii,"x; drop"', "is no table_name"),
        ("analyst,work,*,contact_points", "name its room"),
        ("analyst", "is no place"),
    ],
)
def test_a_wrong_row_is_a_sentence(row: str, message: str, use_seed: Callable[[str], None]) -> None:
    """A row that can't be read is refused with its line, before anything is granted."""
    use_seed(f"analyst,published,profiles,*\n{row}\n")
    with pytest.raises(RoleError, match=rf"(?s)role_grants\.csv:3: .*{message}"):
        load_rules()


def test_a_login_of_the_database_is_no_reader(settings: Settings) -> None:
    """Whoever may log in and is in no role is refused by every table."""
    publish(settings, TABLES)
    with (
        log_in(settings, "outsider") as connection,
        connection.cursor() as cursor,
        pytest.raises(adbc.ProgrammingError, match="permission denied"),
    ):
        cursor.execute("select * from work_pii.contact_points")
