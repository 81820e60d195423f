"""Web and app events in Segment's specification: what each visit sent, and when it arrived."""

import numpy as np
import pyarrow as pa

from orchestration.simulation.columns import (
    DAY_SECONDS,
    Columns,
    Numbers,
    days_of,
    json_objects,
    rows_of,
    stacked,
)
from orchestration.simulation.event_fields import (
    ADDED,
    ALIAS,
    CART,
    CHECKOUT,
    CHOSE,
    COMPLETED,
    GROUP,
    IDENTIFY,
    PAGE,
    REMOVED,
    SEARCHED,
    VIEWED,
    event_fields,
)
from orchestration.simulation.shopping import ABANDON, BROWSE, ORDER, PHONE_ORDER, RESET
from orchestration.simulation.trouble import broken_lines
from orchestration.simulation.world import World

LATE_DAYS = 10  # an event arrives at most so many days after it happened


def event_lines(world: World, visits: tuple[Columns, Columns], first: int, last: int) -> pa.Array:
    """JSON lines of the events that arrive from the first to the last day, in the order of their arrival."""
    head, lines = visits
    events = _arrived(world, head, _sequence(world, head, lines), first, last)
    rows, row = np.unique(events["row"], return_inverse=True)
    head, events = rows_of(head, rows), {**events, "row": row}
    kept = np.isin(lines["row"], rows)
    carts = rows_of(lines, kept)
    carts["row"] = np.searchsorted(rows, carts["row"])
    text = json_objects(event_fields(world, head, carts, events), end="}\n")
    return broken_lines(world.dice, world.rates, text, events["uid"] * 2 + events["is_copy"])


def _sequence(world: World, head: Columns, lines: Columns) -> Columns:
    """What happens in each visit, in order: the row of the visit, the kind, and the product where there is one."""
    dice, uid, goal = world.dice, head["uid"], head["goal"]
    is_online = goal != PHONE_ORDER
    has_cart = is_online & (goal != BROWSE)
    contact = world.contacts.first_of_person[head["person"]]
    has_account = (contact >= 0) & (world.contacts.account[contact] >= 0)
    views = np.where(goal == BROWSE, head["views"], 0)
    viewed = np.repeat(np.arange(len(uid)), views)
    rank = np.arange(len(viewed)) - np.repeat(np.cumsum(views) - views, views)
    seen = (len(world.catalogue.price) * dice.uniform("viewed", uid[viewed], rank) ** 1.7).astype(np.int64)
    bought = rows_of(lines, is_online[lines["row"]])
    removed = rows_of(bought, goal[bought["row"]] == RESET)
    checks_out = (goal == ORDER) | ((goal == ABANDON) & dice.happens("checkout", 0.5, uid))

    def once(mask: Numbers, kind: int, position: int) -> Columns:
        row = np.flatnonzero(mask)
        return _part(row, kind, np.full(len(row), position), np.full(len(row), -1), np.ones(len(row), dtype=np.int64))

    def each(part: Columns, kind: int, position: int) -> Columns:
        return _part(part["row"], kind, position + 3 * part["line_no"], part["product"], part["quantity"])

    parts = [
        once(is_online, PAGE, 0),
        once(is_online & head["is_sign_up"] & dice.happens("alias", 0.3, uid), ALIAS, 1),
        once(is_online & head["is_logged_in"], IDENTIFY, 2),
        once(is_online & head["is_logged_in"] & has_account, GROUP, 3),
        once(is_online & dice.happens("search", 0.12, uid), SEARCHED, 4),
        once(is_online & dice.happens("chooses", world.rates.consent_event, uid), CHOSE, 5),
        _part(viewed, VIEWED, 10 + rank, seen, np.ones(len(viewed), dtype=np.int64)),
        each(bought, VIEWED, 100),
        each(bought, ADDED, 101),
        each(removed, REMOVED, 200),
        once(has_cart, CART, 300),
        once(checks_out, CHECKOUT, 301),
        once(goal == ORDER, COMPLETED, 302),
    ]
    events = stacked(parts)
    events = rows_of(events, np.lexsort((events["position"], events["row"])))
    first = np.searchsorted(events["row"], events["row"])
    events["rank"] = np.arange(len(events["row"])) - first
    return events


def _part(row: Numbers, kind: int, position: Numbers, product: Numbers, quantity: Numbers) -> Columns:
    return {"row": row, "kind": np.full(len(row), kind), "position": position, "product": product, "quantity": quantity}


def _arrived(world: World, head: Columns, events: Columns, first: int, last: int) -> Columns:
    """Events with their times (late, skewed, from the future, sent twice), of which only what arrives in the period."""
    dice, rates = world.dice, world.rates
    uid = head["uid"][events["row"]] << 11 | events["position"]
    happened = head["started"][events["row"]] + np.minimum(events["rank"], 22) * 25 + dice.below("pause", 20, uid)
    happened = np.where(events["kind"] == COMPLETED, head["started"][events["row"]] + 600, happened)
    is_late = dice.happens("late", rates.late_event, uid)
    delay = 3600 + dice.below("delay", (LATE_DAYS - 1) * DAY_SECONDS, uid)
    sent = happened + np.where(is_late, delay, 1)
    skew = (dice.below("skew", 24, uid) - 12) * 3600 + 900
    claimed = happened + np.where(dice.happens("skewed", rates.clock_skew, uid), skew, 0)
    is_future = dice.happens("future", rates.future_event, uid)
    claimed = claimed + np.where(is_future, (30 + dice.below("how far", 900, uid)) * DAY_SECONDS, 0)
    timed = {
        **events,
        "uid": uid,
        "timestamp": claimed,
        "sent_at": sent,
        "received_at": sent + 1 + uid % 3,
        "is_copy": np.zeros(len(uid), dtype=np.int64),
    }
    copies = rows_of(timed, dice.happens("duplicate", rates.duplicate_event, uid))
    copies["received_at"] = copies["received_at"] + 5 + dice.below("again", 7200, copies["uid"])
    copies["is_copy"] = copies["is_copy"] + 1
    every = stacked([timed, copies])
    arrival = days_of(every["received_at"])
    found = np.flatnonzero((arrival >= first) & (arrival <= last))
    return rows_of(every, found[np.lexsort((every["uid"][found], every["received_at"][found]))])
