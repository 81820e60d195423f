"""Rows in Klaviyo's words: what of a profile is an attribute, what a property of our own, and what can't be sent."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from orchestration.activation.destinations.protocol import Row

# What a null empties: properties of our own, Klaviyo's fields too, or none.
Nulls = Literal["own", "clear", "skip"]

IDENTIFIERS = ("email", "phone_number", "external_id")
_TEXTS = (*IDENTIFIERS, "first_name", "last_name", "organization", "locale", "title", "image")
_PLACE = "location_"
_PLACES = ("address1", "address2", "city", "country", "region", "zip", "timezone", "ip")
_COORDINATES = ("latitude", "longitude")
# Fields that are Klaviyo's own; every other one is a custom property.
KNOWN = (*_TEXTS, *(f"{_PLACE}{part}" for part in (*_PLACES, *_COORDINATES)))

_EMAIL = re.compile(r"[^\s@<>(),;:\"\\\[\]]+@[^\s@<>(),;:\"\\\[\].]+(\.[^\s@<>(),;:\"\\\[\].]+)+")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


class WrongValueError(Exception):
    """A value that Klaviyo can't hold; the message is a sentence without it."""


def profile_of(payload: Mapping[str, Any], key: str, prefix: str, nulls: Nulls) -> dict[str, Any]:
    """A row as a profile to import; raise `WrongValueError`."""
    attributes: dict[str, Any] = {}
    location: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for field, value in payload.items():
        is_left = nulls == "skip" or (nulls == "own" and field in KNOWN)
        if value is None and is_left and field != key:
            continue
        if field in _TEXTS:
            attributes[field] = identifier(field, value) if field in IDENTIFIERS else _text(field, value)
        elif field in KNOWN:
            part = field.removeprefix(_PLACE)
            location[part] = _coordinate(field, value) if part in _COORDINATES else _text(field, value)
        else:
            properties[prefix + field] = value
    if attributes.get(key) is None:
        raise WrongValueError(f"{key} is empty, so nobody knows who it is.")
    if location:
        attributes["location"] = location
    if properties:
        attributes["properties"] = properties
    return {"type": "profile", "attributes": attributes}


def identity_of(payload: Mapping[str, Any]) -> dict[str, str]:
    """Identifiers of a row that say who it is; raise `WrongValueError` where there are none, or one is wrong."""
    found = {name: identifier(name, payload.get(name)) for name in IDENTIFIERS}
    told = {name: value for name, value in found.items() if value}
    if not told:
        raise WrongValueError(f"{', '.join(IDENTIFIERS)} are empty, so nobody knows who it is.")
    return told


def identifier(field: str, value: Any) -> str | None:
    """An identifier as Klaviyo takes it; raise `WrongValueError`."""
    text = _text(field, value)
    if text is None:
        return None
    if field == "email" and (len(text) > 254 or not _EMAIL.fullmatch(text)):
        raise WrongValueError("email is no e-mail address, such as ann@shop.example.")
    if field == "phone_number" and not _PHONE.fullmatch(text):
        raise WrongValueError(
            "phone_number must be in E.164, such as +15005550006: a plus, the country and the number."
        )
    if field == "external_id" and not text.strip():
        raise WrongValueError("external_id is blank, so nobody knows who it is.")
    return text


def name_problem(key: str, row: Row) -> str | None:
    """Why nobody can be found by a row's key, in a sentence."""
    try:
        name = identifier(key, row.key.get(key))
    except WrongValueError as error:
        return str(error)
    return None if name else f"{key} is empty, so nobody knows who it is."


def folded(key: str, value: str) -> str:
    """A value as it is compared: Klaviyo keeps e-mails in small letters."""
    return value.strip().lower() if key == "email" else value


def moment(field: str, value: Any) -> str | None:
    """A time as Klaviyo takes it; raise `WrongValueError`."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise WrongValueError(f"{field} must be a timestamp, such as 2026-09-01T06:00:00Z.") from None
    if found.year <= 1990:
        raise WrongValueError(f"{field} must be after the year 1990.")
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()


def number(field: str, value: Any) -> int | float | Decimal | None:
    """A number; raise `WrongValueError`."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float | Decimal)):
        raise WrongValueError(f"{field} must be a number: turn it into one in the model.")
    return value


def are_texts_within(value: Any, most: int) -> bool:
    """Whether no text of a tree of JSON has more than so many bytes."""
    if isinstance(value, str):
        return len(value) <= most and len(value.encode(errors="replace")) <= most
    parts: Sequence[Any] = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(are_texts_within(part, most) for part in parts)


def _text(field: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    raise WrongValueError(f"{field} is text to Klaviyo: turn it into text in the model.")


def _coordinate(field: str, value: Any) -> Any:
    return value if isinstance(value, str) else number(field, value)
