"""Random histories: conditions flip, profiles merge, part and end, guards close; plain sets are the oracle."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.audiences.audience_room import People, Told
from tests.audiences.conftest import MakeRoom

START = datetime(2026, 6, 1, 6)
RUNS = 14
SEED = 20261124
# Each audience is a world of its own: what closes its guard differs.
GUARDS: dict[str, dict[str, Any]] = {
    "free": {},
    "calm": {"max_change_share": 0.5},
    "stiff": {"max_change_share": 0.2},
    "large": {"min_members": 4},
    "small": {"max_members": 5},
    "mixed": {"min_members": 2, "max_members": 8, "max_change_share": 0.4},
}


@dataclass
class World:
    """Ids and whom they stand for, moved by chance; an id that was merged away may come back."""

    chance: random.Random
    live: set[str] = field(default_factory=lambda: {f"p{number:02}" for number in range(12)})
    ended: dict[str, str | None] = field(default_factory=dict)
    events: list[tuple[str | None, str | None, str, datetime]] = field(default_factory=list)

    def move(self, clock: datetime) -> None:
        """A few things happen to ids."""
        for _ in range(self.chance.randrange(4)):
            happening = self.chance.choice(["merge", "merge", "merge", "restore", "retire", "mint"])
            if happening == "merge" and len(self.live) > 4:
                gone, kept = self.chance.sample(sorted(self.live), 2)
                self.live.discard(gone)
                self.ended = {one: kept if other == gone else other for one, other in self.ended.items()}
                self.ended[gone] = kept
                self.events.append((gone, kept, "merged", clock))
            elif happening == "restore" and (merged := sorted(one for one, other in self.ended.items() if other)):
                back = self.chance.choice(merged)
                self.events.append((self.ended.pop(back), back, "restored", clock))
                self.live.add(back)
            elif happening == "retire" and len(self.live) > 4:
                gone = self.chance.choice(sorted(self.live))
                self.live.discard(gone)
                self.ended = {one: None if other == gone else other for one, other in self.ended.items()}
                self.ended[gone] = None
            elif happening == "mint":
                self.live.add(f"p{len(self.live) + len(self.ended):02}")


@dataclass
class Expected:
    """What an audience must be, by sets: members with their first entry, and the changes of the last run."""

    members: dict[str, datetime] = field(default_factory=dict)
    is_open: bool = False
    changes: dict[str, str] = field(default_factory=dict)

    def run(self, clock: datetime, candidates: set[str], world: World, guard: dict[str, Any], allowed: bool) -> None:
        """Go through one run."""
        standing: dict[str, datetime] = {}
        self.changes = {}
        for one, entered in self.members.items():
            now = one if one in world.live else world.ended[one]
            if now is None:
                self.changes[one] = "left"
            else:
                standing[now] = min(entered, standing.get(now, entered))
        moved = len(candidates ^ set(standing))
        breached = (
            len(candidates) < guard.get("min_members", 0)
            or len(candidates) > guard.get("max_members", len(candidates))
            or (bool(standing) and moved > guard.get("max_change_share", moved) * len(standing))
        )
        self.is_open = not breached or allowed
        self.members = standing
        if self.is_open:
            self.changes |= dict.fromkeys(set(standing) - candidates, "left")
            self.changes |= dict.fromkeys(candidates - set(standing), "entered")
            self.members = {one: standing.get(one, clock) for one in candidates}


def test_members_changes_and_guards_are_what_sets_say(make_room: MakeRoom) -> None:
    """After every run of a random history members, first entries, changes and guards are those of plain sets."""
    audiences = {
        name: {
            "purpose": "marketing",
            "owner": "CRM",
            "columns": {"is_a": "boolean", "is_b": "boolean"},
            **({"guards": guard} if guard else {}),
        }
        for name, guard in GUARDS.items()
    }
    room = make_room(audiences)
    chance = random.Random(SEED)
    world, expected = World(chance), {name: Expected() for name in GUARDS}
    conditions = {name: {one: (True, True) for one in world.live if chance.random() < 0.6} for name in GUARDS}
    closed = overridden = 0
    for run in range(RUNS):
        clock = START + timedelta(days=run)
        if run:
            world.move(clock)
        people = People(known=set(world.live), ended=dict(world.ended), events=list(world.events))
        allowed = {name for name in GUARDS if chance.random() < 0.1}
        for name in GUARDS:
            said = conditions[name]
            for one in sorted(world.live):
                if one not in said or chance.random() < 0.15:
                    said[one] = (chance.random() < 0.8, chance.choice([True, True, True, False, None]))
            people.answers[name] = {one: {"is_a": a, "is_b": b} for one, (a, b) in said.items() if one in world.live}
            candidates = {one for one, (a, b) in said.items() if one in world.live and a and b}
            expected[name].run(clock, candidates, world, GUARDS[name], name in allowed)
        told = room.run(clock, people, allow=",".join(sorted(allowed)))
        for name in GUARDS:
            _compare(told, name, clock, expected[name])
            closed += not told.guard(name)["is_open"]
            overridden += told.guard(name)["is_overridden"]
    # A history in which nothing of it happened would prove nothing.
    assert closed > 10
    assert overridden > 1
    assert any(row["entry_type"] == "carried" for row in told.rows("log"))
    assert not room.test(START + timedelta(days=RUNS))


def _compare(told: Told, name: str, clock: datetime, expected: Expected) -> None:
    members = {row["profile_id"]: row["entered_at"] for row in told.rows("members", audience=name)}
    assert members == expected.members
    assert told.guard(name)["is_open"] is expected.is_open
    assert {one: change for one, (change, _, _) in told.changes(name, clock).items()} == expected.changes
    # The sizes and the changes add up.
    size = next(iter(told.rows("sizes", audience=name, measured_at=clock)), None)
    kinds = list(expected.changes.values())
    if size:
        assert size["member_count"] == len(members)
        assert (size["entered_count"], size["left_count"]) == (kinds.count("entered"), kinds.count("left"))
    else:
        assert not kinds
