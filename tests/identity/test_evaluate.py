"""The evaluation of an identity graph: counting by sizes of groups equals counting pair by pair."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from orchestration.identity.evaluate import Evidence, measure
from orchestration.identity.scores import Evaluation, TypeEvaluation


@dataclass
class World:
    """Identifiers by number: the profile, the type and the owners of each; records as the identifiers in them."""

    profiles: list[int | None]
    owners: list[set[str]]
    records: list[set[int]] = field(default_factory=list)
    types: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.types = self.types or ["email"] * len(self.profiles)

    def measured(self) -> Evaluation:
        """The evaluation of this world."""
        count = len(self.profiles)
        owners = [(node, person) for node in range(count) for person in sorted(self.owners[node])]
        records = [(record, node) for record, nodes in enumerate(self.records) for node in sorted(nodes)]
        evidence = Evidence(
            pa.table(
                {
                    "identifier": pa.array(range(count), pa.int64()),
                    "identifier_type": pa.array(self.types, pa.string()),
                    "profile": pa.array(self.profiles, pa.int64()),
                }
            ),
            pa.table(
                {
                    "identifier": pa.array([node for node, _ in owners], pa.int64()),
                    "person": pa.array([person for _, person in owners], pa.string()),
                }
            ),
            pa.table(
                {
                    "record": pa.array([record for record, _ in records], pa.int64()),
                    "identifier": pa.array([node for _, node in records], pa.int64()),
                }
            ),
        )
        with duckdb.connect(":memory:", config={"threads": 1}) as scratch:
            return measure(evidence, scratch)


class Oracle:
    """The definitions, pair by pair and identifier by identifier."""

    def __init__(self, world: World) -> None:
        self.world = world
        known = [node for node, owners in enumerate(world.owners) if owners]
        self.known, self.sole = known, [node for node in known if len(world.owners[node]) == 1]
        self.predicted = [pair for pair in combinations(known, 2) if self.together(*pair)]
        self.wrong = [(one, other) for one, other in self.predicted if not world.owners[one] & world.owners[other]]
        self.knowable = [pair for pair in combinations(self.sole, 2) if pair[1] in self.chain(pair[0])]
        self.missed = [pair for pair in self.knowable if not self.together(*pair)]

    def together(self, one: int, other: int) -> bool:
        """Whether one profile holds both."""
        place = self.world.profiles[one]
        return one == other or (place is not None and place == self.world.profiles[other])

    def chain(self, start: int) -> set[int]:
        """What records join with an identifier, going from record to record over its owner's own identifiers."""
        mine = {node for node in self.sole if self.world.owners[node] == self.world.owners[start]}
        reached, waiting = {start}, [start]
        while waiting:
            node = waiting.pop()
            for record in self.world.records:
                if node in record:
                    waiting += (record & mine) - reached
                    reached |= record & mine
        return reached

    def b_cubed(self) -> tuple[float, float] | None:
        """Means over the identifiers of one owner."""
        precisions, recalls = [], []
        for node in self.sole:
            beside = [other for other in self.known if self.together(node, other)]
            precisions.append(sum(bool(self.world.owners[node] & self.world.owners[other]) for other in beside))
            precisions[-1] /= len(beside)
            chain = self.chain(node)
            recalls.append(sum(self.together(node, other) for other in chain) / len(chain))
        return (float(np.mean(precisions)), float(np.mean(recalls))) if self.sole else None

    def types(self) -> set[TypeEvaluation]:
        """Identifiers of each type: all, unknown, in a wrong pair, in a missed pair."""
        wrong, missed = ({node for pair in pairs for node in pair} for pairs in (self.wrong, self.missed))
        nodes: dict[str, set[int]] = defaultdict(set)
        for node, kind in enumerate(self.world.types):
            nodes[kind].add(node)
        return {
            TypeEvaluation(kind, len(every), len(every - {*self.known}), len(every & wrong), len(every & missed))
            for kind, every in nodes.items()
        }


def worlds() -> st.SearchStrategy[World]:
    """Small worlds with everything at once: strangers in one profile, shared and unknown identifiers, no profile."""

    def of(count: int) -> st.SearchStrategy[World]:
        def each(values: st.SearchStrategy[object]) -> st.SearchStrategy[list[object]]:
            return st.lists(values, min_size=count, max_size=count)

        return st.builds(
            World,
            profiles=each(st.none() | st.integers(0, 2)),
            owners=each(st.sampled_from("ABC").map(lambda person: {person}) | st.sets(st.sampled_from("ABCD"))),
            records=st.lists(st.sets(st.integers(0, count - 1), max_size=4), max_size=6),
            types=each(st.sampled_from(["email", "phone"])),
        )

    return st.integers(1, 12).flatmap(of)


@hypothesis_settings(max_examples=100, deadline=None)
@given(worlds())
def test_groups_count_what_pairs_count(world: World) -> None:
    """Every number equals what the definitions give when each pair is looked at by itself."""
    found, oracle = world.measured(), Oracle(world)
    assert (found.predicted_pairs, found.wrong_pairs) == (len(oracle.predicted), len(oracle.wrong))
    assert (found.knowable_pairs, found.missed_pairs) == (len(oracle.knowable), len(oracle.missed))
    b_cubed = oracle.b_cubed()
    assert (found.b_cubed_precision is None) == (b_cubed is None)
    if b_cubed:
        assert (found.b_cubed_precision, found.b_cubed_recall) == pytest.approx(b_cubed)
    assert {*found.types} == oracle.types()

    bad = {world.profiles[one] for one, _ in oracle.wrong}
    placed = [place for place in world.profiles if place is not None]
    assert found.over_merged_profiles == len(bad)
    assert found.over_merged_people == len(
        {person for node in oracle.sole if world.profiles[node] in bad for person in world.owners[node]}
    )
    assert found.split_people == len({person for one, _ in oracle.missed for person in world.owners[one]})
    assert (found.profiles, found.identifiers) == (len({*placed}), len(world.profiles))
    assert found.largest_profile == max((placed.count(place) for place in placed), default=0)
    assert found.unplaced_identifiers == len(world.profiles) - len(placed)
    assert found.unknown_identifiers == len(world.profiles) - len(oracle.known)


def test_two_people_in_one_profile() -> None:
    """Two people of two identifiers each in one profile: 2 of 6 pairs are right, and half of each neighbourhood."""
    found = World([0, 0, 0, 0], [{"A"}, {"A"}, {"B"}, {"B"}], [{0, 1}, {2, 3}]).measured()
    assert (found.predicted_pairs, found.wrong_pairs, found.precision) == (6, 4, pytest.approx(1 / 3))
    assert (found.recall, found.f1) == (1.0, pytest.approx(0.5))
    assert (found.b_cubed_precision, found.b_cubed_recall) == (0.5, 1.0)
    assert (found.over_merged_profiles, found.over_merged_people, found.split_people) == (1, 2, 0)


def test_one_person_in_two_profiles() -> None:
    """Three identifiers that records chain, one of them apart: 1 of 3 knowable pairs is found."""
    found = World([0, 0, 1], [{"A"}] * 3, [{0, 1}, {1, 2}]).measured()
    assert (found.knowable_pairs, found.missed_pairs, found.recall) == (3, 2, pytest.approx(1 / 3))
    assert (found.precision, found.b_cubed_recall) == (1.0, pytest.approx((2 / 3 + 2 / 3 + 1 / 3) / 3))
    assert (found.split_people, found.over_merged_profiles) == (1, 0)
    assert found.types == (TypeEvaluation("email", 3, 0, 0, 3),)


def test_what_no_record_joins_is_not_missed() -> None:
    """Two profiles of one person are no mistake when only a shared identifier, or none, joins their records."""
    found = World([0, 1, 0], [{"A"}, {"A"}, {"A", "B"}], [{0, 2}, {1, 2}]).measured()
    assert (found.knowable_pairs, found.recall, found.split_people) == (0, None, 0)
    assert found.b_cubed_recall == 1.0


def test_a_landline_is_everyones() -> None:
    """A household's phone is right beside each of its people, and does not make these one person."""
    found = World([0, 0, 0, 1], [{"A"}, {"A", "B"}, {"B"}, {"B"}]).measured()
    assert (found.predicted_pairs, found.wrong_pairs) == (3, 1)
    assert found.types[0].wrongly_joined == 2
    assert found.b_cubed_precision == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)


def test_a_recycled_phone_is_right_with_both_owners() -> None:
    """A number that two strangers had one after the other is right in the profile of either."""
    for beside in ("A", "B"):
        found = World([0, 0], [{beside}, {"A", "B"}]).measured()
        assert (found.predicted_pairs, found.wrong_pairs, found.precision) == (1, 0, 1.0)
    assert World([0, 0], [{"C"}, {"A", "B"}]).measured().precision == 0.0


def test_the_unknown_is_left_out() -> None:
    """An identifier that the truth doesn't know changes no share, and is counted; it fills its profile all the same."""
    found = World([0, 0, 0], [{"A"}, {"A"}, set()], [{0, 1, 2}]).measured()
    assert (found.predicted_pairs, found.wrong_pairs, found.b_cubed_precision) == (1, 0, 1.0)
    assert (found.unknown_identifiers, found.largest_profile) == (1, 3)


def test_a_giant_profile_takes_no_giant_time() -> None:
    """A profile of 200,000 identifiers of 50,000 people, twenty billion pairs, is counted exactly."""
    count, people = 200_000, 50_000
    node = np.arange(count)
    evidence = Evidence(
        pa.table({"identifier": node, "identifier_type": ["email"] * count, "profile": np.zeros(count, int)}),
        pa.table({"identifier": node, "person": node % people}),
        pa.table({"record": node % people, "identifier": node}),
    )
    with duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "500MB"}) as scratch:
        found = measure(evidence, scratch)
    assert found.predicted_pairs == count * (count - 1) // 2
    assert found.predicted_pairs - found.wrong_pairs == found.knowable_pairs == people * 6
    assert found.missed_pairs == 0
