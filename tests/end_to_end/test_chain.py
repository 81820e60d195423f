"""From landed files to delivered rows: both engines agree, and an unchanged cycle changes nothing."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow.parquet
import pytest

from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse
from tests.dbt_commands import run_dbt
from tests.end_to_end import company as small_company
from tests.end_to_end.company import assert_same_tables, delivered, published, run


def test_engines_agree(duckdb_company: Settings, postgres_company: Settings) -> None:
    """Every public table has the same rows on DuckDB and on Postgres, and so have the delivered files."""
    on_duckdb, on_postgres = published(duckdb_company), published(postgres_company)
    assert_same_tables(on_duckdb, on_postgres)
    empty = {name for name, rows in on_duckdb.items() if not rows}
    assert empty <= {"profiles.sales_pipeline", "consent.statement_problems"}, (
        "but for deals, which may all be decided, and what nobody understands, there is something of everything"
    )
    assert delivered(duckdb_company) == delivered(postgres_company)


@pytest.mark.parametrize("fixture", ["duckdb_company", "postgres_company"])
def test_second_cycle(fixture: str, request: pytest.FixtureRequest) -> None:
    """A second cycle by the same clock lands nothing, delivers nothing, changes no table, and says so."""
    settings: Settings = request.getfixturevalue(fixture)
    tables, files, raw = published(settings), delivered(settings), small_company.raw_tables(settings)
    said = run(settings, "run").stdout.lower()
    assert "nothing landed: no file is new" in said
    assert "nothing was delivered" in said
    assert_same_tables(tables, published(settings))
    assert delivered(settings) == files
    assert small_company.raw_tables(settings) == raw


@pytest.mark.parametrize("fixture", ["duckdb_company", "postgres_company"])
def test_laws_of_single_models(fixture: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The unit tests beside the models pass on both engines."""
    said = run_dbt(request.getfixturevalue(fixture), "test", "--resource-type", "unit_test", target_path=tmp_path)
    assert "PASS=" in said.stdout


class UnionFind:
    """The oracle: sets of names, merged link by link."""

    def __init__(self, names: Iterable[str]) -> None:
        self.parents = {name: name for name in names}

    def find(self, name: str) -> str:
        while self.parents[name] != name:
            self.parents[name] = self.parents[self.parents[name]]
            name = self.parents[name]
        return name

    def link(self, one: str, other: str) -> None:
        self.parents[self.find(one)] = self.find(other)


def test_profiles_are_components(duckdb_company: Settings) -> None:
    """Two identifiers have one profile exactly when a chain of accepted links joins them, as union-find sees it."""
    tables = published(duckdb_company)
    with open_warehouse(duckdb_company) as warehouse:
        places = dict(warehouse.rows("select identifier_key, profile_id from work_identity.identifiers"))
        links = warehouse.rows("select identifier_key_a, identifier_key_b from work_identity.identity_links")
    sets = UnionFind(str(name) for name in places)
    for one, other in links:
        sets.link(one, other)
    by_profile: dict[str, set[str]] = {}
    by_oracle: dict[str, set[str]] = {}
    for name, profile in places.items():
        by_profile.setdefault(profile, set()).add(name)
        by_oracle.setdefault(sets.find(name), set()).add(name)
    assert {frozenset(part) for part in by_profile.values()} == {frozenset(part) for part in by_oracle.values()}
    assert len(by_profile) == len(tables["profiles.profiles"]) < len(places)


def test_delivered_only_with_permission(duckdb_company: Settings) -> None:
    """Who is delivered is a member with a permission, and members without one are not delivered."""
    manifest = json.loads((duckdb_company.delivered_dir / "files/repeat_buyers/manifest.json").read_text())
    name = next(file["name"] for file in manifest["files"] if file["name"].endswith(".parquet"))
    rows = pyarrow.parquet.read_table(duckdb_company.delivered_dir / "files/repeat_buyers" / name).to_pylist()
    with open_warehouse(duckdb_company) as warehouse:
        members = {
            row[0]
            for row in warehouse.rows(
                "select profile_id from work_audiences.audience_members where audience = 'repeat_buyers'"
            )
        }
        permitted = {
            row[0]
            for row in warehouse.rows(
                "select profile_id from work_consent.permissions"
                " where purpose = 'marketing' and channel = 'email' and is_allowed"
            )
        }
    sent = {row["profile_id"] for row in rows}
    assert sent
    assert sent <= members & permitted
    assert members - permitted, "the company has members who may not be written to"


def test_build_before_landing(new_home: Callable[[], Settings]) -> None:
    """A build with nothing to build from says what to do first, in a sentence."""
    done = run(new_home(), "build", check=False)
    assert done.returncode == 1
    assert "run `onefolk land` first" in done.stderr


@pytest.mark.parametrize("landed", [(), ("commerce", "crm/contacts")], ids=["nothing", "a shop and its contacts"])
def test_few_sources(company: Path, new_home: Callable[[], Settings], landed: tuple[str, ...]) -> None:
    """A company of which little or nothing has landed builds green, and readers see every table."""
    settings = new_home()
    for part in landed:
        small_company.copy_part(company, settings, part)
    settings.landing_dir.mkdir(parents=True, exist_ok=True)
    run(settings, "run")
    tables = published(settings)
    assert len(tables["profiles.profiles"]) == 0 if not landed else len(tables["profiles.customers"]) > 0
