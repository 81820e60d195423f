"""One person as a page of its own: one file, no script, nothing fetched from anywhere."""

import os
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from orchestration.identity.explain_words import counted, evidence_in_words, hold_in_words, rule_in_words
from orchestration.pages import render
from orchestration.profiles.person import Fact, Person
from orchestration.profiles.sections import headline, identity, sections
from orchestration.profiles.timeline import days, lanes
from orchestration.profiles.tree import WIDTH, draw
from orchestration.profiles.words import found_by, kind_in_words, name_of, stage_of, subtitle, value_of

_OPEN_DAYS = 14
# A channel's colour, by the name of a variable of the style sheet; the social networks share one.
_COLOURS = dict.fromkeys(("facebook", "instagram", "tiktok", "youtube", "linkedin", "x"), "social")
_COLOURS |= {name: name for name in ("web", "app", "store", "email", "sms", "push", "phone", "call", "chat", "crm")}
# Dots nearer than this share of the width are one larger dot.
_GRAIN = 0.5


class PageError(RuntimeError):
    """The page can't be written; the message says why."""


class Dot(NamedTuple):
    """Events at one place of a lane: how far from the left in per cent, and how large."""

    left: float
    radius: float


def write_page(person: Person, path: Path) -> None:
    """Write the page, whole or not at all, readable by its owner alone; raise `PageError` where that can't be done."""
    content = page(person).encode()
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    except OSError as error:
        raise PageError(f"{path} can't be written: {error.strerror}.") from None
    temporary = Path(name)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise PageError(f"{path} can't be written: {error.strerror}.") from None
    finally:
        temporary.unlink(missing_ok=True)


def page(person: Person) -> str:
    """The page as HTML; every text in it is escaped."""
    parts = sections(person)
    by_day = days(person.events)
    hold = person.hold
    return render(
        "orchestration.profiles",
        "page.html",
        name=name_of(person),
        letters=_letters(person),
        hue=int(person.profile_id[:6].encode().hex(), 16) % 360,
        stage=stage_of(person),
        is_known=person.facts["is_known"],
        subtitle=subtitle(person),
        notes=[note for note in (found_by(person), person.subject.note) if note],
        profile_id=person.profile_id,
        is_masked=person.is_masked,
        headline=list(headline(person)),
        sections=[part for part in parts if part.lines],
        nothing=[part.note for part in parts if not part.lines and part.note],
        days=by_day[:_OPEN_DAYS],
        earlier=by_day[_OPEN_DAYS:],
        lanes=_dots(person.events),
        ends=_ends(person.events),
        events=_told_events(person),
        colour=lambda channel: _COLOURS.get(channel, "other"),
        tree=draw(person),
        tree_width=WIDTH,
        identity=identity(person),
        weakest=hold
        and {
            "ends": " and ".join(
                f"{kind_in_words(end.identifier_type)} {value_of(end.value)}"
                for end in map(person.identifier, (hold.link.key_a, hold.link.key_b))
            ),
            "evidence": f"{rule_in_words(hold.link)}; {evidence_in_words(hold.link)}",
            "hold": hold_in_words(hold),
        },
        made_at=datetime.now(UTC),
    )


def _letters(person: Person) -> str:
    """Up to two initials, for the round picture."""
    if not person.primary("first_name") and not person.primary("last_name"):
        return "?"
    return "".join(word[0] for word in name_of(person).split()[:2] if word[0].isalpha()).upper() or "?"


def _told_events(person: Person) -> str:
    shown, count = len(person.events), person.counts["events"]
    return f"the last {shown:,} of {counted(count, 'event')}" if shown < count else counted(count, "event")


def _dots(events: list[Fact]) -> list[tuple[str, int, list[Dot]]]:
    """By channel, how often, and the dots from the first event to the last."""
    if not events:
        return []
    start, end = events[-1]["occurred_at"], events[0]["occurred_at"]
    whole = (end - start).total_seconds() or 1.0
    found = []
    for lane in lanes(events):
        places = Counter(round((at - start).total_seconds() / whole * 100 / _GRAIN) for at in lane.moments)
        # The dots at both ends stay inside.
        dots = [Dot(1.5 + place * _GRAIN * 0.97, min(3 + count**0.5, 9)) for place, count in sorted(places.items())]
        found.append((lane.channel, len(lane.moments), dots))
    return found


def _ends(events: list[Fact]) -> list[str]:
    """The first day, the one in the middle and the last."""
    if not events:
        return []
    start, end = events[-1]["occurred_at"], events[0]["occurred_at"]
    return list(dict.fromkeys(f"{moment:%Y-%m-%d}" for moment in (start, start + (end - start) / 2, end)))
