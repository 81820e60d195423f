"""How things are told of a person: sections of lines, for the terminal and the page alike."""

from collections.abc import Sequence
from typing import NamedTuple

GOOD, BAD, QUIET = "good", "bad", "quiet"


class Line(NamedTuple):
    """One line of a section: what it is about, how that is, and a figure.

    `tone` is good, bad, quiet or empty; `marks` are words that hold, don't hold, or aren't known.
    """

    what: str
    how: str = ""
    figure: str = ""
    tone: str = ""
    marks: tuple[tuple[str, bool | None], ...] = ()


class Section(NamedTuple):
    """A part of what is told; without lines its `note` says that there is nothing."""

    name: str
    title: str
    lines: Sequence[Line]
    note: str = ""
