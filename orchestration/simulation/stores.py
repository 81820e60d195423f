"""The stores' tables: purchases by loyalty card, by bank card or by nothing, and the loyalty programme."""

import numpy as np
import pyarrow as pa

from orchestration.simulation.catalogue import store_ids
from orchestration.simulation.columns import (
    NEVER,
    Columns,
    Rows,
    Stream,
    amounts,
    arriving,
    constant,
    daily_uids,
    dates,
    days_of,
    either,
    generator,
    moments,
    numerals,
    picked,
    seconds,
)
from orchestration.simulation.commerce import shop_phone
from orchestration.simulation.countries import CITIES_EACH, CURRENCIES
from orchestration.simulation.ids import CART_IN_STORE, card_fingerprints, loyalty_ids, person_ids, transaction_ids
from orchestration.simulation.notations import typed_emails
from orchestration.simulation.shopping import FOLLOW_UP_DAYS, Daybook, draw_lines, select, with_lines
from orchestration.simulation.world import World

TIERS = ("basic", "basic", "silver", "gold")


def store_purchases(world: World, daybook: Daybook, first: int, last: int) -> tuple[Columns, Columns]:
    """Purchases in stores of these days and their lines: on impulse, or of a cart abandoned in the web shop."""
    parts = [_draw_purchases(world, day) for day in range(first, last + 1)]
    visits, lines = daybook.visits(first - FOLLOW_UP_DAYS, last)
    carts, cart_lines = select(visits, lines, (visits["store_day"] >= first) & (visits["store_day"] <= last))
    head = {"uid": carts["uid"] | CART_IN_STORE, "person": carts["person"], "day": carts["store_day"]}
    parts.append((head, {**cart_lines, "discount": cart_lines["discount"] * 0}))
    purchases, purchase_lines = with_lines(parts)
    return {**purchases, **_paid(world, purchases, purchase_lines)}, purchase_lines


def _draw_purchases(world: World, day: int) -> tuple[Columns, Columns]:
    rng = generator(world.seed, Stream.STORES, day)
    people = world.people
    person = np.flatnonzero(rng.random(people.count) < world.rates.store_purchases_per_day * people.activity)
    uid = daily_uids(day, len(person))
    lines = draw_lines(rng, world, person, rng.geometric(0.5, len(person)))
    return {"uid": uid, "person": person, "day": np.full(len(person), day)}, lines


def _paid(world: World, head: Columns, lines: Columns) -> Columns:
    """The total, and what the purchase tells of who bought."""
    dice, rates, uid, person = world.dice, world.rates, head["uid"], head["person"]
    is_member = world.people.loyalty_day[person] <= head["day"]
    by_loyalty = is_member & dice.happens("shows loyalty card", rates.store_by_loyalty, uid)
    is_known = world.people.known_day[person] <= head["day"]
    return {
        "total": np.bincount(lines["row"], lines["quantity"] * lines["unit_price"], len(uid)).astype(np.int64),
        "by_loyalty": by_loyalty,
        "by_card": dice.happens("pays by card", rates.store_by_card, uid),
        "by_email": is_known & dice.happens("receipt by email", rates.store_receipt_by_email, uid),
        "occurred": seconds(head["day"], 9 * 3600 + dice.below("store hour", 10 * 3600, uid)),
    }


def store_tables(world: World, purchases: tuple[Columns, Columns]) -> dict[str, Rows]:
    """`pos.transactions` and `pos.transaction_lines`."""
    head, lines = purchases
    dice, people, uid, person = world.dice, world.people, head["uid"], head["person"]
    store = people.country[person] * CITIES_EACH + dice.below("store", CITIES_EACH, person)
    method = either(head["by_card"], "card", either(dice.happens("voucher", 0.05, uid), "voucher", "cash"))
    email = typed_emails(dice, uid, world.rates.untidy_email, people.email(person, head["day"]))
    line_uid = uid[lines["row"]]
    return {
        "pos.transactions": (
            {
                "transaction_id": transaction_ids(uid),
                "store_id": store_ids(store),
                "loyalty_id": either(head["by_loyalty"], loyalty_ids(person), None),
                "card_fingerprint": either(head["by_card"], card_fingerprints(dice, person), None),
                "email": either(head["by_email"], email, None),
                "phone": either(head["by_email"], shop_phone(world, uid, person, head["day"], 0.3), None),
                "total": amounts(head["total"]),
                "currency": picked(CURRENCIES, people.country[person]),
                "payment_method": method,
                "occurred_at": moments(head["occurred"]),
            },
            uid,
        ),
        "pos.transaction_lines": (
            {
                "transaction_id": transaction_ids(line_uid),
                "line_no": numerals(lines["line_no"]),
                "product_id": world.catalogue.product_id.take(pa.array(lines["product"])),
                "quantity": numerals(lines["quantity"]),
                "unit_price": amounts(lines["unit_price"]),
            },
            line_uid * 16 + lines["line_no"],
        ),
    }


def member_rows(world: World, first: int, last: int) -> Rows:
    """`pos.loyalty_members`: on enrolment, and again when the address or the tier changes."""
    dice, people = world.dice, world.people
    enrolled = people.loyalty_day
    everyone = np.arange(people.count)
    tier_day = np.where(dice.happens("tier", 0.3, everyone), np.maximum(enrolled, 0) + 10 + everyone % 170, NEVER)
    email_day = np.where(people.email_change_day > np.maximum(enrolled, 0), people.email_change_day, NEVER)
    changes = [enrolled, *(np.where(enrolled < NEVER, day, NEVER) for day in (email_day, tier_day))]
    found = [arriving(day, first, last) for day in changes]
    person, change = np.concatenate(found), np.repeat(np.arange(3), [len(rows) for rows in found])
    made = seconds(enrolled[person], 10 * 3600 + dice.below("enrolled", 30_000, person))
    updated = np.where(change == 0, made, seconds(np.stack(changes)[change, person], 72_000 + person % 9000))
    day = np.maximum(days_of(updated), 0)
    has_birth_date = dice.happens("birth date for loyalty", world.rates.birth_date_given, person)
    tier = (person % 3) + (tier_day[person] <= day)
    return {
        "loyalty_id": loyalty_ids(person),
        "email": typed_emails(dice, person, world.rates.untidy_email, people.email(person, day)),
        "phone": shop_phone(world, person, person, day, 0.5),
        "first_name": people.first_name.take(pa.array(person)),
        "last_name": people.family_name(person, day),
        "birth_date": dates(people.birth_day[person], ~has_birth_date),
        "enrolled_at": moments(made),
        "tier": picked(TIERS, tier),
        "updated_at": moments(updated),
    }, person * 4 + change


def truth_rows(world: World, purchases: Columns) -> dict[str, pa.Array]:
    """Who bought in the stores."""
    return {
        "order_id": transaction_ids(purchases["uid"]),
        "person_id": person_ids(purchases["person"]),
        "channel": constant("store", len(purchases["uid"])),
        "total": amounts(purchases["total"]),
        "currency": picked(CURRENCIES, world.people.country[purchases["person"]]),
        "ordered_at": moments(purchases["occurred"]),
    }
