"""The shipped audiences on the demo company: their members are those of plain Python, and nobody's list is empty."""

import duckdb
import pytest

from orchestration.settings import PROJECT_DIR, Settings
from orchestration.simulation import simulate
from tests.conftest import make_settings
from tests.end_to_end.audience_answers import Answers
from tests.end_to_end.company import SECRET, run
from tests.end_to_end.landed_facts import Facts
from tests.project.house import yaml_of

# The company that `onefolk demo` shows, and the end of its last day.
PEOPLE, DAYS, SEED = 2000, 180, 7
CLOCK = "2026-09-01T00:00:00Z"
SHIPPED = [name for name in yaml_of("dbt_project.yml")["vars"]["audiences"] if name != "birthday_next_7_days"]


@pytest.fixture(scope="session")
def demo_company(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The demo company after one cycle on DuckDB."""
    settings = make_settings("duckdb", tmp_path_factory.mktemp("demo"), as_of=CLOCK, secret=SECRET)
    simulate(people=PEOPLE, days=DAYS, seed=SEED, out=settings.landing_dir.parent)
    run(settings, "run")
    return settings


@pytest.fixture(scope="session")
def answers(demo_company: Settings) -> Answers:
    """Members by plain Python."""
    warehouse = duckdb.connect(str(demo_company.warehouse_path), read_only=True)
    assert demo_company.as_of is not None
    now = demo_company.as_of.replace(tzinfo=None)
    return Answers(Facts(warehouse, now), PROJECT_DIR / "seeds" / "profiles" / "currency_rates.csv")


@pytest.mark.parametrize("name", SHIPPED)
def test_members_are_those_of_plain_python(name: str, answers: Answers) -> None:
    """Of the demo company exactly those belong to an audience whose landed rows say so, and it is not empty."""
    found = answers.facts.warehouse.execute(
        "select profile_id from work_audiences.audience_members where audience = $1", [name]
    ).fetchall()
    members, expected = {profile for (profile,) in found}, answers.of(name)
    assert members - expected == set(), f"{len(members)} members, {len(expected)} expected"
    assert expected - members == set(), f"{len(members)} members, {len(expected)} expected"
    assert members


def test_anonymous_people_are_where_they_may_be(answers: Answers) -> None:
    """People whom nobody knows by name viewed and didn't buy, are prospects, and are in no audience for customers."""
    rows = answers.facts.warehouse.execute(
        "select audience, profile_id from work_audiences.audience_members"
    ).fetchall()
    anonymous = {audience for audience, profile in rows if profile not in answers.facts.customers}
    assert anonymous == {"viewed_not_bought", "segment_prospects"}
