"""A person without the values: what is left of each says of which kind it is, and hardly whose."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from orchestration.profiles.person import Fact, Person

HIDDEN = "***"

# Calling codes of one and of two digits; all the others have three.
_CALLING_CODE = re.compile(
    r"\+(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})(?=\d{6})",
)
# What an event is about: a path of a page, say, may hold a name.
_ABOUT = ("object_id", "object_name")
# Lists in which a value may have been written.
_LISTS = ("orders", "tickets", "deals", "carts", "segments", "attributes")
_NAMES = frozenset({"first_name", "last_name"})
# A short value, or one without a digit or an at sign, may be a word that stands somewhere for itself.
_LEAST_TELLING, _LEAST_NAME = 5, 3


def masked(person: Person) -> Person:
    """The person with every value masked: contact points, identifiers, and wherever else one of them was written."""
    values = {str(point["contact_value"]) for point in person.contact_points}
    values |= {identifier.value for identifier in person.identifiers if identifier.value} | set(person.raw_forms)
    # Of thousands of values only those matter that were written somewhere.
    texts = "\n".join(_texts([person.facts, *(getattr(person, name) for name in (*_LISTS, "events"))])).lower()
    written = [value for value in values if value.lower() in texts]
    everywhere = hider(written)
    in_events = _hider(value for value in written if len(value) >= _LEAST_NAME)
    hidden: dict[str, Any] = {name: [_hidden_in(fact, everywhere) for fact in getattr(person, name)] for name in _LISTS}
    return replace(
        person,
        contact_points=[
            point | {"contact_value": mask(str(point["contact_type"]), str(point["contact_value"]))}
            for point in person.contact_points
        ],
        identifiers=[
            identifier._replace(value=identifier.value and mask(str(identifier.identifier_type), identifier.value))
            for identifier in person.identifiers
        ],
        # A sample names a record by its key, which is an identifier itself.
        links=[link._replace(sample_record=None) for link in person.links],
        facts=_hidden_in(person.facts, everywhere),
        events=[
            _hidden_in(fact, everywhere) | _hidden_in({name: fact[name] for name in _ABOUT}, in_events)
            for fact in person.events
        ],
        raw_forms=(),
        is_masked=True,
        **hidden,
    )


def mask(kind: str, value: str) -> str:
    """A contact point or an identifier of a kind, masked."""
    if kind in _NAMES:
        return initials(value)
    if kind == "address":
        return masked_address(value)
    if kind == "birth_date":
        return HIDDEN
    if "@" in value:
        return masked_email(value)
    if kind == "phone" or re.fullmatch(r"\+\d{7,15}", value):
        return masked_phone(value)
    return masked_id(value)


def masked_email(value: str) -> str:
    """The first letter and the domain, such as `a***@example.org`."""
    name, _, domain = value.rpartition("@")
    if not name or not domain:
        return masked_id(value)
    return f"{name[:1] if len(name) > 1 else ''}{HIDDEN}@{domain}"


def masked_phone(value: str) -> str:
    """The calling code and the last two digits, such as `+49 *** **89`."""
    code = _CALLING_CODE.match(value)
    return f"{code.group()} {HIDDEN} **{value[-2:]}" if code else HIDDEN


def initials(value: str) -> str:
    """The first letter of each word; nothing of one letter, nor of a script in which one letter is half the name."""
    words = re.split(r"[\s\-]+", value.strip())
    return " ".join(
        f"{word[0]}." if len(word.strip(".")) > 1 and word[0].lower() != word[0].upper() else HIDDEN for word in words
    )


def masked_address(value: str) -> str:
    """The country, where the address ends in one: `***, DE`."""
    rest, _, last = value.rpartition(", ")
    return f"{HIDDEN}, {last}" if rest.strip() and re.fullmatch(r"[A-Z]{2}", last) else HIDDEN


def masked_id(value: str) -> str:
    """The ends of a long one, such as `C1***99`."""
    return f"{value[:2]}{HIDDEN}{value[-2:]}" if len(value) >= 8 else f"{HIDDEN}{value[-1:] if len(value) > 3 else ''}"


def hider(values: Iterable[str]) -> Callable[[str], str]:
    """A function that hides these values in a text wherever they stand, save those that may be a word of its own."""
    return _hider(value for value in values if len(value) >= _LEAST_TELLING and re.search(r"[\d@]", value))


def _texts(value: Any) -> Iterator[str]:
    """Every text in rows of rows."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _hidden_in(fact: Fact, hide: Callable[[str], str]) -> Fact:
    return {name: _hidden(value, hide) if name != "profile_id" else value for name, value in fact.items()}


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, list):
        return [_hidden_in(part, hide) if isinstance(part, dict) else _hidden(part, hide) for part in value]
    return value


def _hider(values: Iterable[str]) -> Callable[[str], str]:
    """A function that hides these values in a text, however they are written there, but not inside other words."""
    longest_first = sorted(values, key=lambda value: (-len(value), value))
    if not longest_first:
        return lambda text: text
    told = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)
    return lambda text: told.sub(HIDDEN, text)
