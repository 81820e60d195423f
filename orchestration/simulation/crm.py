"""The CRM's tables, for its main instance and for the second one, `emea`."""

from collections.abc import Callable

import numpy as np

from orchestration.simulation.columns import (
    Columns,
    Rows,
    Stream,
    arriving,
    constant,
    daily_ids,
    daily_uids,
    day_of_uid,
    either,
    flags,
    generator,
    joined,
    moments,
    numerals,
    picked,
    rows_of,
    seconds,
    stacked,
)
from orchestration.simulation.contacts import account_count
from orchestration.simulation.countries import CODES, COUNTRIES
from orchestration.simulation.crm_contacts import contact_rows
from orchestration.simulation.crm_deals import STAGE_DAYS, contract_rows, deal_rows, draw_deals, stage_rows
from orchestration.simulation.ids import OWNERS, account_ids, owner_ids
from orchestration.simulation.names import LANGUAGES
from orchestration.simulation.world import World

_FORMS = ("GmbH", "Ltd", "SA")
_TEAMS = ("sales", "sales", "service", "partners")
_INDUSTRIES = ("retail", "tourism", "sports clubs", "schools", "logistics", "public sector")


def crm_tables(world: World, first: int, last: int) -> dict[str, Rows]:
    """All tables of both instances, named `crm.table` and `crm@emea.table`."""
    deals = draw_deals(world, first - STAGE_DAYS, last)
    makers: dict[str, Callable[[bool], Rows]] = {
        "owners": lambda is_emea: _owner_rows(is_emea, first, last),
        "accounts": lambda is_emea: _account_rows(world, is_emea, first, last),
        "contacts": lambda is_emea: contact_rows(world, is_emea, first, last),
        "deals": lambda is_emea: deal_rows(world, _of(world, deals, is_emea), first, last),
        "deal_stage_history": lambda is_emea: stage_rows(_of(world, deals, is_emea), first, last),
        "contracts": lambda is_emea: contract_rows(world, _of(world, deals, is_emea), is_emea, first, last),
        "activities": lambda is_emea: _activity_rows(world, is_emea, first, last),
    }
    return {
        f"{source}.{table}": make(is_emea)
        for source, is_emea in (("crm", False), ("crm@emea", True))
        for table, make in makers.items()
    }


def _of(world: World, rows: Columns, is_emea: bool) -> Columns:
    return rows_of(rows, world.contacts.is_emea[rows["contact"]] == is_emea)


def _owner_rows(is_emea: bool, first: int, last: int) -> Rows:
    owner = arriving(np.zeros(OWNERS), first, last)
    women, families = (LANGUAGES["pl" if is_emea else "en"].women, LANGUAGES["nl" if is_emea else "de"].families)
    return {
        "owner_id": owner_ids(owner),
        "name": joined(picked(women, owner), " ", picked(families, owner)),
        "team": picked(_TEAMS, owner % 4),
        "email": joined("agent", numerals(owner + 1), "@northwind-outfitters.example"),
        "is_active": flags(owner % 6 != 5),
    }, owner


def _account_rows(world: World, is_emea: bool, first: int, last: int) -> Rows:
    account = arriving(np.zeros(account_count(world.people.count)), first, last)
    number = account * 2 + is_emea
    language = LANGUAGES["it" if is_emea else "de"]
    made = seconds(-30 - world.dice.below("account age", 900, number), 36_000)
    name = joined(picked(language.families, number % len(language.families)), " ", picked(_FORMS, number % 3))
    return {
        "account_id": account_ids(account),
        "name": name,
        "domain": joined("company-", numerals(number + 1), ".example"),
        "industry": picked(_INDUSTRIES, world.dice.below("industry", len(_INDUSTRIES), number)),
        "employees": numerals(5 + world.dice.below("employees", 900, number)),
        "country": picked(CODES, world.dice.below("account country", len(COUNTRIES), number)),
        "parent_account_id": account_ids(np.where((account > 3) & (account % 9 == 0), account // 9, -1)),
        "owner_id": owner_ids(account),
        "created_at": moments(made),
        "updated_at": moments(made),
    }, number


def _activity_rows(world: World, is_emea: bool, first: int, last: int) -> Rows:
    """Calls, e-mails, meetings, notes and text messages between owners and contacts."""
    contacts, parts = world.contacts, []
    for day in range(first, last + 1):
        rng = generator(world.seed, Stream.ACTIVITIES, day)
        happens = (rng.random(contacts.count) < world.rates.activities_per_day) & (contacts.created_day <= day)
        contact = np.flatnonzero(happens & (contacts.deleted_day > day))
        parts.append({"uid": daily_uids(day, len(contact)), "contact": contact})
    rows = _of(world, stacked(parts), is_emea)
    uid, dice = rows["uid"], world.dice
    kind = dice.below("activity", 5, uid)
    is_call = kind == 0
    duration = numerals(20 + dice.below("duration", 1500, uid))
    return {
        "activity_id": daily_ids("ACT", uid),
        "contact_id": contacts.ids(rows["contact"]),
        "deal_id": constant(None, len(uid)),
        "owner_id": owner_ids(uid),
        "type": picked(("call", "email", "meeting", "note", "sms"), kind),
        "direction": either(kind == 3, None, either(uid % 3 == 0, "inbound", "outbound")),
        "subject": picked(("Follow-up", "Order question", "Offer", "Return", "Introduction"), uid % 5),
        "duration_s": either(is_call | (kind == 2), duration, None),
        "outcome": either(is_call, picked(("reached", "no answer", "voicemail"), uid % 3), None),
        "occurred_at": moments(seconds(day_of_uid(uid), 8 * 3600 + dice.below("office hour", 36_000, uid))),
    }, uid
