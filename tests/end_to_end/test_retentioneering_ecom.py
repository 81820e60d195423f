"""Retentioneering's shop: what they say happened, in which sessions and of whom, comes out as it went in.

Their sessions are named in the data. Within one of them no pause is longer than 28 minutes, and between two of one user
none is shorter than ten hours, so our 30 minutes must find exactly theirs.
"""

from collections import Counter
from datetime import datetime, timedelta
from itertools import groupby, pairwise

import pytest

from orchestration.settings import Settings
from tests.end_to_end.foreign_events import ECOM, ecom_message_id, ecom_rows, rows_of

pytestmark = pytest.mark.skipif(not ECOM.exists(), reason="needs retentioneering_ecom in ../shared/data")

EVENTS, USERS, SESSIONS, EVENT_NAMES = 31_106, 600, 3_605, 19

USER_SESSIONS = """
    select known.identifier_value, profiles.session_count
    from work_profiles.profiles as profiles
    inner join work_identity.identifiers as identifiers on profiles.profile_id = identifiers.profile_id
    inner join work_pii.identifier_values as known on identifiers.identifier_key = known.identifier_key
    where known.identifier_type = 'user_id' and known.identifier_value like 'user\\_____' escape '\\'
"""
TOLD = """
    select told.event_id, told.event_name, told.session_id, told.profile_id
    from work_profiles.events as told
    inner join work_staging.stg_events__events as staged on told.event_id = staged.message_id
    where told.event_source = 'events' and staged.source_instance = 'retentioneering'
"""


def test_the_data_says_what_a_session_is() -> None:
    """The data has the counts that its makers state, and a pause of 30 minutes tells its sessions apart."""
    rows = ecom_rows()
    assert len(rows) == EVENTS
    assert [len({row[name] for row in rows}) for name in ("user_id", "session_id", "event")] == [
        USERS,
        SESSIONS,
        EVENT_NAMES,
    ]
    rows.sort(key=lambda row: (row["user_id"], row["timestamp"]))
    within, between = timedelta(), timedelta.max
    for _, events in groupby(rows, key=lambda row: row["user_id"]):
        for before, after in pairwise(events):
            pause = datetime.fromisoformat(after["timestamp"]) - datetime.fromisoformat(before["timestamp"])
            if before["session_id"] == after["session_id"]:
                within = max(within, pause)
            else:
                between = min(between, pause)
    assert within < timedelta(minutes=28)
    assert between > timedelta(hours=10)


def test_events_users_and_sessions(foreign_events: Settings) -> None:
    """Each event is told once, under its name, and the sessions and profiles hold the same events as theirs."""
    told = {event_id: values for event_id, *values in rows_of(foreign_events, TOLD)}
    rows = ecom_rows()
    assert len(told) == EVENTS
    names, sessions, profiles = Counter[str](), set[tuple[str, str]](), set[tuple[str, str]]()
    for number, row in enumerate(rows):
        name, session_id, profile_id = told[ecom_message_id(number)]
        names[name] += 1
        sessions.add((row["session_id"], session_id))
        profiles.add((row["user_id"], profile_id))
    assert names == Counter(row["event"] for row in rows)
    # As many pairs as there are on either side: one of theirs is one of ours, and the other way round.
    assert [len(sessions), len({session for _, session in sessions})] == [SESSIONS, SESSIONS]
    assert [len(profiles), len({profile for _, profile in profiles})] == [USERS, USERS]


def test_sessions_of_each_user(foreign_events: Settings) -> None:
    """A profile has as many sessions as the data names for its user."""
    expected = Counter(user for user, _ in {(row["user_id"], row["session_id"]) for row in ecom_rows()})
    assert dict(rows_of(foreign_events, USER_SESSIONS)) == expected
