"""What is known of a person, in the words of those who serve them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from orchestration.identity.explain_words import day, spaced
from orchestration.profiles.masking import HIDDEN
from orchestration.profiles.person import Fact, Person

NOTHING = "-"

# Events whose names are a program's, not a person's.
_EVENTS = {
    "page": "Page viewed",
    "screen": "Screen viewed",
    "identify": "Told who it is",
    "alias": "Two ids joined",
    "group": "Joined a group",
    "like": "Liked a post",
    "comment": "Commented on a post",
    "share": "Shared a post",
    "follow": "Followed us",
    "mention": "Mentioned us",
}
_PARTIES = {"first": "", "second": "second party", "third": "third party"}


def name_of(person: Person) -> str:
    """What the person is called: the name, or what else one can say."""
    words = [name for kind in ("first_name", "last_name") if (name := person.primary(kind))]
    if words and set(" ".join(words).split()) != {HIDDEN}:
        return " ".join(words)
    if words:
        return "Name hidden"
    return "Known, but not by name" if person.facts["is_known"] else "Anonymous visitor"


def stage_of(person: Person) -> str:
    """The stage of life with us that holds now; empty where none is told."""
    return next((word(stage["lifecycle_stage"]) for stage in person.stages if stage["is_current"]), "")


def subtitle(person: Person) -> list[str]:
    """Where the person is, since when we know them, and when they last did something."""
    facts = person.facts
    place = ", ".join(str(facts[name]) for name in ("city", "country") if facts.get(name))
    parts = [place, str(facts.get("age_band") or ""), str(facts.get("language") or "")]
    if facts.get("first_seen_at"):
        parts.append(f"first seen {day(facts['first_seen_at'])}")
    if facts.get("last_seen_at"):
        parts.append(f"last seen {day(facts['last_seen_at'])}")
    return [part for part in parts if part]


def found_by(person: Person) -> str:
    """By which identifier the person was found; empty where the profile itself was named."""
    asked = person.asked_for
    return f"Found by {kind_in_words(asked.identifier_type)} {value_of(asked.value)}" if asked else ""


def kind_in_words(kind: object) -> str:
    """A type of identifier or contact point."""
    return {"email": "e-mail"}.get(str(kind), spaced(str(kind or "identifier"))).replace(" id", " ID")


def value_of(value: str | None) -> str:
    """A value on one line, or that it is not known."""
    return value or "of unknown value"


def money(amount: Decimal | None, currency: object) -> str:
    """An amount with its currency, such as `1,234.50 EUR`."""
    return NOTHING if amount is None else f"{amount:,.2f} {currency or ''}".rstrip()


def number(value: Any) -> str:
    """A count or a measure, without needless zeros."""
    if value is None:
        return NOTHING
    return f"{value:,}" if isinstance(value, int) else f"{value.normalize():,f}"


def share(value: Decimal | None) -> str:
    """A share from 0 to 1 as per cent."""
    return NOTHING if value is None else f"{value * 100:.0f} %"


def day_of(moment: date | datetime | None) -> str:
    """A day, or a dash."""
    if moment is None:
        return NOTHING
    return (moment.date() if isinstance(moment, datetime) else moment).isoformat()


def source(name: object) -> str:
    """A source of records as people call it: `stg_crm__contacts` is `crm contacts`."""
    return spaced(str(name or "").removeprefix("stg_").replace("__", " "))


def told(*parts: object) -> str:
    """What is there of some parts, as one line; missing ones left out."""
    return " · ".join(str(part) for part in parts if part not in (None, "", NOTHING))


def word(name: object) -> str:
    """A word of a source's own list, such as a status: without underscores; empty where there is none."""
    return "" if name is None else spaced(str(name))


def event_title(event: Fact) -> str:
    """What happened."""
    name = str(event["event_name"] or event["event_type"] or "event")
    said = _EVENTS.get(name) or spaced(name)
    return said[:1].upper() + said[1:].lower()


def event_about(event: Fact) -> str:
    """What an event is about: the product's or campaign's name, else its id or path."""
    about = event["object_name"] or event["object_id"]
    return str(about) if about else ""


def event_source(event: Fact) -> str:
    """Which source tells of an event, and whose data it is where it is not our own."""
    return told(word(event["event_source"]), _PARTIES.get(str(event["data_party"]), event["data_party"]))


def party(data_party: object) -> str:
    """Whose data it is, where it is not our own."""
    return _PARTIES.get(str(data_party), str(data_party))
