"""How one profile stands in one audience, and what may be done about it: facts, before they are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple

from orchestration.audiences.conditions import Declaration
from orchestration.audiences.guards import Guard
from orchestration.profiles.person import Fact


class State(Enum):
    """How a profile stands in an audience."""

    MEMBER = "member"
    HELD = "held_by_guard"
    ENDING = "ends_with_next_build"
    ANONYMOUS = "anonymous"
    ABSENT = "not_considered"
    KEPT_OUT = "kept_out_by_guard"
    ENTERING = "enters_with_next_build"
    NEAR = "near_miss"
    FAR = "no_member"


class Condition(NamedTuple):
    """A condition of an audience: whether it holds; None where that can't be told, which counts as no."""

    name: str
    holds: bool | None
    value: Any
    since: datetime | None
    until: datetime | None


class Contact(NamedTuple):
    """A channel: its name for people, the contact point that it needs, and the permission to use it.

    `point` is the value to write to, or `a device`; None where there is none.
    """

    channel: str
    title: str
    contact_type: str
    point: str | None
    permission: Fact | None

    @property
    def is_deliverable(self) -> bool:
        """Whether a member is reached on it."""
        return self.point is not None and self.permission is not None and bool(self.permission["is_allowed"])


@dataclass(frozen=True)
class Standing:
    """One profile in one audience.

    `conditions` is None where the audience's table has no row of it; `membership` its row of audience_members;
    `history` the entries and exits, oldest first, under former ids too; `contacts` the channels, for its purpose.
    """

    definition: Fact
    purpose: Fact
    declaration: Declaration
    guard: Guard | None
    is_known: bool
    conditions: Sequence[Condition] | None
    membership: Fact | None
    history: Sequence[Fact]
    contacts: Sequence[Contact]

    @property
    def lacking(self) -> list[Condition]:
        """The conditions that don't hold."""
        return [condition for condition in self.conditions or () if not condition.holds]

    @property
    def state(self) -> State:
        """How it stands."""
        may_belong = self.is_known or bool(self.definition["is_for_anonymous"])
        qualifies = bool(self.conditions) and not self.lacking and may_belong
        is_closed = self.guard is not None and not self.guard.is_open
        if self.membership is not None:
            return State.MEMBER if qualifies else State.HELD if is_closed else State.ENDING
        if not may_belong:
            return State.ANONYMOUS
        if not self.conditions:
            return State.ABSENT
        if qualifies:
            return State.KEPT_OUT if is_closed else State.ENTERING
        return State.NEAR if len(self.lacking) == 1 < len(self.conditions) else State.FAR

    @property
    def is_delivered(self) -> bool:
        """Whether a destination gets the person for this audience, on whichever channel it is for."""
        return self.membership is not None and any(contact.is_deliverable for contact in self.wanted_contacts)

    @property
    def wanted_contacts(self) -> list[Contact]:
        """The channel that the audience is meant for; all of them where it doesn't say."""
        wanted = self.definition["channel"]
        return [contact for contact in self.contacts if wanted in (None, contact.channel)]


@dataclass(frozen=True)
class Asked:
    """Who was asked about: the profile, the identifier that was named as people may see it, and former ids."""

    profile_id: str
    kind: str | None
    value: str | None
    note: str
    former: Sequence[Fact]
