"""Everything about the demo company that stays: its people, their devices and contacts, and what it sells."""

from dataclasses import dataclass

from orchestration.simulation.catalogue import Catalogue, make_catalogue
from orchestration.simulation.columns import Dice
from orchestration.simulation.contacts import Contacts, make_contacts
from orchestration.simulation.devices import Devices, make_devices
from orchestration.simulation.people import People, make_people
from orchestration.simulation.rates import Rates


@dataclass(frozen=True)
class World:
    """The demo company as it is on every day; nothing in it depends on how many days are simulated."""

    seed: int
    rates: Rates
    dice: Dice
    people: People
    devices: Devices
    contacts: Contacts
    catalogue: Catalogue


def make_world(people: int, seed: int, rates: Rates) -> World:
    """A demo company of so many people."""
    population = make_people(people, seed, rates)
    return World(
        seed=seed,
        rates=rates,
        dice=Dice(seed),
        people=population,
        devices=make_devices(population, seed, rates),
        contacts=make_contacts(population, seed, rates),
        catalogue=make_catalogue(seed),
    )
