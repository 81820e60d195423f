"""Snowplow's web events told by us, beside what Snowplow's own dbt package is expected to tell of them."""

import pytest

from orchestration.settings import Settings
from tests.end_to_end.foreign_events import SNOWPLOW, rows_of, snowplow_rows
from tests.end_to_end.snowplow_web import differences, ours, theirs
from tests.end_to_end.snowplow_web_differences import named_differences

pytestmark = pytest.mark.skipif(not SNOWPLOW.exists(), reason="needs snowplow_web_apache2 in ../shared/data")


def test_page_views_sessions_and_users(foreign_events: Settings) -> None:
    """Every field is what Snowplow expects, but for the differences that are named, and those are there."""
    found, named = differences(theirs(), ours(foreign_events)), named_differences()
    unnamed = {key: values for key, values in found.items() if named.get(key) != values}
    gone = {key: values for key, values in named.items() if key not in found}
    assert not unnamed, "a difference that nobody explained: Snowplow's value, ours"
    assert not gone, "a difference that is explained is no more"


def test_most_is_equal(foreign_events: Settings) -> None:
    """The named differences are the exception: three in four fields of the rows that both have are equal."""
    their_tables, our_tables = theirs(), ours(foreign_events)
    fields = sum(
        len(row) for table, rows in their_tables.items() for name, row in rows.items() if name in our_tables[table]
    )
    unequal = sum(field != "row" for _, _, field in named_differences())
    assert [len(rows) for rows in their_tables.values()] == [43, 18, 11]
    assert unequal / fields < 0.25


def test_every_event_is_told_once(foreign_events: Settings) -> None:
    """Every message is one event of the timeline, told as it was when it was delivered last."""
    told = rows_of(
        foreign_events,
        "select told.event_id, told.occurred_at from work_profiles.events as told"
        " inner join work_staging.stg_events__events as staged on told.event_id = staged.message_id"
        " where told.event_source = 'events' and staged.source_instance = 'snowplow'",
    )
    last = {row["event_id"]: row["derived_tstamp"] for row in snowplow_rows("source/snowplow_web_events")}
    assert len(told) == len(last) == 157
    assert dict(told) == last
