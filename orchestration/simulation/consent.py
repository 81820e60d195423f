"""Consent records: given, withdrawn, expired and contradictory, in the web, on the telephone and in cookie banners."""

import numpy as np

from orchestration.simulation.columns import (
    NEVER,
    Columns,
    Numbers,
    Rows,
    arriving,
    constant,
    either,
    joined,
    moments,
    numerals,
    picked,
    seconds,
    stacked,
)
from orchestration.simulation.countries import CODES
from orchestration.simulation.ids import user_ids
from orchestration.simulation.world import World

GRANTED, DENIED, REVOKED, EXPIRED = range(4)
STATUSES = ("granted", "denied", "revoked", "expired")
ID_TYPES = ("email", "user_id", "crm_contact_id", "phone", "anonymous_id")
EMAIL, USER_ID, CRM_CONTACT_ID, PHONE, ANONYMOUS_ID = range(5)
_PURPOSES = (
    ("marketing", "email"),
    ("marketing", "sms"),
    ("personalisation", None),
    ("analytics", None),
    ("advertising", "ads"),
    ("marketing", None),
    ("marketing", "push"),
)
_MARKETING_EMAIL, _MARKETING_SMS, _PERSONALISATION, _ANALYTICS, _ADVERTISING, _MARKETING, _MARKETING_PUSH = range(7)
_SOURCES = ("web form", "preference centre", "call centre", "cookie banner", "store")
_SHORT_DAYS = (15, 200)  # grants that run out do so between these days


def _grant_days(world: World, person: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """When marketing by e-mail was granted, withdrawn, and ran out; NEVER where it was not."""
    dice, rates, known = world.dice, world.rates, world.people.known_day[person]
    is_granted = (known < NEVER) & dice.happens("marketing", rates.marketing_granted, person)
    grant = np.where(is_granted, known, NEVER)
    chance = np.maximum(1 - dice.uniform("withdrawn", person), 1e-9)
    wait = (-np.log(chance) * 365 / rates.consent_withdrawn_per_year).astype(np.int64) + 1
    # Withdrawals are counted from the first day on: before it, whoever withdrew is known as denied.
    withdrawn = np.where(is_granted, np.maximum(known, 0) + wait, NEVER)
    low, high = _SHORT_DAYS
    is_short = is_granted & dice.happens("expiring", rates.consent_expiring, person)
    expires = np.where(is_short, np.maximum(known, 0) + low + dice.below("expiry", high - low, person), NEVER)
    return grant, withdrawn, expires


def marketing_allowed(world: World, person: Numbers, day: int) -> Numbers:
    """True for people who have granted marketing by e-mail and neither withdrawn it nor let it run out."""
    grant, withdrawn, expires = _grant_days(world, person)
    return (grant <= day) & (withdrawn > day) & (expires > day)


def consent_rows(world: World, first: int, last: int) -> Rows:
    """`consent.records` collected from the first to the last day."""
    dice, rates, people = world.dice, world.rates, world.people
    everyone = np.arange(people.count)
    grant, withdrawn, expires = _grant_days(world, everyone)
    known = people.known_day
    denied_share = rates.marketing_denied / (1 - rates.marketing_granted)
    denied = np.where((grant == NEVER) & dice.happens("denies", denied_share, everyone), known, NEVER)
    contradicts = np.where(dice.happens("contradicts", rates.consent_contradictory, everyone), grant, NEVER)
    sms = np.where(dice.happens("sms", 0.35, everyone) & (people.first_phone >= 0), known, NEVER)
    every_channel = np.where(dice.happens("every channel", 0.08, everyone), known, NEVER)
    personal = np.where(dice.happens("personalisation", 0.4, everyone), people.shop_day, NEVER)
    push = np.where(dice.happens("push", 0.2, everyone), people.shop_day, NEVER)
    ends = expires < withdrawn
    plans = [
        (grant, _MARKETING_EMAIL, GRANTED, EMAIL),
        (denied, _MARKETING_EMAIL, DENIED, EMAIL),
        (np.where(ends, NEVER, withdrawn), _MARKETING_EMAIL, REVOKED, EMAIL),
        (np.where(ends & (everyone % 2 == 0), expires, NEVER), _MARKETING_EMAIL, EXPIRED, EMAIL),
        (contradicts, _MARKETING_EMAIL, DENIED, CRM_CONTACT_ID),
        (sms, _MARKETING_SMS, GRANTED, PHONE),
        (every_channel, _MARKETING, GRANTED, CRM_CONTACT_ID),
        (personal, _PERSONALISATION, GRANTED, USER_ID),
        (push, _MARKETING_PUSH, GRANTED, USER_ID),
    ]
    parts = []
    for number, (days, purpose, status, id_type) in enumerate(plans):
        person = arriving(days, first, last)
        parts.append(
            _plan(
                person,
                number,
                days[person],
                purpose,
                status,
                id_type,
                expires[person] if number == 0 else np.full(len(person), NEVER),
            )
        )
    parts.extend(_banner_answers(world, first, last))
    rows = stacked(parts)
    return _record_rows(world, rows)


def _plan(
    subject: Numbers, number: int, day: Numbers, purpose: int, status: int | Numbers, id_type: int, until: Numbers
) -> Columns:
    size = len(subject)
    return {
        "subject": subject,
        "plan": np.full(size, number),
        "day": day,
        "purpose": np.full(size, purpose),
        "status": np.full(size, status) if isinstance(status, int) else status,
        "id_type": np.full(size, id_type),
        "until": until,
        "generation": np.zeros(size, dtype=np.int64),
    }


def _banner_answers(world: World, first: int, last: int) -> list[Columns]:
    """Answers to the cookie banner of browsers, known or not: to analytics and to advertising."""
    device, generation = world.devices.starting(first, last)
    answers = world.dice.happens("banner", world.rates.consent_banner, device, generation)
    device, generation = device[answers], generation[answers]
    day = world.devices.first_day(device, generation)
    parts = []
    for number, purpose, share in ((20, _ANALYTICS, 0.7), (21, _ADVERTISING, 0.45)):
        status = np.where(world.dice.happens(f"accepts {number}", share, device, generation), GRANTED, DENIED)
        part = _plan(device, number, day, purpose, status, ANONYMOUS_ID, day + 395)
        parts.append({**part, "generation": generation})
    return parts


def _record_rows(world: World, rows: Columns) -> Rows:
    dice, people, subject, day = world.dice, world.people, rows["subject"], rows["day"]
    is_device = rows["id_type"] == ANONYMOUS_ID
    person = np.where(is_device, world.devices.person[np.where(is_device, subject, 0)], subject)
    contact = world.contacts.first_of_person[person]
    # Who has no contact in the CRM is named by e-mail instead.
    id_type = np.where((rows["id_type"] == CRM_CONTACT_ID) & (contact < 0), EMAIL, rows["id_type"])
    phone = picked(people.mobile_e164, people.phone(person, day))
    id_value = people.email(person, day)
    device, generation = np.where(is_device, subject, 0), rows["generation"]
    values_of = {
        USER_ID: user_ids(person),
        PHONE: phone,
        ANONYMOUS_ID: world.devices.anonymous_id(device, generation),
        CRM_CONTACT_ID: world.contacts.scoped_ids(np.maximum(contact, 0)),
    }
    for code, values in values_of.items():
        id_value = either(id_type == code, values, id_value)
    uid = (subject * 64 + rows["plan"]) * 1024 + generation
    collected = seconds(day, 10 * 3600 + subject % 30_000)
    source = np.where(is_device, 3, dice.below("consent source", 3, uid))
    return {
        "consent_id": joined("CON", numerals(rows["plan"], 2), "-", numerals(subject), "-", numerals(generation)),
        "id_type": picked(ID_TYPES, id_type),
        "id_value": id_value,
        "purpose": picked([purpose for purpose, _ in _PURPOSES], rows["purpose"]),
        "channel": picked([channel for _, channel in _PURPOSES], rows["purpose"]),
        "legal_basis": constant("consent", len(uid)),
        "status": picked(STATUSES, rows["status"]),
        "collected_at": moments(collected),
        "valid_until": moments(seconds(np.minimum(rows["until"], NEVER), 0)),
        "jurisdiction": picked(CODES, people.country[person]),
        "policy_version": either(day < -300, "2024-1", "2025-2"),
        "source": picked(_SOURCES, source),
    }, uid
