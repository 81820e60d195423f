"""The people of the demo company: households, names, identifiers, and the days on which their lives change."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.simulation.columns import (
    NEVER,
    Numbers,
    Stream,
    Text,
    either,
    generator,
    joined,
    numerals,
    picked,
)
from orchestration.simulation.countries import COUNTRIES, weights
from orchestration.simulation.naming import make_names
from orchestration.simulation.notations import e164, national_numbers
from orchestration.simulation.rates import Rates

_HOUSEHOLD_SIZES = (0.42, 0.30, 0.14, 0.10, 0.04)
_DOMAINS = ("post.example", "mail.example", "inbox.example", "brief.example", "correo.example", "poczta.example")
_EPOCH_OFFSET = (np.datetime64("2026-03-05") - np.datetime64("1970-01-01")).astype(np.int64)
_LEAP_DAYS = np.array([np.datetime64(f"{year}-02-29") for year in range(1948, 2008, 4)]).astype(np.int64)


@dataclass(frozen=True)
class People:
    """One entry per person in each array; `*_day` are simulated days, negative before the start, NEVER if it never is.

    Telephone numbers are slots of `mobile_e164`; landlines belong to households (`landline_e164`).
    """

    count: int
    household: Numbers
    household_size: Numbers
    country: Numbers
    is_woman: Numbers
    birth_day: Numbers
    activity: Numbers
    known_day: Numbers
    crm_day: Numbers
    shop_day: Numbers
    loyalty_day: Numbers
    email_change_day: Numbers
    phone_change_day: Numbers
    marriage_day: Numbers
    first_phone: Numbers
    second_phone: Numbers
    has_landline: Numbers
    first_name: pa.Array
    last_name: pa.Array
    married_name: pa.Array
    first_email: pa.Array
    second_email: pa.Array
    shop_email: pa.Array
    mobile_national: pa.Array
    mobile_e164: pa.Array
    landline_national: pa.Array
    landline_e164: pa.Array

    def email(self, person: Numbers, day: Numbers | int) -> pa.Array:
        """The address that a person uses on a day."""
        is_new = self.email_change_day[person] <= day
        return either(is_new, self.second_email.take(pa.array(person)), self.first_email.take(pa.array(person)))

    def phone(self, person: Numbers, day: Numbers | int) -> Numbers:
        """The slot of the mobile number that a person has on a day, -1 for none."""
        return np.where(self.phone_change_day[person] <= day, self.second_phone[person], self.first_phone[person])

    def family_name(self, person: Numbers, day: Numbers | int) -> pa.Array:
        """The family name that a person bears on a day."""
        is_married = self.marriage_day[person] <= day
        return either(is_married, self.married_name.take(pa.array(person)), self.last_name.take(pa.array(person)))


def make_people(count: int, seed: int, rates: Rates) -> People:
    """People of a demo company of this size; independent of how many days are simulated."""
    rng = generator(seed, Stream.PEOPLE)
    sizes = rng.choice(np.arange(1, 6), size=count, p=_HOUSEHOLD_SIZES)
    household = np.repeat(np.arange(count), sizes)[:count]
    household_count = int(household[-1]) + 1
    country = rng.choice(len(COUNTRIES), size=household_count, p=weights())[household]
    is_woman = rng.random(count) < 0.51
    days = _days(rng, count, rates)
    phones = _phones(rng, rates, household, country, days["known_day"] < NEVER)
    first, family, married, latin_first, latin_family = make_names(rng, household, country, is_woman)
    emails = _emails(rng, rates, latin_first, latin_family)
    households = np.arange(household_count)
    home_country = country[np.searchsorted(household, households)]
    slots = np.arange(2 * count)
    mobile = national_numbers(np.concatenate([country, country]), slots, is_landline=False)
    landline = national_numbers(home_country, households, is_landline=True)
    return People(
        count=count,
        household=household,
        household_size=np.bincount(household)[household],
        country=country,
        is_woman=is_woman,
        activity=rng.gamma(0.9, 1 / 0.9, count),
        **days,
        **phones,
        has_landline=(rng.random(household_count) < rates.household_phone)[household],
        first_name=first,
        last_name=family,
        married_name=married,
        first_email=emails[0],
        second_email=emails[1],
        shop_email=emails[2],
        mobile_national=mobile,
        mobile_e164=e164(np.concatenate([country, country]), mobile),
        landline_national=landline,
        landline_e164=e164(home_country, landline),
    )


def _change_days(rng: np.random.Generator, count: int, per_year: float) -> Numbers:
    """Days of the next change, counted from a year before the start."""
    return np.asarray(rng.exponential(365 / per_year, count).astype(np.int64) - 365)


def _days(rng: np.random.Generator, count: int, rates: Rates) -> dict[str, Numbers]:
    is_known = rng.random(count) < rates.known_people
    before = -rng.integers(1, 900, count)
    later = 1 + rng.exponential(60, count).astype(np.int64)
    known = np.where(rng.random(count) < rates.known_at_start, before, later)
    has_shop = is_known & (rng.random(count) < rates.shop_account)
    has_loyalty = is_known & (rng.random(count) < rates.loyalty)
    has_crm = is_known & ((rng.random(count) < rates.crm) | ~(has_shop | has_loyalty))
    # Systems learn of a person one after the other; the first of them on the day when the person becomes known.
    lag = rng.exponential(40, (3, count)).astype(np.int64)
    order = np.stack([has_crm, has_shop, has_loyalty])
    lag[np.argmax(order, axis=0), np.arange(count)] = 0
    born = rng.integers(np.datetime64("1942-01-01").astype(int), np.datetime64("2008-01-01").astype(int), count)
    is_leap = rng.random(count) < rates.leap_day_birth
    is_leap[np.argmax(is_known)] = True
    born = np.where(is_leap, rng.choice(_LEAP_DAYS, count), born)
    return {
        "birth_day": born - _EPOCH_OFFSET,
        "known_day": np.where(is_known, known, NEVER),
        "crm_day": np.where(has_crm, known + lag[0], NEVER),
        "shop_day": np.where(has_shop, known + lag[1], NEVER),
        "loyalty_day": np.where(has_loyalty, known + lag[2], NEVER),
        "email_change_day": np.where(is_known, _change_days(rng, count, rates.email_change_per_year), NEVER),
        "marriage_day": _change_days(rng, count, rates.marriage_per_year),
    }


def _phones(
    rng: np.random.Generator, rates: Rates, household: Numbers, country: Numbers, is_known: Numbers
) -> dict[str, Numbers]:
    """Numbers and their changes; a recycled number goes from one person to a stranger of the same country."""
    count = len(household)
    own = np.arange(count)
    has_phone = rng.random(count) < rates.mobile_phone
    change = _change_days(rng, count, rates.phone_change_per_year)
    second = own + count
    candidates = np.flatnonzero(is_known & has_phone & (rng.random(count) < 2 * rates.recycled_phone))
    candidates = candidates[np.argsort(country[candidates], kind="stable")]
    givers, takers = candidates[0 : len(candidates) // 2 * 2 : 2], candidates[1::2]
    is_pair = (country[givers] == country[takers]) & (household[givers] != household[takers])
    givers, takers = givers[is_pair], takers[is_pair]
    change[givers] = rng.integers(3, 90, len(givers))
    change[takers] = change[givers] + rng.integers(5, 30, len(takers))
    second[takers] = givers
    return {
        "first_phone": np.where(has_phone, own, -1),
        "second_phone": np.where(has_phone, second, -1),
        "phone_change_day": np.where(has_phone, change, NEVER),
    }


def _emails(rng: np.random.Generator, rates: Rates, first: Text, family: Text) -> tuple[pa.Array, pa.Array, pa.Array]:
    """The first and the second address of each person, and the one typed in the shop."""
    count = len(first)
    number = numerals(np.arange(count) + 11)
    is_gmail = rng.random(count) < rates.gmail
    own = rng.integers(0, len(_DOMAINS), (2, count))
    domain = either(is_gmail, "gmail.com", picked(_DOMAINS, own[0]))
    initial = pc.utf8_slice_codeunits(first, 0, 1)
    first_email = joined(first, ".", family, number, "@", domain)
    second_email = joined(initial, family, "-", number, "@", picked(_DOMAINS, own[1]))
    has_alias = is_gmail & (rng.random(count) < rates.gmail_alias)
    is_dotless = rng.random(count) < 0.5
    alias = either(
        is_dotless, joined(first, family, number, "@gmail.com"), joined(first, ".", family, number, "+shop@gmail.com")
    )
    return first_email, second_email, either(has_alias, alias, first_email)
