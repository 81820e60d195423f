"""What somebody did, day by day: what is the same in a row told once, and on which channels when."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from orchestration.profiles.person import Fact
from orchestration.profiles.words import event_about, event_source, event_title, money, word

_NO_CHANNEL = "other"
_BEHAVIOUR = "events"


class Moment(NamedTuple):
    """What happened once, or several times in a row on one day and channel; `about` names the last two."""

    at: datetime
    until: datetime
    channel: str
    title: str
    about: str
    source: str
    amount: str
    times: int


class Day(NamedTuple):
    """A day in UTC and what happened on it, the newest first."""

    day: date
    moments: list[Moment]


class Lane(NamedTuple):
    """A channel, and when something happened on it."""

    channel: str
    moments: list[datetime]


def days(events: Sequence[Fact]) -> list[Day]:
    """Events, the newest first, by day."""
    return [Day(day, list(_moments(list(found)))) for day, found in groupby(events, key=_day)]


def lanes(events: Sequence[Fact]) -> list[Lane]:
    """The channels, the busiest first."""
    found: dict[str, list[datetime]] = {}
    for event in events:
        found.setdefault(channel_of(event), []).append(event["occurred_at"])
    return [Lane(name, found[name]) for name in sorted(found, key=lambda name: (-len(found[name]), name))]


def channel_of(event: Fact) -> str:
    """The channel of an event."""
    return word(event["channel"]) or _NO_CHANNEL


def _day(event: Fact) -> date:
    moment: datetime = event["occurred_at"]
    return moment.date()


def _moments(events: Sequence[Fact]) -> Iterator[Moment]:
    for (title, channel, source), found in groupby(events, key=_kind):
        same = list(found)
        about = list(dict.fromkeys(filter(None, map(event_about, same))))
        more = f" and {len(about) - 2:,} more" if len(about) > 2 else ""
        # What a product costs that was looked at is no amount that anybody paid.
        paid = same[0]["event_amount"] is not None and same[0]["event_source"] != _BEHAVIOUR and len(same) == 1
        amount = money(same[0]["event_amount"], same[0]["currency"]) if paid else ""
        yield Moment(
            at=same[0]["occurred_at"],
            until=same[-1]["occurred_at"],
            channel=channel,
            title=title,
            about=", ".join(about[:2]) + more,
            source=source,
            amount=amount,
            times=len(same),
        )


def _kind(event: Fact) -> tuple[str, str, str]:
    return event_title(event), channel_of(event), event_source(event)
