"""Who is in, who came and left, and why: one story per law, told on both engines."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.audiences.audience_room import People
from tests.audiences.conftest import MakeRoom

FIRST = datetime(2026, 6, 1, 6)
DAYS = [FIRST + timedelta(days=day) for day in range(8)]
TWO = {"has_bought": "boolean", "is_quiet": "boolean"}
DATED = {
    "is_quiet__value": "text",
    "has_bought": "boolean",
    "is_quiet": "boolean",
    "has_bought__since": "timestamp",
    "is_quiet__since": "timestamp",
    "is_quiet__until": "timestamp",
}


def declared(**audiences: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Audiences with a purpose and an owner."""
    return {name: {"purpose": "marketing", "owner": "CRM", "columns": TWO, **said} for name, said in audiences.items()}


def answers(**people: tuple[bool | None, bool | None]) -> dict[str, dict[str, bool | None]]:
    """Per profile: has bought, is quiet."""
    return {one: {"has_bought": bought, "is_quiet": quiet} for one, (bought, quiet) in people.items()}


def test_everybody_is_in_by_conditions_and_leaves_with_a_cause(make_room: MakeRoom) -> None:
    """A member meets every condition, unknown is no, and whoever enters or leaves has a cause and its conditions."""
    room = make_room(declared(buyers={}, everyone={"includes_anonymous": True}))
    people = People(known={"anna", "ben", "cleo", "dora"}, anonymous={"visitor"})
    people.answers["buyers"] = answers(
        anna=(True, True), ben=(True, None), cleo=(True, False), dora=(False, False), visitor=(True, True)
    )
    people.answers["everyone"] = people.answers["buyers"]
    told = room.run(DAYS[0], people)
    assert told.members("buyers") == {"anna"}
    assert told.members("everyone") == {"anna", "visitor"}
    assert told.changes("buyers", DAYS[0]) == {"anna": ("entered", "first_run", None)}
    evidence = {
        (row["profile_id"], row["condition"]): row["is_met"] for row in told.rows("evidence", audience="buyers")
    }
    assert evidence == {
        ("anna", "has_bought"): True,
        ("anna", "is_quiet"): True,
        ("ben", "has_bought"): True,
        ("ben", "is_quiet"): False,
        ("cleo", "has_bought"): True,
        ("cleo", "is_quiet"): False,
        ("visitor", "has_bought"): True,
        ("visitor", "is_quiet"): True,
    }

    people.answers["buyers"] = answers(anna=(False, False), ben=(True, True))
    people.answers["everyone"] = answers(anna=(True, True))
    told = room.run(DAYS[1], people)
    assert told.changes("buyers", DAYS[1]) == {
        "anna": ("left", "condition", "has_bought, is_quiet"),
        "ben": ("entered", "condition", None),
    }
    assert told.changes("everyone", DAYS[1]) == {"visitor": ("left", "not_considered", None)}
    [ben] = told.rows("members", audience="buyers")
    assert (ben["profile_id"], ben["qualified_at"], ben["entered_at"]) == ("ben", DAYS[1], DAYS[1])
    sizes = [
        (row["member_count"], row["member_change_count"], row["entered_count"], row["left_count"])
        for row in sorted(told.rows("sizes", audience="buyers"), key=lambda row: row["generation"])
    ]
    assert sizes == [(1, None, 1, 0), (1, 0, 1, 1)]
    assert {(row["audience"], row["other_audience"]) for row in told.rows("overlaps")} == set()
    assert not room.test(DAYS[1])


def test_the_same_input_adds_nothing(make_room: MakeRoom) -> None:
    """A run that finds what the last one found writes no row, at whatever clock; an earlier clock is refused."""
    room = make_room(declared(buyers={}))
    people = People(known={"anna"}, answers={"buyers": answers(anna=(True, True))})
    first = room.run(DAYS[1], people)
    assert room.run(DAYS[1], people).rows("log") == first.rows("log")
    assert room.run(DAYS[2], people).rows("log") == first.rows("log")
    select = ["run", "--select", "audience_log"]
    assert "before the last run of audience_log" in str(room.dbt(DAYS[0], select))


def test_conditions_tell_since_and_until_when(make_room: MakeRoom) -> None:
    """Qualified is when the last condition came to hold, not when the run was; who left by time alone has expired."""
    room = make_room(declared(buyers={"columns": DATED}))
    bought, quiet, ends = DAYS[0] - timedelta(days=30), DAYS[0] - timedelta(days=2), DAYS[2]
    row = {
        "has_bought": True,
        "has_bought__since": bought,
        "is_quiet": True,
        "is_quiet__since": quiet,
        "is_quiet__until": ends,
        "is_quiet__value": "30 days",
    }
    people = People(known={"anna", "ben", "cleo", "dora", "emil", "finn"})
    people.answers["buyers"] = {
        "anna": row,
        "dora": {**row, "is_quiet__until": DAYS[5]},
        "ben": {**row, "is_quiet__since": None},
        "cleo": {**row, "is_quiet__since": DAYS[5]},
    }
    told = room.run(DAYS[1], people)
    qualified = {row["profile_id"]: row["qualified_at"] for row in told.rows("members")}
    # Ben's isn't known, and what Cleo's says lies ahead of the clock.
    assert qualified == {"anna": quiet, "ben": DAYS[1], "cleo": DAYS[1], "dora": quiet}
    assert {row["expires_at"] for row in told.rows("members")} == {ends, DAYS[5]}
    assert told.changes("buyers", DAYS[1])["anna"] == ("entered", "first_run", "is_quiet")
    values = {row["condition_value"] for row in told.rows("evidence", profile_id="anna", condition="is_quiet")}
    assert values == {"30 days"}

    people.answers["buyers"]["anna"] = {**row, "is_quiet": False}
    people.answers["buyers"]["ben"] = {**row, "is_quiet": False, "is_quiet__until": None}
    people.answers["buyers"]["cleo"] = {**row, "is_quiet": False, "has_bought": False}
    people.answers["buyers"]["dora"] = {**row, "is_quiet": False, "is_quiet__until": None}
    # Both became one of two; of Emil a condition came to hold only since, of Finn it held before.
    people.events = [("a", "emil", "merged", DAYS[3]), ("b", "finn", "merged", DAYS[3])]
    people.answers["buyers"]["emil"] = {**row, "is_quiet__since": DAYS[2]}
    people.answers["buyers"]["finn"] = row
    assert room.run(DAYS[3], people).changes("buyers", DAYS[3]) == {
        "anna": ("left", "expiry", "is_quiet"),
        # Nothing is left that says so, but the end was known, and has come.
        "ben": ("left", "expiry", "is_quiet"),
        "cleo": ("left", "condition", "has_bought, is_quiet"),
        # The end that was known is still to come.
        "dora": ("left", "condition", "is_quiet"),
        "emil": ("entered", "condition", "is_quiet"),
        "finn": ("entered", "merge", "is_quiet"),
    }


def test_a_merged_profile_neither_leaves_nor_enters(make_room: MakeRoom) -> None:
    """Who is merged keeps the membership, with the first entry of both; parted, the ids are judged by themselves."""
    room = make_room(declared(buyers={}))
    yes, no = (True, True), (True, False)
    people = People(known={"anna", "ben", "cleo"}, answers={"buyers": answers(anna=yes, ben=no, cleo=yes)})
    room.run(DAYS[0], people)
    people.answers["buyers"] = answers(anna=yes, ben=yes, cleo=yes)
    room.run(DAYS[1], people)

    # Anna becomes Ben, who entered later, and Cleo becomes Dora, who was never in.
    people.known, people.ended = {"ben", "dora"}, {"anna": "ben", "cleo": "dora"}
    people.events = [("anna", "ben", "merged", DAYS[2]), ("cleo", "dora", "merged", DAYS[2])]
    people.answers["buyers"] = answers(ben=yes, dora=yes)
    told = room.run(DAYS[2], people)
    assert told.changes("buyers", DAYS[2]) == {}
    assert {row["profile_id"]: row["entered_at"] for row in told.rows("members")} == {"ben": DAYS[0], "dora": DAYS[0]}

    # Anna gets her id back, and both meet the conditions; Dora merges on and no longer does.
    people.known, people.ended = {"anna", "ben", "emil"}, {"cleo": "emil", "dora": "emil"}
    people.events += [("ben", "anna", "restored", DAYS[3]), ("dora", "emil", "merged", DAYS[3])]
    people.answers["buyers"] = answers(anna=yes, ben=yes, emil=no)
    told = room.run(DAYS[3], people)
    assert told.changes("buyers", DAYS[3]) == {
        "anna": ("entered", "split", None),
        "emil": ("left", "merge", "is_quiet"),
    }
    assert told.members("buyers") == {"anna", "ben"}
    # Nobody left in the name of an id that is no more.
    assert {row["profile_id"] for row in told.rows("changes", change_type="left")} == {"emil"}


def test_who_is_no_more_leaves(make_room: MakeRoom) -> None:
    """A retired profile, and one whose people went different ways, leave even where the guard is closed."""
    room = make_room(declared(buyers={"guards": {"min_members": 3}}))
    yes = (True, True)
    people = People(known={"anna", "ben", "cleo"}, answers={"buyers": answers(anna=yes, ben=yes, cleo=yes)})
    room.run(DAYS[0], people)
    people.known, people.ended, people.ambiguous = {"cleo"}, {"anna": None, "ben": None}, {"ben"}
    people.answers["buyers"] = answers(cleo=yes)
    told = room.run(DAYS[1], people)
    assert not told.guard("buyers")["is_open"]
    assert told.members("buyers") == {"cleo"}
    assert told.changes("buyers", DAYS[1]) == {"anna": ("left", "retired", None), "ben": ("left", "split", None)}
    assert told.guard("buyers")["member_count"] == 1


GUARDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "few": ({"min_members": 4}, "too_few_members", "3 members, at least 4 wanted"),
    "many": ({"max_members": 2}, "too_many_members", "3 members, at most 2 wanted"),
    "moving": (
        {"max_change_share": 0.25},
        "changes_too_much",
        "1 would enter and 1 leave of 3, at most 25 % may change",
    ),
    "excluding": ({"excludes": ["others"]}, "overlaps", "2 are also in others"),
    "unreachable": (
        {"max_unreachable_share": 0.5},
        "too_many_unreachable",
        "2 of 3 lack a contact point, at most 50 % may",
    ),
    "stale": (
        {"max_data_age_hours": {"events.events": 24, "crm.contacts": 24, "dmp.cookies": 24}},
        "data_too_old",
        "dmp.cookies never landed, wanted within 24 hours;"
        " events.events landed last at 2026-06-01 05:00:00, wanted within 24 hours",
    ),
    "twice": (
        {"max_members": 2, "min_members": 4, "max_change_share": 1},
        "too_few_members, too_many_members",
        "3 members, at least 4 wanted; 3 members, at most 2 wanted",
    ),
}


def test_a_closed_guard_keeps_the_last_good_membership(make_room: MakeRoom) -> None:
    """A breach holds this audience alone, with its figures, until it is mended or overridden by name, once."""
    room = make_room(declared(others={}, **{name: {} for name in GUARDS}))
    yes, no = (True, True), (False, True)
    crowd = People(known={"anna", "ben", "cleo", "dora"}, unreachable={"anna", "dora"})
    crowd.landed = {"events.events": DAYS[1] - timedelta(hours=25), "crm.contacts": DAYS[1]}
    crowd.answers = {name: answers(anna=yes, ben=yes, cleo=yes) for name in GUARDS}
    crowd.answers["others"] = answers(dora=yes)
    room.run(DAYS[0], crowd)
    room.redefine(declared(others={}, **{name: {"guards": guards} for name, (guards, _, _) in GUARDS.items()}))
    crowd.answers = {name: answers(anna=yes, ben=yes, cleo=no, dora=yes) for name in GUARDS}
    crowd.answers["others"] = answers(anna=yes, dora=yes)

    held = room.run(DAYS[1], crowd)
    for name, (_, reasons, figures) in GUARDS.items():
        guard = held.guard(name)
        assert (guard["is_open"], guard["reasons"], guard["figures"]) == (False, reasons, figures)
        assert (guard["candidate_count"], guard["member_count"]) == (3, 3)
        assert held.members(name) == {"anna", "ben", "cleo"}
        assert held.changes(name, DAYS[1]) == {}
        # The member that the guard holds against its conditions shows which one it misses.
        assert [row["is_met"] for row in held.rows("evidence", audience=name, profile_id="cleo")].count(False) == 1
    assert held.members("others") == {"anna", "dora"}

    allowed = DAYS[1] + timedelta(hours=1)
    through = room.run(allowed, crowd, allow=",".join(name for name in GUARDS if name != "many"))
    assert through.members("many") == {"anna", "ben", "cleo"}
    for name, (_, reasons, _) in GUARDS.items():
        if name != "many":
            assert through.members(name) == {"anna", "ben", "dora"}
            guard = through.guard(name)
            assert (guard["is_open"], guard["is_overridden"], guard["reasons"]) == (True, True, reasons)
            assert through.changes(name, allowed) == {
                "cleo": ("left", "condition", "has_bought"),
                "dora": ("entered", "condition", None),
            }
    # Once: what still speaks against it closes it again, over the members that were let in.
    after = room.run(DAYS[1] + timedelta(hours=2), crowd)
    assert {name for name in GUARDS if after.guard(name)["is_open"]} == {"moving"}
    assert all(after.members(name) == {"anna", "ben", "dora"} for name in GUARDS if name != "many")


def test_an_unknown_guard_is_not_allowed(duckdb_room: MakeRoom) -> None:
    """Who lets through an audience that isn't there is told which there are."""
    room = duckdb_room(declared(buyers={}))
    people = People(known={"anna"}, answers={"buyers": answers(anna=(True, True))})
    room.run(DAYS[0], people)
    failed = room.dbt(DAYS[1], ["run", "--select", "audience_log"], allow="byers")
    assert "There is no guard of byers to allow: audiences are buyers." in str(failed)


def test_an_audience_without_conditions_is_refused(duckdb_room: MakeRoom) -> None:
    """An audience of which no condition can be read stops the build instead of having no member, or everyone."""
    room = duckdb_room(declared(buyers={"columns": {"city": "text"}}))
    people = People(known={"anna"}, answers={"buyers": {"anna": {"city": "Bonn"}}})
    with pytest.raises(AssertionError, match="Audience buyers has no condition that can be read"):
        room.run(DAYS[0], people)


def test_a_new_definition_is_the_cause(duckdb_room: MakeRoom) -> None:
    """Who comes or goes because the SQL changed is told so; a comment changes nothing, a removed audience ends."""
    yes, no = (True, True), (True, False)
    room = duckdb_room(declared(buyers={}, others={}))
    people = People(known={"anna", "ben"}, answers={"buyers": answers(anna=yes, ben=no), "others": answers(ben=yes)})
    first = room.run(DAYS[0], people)
    sql = "select profile_id from {{ ref('profiles') }} -- as before"
    room.redefine(declared(buyers={"sql": sql}, others={}))
    assert room.run(DAYS[1], people).guard("buyers")["definition"] == first.guard("buyers")["definition"]

    room.redefine(declared(buyers={"sql": "select profile_id from {{ ref('customers') }}"}))
    people.answers = {"buyers": answers(anna=no, ben=yes)}
    told = room.run(DAYS[2], people)
    assert told.changes("buyers", DAYS[2]) == {
        "anna": ("left", "definition", "is_quiet"),
        "ben": ("entered", "definition", None),
    }
    assert told.guard("buyers")["definition"] != first.guard("buyers")["definition"]
    assert told.changes("others", DAYS[2]) == {"ben": ("left", "audience_removed", None)}
    assert {row["audience"] for row in told.rows("members")} == {"buyers"}
    assert [row["audience"] for row in told.rows("guards")] == ["buyers"]

    people.answers = {"buyers": answers(anna=yes, ben=yes)}
    assert room.run(DAYS[3], people).changes("buyers", DAYS[3]) == {"anna": ("entered", "condition", None)}


def test_overlaps_are_counted_once_per_person(duckdb_room: MakeRoom) -> None:
    """Shared members and their share, by hand."""
    room = duckdb_room(declared(buyers={}, others={}, third={}))
    yes = (True, True)
    people = People(known={"anna", "ben", "cleo", "dora"})
    people.answers = {
        "buyers": answers(anna=yes, ben=yes, cleo=yes, dora=yes),
        "others": answers(anna=yes, ben=yes),
        "third": answers(dora=yes),
    }
    told = room.run(DAYS[0], people)
    found = {
        (row["audience"], row["other_audience"]): (row["shared_count"], float(row["shared_share"]))
        for row in told.rows("overlaps")
    }
    assert found == {
        ("buyers", "others"): (2, 0.5),
        ("others", "buyers"): (2, 1.0),
        ("buyers", "third"): (1, 0.25),
        ("third", "buyers"): (1, 1.0),
    }


def test_reach_is_who_can_and_may_be_reached(make_room: MakeRoom) -> None:
    """Of every channel: members, who has what it needs, who may, both, and why the others may not; silence is no."""
    room = make_room(declared(buyers={}, nobody={}))
    yes = (True, True)
    people = People(known={"anna", "ben", "cleo", "dora", "emil"}, unreachable={"ben"})
    people.answers["buyers"] = answers(anna=yes, ben=yes, cleo=yes, dora=yes)
    people.permissions = [
        ("anna", "marketing", "email", "granted"),
        ("anna", "marketing", "sms", "withdrawn"),
        ("anna", "service", "sms", "granted"),
        ("ben", "marketing", "email", "granted"),
        ("cleo", "marketing", "email", "objected"),
        ("cleo", "marketing", "sms", "objected"),
        ("emil", "marketing", "email", "granted"),
    ]
    told = room.run(DAYS[0], people)

    def reach(audience: str, channel: str) -> dict[str, int]:
        [row] = told.rows("reach", audience=audience, channel=channel)
        assert row["purpose"] == "marketing"
        return {name.removesuffix("_count"): value for name, value in row.items() if name.endswith("_count") and value}

    email = {"member": 4, "contactable": 3, "permitted": 2, "deliverable": 1, "never_asked": 1, "objected": 1}
    assert reach("buyers", "email") == email
    assert reach("buyers", "sms") == {"member": 4, "never_asked": 2, "withdrawn": 1, "objected": 1}
    assert reach("buyers", "ads") == {"member": 4, "never_asked": 4}
    assert reach("nobody", "email") == {}


def test_a_name_of_another_alphabet_and_a_quote_are_kept(duckdb_room: MakeRoom) -> None:
    """What people write into the YAML comes out as they wrote it."""
    title = "L'été à Żywiec — 夏"
    room = duckdb_room(declared(buyers={"title": title}))
    people = People(known={"anna"}, answers={"buyers": answers(anna=(True, True))})
    room.run(DAYS[0], people)
    schema = room.settings.work_schema("audiences")
    assert room.rows(f"select title, owner from {schema}.audience_definitions") == [(title, "CRM")]
