"""Laws that every destination keeps, as checks for the tests of your own; any test runner will do.

    import pytest
    from orchestration.activation.conformance import Bench, check, laws_of

    @pytest.mark.parametrize("law", laws_of(Bench))
    def test_crm_keeps_the_law(law: str, bench: Bench) -> None:
        check(law, bench)

A `Bench` says how your destination is opened, and what its server holds; the server should be a real one on this
machine. Each law is checked with a fresh bench. `conformance_sets` holds the same for destinations of whole sets.
"""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from orchestration.activation.conformance_bench import (
    MARK,
    VALUES,
    Bench,
    BrokenLawError,
    check,
    demand,
    is_sentence,
    laws_of,
    outcomes,
    register,
)
from orchestration.activation.destinations.protocol import (
    BatchRefusedError,
    DeliveryClass,
    Destination,
    Operation,
    Row,
    SendError,
    TryLaterError,
    UnsureError,
)

__all__ = ["Bench", "BrokenLawError", "check", "laws_of"]


@register(Bench)
def looking_sends_nothing(bench: Bench) -> None:
    """Nothing reaches the server by opening, by asking what it knows, and by asking whether a row may be sent."""
    destination = bench.open()
    known = destination.catalogue()
    missing = set(known.required) - set(bench.row(0))
    demand(not missing, f"The catalogue needs {sorted(missing)}, which a good row doesn't have.")
    told = destination.problems(bench.rows(1)[0])
    demand(told is None, f"A good row has a problem: {told}")
    destination.close()
    demand(not bench.taken(), "Something was sent before `send`.")


@register(Bench)
def every_row_is_answered_once(bench: Bench) -> None:
    """Rows in any order, with gaps in their numbers, each get one outcome, and the server has each of them."""
    destination = bench.open()
    rows = bench.rows(min(destination.limits.max_rows, 25), seq=lambda n: 1_000 - 7 * n)
    random.Random(7).shuffle(rows)
    answers = outcomes(destination, rows)
    demand(set(answers.values()) <= {"ok", "noop"}, f"Good rows end as {sorted(set(answers.values()))}.")
    bench.holds([row.payload for row in rows])
    destination.close()


@register(Bench)
def a_repeated_batch_has_the_effect_of_one(bench: Bench) -> None:
    """Of an upsert, or of events under the same key, the second batch changes nothing; side effects go one by one."""
    destination = bench.open()
    if destination.delivery_class is DeliveryClass.SIDE_EFFECT:
        demand(destination.limits.max_rows == 1, "Side effects go in batches of one, so that one is in doubt at most.")
        return
    rows = bench.rows(min(destination.limits.max_rows, 10))
    for attempt in (1, 2, 3):
        outcomes(destination if attempt < 3 else bench.open(), rows, attempt)
    bench.holds([row.payload for row in rows])


@register(Bench)
def a_row_that_is_not_there_is_removed_without_a_word(bench: Bench) -> None:
    """To remove what isn't there, or what went already, is no error; what is there leaves."""
    destination = bench.open()
    [row] = bench.rows(1)
    removal = Row(1, row.key, Operation.REMOVE, {name: row.payload[name] for name in bench.key}, "removal-1")
    demand(outcomes(destination, [removal])[1] in ("ok", "noop"), "A row that never was can't be removed.")
    if destination.delivery_class is DeliveryClass.UPSERT and bench.removes:
        outcomes(destination, [row])
        demand(outcomes(destination, [removal])[1] == "ok", "A row that is there isn't removed.")
        demand(not bench.taken(), "A row that was removed is there still.")
        demand(outcomes(destination, [removal])[1] in ("ok", "noop"), "A row can't be removed twice.")


@register(Bench)
def values_arrive_as_they_are_or_are_invalid(bench: Bench) -> None:
    """Null, empty, ugly, long and exact values arrive unchanged, or the row is `invalid`, with a sentence."""
    destination = bench.open()
    number = 0
    demand(bool(bench.fields), "The bench names no fields for values.")
    for kind, name in bench.fields.items():
        for value in VALUES[kind]:
            number += 1
            payload = {**bench.row(number), name: value}
            key = {column: payload[column] for column in bench.key}
            row = Row(number, key, Operation.ADD, payload, f"value-{number}")
            shown = repr(value)[:60]
            before = len(bench.taken())
            if problem := destination.problems(row):
                demand(is_sentence(problem, value), f"{shown} in {name} is refused without a sentence: {problem}")
                continue
            outcome = outcomes(destination, [row])[number]
            found = [one[name] for one in bench.taken()[before:] if name in one]
            if outcome == "ok":
                is_same = found == [value] and _kind(found[0]) is _kind(value)
                demand(is_same, f"{shown} in {name} arrived as {found!r:.80}.")
            else:
                demand(outcome in ("invalid", "rejected") and not found, f"{shown} in {name} ended as {outcome}.")


@register(Bench)
def limits_are_kept(bench: Bench) -> None:
    """As many rows as the limits say are taken at once, and one row as large; of one row more none or all are."""
    destination = bench.open()
    most = min(destination.limits.max_rows, 1_000)
    demand(set(outcomes(destination, bench.rows(most)).values()) <= {"ok", "noop"}, f"{most} rows are not taken.")
    before = len(bench.taken())
    rows = [row for row in bench.rows(most + 1, first=most) if row.seq >= most]
    try:
        answers = outcomes(destination, rows)
    except BatchRefusedError:
        demand(len(bench.taken()) == before, "A batch was refused, and yet some of it was taken.")
    else:
        demand(len(answers) == len(rows), "Of a batch beyond the limits some rows have no answer.")
    if "text" in bench.fields:
        payload = dict(bench.row(5_000))
        size = min(destination.limits.max_row_bytes, 200_000) - len(json.dumps(payload, default=str)) - 200
        payload[bench.fields["text"]] = "x" * size
        row = Row(1, {name: payload[name] for name in bench.key}, Operation.ADD, payload, "large-1")
        problem = destination.problems(row)
        told = problem is None and outcomes(destination, [row])[1]
        demand(told == "ok", f"A row of {size} bytes, within the limits, ends as {problem or told}.")


@register(Bench)
def a_server_that_is_down_is_asked_later(bench: Bench) -> None:
    """Where nobody listens the error is `TryLaterError`, and tells neither values nor secrets."""
    _tells(bench, bench.down(), TryLaterError)
    demand(not bench.taken(), "Something was taken by a server that isn't there.")


@register(Bench)
def a_lost_answer_leaves_us_unsure(bench: Bench) -> None:
    """Where the connection ends before the answer the error is `UnsureError`; sent again, it has one effect."""
    [row] = _tells(bench, bench.cut(), UnsureError)
    destination = bench.open()
    if destination.delivery_class is not DeliveryClass.SIDE_EFFECT:
        outcomes(destination, [row], attempt=2)
    bench.holds([row.payload])


@register(Bench)
def garbage_is_never_ok(bench: Bench) -> None:
    """HTML, half an answer, or an error inside a success never make a row `ok`."""
    for name, opened in bench.garbage.items():
        destination = opened()
        try:
            answers = outcomes(destination, bench.rows(1))
        except SendError as error:
            bench.is_clean(error)
        else:
            demand("ok" not in answers.values() and "noop" not in answers.values(), f"{name} is taken for an ok.")
        destination.close()


@register(Bench)
def threads_share_a_destination(bench: Bench) -> None:
    """Eight threads send through one destination, and every row is there once."""
    destination = bench.open()
    size = min(destination.limits.max_rows, 10)

    def work(thread: int) -> list[Row]:
        sent = []
        for turn in range(3):
            rows = bench.rows(size, first=1_000 * thread + 100 * turn)
            answers = outcomes(destination, rows)
            demand(set(answers.values()) == {"ok"}, f"Among threads rows end as {sorted(set(answers.values()))}.")
            sent += rows
        return sent

    with ThreadPoolExecutor(8) as pool:
        sent = [row for rows in pool.map(work, range(8)) for row in rows]
    bench.holds([row.payload for row in sent])
    destination.close()


@register(Bench)
def it_can_be_closed_twice(bench: Bench) -> None:
    """Closing is harmless: before anything was sent, after it, after an error, and again."""
    for opened in (bench.open, bench.down):
        destination = opened()
        destination.close()
        destination = opened()
        try:
            outcomes(destination, bench.rows(1))
        except SendError as error:
            bench.is_clean(error)
        destination.close()
        destination.close()


def _tells(bench: Bench, destination: Destination, kind: type[SendError]) -> list[Row]:
    rows = bench.rows(1)
    if name := bench.fields.get("text"):
        rows = [Row(rows[0].seq, rows[0].key, Operation.ADD, {**rows[0].payload, name: MARK}, "key-0")]
    try:
        outcomes(destination, rows)
    except SendError as error:
        demand(type(error) is kind, f"The error is {type(error).__name__}, and not {kind.__name__}.")
        bench.is_clean(error)
    else:
        raise BrokenLawError(f"There is an answer, and no {kind.__name__}.")
    finally:
        destination.close()
    return rows


def _kind(value: Any) -> type:
    """Numbers are alike, but a truth is no number, and a text that reads as one isn't either."""
    return type(value) if value is None or isinstance(value, str | bool) else Decimal
