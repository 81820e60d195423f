"""The CRM's tables, for its main instance and for the second one, `emea`."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from orchestration.simulation.columns import (
    NEVER, Columns, Numbers, Stream, amounts, arriving, constant, dates, either, flags, generator, joined,
    moments, numerals, picked, rows_of, seconds, stacked,
)
from orchestration.simulation.commerce import Rows
from orchestration.simulation.contacts import ELSEWHERE, FIRST, NEW_EMAIL, NEW_NAME, TYPO
from orchestration.simulation.countries import CITIES, CITIES_EACH, CODES, COUNTRIES, CURRENCIES, PER_EURO
from orchestration.simulation.names import LANGUAGES, STREETS
from orchestration.simulation.notations import (
    JUNK_EMAILS, JUNK_PHONES, SUPPORT_ADDRESS, any_notation, misspelt, misspelt_email, typed_emails, with_junk,
)
from orchestration.simulation.world import World

OWNERS = 12
STAGES = ("qualification", "proposal", "negotiation")
STAGE_DAYS = 40  # a deal is decided at most so many days after it was opened
_LANGUAGES = [LANGUAGES[country.language].tag for country in COUNTRIES]
_TEAMS = ("sales", "sales", "service", "partners")
_INDUSTRIES = ("retail", "tourism", "sports clubs", "schools", "logistics", "public sector")


def crm_tables(world: World, first: int, last: int) -> dict[str, Rows]:
    """All tables of both instances, named `crm.table` and `crm@emea.table`."""
    deals = _deals(world, first - STAGE_DAYS, last)
    makers: dict[str, Callable[[bool], Rows]] = {
        "owners": lambda is_emea: _owner_rows(is_emea, first, last),
        "accounts": lambda is_emea: _account_rows(world, is_emea, first, last),
        "contacts": lambda is_emea: _contact_rows(world, is_emea, first, last),
        "deals": lambda is_emea: _deal_rows(world, _of(world, deals, is_emea), first, last),
        "deal_stage_history": lambda is_emea: _stage_rows(_of(world, deals, is_emea), first, last),
        "contracts": lambda is_emea: _contract_rows(world, _of(world, deals, is_emea), first, last),
        "activities": lambda is_emea: _activity_rows(world, is_emea, first, last),
    }
    return {f"{source}.{table}": make(is_emea) for source, is_emea in (("crm", False), ("crm@emea", True))
            for table, make in makers.items()}


def account_count(world: World) -> int:
    """How many companies each instance knows."""
    return world.people.count // 50 + 5


def _of(world: World, rows: Columns, is_emea: bool) -> Columns:
    return rows_of(rows, world.contacts.is_emea[rows["contact"]] == is_emea)


def _owner_ids(number: Numbers) -> pa.Array:
    return joined("OWN", numerals(number % OWNERS + 1, 3))


def _owner_rows(is_emea: bool, first: int, last: int) -> Rows:
    owner = arriving(np.zeros(OWNERS), first, last)
    women, families = (LANGUAGES["pl" if is_emea else "en"].women, LANGUAGES["nl" if is_emea else "de"].families)
    return {
        "owner_id": _owner_ids(owner),
        "name": joined(picked(women, owner), " ", picked(families, owner)),
        "team": picked(_TEAMS, owner % 4),
        "email": joined("agent", numerals(owner + 1), "@northwind-outfitters.example"),
        "is_active": flags(owner % 6 != 5),
    }, owner


def _account_ids(account: Numbers) -> pa.Array:
    return either(account < 0, None, joined("A", numerals(account + 501)))


def _account_rows(world: World, is_emea: bool, first: int, last: int) -> Rows:
    account = arriving(np.zeros(account_count(world)), first, last)
    number = account * 2 + is_emea
    language = LANGUAGES["it" if is_emea else "de"]
    made = seconds(-30 - world.dice.below("account age", 900, number), 36_000)
    name = joined(picked(language.families, number % len(language.families)), " ", picked(("GmbH", "Ltd", "SA"), number % 3))
    return {
        "account_id": _account_ids(account),
        "name": name,
        "domain": joined("company-", numerals(number + 1), ".example"),
        "industry": picked(_INDUSTRIES, world.dice.below("industry", len(_INDUSTRIES), number)),
        "employees": numerals(5 + world.dice.below("employees", 900, number)),
        "country": picked(CODES, world.dice.below("account country", len(COUNTRIES), number)),
        "parent_account_id": _account_ids(np.where((account > 3) & (account % 9 == 0), account // 9, -1)),
        "owner_id": _owner_ids(account),
        "created_at": moments(made),
        "updated_at": moments(made),
    }, number


def _contact_rows(world: World, is_emea: bool, first: int, last: int) -> Rows:
    """Each contact when it is made, and whenever something about it changes."""
    dice, people, rates, contacts = world.dice, world.people, world.rates, world.contacts
    contact, changed, reason = contacts.versions(people, first, last)
    mine = contacts.is_emea[contact] == is_emea
    contact, changed, reason = contact[mine], changed[mine], reason[mine]
    person, kind, day = contacts.person[contact], contacts.kind[contact], np.maximum(changed, 0)
    country = people.country[person]
    made = seconds(contacts.created_day[contact], 8 * 3600 + dice.below("contact made", 20_000, contact))
    updated = np.where(reason == 0, made, seconds(changed, 60_000 + reason * 3600 + contact % 3600))
    is_customer = dice.happens("lifecycle", 0.5, contact) | (contacts.touch_day[contact] <= day)
    household = people.household[person]
    has_birth_date = dice.happens("birth date", rates.birth_date_given, contact)
    return {
        "contact_id": contacts.ids(contact),
        "account_id": _account_ids(np.where(contacts.account[contact] < 0, -1, contacts.account[contact] % account_count(world))),
        "first_name": _contact_first_names(world, person, kind),
        "last_name": _contact_family_names(world, contact, person, kind, day),
        "email": _contact_emails(world, contact, person, kind, day),
        **_contact_phones(world, contact, person, day),
        "birth_date": dates(people.birth_day[person], ~has_birth_date),
        "gender": either(dice.happens("gender", 0.7, contact), either(people.is_woman[person], "female", "male"), None),
        "language": picked(_LANGUAGES, country),
        "street": joined(picked(STREETS, household % len(STREETS)), " ", numerals(1 + household * 7 % 180)),
        "city": picked(CITIES, country * CITIES_EACH + household % CITIES_EACH),
        "postcode": numerals(10_000 + household * 37 % 89_999),
        "country": picked(CODES, country),
        "lifecycle_stage": either(is_customer, "customer", "lead"),
        "lead_source": picked(("web", "store", "event", "referral", None), dice.below("lead source", 5, contact)),
        "owner_id": _owner_ids(contact),
        "is_deleted": flags(contacts.deleted_day[contact] <= day),
        "created_at": moments(made),
        "updated_at": moments(updated),
    }, contact * 8 + reason


def _contact_first_names(world: World, person: Numbers, kind: Numbers) -> pa.Array:
    name = world.people.first_name.take(pa.array(person))
    return either(kind == TYPO, misspelt(name), name)


def _contact_family_names(world: World, contact: Numbers, person: Numbers, kind: Numbers, day: Numbers) -> pa.Array:
    people = world.people
    follows = world.contacts.follows_name[contact]
    name = people.family_name(person, np.where(follows, day, world.contacts.created_day[contact]))
    name = either((kind == FIRST) & ~follows, people.last_name.take(pa.array(person)), name)
    return either(kind == NEW_NAME, people.married_name.take(pa.array(person)), name)


def _contact_emails(world: World, contact: Numbers, person: Numbers, kind: Numbers, day: Numbers) -> pa.Array:
    """Addresses as the CRM knows them: of the day, outdated, misspelt, junk, or the one of our own support."""
    dice, people, rates = world.dice, world.people, world.rates
    first_email = people.first_email.take(pa.array(person))
    email = either(world.contacts.follows_email[contact], people.email(person, day), first_email)
    has_email_typo = has_misspelt_email(world, contact)
    email = either(has_email_typo, misspelt_email(first_email), email)
    email = either(kind == NEW_EMAIL, people.second_email.take(pa.array(person)), email)
    email = typed_emails(dice, contact, rates.untidy_email, email)
    email = with_junk(dice, contact, rates.junk_email, email, JUNK_EMAILS)
    email = either(dice.happens("support address", rates.support_address, contact), SUPPORT_ADDRESS, email)
    return either(dice.happens("no email", np.where(kind == ELSEWHERE, 0.0, 0.06), contact), None, email)


def has_misspelt_email(world: World, contact: Numbers) -> Numbers:
    """True for contacts whose address has a letter too many."""
    return (world.contacts.kind[contact] == TYPO) & world.dice.happens("email typo", 0.5, contact)


def _contact_phones(world: World, contact: Numbers, person: Numbers, day: Numbers) -> dict[str, pa.Array]:
    """Landline of the household and own mobile number, in the notations of the country; the mobile may be outdated."""
    dice, people, rates, contacts = world.dice, world.people, world.rates, world.contacts
    country = people.country[person]
    known_on = np.where(contacts.follows_phone[contact], day, np.maximum(contacts.created_day[contact], -NEVER))
    mobile = any_notation(dice, contact, country, picked(people.mobile_national, people.phone(person, known_on)),
                          is_landline=False)
    mobile = with_junk(dice, contact, rates.junk_phone, mobile, JUNK_PHONES)
    household = np.where(people.has_landline[person], people.household[person], -1)
    landline = any_notation(dice, contact + 7, country, picked(people.landline_national, household), is_landline=True)
    swapped = dice.happens("mobile in phone", 0.3, contact) & ~people.has_landline[person]
    return {"phone": either(swapped, mobile, landline), "mobile": either(swapped, None, mobile)}


def _deals(world: World, first: int, last: int) -> Columns:
    """Deals opened on these days, with the days of their stages and their outcome."""
    parts = []
    contacts = world.contacts
    for day in range(max(first, 0), last + 1):
        rng = generator(world.seed, Stream.CRM, day)
        opens = rng.random(contacts.count) < world.rates.deals_per_day
        opens &= (contacts.account >= 0) & (contacts.created_day <= day) & (contacts.deleted_day > day)
        contact = np.flatnonzero(opens)
        chance = rng.random((4, len(contact)))
        steps = np.minimum(np.cumsum(1 + (chance[:3] * 13).astype(np.int64), axis=0), STAGE_DAYS)
        parts.append({
            "uid": np.int64(day) << 24 | np.arange(len(contact)), "contact": contact, "day": np.full(len(contact), day),
            "proposal": day + steps[0], "negotiation": day + steps[1], "decided": day + steps[2],
            "is_won": chance[3] < 0.45,
        })
    return stacked(parts)


def _stage_changes(deals: Columns, first: int, last: int) -> tuple[Columns, Numbers]:
    """Deals whose stage changes in the period, and to which stage: 0 to 2 as in STAGES, 3 when it is decided."""
    days = [deals[name] for name in ("day", "proposal", "negotiation", "decided")]
    found = [arriving(day, first, last) for day in days]
    index, stage = np.concatenate(found), np.repeat(np.arange(4), [len(rows) for rows in found])
    changed = np.stack(days)[stage, index]
    return {**rows_of(deals, index), "changed": seconds(changed, 36_000 + stage * 3600)}, stage


def _deal_ids(uid: Numbers) -> pa.Array:
    return joined("D", numerals((uid >> 24) + 1001, 4), "-", numerals(uid & 0xFFFFFF, 5))


def _stage_names(stage: Numbers, is_won: Numbers) -> pa.Array:
    return either(stage == 3, either(is_won, "won", "lost"), picked(STAGES, np.minimum(stage, 2)))


def _deal_rows(world: World, deals: Columns, first: int, last: int) -> Rows:
    rows, stage = _stage_changes(deals, first, last)
    uid, contact = rows["uid"], rows["contact"]
    country = world.people.country[world.contacts.person[contact]]
    is_closed = stage == 3
    is_lost = is_closed & ~rows["is_won"]
    return {
        "deal_id": _deal_ids(uid),
        "account_id": _account_ids(world.contacts.account[contact] % account_count(world)),
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
        "owner_id": _owner_ids(contact),
        "created_at": moments(seconds(rows["day"], 36_000)),
        "updated_at": moments(rows["changed"]),
    }, uid * 4 + stage


def _deal_amounts(world: World, uid: Numbers, country: Numbers) -> pa.Array:
    euros = 200 + world.dice.below("deal amount", 9000, uid)
    return amounts(np.round(euros * PER_EURO[country]).astype(np.int64) * 100)


def _stage_rows(deals: Columns, first: int, last: int) -> Rows:
    rows, stage = _stage_changes(deals, first, last)
    return {
        "deal_id": _deal_ids(rows["uid"]),
        "changed_at": moments(rows["changed"]),
        "from_stage": picked(STAGES, stage - 1),
        "to_stage": _stage_names(stage, rows["is_won"]),
    }, rows["uid"] * 4 + stage


def _contract_rows(world: World, deals: Columns, first: int, last: int) -> Rows:
    """A contract for every deal that was won, and again when it is cancelled."""
    won = rows_of(deals, deals["is_won"] & (deals["decided"] >= first) & (deals["decided"] <= last))
    uid, contact = won["uid"], won["contact"]
    country = world.people.country[world.contacts.person[contact]]
    return {
        "contract_id": joined("K-", _deal_ids(uid)),
        "account_id": _account_ids(world.contacts.account[contact] % account_count(world)),
        "contact_id": world.contacts.ids(contact),
        "status": constant("active", len(uid)),
        "start_date": dates(won["decided"] + 1),
        "end_date": dates(won["decided"] + 366),
        "renewal_type": either(uid % 2 == 0, "automatic", "manual"),
        "monthly_amount": amounts(np.round((20 + uid % 300) * PER_EURO[country]).astype(np.int64) * 100),
        "currency": picked(CURRENCIES, country),
        "updated_at": moments(seconds(won["decided"], 80_000)),
    }, uid


def _activity_rows(world: World, is_emea: bool, first: int, last: int) -> Rows:
    """Calls, e-mails, meetings, notes and text messages between owners and contacts."""
    contacts, parts = world.contacts, []
    for day in range(first, last + 1):
        rng = generator(world.seed, Stream.CRM, 1_000_000 + day)
        happens = (rng.random(contacts.count) < world.rates.activities_per_day) & (contacts.created_day <= day)
        contact = np.flatnonzero(happens & (contacts.deleted_day > day))
        parts.append({"uid": np.int64(day) << 24 | np.arange(len(contact)), "contact": contact})
    rows = _of(world, stacked(parts), is_emea)
    uid, dice = rows["uid"], world.dice
    kind = dice.below("activity", 5, uid)
    is_call = kind == 0
    duration = numerals(20 + dice.below("duration", 1500, uid))
    return {
        "activity_id": joined("ACT", numerals(uid >> 24, 4), "-", numerals(uid & 0xFFFFFF, 5)),
        "contact_id": contacts.ids(rows["contact"]),
        "deal_id": constant(None, len(uid)),
        "owner_id": _owner_ids(uid),
        "type": picked(("call", "email", "meeting", "note", "sms"), kind),
        "direction": either(kind == 3, None, either(uid % 3 == 0, "inbound", "outbound")),
        "subject": picked(("Follow-up", "Order question", "Offer", "Return", "Introduction"), uid % 5),
        "duration_s": either(is_call | (kind == 2), duration, None),
        "outcome": either(is_call, picked(("reached", "no answer", "voicemail"), uid % 3), None),
        "occurred_at": moments(seconds(uid >> 24, 8 * 3600 + dice.below("office hour", 36_000, uid))),
    }, uid


