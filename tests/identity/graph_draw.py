"""Worlds drawn at random: a handful of rows over few values, so that they meet, contradict each other and vanish."""

import os
from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.identity.graph_rows import IDENTIFIERS, RUNS, Identifier, World

SEED = int(os.environ.get("ONEFOLK_GRAPH_SEED", "20260305"))
WORLDS, TWINS = 60, 12

POOL = {
    "crm_contact_id": ["c1", "c2", "c3"],
    "shop_customer_id": ["s1", "s2"],
    "loyalty_id": ["l1", "l2"],
    "user_id": ["u1", "u2", "u3"],
    "email": ["a", "b", "c"],
    "phone": ["1", "2"],
    "card_fingerprint": ["v1", "v2"],
    "anonymous_id": ["x1", "x2", "x3"],
    "device_id": ["d1", "d2"],
    "cookie_id": ["k1", "k2"],
}
PERSONAL = ("crm.contacts", "commerce.customers", "pos.loyalty_members")
FIRST_PARTY = (*PERSONAL, "commerce.orders", "pos.transactions", "events.events")
FIRST_NAMES, BIRTH_DATES = ("Anna", "Ben", "ANNA", None), ("1980-02-03", "1991-04-05", None)
SEEN_AT = {
    "commerce.orders": "ordered_at",
    "pos.transactions": "occurred_at",
    "events.events": "timestamp",
    "commerce.customers": "updated_at",
    "crm.contacts": "updated_at",
    "pos.loyalty_members": "updated_at",
}

Draw = Callable[[st.SearchStrategy], object]
identifiers = st.sampled_from([(kind, short) for kind, shorts in POOL.items() for short in shorts])
# Those that meet often, so that a decision about two of them decides something.
OFTEN = ("crm_contact_id c1", "crm_contact_id c2", "shop_customer_id s1", "email a", "email b", "user_id u1", "phone 1")
decided_upon = st.one_of(st.sampled_from([tuple(named.split()) for named in OFTEN]), identifiers)


def _pick(draw: Draw, kind: str) -> str | None:
    return draw(st.sampled_from([*POOL[kind], None]))  # type: ignore[return-value]


def _ago(draw: Draw, run: int, days: tuple[int, ...]) -> object:
    moment = timedelta(days=draw(st.sampled_from(days)), hours=draw(st.integers(0, 23)))  # type: ignore[arg-type]
    return RUNS[run] - moment


def _record(draw: Draw, world: World, run: int, row: int, table: str) -> None:
    kinds = IDENTIFIERS[table]
    cells = {name: _pick(draw, kind) for name, kind in kinds.items() if kind}
    key = next(iter(kinds))
    cells[key] = draw(st.sampled_from(POOL[kinds[key]])) if kinds[key] else f"r{row}"  # type: ignore[assignment]
    if table in PERSONAL:
        cells["first_name"] = draw(st.sampled_from(FIRST_NAMES))  # type: ignore[assignment]
    if table in ("crm.contacts", "pos.loyalty_members"):
        cells["birth_date"] = draw(st.sampled_from(BIRTH_DATES))  # type: ignore[assignment]
    days = (0, 2, 40, 390, 800) if table == "events.events" else (0, 3, 35)
    world.add(run, table, **cells, **{SEEN_AT[table]: _ago(draw, run, days)})  # type: ignore[arg-type]


def _third_party(draw: Draw, world: World, run: int, row: int) -> None:
    if draw(st.booleans()):
        cells = {"device_id": _pick(draw, "device_id") or "d1", "cookie_id": _pick(draw, "cookie_id")}
        world.add(run, "dmp.devices", provider="p", **cells, last_seen_at=_ago(draw, run, (0, 5, 60)))  # type: ignore[arg-type]
        return
    (kind_a, id_a), (kind_b, id_b) = draw(identifiers), draw(identifiers)  # type: ignore[misc]
    world.add(
        run,
        "dmp.device_links",
        provider="p",
        id_a=id_a,
        id_type_a=kind_a,
        id_b=id_b,
        id_type_b=kind_b,
        confidence=draw(st.sampled_from(["0.5", "0.8", "0.95"])),  # type: ignore[arg-type]
        observed_at=_ago(draw, run, (0, 5, 60)),  # type: ignore[arg-type]
    )


def _consent(draw: Draw, world: World, run: int, row: int) -> None:
    kind, short = draw(identifiers)  # type: ignore[misc]
    world.add(
        run,
        "consent.records",
        consent_id=f"r{row}",
        id_type=kind,
        id_value=short,
        purpose=draw(st.sampled_from(["advertising", "advertising", None, "newsletter"])),  # type: ignore[arg-type]
        status=draw(st.sampled_from(["granted", "granted", "revoked"])),  # type: ignore[arg-type]
        collected_at=_ago(draw, run, (0, 4)),  # type: ignore[arg-type]
        valid_until=RUNS[run] + timedelta(days=30) if draw(st.booleans()) else None,
    )


def _override(draw: Draw, world: World, run: int, row: int) -> None:
    one, other = draw(decided_upon), draw(decided_upon)
    action = draw(st.sampled_from(["force_link", "force_split", "force_split", "block"]))
    cells = _override_cells(action, one, other)  # type: ignore[arg-type]
    created = _ago(draw, run, (0, 1))
    world.add(run, "steward.identity_overrides", override_id=f"r{row}", created_at=created, **cells)  # type: ignore[arg-type]
    later = draw(st.sampled_from([run, *range(run + 1, len(RUNS))]))
    if later != run:
        revoked = {"created_at": created, "revoked_at": RUNS[later]}  # type: ignore[index]
        world.add(later, "steward.identity_overrides", override_id=f"r{row}", **revoked, **cells)  # type: ignore[arg-type]


def _override_cells(action: str, one: Identifier, other: Identifier) -> dict[str, str]:
    cells = {"action": action, "id_type_a": one[0], "id_value_a": one[1]}
    return cells if action == "block" else cells | {"id_type_b": other[0], "id_value_b": other[1]}


@st.composite
def worlds(draw: Draw, name: str) -> World:
    """One world: a dozen rows of any kind over the runs, a few of them deleted later."""
    world = World(name)
    for row in range(draw(st.integers(5, 14))):  # type: ignore[arg-type]
        run = draw(st.sampled_from([0, 0, 0, *range(len(RUNS))]))
        kind = draw(st.integers(0, 13))
        others = {0: _third_party, 1: _third_party, 2: _consent, 3: _override, 4: _override}
        if kind in others:
            others[kind](draw, world, run, row)  # type: ignore[index,arg-type]
        else:
            _record(draw, world, run, row, draw(st.sampled_from(FIRST_PARTY)))  # type: ignore[arg-type]
    landed = [(number, found.key) for number, rows in enumerate(world.put) for found in rows]
    for number, key in draw(st.lists(st.sampled_from(landed), max_size=2)):  # type: ignore[attr-defined]
        later = draw(st.integers(number, len(RUNS) - 1))
        if later > number:
            world.deleted[later].append(key)  # type: ignore[index]
    return world


def drawn(count: int = WORLDS) -> list[World]:
    """So many worlds, the same for the same seed (ONEFOLK_GRAPH_SEED)."""
    found: list[World] = []

    @seed(SEED)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def draw_one(data: st.DataObject) -> None:
        found.append(data.draw(worlds(f"w{len(found):02d}")))

    draw_one()
    return found
