"""What the pipeline never reads: whose each identifier is, who the people are, and who placed each order."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.simulation.columns import (
    NEVER,
    Numbers,
    Text,
    constant,
    dates,
    either,
    flags,
    picked,
)
from orchestration.simulation.countries import CODES
from orchestration.simulation.crm_contacts import has_misspelt_email
from orchestration.simulation.devices import TABLET
from orchestration.simulation.ids import (
    card_fingerprints,
    household_ids,
    loyalty_ids,
    person_ids,
    shop_customer_ids,
    user_ids,
)
from orchestration.simulation.notations import misspelt_email
from orchestration.simulation.world import World
from orchestration.simulation.writing import Table, append_csv, write_csv

_DAYS_AT_ONCE = 90  # what bounds memory, whatever the number of days


def write_people_and_identifiers(world: World, folder: Path, last: int) -> None:
    """Write `identifiers.csv` and `people.csv` as of the end of the last simulated day."""
    write_csv(folder / "identifiers.csv", _identifiers(world, last))
    write_csv(folder / "people.csv", [_people(world, last)])


def write_orders(folder: Path, tables: Sequence[Table], kept_bytes: int) -> int:
    """Append orders to the first bytes of `orders.csv`, which earlier days wrote; return its size."""
    every = pa.concat_tables([pa.table(dict(table)) for table in tables])
    ordered = every.sort_by([("ordered_at", "ascending"), ("order_id", "ascending")])
    return append_csv(folder / "orders.csv", dict(zip(ordered.column_names, ordered.columns, strict=True)), kept_bytes)


def _people(world: World, last: int) -> Table:
    people, everyone = world.people, np.arange(world.people.count)
    return {
        "person_id": person_ids(everyone),
        "household_id": household_ids(people.household),
        "first_name": people.first_name,
        "last_name": people.family_name(everyone, last),
        "birth_name": people.last_name,
        "birth_date": dates(people.birth_day),
        "gender": either(people.is_woman, "female", "male"),
        "country": picked(CODES, people.country),
        "is_known": flags(people.known_day <= last),
        "known_since": dates(np.where(people.known_day <= last, people.known_day, NEVER)),
    }


def _rows(
    world: World,
    last: int,
    kind: str,
    value: Text,
    person: Numbers,
    start: Numbers,
    end: Numbers | None = None,
    is_shared: Numbers | None = None,
) -> Table:
    """Identifiers that began by the last day; shared ones name the household only."""
    end = np.full(len(start), NEVER) if end is None else end
    shared = np.zeros(len(start), dtype=bool) if is_shared is None else is_shared
    kept = np.flatnonzero((start <= last) & (start < end))
    person, end = person[kept], end[kept]
    return {
        "identifier_type": constant(kind, len(kept)),
        "identifier_value": value.take(pa.array(kept)),
        "person_id": either(shared[kept], None, person_ids(person)),
        "household_id": household_ids(world.people.household[person]),
        "valid_from": dates(start[kept]),
        "valid_to": dates(np.where(end <= last, end, NEVER)),
    }


def _identifiers(world: World, last: int) -> Iterator[Table]:
    people, contacts, everyone = world.people, world.contacts, np.arange(world.people.count)
    every_contact = np.arange(contacts.count)
    yield _rows(
        world, last, "crm_contact_id", contacts.scoped_ids(every_contact), contacts.person, contacts.created_day
    )
    yield _rows(world, last, "shop_customer_id", shop_customer_ids(everyone), everyone, people.shop_day)
    yield _rows(world, last, "loyalty_id", loyalty_ids(everyone), everyone, people.loyalty_day)
    yield _rows(world, last, "user_id", user_ids(everyone), everyone, people.shop_day)
    yield from _emails(world, last)
    yield from _phones(world, last)
    yield _rows(
        world, last, "card_fingerprint", card_fingerprints(world.dice, everyone), everyone, np.zeros(people.count, int)
    )
    yield from _browsers(world, last)


def _emails(world: World, last: int) -> Iterator[Table]:
    people, contacts, everyone = world.people, world.contacts, np.arange(world.people.count)
    changed = np.maximum(people.known_day, people.email_change_day)
    has_alias = pc.not_equal(people.shop_email, people.first_email).to_numpy(zero_copy_only=False)
    misspelt = np.flatnonzero(has_misspelt_email(world, np.arange(contacts.count)))
    owner = contacts.person[misspelt]
    yield _rows(world, last, "email", people.first_email, everyone, people.known_day)
    yield _rows(world, last, "email", people.second_email, everyone, changed)
    yield _rows(world, last, "email", people.shop_email, everyone, np.where(has_alias, people.known_day, NEVER))
    yield _rows(
        world,
        last,
        "email",
        misspelt_email(people.first_email.take(pa.array(owner))),
        owner,
        contacts.created_day[misspelt],
    )


def _phones(world: World, last: int) -> Iterator[Table]:
    """Mobile numbers, each in the period in which it was the person's; landlines, the household's."""
    people, contacts, everyone = world.people, world.contacts, np.arange(world.people.count)
    has_phone, known, change = people.first_phone >= 0, people.known_day, people.phone_change_day
    first = picked(people.mobile_e164, people.first_phone)
    second = picked(people.mobile_e164, people.second_phone)
    yield _rows(world, last, "phone", first, everyone, np.where(has_phone, known, NEVER), change)
    yield _rows(world, last, "phone", second, everyone, np.where(has_phone, np.maximum(known, change), NEVER))
    start = np.full(int(people.household[-1]) + 1, NEVER)
    uses = people.has_landline[contacts.person]
    np.minimum.at(start, people.household[contacts.person[uses]], contacts.created_day[uses])
    member = np.searchsorted(people.household, np.arange(len(start)))
    yield _rows(world, last, "phone", people.landline_e164, member, start, is_shared=np.ones(len(start), dtype=bool))


def _browsers(world: World, last: int) -> Iterator[Table]:
    """Ids of browsers and apps by generation; those of a shared tablet are the household's."""
    devices = world.devices
    apps = np.flatnonzero(devices.is_app(np.arange(devices.count)))
    yield _rows(world, last, "device_id", devices.device_id(apps), devices.person[apps], np.zeros(len(apps), int))
    for begin in range(0, last + 1, _DAYS_AT_ONCE):
        device, generation = devices.starting(begin, min(begin + _DAYS_AT_ONCE - 1, last))
        person, is_tablet = devices.person[device], devices.platform[device] == TABLET
        start, end = devices.first_day(device, generation), devices.first_day(device, generation + 1)
        values = devices.anonymous_id(device, generation)
        yield _rows(world, last, "anonymous_id", values, person, start, end, is_tablet)
        seen = devices.is_in_dmp[device] & ~devices.is_app(device)
        values, person, is_tablet = devices.cookie_id(device[seen], generation[seen]), person[seen], is_tablet[seen]
        yield _rows(world, last, "cookie_id", values, person, start[seen], end[seen], is_tablet)
