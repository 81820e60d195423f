"""Audiences in the words of those who work with them: conditions, causes, guards, and what permissions rest on."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from orchestration.audiences.conditions import Declaration
from orchestration.identity.explain_words import counted
from orchestration.profiles.person import Fact
from orchestration.profiles.words import day_of, number, source, told, word

NEVER_ASKED = "never_asked"

_GRAIN = re.compile(r"^\s*One row per [^.:]*(?::[^.]*)?\.\s*")
_ENTERED = {
    "first_run": "it met every condition when the audience was built first",
    "definition": "the audience was defined anew",
    "merge": "two profiles became one that meets every condition",
    "split": "a profile was split, and this part meets every condition",
}
_LEFT = {
    "definition": "the audience was defined anew",
    "merge": "two profiles became one that doesn't meet every condition",
    "split": "the profile was split",
    "retired": "the profile is no more",
    "not_considered": "the audience doesn't look at it any more",
    "audience_removed": "the audience was removed",
}
_GUARD_REASONS = {
    "too_few_members": "too few members",
    "too_many_members": "too many members",
    "changes_too_much": "too much would change at once",
    "too_many_unreachable": "too many can't be reached",
    "overlaps": "it shares members with an audience that it excludes",
    "data_too_old": "its data is too old",
}
# Why something may or may not be done, by the reasons of consent.permissions.
_REASONS = {
    "granted": "agreed",
    "standing": "nobody needs to agree, and they didn't object",
    "refused": "said no",
    "withdrawn": "took the consent back",
    "ran_out": "the consent ran out",
    "not_yet_valid": "the consent doesn't hold yet",
    "unsubscribed": "unsubscribed",
    "complained": "complained about a message",
    "bounced": "messages don't arrive",
    "objected": "objected to being contacted",
    "erasure_requested": "asked to be forgotten",
    NEVER_ASKED: "never agreed",
}


def title_of(definition: Fact) -> str:
    """What people call an audience, such as `Repeat buyers`."""
    title = str(definition["title"] or word(definition["audience"]))
    return title[:1].upper() + title[1:]


def description_of(definition: Fact) -> str:
    """What an audience is, in a sentence, without what is said of its table."""
    return _GRAIN.sub("", str(definition["description"] or "")).strip()


def condition_in_words(name: str, declaration: Declaration) -> str:
    """A condition as its YAML describes it, else its name."""
    text = declaration.conditions.get(name, "").strip().removesuffix(".") or word(name)
    return text[:1].upper() + text[1:]


def value_in_words(value: Any) -> str:
    """A value that decided about a condition; empty where there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return number(value) if isinstance(value, int | Decimal) else str(value)


def cause_in_words(change: Fact, declaration: Declaration) -> str:
    """Why somebody entered or left an audience, as a clause."""
    names = [condition_in_words(name, declaration) for name in (change["conditions"] or "").split(", ") if name]
    listed = ", ".join(f"“{name}”" for name in names)
    if change["change_type"] == "entered":
        return _ENTERED.get(change["cause"]) or (
            f"{listed} came to hold" if listed else "the last condition came to hold"
        )
    if change["cause"] == "expiry":
        return f"{listed or 'a condition'} ended by time alone"
    return _LEFT.get(change["cause"]) or f"{listed or 'a condition'} no longer holds"


def cause_of_many(change_type: str, cause: str) -> str:
    """Why people entered or left an audience, in few words."""
    many = {
        "first_run": "first build of the audience",
        "definition": "the audience was defined anew",
        "merge": "profiles became one",
        "split": "profiles were split",
        "retired": "profiles that are no more",
        "expiry": "a condition ended by time alone",
        "not_considered": "not looked at any more",
        "audience_removed": "the audience was removed",
    }
    return many.get(cause) or (
        "they came to meet every condition" if change_type == "entered" else "a condition no longer holds"
    )


def guard_reasons_in_words(reasons: str | None) -> str:
    """Why a guard closed or would close, such as `too few members, its data is too old`."""
    return ", ".join(_GUARD_REASONS.get(reason, word(reason)) for reason in (reasons or "").split(", ") if reason)


def permission_reason(permission: Mapping[str, Any] | None) -> str:
    """The reason of a permission; without a row, that nobody said anything."""
    return NEVER_ASKED if permission is None else str(permission["reason"])


def reason_in_words(reason: str) -> str:
    """A reason of a permission, such as `unsubscribed`."""
    return _REASONS.get(reason, word(reason))


def permission_in_words(permission: Fact | None) -> str:
    """Why it may or may not be done, since when, until when, and by which record."""
    reason = reason_in_words(permission_reason(permission))
    if permission is None:
        return reason
    ends = permission["valid_until"]
    return told(
        reason,
        f"on {day_of(permission['stated_at'])}" if permission["stated_at"] else "",
        f"until {day_of(ends)}" if ends else "",
        f"record {permission['record_id']} of {source(permission['record_source'])}" if permission["record_id"] else "",
    )


def of(part: int, whole: int, noun: str) -> str:
    """`2 of 3 conditions`."""
    return f"{part:,} of {counted(whole, noun)}"
