"""The walls: which room may read which, through which door, and that nothing flows uphill."""

import re
from collections.abc import Iterator

import pytest

from tests.project.house import (
    PACKAGE,
    Manifest,
    Node,
    models_of,
    nodes_of,
    room_of,
    sentence,
    where,
)

ROOMS = ("staging", "identity", "pii", "profiles", "consent", "audiences", "activation")
ANY_MODEL = frozenset({"*"})

# Inside activation a sync states wishes and reads what the doors let in, nothing else: a door for each grain, which are
# members of audiences, customers, addresses that are refused, and carts.
SYNCS_READ = frozenset({"activation_door", "activation_customers", "activation_refusals", "activation_carts"})
# (reading room, room that is read): the models that may read there; `*` is every model of the reading room.
EDGES: dict[tuple[str, str], frozenset[str]] = {
    ("staging", "sources"): ANY_MODEL,
    # The door gathers the identifiers; the others read which records changed, and what is said about identifiers:
    # names, consents, decisions, the salt.
    ("identity", "staging"): frozenset(
        {"identity_door", "identifier_salt", "identity_records", "record_people", "link_consents", "identity_overrides"}
    ),
    ("pii", "staging"): ANY_MODEL,
    ("pii", "identity"): ANY_MODEL,
    ("profiles", "staging"): ANY_MODEL,
    ("profiles", "identity"): frozenset({"profiles_door", "traits_identity", "lifecycle_triggers"}),
    # Which value of a field survives is decided where the values are; here come the ones that name nobody, and of the
    # others only where they come from. Of what partners say only the listed attributes come.
    ("profiles", "pii"): frozenset({"profile_fields", "traits_demographics", "second_party_attributes"}),
    # What people say is put into one form per source before the door, which gathers whose it is; requests go to the
    # list of who is left alone. Nothing of a profile but its identifiers decides what may be done with it.
    ("consent", "staging"): frozenset(
        {"record_statements", "message_statements", "shop_statements", "event_statements", "delivery_statements"}
        | {"suppressions", "licences", "statement_problems"}
    ),
    ("consent", "identity"): frozenset(
        {"consent_door", "event_statements", "delivery_statements", "suppressions", "suppressed_profiles"}
        | {"bounced_channels", "permissions", "statement_problems"}
    ),
    ("consent", "pii"): frozenset({"bounced_channels"}),
    ("audiences", "profiles"): ANY_MODEL,
    # How old the data is, and whom a former member or somebody on a list stands for now; whom a message may reach.
    ("audiences", "staging"): frozenset({"audience_figures"}),
    ("audiences", "identity"): frozenset({"audience_log", "audience_lists"}),
    ("audiences", "consent"): frozenset({"audience_reach"}),
    ("activation", "pii"): frozenset({"activation_door", "activation_customers", "activation_refusals"}),
    ("activation", "profiles"): frozenset({"activation_customers", "activation_carts"}),
    ("activation", "consent"): SYNCS_READ,
    ("activation", "audiences"): frozenset({"activation_door", "activation_customers"}),
    ("activation", "staging"): frozenset({"sync_runs", "sync_results", "pii_egress"}),
}
WISH = re.compile(r"sync_.+__.+")
# What destinations answered: read by people, and by no sync.
OUTCOMES = frozenset({"sync_runs", "sync_results", "pii_egress"})
# Exposures that only read what is published; the others deliver.
ANALYSES = frozenset({"analysis", "dashboard", "notebook", "ml"})
# Every room may read the seeds of its own folder and these; the golden record's rules are also read where values are,
# and the channels where it is counted who can be reached.
SHARED_SEEDS = "reference"
SEED_EDGES: dict[tuple[str, str], frozenset[str]] = {
    ("pii", "profiles"): ANY_MODEL,
    ("consent", "identity"): ANY_MODEL,
    ("audiences", "consent"): frozenset({"audience_figures", "audience_reach"}),
    ("activation", "consent"): frozenset({"activation_refusals"}),
}


def is_wish(model: Node) -> bool:
    """Whether a model holds the rows that a destination should hold."""
    return bool(WISH.fullmatch(model["name"]))


def wall_violations(manifest: Manifest) -> Iterator[str]:
    """Edges between nodes that the table doesn't allow."""
    nodes = {**manifest["nodes"], **manifest["sources"]}
    for model in models_of(manifest):
        room = room_of(model)
        if room not in ROOMS:
            yield f"{where(model)}: stands in no room"
        for upstream_id in model["depends_on"]["nodes"]:
            upstream = nodes[upstream_id]
            if not _may_read(model, upstream):
                yield f"{where(model)}: {model['name']} may not read {upstream_id}"


def _may_read(model: Node, upstream: Node) -> bool:
    room, read = room_of(model), room_of(upstream)
    if upstream["resource_type"] == "source":
        return (room, "sources") in EDGES
    if upstream["resource_type"] == "seed":
        return read in (room, SHARED_SEEDS) or _is_among(model, SEED_EDGES.get((room, read), frozenset()))
    if is_wish(model):
        return upstream["name"] in SYNCS_READ
    if room == read:
        return True
    return _is_among(model, EDGES.get((room, read), frozenset()))


def _is_among(model: Node, allowed: frozenset[str]) -> bool:
    return "*" in allowed or model["name"] in allowed


def access_violations(manifest: Manifest) -> Iterator[str]:
    """Models whose access is wider or narrower than what reads them."""
    readers: dict[str, set[str]] = {}
    for model in models_of(manifest):
        for upstream_id in model["depends_on"]["nodes"]:
            readers.setdefault(upstream_id, set()).add(room_of(model))
    for model in models_of(manifest):
        access, others = model["config"].get("access"), readers.get(model["unique_id"], set()) - {room_of(model)}
        if model["config"].get("group") != room_of(model):
            yield f"{where(model)}: its group is {model['config'].get('group')}, its room {room_of(model)}"
        if others and access == "private":
            yield f"{where(model)}: private, yet read from {', '.join(sorted(others))}"
        if access == "protected" and not others and room_of(model) != "staging":
            yield f"{where(model)}: protected, yet no other room reads it: make it private"
        if access == "public" and room_of(model) == "staging":
            yield f"{where(model)}: public, though staging is never an interface"


def data_test_violations(manifest: Manifest) -> Iterator[str]:
    """Singular tests that read raw tables outside staging, or a room downstream of their own."""
    nodes = {**manifest["nodes"], **manifest["sources"]}
    for test in nodes_of(manifest, "test"):
        if not where(test).startswith("tests/singular/"):
            continue
        room = room_of(test)
        if room not in ROOMS:
            yield f"{where(test)}: stands in no room's folder"
            continue
        for upstream_id in test["depends_on"]["nodes"]:
            upstream = nodes[upstream_id]
            if upstream["resource_type"] == "source" and room != "staging":
                yield f"{where(test)}: reads {upstream_id}; only staging's tests read raw tables"
            if upstream["resource_type"] == "model" and ROOMS.index(room_of(upstream)) > ROOMS.index(room):
                yield f"{where(test)}: reads {upstream_id}, downstream of {room}; it belongs in that room's folder"


def exposure_violations(manifest: Manifest) -> Iterator[str]:
    """Exposures of more than one sync, or as analyses of more than public tables and metrics; syncs that none shows."""
    shown: list[str] = []
    public = {model["name"] for model in models_of(manifest) if model["config"].get("access") == "public"}
    for exposure in manifest["exposures"].values():
        read = [upstream_id.split(".")[-1] for upstream_id in exposure["depends_on"]["nodes"]]
        if exposure.get("type") in ANALYSES:
            metrics = {name.split(".")[-1] for name in exposure["depends_on"]["nodes"] if name.startswith("metric.")}
            if hidden := sorted(set(read) - public - metrics):
                yield f"{where(exposure)}: {exposure['name']} reads {hidden}, which no reader sees"
            continue
        shown += read
        if len(read) != 1 or not WISH.fullmatch(read[0]):
            yield f"{where(exposure)}: {exposure['name']} depends on {read}; an exposure shows exactly one sync_ model"
    for model in models_of(manifest):
        if is_wish(model) and shown.count(model["name"]) != 1:
            yield f"{where(model)}: {shown.count(model['name'])} exposures show it; one says where it goes and how"


def test_rooms_read_only_what_the_table_of_edges_allows(manifest: Manifest) -> None:
    """Every edge of the lineage is in the table, through its door."""
    assert not (found := list(wall_violations(manifest))), sentence(found)


def leaving_without_permission(manifest: Manifest) -> Iterator[str]:
    """Ways out of the house that don't lead through a model that applies the permissions.

    Nothing but these doors may bring a table of another room into activation, and each must read permissions.
    """
    nodes = {**manifest["nodes"], **manifest["sources"]}
    for model in models_of(manifest):
        if room_of(model) != "activation":
            continue
        read = {nodes[upstream_id]["name"]: room_of(nodes[upstream_id]) for upstream_id in model["depends_on"]["nodes"]}
        if model["name"] in SYNCS_READ:
            if "permissions" not in read:
                yield f"{where(model)}: the door reads no permissions"
        elif model["name"] in OUTCOMES and set(read.values()) <= {"staging", "activation"}:
            continue
        elif others := sorted(name for name, room in read.items() if room in ROOMS and room != "activation"):
            yield f"{where(model)}: brings {', '.join(others)} past the door"


def test_what_leaves_passes_the_door(manifest: Manifest) -> None:
    """What leaves the house comes through models that apply permissions, and through no other."""
    assert not (found := list(leaving_without_permission(manifest))), sentence(found)


def test_access_says_who_reads(manifest: Manifest) -> None:
    """A model is in its room's group, private unless another room reads it or it is an interface."""
    assert not (found := list(access_violations(manifest))), sentence(found)


def test_data_tests_stand_in_the_room_they_guard(manifest: Manifest) -> None:
    """A singular test reads its own room and upstream rooms; raw tables are read in staging's tests only."""
    assert not (found := list(data_test_violations(manifest))), sentence(found)


def test_exposures_show_syncs_only(manifest: Manifest) -> None:
    """What leaves the house leaves through a sync_ model and its one exposure; analyses read what is published."""
    assert not (found := list(exposure_violations(manifest))), sentence(found)


def test_every_room_has_a_group_and_nobody_else(manifest: Manifest) -> None:
    """The groups are the rooms."""
    assert {group["name"] for group in manifest["groups"].values()} == set(ROOMS)


def _node(name: str, path: str, reads: tuple[str, ...] = (), **more: object) -> Node:
    kind = "seed" if path.startswith("seeds") else "model"
    return {
        "name": name,
        "unique_id": name,
        "resource_type": kind,
        "package_name": PACKAGE,
        "original_file_path": path,
        "depends_on": {"nodes": list(reads)},
        "config": {"access": "private", "group": path.split("/")[1]},
        **more,
    }


SOURCE = {"resource_type": "source", "original_file_path": "models/staging/crm/_crm__sources.yml"}
HOUSE = [
    _node("stg_crm__contacts", "models/staging/crm/stg_crm__contacts.sql"),
    _node("identity_door", "models/identity/identity_door.sql"),
    _node("contact_points", "models/pii/contact_points.sql"),
    _node("consent_seed", "seeds/consent/consent_seed.csv"),
    _node("activation_door", "models/activation/activation_door.sql"),
    _node("aud_x", "models/audiences/aud_x.sql"),
]


@pytest.mark.parametrize(
    ("name", "room", "read", "allowed"),
    [
        ("identity_door", "identity", "stg_crm__contacts", True),
        ("links", "identity", "stg_crm__contacts", False),
        ("links", "identity", "raw", False),
        ("stg_crm__owners", "staging", "raw", True),
        ("profiles_door", "profiles", "identity_door", True),
        ("traits_x", "profiles", "identity_door", False),
        ("traits_x", "profiles", "contact_points", False),
        ("stg_crm__owners", "staging", "identity_door", False),
        ("aud_y", "audiences", "consent_seed", False),
        ("permissions", "consent", "consent_seed", True),
        ("activation_door", "activation", "contact_points", True),
        ("sync_x__y", "activation", "activation_door", True),
        ("sync_x__y", "activation", "aud_x", False),
    ],
)
def test_the_walls_can_fail(name: str, room: str, read: str, allowed: bool) -> None:
    """An edge outside the table is found; one inside is not."""
    reader = _node(name, f"models/{room}/{name}.sql", (read,))
    others = {node["name"]: node for node in HOUSE if node["name"] != name}
    found = list(wall_violations({"nodes": {**others, "reader": reader}, "sources": {"raw": SOURCE}}))
    assert bool(found) is not allowed


def test_the_other_checks_can_fail() -> None:
    """Wide access, loose exposures and data tests in the wrong room are found."""
    widened = _node("a", "models/identity/a.sql", config={"access": "protected", "group": "pii"})
    assert len(list(access_violations({"nodes": {"a": widened}}))) == 2
    exposure = {"name": "e", "original_file_path": "x", "depends_on": {"nodes": ["model.onefolk.aud_x"]}}
    sync = _node("sync_a__b", "models/activation/sync_a__b.sql")
    assert len(list(exposure_violations({"nodes": {"s": sync}, "exposures": {"e": exposure}}))) == 2
    assert len(list(exposure_violations({"nodes": {}, "exposures": {"e": {**exposure, "type": "analysis"}}}))) == 1
    names = ("permissions", "audience_members", "contact_points")
    rooms = ("consent", "audiences", "pii")
    others = {name: _node(name, f"models/{room}/{name}.sql") for name, room in zip(names, rooms, strict=True)}
    for door, passing, count in ((names, (), 0), (names[1:], (), 1), (names, ("contact_points",), 1)):
        built = {
            "door": _node("activation_door", "models/activation/activation_door.sql", door),
            "sync": _node("sync_a__b", "models/activation/sync_a__b.sql", ("door", *passing)),
        }
        assert len(list(leaving_without_permission({"nodes": {**others, **built}, "sources": {}}))) == count
    test = {**_node("t", "tests/singular/identity/t.sql", ("aud_x", "raw")), "resource_type": "test"}
    audience = next(node for node in HOUSE if node["name"] == "aud_x")
    assert len(list(data_test_violations({"nodes": {"t": test, "aud_x": audience}, "sources": {"raw": SOURCE}}))) == 2
