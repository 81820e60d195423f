"""What an audience declares is checked before a build, and what is wrong is a sentence that says what is allowed."""

from typing import Any

import pytest

from orchestration.audiences.declarations import audience_problems

KNOWN = {"purpose": ["marketing", "service"], "channel": ["email", "sms"]}


def audience(name: str, columns: dict[str, str] | None = None, **declared: Any) -> dict[str, Any]:
    """The node of an audience in a manifest."""
    types = {"profile_id": "text", "has_bought": "boolean"} if columns is None else columns
    return {
        "name": f"aud_{name}",
        "fqn": ["onefolk", "audiences", f"aud_{name}"],
        "config": {
            "contract": {"enforced": True},
            "meta": {"audience": {"purpose": "marketing", "owner": "CRM", **declared}},
        },
        "columns": {column: {"name": column, "data_type": kind} for column, kind in types.items()},
    }


def told(*models: dict[str, Any], listed: list[str] | None = None) -> list[str]:
    """The sentences that the audiences are refused with."""
    names = [model["name"].removeprefix("aud_") for model in models]
    found = audience_problems(models, listed=listed or names, known=KNOWN, raw_tables=["events.events"])
    return list(found)


def test_a_whole_declaration_may_be_built() -> None:
    """Conditions with what they say of themselves, guards of every kind, another audience excluded: no problem."""
    columns = {
        "profile_id": "text",
        "has_bought__value": "integer",
        "has_bought": "boolean",
        "has_bought__since": "timestamp",
        "has_bought__until": "timestamp",
    }
    guards = {
        "min_members": 1,
        "max_members": 10,
        "max_change_share": 0.3,
        "max_unreachable_share": 1,
        "max_data_age_hours": {"events.events": 48},
        "excludes": ["others"],
    }
    whole = audience("buyers", columns, title="Buyers", channel="sms", includes_anonymous=True, guards=guards)
    assert told(whole, audience("others")) == []


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"profile_id": "text"}, "lists no condition"),
        ({"has_bought": "boolean"}, "lists no column profile_id"),
        ({"profile_id": "text", "has_bought": "boolean", "city": "text"}, "city is text, but a condition is boolean"),
        ({"profile_id": "text", "has_bought": "boolean", "is_x": ""}, "is_x is untyped, but a condition is boolean"),
        (
            {"profile_id": "text", "has_bought": "boolean", "is_x__value": "text"},
            "is_x__value says nothing of a condition",
        ),
        (
            {"profile_id": "text", "has_bought": "boolean", "has_bought__when": "text"},
            "it is named <condition>__value, __since or __until; conditions are has_bought",
        ),
        (
            {"profile_id": "text", "has_bought": "boolean", "has_bought__since": "date"},
            "has_bought__since is date, but must be a timestamp",
        ),
    ],
)
def test_a_condition_is_boolean(columns: dict[str, str], sentence: str) -> None:
    """A column is the key, a boolean condition, or says more of one."""
    assert [sentence in problem for problem in told(audience("buyers", columns))] == [True]


@pytest.mark.parametrize(
    ("guards", "sentence"),
    [
        ({"min_members": 5, "max_members": 4}, "min_members is 5, more than max_members, 4"),
        ({"min_members": -1}, "audience.guards.min_members is -1"),
        ({"max_unreachable_share": 50}, "audience.guards.max_unreachable_share is 50"),
        ({"max_size": 1}, "audience.guards.max_size is not known; allowed are min_members, max_members"),
        ({"excludes": ["nobody"]}, "excludes 'nobody', which is no other audience; there are buyers"),
        ({"excludes": ["buyers"]}, "excludes 'buyers', which is no other audience"),
        ({"max_data_age_hours": {"events": 1}}, "names 'events'; raw tables are events.events"),
    ],
)
def test_a_guard_says_what_can_be_judged(guards: dict[str, Any], sentence: str) -> None:
    """Limits are numbers that can be met, of tables and audiences that there are."""
    assert [sentence in problem for problem in told(audience("buyers", guards=guards))] == [True]


def test_an_audience_has_a_contract() -> None:
    """Without one the table might hold other types than the YAML says."""
    loose = audience("buyers")
    loose["config"]["contract"] = {"enforced": False}
    assert ["has no enforced contract" in problem for problem in told(loose)] == [True]


def test_a_list_names_an_audience_once() -> None:
    """An audience that is listed twice would count its members twice."""
    assert told(audience("buyers"), listed=["buyers", "buyers"]) == [
        "The list `audiences` of dbt_project.yml names buyers 2 times: name it once."
    ]
