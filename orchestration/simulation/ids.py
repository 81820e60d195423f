"""Identifiers as the demo company's systems write them."""

import pyarrow as pa

from orchestration.simulation.columns import Dice, Numbers, daily_ids, either, hexadecimal, joined, numerals

OWNERS = 12  # people who work with the CRM, in each instance
CART_IN_STORE = 1 << 40  # set in the number of a store purchase that was a cart of the web shop before


def person_ids(person: Numbers) -> pa.Array:
    """Ids of people in the truth."""
    return joined("P", numerals(person + 1, 7))


def household_ids(household: Numbers) -> pa.Array:
    """Ids of households in the truth."""
    return joined("H", numerals(household + 1, 7))


def user_ids(person: Numbers) -> pa.Array:
    """Ids that people with an account log in with."""
    return joined("usr_", numerals(person * 7 + 500_003))


def shop_customer_ids(person: Numbers) -> pa.Array:
    """Ids of the shop's customers."""
    return joined("SC", numerals(person + 70_001))


def loyalty_ids(person: Numbers) -> pa.Array:
    """Numbers of loyalty cards."""
    return joined("L", numerals(3_000_017 + person * 13))


def card_fingerprints(dice: Dice, person: Numbers) -> pa.Array:
    """What a payment provider tells of a person's card, the same in the shop and in the stores."""
    return joined("fp_", hexadecimal(dice.hash("card", person)))


def order_ids(uid: Numbers) -> pa.Array:
    """Ids of orders."""
    return daily_ids("O", uid)


def cart_ids(uid: Numbers) -> pa.Array:
    """Ids of carts, one for each visit that has one."""
    return daily_ids("cart-", uid)


def transaction_ids(uid: Numbers) -> pa.Array:
    """Ids of store purchases; the day in the id of an abandoned cart is the day when it was abandoned."""
    return daily_ids(either(uid >= CART_IN_STORE, "TC", "T"), uid & CART_IN_STORE - 1)


def account_ids(account: Numbers) -> pa.Array:
    """Ids of companies in the CRM; null where the index is negative."""
    return either(account < 0, None, joined("A", numerals(account + 501)))


def owner_ids(number: Numbers) -> pa.Array:
    """Ids of the people who work with the CRM, one for any number."""
    return joined("OWN", numerals(number % OWNERS + 1, 3))
