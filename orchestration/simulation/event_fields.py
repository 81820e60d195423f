"""The fields of web and app events, as JSON, by what kind of event it is."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.simulation.columns import (
    Columns,
    Numbers,
    amounts,
    either,
    hexadecimal,
    joined,
    json_objects,
    json_strings,
    moments,
    numerals,
    picked,
    rows_of,
)
from orchestration.simulation.commerce import shop_email
from orchestration.simulation.countries import CODES, COUNTRIES, CURRENCIES, PER_EURO
from orchestration.simulation.devices import PLATFORMS, USER_AGENTS, addresses
from orchestration.simulation.ids import account_ids, cart_ids, order_ids, user_ids
from orchestration.simulation.names import LANGUAGES
from orchestration.simulation.world import World

PAGE, IDENTIFY, ALIAS, GROUP, SEARCHED, VIEWED, ADDED, REMOVED, CART, CHECKOUT, COMPLETED, CHOSE = range(12)
EVENT_NAMES = (
    None,
    None,
    None,
    None,
    "Products Searched",
    "Product Viewed",
    "Product Added",
    "Product Removed",
    "Cart Viewed",
    "Checkout Started",
    "Order Completed",
    "Segment Consent Preference Updated",
)
QUERIES = ("rain jacket", "boots 42", "tent 3 persons", "wool socks", "rucksack", "mug", "sleeping bag", "regenjacke")
CAMPAIGNS = (
    ("google", "cpc", "spring-sale"),
    ("newsletter", "email", "newsletter"),
    ("meta", "paid_social", "win-back"),
)
REFERRERS = ("https://www.google.com/", "https://www.bing.com/", "https://blog.outfitters.example/", None, None)
LOCALES = [f"{LANGUAGES[country.language].tag[:2]}-{country.code}" for country in COUNTRIES]
SHOP = "https://shop.outfitters.example"
LIBRARIES = ('{"name":"analytics.js","version":"2.11.1"}', '{"name":"analytics-mobile","version":"4.2.0"}')
PATHS = ("/", "/account", "/account", "/account", "/search", "", "", "", "/cart", "/checkout", "/thank-you", "/privacy")


def event_fields(world: World, head: Columns, carts: Columns, events: Columns) -> dict[str, pa.Array]:
    """The fields of each event as JSON, one array per field; `events["row"]` points at the rows of the visits."""
    row, kind = events["row"], events["kind"]
    person, device, day = head["person"], head["device"], head["day"]
    generation = world.devices.generation(device, day)
    take = pa.array(row)
    anonymous_id = json_strings(world.devices.anonymous_id(device, generation)).take(take)
    user_id = json_strings(user_ids(person)).take(take)
    is_app = world.devices.is_app(device)[row]
    knows_user = head["is_logged_in"][row] & (kind != PAGE)
    types = either(
        kind == PAGE, either(is_app, "screen", "page"), picked(["", "identify", "alias", "group"] + ["track"] * 8, kind)
    )
    return {
        "message_id": json_strings(hexadecimal(world.dice.hash("message", events["uid"]))),
        "type": json_strings(types),
        "event": json_strings(picked(EVENT_NAMES, kind)),
        "user_id": either(knows_user | (kind == ALIAS), user_id, None),
        "anonymous_id": either(kind == ALIAS, None, anonymous_id),
        "previous_id": either(kind == ALIAS, anonymous_id, None),
        "group_id": either(kind == GROUP, _group_ids(world, person).take(take), None),
        "timestamp": json_strings(moments(events["timestamp"])),
        "original_timestamp": json_strings(moments(events["timestamp"] - events["uid"] % 2)),
        "sent_at": json_strings(moments(events["sent_at"])),
        "received_at": json_strings(moments(events["received_at"])),
        "context": joined(_context(world, head).take(take), _page(world, events, is_app), _choices(world, events), "}"),
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
        "library": picked(LIBRARIES, world.devices.is_app(device).astype(int)),
        "ip": json_strings(addresses(dice, world.people.household[person], head["day"])),
        "userAgent": json_strings(picked(USER_AGENTS, platform)),
        "locale": json_strings(picked(LOCALES, country)),
        "location": joined('{"country":"', picked(CODES, country), '"}'),
        "campaign": picked(campaigns, utm),
        "device": json_objects({"type": json_strings(picked(PLATFORMS, platform)), "id": device_id}),
        "traits": either(shows_email, joined('{"email":', email, "}"), None),
    }
    return json_objects(fields, end="")


def _page(world: World, events: Columns, is_app: Numbers) -> pa.Array:
    """The page part of the context of events in a browser."""
    kind, product = events["kind"], np.maximum(events["product"], 0)
    path = picked(PATHS, kind)
    product_path = joined("/p/", pc.utf8_lower(world.catalogue.sku)).take(pa.array(product))
    path = either((kind >= VIEWED) & (kind <= REMOVED), product_path, path)
    referrer = json_strings(picked(REFERRERS, world.dice.below("referrer", len(REFERRERS), events["uid"])))
    referrer = pc.fill_null(joined(',"referrer":', either(kind == PAGE, referrer, None)), "")
    page = joined(',"page":{"url":"', SHOP, path, '","path":"', path, '","title":"Northwind Outfitters"', referrer, "}")
    return either(is_app, "", page)


def _choices(world: World, events: Columns) -> pa.Array:
    """The part of the context that tells what was chosen in a consent banner."""
    dice, uid = world.dice, events["uid"]
    words = [
        picked(("false", "true"), dice.happens(name, 0.6, uid).astype(int)) for name in ("first", "second", "third")
    ]
    told = joined(
        ',"consent":{"categoryPreferences":{"Advertising":',
        words[0],
        ',"Analytics":',
        words[1],
        ',"Functional":',
        words[2],
    )
    return either(events["kind"] == CHOSE, joined(told, "}}"), "")


def _traits(world: World, head: Columns) -> pa.Array:
    person, people = head["person"], world.people
    slot = np.where(world.dice.happens("phone in traits", 0.5, person), people.phone(person, head["day"]), -1)
    return json_objects(
        {
            "email": json_strings(shop_email(world, person, head["day"])),
            "phone": json_strings(picked(people.mobile_e164, slot)),
            "firstName": json_strings(people.first_name.take(pa.array(person))),
            "lastName": json_strings(people.family_name(person, head["day"])),
        }
    )


def _properties(world: World, head: Columns, carts: Columns, events: Columns) -> pa.Array:
    """Properties by kind; null for identify, alias and group."""
    row, kind, product = events["row"], events["kind"], events["product"]
    catalogue = world.catalogue
    currency = picked(CURRENCIES, world.people.country[head["person"]])
    articles = json_objects(
        {
            "product_id": json_strings(catalogue.product_id),
            "sku": json_strings(catalogue.sku),
            "name": json_strings(catalogue.name),
            "category": json_strings(catalogue.category),
        },
        end="",
    )
    empty = pa.nulls(len(row), pa.string())

    def fill(target: pa.Array, mask: Numbers, values: pa.Array) -> pa.Array:
        return pc.replace_with_mask(target, pa.array(mask), values)

    is_article = product >= 0
    article = _article(world, head, rows_of(events, is_article), articles, currency)
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


def _article(world: World, head: Columns, events: Columns, articles: pa.Array, currency: pa.Array) -> pa.Array:
    """Properties of what happens to one product: viewed, added, removed."""
    row, product = events["row"], events["product"]
    per_euro = PER_EURO[world.people.country[head["person"][row]]]
    price = amounts(np.round(world.catalogue.price[product] * per_euro).astype(np.int64))
    cart = either(events["kind"] == VIEWED, "", joined(',"cart_id":"', cart_ids(head["uid"][row]), '"'))
    return joined(
        articles.take(pa.array(product)),
        ',"price":',
        price,
        ',"quantity":',
        numerals(events["quantity"]),
        ',"currency":"',
        currency.take(pa.array(row)),
        '"',
        cart,
        "}",
    )


def _completed(world: World, head: Columns, carts: Columns, currency: pa.Array, articles: pa.Array) -> pa.Array:
    """Properties of Order Completed, for each visit."""
    items = joined(
        articles.take(pa.array(carts["product"])),
        ',"price":',
        amounts(carts["unit_price"]),
        ',"quantity":',
        numerals(carts["quantity"]),
        "}",
    )
    offsets = np.searchsorted(carts["row"], np.arange(len(head["uid"]) + 1)).astype(np.int32)
    products = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), items), ",")
    email = json_strings(shop_email(world, head["person"], head["day"]))
    return json_objects(
        {
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
        }
    )


def _group_ids(world: World, person: Numbers) -> pa.Array:
    """The company that a person's contact belongs to, as JSON."""
    contact = world.contacts.first_of_person[person]
    account = account_ids(np.where(contact < 0, -1, world.contacts.account[contact]))
    return json_strings(either(world.contacts.is_emea[contact], joined("emea/", account), account))
