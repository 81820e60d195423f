"""What increments made equals what a full rebuild makes, also where events come late, come again or change hands."""

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.settings import Settings
from orchestration.warehouse import Row, open_warehouse
from tests.conftest import make_settings
from tests.end_to_end.company import CLOCK, SECRET, Tables, assert_same_tables, published, run

NEXT_DAY, WEEK_LATER = CLOCK + timedelta(days=1), CLOCK + timedelta(days=7)
# Tables that log what every run did.
RUN_LOGS = {"identity.identity_runs"}
STAGED = "work_staging.stg_events__events"
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
        """Public tables but the logs of runs, and inside, in order."""
        found = {name: rows for name, rows in published(self.settings).items() if name not in RUN_LOGS}
        for table, columns in INSIDE.items():
            found[table] = sorted(self.rows(f"select {columns} from {table}"), key=repr)
        return found


def message(message_id: str, visitor: str, moment: datetime, kind: str = "page", **more: Any) -> dict[str, Any]:
    """A message as a browser sends it."""
    sent = {"message_id": message_id, "type": kind, "anonymous_id": visitor, "timestamp": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
    return sent | {"context": {"page": {"path": f"/{message_id}"}}} | more


@pytest.fixture(scope="module")
def lived(duckdb_company: Settings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Company, dict[str, Any]]:
    """The company after an eventful day, and what happened in it."""
    company = Company(duckdb_company, tmp_path_factory.mktemp("increments"))
    session = """
        select sessions.session_id, min(events.anonymous_id), min(events.occurred_at), max(events.occurred_at)
        from work_profiles.session_events as sessions
        inner join work_staging.stg_events__events as events on sessions.message_id = events.message_id
        where events.anonymous_id is not null
        group by sessions.session_id having {having} order by count(*) desc, sessions.session_id
    """
    _, longest, start, end = company.rows(session.format(having="count(*) > 3 and max(events.user_id) is null"))[0]
    alone = company.rows(f"""
        select min(message_id), anonymous_id, min(occurred_at) from {STAGED}
        where anonymous_id is not null and user_id is null
        group by anonymous_id having count(*) = 1 order by anonymous_id
    """)
    (moved, _, moved_at), (stranger, unknown, stranger_at) = alone[0], alone[1]
    user = company.rows(f"select min(user_id) from {STAGED} where user_id is not null")[0][0]
    story = {"longest": longest, "start": start, "moved": moved, "stranger": stranger, "user": user}
    company.cycle(
        NEXT_DAY,
        message("late", longest, start + (end - start) / 2),
        message("earliest", longest, start - timedelta(minutes=5)),
        # The only event of a visitor comes again, and is now another's.
        message(moved, longest, moved_at),
        # A visitor turns out to be somebody known.
        message("login", unknown, stranger_at + timedelta(minutes=1), "identify", user_id=user),
        message("ahead", longest, NEXT_DAY + timedelta(days=3)),
        message("ahead again", longest, NEXT_DAY + timedelta(days=3)),
        {"type": "page", "timestamp": "never"},
    )
    return company, story


def test_late_events_find_their_place(lived: tuple[Company, dict[str, Any]]) -> None:
    """A late event joins the session it belongs to, one before it renames it, and no session is left without events."""
    company, story = lived
    places = {row[0]: row[1:] for row in company.rows(
        "select message_id, session_id, session_position from work_profiles.session_events"
    )}
    assert places["late"][0] == places["earliest"][0]
    assert places["earliest"][1] == 1 < places["late"][1]
    assert company.rows(
        "select count(*), count(distinct sessions.session_id) from work_profiles.sessions"
        " left join (select distinct session_id from work_profiles.session_events) as events"
        " on sessions.session_id = events.session_id where events.session_id is null"
    ) == [(0, 0)]
    assert company.rows(f"select anonymous_id from {STAGED} where message_id = '{story['moved']}'") == [
        (story["longest"],)
    ]


def test_events_follow_their_identifier(lived: tuple[Company, dict[str, Any]]) -> None:
    """An event from before the log-in belongs to who logged in, on the timeline and in the session."""
    company, story = lived
    owners = dict(
        company.rows(
            "select event_id, profile_id from work_profiles.events"
            f" where event_source = 'events' and event_id in ('login', '{story['stranger']}')"
        )
    )
    known = company.rows(f"""
        select distinct events.profile_id from work_profiles.session_events as events
        inner join {STAGED} as staged on events.message_id = staged.message_id where staged.user_id = '{story["user"]}'
    """)
    assert [(owners["login"],)] == known
    assert owners[story["stranger"]] == owners["login"]


def test_increments_equal_a_rebuild(lived: tuple[Company, dict[str, Any]]) -> None:
    """After two eventful cycles every table is what a full rebuild makes of the same rows, by the same clock."""
    company, _ = lived
    waiting = "select count(*) from work_staging.quarantine where reason = 'occurred after the clock' and row_key {}"
    assert company.rows(waiting.format("like 'ahead%'")) == [(2,)]
    # One that waits comes again, with a time that has come: that counts, also when the other's time comes.
    company.cycle(WEEK_LATER, message("ahead again", "somebody", CLOCK))
    assert company.rows(waiting.format("like 'ahead%'")) == [(0,)]
    assert company.rows(f"select message_id, anonymous_id from {STAGED} where message_id like 'ahead%' order by 1")[1:] == [
        ("ahead again", "somebody")
    ]
    increments = company.tables()
    run(company.settings, "build", "--full-refresh")
    run(company.settings, "publish")
    assert_same_tables(increments, company.tables())
