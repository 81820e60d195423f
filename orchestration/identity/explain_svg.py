"""Why identifiers are one person, as a drawing: Graphviz lays it out, and this says what is drawn and how it looks."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from xml.sax.saxutils import escape

from orchestration.identity.explain import Explanation
from orchestration.identity.explain_lookup import ExplainError
from orchestration.identity.explain_words import (
    REASONS,
    RULES,
    Identifier,
    counted,
    evidence_in_words,
    printable,
    reason_in_words,
    rule_in_words,
    spaced,
)
from orchestration.identity.graph import Link, grown, ordered, strongest_tree, weakest

# More than these can't be taken in at a glance: the part around the first that is linked best is drawn.
_MOST_IDENTIFIERS, _MOST_REFUSED = 300, 40
# Up to so many identifiers links that the tree can do without are drawn too, and every link says its evidence.
_DETAILED = 40
_LONGEST_VALUE = 44
_FONT = "Helvetica,Arial,DejaVu Sans,sans-serif"
_COLOURS = {
    "same_record": "#1f5fa8",
    "third_party_record": "#8a5a00",
    "same_mailbox": "#2e7d46",
    "steward_link": "#6a3d9a",
}
_OTHER_RULE, _WEAK, _REFUSED = "#444444", "#d9480f", "#b3261e"
# Added to a colour: what is not on the path that was asked for stands back.
_FAINT = "50"
_FILLS = ("#eaf1fb", "#fdf3e1")
_OUTSIDE = "#f1f1f1"


def draw_explanation(explanation: Explanation, path: Path) -> str:
    """Draw into an SVG file, which holds values; a sentence about what was drawn.

    Raise `ExplainError` where Graphviz is not installed or the file can't be written.
    """
    try:
        with _quiet():
            import pygraphviz
    except ImportError:
        raise ExplainError(
            "The drawing needs Graphviz, which comes with the extra `explain`: install it by"
            ' `uv sync --extra explain`, or by pip as "onefolk[explain]".'
        ) from None
    drawing = _Drawing(explanation)
    # A small drawing is laid out both ways, and the one that fits a screen better is kept.
    ways = [_laid_out(pygraphviz, drawing, way) for way in (("TB", "LR") if drawing.is_detailed else ("LR",))]
    svg = min(ways, key=_longest_side)
    try:
        # Values are for those who may read them, so the file is its owner's alone.
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(svg)
    except OSError as error:
        raise ExplainError(f"{path} can't be written: {error.strerror}.") from None
    return f"Drawn into {path}: {drawing.told()}"


def _laid_out(pygraphviz: Any, drawing: "_Drawing", direction: str) -> bytes:
    """The drawing as SVG, laid out from its root in a direction: TB (down) or LR (to the right)."""
    gap = "1.2" if not drawing.is_detailed else "0.35" if direction == "LR" else "0.5"
    graph = pygraphviz.AGraph(strict=False, directed=False, rankdir=direction, ranksep=gap, **drawing.frame())
    graph.node_attr.update(shape="box", style="rounded,filled", fontname=_FONT, fontsize="11", margin="0.12,0.06")
    graph.edge_attr.update(fontname=_FONT, fontsize="9", fontcolor="#444444")
    for name, attributes in drawing.nodes():
        graph.add_node(name, **attributes)
    for number, (tail, head, attributes) in enumerate(drawing.edges()):
        graph.add_edge(tail, head, key=str(number), **attributes)
    with _quiet():
        svg: bytes = graph.draw(format="svg", prog="dot")
    return svg


def _longest_side(svg: bytes) -> float:
    """The longer side of a drawing, a screen taken to be half as wide again as high."""
    width, height = (float(side) for side in re.findall(rb'(?:width|height)="([\d.]+)pt"', svg)[:2])
    return max(width, height * 1.5)


class _Drawing:
    """What of an explanation is drawn: the strongest part of each profile's tree, and what was refused around it."""

    def __init__(self, explanation: Explanation) -> None:
        self.explanation = explanation
        tree = strongest_tree(explanation.links)
        would_be = explanation.would_be_path() if not explanation.is_one_profile else None
        path = (would_be[1] if would_be else explanation.path()) or []
        self.path = set(path)
        self.part: dict[str, Link | None] = {}
        roots = self._roots()
        for root in roots:
            self.part.update(grown(tree, root, _MOST_IDENTIFIERS // len(roots)))
        # A path is drawn whole, whatever else there is room for.
        on_path = {key for link in path for key in (link.key_a, link.key_b)}
        drawn = self.part.keys() | on_path
        self.is_detailed = len(drawn) <= _DETAILED
        keep = set(tree) | self.path
        self.accepted = [
            link
            for link in explanation.links
            if link.key_a in drawn and link.key_b in drawn and (self.is_detailed or link in keep)
        ]
        self.tree = set(tree)
        refused = [link for link in explanation.refused if link.key_a in drawn or link.key_b in drawn]
        named_keys = {subject.key for subject in explanation.subjects}
        refused.sort(key=lambda link: (link not in self.path, not {link.key_a, link.key_b} & named_keys))
        self.refused = refused[:_MOST_REFUSED]
        self.drawn = drawn | {key for link in self.refused for key in (link.key_a, link.key_b)}
        self.members = len(drawn)
        # Of a path the weakest link is marked; of a profile the weakest of those that hold it, where that is drawn.
        holding = (path or tree) if explanation.is_one_profile else []
        self.weakest = weakest(holding) if holding else None

    def _roots(self) -> list[str]:
        roots = []
        for subject in self.explanation.subjects:
            members = self.explanation.members(subject.profile_id)
            keys = {member.key for member in members}
            strongest = next((link.key_a for link in self.explanation.links if link.key_a in keys), members[0].key)
            roots.append(subject.key or strongest)
        return roots

    def told(self) -> str:
        """How much of all there is was drawn, as a sentence."""
        profiles = {subject.profile_id for subject in self.explanation.subjects}
        members = sum(len(self.explanation.members(profile_id)) for profile_id in profiles)
        refused = len(self.explanation.refused)
        told = f"{counted(self.members, 'identifier')} and {counted(len(self.refused), 'refused link')}"
        if self.members == members and len(self.refused) == refused:
            return f"{told}."
        return f"{told}, the strongest part of {counted(members, 'identifier')} and {counted(refused, 'refused link')}."

    def frame(self) -> dict[str, str]:
        """The look of the whole drawing, and below it what the lines mean."""
        rules = [(spaced(rule), _COLOURS.get(rule, _OTHER_RULE), words) for rule, words in RULES.items()]
        used = {spaced(link.rule) for link in self.accepted}
        legend = [(name, colour, words) for name, colour, words in rules if name in used]
        if self.weakest in self.accepted:
            legend.append(("weakest link", _WEAK, "the link that holds least; thicker lines are stronger"))
        reasons = list(dict.fromkeys(str(link.reason) for link in self.refused))
        legend += [
            (f"- - {spaced(reason)}", _REFUSED, f"not accepted: {REASONS.get(reason, '')}") for reason in reasons
        ]
        lines = [
            f'<tr><td align="left"><font color="{colour}">{escape(name)}&#160;&#160;</font></td>'
            f'<td align="left">{escape(words)}</td></tr>'
            for name, colour, words in legend
        ]
        told = f'<tr><td align="left" colspan="2">{escape(self.told())}</td></tr>'
        label = f'<<table border="0" cellspacing="1" cellpadding="2">{told}{"".join(lines)}</table>>'
        look = {"label": label, "labelloc": "b", "labeljust": "l", "fontname": _FONT, "fontsize": "10"}
        return look | {"nodesep": "0.3" if self.is_detailed else "0.12", "pad": "0.3", "bgcolor": "white"}

    def nodes(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Name and look of each identifier."""
        profiles = dict.fromkeys(subject.profile_id for subject in self.explanation.subjects)
        fills: dict[str | None, str] = dict(zip(profiles, _FILLS, strict=False))
        asked = {subject.key for subject in self.explanation.subjects}
        for key in sorted(self.drawn):
            identifier = self.explanation.identifier(key)
            fill = fills.get(identifier.profile_id, _OUTSIDE)
            yield (
                key,
                {
                    "label": _label(identifier, "\n" if self.is_detailed else "  "),
                    "fillcolor": fill,
                    "color": "#555555",
                    "penwidth": "2.5" if key in asked else "1",
                    "height": "0.45" if self.is_detailed else "0.28",
                },
            )

    def edges(self) -> Iterator[tuple[str, str, dict[str, str]]]:
        """Ends and look of each link; the end nearer to the root comes first."""
        order = {key: place for place, key in enumerate(self.part)}
        for link in ordered([*self.accepted, *self.refused]):
            tail, head = sorted((link.key_a, link.key_b), key=lambda key: order.get(key, len(order)))
            told = reason_in_words(link.reason) if link.reason is not None else rule_in_words(link)
            hover = _escaped(f"{told}; {evidence_in_words(link)}")
            yield tail, head, self._look(link) | {"tooltip": hover, "labeltooltip": hover}

    def _look(self, link: Link) -> dict[str, Any]:
        if link.reason is not None:
            width = "2.5" if link in self.path else "1.2"
            look = {"label": f"  {spaced(link.reason)}  ", "style": "dashed", "penwidth": width}
            return look | {"color": _REFUSED, "fontcolor": _REFUSED}
        look = {"color": _COLOURS.get(link.rule, _OTHER_RULE), "penwidth": f"{max(1.0, 4.0 - link.strength * 0.4):.1f}"}
        if link not in self.tree and link not in self.path:
            look["constraint"] = "false"
        if self.path and link not in self.path:
            look["color"] += _FAINT
        if self.is_detailed:
            look["label"] = f"  {spaced(link.rule)}, {link.evidence_count:,}  "
        if link == self.weakest:
            look |= {
                "color": _WEAK,
                "fontcolor": _WEAK,
                "penwidth": "2.5",
                "label": f"  weakest link: {look.get('label', '').strip()}  ",
            }
        return look


def _label(identifier: Identifier, gap: str) -> str:
    """The type and the value, a long one without its middle."""
    value = printable(identifier.value or identifier.key)
    if len(value) > _LONGEST_VALUE:
        value = f"{value[: _LONGEST_VALUE // 2]}…{value[-_LONGEST_VALUE // 2 :]}"
    kind = printable(identifier.identifier_type or "identifier")
    return _escaped(f"{kind}{gap}{value}")


def _escaped(text: str) -> str:
    """Text as Graphviz takes it literally: it reads escapes that begin with a backslash, and entities of HTML."""
    return text.replace("&", "&amp;").replace("\\", "\\\\").replace("\n", "\\n")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep from the terminal what Graphviz and its font library say to developers."""
    with TemporaryFile() as sink:
        kept = os.dup(2)
        try:
            os.dup2(sink.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
