"""The CRM's deals, their stages, and the contracts that come of them."""

import numpy as np
import pyarrow as pa

from orchestration.simulation.columns import (
    Columns,
    Numbers,
    Rows,
    Stream,
    amounts,
    arriving,
    constant,
    daily_ids,
    daily_uids,
    dates,
    either,
    flags,
    generator,
    joined,
    moments,
    picked,
    rows_of,
    seconds,
    stacked,
)
from orchestration.simulation.contacts import FIRST
from orchestration.simulation.countries import CURRENCIES, PER_EURO
from orchestration.simulation.ids import account_ids, owner_ids
from orchestration.simulation.world import World

STAGES = ("qualification", "proposal", "negotiation")
STAGE_DAYS = 40  # a deal is decided at most so many days after it was opened


def draw_deals(world: World, first: int, last: int) -> Columns:
    """Deals opened on these days, with the days of their stages and their outcome."""
    parts = []
    contacts = world.contacts
    for day in range(max(first, 0), last + 1):
        rng = generator(world.seed, Stream.DEALS, day)
        opens = rng.random(contacts.count) < world.rates.deals_per_day
        opens &= (contacts.account >= 0) & (contacts.created_day <= day) & (contacts.deleted_day > day)
        contact = np.flatnonzero(opens)
        chance = rng.random((4, len(contact)))
        steps = np.minimum(np.cumsum(1 + (chance[:3] * 13).astype(np.int64), axis=0), STAGE_DAYS)
        parts.append(
            {
                "uid": daily_uids(day, len(contact)),
                "contact": contact,
                "day": np.full(len(contact), day),
                "proposal": day + steps[0],
                "negotiation": day + steps[1],
                "decided": day + steps[2],
                "is_won": chance[3] < 0.45,
            }
        )
    return stacked(parts)


def _stage_changes(deals: Columns, first: int, last: int) -> tuple[Columns, Numbers]:
    """Deals whose stage changes in the period, and to which stage: 0 to 2 as in STAGES, 3 when it is decided."""
    days = [deals[name] for name in ("day", "proposal", "negotiation", "decided")]
    found = [arriving(day, first, last) for day in days]
    index, stage = np.concatenate(found), np.repeat(np.arange(4), [len(rows) for rows in found])
    changed = np.stack(days)[stage, index]
    return {**rows_of(deals, index), "changed": seconds(changed, 36_000 + stage * 3600)}, stage


def _deal_ids(uid: Numbers) -> pa.Array:
    return daily_ids("D", uid)


def _stage_names(stage: Numbers, is_won: Numbers) -> pa.Array:
    return either(stage == 3, either(is_won, "won", "lost"), picked(STAGES, np.minimum(stage, 2)))


def deal_rows(world: World, deals: Columns, first: int, last: int) -> Rows:
    """`crm.deals`: each deal when it is opened, and again at every stage."""
    rows, stage = _stage_changes(deals, first, last)
    uid, contact = rows["uid"], rows["contact"]
    country = world.people.country[world.contacts.person[contact]]
    is_closed = stage == 3
    is_lost = is_closed & ~rows["is_won"]
    return {
        "deal_id": _deal_ids(uid),
        "account_id": account_ids(world.contacts.account[contact]),
        "contact_id": world.contacts.ids(contact),
        "name": joined("Team order ", _deal_ids(uid)),
        "stage": _stage_names(stage, rows["is_won"]),
        "amount": _deal_amounts(world, uid, country),
        "currency": picked(CURRENCIES, country),
        "probability": picked(("0.20", "0.40", "0.70", "1.00", "0.00"), np.where(is_lost, 4, stage)),
        "expected_close_date": dates(rows["decided"]),
        "closed_at": moments(rows["changed"], ~is_closed),
        "is_won": either(is_closed, flags(rows["is_won"]), None),
        "outcome_reason": either(is_lost, picked(("price", "timing", "competitor"), uid % 3), None),
        "campaign_id": constant(None, len(uid)),
        "owner_id": owner_ids(contact),
        "created_at": moments(seconds(rows["day"], 36_000)),
        "updated_at": moments(rows["changed"]),
    }, uid * 4 + stage


def _deal_amounts(world: World, uid: Numbers, country: Numbers) -> pa.Array:
    euros = 200 + world.dice.below("deal amount", 9000, uid)
    return amounts(np.round(euros * PER_EURO[country]).astype(np.int64) * 100)


def stage_rows(deals: Columns, first: int, last: int) -> Rows:
    """`crm.deal_stage_history`."""
    rows, stage = _stage_changes(deals, first, last)
    return {
        "deal_id": _deal_ids(rows["uid"]),
        "changed_at": moments(rows["changed"]),
        "from_stage": picked(STAGES, stage - 1),
        "to_stage": _stage_names(stage, rows["is_won"]),
    }, rows["uid"] * 4 + stage


def contract_rows(world: World, deals: Columns, is_emea: bool, first: int, last: int) -> Rows:
    """A contract of a year for every deal that was won, and those that ran when the company was first looked at."""
    is_won = deals["is_won"] & (deals["decided"] >= first) & (deals["decided"] <= last)
    won = {name: deals[name][is_won] for name in ("uid", "contact", "decided")}
    earlier = _earlier_contracts(world, is_emea, first, last)
    is_earlier = np.arange(len(won["uid"]) + len(earlier["uid"])) >= len(won["uid"])
    rows = stacked([won, earlier])
    uid, contact = rows["uid"], rows["contact"]
    country = world.people.country[world.contacts.person[contact]]
    return {
        "contract_id": joined(either(is_earlier, "K-E", "K-"), _deal_ids(uid)),
        "account_id": account_ids(world.contacts.account[contact]),
        "contact_id": world.contacts.ids(contact),
        "status": constant("active", len(uid)),
        "start_date": dates(rows["decided"] + 1),
        "end_date": dates(rows["decided"] + 366),
        "renewal_type": either(uid % 2 == 0, "automatic", "manual"),
        "monthly_amount": amounts(np.round((20 + uid % 300) * PER_EURO[country]).astype(np.int64) * 100),
        "currency": picked(CURRENCIES, country),
        "updated_at": moments(seconds(rows["decided"], 80_000)),
    }, uid * 2 + is_earlier


def _earlier_contracts(world: World, is_emea: bool, first: int, last: int) -> Columns:
    """Contracts of the year before the first day, with contacts of companies that the CRM had then."""
    dice, contacts, everyone = world.dice, world.contacts, np.arange(world.contacts.count)
    runs = dice.happens("contract at start", world.rates.contract_at_start, everyone) & (contacts.account >= 0)
    runs &= (contacts.kind == FIRST) & (contacts.created_day <= 0) & (contacts.is_emea == is_emea)
    contact = np.flatnonzero(runs)
    contact = contact[arriving(np.zeros(len(contact)), first, last)]
    return {"uid": contact, "contact": contact, "decided": -1 - dice.below("contract age", 365, contact)}
