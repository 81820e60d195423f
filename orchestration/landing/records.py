"""Records of a CSV file one by one, for files with a broken line: exact line numbers, and every line accounted for.

A record that can't be read costs its first line; reading resumes on the next one, so a quote that is never closed
doesn't swallow the rest of the file.
"""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

# A record over several lines may have this many characters; beyond it, its quote counts as never closed.
LONGEST_RECORD = 1 << 20

UNCLOSED = "a quote is not closed"

_QUOTED = re.compile(r' ?"([^"]*(?:""[^"]*)*)')

Line = tuple[int, str, str | None]


class Record(NamedTuple):
    """One record, or one line that is none: then `problem` says why, and `text` is the line."""

    line_no: int
    fields: list[str | None]
    problem: str | None
    text: str


class _UnclosedError(Exception):
    """The text ends inside a quoted field."""


def records(lines: Iterable[Line], delimiter: str, width: int | None = None) -> Iterator[Record]:
    """The records of numbered lines, blank lines left out; with `width`, a record of another width is a problem."""
    source = _Lines(lines)
    for line in source:
        number, text, problem = line
        if problem is None:
            if not text.removesuffix("\r"):
                continue
            fields, problem, following = _record(text, delimiter, source)
            if problem is None and width is not None:
                fields, problem = _of_width(fields, width)
            if problem is None:
                yield Record(number, fields, None, text)
                continue
            if following:
                # What only makes sense as an error many lines later began with a quote on this one.
                problem = UNCLOSED
                source.give_back(following)
        yield Record(number, [], problem, text)


class _Lines:
    """Lines that can be given back."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self._returned: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        return self._returned.popleft() if self._returned else next(self._lines)

    def give_back(self, lines: list[Line]) -> None:
        self._returned.extendleft(reversed(lines))


def _record(text: str, delimiter: str, source: _Lines) -> tuple[list[str | None], str | None, list[Line]]:
    """Fields, or the problem, and the lines that were read beyond the first."""
    if '"' not in text:
        return [value or None for value in text.removesuffix("\r").split(delimiter)], None, []
    if ' "' not in text:
        # The common case by Python's own reader; whatever it stumbles over is looked at more closely below.
        try:
            values = next(csv.reader((text.removesuffix("\r"),), delimiter=delimiter, strict=True))
            return [value or None for value in values], None, []
        except csv.Error:
            pass
    following: list[Line] = []
    while True:
        try:
            return *_fields(text.removesuffix("\r"), delimiter), following
        except _UnclosedError:
            pass
        parts, size = [text], len(text)
        for line in source:
            following.append(line)
            parts.append(line[1])
            size += len(line[1])
            if line[2] or size > LONGEST_RECORD:
                return [], UNCLOSED, following
            # Doubled quotes belong to the field: only one without a twin can close it.
            if '"' in line[1].replace('""', ""):
                break
        else:
            return [], UNCLOSED, following
        text = "\n".join(parts)


def _fields(text: str, delimiter: str) -> tuple[list[str | None], str | None]:
    fields: list[str | None] = []
    position, length = 0, len(text)
    while True:
        quoted = _QUOTED.match(text, position)
        if quoted:
            end = quoted.end()
            if end >= length:
                raise _UnclosedError
            end += 1
            while end < length and text[end] == " ":
                end += 1
            if end < length and text[end] != delimiter:
                return [], f"field {len(fields) + 1} goes on after its closing quote"
            fields.append(quoted[1].replace('""', '"') or None)
        else:
            end = text.find(delimiter, position)
            end = length if end < 0 else end
            fields.append(text[position:end] or None)
        if end >= length:
            return fields, None
        position = end + 1


def _of_width(fields: list[str | None], width: int) -> tuple[list[str | None], str | None]:
    if len(fields) == width:
        return fields, None
    if len(fields) > width and not any(fields[width:]):
        return fields[:width], None
    return [], f"the line has {len(fields)} field(s) where the header has {width}"
