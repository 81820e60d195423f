"""Laws that hold in every world, told or drawn, after every run and on both engines."""

from itertools import pairwise

import pytest

from tests.identity.graph_history import LAST, History, rows_of
from tests.identity.graph_id_rules import IdRules
from tests.identity.graph_oracle import NOBODY, judge
from tests.identity.graph_rows import RUNS, Identifier, World
from tests.identity.graph_world import LOG, Snapshot

# Its size is limited by what landed when, which has a test of its own.
BEYOND_THE_RULES = {"giant", "fake"}
REASONS = ("blocked_value", "degree_limit", "low_confidence", "expired", "no_consent", "contested_value")
REASONS += ("unique_limit", "forced_split", "size_limit")
RULES = ("same_record", "third_party_record", "steward_link", "same_mailbox")
CAUSES = {"first_seen", "no_longer_seen", "evidence_gone", *REASONS, *RULES}


def judged_worlds(history: History) -> list[World]:
    """The worlds whose people the rules alone decide."""
    return [world for name, world in history.worlds.items() if name not in BEYOND_THE_RULES]


def named(snapshot: Snapshot, world: World) -> set[frozenset[tuple[str, str]]]:
    """The groups of one world."""
    return {group for group in snapshot.groups if any(world.owns(one) for one in group)}


@pytest.mark.parametrize("run", range(len(RUNS)))
def test_partition(history: History, run: int) -> None:
    """The people are those that union-find finds when it takes the links one by one, the strongest first."""
    snapshot = history.runs[run]
    for world in judged_worlds(history):
        truth = set(judge(world.rows_at(run), snapshot.keys, snapshot.clock).groups)
        found = named(snapshot, world)
        assert found == truth, f"{world.name}: only found {found - truth}; only true {truth - found}"


@pytest.mark.parametrize("run", range(len(RUNS)))
def test_reasons(history: History, run: int) -> None:
    """Every link of the evidence is there, accepted or rejected for the reason that the rules give; and no other is."""
    snapshot = history.runs[run]
    true, judged = {}, judged_worlds(history)
    for world in judged:
        true |= judge(world.rows_at(run), snapshot.keys, snapshot.clock).links
    left_out = {key for key, one in snapshot.identifiers.items() if not any(world.owns(one) for world in judged)}
    left_out -= {snapshot.keys[one] for one in snapshot.keys if one[1] in NOBODY}
    found = {pair: reason for pair, reason in snapshot.links.items() if not left_out & set(pair)}
    wrong = [
        (
            *(snapshot.identifiers[key] for key in pair[:2]),
            pair[2],
            found.get(pair, "missing"),
            true.get(pair, "missing"),
        )
        for pair in sorted(found.keys() | true.keys())
        if found.get(pair, "missing") != true.get(pair, "missing")
    ]
    assert not wrong, f"{len(wrong)} links are judged wrongly; some, with what is and what should be: {wrong[:5]}"


def test_ids_and_components(history: History) -> None:
    """Active profile ids and components are one to one."""
    for snapshot in history.runs:
        active = [row["profile_id"] for row in snapshot.rows("profile_ids", status="active")]
        assert sorted(active) == sorted(set(snapshot.profiles.values()))
        placed = [row for row in snapshot.tables["identity_components"] if row["is_seen"]]
        components = {row["identifier_key"]: row["component_key"] for row in placed}
        pairs = {(components[snapshot.keys[one]], profile) for one, profile in snapshot.profiles.items()}
        assert len(pairs) == len(active) == len(set(components.values()))


def test_unchanged_components(history: History) -> None:
    """A component whose members did not change keeps its id."""
    for before, after in pairwise(history.runs):
        for group in before.groups & after.groups:
            one = next(iter(group))
            assert before.profiles[one] == after.profiles[one], f"{sorted(group)} did not change, but its id did"


def test_id_rules(history: History) -> None:
    """Heir, survivor, restore, mint, retire: each component bears the id that the five rules give it."""
    rules = IdRules()
    for run, snapshot in enumerate(history.runs):
        wrong = rules.follow(snapshot)
        assert not wrong, f"run {run}: {wrong[:3]}"


def test_ids_are_never_reused(history: History) -> None:
    """An id that was retired never names anybody again, and no id is minted twice."""
    minted: dict[str, object] = {}
    retired: set[str] = set()
    for snapshot in history.runs:
        for row in snapshot.tables["profile_ids"]:
            assert minted.setdefault(row["profile_id"], row["minted_at"]) == row["minted_at"]
        back = retired & set(snapshot.profiles.values())
        assert not back, (
            f"{[sorted(group) for group in snapshot.groups if snapshot.profiles[next(iter(group))] in back]}"
        )
        retired |= {row["profile_id"] for row in snapshot.rows("profile_ids", status="retired")}


def test_every_id_resolves(history: History) -> None:
    """Every id ever issued stands for a live one, or is ambiguous, or nobody of it is left."""
    issued: dict[str, set[tuple[str, str]]] = {}
    for snapshot in history.runs:
        for profile in set(snapshot.profiles.values()):
            issued[profile] = {one for one, found in snapshot.profiles.items() if found == profile}
        found = {
            row["profile_id"]: (row["live_profile_id"], row["is_ambiguous"])
            for row in snapshot.tables["profile_id_map"]
        }
        assert found.keys() == issued.keys()
        for profile, last_held in issued.items():
            places = {snapshot.profiles[one] for one in last_held & snapshot.profiles.keys()}
            if profile in snapshot.profiles.values():
                places = {profile}
            expected = (next(iter(places)), False) if len(places) == 1 else (None, len(places) > 1)
            assert found[profile] == expected, f"{profile} last held {sorted(last_held)}"


def test_history(history: History) -> None:
    """The history of identifiers, read at the clock of a past run, is the graph as it was read then."""
    last = history.runs[LAST]
    for snapshot in history.runs:
        then = {
            row["identifier_key"]: row["profile_id"]
            for row in last.tables["identifier_history"]
            if row["valid_from"] <= snapshot.clock and (row["valid_to"] is None or row["valid_to"] > snapshot.clock)
        }
        found = {row["identifier_key"]: row["profile_id"] for row in snapshot.tables["identifiers"]}
        assert then == found, f"as of {snapshot.clock}"


def test_no_churn(history: History) -> None:
    """Churn is 0 in every run, every event has a cause of those that are documented, and every build is green."""
    for name, snapshot in [*enumerate(history.runs), *history.after.items()]:
        unknown = [row for row in snapshot.tables["identity_events"] if row["cause"] not in CAUSES]
        assert not unknown, f"{name}: {[_told(history, row) for row in unknown[:3]]}"
        assert {row["churn_count"] for row in snapshot.tables["identity_runs"]} == {0}
        assert not snapshot.failed_tests, name


def test_every_move_is_an_event(history: History) -> None:
    """Whoever moved from one id to another between two runs did so in an event of the later one; nobody else did."""
    for before, after in pairwise(history.runs):
        moved: dict[tuple[str, str], int] = {}
        for one in before.profiles.keys() & after.profiles.keys():
            if before.profiles[one] != after.profiles[one]:
                pair = (before.profiles[one], after.profiles[one])
                moved[pair] = moved.get(pair, 0) + 1
        told = {
            (row["from_profile_id"], row["to_profile_id"]): row["identifier_count"]
            for row in after.rows("identity_events", occurred_at=after.clock)
            if row["from_profile_id"] and row["to_profile_id"]
        }
        assert told == moved


@pytest.mark.parametrize("happened", ["again", "full refresh", "only the log kept"])
def test_nothing_new_changes_nothing(history: History, happened: str) -> None:
    """The same input again, all tables made anew, or all but the log lost: no row of the log, event or id differs."""
    before, after = history.runs[LAST], history.after[happened]
    for table in (LOG, "identity_events", "identifiers", "profile_ids", "profile_id_map"):
        assert rows_of(after, table) == rows_of(before, table), table
    if happened != "only the log kept":
        assert rows_of(after, "identity_runs") == rows_of(before, "identity_runs")
    assert after.links == before.links


def test_lost_log(history: History) -> None:
    """With the log lost, evidence that never changed mints the same ids; the people are the same anyway."""
    last, lost, steady = history.runs[LAST], history.after["log lost"], 0
    assert lost.groups == last.groups
    for group in last.groups:
        one = next(iter(group))
        born = next(run for run, snapshot in enumerate(history.runs) if group & snapshot.profiles.keys())
        lives = [_first_seen(snapshot, group) for snapshot in history.runs[born:]]
        if all(life == lives[0] for life in lives) and group in history.runs[born].groups:
            steady += 1
            assert lost.profiles[one] == last.profiles[one], f"{sorted(group)}"
    assert steady > len(last.groups) / 3


def test_earlier_clock(history: History) -> None:
    """A clock before that of the last run is refused with a sentence, and nothing of the log changes."""
    assert "The clock stands at 2026-06-09 05:59:59, before the last run" in history.refusal
    assert rows_of(history.after["refused"], LOG) == rows_of(history.runs[LAST], LOG)


def _first_seen(snapshot: Snapshot, group: frozenset[Identifier]) -> dict[str, object]:
    keys = {snapshot.keys.get(one) for one in group}
    rows = [row for row in snapshot.tables["identifiers"] if row["identifier_key"] in keys]
    return {row["identifier_key"]: row["first_seen_at"] for row in rows}


def _told(history: History, row: dict[str, object]) -> str:
    """An event in words that say which people it is about."""
    ids = {row["from_profile_id"], row["to_profile_id"]}
    people = {one for snapshot in history.runs for one, profile in snapshot.profiles.items() if profile in ids}
    return f"{row['event_type']} because of {row['cause']}: {sorted(people)[:6]}"
