"""Laws of destinations that hold one whole set, as checks for the tests of your own.

@pytest.mark.parametrize("law", laws_of(SetBench))
def test_archive_keeps_the_law(law: str, tmp_path: Path) -> None:
    check(law, SetBench(open=open_archive, read=rows_in_archive, down=open_nowhere, folder=tmp_path))
"""

import multiprocessing
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pyarrow as pa

from orchestration.activation.conformance_bench import MARK, VALUES, check, demand, is_silent, laws_of, register
from orchestration.activation.destinations.file_formats import write_parquet
from orchestration.activation.destinations.protocol import SendError, TryLaterError
from orchestration.activation.destinations.set_protocol import SetDestination, SetFacts

__all__ = ["SetBench", "check", "laws_of"]

COLUMNS = pa.schema(
    {"id": pa.string(), "note": pa.string(), "n": pa.int64(), "amount": pa.decimal128(28, 6), "is_on": pa.bool_()}
)
FACTS = SetFacts("conformance", "marketing", None, "mirror", ("id",), ("csv", "jsonl", "parquet"))
_AT = datetime(2026, 9, 1, 6, tzinfo=UTC)
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class SetBench:
    """A destination of a set on the bench: how it is opened, and what its readers find.

    `read` gives the rows that a reader finds, in their order, each by the names of `COLUMNS`, as Parquet types them;
    None where there is no set yet. `open` is passed to other processes, so it is a function of a module, or a partial
    of one. `folder` is empty, on this machine.
    """

    open: Callable[[], SetDestination]
    read: Callable[[], list[dict[str, Any]] | None]
    down: Callable[[], SetDestination]
    folder: Path
    secrets: Sequence[str] = ()

    def wanted(self, name: str, rows: Rows) -> Path:
        """Rows as the engine hands them over: a Parquet file in a folder of its own."""
        place = self.folder / name
        place.mkdir(exist_ok=True)
        values = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
        arrays = [pa.array(column, kind.type) for column, kind in zip(values, COLUMNS, strict=True)]
        write_parquet(place / "wanted.parquet", [pa.record_batch(arrays, schema=COLUMNS)], COLUMNS)
        return place / "wanted.parquet"

    def deliver(self, name: str, rows: Rows) -> bool:
        """A run as the engine makes it; whether anything had to be written."""
        return deliver(self.open(), self.wanted(name, rows), len(rows))

    def holds(self, rows: Rows) -> None:
        """A reader finds exactly these rows, in their order."""
        found = self.read()
        demand(found == [dict(zip(COLUMNS.names, row, strict=True)) for row in rows], "A reader finds other rows.")


def deliver(destination: SetDestination, wanted: Path, count: int) -> bool:
    """A run as the engine makes it; whether anything had to be written."""
    try:
        destination.tidy()
        if destination.holds(wanted, count, COLUMNS, FACTS):
            return False
        destination.replace(wanted, count, COLUMNS, _AT, FACTS)
        return True
    finally:
        destination.close()


@register(SetBench)
def a_set_arrives_exactly(bench: SetBench) -> None:
    """Null, empty, ugly, long and exact values are what a reader finds, and so is a set of no rows."""
    texts = [(f"t{place:02}", text, None, None, None) for place, text in enumerate(VALUES["text"])]
    numbers = [(f"u{place:02}", "", number, None, True) for place, number in enumerate(VALUES["integer"])]
    exact = [Decimal("0.000001"), Decimal("-9999999999999999999999.999999"), Decimal("12.500000"), None]
    amounts = [(f"v{place:02}", None, 0, amount, False) for place, amount in enumerate(exact)]
    rows: Rows = [*texts, *numbers, *amounts]
    demand(bench.deliver("ugly", rows), "A new set wasn't written.")
    bench.holds(rows)
    demand(bench.deliver("none", []), "A set of no rows wasn't written.")
    bench.holds([])


@register(SetBench)
def what_is_held_is_not_written_again(bench: SetBench) -> None:
    """The same rows are held, whoever asks; others, fewer, and the earlier ones again are not."""
    first, other = _people(50, "x"), _people(50, "y")
    demand([bench.deliver("first", first), bench.deliver("again", first)] == [True, False], "Equal rows come twice.")
    for name, rows in (("other", other), ("fewer", other[:49]), ("back", first)):
        demand(bench.deliver(name, rows), "Other rows are taken for those that are held.")
        bench.holds(rows)


@register(SetBench)
def looking_changes_nothing(bench: SetBench) -> None:
    """To open, to tidy and to ask leaves a reader what was there, or nothing."""
    for name, rows in (("nothing", None), ("some", _people(5, "x"))):
        if rows:
            bench.deliver(name, rows)
        destination, before = bench.open(), bench.read()
        destination.tidy()
        is_held = destination.holds(bench.wanted("asked", _people(6, "z")), 6, COLUMNS, FACTS)
        destination.close()
        demand(not is_held and bench.read() == before, "Looking changed what a reader finds.")


@register(SetBench)
def killed_at_any_moment_a_reader_finds_a_whole_set(bench: SetBench) -> None:
    """While a process replaces sets, and after it was killed, there is one set or the other; the next run mends it."""
    sets = [_people(3_000, "x"), _people(2_000, "y")]
    wanted = [bench.wanted(str(place), rows) for place, rows in enumerate(sets)]
    deliver(bench.open(), wanted[0], len(sets[0]))
    whole = [[dict(zip(COLUMNS.names, row, strict=True)) for row in rows] for rows in sets]
    chance = random.Random(11)
    for _ in range(3):
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        counts = [len(rows) for rows in sets]
        writer = context.Process(target=_replace_for_ever, args=(bench.open, wanted, counts, theirs))
        writer.start()
        try:
            demand(ours.poll(60) and ours.recv() == "begun", "The process that replaces sets didn't begin.")
            ends_at = time.monotonic() + chance.uniform(0.05, 0.6)
            while time.monotonic() < ends_at:
                demand(bench.read() in whole, "While a set is replaced a reader finds something else.")
            demand(writer.is_alive(), "The process that replaces sets ended by itself.")
        finally:
            writer.kill()
            writer.join()
        demand(bench.read() in whole, "After a kill a reader finds something else.")
    for place in (1, 0):
        deliver(bench.open(), wanted[place], len(sets[place]))
        bench.holds(sets[place])


@register(SetBench)
def a_place_that_is_down_is_asked_later(bench: SetBench) -> None:
    """Where nobody listens the error is `TryLaterError`, a sentence without values and secrets; closing is harmless."""
    destination = bench.down()
    wanted = bench.wanted("lost", [(MARK, MARK, 1, None, None)])
    for call in (
        destination.tidy,
        lambda: destination.holds(wanted, 1, COLUMNS, FACTS),
        lambda: destination.replace(wanted, 1, COLUMNS, _AT, FACTS),
    ):
        try:
            call()
        except SendError as error:
            demand(isinstance(error, TryLaterError), f"The error is {type(error).__name__}, and not TryLaterError.")
            demand(is_silent(error, MARK, *bench.secrets), "An error tells a value or a secret.")
            demand(len(str(error).split()) > 2, f"The message is no sentence: {error}")
        else:
            demand(False, "A place that isn't there was written.")
    destination.close()
    destination.close()


def _people(count: int, note: str) -> Rows:
    return [(f"p{n:06}", f"{note} {n}", n, Decimal(n).quantize(Decimal("0.000001")), None) for n in range(count)]


def _replace_for_ever(
    opened: Callable[[], SetDestination], wanted: Sequence[Path], counts: Sequence[int], to: Connection
) -> None:
    destination, place = opened(), 0
    to.send("begun")
    while True:
        destination.tidy()
        destination.replace(wanted[place % 2], counts[place % 2], COLUMNS, _AT, FACTS)
        place += 1
