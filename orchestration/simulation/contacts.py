"""CRM contacts: which people have them, in which instance, how often, and when each is written again."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from orchestration.simulation.columns import NEVER, Numbers, Stream, arriving, either, generator, joined, numerals
from orchestration.simulation.countries import IS_EMEA
from orchestration.simulation.people import People
from orchestration.simulation.rates import Rates

FIRST, TYPO, NEW_EMAIL, NEW_NAME, ELSEWHERE = range(5)


@dataclass(frozen=True)
class Contacts:
    """One entry per contact in each array; `number` counts in its own instance, so the ids of two instances overlap."""

    person: Numbers
    kind: Numbers
    is_emea: Numbers
    number: Numbers
    created_day: Numbers
    deleted_day: Numbers
    follows_email: Numbers
    follows_phone: Numbers
    follows_name: Numbers
    touch_day: Numbers
    account: Numbers
    first_of_person: Numbers

    @property
    def count(self) -> int:
        """How many contacts there are."""
        return len(self.person)

    def ids(self, contact: Numbers) -> pa.Array:
        """Ids as the contact's own instance writes them; null where the index is negative."""
        text = joined("C", numerals(self.number[contact] + 10_001))
        return either(contact < 0, None, text)

    def scoped_ids(self, contact: Numbers) -> pa.Array:
        """Ids as they serve as identifiers: those of the second instance carry its name."""
        return either(self.is_emea[contact], joined("emea/", self.ids(contact)), self.ids(contact))

    def versions(self, people: People, first: int, last: int) -> tuple[Numbers, Numbers, Numbers]:
        """Contact, day and reason of each row written from the first to the last day."""
        changes = (
            self.created_day,
            np.where(self.follows_email, people.email_change_day[self.person], NEVER),
            np.where(self.follows_phone, people.phone_change_day[self.person], NEVER),
            np.where(self.follows_name, people.marriage_day[self.person], NEVER),
            self.deleted_day,
            self.touch_day,
        )
        contacts, days, reasons = [], [], []
        for reason, change in enumerate(changes):
            # What changed before the contact was written, or the company looked, is part of its first row.
            later = (change > np.maximum(self.created_day, 0)) if reason else np.ones(self.count, dtype=bool)
            found = arriving(np.where(later, change, NEVER), first, last)
            contacts.append(found)
            days.append(change[found])
            reasons.append(np.full(len(found), reason))
        contact, day, reason_of = (np.concatenate(part) for part in (contacts, days, reasons))
        order = np.lexsort((reason_of, contact, np.maximum(day, 0)))
        return contact[order], day[order], reason_of[order]


def make_contacts(people: People, seed: int, rates: Rates) -> Contacts:
    """Contacts of these people, in the order in which their instance numbered them."""
    rng = generator(seed, Stream.CONTACTS)
    base = np.flatnonzero(people.crm_day < NEVER)
    chance = rng.random((4, len(base)))
    has_typo = chance[0] < rates.contact_typo
    has_new_email = (people.email_change_day[base] < NEVER) & (chance[1] < rates.contact_changed_email)
    has_new_name = chance[2] < rates.contact_married_name
    has_elsewhere = chance[3] < rates.contact_both_instances
    extras = [(TYPO, has_typo), (NEW_EMAIL, has_new_email), (NEW_NAME, has_new_name), (ELSEWHERE, has_elsewhere)]
    person = np.concatenate([base, *(base[mask] for _, mask in extras)])
    kind = np.concatenate([np.zeros(len(base), int), *(np.full(mask.sum(), code) for code, mask in extras)])
    gap = rng.exponential(80, len(person)).astype(np.int64) + 1
    cause_day = np.select(
        [kind == FIRST, kind == NEW_EMAIL, kind == NEW_NAME],
        [people.crm_day[person] - gap, people.email_change_day[person], people.marriage_day[person]],
        people.crm_day[person],
    )
    created = np.minimum(np.maximum(cause_day, people.crm_day[person]) + np.where(kind == FIRST, 0, gap), NEVER)
    share = np.where(kind == FIRST, rates.contact_deleted, rates.contact_merged)
    is_deleted = rng.random(len(person)) < share
    # Merges and deletions happen while the company is watched, never before it.
    deleted = np.maximum(created, 0) + 2 + rng.exponential(60, len(person)).astype(np.int64)
    keeps_up = rng.random((2, len(person))) < 0.6
    is_emea = IS_EMEA[people.country[person]] ^ (kind == ELSEWHERE)
    number = np.empty(len(person), dtype=np.int64)
    for instance in (False, True):
        members = np.flatnonzero(is_emea == instance)
        number[members[np.argsort(created[members], kind="stable")]] = np.arange(len(members))
    first_of_person = np.full(people.count, -1)
    first_of_person[base] = np.arange(len(base))
    return Contacts(
        person=person,
        kind=kind,
        is_emea=is_emea,
        number=number,
        created_day=created,
        deleted_day=np.where(is_deleted, deleted, NEVER),
        follows_email=(kind == FIRST) & ~np.isin(person, base[has_new_email]),
        follows_phone=keeps_up[0],
        follows_name=(kind == FIRST) & ~np.isin(person, base[has_new_name]),
        touch_day=np.where(keeps_up[1], np.maximum(created, 0) + rng.integers(1, 400, len(person)), NEVER),
        account=np.where(
            rng.random(len(person)) < rates.business_contact,
            rng.integers(0, account_count(people.count), len(person)),
            -1,
        ),
        first_of_person=first_of_person,
    )


def account_count(people: int) -> int:
    """How many companies each instance of the CRM knows."""
    return people // 50 + 5
