"""Second-party data: what partners tell about people, and what it may be used for."""

import numpy as np

from orchestration.simulation.columns import NEVER, Rows, arriving, constant, either, moments, picked, seconds
from orchestration.simulation.world import World

_PARTNERS = ("insurely", "travelclub")
_LICENCES = (
    ("adgraph", "advertising", -400, 400),
    ("adgraph", "analytics", -400, NEVER),
    ("pixelpool", "advertising", -200, 120),
    ("insurely", "marketing", -300, NEVER),
    ("travelclub", "personalisation", -300, 90),
)


def partner_tables(world: World, first: int, last: int) -> dict[str, Rows]:
    """`partner.attributes` about people that a partner shares with us, and `partner.licences`."""
    dice, people = world.dice, world.people
    everyone = np.arange(people.count)
    is_covered = dice.happens("partner", world.rates.partner_covered, everyone) & (people.known_day < NEVER)
    told = np.where(is_covered, dice.below("partner day", 250, everyone) - 90, NEVER)
    person = np.repeat(arriving(np.maximum(told, np.where(is_covered, people.known_day, NEVER)), first, last), 2)
    kind = np.arange(len(person)) % 2
    day = np.maximum(told[person], people.known_day[person])
    values = either(
        kind == 0,
        picked(("1", "2", "3", "4"), dice.below("household value", 4, person)),
        picked(("low", "middle", "high"), dice.below("income", 3, person)),
    )
    licence = arriving(np.zeros(len(_LICENCES)), first, last)
    begins, ends = (np.array([entry[place] for entry in _LICENCES])[licence] for place in (2, 3))
    return {
        "partner.attributes": (
            {
                "provider": picked(_PARTNERS, person % 2),
                "id_type": constant("email", len(person)),
                "id_value": people.email(person, day),
                "attribute": picked(("household_size", "income_band"), kind),
                "value": values,
                "observed_at": moments(seconds(day, 30_000)),
                "expires_at": moments(seconds(day + 60 + dice.below("attribute expiry", 300, person), 0)),
            },
            person * 2 + kind,
        ),
        "partner.licences": (
            {
                "provider": picked([entry[0] for entry in _LICENCES], licence),
                "purpose": picked([entry[1] for entry in _LICENCES], licence),
                "valid_from": moments(seconds(begins, 0)),
                "valid_until": moments(seconds(ends, 0)),
            },
            licence,
        ),
    }
