"""The labelled demo company: what its systems would land day by day, and the truth about who is who.

The same seed gives the same rows however a period is cut into runs: every day is drawn from its own random numbers, and
everything that lasts follows from the people alone.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from orchestration import progress
from orchestration.simulation.columns import START, day_date, day_number
from orchestration.simulation.days import DemoCompany
from orchestration.simulation.rates import PRESETS
from orchestration.simulation.truth import write_orders, write_people_and_identifiers
from orchestration.simulation.writing import ChunkWriter, Table, remove_unfinished

__all__ = ["START", "SimulationSummary", "simulate"]

_MOST_PEOPLE = 500_000
_MOST_DAYS = 3_660
_PERSON_DAYS_AT_ONCE = 2_000_000  # what bounds memory, whatever the number of days


@dataclass(frozen=True)
class SimulationSummary:
    """What one run wrote: the files, the rows of each table (`source.table`), and the last day that now exists."""

    files: list[Path]
    rows: dict[str, int]
    last_day: date


@dataclass
class _Memory:
    """What `simulation.json` remembers of a demo company between runs; `last_day` is empty before the first file."""

    people: int
    seed: int
    preset: str
    days: int
    last_day: str | None = None
    truth_orders_bytes: int = 0


def simulate(
    *, people: int, days: int, seed: int, out: Path, until: date | None = None, preset: str = "standard"
) -> SimulationSummary:
    """Write `out/landing` and `out/truth` up to and including the day `until` (default: so many days after the start).

    On a folder that an earlier run wrote, only the days that are missing are added. Raises `ValueError` with a sentence
    when an argument is wrong or contradicts what the folder holds.
    """
    last = _last_day(people, days, seed, until, preset)
    memory = _remembered(out, _Memory(people, seed, preset, days))
    first = day_number(date.fromisoformat(memory.last_day)) + 1 if memory.last_day else 0
    rows: Counter[str] = Counter()
    files: list[Path] = []
    if last < first:
        return SimulationSummary([], {}, day_date(first - 1))
    progress.report("simulate", 0, last - first + 1, "the people and their devices")
    company = DemoCompany(people, seed, PRESETS[preset])
    _remember(out, memory)
    remove_unfinished(out / "landing", first)
    at_once = max(1, min(31, _PERSON_DAYS_AT_ONCE // people))
    for month_first, month_last in _months(first, last):
        writer = ChunkWriter(out / "landing", month_first, month_last)
        orders: list[Table] = []
        for begin in range(month_first, month_last + 1, at_once):
            end = min(begin + at_once - 1, month_last)
            for name, table in company.tables(begin, end):
                writer.add(name, table)
            orders.extend(company.truth_of_orders(begin, end))
            progress.report("simulate", end - first + 1, last - first + 1, f"up to {day_date(end)}")
        memory.truth_orders_bytes = write_orders(out / "truth", orders, memory.truth_orders_bytes)
        written, counts = writer.close()
        files.extend(written)
        rows.update(counts)
        memory.last_day = day_date(month_last).isoformat()
        _remember(out, memory)
    write_people_and_identifiers(company.world, out / "truth", last)
    return SimulationSummary(files, dict(rows), day_date(last))


def _last_day(people: int, days: int, seed: int, until: date | None, preset: str) -> int:
    if not 10 <= people <= _MOST_PEOPLE:
        raise ValueError(f"people is {people}, but it must be from 10 to {_MOST_PEOPLE:,}.")
    if not 1 <= days <= _MOST_DAYS:
        raise ValueError(f"days is {days}, but it must be from 1 to {_MOST_DAYS:,}.")
    if not 0 <= seed < 2**63:
        raise ValueError(f"seed is {seed}, but it must be from 0 to 2^63 - 1.")
    if preset not in PRESETS:
        raise ValueError(f"preset is {preset!r}, but it must be one of: {', '.join(PRESETS)}.")
    last = days - 1 if until is None else day_number(until)
    if not 0 <= last < _MOST_DAYS:
        raise ValueError(f"until is {until}, but the simulation starts on {START} and knows {_MOST_DAYS:,} days.")
    return last


def _remembered(out: Path, wanted: _Memory) -> _Memory:
    """What the folder remembers, or what is wanted for a new one."""
    path = out / "simulation.json"
    if not path.exists():
        landing = out / "landing"
        if landing.is_dir() and any(item.is_file() and item.suffix != ".tmp" for item in landing.rglob("*")):
            raise ValueError(f"{landing} holds files that no simulation wrote; choose an empty folder.")
        return wanted
    try:
        memory = _Memory(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise ValueError(f"{path} can't be read; choose an empty folder, or remove this one.") from None
    for name in ("seed", "people", "preset"):
        before, now = getattr(memory, name), getattr(wanted, name)
        if before != now:
            raise ValueError(f"{out} holds a demo company with {name} {before}, so {name} {now} needs another folder.")
    memory.days = wanted.days
    return memory


def _remember(out: Path, memory: _Memory) -> None:
    out.mkdir(parents=True, exist_ok=True)
    text: dict[str, Any] = asdict(memory)
    temporary = out / "simulation.json.tmp"
    temporary.write_text(json.dumps(text, indent=2) + "\n", encoding="utf-8")
    os.replace(temporary, out / "simulation.json")


def _months(first: int, last: int) -> Iterator[tuple[int, int]]:
    """The days from the first to the last, cut where calendar months end."""
    begin = first
    while begin <= last:
        month = day_date(begin).replace(day=1)
        next_month = (month.replace(day=28) + (date(2000, 1, 5) - date(2000, 1, 1))).replace(day=1)
        end = min(day_number(next_month) - 1, last)
        yield begin, end
        begin = end + 1
