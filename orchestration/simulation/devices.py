"""Browsers and apps of the demo company's people, and the tablets that households share."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from orchestration.simulation.columns import Dice, Numbers, Stream, generator, hexadecimal, joined, numerals, picked
from orchestration.simulation.people import People
from orchestration.simulation.rates import Rates

PLATFORMS = ("desktop web", "mobile web", "ios", "android", "tablet web")
TABLET = 4
USER_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_2 like Mac OS X) AppleWebKit/605.1.15 Version/19.2 Mobile Safari/604.1",
    "Outfitters/7.4 (iPhone; iOS 19.2; Scale/3.00)",
    "Outfitters/7.4 (Linux; Android 16; Pixel 10)",
    "Mozilla/5.0 (iPad; CPU OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Safari/604.1",
)


@dataclass(frozen=True)
class Devices:
    """One entry per device in each array; `first` and `number` find a person's own devices.

    A browser's anonymous id is renewed whenever its cookies are cleared: `generation` counts these times.
    """

    person: Numbers
    platform: Numbers
    lifetime: Numbers
    offset: Numbers
    is_in_dmp: Numbers
    first: Numbers
    number: Numbers
    tablet: Numbers
    dice: Dice

    @property
    def count(self) -> int:
        """How many devices there are."""
        return len(self.person)

    def is_app(self, device: Numbers) -> Numbers:
        """True for phones with the shop's app, which have a device id."""
        return np.isin(self.platform[device], (2, 3))

    def generation(self, device: Numbers, day: Numbers | int) -> Numbers:
        """How often a device's cookies were cleared before the end of a day."""
        return (np.asarray(day) + self.offset[device]) // self.lifetime[device]

    def first_day(self, device: Numbers, generation: Numbers) -> Numbers:
        """The first day of a generation."""
        return generation * self.lifetime[device] - self.offset[device]

    def anonymous_id(self, device: Numbers, generation: Numbers) -> pa.Array:
        """The id that a browser or app had in a generation."""
        return hexadecimal(self.dice.hash("anonymous id", device, generation))

    def cookie_id(self, device: Numbers, generation: Numbers) -> pa.Array:
        """The DMP's cookie in a browser in a generation."""
        return joined("ck_", hexadecimal(self.dice.hash("cookie id", device, generation)))

    def device_id(self, device: Numbers) -> pa.Array:
        """The advertising id of a phone; null for browsers."""
        word = hexadecimal(self.dice.hash("device id", device))
        absent = picked([""], np.where(self.is_app(device), 0, -1))
        return joined(word, absent)

    def starting(self, first: int, last: int) -> tuple[Numbers, Numbers]:
        """Device and generation of what is new from the first to the last day; day 0 sees what was there before."""
        devices = np.arange(self.count)
        before = np.where(first == 0, self.generation(devices, 0) - 1, self.generation(devices, first - 1))
        fresh = self.generation(devices, last) - before
        device = np.repeat(devices, fresh)
        rank = np.arange(len(device)) - np.repeat(np.cumsum(fresh) - fresh, fresh)
        return device, before[device] + 1 + rank


def make_devices(people: People, seed: int, rates: Rates) -> Devices:
    """Devices of these people: one to three of their own, and at times a tablet of the household."""
    rng = generator(seed, Stream.DEVICES)
    number = rng.choice(np.array([1, 2, 3]), size=people.count, p=(0.35, 0.5, 0.15))
    owner = np.repeat(np.arange(people.count), number)
    platform = rng.choice(4, size=len(owner), p=(0.4, 0.3, 0.15, 0.15))
    households = int(people.household[-1]) + 1
    sizes = np.bincount(people.household)
    has_tablet = (sizes > 1) & (rng.random(households) < rates.shared_tablet)
    tablet_of = np.where(has_tablet, len(owner) + np.cumsum(has_tablet) - 1, -1)
    tablets = int(has_tablet.sum())
    # A shared tablet is nobody's own; its person is the first of the household, for the address it is used at.
    first_member = np.searchsorted(people.household, np.flatnonzero(has_tablet))
    total = len(owner) + tablets
    lifetime = np.maximum(30, rng.gamma(4, rates.cookie_lifetime_days / 4, total)).astype(np.int64)
    return Devices(
        person=np.concatenate([owner, first_member]),
        platform=np.concatenate([platform, np.full(tablets, TABLET)]),
        lifetime=lifetime,
        offset=(rng.random(total) * lifetime).astype(np.int64),
        is_in_dmp=rng.random(total) < rates.dmp_covered,
        first=np.cumsum(number) - number,
        number=number,
        tablet=tablet_of[people.household],
        dice=Dice(seed),
    )


def addresses(dice: Dice, household: Numbers, day: Numbers) -> pa.Array:
    """IP addresses of households, some of version 6, changed every month; in ranges that belong to nobody."""
    month = day // 30
    number = dice.below("ip address", 1 << 22, household, month)
    octets = (64 + (number >> 16), number >> 8 & 255, number & 255)
    fourth = joined("100", *(part for octet in octets for part in (".", numerals(octet))))
    prefix = picked([f"2001:db8:{value:x}" for value in range(256)], number & 255)
    sixth = joined(prefix, ":", picked([f"{value:x}" for value in range(4096)], number >> 10), "::1")
    is_sixth = dice.happens("ip version", 0.15, household)
    return picked(pa.concat_arrays([fourth, sixth]), np.arange(len(number)) + np.where(is_sixth, len(number), 0))
