"""What happens in the web shop on one day, in numbers: visits, carts and orders, each with all that follows from it."""

import numpy as np

from orchestration.simulation.columns import (
    NEVER,
    Columns,
    Numbers,
    Stream,
    daily_uids,
    generator,
    rows_of,
    seconds,
    stacked,
)
from orchestration.simulation.countries import PER_EURO, TAX_PERCENT
from orchestration.simulation.world import World

BROWSE, ABANDON, RESET, ORDER, PHONE_ORDER = range(5)
FOLLOW_UP_DAYS = 45  # nothing follows later than this after the day of its visit


class Daybook:
    """Visits and store purchases of any days, drawn day by day and kept while later days still follow from them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._visits: dict[int, tuple[Columns, Columns]] = {}

    def visits(self, first: int, last: int) -> tuple[Columns, Columns]:
        """Visits of these days and the lines of their carts; `lines["row"]` is the index of the visit."""
        days = range(max(first, 0), last + 1)
        for day in days:
            if day not in self._visits:
                self._visits[day] = draw_visits(self._world, day)
        return with_lines([self._visits[day] for day in days])

    def forget(self, before: int) -> None:
        """Let go of days that nothing follows from any more."""
        for day in [day for day in self._visits if day < before]:
            del self._visits[day]


def with_lines(parts: list[tuple[Columns, Columns]]) -> tuple[Columns, Columns]:
    """Parts under each other, their lines pointing at the rows of the whole."""
    sizes = [len(head["uid"]) for head, _ in parts]
    starts = np.cumsum([0, *sizes[:-1]])
    shifted = [{**lines, "row": lines["row"] + start} for (_, lines), start in zip(parts, starts, strict=True)]
    return stacked([head for head, _ in parts]), stacked(shifted)


def select(head: Columns, lines: Columns, mask: Numbers) -> tuple[Columns, Columns]:
    """The rows where the mask is true, with their lines."""
    position = np.cumsum(mask) - 1
    kept = rows_of(lines, mask[lines["row"]])
    return rows_of(head, mask), {**kept, "row": position[kept["row"]]}


def draw_visits(world: World, day: int) -> tuple[Columns, Columns]:
    """One day's visits (telephone orders among them) and the lines of their carts."""
    rng, rates, people, devices = generator(world.seed, Stream.WEB, day), world.rates, world.people, world.devices
    season = (0.9, 1.0, 1.25, 1.2, 0.9, 0.9, 0.95)[day % 7]
    browsing = rng.poisson(season * rates.visits_per_day * people.activity)
    buying = rng.random(people.count) < season * rates.online_orders_per_day * people.activity
    buying &= people.known_day <= day
    signing_up = people.shop_day == day
    person = np.concatenate(
        [
            np.repeat(np.arange(people.count), browsing),
            np.flatnonzero(buying),
            np.flatnonzero(signing_up),
        ]
    )
    count = len(person)
    is_buying = np.zeros(count, dtype=bool)
    is_buying[browsing.sum() : browsing.sum() + buying.sum()] = True
    is_sign_up = np.arange(count) >= browsing.sum() + buying.sum()
    chance = rng.random((9, count))
    goal = np.where(chance[0] < rates.cart_abandoned, ABANDON, BROWSE)
    goal = np.where((goal == BROWSE) & (chance[0] > 1 - rates.cart_reset), RESET, goal)
    goal = np.where(is_buying, np.where(chance[0] < rates.order_by_phone, PHONE_ORDER, ORDER), goal)
    device = devices.first[person] + (chance[1] * devices.number[person]).astype(np.int64)
    is_on_tablet = (devices.tablet[person] >= 0) & (chance[2] < rates.tablet_use)
    device = np.where(is_on_tablet, devices.tablet[person], device)
    has_account = people.shop_day[person] <= day
    is_guest = ~has_account | (is_buying & (chance[3] < rates.guest_order))
    logs_in = has_account & ~is_guest & (is_buying | is_sign_up | (chance[4] < rates.login))
    uid = daily_uids(day, count)
    head: Columns = {
        "uid": uid,
        "day": np.full(count, day),
        "person": person,
        "device": device,
        "goal": goal,
        "is_logged_in": logs_in,
        "is_sign_up": is_sign_up,
        "is_guest": is_guest,
        "started": seconds(day, (6 * 3600 + 17 * 3600 * chance[5]).astype(np.int64)),
        "views": 1 + rng.poisson(0.9, count),
        "store_day": np.where(
            (goal == ABANDON) & (chance[6] < rates.cart_bought_in_store),
            day + 1 + (chance[7] * 5).astype(np.int64),
            NEVER,
        ),
    }
    lines = draw_lines(rng, world, person, np.where(goal == BROWSE, 0, rng.geometric(0.62, count)))
    return {**head, **_checkout(rng, world, head, lines)}, lines


def draw_lines(rng: np.random.Generator, world: World, person: Numbers, number: Numbers) -> Columns:
    """Cart lines in cents of the person's currency: so many for each row."""
    number = np.minimum(number, 8)
    row = np.repeat(np.arange(len(person)), number)
    line = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
    prices = world.catalogue.price
    product = (len(prices) * rng.random(len(row)) ** 1.7).astype(np.int64)
    country = world.people.country[person[row]]
    unit_price = np.round(prices[product] * PER_EURO[country]).astype(np.int64)
    quantity = np.minimum(rng.geometric(0.8, len(row)), 5)
    discount = np.where(rng.random(len(row)) < 0.06, unit_price * quantity // 10, 0)
    tax = (unit_price * quantity - discount) * TAX_PERCENT[country] // 100
    return {
        "row": row,
        "line_no": line + 1,
        "product": product,
        "quantity": quantity,
        "unit_price": unit_price,
        "discount": discount,
        "tax": tax,
    }


def _checkout(rng: np.random.Generator, world: World, head: Columns, lines: Columns) -> Columns:
    """Amounts of each order, and what becomes of it: how it is paid, shipped, cancelled or refunded."""
    rates, count = world.rates, len(head["uid"])
    chance = rng.random((9, count))
    net = lines["quantity"] * lines["unit_price"] - lines["discount"]
    subtotal = np.bincount(lines["row"], net, count).astype(np.int64)
    tax = np.bincount(lines["row"], lines["tax"], count).astype(np.int64)
    has_coupon = chance[0] < rates.coupon
    discount = np.where(has_coupon, subtotal // 10, 0)
    per_euro = PER_EURO[world.people.country[head["person"]]]
    shipping = np.where(subtotal > 15_000 * per_euro, 0, np.round(490 * per_euro)).astype(np.int64)
    total = subtotal - discount + shipping + tax
    is_cancelled = chance[1] < rates.order_cancelled
    is_refunded = ~is_cancelled & (chance[2] < rates.refund)
    is_partial = is_refunded & (chance[3] < rates.refund_partial)
    is_split = chance[4] < rates.split_payment
    shipped = head["day"] + 1 + (chance[5] * 4).astype(np.int64)
    return {
        "subtotal": subtotal,
        "tax": tax,
        "order_discount": discount,
        "shipping": shipping,
        "total": total,
        "has_coupon": has_coupon,
        "shipped_day": np.where(is_cancelled, NEVER, shipped),
        "cancelled_day": np.where(is_cancelled, head["day"] + (chance[5] * 2).astype(np.int64), NEVER),
        "refund_day": np.where(is_refunded, shipped + 2 + (chance[6] * 21).astype(np.int64), NEVER),
        "refund_amount": np.where(is_partial, total // 3, total),
        "is_partial_refund": is_partial,
        "second_payment": np.where(is_split, total // 4, 0),
        "method": (chance[7] * 10).astype(np.int64),
        "fails_first": chance[8] < 0.04,
    }
