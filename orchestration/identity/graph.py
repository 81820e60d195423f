"""Links between identifiers as a graph: the strongest tree, the strongest path, what holds what. Knows no warehouse."""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from heapq import heappop, heappush
from itertools import chain
from typing import NamedTuple

_NEVER = datetime.min


class Link(NamedTuple):
    """Evidence that two identifiers are one person, accepted or not; the columns of the warehouse, in this order.

    `strength` is a rank, 1 for the strongest types of identifiers and 0 for what a steward said. Times are UTC without
    a zone. `reason` is None for an accepted link; `cause_key` is the identifier that decided against a rejected one.
    """

    key_a: str
    key_b: str
    rule: str
    strength: int
    evidence_count: int
    source_count: int
    first_source: str | None
    sample_record: str | None
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    expires_at: datetime | None
    reason: str | None = None
    cause_key: str | None = None

    def other(self, key: str) -> str:
        """The end of the link that is not `key`."""
        return self.key_b if key == self.key_a else self.key_a


Strength = tuple[int, int, int, float]


def strength(link: Link) -> Strength:
    """How strong a link is, the strongest first: rank, newest month, most evidence, newest sighting."""
    seen = link.last_seen_at or _NEVER
    return link.strength, -(seen.year * 12 + seen.month), -link.evidence_count, -(seen - _NEVER).total_seconds()


def ordered(links: Iterable[Link]) -> list[Link]:
    """Links, the strongest first; equally strong ones by their keys, so that the order is always the same."""
    return sorted(links, key=lambda link: (strength(link), link.key_a, link.key_b, link.rule))


def weakest(links: Sequence[Link]) -> Link:
    """The last of `ordered`; `links` is not empty."""
    return ordered(links)[-1]


class _Sets:
    """Which nodes are joined already, by a union of sets."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def find(self, key: str) -> str:
        parent = self._parent
        while (above := parent.setdefault(key, key)) != key:
            parent[key] = parent.setdefault(above, above)
            key = parent[key]
        return key

    def join(self, one: str, other: str) -> bool:
        """Join two sets; False where they were one already."""
        one, other = self.find(one), self.find(other)
        self._parent[one] = other
        return one != other


def strongest_tree(links: Iterable[Link]) -> list[Link]:
    """The fewest links that hold together what all links hold together, the strongest taken first; strongest first.

    Between any two identifiers the tree's path has the strongest weakest link that any path has. Where the links don't
    reach everything, one tree per part.
    """
    sets = _Sets()
    return [link for link in ordered(links) if sets.join(link.key_a, link.key_b)]


def neighbours(links: Iterable[Link]) -> dict[str, list[Link]]:
    """The links at each identifier, in the order given."""
    found: dict[str, list[Link]] = {}
    for link in links:
        found.setdefault(link.key_a, []).append(link)
        found.setdefault(link.key_b, []).append(link)
    return found


def strongest_path(links: Iterable[Link], start: str, end: str) -> list[Link] | None:
    """The path whose weakest link is strongest, and of those the one with fewest links, from `start` to `end`.

    None where no path joins them; empty where they are one identifier.
    """
    links = list(links)
    of_tree = _shortest(strongest_tree(links), start, end)
    if not of_tree:
        return of_tree
    bound = max(strength(link) for link in of_tree)
    return _shortest(ordered(link for link in links if strength(link) <= bound), start, end)


def joining_path(
    links: Iterable[Link], rejected: Iterable[Link], starts: Collection[str], ends: Collection[str]
) -> tuple[str, list[Link]] | None:
    """The path from any of `starts` to any of `ends` over the fewest rejected links, and of those with fewest links.

    The identifier that it starts at, and its links. None where not even the rejected links join them.
    """
    at = neighbours(chain(ordered(links), ordered(rejected)))
    came: dict[str, Link | None] = {}
    # Arrivals are numbered, so that equal costs are taken in the order of their strength.
    waiting: list[tuple[int, int, int, str, Link | None]] = []
    for arrival, key in enumerate(sorted(starts)):
        heappush(waiting, (0, 0, arrival, key, None))
    arrival = len(waiting)
    while waiting:
        refused, length, _, key, link = heappop(waiting)
        if key in came:
            continue
        came[key] = link
        if key in ends:
            path = _walked(came, key)
            for step in reversed(path):
                key = step.other(key)
            return key, path
        for onward in at.get(key, ()):
            if onward.other(key) not in came:
                arrival += 1
                cost = refused + (onward.reason is not None)
                heappush(waiting, (cost, length + 1, arrival, onward.other(key), onward))
    return None


def grown(tree: Iterable[Link], root: str, limit: int) -> list[tuple[str, Link | None]]:
    """The strongest part of a tree around `root`: at most `limit` identifiers, each with the link that leads to it.

    `root` comes first, without a link; every link leads from an identifier that came before.
    """
    at = neighbours(ordered(tree))
    part: list[tuple[str, Link | None]] = []
    waiting: list[tuple[Strength | tuple[()], int, str, Link | None]] = [((), 0, root, None)]
    seen, arrival = {root}, 0
    while waiting and len(part) < limit:
        _, _, key, link = heappop(waiting)
        part.append((key, link))
        for onward in at.get(key, ()):
            if (reached := onward.other(key)) not in seen:
                seen.add(reached)
                arrival += 1
                heappush(waiting, (strength(onward), arrival, reached, onward))
    return part


def side(tree: Iterable[Link], cut: Link) -> set[str]:
    """What a tree still holds together with `cut.key_a` once `cut` is taken out."""
    at = neighbours(link for link in tree if link != cut)
    return set(_reached(at, cut.key_a, None))


class Hold(NamedTuple):
    """The weakest link that holds a profile together, and what it holds.

    `part`: the identifiers at the side of its `key_a`; `others`: how many are at the other side; `spare`: how many
    weaker links between the two sides would remain without it.
    """

    link: Link
    part: set[str]
    others: int
    spare: int


def weakest_hold(links: Sequence[Link]) -> Hold | None:
    """The weakest link of the strongest tree, and what it holds; None where there is no link."""
    tree = strongest_tree(links)
    if not tree:
        return None
    weak = weakest(tree)
    part = side(tree, weak)
    crossing = sum((link.key_a in part) != (link.key_b in part) for link in links) - 1
    return Hold(weak, part, len(tree) + 1 - len(part), crossing)


def _shortest(links: Iterable[Link], start: str, end: str) -> list[Link] | None:
    came = _reached(neighbours(links), start, end)
    return _walked(came, end) if end in came else None


def _reached(at: dict[str, list[Link]], start: str, end: str | None) -> dict[str, Link | None]:
    """Breadth first from `start` until `end`: each identifier with the link by which it was reached."""
    came: dict[str, Link | None] = {start: None}
    waiting = deque([start])
    while waiting and end not in came:
        key = waiting.popleft()
        for link in at.get(key, ()):
            if (reached := link.other(key)) not in came:
                came[reached] = link
                waiting.append(reached)
    return came


def _walked(came: dict[str, Link | None], end: str) -> list[Link]:
    """The links from the start to `end`."""
    path: list[Link] = []
    while (link := came[end]) is not None:
        path.append(link)
        end = link.other(end)
    return path[::-1]
