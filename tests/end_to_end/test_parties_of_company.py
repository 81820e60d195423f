"""Whose data it is: what partners say counts by licence and makes nobody known; a party can be switched off."""

import csv
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings
from tests.conftest import make_settings
from tests.dbt_commands import run_dbt
from tests.end_to_end.company import CLOCK, SECRET, run

# When some licences and values have run out.
LATER = CLOCK + timedelta(days=150)


def _landed(company: Path, table: str) -> Iterator[dict[str, str]]:
    for path in sorted((company / "landing" / "partner" / table).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text.removesuffix("Z")) if text else None


def _is_open(now: datetime, begins: datetime | None, ends: datetime | None) -> bool:
    return (begins is None or begins <= now) and (ends is None or ends > now)


def _copy(settings: Settings, folder: Path, as_of: datetime) -> Settings:
    """A warehouse of its own with the same tables in it, at another time."""
    copied = make_settings("duckdb", folder, as_of=as_of, secret=SECRET)
    copied.warehouse_path.parent.mkdir(parents=True)
    shutil.copy(settings.warehouse_path, copied.warehouse_path)
    return copied


def test_partners_count_by_their_licence(company: Path, duckdb_company: Settings, tmp_path: Path) -> None:
    """What a partner last said of an address that we know is public, and current while it and a licence last."""
    later = _copy(duckdb_company, tmp_path, LATER)
    models = ["partner_values", "second_party_attributes", "traits_second_party", "profiles"]
    run_dbt(later, "run", "--select", *models, target_path=tmp_path / "target")
    assert _counting(company, duckdb_company, CLOCK) > _counting(company, later, LATER) > 0


def _counting(company: Path, settings: Settings, clock: datetime) -> int:
    """How many values count, after all were compared with the landed files."""
    now = clock.replace(tzinfo=None)
    licensed: dict[str, set[str]] = {}
    for row in _landed(company, "licences"):
        if _is_open(now, _moment(row["valid_from"]), _moment(row["valid_until"])):
            licensed.setdefault(row["provider"], set()).add(row["purpose"])
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as warehouse:
        known = dict(
            warehouse.execute(
                "select identifier_value, profile_id from work_pii.identifier_values"
                " inner join work_identity.identifiers using (identifier_key)"
                " where identifiers.identifier_type = 'email'"
            ).fetchall()
        )
        found = warehouse.execute(
            "select provider, identifier_value, attribute, attribute_value, is_current, licensed_purposes, profile_id"
            " from work_profiles.second_party_attributes inner join work_pii.identifier_values using (identifier_key)"
        ).fetchall()
        columns = warehouse.execute(
            "select profile_id, second_party_household_size, second_party_income_band from work_profiles.profiles"
            " where coalesce(second_party_household_size, second_party_income_band) is not null"
        ).fetchall()
    newest: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in _landed(company, "attributes"):
        key = (row["provider"], row["id_value"].strip().lower(), row["attribute"])
        if key not in newest or newest[key]["observed_at"] <= row["observed_at"]:
            newest[key] = row
    expected = {
        (
            *key,
            row["value"],
            row["provider"] in licensed and _is_open(now, None, _moment(row["expires_at"])),
            ", ".join(sorted(licensed.get(row["provider"], ()))) or None,
            known[key[1]],
        )
        for key, row in newest.items()
        if key[1] in known
    }
    assert set(found) == expected
    assert {row[0] for row in columns} == {row[-1] for row in expected if row[4]}
    of_profiles = {(row[-1], row[2], row[3]) for row in expected if row[4]}
    for profile_id, *values in columns:
        for attribute, value in zip(("household_size", "income_band"), values, strict=True):
            assert value is None or (profile_id, attribute, value) in of_profiles
    return sum(1 for row in found if row[4])


def _put(settings: Settings, name: str, *lines: str) -> None:
    path = settings.landing_dir / name
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_partner_makes_nobody_known(new_home: Callable[[], Settings]) -> None:
    """Whom only a partner knows is nobody here; of others its word fills gaps, whatever the spelling of the address."""
    settings = new_home()
    _put(
        settings,
        "crm/contacts/contacts.csv",
        "contact_id,email,country,city,updated_at",
        "C1,ada@mail.example,FR,,2026-01-01T00:00:00Z",
        "C2,ben@mail.example,GB,Leeds,2026-01-01T00:00:00Z",
    )
    _put(
        settings,
        "partner/licences/licences.csv",
        "provider,purpose,valid_from,valid_until",
        "club,marketing,,",
        "late,marketing,,2026-04-30T00:00:00Z",
    )
    _put(
        settings,
        "partner/attributes/attributes.csv",
        "provider,id_type,id_value,attribute,value,observed_at,expires_at",
        "club,email,  ADA@Mail.example ,household_size,2,2026-04-01T00:00:00Z,",
        "club,email,ada@mail.example,household_size,1,2026-03-01T00:00:00Z,",
        "club,email,ada@mail.example,city,Lyon,2026-03-01T00:00:00Z,",
        "club,email,ada@mail.example,birth_date,in spring,2026-03-01T00:00:00Z,",
        "club,email,ada@mail.example,first_name,Ada,2026-03-01T00:00:00Z,",
        "club,email,ben@mail.example,city,Bristol,2026-03-01T00:00:00Z,",
        "late,email,ben@mail.example,household_size,5,2026-03-01T00:00:00Z,",
        "late,email,ben@mail.example,last_name,Late,2026-03-01T00:00:00Z,",
        "none,email,ben@mail.example,income_band,high,2026-03-01T00:00:00Z,",
        "club,email,stranger@mail.example,household_size,3,2026-03-01T00:00:00Z,",
        "club,email,not an address,household_size,3,2026-03-01T00:00:00Z,",
        "club,shoe_size,44,household_size,3,2026-03-01T00:00:00Z,",
    )
    run(settings, "run")
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as warehouse:
        people = warehouse.execute(
            "select country, city, second_party_household_size, second_party_income_band, city_latitude is not null,"
            " identifier_count from work_profiles.profiles order by country"
        ).fetchall()
        names = warehouse.execute(
            "select contact_type, contact_value, data_party from work_pii.contact_points"
            " where contact_type not in ('email', 'phone', 'address') order by contact_type"
        ).fetchall()
        sightings = warehouse.execute("select min(first_seen_at) from work_identity.identifiers").fetchall()
    assert people == [("FR", "Lyon", "2", None, True, 2), ("GB", "Leeds", None, None, True, 2)]
    assert names == [("first_name", "Ada", "second")]
    assert sightings == [(datetime(2026, 1, 1),)]


@pytest.fixture
def copied_company(duckdb_company: Settings, tmp_path: Path) -> Settings:
    """A warehouse of its own with the company's tables in it."""
    return _copy(duckdb_company, tmp_path, CLOCK)


def test_a_party_is_switched_off_everywhere(duckdb_company: Settings, copied_company: Settings, tmp_path: Path) -> None:
    """With first-party data alone nothing of another party is left in tables of people, and ids stay as they were."""
    models = ["partner_values+", "third_party_segments+", "stated_values+", "events+"]
    run_dbt(
        copied_company,
        "run",
        "--vars",
        "{parties: [first]}",
        "--select",
        *models,
        "--exclude",
        "audience_members+",
        target_path=tmp_path / "target",
    )
    counts = """
    select
        (select count(*) from work_profiles.second_party_attributes),
        (select count(*) from work_profiles.third_party_segments),
        (select count(*) from work_profiles.profile_fields where data_party <> 'first'),
        (select count(*) from work_pii.contact_points where data_party <> 'first'),
        (select count(*) from work_profiles.events where data_party <> 'first'),
        (
            select count(*) from work_profiles.profiles
            where coalesce(second_party_household_size, second_party_income_band, third_party_sex, third_party_age,
                third_party_nationality, third_party_interest) is not null
        )
    """
    ids = "select profile_id from work_profiles.profiles order by profile_id"
    with duckdb.connect(str(copied_company.warehouse_path), read_only=True) as warehouse:
        assert warehouse.execute(counts).fetchall() == [(0, 0, 0, 0, 0, 0)]
        alone = warehouse.execute(ids).fetchall()
    with duckdb.connect(str(duckdb_company.warehouse_path), read_only=True) as warehouse:
        used = warehouse.execute(counts).fetchall()[0]
        assert min(used[0], used[1], used[5]) > 0
        assert warehouse.execute(ids).fetchall() == alone


def test_a_party_that_is_none_is_refused(copied_company: Settings, tmp_path: Path) -> None:
    """A misspelt party, or none of our own, stops the build with a sentence instead of switching something off."""
    for parties in ("[first, thrid]", "[second, third]"):
        done = run_dbt(
            copied_company,
            "compile",
            "--vars",
            f"{{parties: {parties}}}",
            "--select",
            "third_party_segments",
            target_path=tmp_path / "target",
            check=False,
        )
        assert done.returncode != 0
        assert "it lists first, and of second and third those that count" in done.stdout
