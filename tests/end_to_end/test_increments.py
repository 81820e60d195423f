"""What increments made equals what a full rebuild makes, also where events come late, come again or change hands."""

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.project import load_manifest, parse, public_tables
from orchestration.settings import Settings
from orchestration.warehouse import Row, open_warehouse, quoted
from tests.conftest import make_settings
from tests.end_to_end.company import CLOCK, RUN_LOGS, SECRET, Tables, assert_same_tables, run

pytestmark = pytest.mark.long

NEXT_DAY, WEEK_LATER = CLOCK + timedelta(days=1), CLOCK + timedelta(days=7)
COLUMNS = """
    select column_name from information_schema.columns
    where table_schema = 'work_profiles' and table_name = '{}' order by ordinal_position
"""
STAGED = "work_staging.stg_events__events"
WAITING = """
    select row_key from work_staging.quarantine
    where reason = 'occurred after the clock' and row_key like 'ahead%'
"""
# Built by increments, and not shown to readers: what they hold beside the clock of the run that wrote a row.
INSIDE = {
    STAGED: "message_id, anonymous_id, event_type, page_path, source_file, source_row, occurred_at, loaded_at",
    "work_staging.stg_engagement__messages": "message_id, sent_at, source_file, source_row",
    "work_staging.stg_engagement__message_events": "event_id, message_event_type, source_file, source_row",
    "work_staging.quarantine": "source_name, table_name, row_key, reason, source_file, source_row",
    "work_profiles.session_events": "message_id, session_id, profile_id, session_position, session_page_number",
}


class Company:
    """The company after its first cycle, in a home of its own, to which more can happen."""

    def __init__(self, settings: Settings, home: Path) -> None:
        shutil.copytree(settings.home, home / "home")
        self.home = home
        self.settings = settings

    def cycle(self, clock: datetime, *messages: dict[str, Any]) -> None:
        """Land these messages, if any, and run a whole cycle by this clock."""
        self.settings = make_settings("duckdb", self.home, as_of=clock, secret=SECRET)
        if messages:
            file = self.settings.landing_dir / "events/events" / f"more-{clock:%Y-%m-%d}.jsonl"
            file.write_text("".join(json.dumps(message) + "\n" for message in messages))
        run(self.settings, "run")

    def rows(self, sql: str) -> list[Row]:
        """Rows of the warehouse."""
        with open_warehouse(self.settings) as warehouse:
            return warehouse.rows(sql)

    def tables(self) -> Tables:
        """What was built of every public table but the logs of runs, and inside, rows in order."""
        parse(self.settings)
        shown = {f"work_{table.room}.{table.name}": table for table in public_tables(load_manifest())}
        columns = {
            name: ", ".join(quoted(column.name) for column in table.columns)
            for name, table in shown.items()
            if (table.room, table.name) not in RUN_LOGS and table.room != "activation"
        }
        return {
            name: sorted(self.rows(f"select {listed} from {name}"), key=repr)
            for name, listed in {**columns, **INSIDE}.items()
        }


def message(message_id: str, visitor: str, moment: datetime, kind: str = "page", **more: Any) -> dict[str, Any]:
    """A message as a browser sends it."""
    sent = {"message_id": message_id, "type": kind, "anonymous_id": visitor, "context": {"page": {"path": "/late"}}}
    return sent | {"timestamp": f"{moment:%Y-%m-%dT%H:%M:%SZ}"} | more


@pytest.fixture(scope="module")
def lived(duckdb_company: Settings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Company, dict[str, Any]]:
    """The company after an eventful day, and what happened in it."""
    company = Company(duckdb_company, tmp_path_factory.mktemp("increments"))
    longest, start, end = company.rows(f"""
        select min(staged.anonymous_id), min(staged.occurred_at), max(staged.occurred_at)
        from work_profiles.session_events as events
        inner join {STAGED} as staged on events.message_id = staged.message_id
        where staged.anonymous_id is not null
        group by events.session_id
        having count(*) > 3 and max(staged.user_id) is null
        order by count(*) desc, events.session_id
    """)[0]
    user = company.rows(f"select min(user_id) from {STAGED} where user_id is not null")[0][0]
    ahead = NEXT_DAY + timedelta(days=3)
    company.cycle(
        NEXT_DAY,
        message(
            "late", longest, start + (end - start) / 2, "track", event="Shipped", properties={"shipping": 5, "tax": "1"}
        ),
        message("earliest", longest, start - timedelta(minutes=5)),
        message("moved", "a visitor of one event", CLOCK),
        message("before the log-in", "a stranger", CLOCK),
        message("ahead", longest, ahead),
        message("ahead again", longest, ahead),
        {"type": "page", "timestamp": "never"},
    )
    waiting = company.rows(f"{WAITING} order by row_key")
    profiles = company.rows("select * from work_profiles.profiles order by profile_id")
    company.cycle(
        WEEK_LATER,
        message("late", longest, start + (end - start) / 2, "track", event="Shipped", properties={"shipping": 7}),
        # The only event of a visitor comes again, and is now another's.
        message("moved", longest, CLOCK),
        # A visitor turns out to be somebody known.
        message("log-in", "a stranger", CLOCK + timedelta(minutes=1), "identify", user_id=user),
        # One that waits comes again, with a time that has come: that counts, also when the other's time comes.
        message("ahead again", "somebody", CLOCK),
    )
    return company, {"longest": longest, "user": user, "waiting": waiting, "profiles": profiles}


def test_late_events_find_their_place(lived: tuple[Company, dict[str, Any]]) -> None:
    """A late event joins the session it belongs to, one before it renames it, and no session is left without events."""
    company, story = lived
    rows = company.rows("select message_id, session_id, session_position from work_profiles.session_events")
    places = {row[0]: row[1:] for row in rows}
    assert places["late"][0] == places["earliest"][0]
    assert places["earliest"][1] == 1 < places["late"][1]
    sessions = [row[0] for row in company.rows("select session_id from work_profiles.sessions")]
    assert sorted(sessions) == sorted({session for session, _ in places.values()})
    properties = "select property_name, property_value from work_profiles.event_properties where event_id = 'late'"
    assert company.rows(properties) == [("shipping", "7")]
    senders = dict(company.rows(f"select message_id, anonymous_id from {STAGED}"))
    assert senders["moved"] == story["longest"]


def test_events_follow_their_identifier(lived: tuple[Company, dict[str, Any]]) -> None:
    """An event from before the log-in belongs to who logged in, on the timeline as in its session."""
    company, story = lived
    owners = dict(company.rows("select event_id, profile_id from work_profiles.events where event_source = 'events'"))
    users = company.rows(f"select message_id from {STAGED} where user_id = '{story['user']}'")
    assert {owners[message_id] for (message_id,) in users} == {owners["log-in"]}
    assert owners["before the log-in"] == owners["log-in"] is not None
    assert company.rows(
        "select distinct sessions.profile_id from work_profiles.sessions as sessions"
        " inner join work_profiles.session_events as events on sessions.session_id = events.session_id"
        " where events.message_id = 'before the log-in'"
    ) == [(owners["log-in"],)]


def test_events_ahead_of_the_clock_wait(lived: tuple[Company, dict[str, Any]]) -> None:
    """An event ahead of the clock waits in quarantine until its time, and replaces no later landed version then."""
    company, story = lived
    assert story["waiting"] == [("ahead",), ("ahead again",)]
    assert company.rows(WAITING) == []
    senders = dict(company.rows(f"select message_id, anonymous_id from {STAGED} where message_id like 'ahead%'"))
    assert senders == {"ahead": story["longest"], "ahead again": "somebody"}


def test_history_tells_how_profiles_looked(lived: tuple[Company, dict[str, Any]]) -> None:
    """The profiles of a past day by `profile_history` are those that were built on it, and today's are today's."""
    company, story = lived
    fields = [
        name for (name,) in company.rows(COLUMNS.format("profile_history")) if not name.startswith(("valid", "is_c"))
    ]
    columns = [name for (name,) in company.rows(COLUMNS.format("profiles"))]
    then = [tuple(row[columns.index(name)] for name in fields) for row in story["profiles"]]
    of_day = f"""
        select {", ".join(fields)} from work_profiles.profile_history
        where valid_from <= {{}} and {{}} order by profile_id
    """
    day = f"timestamp '{NEXT_DAY:%Y-%m-%d %H:%M:%S}'"
    assert company.rows(of_day.format(day, f"(valid_to > {day} or valid_to is null)")) == then
    now = company.rows(f"select {', '.join(fields)} from work_profiles.profiles order by profile_id")
    assert company.rows(of_day.format("timestamp '2100-01-01'", "is_current")) == now
    assert now != then, "a week in which nothing changes proves nothing"


def test_a_replay_knows_no_later_fact(lived: tuple[Company, dict[str, Any]]) -> None:
    """Built beside the live tables by the clock of a past day, profiles are those that were built on it."""
    company, story = lived
    live = company.rows("select * from work_profiles.profiles order by profile_id")
    replay = make_settings("duckdb", company.home, as_of=NEXT_DAY, secret=SECRET, schema_prefix="replay_")
    run(replay, "build")
    assert company.rows("select * from replay_work_profiles.profiles order by profile_id") == story["profiles"]
    assert company.rows("select * from work_profiles.profiles order by profile_id") == live


def test_a_backtest_is_what_was_built(lived: tuple[Company, dict[str, Any]]) -> None:
    """Past days of a back-test have the members, entries and exits that the runs of those days had."""
    company, _ = lived
    days = [CLOCK, NEXT_DAY, WEEK_LATER]
    listed = ",".join(f"{day:%Y-%m-%d}" for day in days)
    done = run(company.settings, "audience", "backtest", "recent_buyers", "--days", listed, "--json")
    told = {day["moment"][:10]: day for day in json.loads(done.stdout)["days"]}
    sizes = company.rows(
        "select member_count, entered_count, left_count, measured_at from work_audiences.audience_sizes"
        " where audience = 'recent_buyers' order by measured_at"
    )
    found = [(told[f"{at:%Y-%m-%d}"]["member_count"], members) for members, _, _, at in sizes]
    assert [one for one, _ in found] == [other for _, other in found]
    assert len(found) > 1, "an audience that never moves proves nothing"
    moved = [(told[f"{at:%Y-%m-%d}"]["entered_count"], entered) for _, entered, _, at in sizes[1:]]
    assert [one for one, _ in moved] == [other for _, other in moved]


def test_increments_equal_a_rebuild(lived: tuple[Company, dict[str, Any]]) -> None:
    """After two eventful cycles every table is what a full rebuild makes of the same rows, by the same clock."""
    company, _ = lived
    increments = company.tables()
    run(company.settings, "build", "--full-refresh")
    assert_same_tables(increments, company.tables())
