"""Where Snowplow's tables and ours differ, each with the reason: all but these are equal."""

from dataclasses import dataclass
from typing import Any

ONLY_THEIRS = {"row": (True, False)}
ONLY_OURS = {"row": (False, True)}

FIRST, SECOND, LAST = (f"user stitch - session: {name}" for name in ("1st id: 1", "1st id: 2", "2nd id: 10"))
OTHERS = tuple(f"user stitch - session: 2nd id: {number}" for number in range(3, 10))
CONSOLE = "/177234df-d425-412e-ad8d-8b97515b2807"


@dataclass(frozen=True)
class Difference:
    """Rows of one table whose fields differ in one way: field to Snowplow's value and ours."""

    why: str
    table: str
    rows: tuple[str, ...]
    fields: dict[str, tuple[Any, Any]]


PAUSE = "their session id lives on through pauses and past a change of browser; our session ends after 30 minutes"
TRACKER = "their tracker gave one browser two session ids at the same time; by when it happened there is one session"
CAMPAIGN = "another campaign, or another click on an advertisement, starts a session with us"
TOO_LONG = "they ignore what a session id brings more than three days after its first event; it happened, we count it"
TOO_LATE = "they drop what was sent more than three days after it happened; with us it finds its place"
NO_PAGE = "a session without a page view or ping is none for them"
NO_SESSION_ID = "an event without a session id belongs to no session for them"
NO_PAGE_VIEW_ID = "they count views by the id of the page view: a view without one is none"
SAME_PAGE_VIEW_ID = "they count views by the id of the page view: a second view event of the same id is none"
PING = "a ping counts as a view of its page for them, which began five seconds before; for us it is an event"
RESENT = "of two deliveries of one event they keep the earlier one, we the later one"
PEOPLE = "a browser is its last user's for them, with all that ever happened in it; for us each user is a person"
NO_BROWSER = "without a browser id they know nobody; we know the user id"
DUMMY = "the host of the referrer was altered by hand in their rows, to tell them apart; we read it from its address"
LAST_THERE = "a session belongs to whoever was there last: who left before has a page view and no session"

DIFFERENCES = [
    # Sessions that are cut otherwise.
    Difference(
        PAUSE,
        "sessions",
        ("540b6c-5",),
        {
            "events": (5, 2),
            "page_views": (3, 1),
            "seconds": (172809, 5),
            "exit": (f"{CONSOLE}/data-models", f"{CONSOLE}/getting-started"),
            "to": ("2021-03-04 15:55:27.084", "2021-03-02 15:55:23.355"),
        },
    ),
    Difference(PAUSE, "users", ("Rotating domain_userid per session",), {"sessions": (1, 3)}),
    Difference(
        PAUSE, "page_views", ("d986a746",), {"session": ("540b6c-5", "540b6c-5#2"), "session_page_number": (2, 1)}
    ),
    Difference(
        PAUSE, "page_views", ("0702cd11",), {"session": ("540b6c-5", "540b6c-5#3"), "session_page_number": (3, 1)}
    ),
    Difference(
        PAUSE,
        "sessions",
        ("2bfc2c-5",),
        {
            "events": (3, 1),
            "page_views": (2, 1),
            "seconds": (172807, 0),
            "exit": ("/", "/resources/data-utilization/"),
            "to": ("2021-03-03 21:39:50.989", "2021-03-01 21:39:43.815"),
        },
    ),
    Difference(PAUSE, "sessions", ("540b6c-5#2", "540b6c-5#3", "2bfc2c-5#2", "2bfc2c-5#3"), ONLY_OURS),
    Difference(
        PAUSE, "page_views", ("663bb205",), {"session": ("2bfc2c-5", "2bfc2c-5#3"), "session_page_number": (2, 1)}
    ),
    Difference(
        TRACKER,
        "sessions",
        ("df2bf4-2",),
        {
            "events": (2, 7),
            "page_views": (1, 4),
            "seconds": (5, 9),
            "exit": (f"{CONSOLE}/getting-started-dummy-row", f"{CONSOLE}/data-models"),
            "to": ("2021-03-02 07:23:24.741", "2021-03-02 07:23:28.297"),
        },
    ),
    Difference(
        TRACKER, "page_views", ("68362751",), {"session": ("6f19f1-6", "df2bf4-2"), "session_page_number": (1, 2)}
    ),
    Difference(
        TRACKER, "page_views", ("b57478b8",), {"session": ("6f19f1-6", "df2bf4-2"), "session_page_number": (2, 3)}
    ),
    Difference(
        TRACKER, "page_views", ("135c56a9",), {"session": ("6f19f1-6", "df2bf4-2"), "session_page_number": (3, 4)}
    ),
    Difference(
        TRACKER,
        "sessions",
        ("cde5b9-2",),
        {
            "events": (5, 6),
            "page_views": (3, 4),
            "exit": (f"{CONSOLE}/data-models", f"{CONSOLE}/data-models-dummy-row"),
        },
    ),
    Difference(TRACKER, "sessions", ("6f19f1-6", "93c111-8"), ONLY_THEIRS),
    Difference(
        TRACKER, "page_views", ("f9640a69",), {"session": ("93c111-8", "cde5b9-2"), "session_page_number": (1, 4)}
    ),
    Difference(
        TRACKER,
        "users",
        ("Multiple first sessions per user", "Multiple last sessions per user"),
        {"sessions": (2, 1)},
    ),
    Difference(
        CAMPAIGN,
        "sessions",
        ("067bcc-8",),
        {
            "events": (12, 5),
            "page_views": (6, 2),
            "seconds": (1167, 350),
            "exit": ("/resources/data-utilization/", "/resources/product-analytics-ebook/"),
            "to": ("2021-03-01 20:59:19.860", "2021-03-01 20:45:42.159"),
        },
    ),
    Difference(CAMPAIGN, "sessions", ("067bcc-8#2",), ONLY_OURS),
    Difference(CAMPAIGN, "users", ("dupe: event_id same collector_tstamp",), {"sessions": (1, 2)}),
    *(
        Difference(
            CAMPAIGN,
            "page_views",
            (page_view,),
            {"session": ("067bcc-8", "067bcc-8#2"), "session_page_number": (number, number - 2)},
        )
        for number, page_view in enumerate(("1b4b3b57", "2aee3c4c", "e74b2cdd", "a40559e1"), 3)
    ),
    *(
        Difference(DUMMY, table, rows, {"referrer": ("localhost-dummy-row", "localhost")})
        for table, rows in (("page_views", ("f9640a69", "53a0f327")), ("sessions", ("df2bf4-2",)))
    ),
    # What they leave out.
    Difference(TOO_LONG, "sessions", tuple(f"2bfc2c-5#{number}" for number in range(4, 12)), ONLY_OURS),
    Difference(TOO_LONG, "page_views", ("6d72f61a", "9b02c625"), ONLY_OURS),
    Difference(
        TOO_LONG,
        "users",
        ("long session",),
        {
            "sessions": (1, 11),
            "page_views": (2, 4),
            "to": ("2021-03-03 21:39:50.989", "2021-03-11 21:42:15.543"),
        },
    ),
    Difference(TOO_LONG, "sessions", ("d21c00-d#2",), ONLY_OURS),
    Difference(TOO_LONG, "page_views", ("b0c248b5",), ONLY_OURS),
    Difference(
        TOO_LONG,
        "users",
        ("Unexpired session",),
        {
            "sessions": (1, 2),
            "page_views": (1, 2),
            "to": ("2020-07-03 15:55:18.542", "2021-03-04 15:55:27.085"),
        },
    ),
    Difference(TOO_LATE, "sessions", ("7edb16-c",), ONLY_OURS),
    Difference(TOO_LATE, "page_views", ("941c1388",), ONLY_OURS),
    Difference(TOO_LATE, "users", ("late arriving: device created/sent >3 days",), ONLY_OURS),
    Difference(
        NO_PAGE,
        "sessions",
        (
            *("1199fe-a", "166b0f-0", "3a580a-e", "3e691d-b", "50c7ec-2", "521844-d", "5e08b7-5", "6b6879-e"),
            *("6cc9e8-e", "76866d-e", "7ccbd6-e", "83f26b-6", "869261-b", "903567-2", "90af0c-7", "94dd01-e"),
            *("98e035-0", "99f714-c", "9b36ac-7", "bfdf84-9", "c108fe-e", "d4ff92-2", "dc662c-4", "e45e0e-2"),
            *("ed6137-9", "f2548e-d"),
        ),
        ONLY_OURS,
    ),
    Difference(NO_PAGE, "users", ("consent_accel",), ONLY_OURS),
    Difference(NO_SESSION_ID, "sessions", ("none",), ONLY_OURS),
    Difference(NO_SESSION_ID, "users", ("NULL domain_sessionid",), ONLY_OURS),
    # What counts as a page view.
    Difference(NO_PAGE_VIEW_ID, "page_views", ("b0833046",), ONLY_OURS),
    Difference(NO_PAGE_VIEW_ID, "sessions", ("e79711-8",), ONLY_OURS),
    Difference(NO_PAGE_VIEW_ID, "users", ("NULL page_view_id",), ONLY_OURS),
    Difference(SAME_PAGE_VIEW_ID, "page_views", ("0464e31b",), ONLY_OURS),
    Difference(SAME_PAGE_VIEW_ID, "sessions", ("760534-0",), {"page_views": (7, 8)}),
    Difference(SAME_PAGE_VIEW_ID, "users", ("dupe: page_view_id different derived_tstamp",), {"page_views": (7, 8)}),
    *(
        Difference(SAME_PAGE_VIEW_ID, "page_views", (page_view,), {"session_page_number": (number, number + 1)})
        for number, page_view in enumerate(("d74c3766", "7422b404", "50092712"), 5)
    ),
    *(
        Difference(
            PING,
            "sessions",
            (session,),
            {"page_views": (1, 0), "seconds": (5, 0), "from": (began, pinged)},
        )
        for session, began, pinged in (
            ("0b0c7b-d", "2021-03-02 22:59:24.752", "2021-03-02 22:59:29.752"),
            ("0b0c7b-e", "2021-03-04 22:59:24.752", "2021-03-04 22:59:29.752"),
            ("0b5d42-8", "2021-03-03 18:01:33.658", "2021-03-03 18:01:38.658"),
        )
    ),
    Difference(PING, "users", ("No edge cases",), {"page_views": (6, 4)}),
    Difference(PING, "users", ("stray page ping",), {"page_views": (2, 1)}),
    Difference(RESENT, "page_views", ("1b4b3b57",), {"at": ("2021-03-01 20:56:39.192", "2021-03-01 20:56:40.112")}),
    # Who it was.
    Difference(PEOPLE, "page_views", ("0aada0f0",), {"user": (LAST, FIRST)}),
    *(
        Difference(PEOPLE, "page_views", (page_view,), {"user": (LAST, f"user stitch - session: 2nd id: {number}")})
        for page_view, number in (
            *(("4ef77ae4", 3), ("40305bcb", 5), ("32dba3f4", 6)),
            *(("46413bf1", 7), ("9cfe5631", 8)),
        )
    ),
    Difference(PEOPLE, "sessions", ("79831f-8",), {"user": (LAST, SECOND)}),
    Difference(PEOPLE, "users", (SECOND, *OTHERS, LAST), ONLY_OURS),
    Difference(PEOPLE, "users", (FIRST,), {"page_views": (7, 1)}),
    Difference(
        LAST_THERE,
        "users",
        (FIRST,),
        {
            "sessions": (2, 0),
            "from": ("2021-03-01 23:57:04.705", None),
            "to": ("2021-03-03 00:47:49.409", None),
        },
    ),
    Difference(NO_BROWSER, "page_views", ("b92d6cbb",), {"user": (None, "NULL domain_userid")}),
    Difference(NO_BROWSER, "sessions", ("b5c493-b",), {"user": (None, "NULL domain_userid")}),
    Difference(NO_BROWSER, "users", ("NULL domain_userid",), ONLY_OURS),
]


def named_differences() -> dict[tuple[str, str, str], tuple[Any, Any]]:
    """Table, row and field to both values."""
    found: dict[tuple[str, str, str], tuple[Any, Any]] = {}
    for difference in DIFFERENCES:
        for row in difference.rows:
            for field, values in difference.fields.items():
                assert (difference.table, row, field) not in found, f"{difference.table} {row} {field} is named twice"
                found[difference.table, row, field] = values
    return found
