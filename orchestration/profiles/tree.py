"""The identity of a person as a drawing that needs no other program: each identifier below its best linked one."""

from collections.abc import Iterator
from typing import NamedTuple

from orchestration.identity.explain_words import RULES, counted, evidence_in_words, rule_in_words, spaced
from orchestration.identity.graph import Link, grown, strongest_tree
from orchestration.profiles.person import Person
from orchestration.profiles.words import kind_in_words, value_of

WIDTH = 400
_MOST = 60
_ROW, _STEP, _LEFT, _TOP, _DEEPEST = 46, 22, 12, 20, 7
_CHARACTER = 7.0
OTHER_RULE = "other"


class Branch(NamedTuple):
    """One identifier: where it is drawn, and the line that leads to it from the one above; the root has none.

    `path` is an SVG path, `width` the line's, thicker for stronger links; `rule` names its colour.
    """

    x: int
    y: int
    label: str
    whole: str
    told: str
    path: str
    width: float
    rule: str
    is_weakest: bool
    hover: str


class Drawing(NamedTuple):
    """Branches from top to bottom, the height of all, and how many identifiers there was no room for."""

    branches: list[Branch]
    height: int
    left_out: int

    @property
    def rules(self) -> list[tuple[str, str]]:
        """The rules that are drawn, by the name of their colour, and what they mean."""
        drawn = {branch.rule for branch in self.branches if branch.path}
        return [(rule, f"{spaced(rule)}: {words}") for rule, words in RULES.items() if rule in drawn]


def draw(person: Person) -> Drawing:
    """Lay out the identifiers, from the one that the person was found by, else from the best linked."""
    if not person.identifiers:
        return Drawing([], 0, 0)
    root = person.subject.key or (person.links[0].key_a if person.links else person.identifiers[0].key)
    part = grown(strongest_tree(person.links), root, _MOST)
    below: dict[str, list[tuple[str, Link]]] = {}
    for key, link in part:
        if link is not None:
            below.setdefault(link.other(key), []).append((key, link))
    weakest = person.hold.link if person.hold else None
    branches: list[Branch] = []
    places: dict[str, tuple[int, int]] = {}
    for number, (key, link, depth) in enumerate(_walk(below, root)):
        x, y = _LEFT + min(depth, _DEEPEST) * _STEP, _TOP + number * _ROW
        places[key] = x, y
        path = _line(*places[link.other(key)], x, y) if link else ""
        branches.append(_branch(person, key, link, path, (x, y), is_weakest=link is not None and link == weakest))
    return Drawing(branches, _TOP + len(branches) * _ROW - 8, len(person.identifiers) - len(branches))


def _walk(below: dict[str, list[tuple[str, Link]]], root: str) -> Iterator[tuple[str, Link | None, int]]:
    """Every identifier after the one above it, with the link that leads to it and how deep it lies."""
    waiting: list[tuple[str, Link | None, int]] = [(root, None, 0)]
    while waiting:
        key, link, depth = waiting.pop()
        yield key, link, depth
        # The last ones first, so that the best linked is next.
        waiting += [(onward, by, depth + 1) for onward, by in reversed(below.get(key, []))]


def _branch(
    person: Person, key: str, link: Link | None, path: str, place: tuple[int, int], *, is_weakest: bool
) -> Branch:
    identifier = person.identifier(key)
    whole = f"{kind_in_words(identifier.identifier_type)} {value_of(identifier.value)}"
    told = f"{spaced(link.rule)}, {counted(link.evidence_count, 'record')}" if link else _start(person)
    return Branch(
        x=place[0],
        y=place[1],
        label=_cut(whole, int((WIDTH - place[0] - 18) / _CHARACTER)),
        whole=whole,
        told=f"weakest link: {told}" if is_weakest else told,
        path=path,
        width=max(1.2, 4.0 - link.strength * 0.4) if link else 0.0,
        rule=link.rule if link and link.rule in RULES else OTHER_RULE,
        is_weakest=is_weakest,
        hover=f"{rule_in_words(link)}; {evidence_in_words(link)}" if link else "",
    )


def _start(person: Person) -> str:
    return "found by it" if person.subject.key else "best linked" if person.links else "the only one"


def _line(x: int, y: int, to_x: int, to_y: int) -> str:
    """From the one above straight down, and round a corner to the right; from one as deep as can be, straight down."""
    if to_x == x:
        return f"M{x} {y + 7}V{to_y - 7}"
    return f"M{x} {y + 7}V{to_y - 8}q0 8 8 8H{to_x - 7}"


def _cut(text: str, length: int) -> str:
    """A long text without its middle."""
    return text if len(text) <= length else f"{text[: length // 2 + 4]}…{text[5 - length // 2 :]}"
