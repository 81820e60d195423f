"""Worlds with a plot: each tells how people meet and part, and the tests of the laws know how it must end.

Runs: 0 is day 0, then days 20, 45, 89, 90, 91 and 150. Shorts of identifiers name them inside their world.
"""

from datetime import datetime, timedelta

from tests.identity.graph_rows import RUNS, World

BEFORE = RUNS[0] - timedelta(days=10)
HUB_SIZE = 30


def _day(run: int, days_ago: float = 0) -> datetime:
    return RUNS[run] - timedelta(days=days_ago)


def _override(world: World, run: int, key: str, action: str, a: str, b: str = "", **more: datetime) -> World:
    cells = {"override_id": key, "action": action, "id_type_a": a.split()[0], "id_value_a": a.split()[1]}
    if b:
        cells |= {"id_type_b": b.split()[0], "id_value_b": b.split()[1]}
    return world.add(run, "steward.identity_overrides", **({"created_at": RUNS[run]} | cells | more))


def _consent(world: World, run: int, key: str, status: str, about: str, **more: datetime | str) -> World:
    kind, short = about.split()
    cells = {"consent_id": key, "id_type": kind, "id_value": short, "purpose": "advertising", "status": status}
    return world.add(run, "consent.records", **({"collected_at": RUNS[run]} | cells | more))


def _told(world: World, run: int, a: str, b: str, observed_at: datetime, confidence: str = "0.9") -> World:
    """What a provider of third-party data says about two identifiers."""
    (kind_a, id_a), (kind_b, id_b) = a.split(), b.split()
    cells = {"id_a": id_a, "id_type_a": kind_a, "id_b": id_b, "id_type_b": kind_b, "provider": "p"}
    return world.add(run, "dmp.device_links", confidence=confidence, observed_at=observed_at, **cells)


def _contact(world: World, run: int, key: str, **cells: str | datetime) -> World:
    return world.add(run, "crm.contacts", contact_id=key, **({"created_at": BEFORE, "updated_at": RUNS[run]} | cells))


def merges() -> list[World]:
    """People who were joined, and parted again."""
    link = _contact(_contact(World("steward"), 0, "c1", email="a"), 0, "c2", email="b")
    _override(link, 1, "o", "force_link", "email a", "email b")
    _override(link, 3, "o", "force_link", "email a", "email b", created_at=RUNS[1], revoked_at=RUNS[3])

    email = _contact(_contact(World("correction"), 0, "c1", email="a"), 0, "c2")
    _contact(_contact(email, 1, "c2", email="a"), 2, "c2", email="b")

    part = _contact(World("parting"), 0, "c1", email="a", created_at=_day(0, 50))
    part.add(0, "commerce.customers", shop_customer_id="s1", email="a", created_at=_day(0, 5), updated_at=RUNS[0])
    part.add(1, "commerce.customers", shop_customer_id="s1", email="b", created_at=_day(0, 5), updated_at=RUNS[1])

    gone = _contact(_contact(World("leaving"), 0, "c1", email="a"), 4, "c1", email="a")
    gone.delete(2, "crm.contacts", contact_id="c1")

    torn = World("tearing").add(0, "commerce.orders", order_id="old", email="b", ordered_at=_day(0, 99))
    _contact(_contact(torn, 0, "c1", email="a", created_at=_day(0, 200)), 0, "c2", email="b")
    torn.add(1, "commerce.customers", shop_customer_id="s1", email="a", created_at=RUNS[1], updated_at=RUNS[1])
    torn.add(1, "commerce.orders", order_id="both", shop_customer_id="s1", email="b", ordered_at=RUNS[1])
    _contact(torn, 2, "c2", email="c")

    # What left as its own person returns to another, and leaves that one: nobody may get the retired id again.
    back = World("returning").add(0, "commerce.orders", order_id="old", email="a", ordered_at=_day(0, 200))
    _contact(_contact(back, 0, "c1", created_at=_day(0, 9)), 2, "c1", email="a", created_at=_day(0, 9))
    _contact(back.delete(1, "crm.contacts", contact_id="c1"), 3, "c1", created_at=_day(0, 9))

    unseen = _contact(_contact(World("unseen"), 0, "c1", email="a"), 0, "c2", email="b")
    _override(unseen, 1, "o1", "force_link", "email a", "loyalty_id l1")
    _override(unseen, 1, "o2", "force_link", "email b", "loyalty_id l1")
    return [link, email, part, gone, torn, back, unseen]


def stewards() -> list[World]:
    """What stewards decide."""
    three = _contact(World("splitting"), 0, "c1", email="a", phone="1", mobile="2")
    three.add(0, "commerce.customers", shop_customer_id="s1", email="a", phone="1", updated_at=_day(0, 1))
    three.add(0, "pos.loyalty_members", loyalty_id="l1", email="b", phone="2", updated_at=_day(0, 2))
    three.add(0, "commerce.orders", order_id="r", shop_customer_id="s1", email="b", ordered_at=_day(0, 3))
    _override(three, 1, "o", "force_split", "crm_contact_id c1", "shop_customer_id s1")
    split = {"created_at": RUNS[1], "revoked_at": RUNS[4]}
    _override(three, 4, "o", "force_split", "crm_contact_id c1", "shop_customer_id s1", **split)

    doubt = _contact(_contact(World("contradiction"), 0, "c1", email="a"), 0, "c2", email="b")
    _override(doubt, 1, "o1", "force_link", "email a", "email b", created_at=_day(1, 2))
    _override(doubt, 1, "o2", "force_split", "email b", "email a", created_at=_day(1, 1))
    _override(doubt, 3, "o3", "force_link", "email b", "email a")

    block = _contact(_contact(World("blocking"), 0, "c1", email="a"), 0, "c2", email="a")
    _override(block, 1, "o", "block", "email a")
    _override(block, 3, "o", "block", "email a", created_at=RUNS[1], revoked_at=RUNS[3])
    return [three, doubt, block]


def third_parties() -> list[World]:
    """What a provider says counts with consent, sure enough, and for 90 days."""
    asked = _contact(World("asking"), 0, "c1", email="a")
    _told(_told(asked, 0, "email a", "device_id d", RUNS[0]), 3, "email a", "device_id d", RUNS[3])
    _consent(_consent(asked, 1, "k1", "granted", "email a"), 2, "k2", "revoked", "email a")
    _consent(asked, 3, "k3", "granted", "device_id d")

    ending = _consent(_contact(World("ending"), 0, "c1", email="a"), 0, "k", "granted", "email a")
    _told(ending, 0, "email a", "device_id d", RUNS[0])

    renewed = _consent(_contact(World("renewing"), 0, "c1", email="a"), 0, "k", "granted", "email a")
    _told(_told(renewed, 0, "email a", "device_id d", RUNS[0]), 2, "email a", "device_id d", RUNS[2])

    sure = _consent(_contact(World("sureness"), 0, "c1", email="a"), 0, "k", "granted", "email a")
    _told(sure, 0, "email a", "device_id d", RUNS[0], "0.8")
    _told(sure, 0, "email a", "device_id e", RUNS[0], "0.79")

    later = _contact(World("futureyes"), 0, "c1", email="a")
    _consent(later, 0, "k", "granted", "email a", collected_at=RUNS[3], valid_until=RUNS[5])
    _told(later, 0, "email a", "device_id d", RUNS[0])
    _told(later, 3, "email a", "device_id d", RUNS[3])
    return [asked, ending, renewed, sure, later]


def devices() -> list[World]:
    """Our own devices: how long they count, and whom they follow when two people use them."""
    unseen = World("oldphone").add(
        0, "events.events", message_id="m", user_id="u", anonymous_id="x", timestamp=_day(4, 395)
    )
    unseen.add(5, "events.events", message_id="n", user_id="u", anonymous_id="x", timestamp=RUNS[5])

    old = World("aging").add(0, "events.events", message_id="m", user_id="u", device_id="d", timestamp=_day(4, 760))
    for run in range(len(RUNS)):
        old.add(run, "events.events", message_id=f"m{run}", user_id="u", device_id="d", timestamp=RUNS[run])

    both = World("sharing")
    for number, user in enumerate(["u1", "u1", "u1", "u2"]):
        moment = datetime(2026, 1, 2 + number)
        both.add(0, "events.events", message_id=f"m{number}", user_id=user, device_id="d", timestamp=moment)

    unique = World("uniqueness")
    for number, user in enumerate(["u1", "u2"]):
        unique.add(0, "events.events", message_id=user, user_id=user, email="a", timestamp=_day(0, 40 * number))
    return [unseen, old, both, unique]


def crowds() -> list[World]:
    """Values that many share."""
    support = World("support")
    for number in range(500):
        _contact(support, 0 if number < 20 else 1, f"c{number}", email="desk")

    giant = World("giant")
    for number in range(2 * HUB_SIZE):
        run, moment = (0, _day(0, 1)) if number < HUB_SIZE else (2, _day(2, 1))
        giant.add(
            run, "events.events", message_id=f"m{number}", user_id="u", anonymous_id=f"x{number}", timestamp=moment
        )

    phone = _contact(World("recycling"), 0, "c1", phone="1", first_name="Anna", birth_date="1980-02-03")
    _contact(phone, 2, "c2", phone="1", first_name="Ben", birth_date="1991-04-05", created_at=RUNS[2])

    family = _contact(World("household"), 0, "c1", phone="1", first_name="Anna", updated_at=datetime(2026, 1, 4))
    _contact(family, 0, "c2", phone="1", first_name="Ben", updated_at=datetime(2026, 1, 5))
    family.add(
        0, "commerce.customers", shop_customer_id="s1", phone="1", first_name="ANNA", updated_at=datetime(2026, 1, 3)
    )
    return [support, giant, phone, family]


def ugly() -> list[World]:
    """Input that nobody wished for."""
    world = World("ugly").add(0, "events.events", message_id="nothing", timestamp=RUNS[0])
    _contact(world, 0, "c1", email="a", phone="1", mobile="1")
    world.add(0, "dmp.device_links", id_a="d", id_type_a="device_id", id_b="d", id_type_b="device_id", provider="p")
    world.add(0, "events.events", message_id="ключ", user_id="Ωмега", anonymous_id="東京", timestamp=RUNS[0])
    world.add(
        0,
        "events.events",
        message_id="accents",
        user_id="Ωмега",
        anonymous_id="e\u0301t\u00e9'\"\\%_",
        timestamp=RUNS[0],
    )
    world.add(0, "events.events", message_id="blocked", user_id="=unknown", anonymous_id="=n/a", timestamp=RUNS[0])
    world.add(
        0, "events.events", message_id="half", user_id="=unknown", anonymous_id="y", device_id="e", timestamp=RUNS[0]
    )
    return [world]


def stories() -> list[World]:
    """All of them."""
    return [*merges(), *stewards(), *third_parties(), *devices(), *crowds(), *ugly()]
