"""Rules, reasons and identifiers in the words of a person who asks why."""

from datetime import datetime
from typing import NamedTuple

from orchestration.identity.graph import Hold, Link

RULES = {
    "same_record": "a record of our own holds both",
    "third_party_record": "a data provider's record holds both",
    "same_mailbox": "two spellings of one mailbox",
    "steward_link": "a data steward says so",
}

REASONS = {
    "blocked_value": "one of the two is a value that stands for nobody or for many people",
    "degree_limit": "more people share it than its type allows",
    "unique_limit": "it would join two accounts that must stay two people",
    "expired": "it was not seen for longer than its type allows",
    "no_consent": "it is third-party evidence, and nobody agreed to its use",
    "forced_split": "a data steward keeps the two apart",
    "low_confidence": "the data provider is less sure of it than we ask for",
    "contested_value": "records of different people carry the value, so it belongs to the strongest claimant only",
    "size_limit": "the profile would have grown over the limit",
    "unreadable": "one of the two can't be read as what it should be",
    "unknown_type": "nothing says how to read identifiers of this type",
}

# What a value is called that can't be looked up: only its key is known.
_UNKNOWN_TYPE = "identifier"


class Identifier(NamedTuple):
    """One identifier: the value behind its key, and the profile it belongs to, None for one that no profile holds."""

    key: str
    identifier_type: str | None
    value: str | None
    profile_id: str | None
    record_count: int | None
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    expires_at: datetime | None


def named(identifier: Identifier) -> str:
    """Type and value; where the value is not known, the key. On one line, whatever the value holds."""
    value = printable(identifier.value) if identifier.value else f"with the key {identifier.key}"
    return f"{identifier.identifier_type or _UNKNOWN_TYPE} {value}"


def printable(text: str) -> str:
    """The text with what a terminal or a drawing can't show written as an escape: control characters, half pairs."""
    # Characters of direction and of no width are no control characters, but they would disguise a value.
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def rule_in_words(link: Link) -> str:
    """Which rule made a link, and what that means."""
    return f"{spaced(link.rule)} ({words})" if (words := RULES.get(link.rule)) else spaced(link.rule)


def reason_in_words(reason: str) -> str:
    """Why a link was not accepted, as a clause with the reason's name in brackets."""
    return f"{REASONS.get(reason, 'no rule of this version explains it')} ({reason})"


def evidence_in_words(link: Link) -> str:
    """How much evidence there is for a link, from where, and since when."""
    parts = []
    if link.first_source:
        more = f" and {counted(link.source_count - 1, 'more source')}" if link.source_count > 1 else ""
        parts.append(f"{counted(link.evidence_count, 'record')} in {link.first_source}{more}")
    if link.sample_record:
        parts.append(f"such as {printable(link.sample_record)}")
    parts.append(f"seen {period(link.first_seen_at, link.last_seen_at)}")
    if link.expires_at:
        parts.append(f"counts until {day(link.expires_at)}")
    return ", ".join(parts)


def hold_in_words(hold: Hold) -> str:
    """What the weakest link of a profile holds, as what follows its name in a sentence."""
    told = f"holds {len(hold.part):,} of the identifiers to the other {hold.others:,}"
    if not hold.spare:
        return told
    return f"{told}; {counted(hold.spare, 'weaker link')} between the two sides would remain without it"


def period(first: datetime | None, last: datetime | None) -> str:
    """The days of a first and a last sighting; one day where they are the same."""
    if first is None or last is None or first.date() == last.date():
        return day(last or first)
    return f"{day(first)} to {day(last)}"


def day(moment: datetime | None) -> str:
    """The day of a moment in UTC."""
    return moment.date().isoformat() if moment else "at an unknown time"


def counted(number: int, noun: str) -> str:
    """A number and its noun, such as `1 link` or `2,000 links`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def spaced(name: str) -> str:
    """A name without underscores."""
    return name.replace("_", " ")
