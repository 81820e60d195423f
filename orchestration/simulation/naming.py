"""Which name each person bears: members of a household mostly share one, in the languages of their country."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.simulation.columns import Numbers, picked
from orchestration.simulation.countries import COUNTRIES
from orchestration.simulation.names import LANGUAGES


def make_names(
    rng: np.random.Generator, household: Numbers, country: Numbers, is_woman: Numbers
) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array, pa.Array]:
    """First, family and married names as written, then first and family names in Latin letters."""
    pools: dict[str, list[str]] = {"women": [], "men": [], "families": []}
    first_of: dict[str, list[int]] = {kind: [] for kind in pools}
    size_of: dict[str, list[int]] = {kind: [] for kind in pools}
    for entry in COUNTRIES:
        for kind, pool in pools.items():
            names = getattr(LANGUAGES[entry.language], kind)
            first_of[kind].append(len(pool))
            size_of[kind].append(len(names))
            pool.extend(names)

    def chosen(kind: str, chance: Numbers) -> Numbers:
        rank = (chance * np.array(size_of[kind])[country]).astype(np.int64)
        return np.asarray(np.array(first_of[kind])[country] + rank)

    count = len(household)
    chance = rng.random((4, count))
    shares_name = rng.random(count) < 0.8
    family_chance = np.where(shares_name, chance[0][np.searchsorted(household, household)], chance[1])
    pool = pa.array(pools["women"] + pools["men"])
    first = np.where(is_woman, chosen("women", chance[2]), chosen("men", chance[2]) + len(pools["women"]))
    family, married = chosen("families", family_chance), chosen("families", chance[3])
    families = pa.array(pools["families"])
    return (
        picked(_written(pool), first),
        picked(_written(families), family),
        picked(_written(families), married),
        picked(_latin(pool), first),
        picked(_latin(families), family),
    )


def _written(pool: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(pool, r"\|.*$", "")


def _latin(pool: pa.Array) -> pa.Array:
    decomposed = pc.utf8_normalize(pc.utf8_lower(pc.replace_substring_regex(pool, r"^.*\|", "")), "NFKD")
    spelt = pc.replace_substring(pc.replace_substring(decomposed, "ß", "ss"), "ł", "l")
    return pc.replace_substring_regex(spelt, r"[^a-z]", "")
