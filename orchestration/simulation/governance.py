"""Requests of data subjects, and decisions of data stewards; a few of each."""

import numpy as np
import pyarrow as pa

from orchestration.simulation.columns import (
    NEVER,
    Rows,
    arriving,
    constant,
    either,
    joined,
    moments,
    numerals,
    picked,
    seconds,
)
from orchestration.simulation.ids import shop_customer_ids, user_ids
from orchestration.simulation.world import World

_REQUESTS = ("access", "erasure", "erasure", "objection", "rectification")


def request_rows(world: World, first: int, last: int) -> Rows:
    """`privacy.requests` of people who are known: access, erasure, objection, rectification."""
    dice, people = world.dice, world.people
    everyone = np.arange(people.count)
    wait = dice.below("request day", 200, everyone)
    asks = dice.happens("request", world.rates.privacy_request, everyone) & (people.known_day < NEVER)
    person = arriving(np.where(asks, np.maximum(people.known_day, 0) + 1 + wait, NEVER), first, last)
    day = np.maximum(people.known_day[person], 0) + 1 + wait[person]
    is_verified = dice.happens("verified", 0.8, person)
    return {
        "request_id": joined("REQ", numerals(person + 1, 6)),
        "type": picked(_REQUESTS, dice.below("request type", len(_REQUESTS), person)),
        "id_type": constant("email", len(person)),
        "id_value": people.email(person, day),
        "received_at": moments(seconds(day, 40_000)),
        "verified_at": moments(seconds(day, 50_000), ~is_verified),
    }, person


def override_rows(world: World, first: int, last: int) -> Rows:
    """`steward.identity_overrides`: one person's ids linked, two members of a household kept apart, values blocked."""
    dice, people = world.dice, world.people
    everyone = np.arange(people.count)
    neighbour = np.where(everyone + 1 < people.count, everyone + 1, 0)
    shares_home = people.household[neighbour] == people.household
    applies = dice.happens("override", world.rates.steward_override, everyone) & (people.shop_day < NEVER)
    day = np.maximum(people.shop_day, 0) + 5 + dice.below("override day", 190, everyone)
    person = arriving(np.where(applies, day, NEVER), first, last)
    action = np.where(
        shares_home[person] & (people.known_day[neighbour[person]] <= day[person]), 1, np.where(person % 5 == 0, 2, 0)
    )
    other = either(action == 1, people.first_email.take(pa.array(neighbour[person])), user_ids(person))
    is_block = action == 2
    first_value = either(action == 1, people.first_email.take(pa.array(person)), shop_customer_ids(person))
    landline = picked(people.landline_e164, people.household[person])
    return {
        "override_id": joined("OV", numerals(person + 1, 6)),
        "action": picked(("force_link", "force_split", "block"), action),
        "id_type_a": picked(("shop_customer_id", "email", "phone"), action),
        "id_value_a": either(is_block, landline, first_value),
        "id_type_b": picked(("user_id", "email", None), action),
        "id_value_b": either(is_block, None, other),
        "reason": picked(("same person by invoice", "two people, one household", "switchboard"), action),
        "author": constant("data.steward", len(person)),
        "created_at": moments(seconds(day[person], 45_000)),
        "revoked_at": moments(seconds(day[person] + 30, 45_000), ~dice.happens("revoked", 0.1, person)),
    }, person
