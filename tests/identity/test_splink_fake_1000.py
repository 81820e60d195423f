"""What the rules alone find among the thousand records of Splink's `fake_1000`: a floor, for it can only get better."""

from collections.abc import Iterable
from itertools import combinations

import pytest

from tests.identity.graph_history import History
from tests.identity.splink_fake_1000 import FOLDER, clusters

PRECISION, RECALL = 0.995, 0.33


def pairs(groups: Iterable[Iterable[str]]) -> set[tuple[str, str]]:
    """Every two of one group."""
    return {pair for group in groups for pair in combinations(sorted(group), 2)}


@pytest.mark.skipif(not FOLDER.exists(), reason="needs the data of splink_fake_1000 in ../shared/data")
def test_precision_and_recall(history: History) -> None:
    """By e-mail address alone the rules find this share of the true pairs, and this share of what they find is true."""
    people: dict[str, set[str]] = {}
    found: dict[str, set[str]] = {}
    for record, cluster in clusters().items():
        people.setdefault(cluster, set()).add(record)
        profile = history.profile(0, "fake", f"crm_contact_id {record}")
        assert profile is not None
        found.setdefault(profile, set()).add(record)
    true, ours = pairs(people.values()), pairs(found.values())
    precision, recall = len(true & ours) / len(ours), len(true & ours) / len(true)
    said = f"{len(true)} true pairs, {len(ours)} found, precision {precision:.4f}, recall {recall:.4f}"
    print(said)  # noqa: T201 - the numbers are what the test is for
    assert precision >= PRECISION, said
    assert recall >= RECALL, said
