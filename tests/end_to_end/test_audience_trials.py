"""Audiences tried out before they ship: previews, comparisons and back-tests say what builds say."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.audiences.backtest import PREFIX
from orchestration.audiences.diff import diff_audiences
from orchestration.audiences.differences import Diff, Limits
from orchestration.audiences.preview import preview_audience
from orchestration.project import project_vars
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import Row, open_duckdb, open_warehouse
from tests.conftest import make_settings
from tests.end_to_end.company import SECRET, move_in, run

ENGINES = pytest.mark.parametrize("fixture", ["duckdb_company", "postgres_company"], ids=["duckdb", "postgres"])
PARSED = ("dbt_project.yml", "models", "macros", "seeds", "tests/generic", "tests/singular")
PAST = datetime(2026, 4, 12, tzinfo=UTC)
BUYERS = "select profile_id from work_profiles.customers where order_count {} and net_revenue_amount > 0"
TRIAL = """
select
    profile_id,
    order_count >= 1 as has_bought,
    country = 'DE' as lives_in_germany,
    order_count as has_bought__value
from {{ ref('customers') }}
"""


def built(settings: Settings, sql: str) -> list[Row]:
    """Rows of a query on what was built."""
    with open_warehouse(settings, read_only=True) as warehouse:
        return warehouse.rows(sql)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project in its own repository, and changed since: an audience narrower, one new, one gone, one broken."""
    if not shutil.which("git"):
        pytest.skip("There is no git, and a comparison looks back in it.")
    folder = tmp_path_factory.mktemp("changed")
    for name in PARSED:
        source = PROJECT_DIR / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            shutil.copy(source, folder / name)
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "As it was")):
        who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
        subprocess.run(["git", "-C", str(folder), *who, *command], check=True)
    audiences = folder / "models/audiences"
    rewrite(audiences / "aud_repeat_buyers.sql", "order_count >= 2", "order_count >= 3")
    rewrite(audiences / "aud_recent_buyers.sql", "last_ordered_at >=", "last_ordered >=")
    (audiences / "aud_trial.sql").write_text(TRIAL)
    rewrite(folder / "dbt_project.yml", "contract_renewal", "trial")
    return folder


def rewrite(path: Path, before: str, after: str) -> None:
    """Change a file, which has what is to change."""
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


@ENGINES
def test_a_preview_is_what_was_built(fixture: str, request: pytest.FixtureRequest) -> None:
    """Members and reach are those that were built: of anonymous people too, and where audiences meet."""
    settings: Settings = request.getfixturevalue(fixture)
    sizes = dict(built(settings, "select audience, count(*) from work_audiences.audience_members group by audience"))
    reach = built(settings, "select audience, channel, deliverable_count from work_audiences.audience_reach")
    for name in ("viewed_not_bought", "at_risk_high_value"):
        preview = preview_audience(settings, name)
        assert preview.problems == []
        assert preview.member_count == sizes.get(name, 0)
        assert {(name, row.channel, row.deliverable_count) for row in preview.reach} == {
            tuple(row) for row in reach if row[0] == name
        }
        assert preview.guard
        assert (preview.guard.entering_count, preview.guard.leaving_count) == (0, 0)
        assert preview.seconds < 60


@ENGINES
def test_an_audience_that_was_never_built(fixture: str, request: pytest.FixtureRequest, changed: Path) -> None:
    """A file is enough: it is counted as SQL counts it, and what a build would refuse is said."""
    settings: Settings = request.getfixturevalue(fixture)
    preview = preview_audience(settings, "trial", changed)
    customers = built(settings, "select profile_id, order_count, country from work_profiles.customers")
    buyers = {row[0] for row in customers if row[1] >= 1}
    germans = {row[0] for row in customers if row[2] == "DE"}
    assert preview.member_count == len(buyers & germans) > 0
    bought, lives = preview.funnel.steps
    assert (bought.alone_count, bought.lacking_count) == (len(buyers), len(germans - buyers))
    assert (lives.alone_count, lives.met_count, lives.lacking_count) == (
        len(germans), len(buyers & germans), len(buyers - germans)
    )  # fmt: skip
    assert preview.unknown["lives_in_germany"] == sum(row[2] is None for row in customers)
    assert any("purpose" in problem for problem in preview.problems)
    assert {example["values"]["has_bought"] for example in preview.examples} <= {
        str(row[1]) for row in customers if row[0] in buyers
    }


def test_a_preview_waits_for_nobody_and_shows_nobody(duckdb_company: Settings) -> None:
    """While a build holds the warehouse the preview comes all the same; no address is in it, nor a whole id."""
    with open_duckdb(duckdb_company.warehouse_path, duckdb_company):
        said = run(duckdb_company, "audience", "preview", "repeat_buyers", "--json").stdout
        shown = run(duckdb_company, "audience", "preview", "repeat_buyers").stdout
    told = json.loads(said)
    assert len(told["examples"]) == min(10, told["member_count"]) > 0
    assert all(len(example["profile_id"]) == 8 for example in told["examples"])
    values = {
        str(value)
        for (value,) in built(duckdb_company, "select contact_value from work_pii.contact_points")
        if len(str(value)) > 5
    }
    assert values
    assert not [value for value in values if value in said or value in shown]
    assert f"Repeat buyers: {told['member_count']} members." in shown


def test_a_preview_of_nothing_says_what_there_is(duckdb_company: Settings) -> None:
    """An unknown audience gets a sentence with the likeliest one, and exit code 1."""
    done = run(duckdb_company, "audience", "preview", "repeat_buyer", check=False)
    assert done.returncode == 1
    assert "Did you mean repeat_buyers?" in done.stderr


@pytest.fixture(scope="module", params=["duckdb_company", "postgres_company"], ids=["duckdb", "postgres"])
def compared(request: pytest.FixtureRequest, changed: Path) -> tuple[Settings, Diff]:
    """The company, and what the change does to its audiences."""
    settings: Settings = request.getfixturevalue(request.param)
    return settings, diff_audiences(settings, "HEAD", Limits(0.2, 3), project_dir=changed)


def test_a_diff_counts_who_comes_and_goes(compared: tuple[Settings, Diff]) -> None:
    """Members before and after, entries, exits with their condition: as SQL counts them, audience by audience."""
    settings, diff = compared
    found = {audience.name: audience for audience in diff.audiences}
    assert {name: audience.kind for name, audience in found.items()} == {
        "repeat_buyers": "changed", "recent_buyers": "broken", "contract_renewal": "removed", "trial": "new",
    }  # fmt: skip
    assert set(diff.unchanged) == set(project_vars()["audiences"]) - set(found)
    twice, thrice = (len(built(settings, BUYERS.format(bound))) for bound in (">= 2", ">= 3"))
    narrower = found["repeat_buyers"]
    assert (narrower.before.member_count, narrower.after.member_count) == (twice, thrice)
    assert (narrower.entered_count, narrower.left_count) == (0, twice - thrice)
    assert narrower.left_by == [("has_bought_twice", twice - thrice)]
    assert narrower.files == ["models/audiences/aud_repeat_buyers.sql"]
    gone = found["contract_renewal"]
    was = "select count(*) from work_audiences.audience_members where audience = 'contract_renewal'"
    assert (gone.before.member_count, gone.after.member_count) == (built(settings, was)[0][0], 0)
    assert "last_ordered" in (found["recent_buyers"].error or "")
    allowed = {
        row[0]
        for row in built(
            settings,
            "select profile_id from work_consent.permissions"
            " where purpose = 'marketing' and channel = 'email' and is_allowed",
        )
    }
    reachable = {
        row[0] for row in built(settings, "select profile_id from work_profiles.profiles where email_count > 0")
    }
    stay = {row[0] for row in built(settings, BUYERS.format(">= 3"))}
    [by_email] = [reach for reach in narrower.after.reach if reach.channel == "email"]
    assert by_email.deliverable_count == len(stay & allowed & reachable)


def test_a_diff_beyond_a_limit_is_told(compared: tuple[Settings, Diff]) -> None:
    """What changes too much, gets too large or can't be read breaks the limits, each in a sentence."""
    _, diff = compared
    told = "\n".join(diff.breaches)
    for name in ("repeat_buyers", "recent_buyers", "trial"):
        assert f"Audience {name}:" in told
    assert not re.search(r"Audience (lapsed_vip|near_store|open_complaint)", told)


def test_a_diff_against_nothing_ends_with_a_sentence(duckdb_company: Settings) -> None:
    """A reference that git doesn't know is said so, with exit code 1."""
    done = run(duckdb_company, "audience", "diff", "--against", "no-such-branch", check=False)
    assert done.returncode == 1
    assert "git knows no 'no-such-branch'" in done.stderr or "no git repository" in done.stderr


def test_hindsight_is_a_company_that_landed_early(postgres_company: Settings, early: Settings) -> None:
    """A past day with hindsight has the members of a company whose files all landed on that day; the live stay."""
    settings = postgres_company
    live = "select audience, profile_id, entered_at from work_audiences.audience_members order by 1, 2"
    before = built(settings, live)
    done = run(settings, "audience", "backtest", "recent_buyers", "--days", f"{PAST:%Y-%m-%d}", "--hindsight", "--json")
    [day] = json.loads(done.stdout)["days"]
    assert built(settings, live) == before
    assert not [
        name for (name,) in built(settings, "select schema_name from information_schema.schemata") if PREFIX in name
    ]
    sizes = "select count(*) from work_audiences.audience_members where audience = 'recent_buyers'"
    assert day["member_count"] == built(early, sizes)[0][0] > 0
    reach = "select channel, deliverable_count from work_audiences.audience_reach where audience = 'recent_buyers'"
    assert {row["channel"]: row["deliverable_count"] for row in day["reach"]} == dict(built(early, reach))


@pytest.fixture
def early(company: Path, tmp_path: Path) -> Settings:
    """The company on DuckDB, all of whose files landed on the past day."""
    settings = move_in(company, make_settings("duckdb", tmp_path, as_of=PAST, secret=SECRET))
    for command in ("land", "build"):
        run(settings, command)
    return settings


def test_a_day_before_anything_landed_is_refused(duckdb_company: Settings) -> None:
    """Without hindsight a day knows what had landed by then: where nothing had, that is said, and what helps."""
    done = run(duckdb_company, "audience", "backtest", "recent_buyers", "--days", f"{PAST:%Y-%m-%d}", check=False)
    assert done.returncode == 1
    assert "Nothing had landed by 2026-04-12" in done.stderr
    assert "--hindsight" in done.stderr


@pytest.mark.parametrize(
    ("days", "said"),
    [("soon", "'soon' is not a day"), (",", "There is no day to look at"), ("2099-01-01", "is still to come")],
)
def test_days_that_are_none(days: str, said: str, duckdb_company: Settings) -> None:
    """A day that can't be looked at is refused with a sentence, before anything is built."""
    done = run(duckdb_company, "audience", "backtest", "recent_buyers", "--days", days, check=False)
    assert done.returncode == 1
    assert said in done.stderr
