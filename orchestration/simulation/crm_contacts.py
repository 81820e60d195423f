"""`crm.contacts`: a contact's row as its instance writes it, with all that is wrong about contacts."""

import numpy as np
import pyarrow as pa

from orchestration.simulation.columns import (
    NEVER,
    Numbers,
    Rows,
    dates,
    either,
    flags,
    joined,
    moments,
    numerals,
    picked,
    seconds,
)
from orchestration.simulation.contacts import ELSEWHERE, FIRST, NEW_EMAIL, NEW_NAME, TYPO
from orchestration.simulation.countries import CITIES, CITIES_EACH, CODES, COUNTRIES
from orchestration.simulation.ids import account_ids, owner_ids
from orchestration.simulation.names import LANGUAGES, STREETS
from orchestration.simulation.notations import (
    JUNK_EMAILS,
    JUNK_PHONES,
    SUPPORT_ADDRESS,
    any_notation,
    misspelt,
    misspelt_email,
    typed_emails,
    with_junk,
)
from orchestration.simulation.world import World

_LANGUAGES = [LANGUAGES[country.language].tag for country in COUNTRIES]
_MOST_WITH_SUPPORT_ADDRESS = 400


def contact_rows(world: World, is_emea: bool, first: int, last: int) -> Rows:
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
        "account_id": account_ids(contacts.account[contact]),
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
        "owner_id": owner_ids(contact),
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
    share = min(rates.support_address, _MOST_WITH_SUPPORT_ADDRESS / max(1, world.contacts.count))
    email = either(dice.happens("support address", share, contact), SUPPORT_ADDRESS, email)
    return either(dice.happens("no email", np.where(kind == ELSEWHERE, 0.0, 0.06), contact), None, email)


def has_misspelt_email(world: World, contact: Numbers) -> Numbers:
    """True for contacts whose address has a letter too many."""
    return np.asarray(world.contacts.kind[contact] == TYPO) & world.dice.happens("email typo", 0.5, contact)


def _contact_phones(world: World, contact: Numbers, person: Numbers, day: Numbers) -> dict[str, pa.Array]:
    """Landline of the household and own mobile number, in the notations of the country; the mobile may be outdated."""
    dice, people, rates, contacts = world.dice, world.people, world.rates, world.contacts
    country = people.country[person]
    known_on = np.where(contacts.follows_phone[contact], day, np.maximum(contacts.created_day[contact], -NEVER))
    mobile = any_notation(
        dice, contact, country, picked(people.mobile_national, people.phone(person, known_on)), is_landline=False
    )
    mobile = with_junk(dice, contact, rates.junk_phone, mobile, JUNK_PHONES)
    household = np.where(people.has_landline[person], people.household[person], -1)
    landline = any_notation(dice, contact + 7, country, picked(people.landline_national, household), is_landline=True)
    swapped = dice.happens("mobile in phone", 0.3, contact) & ~people.has_landline[person]
    return {"phone": either(swapped, mobile, landline), "mobile": either(swapped, None, mobile)}
