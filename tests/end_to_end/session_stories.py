"""Web events told by hand, with the session that each belongs to; others drawn at random; and an oracle of both."""

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5
from itertools import groupby
from typing import Any

# The clocks of two deliveries; a day lies between them.
CLOCKS = (datetime(2026, 3, 6, tzinfo=UTC), datetime(2026, 3, 7, tzinfo=UTC))
PAUSE = timedelta(minutes=30)
DAY = "2026-03-05T"
SPRING, SUMMER = {"source": "google", "medium": "cpc", "name": "spring"}, {"source": "google", "name": "summer"}


@dataclass(frozen=True)
class Event:
    """One delivered message; `session` is the first message of the session that it is in at the end, None for none."""

    message_id: str
    at: str
    session: str | None = None
    delivery: int = 0
    visitor: dict[str, str] = field(default_factory=dict)
    campaign: dict[str, str] = field(default_factory=dict)
    click: str = ""
    device: str = ""

    def line(self) -> str:
        """The message as a line of a file."""
        context: dict[str, Any] = {"campaign": self.campaign, "device": {"id": self.device or None}}
        if self.click:
            context["page"] = {"url": f"https://shop.example/?{self.click}#top", "path": "/"}
        message = {"message_id": self.message_id, "type": "track", "event": "Seen", "timestamp": self.at}
        return json.dumps(message | self.visitor | {"context": context}) + "\n"


def _browser(name: str) -> dict[str, str]:
    return {"anonymous_id": name}


TOLD = [
    # A late event finds its place between two that are known, and leaves their session as it is called.
    Event("late 1", DAY + "10:00:00Z", "late 1", visitor=_browser("late")),
    Event("late 2", DAY + "10:10:00Z", "late 1", delivery=1, visitor=_browser("late")),
    Event("late 3", DAY + "10:20:00Z", "late 1", visitor=_browser("late")),
    # It closes the pause between two sessions, which were one.
    Event("bridge 1", DAY + "10:00:00Z", "bridge 1", visitor=_browser("bridge")),
    Event("bridge 2", DAY + "10:25:00Z", "bridge 1", delivery=1, visitor=_browser("bridge")),
    Event("bridge 3", DAY + "10:50:00Z", "bridge 1", visitor=_browser("bridge")),
    # Without a campaign, or with the same one, it splits nothing; another campaign starts a session where it was.
    Event("same 1", DAY + "10:00:00Z", "same 1", campaign=SPRING, visitor=_browser("same")),
    Event("same 2", DAY + "10:05:00Z", "same 1", delivery=1, visitor=_browser("same")),
    Event("same 3", DAY + "10:06:00Z", "same 1", delivery=1, campaign=SPRING, visitor=_browser("same")),
    Event("same 4", DAY + "10:10:00Z", "same 1", visitor=_browser("same")),
    Event("other 1", DAY + "10:00:00Z", "other 1", campaign=SPRING, visitor=_browser("other")),
    Event("other 2", DAY + "10:05:00Z", "other 2", delivery=1, campaign=SUMMER, visitor=_browser("other")),
    Event("other 3", DAY + "10:10:00Z", "other 2", visitor=_browser("other")),
    # Only one that was before all others gives a session another id: that of its first event.
    Event("before 1", DAY + "10:00:00Z", "before 1", delivery=1, visitor=_browser("before")),
    Event("before 2", DAY + "10:10:00Z", "before 1", visitor=_browser("before")),
    # 30 minutes are no pause, a millisecond more is; midnight is none.
    Event("edge 1", DAY + "23:40:00Z", "edge 1", visitor=_browser("edge")),
    Event("edge 2", "2026-03-06T00:10:00Z", "edge 1", visitor=_browser("edge")),
    Event("edge 3", "2026-03-06T00:40:00.001Z", "edge 3", visitor=_browser("edge")),
    # An offset is reckoned in: 8:00, 8:20 and 8:45 in UTC; without one it is UTC.
    Event("zone 1", DAY + "10:00:00+02:00", "zone 1", visitor=_browser("zone")),
    Event("zone 2", DAY + "08:20:00", "zone 1", visitor=_browser("zone")),
    Event("zone 3", DAY + "03:15:00-0530", "zone 1", visitor=_browser("zone")),
    # Without a browser it is the device, then the user; who names nothing is alone.
    Event("device 1", DAY + "10:00:00Z", "device 1", device="d"),
    Event("device 2", DAY + "10:01:00Z", "device 1", device="d", visitor={"user_id": "u"}),
    Event("user 1", DAY + "10:00:00Z", "user 1", visitor={"user_id": "u"}),
    Event("user 2", DAY + "10:01:00Z", "user 1", visitor={"user_id": "u"}),
    Event("nobody 1", DAY + "10:00:00Z", "nobody 1"),
    Event("nobody 2", DAY + "10:00:00Z", "nobody 2"),
    # A message delivered twice is one event; where the two differ, the later delivery is what happened.
    Event("twice 1", DAY + "10:00:00Z", "twice 1", visitor=_browser("twice")),
    Event("twice 1", DAY + "10:00:00Z", "twice 1", visitor=_browser("twice")),
    Event("twice 2", DAY + "10:10:00Z", "twice 2", visitor=_browser("twice")),
    Event("twice 2", DAY + "12:00:00Z", "twice 2", delivery=1, visitor=_browser("twice")),
    # A later delivery that can't be read leaves the earlier one in its place.
    Event("torn 1", DAY + "10:00:00Z", "torn 1", visitor=_browser("torn")),
    Event("torn 1", "yesterday", delivery=1, visitor=_browser("torn")),
    # A clock that is an hour ahead is believed; what is later than that waits until it has come.
    Event("ahead 1", "2026-03-06T01:00:00Z", "ahead 1", visitor=_browser("ahead")),
    Event("ahead 2", "2026-03-06T01:00:01Z", "ahead 1", visitor=_browser("ahead")),
    Event("ahead 3", "2100-01-01T00:00:00Z", visitor=_browser("ahead")),
]
# Message to why it is in quarantine, by delivery.
QUARANTINED = (
    {"ahead 2": "occurred after the clock", "ahead 3": "occurred after the clock"},
    {"ahead 3": "occurred after the clock", "torn 1": "timestamp is not a timestamp: yesterday"},
)


def drawn(count: int = 600, seed: int = 20260305) -> list[Event]:
    """Events of a few busy browsers: pauses of exactly 30 minutes, moments shared by many, campaigns and clicks."""
    dice = random.Random(seed)
    campaigns: list[dict[str, str]] = [{}, {}, {}, {}, SPRING, SPRING | {"medium": "email"}, SUMMER]
    clicks = ["", "", "", "", "", "gclid=1", "gclid=2", "fbclid=1"]
    start = datetime.fromisoformat(DAY + "00:00:00")
    found = []
    for number in range(count):
        minutes = timedelta(minutes=10 * dice.randrange(110), milliseconds=dice.choice([0, 0, 0, 1]))
        found.append(
            Event(
                # Ids in which the order of bytes is not that of an alphabet.
                f"drawn {dice.choice('aAzZäß山')}{number}",
                (start + minutes).isoformat(timespec="milliseconds") + "Z",
                delivery=dice.randrange(2),
                visitor={"anonymous_id": f"drawn {dice.randrange(12)}"},
                campaign=dice.choice(campaigns),
                click=dice.choice(clicks),
            )
        )
    return found


def expected_places(events: list[Event]) -> dict[str, tuple[str, int]]:
    """Message to the first message of its session and its place there, reckoned event by event."""
    by_visitor = sorted(events, key=lambda event: (_visitor(event), _moment(event), event.message_id))
    places: dict[str, tuple[str, int]] = {}
    for _, own in groupby(by_visitor, key=_visitor):
        campaign: dict[str, str] = {}
        last, click, session, place = datetime.min.replace(tzinfo=UTC), "", "", 0
        for event in own:
            has_paused = _moment(event) - last > PAUSE
            is_other = bool((event.campaign and event.campaign != campaign) or (event.click and event.click != click))
            if has_paused:
                campaign, click = {}, ""
            if has_paused or is_other:
                session, place = event.message_id, 0
            campaign, click, last = event.campaign or campaign, event.click or click, _moment(event)
            place += 1
            places[event.message_id] = (session, place)
    return places


def _visitor(event: Event) -> str:
    names = (event.visitor.get("anonymous_id"), event.device, event.visitor.get("user_id"), event.message_id)
    return next(name for name in names if name)


def _moment(event: Event) -> datetime:
    moment = datetime.fromisoformat(event.at)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def session_id(first_message: str) -> str:
    """The id of the session that a message begins."""
    return md5(f"session|{first_message}".encode()).hexdigest()
