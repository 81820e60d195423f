"""How events become sessions, whenever they arrive: two deliveries, a build after each, on both engines."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from orchestration.settings import Settings
from tests.conftest import LandingFolder, SettingsFactory, make_settings
from tests.end_to_end.session_stories import CLOCKS, QUARANTINED, TOLD, Event, drawn, expected_places, session_id
from tests.identity.graph_world import Lab

Places = dict[str, tuple[str, int]]
DRAWN = drawn()


@dataclass(frozen=True)
class Built:
    """What stood in the warehouse after each delivery: the place of each message, the quarantine, the raw rows."""

    places: list[Places]
    quarantined: list[dict[str, str]]
    raw: Counter[str]


@pytest.fixture(scope="module")
def both_built(
    tmp_path_factory: pytest.TempPathFactory, postgres_settings_factory: SettingsFactory
) -> dict[str, Built]:
    """The events landed and built, delivery by delivery, on both engines at once."""
    settings = {
        "duckdb": make_settings("duckdb", tmp_path_factory.mktemp("sessions_duckdb")),
        "postgres": postgres_settings_factory(tmp_path_factory.mktemp("sessions_postgres")),
    }
    with ThreadPoolExecutor(len(settings)) as pool:
        found = {engine: pool.submit(build, own) for engine, own in settings.items()}
        return {engine: done.result() for engine, done in found.items()}


@pytest.fixture(params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, both_built: dict[str, Built]) -> Built:
    """What one engine made of the events."""
    return both_built[request.param]


def build(settings: Settings) -> Built:
    """Land and build one delivery after the other."""
    places: list[Places] = []
    quarantined: list[dict[str, str]] = []
    lab = Lab(settings.model_copy(update={"as_of": CLOCKS[0]}), variables="{}")
    for delivery, clock in enumerate(CLOCKS):
        landing = LandingFolder(settings.model_copy(update={"as_of": clock}))
        lines = [event.line() for event in [*TOLD, *DRAWN] if event.delivery == delivery]
        landing.put(f"events/events/{delivery}.jsonl", "".join(lines))
        landing.land()
        failed = lab.dbt(clock, ["run", "--select", "+event_sessions", "+quarantine"])
        assert not failed, failed
        rows = landing.rows("select message_id, session_id, session_position from work_profiles.event_sessions")
        assert len(rows) == len({row[0] for row in rows}), "a message has two places"
        places.append({row[0]: (row[1], int(row[2])) for row in rows})
        quarantined.append(dict(landing.rows("select row_key, reason from work_staging.quarantine")))
    raw = Counter(row[0] for row in landing.rows("select message_id from raw_events.events"))
    return Built(places, quarantined, raw)


def named(places: Places) -> Places:
    """The same with the ids that sessions have instead of their first messages."""
    return {message: (session_id(first), place) for message, (first, place) in places.items()}


def readable(events: list[Event], delivery: int) -> list[Event]:
    """The last readable version of each message that was delivered so far and had happened."""
    found: dict[str, Event] = {}
    for event in events:
        has_happened = QUARANTINED[delivery].get(event.message_id) != "occurred after the clock"
        if event.delivery <= delivery and has_happened and event.at != "yesterday":
            found[event.message_id] = event
    return list(found.values())


def test_told_events(built: Built) -> None:
    """Each event told by hand is in the session that the story says, in its place, and no other event is."""
    expected = {event.message_id: session_id(event.session) for event in TOLD if event.session}
    found = {name: session for name, (session, _) in built.places[1].items() if not name.startswith("drawn")}
    assert found == expected
    assert [built.places[1][f"zone {number}"][1] for number in (1, 2, 3)] == [1, 2, 3]


@pytest.mark.parametrize("delivery", [0, 1])
def test_all_events(built: Built, delivery: int) -> None:
    """After each delivery every event is where the oracle puts it, as if all had arrived in order."""
    expected = named(expected_places(readable([*TOLD, *DRAWN], delivery)))
    differing = {name: (built.places[delivery].get(name), place) for name, place in expected.items()}
    differing = {name: places for name, places in differing.items() if places[0] != places[1]}
    assert not differing
    assert built.places[delivery].keys() == expected.keys()


def test_known_sessions_keep_their_ids(built: Built) -> None:
    """A session whose first event was known is called the same after late events came into it."""
    for name in ("late", "same", "edge", "bridge"):
        assert built.places[0][f"{name} 1"] == built.places[1][f"{name} 1"]
    assert built.places[0]["late 3"][0] == built.places[1]["late 3"][0]


def test_future_and_torn_events_stay_raw(built: Built) -> None:
    """What can't have happened, or can't be read, is in quarantine with its reason, and every delivery stays raw."""
    assert built.quarantined == list(QUARANTINED)
    assert built.raw == Counter(event.message_id for event in [*TOLD, *DRAWN])


def test_the_drawn_events_hold_every_case() -> None:
    """Among the drawn events some arrive late, pauses are of exactly 30 minutes, and all kinds of cuts are there."""
    early = expected_places([event for event in DRAWN if event.delivery == 0])
    late = expected_places(DRAWN)
    assert any(early[name][0] != late[name][0] for name in early), "late events join sessions"
    assert {event.click for event in DRAWN} == {"", "gclid=1", "gclid=2", "fbclid=1"}
    assert 100 < len({first for first, _ in late.values()}) < len(DRAWN) - 100
