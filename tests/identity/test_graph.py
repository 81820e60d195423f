"""The evidence as a graph: strongest trees and paths against brute force over all simple paths, and networkx."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import networkx
from hypothesis import given
from hypothesis import strategies as st

from orchestration.identity.graph import (
    Link,
    grown,
    joining_path,
    neighbours,
    ordered,
    side,
    strength,
    strongest_path,
    strongest_tree,
    weakest,
)

KEYS = "abcdef"


@st.composite
def a_link(draw: st.DrawFn, reasons: tuple[str | None, ...] = (None,)) -> Link:
    """A link among six identifiers, of few strengths, so that ties are common."""
    a, b = sorted(draw(st.lists(st.sampled_from(KEYS), min_size=2, max_size=2, unique=True)))
    seen = draw(st.sampled_from([None, datetime(2026, 1, 5), datetime(2026, 1, 9), datetime(2026, 2, 1)]))
    return Link(
        key_a=a,
        key_b=b,
        rule=draw(st.sampled_from(["same_record", "third_party_record"])),
        strength=draw(st.integers(0, 2)),
        evidence_count=draw(st.integers(1, 2)),
        source_count=1,
        first_source=None,
        sample_record=None,
        first_seen_at=None,
        last_seen_at=seen,
        expires_at=None,
        reason=draw(st.sampled_from(reasons)),
    )


LINKS = st.lists(a_link(), max_size=9, unique_by=lambda link: (link.key_a, link.key_b, link.rule))
REFUSED = st.lists(a_link(("expired",)), max_size=5, unique_by=lambda link: (link.key_a, link.key_b, link.rule))
KEY = st.sampled_from(KEYS)


def simple_paths(links: list[Link], start: str, end: str, seen: tuple[str, ...] = ()) -> Iterator[list[Link]]:
    """Every path without a repeated identifier, by trying them all."""
    if start == end:
        yield []
        return
    for link in links:
        if start in (link.key_a, link.key_b) and link.other(start) not in (*seen, start):
            for rest in simple_paths(links, link.other(start), end, (*seen, start)):
                yield [link, *rest]


def walk(path: Iterable[Link], start: str) -> str:
    """Where a path ends; fails where its links don't meet."""
    for link in path:
        assert start in (link.key_a, link.key_b)
        start = link.other(start)
    return start


def ranked(links: list[Link]) -> networkx.Graph:
    """The links as networkx sees them; of two links of one pair the stronger, weighted by its place in the order."""
    graph = networkx.Graph()
    for rank, link in reversed(list(enumerate(ordered(links)))):
        graph.add_edge(link.key_a, link.key_b, weight=rank, link=link)
    return graph


def test_strength_is_rank_then_month_then_evidence_then_day() -> None:
    """A stronger type beats a newer month, a newer month beats more evidence, and more evidence a newer day."""
    base = Link("a", "b", "same_record", 2, 2, 1, None, None, None, datetime(2026, 5, 10), None)
    stronger = [
        base._replace(strength=0, evidence_count=1, last_seen_at=None),
        base._replace(strength=1, evidence_count=1, last_seen_at=datetime(2020, 1, 1)),
        base._replace(evidence_count=1, last_seen_at=datetime(2026, 6, 1)),
        base._replace(evidence_count=3, last_seen_at=datetime(2026, 5, 1)),
        base._replace(last_seen_at=datetime(2026, 5, 10, 0, 1)),
        base,
        base._replace(key_b="c"),
        base._replace(last_seen_at=datetime(2026, 5, 9)),
        base._replace(last_seen_at=datetime(2025, 12, 31), evidence_count=9),
        base._replace(last_seen_at=None, evidence_count=9),
    ]
    assert ordered(reversed(stronger)) == stronger
    assert strength(base) == strength(base._replace(key_b="c", rule="x")), "keys and rules make no link stronger"


@given(LINKS)
def test_the_tree_is_the_spanning_tree_of_networkx(links: list[Link]) -> None:
    """The strongest tree holds the same links as the minimum spanning forest of networkx over the ranks."""
    expected = networkx.minimum_spanning_edges(ranked(links), algorithm="prim", data=True)
    assert set(strongest_tree(links)) == {data["link"] for *_, data in expected}


@given(LINKS, KEY, KEY)
def test_the_strongest_path_has_the_strongest_weakest_link(links: list[Link], start: str, end: str) -> None:
    """No simple path has a stronger weakest link, nor fewer links with as strong a one; no path is None."""
    found = strongest_path(links, start, end)
    tried = list(simple_paths(links, start, end))
    if found is None:
        assert not tried
        return
    assert walk(found, start) == end

    def cost(path: list[Link]) -> tuple[list[object], int]:
        return [strength(link) for link in [weakest(path)] if path] if path else [], len(path)

    assert cost(found) == min(cost(path) for path in tried)


@given(LINKS, REFUSED, st.sets(KEY, min_size=1, max_size=2), st.sets(KEY, min_size=1, max_size=2))
def test_the_joining_path_has_the_fewest_refused_links(
    links: list[Link], refused: list[Link], starts: set[str], ends: set[str]
) -> None:
    """No path from any start to any end has fewer refused links, nor as few and fewer links at all."""
    found = joining_path(links, refused, starts, ends)
    everything = [*links, *refused]
    tried = [path for start in starts for end in ends for path in simple_paths(everything, start, end)]
    if found is None:
        assert not tried
        return
    start, path = found
    assert start in starts
    assert walk(path, start) in ends

    def cost(path: list[Link]) -> tuple[int, int]:
        return sum(link.reason is not None for link in path), len(path)

    assert cost(path) == min(map(cost, tried))


@given(LINKS, KEY, st.integers(1, 7))
def test_the_strongest_part_grows_from_its_root(links: list[Link], root: str, limit: int) -> None:
    """The part is as large as allowed, every link leads on from what came before, and no larger part drops anything."""
    tree = strongest_tree(links)
    part = grown(tree, root, limit)
    reach = networkx.node_connected_component(ranked(links), root) if root in neighbours(links) else {root}
    assert len(part) == min(limit, len(reach))
    assert part[0] == (root, None)
    for place, (key, link) in enumerate(part[1:], 1):
        assert link in tree
        assert link is not None
        assert link.other(key) in [earlier for earlier, _ in part[:place]]
    assert grown(tree, root, limit + 1)[:limit] == part


@given(LINKS)
def test_the_sides_of_a_cut_are_what_the_tree_still_holds(links: list[Link]) -> None:
    """The two sides of the weakest link are what the tree still holds together without it; links across are weaker."""
    tree = strongest_tree(links)
    if not tree:
        return
    cut = weakest(tree)
    part = side(tree, cut)
    graph = networkx.Graph([(link.key_a, link.key_b) for link in tree if link != cut])
    graph.add_nodes_from([cut.key_a, cut.key_b])
    assert part == networkx.node_connected_component(graph, cut.key_a)
    across = [link for link in links if (link.key_a in part) != (link.key_b in part)]
    reachable = part | networkx.node_connected_component(graph, cut.key_b)
    assert ordered(link for link in across if {link.key_a, link.key_b} <= reachable)[0] == cut


def test_a_chain_of_many_thousands_is_no_deep_recursion() -> None:
    """A profile that is one long chain has its path found, whatever its length."""
    start = datetime(2026, 1, 1)
    chain = [
        Link(
            f"k{n:06}", f"k{n + 1:06}", "same_record", 9, 1, 1, None, None, None, start + timedelta(hours=n % 97), None
        )
        for n in range(20_000)
    ]
    path = strongest_path(chain, "k000000", "k020000")
    assert path is not None
    assert len(path) == 20_000
    assert len(grown(strongest_tree(chain), "k010000", 300)) == 300
