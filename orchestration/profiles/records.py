"""One person as JSON, for programs: the rows as they are, without the words."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from orchestration.identity.graph import Link
from orchestration.profiles.person import Person

_LISTS = (
    "contact_points",
    "permissions",
    "orders",
    "tickets",
    "deals",
    "carts",
    "audiences",
    "segments",
    "attributes",
    "stages",
    "events",
)


def as_records(person: Person) -> str:
    """JSON: the profile's facts, lists of rows by name, identifiers, links and the weakest of them that is needed.

    Amounts are decimals as text, times ISO 8601 in UTC.
    """
    hold = person.hold
    told = {
        "profile_id": person.profile_id,
        "note": person.subject.note or None,
        "is_masked": person.is_masked,
        "currency": person.currency,
        "facts": person.facts,
        "counts": person.counts,
        **{name: getattr(person, name) for name in _LISTS},
        "identifiers": [_without_profile(identifier._asdict()) for identifier in person.identifiers],
        "links": [_link(link) for link in person.links],
        "refused_links": dict(person.refused),
        "weakest_link": hold
        and _link(hold.link) | {"identifiers": [len(hold.part), hold.others], "weaker_links": hold.spare},
    }
    return as_json(told)


def as_json(told: Any) -> str:
    """What is told as JSON: decimals as text, times ISO 8601 in UTC."""
    return json.dumps(told, default=_plain, indent=2, ensure_ascii=True)


def _without_profile(identifier: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in identifier.items() if name != "profile_id"}


def _link(link: Link) -> dict[str, Any]:
    return {name: value for name, value in link._asdict().items() if name not in ("reason", "cause_key")}


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} is nothing that a table holds")
