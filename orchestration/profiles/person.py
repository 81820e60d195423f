"""One person as the warehouse holds them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orchestration.identity.explain_lookup import Subject
from orchestration.identity.explain_words import Identifier
from orchestration.identity.graph import Hold, Link, weakest_hold

# A row of a table, by column; amounts are Decimal, times UTC without a zone.
Fact = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """One profile and what is known of it.

    `facts` is its row of profiles.profiles, and each list holds its rows of one table, newest or most important first;
    `orders`, `tickets`, `deals` and `events` only the last ones, of as many as `counts` says. `carts` are those with
    something in them that was not bought, their `items` inside. `attributes` are what partners say, second party.
    `refused` counts links at its identifiers that were not accepted, by reason. `is_masked`: no value stands in it.
    """

    subject: Subject
    currency: str
    facts: Fact
    contact_points: list[Fact]
    purposes: list[Fact]
    channels: list[Fact]
    permissions: list[Fact]
    orders: list[Fact]
    tickets: list[Fact]
    deals: list[Fact]
    carts: list[Fact]
    events: list[Fact]
    audiences: list[Fact]
    segments: list[Fact]
    attributes: list[Fact]
    stages: list[Fact]
    counts: dict[str, int]
    identifiers: list[Identifier]
    links: list[Link]
    refused: Counter[str]
    raw_forms: tuple[str, ...] = ()
    is_masked: bool = False

    @property
    def profile_id(self) -> str:
        """The live id of the profile."""
        return self.subject.profile_id

    @property
    def asked_for(self) -> Identifier | None:
        """The identifier that the person was found by; None where the profile itself was named."""
        return next((identifier for identifier in self.identifiers if identifier.key == self.subject.key), None)

    @property
    def hold(self) -> Hold | None:
        """The link with the least evidence that holds the profile together; None where nothing is linked."""
        return weakest_hold(self.links)

    def identifier(self, key: str) -> Identifier:
        """The identifier of a key."""
        found = (identifier for identifier in self.identifiers if identifier.key == key)
        return next(found, Identifier(key, None, None, None, None, None, None, None))

    def primary(self, contact_type: str) -> str | None:
        """The contact point of a type that should be used."""
        return next((str(point["contact_value"]) for point in self.points(contact_type) if point["is_primary"]), None)

    def points(self, contact_type: str) -> Iterator[Fact]:
        """The contact points of a type, the one to use first."""
        return (point for point in self.contact_points if point["contact_type"] == contact_type)
