"""The size of an audience over time as a drawing: steps, the runs that changed it, and when its guard was closed."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from orchestration.profiles.person import Fact

# Units of a drawing, which is stretched to the page's width; the lines keep theirs.
WIDTH, HEIGHT, HALF = 1000, 160, 34
_LEAST_BAR = 6.0
_MOST_BARS = 120


class Span(NamedTuple):
    """A time in which the guard was closed: from the left, how wide."""

    left: float
    width: float


class Bar(NamedTuple):
    """What entered and left at one time: from the left, heights up and down, and in words."""

    left: float
    entered: float
    left_out: float
    hover: str


class Chart(NamedTuple):
    """The drawing: paths of members, and of those who meet every condition (`wished`) where the guard was closed."""

    line: str
    area: str
    wished: str
    closed: list[Span]
    bars: list[Bar]
    bar_width: float
    top: int
    days: list[str]


def draw(sizes: Sequence[Fact], end: datetime) -> Chart | None:
    """Draw the sizes, oldest first, to a moment; None where there is none yet."""
    if not sizes:
        return None
    start = sizes[0]["measured_at"]
    end = max(end, sizes[-1]["measured_at"])
    whole = (end - start).total_seconds() or 1.0
    places = [(size["measured_at"] - start).total_seconds() / whole * WIDTH for size in sizes]
    ends = [*places[1:], float(WIDTH)]
    members = [int(size["member_count"]) for size in sizes]
    closed = [not size["is_open"] for size in sizes]
    wishes = [
        int(size["candidate_count"]) if shut else count
        for size, shut, count in zip(sizes, closed, members, strict=True)
    ]
    top = _round_up(max(*members, *wishes, 1))
    line = _steps(places, ends, members, top)
    spans = [Span(left, right - left) for left, right, shut in zip(places, ends, closed, strict=True) if shut]
    bars = _bars(sizes[1:], places[1:])
    return Chart(
        line,
        f"{line} V{HEIGHT} H0 Z",
        _steps(places, ends, wishes, top) if any(closed) else "",
        spans,
        bars,
        max(_LEAST_BAR, WIDTH / _MOST_BARS / 2),
        top,
        _days(start, end),
    )


def spark(sizes: Sequence[Fact], end: datetime) -> str:
    """The line alone, for a row of a table; empty where there is none."""
    chart = draw(sizes, end)
    return chart.line if chart else ""


def _steps(places: Sequence[float], ends: Sequence[float], counts: Sequence[int], top: int) -> str:
    parts: list[str] = []
    for place, right, count in zip(places, ends, counts, strict=True):
        height = HEIGHT - count / top * (HEIGHT - 4)
        parts.append(f"{'V' if parts else f'M{place:.1f} '}{height:.1f} H{right:.1f}")
    return " ".join(parts)


def _bars(sizes: Sequence[Fact], places: Sequence[float]) -> list[Bar]:
    """The runs after the first, in which everybody entered; those that fall on one place are one bar."""
    grain = WIDTH / _MOST_BARS
    found: dict[int, list[Fact]] = {}
    for size, place in zip(sizes, places, strict=True):
        found.setdefault(int(place / grain), []).append(size)
    sums = {
        place: (sum(int(size["entered_count"]) for size in runs), sum(int(size["left_count"]) for size in runs), runs)
        for place, runs in found.items()
    }
    most = max((max(entered, left) for entered, left, _ in sums.values()), default=0) or 1
    return [
        Bar(
            min(place * grain, WIDTH - _LEAST_BAR),
            entered / most * HALF,
            left / most * HALF,
            _hover(runs, entered, left),
        )
        for place, (entered, left, runs) in sums.items()
        if entered or left
    ]


def _hover(runs: Sequence[Fact], entered: int, left: int) -> str:
    days = sorted({f"{run['measured_at']:%Y-%m-%d}" for run in runs})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"{when}: {entered:,} entered, {left:,} left"


def _round_up(count: int) -> int:
    """The next number that is easy to read."""
    size = 10 ** max(len(str(count)) - 1, 0)
    return next(
        int(size * step)
        for step in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
        if size * step >= count and (size * step) % 1 == 0
    )


def _days(start: datetime, end: datetime) -> list[str]:
    middle: date = (start + (end - start) / 2).date()
    return list(dict.fromkeys(day.isoformat() for day in (start.date(), middle, end.date())))
