"""What the demo company sells and where: products, stores and campaigns."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.simulation.columns import (
    Numbers,
    Stream,
    amounts,
    arriving,
    constant,
    flags,
    generator,
    joined,
    moments,
    numerals,
    picked,
    seconds,
)
from orchestration.simulation.countries import CITIES, CITIES_EACH, CODES, COUNTRIES, PLACES

_KINDS = {
    "shoes": ("Trail Shoe", "Hiking Boot", "Sandal", "Running Shoe", "Winter Boot"),
    "jackets": ("Rain Jacket", "Down Jacket", "Softshell", "Wind Jacket", "Parka"),
    "packs": ("Day Pack", "Trekking Pack", "Duffel Bag", "Hip Bag", "Bike Bag"),
    "tents": ("Dome Tent", "Tunnel Tent", "Tarp", "Family Tent", "Bivouac"),
    "sleeping": ("Sleeping Bag", "Sleeping Mat", "Pillow", "Hammock", "Liner"),
    "kitchen": ("Stove", "Pot Set", "Mug", "Water Filter", "Bottle"),
}
_EDITIONS = ("", " Light", " Pro", " Kids", " Classic")
_BRANDS = ("Nordkamm", "Fjällvind", "Rivage", "Peña Alta", "Otter & Sons")
CAMPAIGN_NAMES = ("newsletter", "spring-sale", "new-arrivals", "win-back", "members-week", "summer-trail", "clearance")
CHANNELS = ("email", "email", "sms", "push", "ads", "social", "email")


@dataclass(frozen=True)
class Catalogue:
    """One entry per product; prices in cents of euro."""

    name: pa.Array
    category: pa.Array
    product_id: pa.Array
    sku: pa.Array
    price: Numbers
    price_change_day: Numbers


def make_catalogue(seed: int) -> Catalogue:
    """The same assortment for every size of the company; its prices follow the seed."""
    rng = generator(seed, Stream.CATALOGUE)
    names = [(kind, name + edition) for kind, plain in _KINDS.items() for name in plain for edition in _EDITIONS]
    number = np.arange(len(names))
    return Catalogue(
        name=pa.array([name for _, name in names]),
        category=pa.array([kind for kind, _ in names]),
        product_id=joined("PRD-", numerals(number + 1, 4)),
        sku=joined("SKU", numerals(700_100 + number * 37)),
        price=np.round(np.exp(rng.normal(3.9, 0.7, len(names)))).astype(np.int64) * 100 + 95,
        price_change_day=rng.integers(1, 720, len(names)),
    )


def product_rows(catalogue: Catalogue, first: int, last: int) -> tuple[dict[str, pa.Array], Numbers]:
    """`commerce.products`: every product at the start, and again when its price changes."""
    initial = arriving(np.zeros(len(catalogue.price)), first, last)
    changed = arriving(catalogue.price_change_day, first, last)
    product = np.concatenate([initial, changed])
    is_change = np.arange(len(product)) >= len(initial)
    price = catalogue.price[product] + np.where(is_change, 500, 0)
    day = np.where(is_change, catalogue.price_change_day[product], -200)
    return {
        "product_id": catalogue.product_id.take(pa.array(product)),
        "sku": catalogue.sku.take(pa.array(product)),
        "name": catalogue.name.take(pa.array(product)),
        "category": catalogue.category.take(pa.array(product)),
        "brand": picked(_BRANDS, product % len(_BRANDS)),
        "price": amounts(price),
        "cost": amounts(price * 55 // 100),
        "currency": constant("EUR", len(product)),
        "is_active": flags(product % 41 != 40),
        "updated_at": moments(seconds(day, 3 * 3600 + product)),
    }, product * 2 + is_change


def store_rows(first: int, last: int) -> tuple[dict[str, pa.Array], Numbers]:
    """`pos.stores`: one store for each city, all there from the start; of each country the last lies out of town."""
    store = arriving(np.zeros(len(COUNTRIES) * CITIES_EACH), first, last)
    country = store // CITIES_EACH
    is_out_of_town = store % CITIES_EACH == CITIES_EACH - 1
    north = np.where(is_out_of_town, 0.15, 0.01 * (store % 4 - 1.5))
    return {
        "store_id": store_ids(store),
        "name": joined("Northwind Outfitters ", picked(CITIES, store)),
        "city": picked(CITIES, store),
        "country": picked(CODES, country),
        "latitude": _degrees(PLACES[store, 0] + north),
        "longitude": _degrees(PLACES[store, 1] + 0.01 * (store % 3 - 1)),
    }, store


def _degrees(values: Numbers) -> pa.Array:
    return pc.cast(pa.array(np.round(values, 4)), pa.string())


def store_ids(store: Numbers) -> pa.Array:
    """Ids of stores."""
    return joined("ST", numerals(store + 1, 3))


def campaign_ids(campaign: Numbers) -> pa.Array:
    """Ids of campaigns; one campaign starts every six days."""
    return joined("CMP", numerals(campaign + 1, 4))


def campaign_rows(first: int, last: int) -> tuple[dict[str, pa.Array], Numbers]:
    """`engagement.campaigns`, each on its first day."""
    campaign = np.arange(-(-first // 6), last // 6 + 1)
    kind = campaign % len(CAMPAIGN_NAMES)
    return {
        "campaign_id": campaign_ids(campaign),
        "name": joined(picked(CAMPAIGN_NAMES, kind), "-", numerals(campaign + 1, 4)),
        "channel": picked(CHANNELS, kind),
        "started_at": moments(seconds(campaign * 6, 6 * 3600)),
    }, campaign
