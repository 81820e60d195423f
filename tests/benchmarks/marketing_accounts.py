"""What the comparison with drt knows of each vendor: an account with people, what it holds, and the calls it allows."""

import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from orchestration.activation.destinations.klaviyo_endpoints import SEE_IMPORT, START_IMPORT
from orchestration.activation.destinations.klaviyo_imports import MAX_PROFILES
from tests.activation.hubspot_account import described
from tests.activation.hubspot_peer import TOKEN, HubSpotPeer
from tests.activation.klaviyo_peer import KEY, KlaviyoPeer

TYPED, BEFORE, MILLION = "Typed by hand", "Hamburg", 1_000_000
# HubSpot's page "API usage guidelines and limits": requests a second of the smallest subscription.
_HUBSPOT_RATE = 10
# Of Klaviyo's endpoints, requests in a minute as its description states them: each is counted for itself.
_KLAVIYO_STEADY = {
    "POST /api/profiles": 750,
    "PATCH /api/profiles/{id}": 750,
    "POST /api/events": 3500,
    **{f"{one.method} {one.path}": one.steady for one in (START_IMPORT, SEE_IMPORT)},
}


@dataclass(frozen=True)
class Held:
    """What an account holds of one person: what is ours, as text, and the job title that somebody typed."""

    city: str
    order_count: str
    job_title: str


class Watched(list[Any]):
    """Exchanges with a peer: counts the names of what they wrote, and kills whom it is told to after so many."""

    def __init__(self, written_by: Callable[[Any], Iterable[str]], killed_at: int) -> None:
        super().__init__()
        self.written: Counter[str] = Counter()
        self.victim: subprocess.Popen[str] | None = None
        self._written_by, self._killed_at = written_by, killed_at

    def append(self, seen: Any) -> None:
        """Take one exchange, before it is answered."""
        super().append(seen)
        if seen.method != "GET" and seen.status < 300:
            self.written.update(self._written_by(seen))
        if self.victim and self.written.total() >= self._killed_at:
            self.victim.kill()
            self.victim = None


class Account(Protocol):
    """One vendor's account behind a peer."""

    peer: Any
    seen: Watched
    secrets: dict[str, str]

    def fill(self, emails: Iterable[str]) -> None:
        """Put people there, with a city of before and a job title that somebody typed."""

    def held(self) -> dict[str, Held]:
        """What it holds, by e-mail."""

    def refuse_once(self, *emails: str) -> None:
        """Refuse the next write of these people."""

    def hours(self, exchanges: list[Any], rows: int) -> float:
        """Hours that the vendor makes of the calls for a million people, where so many people took these."""


class HubSpot:
    """A HubSpot account that has the properties already, since drt makes none."""

    def __init__(self, killed_at: int) -> None:
        self.peer, self.secrets = HubSpotPeer(), {"HUBSPOT_TOKEN": TOKEN}
        self.seen = self.peer.seen = Watched(_contacts_written, killed_at)
        known = self.peer.account.properties["contacts"]
        known |= {name: described(name) for name in ("onefolk_city", "onefolk_job_title")}
        known["onefolk_order_count"] = described("onefolk_order_count", "number", "number")

    def fill(self, emails: Iterable[str]) -> None:
        for email in emails:
            self.peer.account.put("contacts", email=email, onefolk_city=BEFORE, jobtitle=TYPED)

    def held(self) -> dict[str, Held]:
        names = ("onefolk_city", "onefolk_order_count", "jobtitle")
        records = self.peer.account.records["contacts"].values()
        return {record["email"]: Held(*(record.get(name, "") for name in names)) for record in records}

    def refuse_once(self, *emails: str) -> None:
        self.peer.account.refuses.update(emails)

    def hours(self, exchanges: list[Any], rows: int) -> float:
        calls = len([seen for seen in exchanges if "/objects/contacts" in seen.path])
        return calls * MILLION / rows / _HUBSPOT_RATE / 3600


class Klaviyo:
    """A Klaviyo account."""

    def __init__(self, killed_at: int) -> None:
        self.peer, self.secrets = KlaviyoPeer(), {"KLAVIYO_KEY": KEY}
        self.seen = self.peer.seen = Watched(_profiles_written, killed_at)

    def fill(self, emails: Iterable[str]) -> None:
        for email in emails:
            self.peer.account.put(email=email).properties.update(city=BEFORE, job_title=TYPED)

    def held(self) -> dict[str, Held]:
        names = ("city", "order_count", "job_title")
        return {
            one.attributes["email"]: Held(*("" if (told := one.properties.get(name)) is None else str(told)
                                            for name in names))
            for one in self.peer.account.profiles.values()
        }  # fmt: skip

    def refuse_once(self, *emails: str) -> None:
        self.peer.account.refuses.update(emails)

    def hours(self, exchanges: list[Any], rows: int) -> float:
        """As the slowest endpoint allows; a job that was small counts as if it had been full."""
        calls = Counter(_endpoint(seen) for seen in exchanges)
        each = MAX_PROFILES if f"POST {START_IMPORT.path}" in calls else rows
        return max(count * MILLION / each / _KLAVIYO_STEADY[name] / 60 for name, count in calls.items())

    def events(self) -> Counter[str]:
        """How many events are counted of each person."""
        account = self.peer.account
        return Counter(account.profiles[number].attributes["email"] for number, *_ in account.events)


def _contacts_written(seen: Any) -> Iterable[str]:
    if "inputs" not in seen.body:
        return [seen.body["properties"]["email"]]
    return [] if seen.path.endswith("/read") else [one["properties"]["email"] for one in seen.told["results"]]


def _profiles_written(seen: Any) -> Iterable[str]:
    if seen.profiles:
        return [one["attributes"]["email"] for one in seen.profiles]
    attributes = seen.body["data"]["attributes"]
    return [attributes.get("unique_id") or attributes["email"]]


def _endpoint(seen: Any) -> str:
    place = re.sub("^(/api/[a-z-]+)/[^/]+$", "\\1/{id}", seen.place.rstrip("/"))
    return f"{seen.method} {place}"
