"""Page views, sessions and users of Snowplow's events, as Snowplow's own dbt package tells of them and as we do."""

from collections import defaultdict
from typing import Any

from orchestration.settings import Settings
from tests.end_to_end.foreign_events import moment, rows_of, snowplow_rows

# Table to the name of a row to its fields.
Tables = dict[str, dict[str, dict[str, Any]]]

PAGE_VIEW = ("session", "session_page_number", "user", "path", "title", "referrer", "at")
SESSION = (
    *("user", "events", "page_views", "seconds", "entry", "exit", "referrer"),
    *("source", "medium", "campaign", "country", "from", "to"),
)
USER = ("sessions", "page_views", "source", "medium", "campaign", "country", "from", "to")

OF_PAGE_VIEWS = """
    select views.page_view_id, views.session_id, views.session_page_number, views.profile_id, views.page_path,
        views.page_title, views.referrer_domain, views.occurred_at
    from work_profiles.page_views as views
    inner join work_staging.stg_events__events as events on views.page_view_id = events.message_id
    where events.source_instance = 'snowplow'
"""
OF_SESSIONS = """
    select sessions.session_id, sessions.profile_id, sessions.event_count, sessions.page_view_count,
        sessions.duration_s, sessions.entry_page_path, sessions.exit_page_path, sessions.referrer_domain,
        sessions.utm_source, sessions.utm_medium, sessions.utm_campaign, sessions.country, sessions.started_at,
        sessions.ended_at
    from work_profiles.sessions as sessions
    order by sessions.started_at, sessions.ended_at desc
"""
OF_USERS = """
    select profiles.profile_id, profiles.session_count, count(views.page_view_id), profiles.acquisition_source,
        profiles.acquisition_medium, profiles.acquisition_campaign, profiles.country, profiles.first_session_at,
        profiles.last_session_at
    from work_profiles.profiles as profiles
    left join work_profiles.page_views as views on profiles.profile_id = views.profile_id
    group by 1, 2, 4, 5, 6, 7, 8, 9
"""
FIRST_EVENTS = """
    select places.session_id, places.message_id
    from work_profiles.event_sessions as places
    inner join work_staging.stg_events__events as events on places.message_id = events.message_id
    where places.session_position = 1 and events.source_instance = 'snowplow'
"""
PEOPLE = """
    select identifiers.profile_id, known.identifier_value
    from work_identity.identifiers as identifiers
    inner join work_pii.identifier_values as known on identifiers.identifier_key = known.identifier_key
    where known.identifier_type = 'user_id'
"""


def session_name(session_id: str) -> str:
    """A session of Snowplow's, short: some of its ids differ in their last letter only."""
    return f"{session_id[:6]}-{session_id[-1]}" if session_id else "none"


def theirs() -> Tables:
    """What Snowplow expects. Who is behind a browser is its last user, for all that ever happened in it."""
    tables: Tables = {"page_views": {}, "sessions": {}, "users": {}}
    for row in _snowplow("page_views"):
        place = (session_name(row["domain_sessionid"]), int(row["page_view_in_session_index"]))
        page = (row[name] for name in ("stitched_user_id", "page_urlpath", "page_title", "refr_urlhost"))
        values = (*place, *page, moment(row["derived_tstamp"]))
        tables["page_views"][row["event_id"][:8]] = dict(zip(PAGE_VIEW, values, strict=True))
    for row in _snowplow("sessions"):
        counts = (int(row[name]) for name in ("total_events", "page_views", "absolute_time_in_s"))
        pages = (row[name] for name in ("first_page_urlpath", "last_page_urlpath", "refr_urlhost"))
        campaign = (row[name] for name in ("mkt_source", "mkt_medium", "mkt_campaign", "geo_country"))
        times = (moment(row[name]) for name in ("start_tstamp", "end_tstamp"))
        values = (row["stitched_user_id"], *counts, *pages, *campaign, *times)
        tables["sessions"][session_name(row["domain_sessionid"])] = dict(zip(SESSION, values, strict=True))
    for row in _snowplow("users"):
        counts = (int(row[name]) for name in ("sessions", "page_views"))
        campaign = (row[name] for name in ("mkt_source", "mkt_medium", "mkt_campaign", "first_geo_country"))
        times = (moment(row[name]) for name in ("start_tstamp", "end_tstamp"))
        tables["users"][row["user_id"]] = dict(zip(USER, (*counts, *campaign, *times), strict=True))
    return tables


def _snowplow(table: str) -> list[dict[str, Any]]:
    rows = snowplow_rows(f"expected/snowplow_web_{table}_expected")
    return [{name: value or None for name, value in row.items()} for row in rows]


def ours(settings: Settings) -> Tables:
    """What we tell. A session is called as Snowplow calls that of its first event, the second one of a name `#2`."""
    events = snowplow_rows("source/snowplow_web_events")
    called = {event["event_id"]: session_name(event["domain_sessionid"]) for event in events}
    first_events = {session_id: called[message_id] for session_id, message_id in rows_of(settings, FIRST_EVENTS)}
    users: dict[str, str] = dict(rows_of(settings, PEOPLE))
    names: dict[str, str] = {}
    tables: Tables = {"page_views": {}, "sessions": {}, "users": {}}
    seen: dict[str, int] = defaultdict(int)
    for session_id, profile_id, *values in rows_of(settings, OF_SESSIONS):
        if session_id in first_events:
            name = first_events[session_id]
            seen[name] += 1
            names[session_id] = name if seen[name] == 1 else f"{name}#{seen[name]}"
            row = (users.get(profile_id), *values)
            tables["sessions"][names[session_id]] = dict(zip(SESSION, row, strict=True))
    for page_view_id, session_id, number, profile_id, *values in rows_of(settings, OF_PAGE_VIEWS):
        row = (names[session_id], number, users.get(profile_id), *values)
        tables["page_views"][page_view_id[:8]] = dict(zip(PAGE_VIEW, row, strict=True))
    snowplow_users = {event["user_id"] for event in events}
    for profile_id, *values in rows_of(settings, OF_USERS):
        if users.get(profile_id) in snowplow_users:
            tables["users"][users[profile_id]] = dict(zip(USER, values, strict=True))
    return tables


def differences(one: Tables, other: Tables) -> dict[tuple[str, str, str], tuple[Any, Any]]:
    """Table, row and field to both values; a row that only one has differs in the field `row`."""
    found = {}
    for table, rows in one.items():
        for name in rows.keys() | other[table].keys():
            if name not in rows or name not in other[table]:
                found[table, name, "row"] = (name in rows, name in other[table])
                continue
            for field, here in rows[name].items():
                there = other[table][name][field]
                if here != there:
                    found[table, name, field] = (here, there)
    return found
