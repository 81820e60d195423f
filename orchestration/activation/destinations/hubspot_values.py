"""Values as HubSpot takes them: every one is a text, and an empty text empties the property."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

# What a null empties: properties of our own, those allowed by name too, or none.
Nulls = Literal["own", "clear", "skip"]

# HubSpot's page "Property field types in HubSpot": a text holds 65,536 characters.
MAX_TEXT = 65_536
# What HubSpot calls a record's own id among its properties.
RECORD_ID = "hs_object_id"


class WrongValueError(ValueError):
    """A value that no property holds; the message is a sentence without it."""


def rendered(payload: Mapping[str, Any], key: str, prefix: str, nulls: Nulls) -> dict[str, str]:
    """The properties of a payload but for its key; raise `WrongValueError`."""
    told = {}
    for name, value in payload.items():
        is_left = nulls == "skip" or (nulls == "own" and not name.startswith(prefix))
        if name == key or (value is None and is_left):
            continue
        told[name] = as_text(name, value)
    return told


def as_text(name: str, value: Any) -> str:
    """A value as a text; raise `WrongValueError` with a sentence that names the field."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return _number(name, value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if not isinstance(value, str):
        raise WrongValueError(f"{name} is a list or an object, which no property holds: turn it into text.")
    if len(value) > MAX_TEXT:
        raise WrongValueError(f"{name} has {len(value):,} characters, and a property holds {MAX_TEXT:,}.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise WrongValueError(f"{name} holds half a character, which can't be sent: mend it in the model.") from None
    return value


def _number(name: str, value: float | Decimal) -> str:
    """All digits and no exponent; zeros at the end of a fraction say nothing."""
    try:
        # By its shortest form, since a float is not what it reads as.
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise WrongValueError(f"{name} is no finite number, and a property holds no other.")
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def as_json(content: Any) -> bytes:
    """A request's body."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
