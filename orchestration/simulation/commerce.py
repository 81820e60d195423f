"""The web shop's tables: customers, orders, lines, payments and refunds."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.simulation.columns import (
    NEVER,
    Columns,
    Numbers,
    Rows,
    amounts,
    arriving,
    days_of,
    either,
    flags,
    joined,
    moments,
    numerals,
    picked,
    rows_of,
    seconds,
)
from orchestration.simulation.countries import CURRENCIES
from orchestration.simulation.ids import card_fingerprints, cart_ids, order_ids, person_ids, shop_customer_ids
from orchestration.simulation.notations import (
    JUNK_EMAILS,
    JUNK_PHONES,
    SUPPORT_ADDRESS,
    international,
    typed_emails,
    with_junk,
)
from orchestration.simulation.shopping import ORDER, PHONE_ORDER, select
from orchestration.simulation.world import World

METHODS = ("card", "card", "card", "card", "paypal", "paypal", "invoice", "card", "bank_transfer", "wallet")
PROVIDERS = ("stripe", "stripe", "adyen", "adyen", "paypal", "paypal", "own", "stripe", "bank", "apple")


def shop_email(world: World, person: Numbers, day: Numbers) -> pa.Array:
    """The address that a person types in the shop on a day."""
    people = world.people
    is_new = people.email_change_day[person] <= day
    return either(is_new, people.second_email.take(pa.array(person)), people.shop_email.take(pa.array(person)))


def shop_phone(world: World, row: Numbers, person: Numbers, day: Numbers, share: float) -> pa.Array:
    """The mobile number that a share of people give on a day, readable without knowing the country."""
    people = world.people
    slot = np.where(world.dice.happens("gives phone", share, row), people.phone(person, day), -1)
    text = international(world.dice, row, people.country[person], picked(people.mobile_national, slot))
    return with_junk(world.dice, row, world.rates.junk_phone, text, JUNK_PHONES)


def customer_rows(world: World, first: int, last: int) -> Rows:
    """`commerce.customers`: when the account is made, and when its address changes."""
    people = world.people
    created = arriving(people.shop_day, first, last)
    later = np.where(people.email_change_day > np.maximum(people.shop_day, 0), people.email_change_day, NEVER)
    changed = arriving(np.where(people.shop_day < NEVER, later, NEVER), first, last)
    person = np.concatenate([created, changed])
    is_change = np.arange(len(person)) >= len(created)
    made = seconds(people.shop_day[person], 7 * 3600 + world.dice.below("shop sign-up", 50_000, person))
    updated = np.where(is_change, seconds(people.email_change_day[person], 9 * 3600 + person % 3600), made)
    day = np.maximum(days_of(updated), 0)
    return {
        "shop_customer_id": shop_customer_ids(person),
        "email": typed_emails(world.dice, person, world.rates.untidy_email, shop_email(world, person, day)),
        "phone": shop_phone(world, person, person, day, 0.6),
        "first_name": people.first_name.take(pa.array(person)),
        "last_name": people.family_name(person, day),
        "accepts_marketing": flags(world.dice.happens("accepts marketing", 0.55, person)),
        "created_at": moments(made),
        "updated_at": moments(updated),
    }, person * 2 + is_change


def commerce_rows(world: World, visits: tuple[Columns, Columns], first: int, last: int) -> dict[str, Rows]:
    """Orders and what hangs on them, of visits that may lie before the first day and still be followed up."""
    orders, lines = select(*visits, np.isin(visits[0]["goal"], (ORDER, PHONE_ORDER)))
    fresh = (orders["day"] >= first) & (orders["day"] <= last)
    return {
        "commerce.orders": _order_rows(world, orders, first, last),
        "commerce.order_lines": _line_rows(world, *select(orders, lines, fresh)),
        "commerce.payments": _payment_rows(world, rows_of(orders, fresh)),
        "commerce.refunds": _refund_rows(world, rows_of(orders, arriving(orders["refund_day"], first, last))),
    }


def ordered_at(orders: Columns) -> Numbers:
    """When orders were placed: at the end of their visit."""
    return orders["started"] + 600


def _order_rows(world: World, orders: Columns, first: int, last: int) -> Rows:
    """Each order when it is placed, and again when it is shipped, cancelled or refunded."""
    dice, people = world.dice, world.people
    changes = (
        (orders["day"], "paid"),
        (orders["cancelled_day"], "cancelled"),
        (orders["shipped_day"], "shipped"),
        (orders["refund_day"], "refunded"),
    )
    found = [arriving(day, first, last) for day, _ in changes]
    index, change = np.concatenate(found), np.repeat(np.arange(len(changes)), [len(rows) for rows in found])
    rows = rows_of(orders, index)
    uid, person, day = rows["uid"], rows["person"], rows["day"]
    is_web = rows["goal"] == ORDER
    is_partial = (change == 3) & rows["is_partial_refund"]
    change_days = np.stack([day for day, _ in changes])[change, index]
    changed = np.where(change == 0, ordered_at(rows), seconds(change_days, 85_000 + uid % 1000))
    email = with_junk(
        dice, uid, np.where(rows["is_guest"], world.rates.junk_email, 0), shop_email(world, person, day), JUNK_EMAILS
    )
    email = either(
        ~is_web & dice.happens("agent orders", world.rates.support_address_by_agent, uid), SUPPORT_ADDRESS, email
    )
    device = rows["device"]
    anonymous_id = world.devices.anonymous_id(device, world.devices.generation(device, day))
    return {
        "order_id": order_ids(uid),
        "shop_customer_id": either(rows["is_guest"], None, shop_customer_ids(person)),
        "anonymous_id": either(is_web, anonymous_id, None),
        "cart_id": either(is_web, cart_ids(uid), None),
        "email": typed_emails(dice, uid, world.rates.untidy_email, email),
        "phone": shop_phone(world, uid, person, day, 0.45),
        "status": either(is_partial, "partially_refunded", picked([name for _, name in changes], change)),
        "channel": either(is_web, either(world.devices.is_app(device), "app", "web"), "phone"),
        "subtotal": amounts(rows["subtotal"]),
        "discount": amounts(rows["order_discount"]),
        "tax": amounts(rows["tax"]),
        "shipping": amounts(rows["shipping"]),
        "total": amounts(rows["total"]),
        "currency": picked(CURRENCIES, people.country[person]),
        "coupon_code": either(rows["has_coupon"], picked(("WELCOME10", "TRAIL10", "FRIENDS10"), uid % 3), None),
        "ordered_at": moments(ordered_at(rows)),
        "updated_at": moments(changed),
    }, uid * 4 + change


def _line_rows(world: World, orders: Columns, lines: Columns) -> Rows:
    uid = orders["uid"][lines["row"]]
    return {
        "order_id": order_ids(uid),
        "line_no": numerals(lines["line_no"]),
        "product_id": world.catalogue.product_id.take(pa.array(lines["product"])),
        "quantity": numerals(lines["quantity"]),
        "unit_price": amounts(lines["unit_price"]),
        "discount": amounts(lines["discount"]),
        "tax": amounts(lines["tax"]),
    }, uid * 16 + lines["line_no"]


def _payment_rows(world: World, orders: Columns) -> Rows:
    """Payments; what an order paid adds up to its total, and an attempt that failed comes before it."""
    dice = world.dice
    attempts = (orders["fails_first"], np.ones(len(orders["uid"]), dtype=bool), orders["second_payment"] > 0)
    index = np.concatenate([np.flatnonzero(mask) for mask in attempts])
    part = np.repeat(np.arange(3), [int(mask.sum()) for mask in attempts])
    rows = rows_of(orders, index)
    order = np.lexsort((part, rows["uid"]))
    rows, part = rows_of(rows, order), part[order]
    first_share = rows["total"] - rows["second_payment"]
    amount = np.select([part == 0, part == 1], [rows["total"], first_share], rows["second_payment"])
    is_gift_card = part == 2
    method = either(is_gift_card, "gift_card", picked(METHODS, rows["method"]))
    is_card = pc.equal(method, "card").to_numpy(zero_copy_only=False)
    status = either(part == 0, "failed", either(rows["cancelled_day"] < NEVER, "voided", "paid"))
    return {
        "payment_id": joined("PAY-", order_ids(rows["uid"]), "-", numerals(part)),
        "order_id": order_ids(rows["uid"]),
        "method": method,
        "provider": either(is_gift_card, "own", picked(PROVIDERS, rows["method"])),
        "amount": amounts(amount),
        "currency": picked(CURRENCIES, world.people.country[rows["person"]]),
        "status": status,
        "card_fingerprint": either(is_card, card_fingerprints(dice, rows["person"]), None),
        "paid_at": moments(ordered_at(rows) + 30 * part),
    }, rows["uid"] * 4 + part


def _refund_rows(world: World, orders: Columns) -> Rows:
    return {
        "refund_id": joined("R-", order_ids(orders["uid"])),
        "order_id": order_ids(orders["uid"]),
        "amount": amounts(orders["refund_amount"]),
        "currency": picked(CURRENCIES, world.people.country[orders["person"]]),
        "reason": picked(("wrong size", "damaged", "changed mind", "late delivery"), orders["uid"] % 4),
        "refunded_at": moments(seconds(orders["refund_day"], 84_000)),
    }, orders["uid"]


def truth_rows(world: World, visits: tuple[Columns, Columns]) -> dict[str, pa.Array]:
    """Who placed each order of these visits."""
    orders = rows_of(visits[0], np.isin(visits[0]["goal"], (ORDER, PHONE_ORDER)))
    is_app = world.devices.is_app(orders["device"])
    return {
        "order_id": order_ids(orders["uid"]),
        "person_id": person_ids(orders["person"]),
        "channel": either(orders["goal"] == PHONE_ORDER, "phone", either(is_app, "app", "web")),
        "total": amounts(orders["total"]),
        "currency": picked(CURRENCIES, world.people.country[orders["person"]]),
        "ordered_at": moments(ordered_at(orders)),
    }
