"""Web and app events in Segment's specification: what each visit sent, and when it arrived."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.simulation.columns import (
    DAY_SECONDS, Columns, Numbers, amounts, days_of, either, hexadecimal, joined, json_objects, json_strings, moments,
    numerals, picked, rows_of, stacked,
)
from orchestration.simulation.commerce import cart_ids, order_ids, shop_email, user_ids
from orchestration.simulation.countries import CODES, COUNTRIES, CURRENCIES
from orchestration.simulation.devices import PLATFORMS, USER_AGENTS, addresses
from orchestration.simulation.names import LANGUAGES
from orchestration.simulation.shopping import ABANDON, BROWSE, ORDER, PHONE_ORDER, RESET
from orchestration.simulation.trouble import broken_lines
from orchestration.simulation.world import World

LATE_DAYS = 10  # an event arrives at most so many days after it happened
PAGE, IDENTIFY, ALIAS, GROUP, SEARCHED, VIEWED, ADDED, REMOVED, CART, CHECKOUT, COMPLETED = range(11)
EVENT_NAMES = (None, None, None, None, "Products Searched", "Product Viewed", "Product Added", "Product Removed",
               "Cart Viewed", "Checkout Started", "Order Completed")
QUERIES = ("rain jacket", "boots 42", "tent 3 persons", "wool socks", "rucksack", "mug", "sleeping bag", "regenjacke")
CAMPAIGNS = (("google", "cpc", "spring-sale"), ("newsletter", "email", "newsletter"), ("meta", "paid_social", "win-back"))
REFERRERS = ("https://www.google.com/", "https://www.bing.com/", "https://blog.outfitters.example/", None, None)
LOCALES = [f"{LANGUAGES[country.language].tag[:2]}-{country.code}" for country in COUNTRIES]
SHOP = "https://shop.outfitters.example"


def event_lines(world: World, visits: tuple[Columns, Columns], first: int, last: int) -> pa.Array:
    """JSON lines of the events that arrive from the first to the last day, in the order of their arrival."""
    head, lines = visits
    events = _arrived(world, head, _sequence(world, head, lines), first, last)
    rows, row = np.unique(events["row"], return_inverse=True)
    head, events = rows_of(head, rows), {**events, "row": row}
    kept = np.isin(lines["row"], rows)
    carts = rows_of(lines, kept)
    carts["row"] = np.searchsorted(rows, carts["row"])
    text = json_objects(_fields(world, head, carts, events))
    return broken_lines(world.dice, world.rates, joined(text, "\n"), events["uid"] * 2 + events["is_copy"])


def _sequence(world: World, head: Columns, lines: Columns) -> Columns:
    """What happens in each visit, in order: the row of the visit, the kind, and the product where there is one."""
    dice, uid, goal = world.dice, head["uid"], head["goal"]
    is_online = goal != PHONE_ORDER
    has_cart = is_online & (goal != BROWSE)
    group = is_online & head["is_sign_up"] & (world.people.crm_day[head["person"]] < 0)
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
        once(group & dice.happens("group", 0.3, uid), GROUP, 3),
        once(is_online & dice.happens("search", 0.12, uid), SEARCHED, 4),
        _part(viewed, VIEWED, 10 + rank, seen, np.ones(len(viewed), dtype=np.int64)),
        each(bought, VIEWED, 100), each(bought, ADDED, 101), each(removed, REMOVED, 200),
        once(has_cart, CART, 300), once(checks_out, CHECKOUT, 301), once(goal == ORDER, COMPLETED, 302),
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
    timed = {**events, "uid": uid, "timestamp": claimed, "sent_at": sent, "received_at": sent + 1 + uid % 3,
             "is_copy": np.zeros(len(uid), dtype=np.int64)}
    copies = rows_of(timed, dice.happens("duplicate", rates.duplicate_event, uid))
    copies["received_at"] = copies["received_at"] + 5 + dice.below("again", 7200, copies["uid"])
    copies["is_copy"] = copies["is_copy"] + 1
    every = stacked([timed, copies])
    arrival = days_of(every["received_at"])
    found = np.flatnonzero((arrival >= first) & (arrival <= last))
    return rows_of(every, found[np.lexsort((every["uid"][found], every["received_at"][found]))])


def _fields(world: World, head: Columns, carts: Columns, events: Columns) -> dict[str, pa.Array]:
    row, kind = events["row"], events["kind"]
    person, device, day = head["person"], head["device"], head["day"]
    generation = world.devices.generation(device, day)
    take = pa.array(row)
    anonymous_id = json_strings(world.devices.anonymous_id(device, generation)).take(take)
    user_id = json_strings(user_ids(person)).take(take)
    is_app = world.devices.is_app(device)[row]
    knows_user = head["is_logged_in"][row] & (kind != PAGE)
    types = either(kind == PAGE, either(is_app, "screen", "page"),
                   picked(["", "identify", "alias", "group"] + ["track"] * 7, kind))
    return {
        "message_id": json_strings(hexadecimal(world.dice.hash("message", events["uid"]))),
        "type": json_strings(types),
        "event": json_strings(picked(EVENT_NAMES, kind)),
        "user_id": either(knows_user | (kind == ALIAS), user_id, None),
        "anonymous_id": either(kind == ALIAS, None, anonymous_id),
        "previous_id": either(kind == ALIAS, anonymous_id, None),
        "group_id": either(kind == GROUP, joined('"G', numerals(person[row] // 40), '"'), None),
        "timestamp": json_strings(moments(events["timestamp"])),
        "original_timestamp": json_strings(moments(events["timestamp"] - events["uid"] % 2)),
        "sent_at": json_strings(moments(events["sent_at"])),
        "received_at": json_strings(moments(events["received_at"])),
        "context": joined(_context(world, head).take(take), _page(world, events, is_app), "}"),
        "properties": _properties(world, head, carts, events),
        "traits": either(kind == IDENTIFY, _traits(world, head).take(take), None),
    }


def _context(world: World, head: Columns) -> pa.Array:
    """The beginning of each visit's context: all that stays the same throughout a visit."""
    dice, uid, person, device = world.dice, head["uid"], head["person"], head["device"]
    platform, country = world.devices.platform[device], world.people.country[person]
    utm = np.where(dice.happens("utm", 0.25, uid), dice.below("which utm", len(CAMPAIGNS), uid), -1)
    campaigns = [f'{{"source":"{source}","medium":"{medium}","name":"{name}"}}' for source, medium, name in CAMPAIGNS]
    device_id = json_strings(world.devices.device_id(device))
    shows_email = head["is_logged_in"] & dice.happens("email in context", 0.2, uid)
    email = json_strings(shop_email(world, person, head["day"]))
    fields = {
        "library": picked(['{"name":"analytics.js","version":"2.11.1"}', '{"name":"analytics-mobile","version":"4.2.0"}'],
                          world.devices.is_app(device).astype(int)),
        "ip": json_strings(addresses(dice, world.people.household[person], head["day"])),
        "userAgent": json_strings(picked(USER_AGENTS, platform)),
        "locale": json_strings(picked(LOCALES, country)),
        "location": joined('{"country":"', picked(CODES, country), '"}'),
        "campaign": picked(campaigns, utm),
        "device": joined('{"id":', device_id, ',"type":', json_strings(picked(PLATFORMS, platform)), "}"),
        "traits": either(shows_email, joined('{"email":', email, "}"), None),
    }
    return pc.utf8_slice_codeunits(json_objects(fields), 0, -1)


def _page(world: World, events: Columns, is_app: Numbers) -> pa.Array:
    """The page part of the context of events in a browser."""
    kind, product = events["kind"], np.maximum(events["product"], 0)
    path = picked(["/", "/account", "/account", "/account", "/search", "", "", "", "/cart", "/checkout", "/thank-you"], kind)
    product_path = joined("/p/", pc.utf8_lower(world.catalogue.sku)).take(pa.array(product))
    path = either((kind >= VIEWED) & (kind <= REMOVED), product_path, path)
    referrer = json_strings(picked(REFERRERS, world.dice.below("referrer", len(REFERRERS), events["uid"])))
    referrer = pc.fill_null(joined(',"referrer":', either(kind == PAGE, referrer, None)), "")
    page = joined(',"page":{"url":"', SHOP, path, '","path":"', path, '","title":"Northwind Outfitters"', referrer, "}")
    return either(is_app, "", page)


def _traits(world: World, head: Columns) -> pa.Array:
    person, people = head["person"], world.people
    slot = np.where(world.dice.happens("phone in traits", 0.5, person), people.phone(person, head["day"]), -1)
    return json_objects({
        "email": json_strings(shop_email(world, person, head["day"])),
        "phone": json_strings(picked(people.mobile_e164, slot)),
        "firstName": json_strings(people.first_name.take(pa.array(person))),
        "lastName": json_strings(people.family_name(person, head["day"])),
    })


def _properties(world: World, head: Columns, carts: Columns, events: Columns) -> pa.Array:
    """Properties by kind; null for identify, alias and group."""
    row, kind, product = events["row"], events["kind"], events["product"]
    catalogue = world.catalogue
    currency = picked(CURRENCIES, world.people.country[head["person"]])
    articles = pc.utf8_slice_codeunits(json_objects({
        "product_id": json_strings(catalogue.product_id), "sku": json_strings(catalogue.sku),
        "name": json_strings(catalogue.name), "category": json_strings(catalogue.category),
    }), 0, -1)
    empty = pa.nulls(len(row), pa.string())

    def fill(target: pa.Array, mask: Numbers, values: pa.Array) -> pa.Array:
        return pc.replace_with_mask(target, pa.array(mask), values)

    is_article = product >= 0
    rows = row[is_article]
    cart = pc.fill_null(either(kind[is_article] == VIEWED, None, joined(',"cart_id":"', cart_ids(head["uid"][rows]), '"')), "")
    article = joined(articles.take(pa.array(product[is_article])), ',"price":', _prices(world, head, rows, product[is_article]),
                     ',"quantity":', numerals(events["quantity"][is_article]), ',"currency":"',
                     currency.take(pa.array(rows)), '"', cart, "}")
    filled = fill(empty, is_article, article)
    is_cart = (kind == CART) | (kind == CHECKOUT)
    cart_only = joined('{"cart_id":"', cart_ids(head["uid"][row[is_cart]]), '"}')
    filled = fill(filled, is_cart, cart_only)
    is_search = kind == SEARCHED
    queries = picked(QUERIES, world.dice.below("query", len(QUERIES), events["uid"][is_search]))
    filled = fill(filled, is_search, joined('{"query":"', queries, '"}'))
    is_page = kind == PAGE
    filled = fill(filled, is_page, pa.repeat(pa.scalar('{"title":"Northwind Outfitters"}'), int(is_page.sum())))
    is_order = kind == COMPLETED
    return fill(filled, is_order, _completed(world, head, carts, currency, articles).take(pa.array(row[is_order])))


def _prices(world: World, head: Columns, rows: Numbers, product: Numbers) -> pa.Array:
    from orchestration.simulation.countries import PER_EURO

    country = world.people.country[head["person"][rows]]
    return amounts(np.round(world.catalogue.price[product] * PER_EURO[country]).astype(np.int64))


def _completed(world: World, head: Columns, carts: Columns, currency: pa.Array, articles: pa.Array) -> pa.Array:
    """Properties of Order Completed, for each visit."""
    items = joined(articles.take(pa.array(carts["product"])), ',"price":', amounts(carts["unit_price"]), ',"quantity":',
                   numerals(carts["quantity"]), "}")
    offsets = np.searchsorted(carts["row"], np.arange(len(head["uid"]) + 1)).astype(np.int32)
    products = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), items), ",")
    email = json_strings(shop_email(world, head["person"], head["day"]))
    return json_objects({
        "order_id": json_strings(order_ids(head["uid"])),
        "cart_id": json_strings(cart_ids(head["uid"])),
        "total": amounts(head["total"]),
        "revenue": amounts(head["subtotal"]),
        "shipping": amounts(head["shipping"]),
        "tax": amounts(head["tax"]),
        "discount": amounts(head["order_discount"]),
        "currency": json_strings(currency),
        "email": either(head["is_guest"], email, None),
        "products": joined("[", products, "]"),
    })
