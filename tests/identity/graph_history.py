"""One history that both engines live through: the same worlds, run after run, and what happens to a warehouse then."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from orchestration.settings import Settings
from tests.identity.graph_draw import SEED, drawn
from tests.identity.graph_rows import RUNS, Identifier, World
from tests.identity.graph_stories import stories
from tests.identity.graph_world import LOG, MOST_IDENTIFIERS, BuildError, Lab, Snapshot
from tests.identity.splink_fake_1000 import fake_1000

LAST = len(RUNS) - 1
# The last build by each way through the models.
TESTED = {"full refresh", "ambiguous"}
SECRET = "a secret that all warehouses share"


@dataclass(repr=False)
class History:
    """What one engine made of the worlds: a snapshot per run, and one per thing that happened afterwards."""

    worlds: dict[str, World]
    runs: list[Snapshot] = field(default_factory=list)
    after: dict[str, Snapshot] = field(default_factory=dict)
    refusal: str = ""

    def one(self, world: str, named: str) -> Identifier:
        """An identifier by its short name: `one('steward', 'email a')`."""
        kind, short = named.split()
        return (kind, self.worlds[world].value(kind, short))

    def profile(self, run: int, world: str, named: str) -> str | None:
        """The profile id of an identifier after a run; None when it has none."""
        return self.runs[run].profiles.get(self.one(world, named))

    def together(self, world: str, *named: str) -> list[bool]:
        """Per run, whether these identifiers are all there and share a profile."""
        found = [[snapshot.profiles.get(self.one(world, name)) for name in named] for snapshot in self.runs]
        return [None not in profiles and len(set(profiles)) == 1 for profiles in found]

    def reasons(self, run: int, world: str, a: str, b: str) -> set[str | None]:
        """Why links between two identifiers don't hold, per rule; None for one that does."""
        snapshot = self.runs[run]
        ends = {snapshot.keys[self.one(world, a)], snapshot.keys[self.one(world, b)]}
        return {reason for (key_a, key_b, _), reason in snapshot.links.items() if {key_a, key_b} == ends}

    def events(self, run: int, world: str) -> set[tuple[str, str]]:
        """Type and cause of what happened in a run to the profiles of a world, births and deaths included."""
        ids = {
            profile
            for snapshot in self.runs
            for one, profile in snapshot.profiles.items()
            if self.worlds[world].owns(one)
        }
        rows = self.runs[run].rows("identity_events", occurred_at=self.runs[run].clock)
        return {
            (row["event_type"], row["cause"]) for row in rows if ids & {row["from_profile_id"], row["to_profile_id"]}
        }


def all_worlds() -> dict[str, World]:
    """The told and the drawn ones, by name."""
    found = {world.name: world for world in [*stories(), *drawn(), *fake_1000()]}
    phones = [world.value("phone", "1") for world in found.values()]
    assert len(set(phones)) == len(phones), "two worlds share their phone numbers: rename one"
    return found


def live(settings: Settings, worlds: dict[str, World]) -> History:
    """Live through the whole history on one engine."""
    lab, history = Lab(settings), History(worlds)
    for run, clock in enumerate(RUNS):
        step(lab, worlds.values(), run)
        failed = lab.build(clock, tested=run == LAST)
        history.runs.append(lab.read(clock, LOG, "identity_components", "identifier_history", "identity_runs"))
        history.runs[-1].failed_tests = failed
    _afterwards(lab, history)
    return history


def step(lab: Lab, worlds: Iterable[World], run: int) -> None:
    """Let the rows of a run land, and those vanish that it deletes."""
    worlds = list(worlds)
    lab.delete(key for world in worlds for key in world.deleted[run])
    lab.put(row for world in worlds for row in world.put[run])


def _afterwards(lab: Lab, history: History) -> None:
    clock = RUNS[-1]

    def build(name: str, *arguments: str, later: int = 0, variables: str | None = None, whole: bool = False) -> None:
        moment = clock + timedelta(days=later)
        failed = lab.build(moment, *arguments, variables=variables, whole=whole, tested=name in TESTED)
        history.after[name] = lab.read(moment, LOG, "identity_runs")
        history.after[name].failed_tests = failed

    try:
        lab.build(clock - timedelta(seconds=1))
    except BuildError as error:
        history.refusal = str(error)
    history.after["refused"] = lab.read(clock, LOG, "identity_runs")
    build("again")
    build("full refresh", "--full-refresh")
    lab.forget(keep_log=True)
    build("only the log kept", whole=True)
    for later, policy in enumerate(["latest", "ambiguous"], start=1):
        variables = f"{{max_profile_identifiers: {MOST_IDENTIFIERS}, contested_identifiers: {policy}}}"
        build(policy, later=later, variables=variables)
    lab.forget(keep_log=False)
    build("log lost")


def live_on_both(settings: dict[str, Settings]) -> dict[str, History]:
    """Both engines at once; each of them is one process that mostly waits for itself."""
    worlds = all_worlds()
    print(f"worlds drawn with ONEFOLK_GRAPH_SEED={SEED}")  # noqa: T201 - the way to draw them again
    with ThreadPoolExecutor(len(settings)) as pool:
        histories = {engine: pool.submit(live, own, worlds) for engine, own in settings.items()}
        return {engine: found.result() for engine, found in histories.items()}


def rows_of(snapshot: Snapshot, table: str) -> list[tuple[Any, ...]]:
    """The rows of a table, in an order that depends on nothing but them."""
    return sorted((tuple(row.values()) for row in snapshot.tables[table]), key=repr)
