"""The helpers of audiences say what plain Python says, on both engines, in zones where days are 23 or 25 hours long."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orchestration.warehouse import Row
from tests.audiences.windows import LOOK_BACK, STORE_KM, ask, build, fill, write_project
from tests.conftest import SettingsFactory, make_settings
from tests.dbt_commands import run_dbt

# Clocks change at 2 o'clock; at midnight, which is then left out; and a zone three quarters of an hour off.
ZONES = {
    "America/New_York": datetime(2026, 11, 10, 3, 30, tzinfo=UTC),
    "America/Santiago": datetime(2026, 9, 20, 12, tzinfo=UTC),
    "Asia/Kathmandu": datetime(2026, 3, 1, 18, 20, tzinfo=UTC),
}
VIEW, ADD, BUY = "Product Viewed", "Product Added", "It's Bought"
NAMES = (VIEW, ADD, BUY)
PEOPLE = [f"p{number:02d}" for number in range(60)]


@dataclass(frozen=True)
class Event:
    """What somebody did; the moment is UTC without its zone."""

    profile: str
    name: str
    category: str | None
    plan: str | None
    moment: datetime


@dataclass(frozen=True)
class Window:
    """A question of did_event, and what it asks."""

    names: tuple[str, ...]
    at_least: int
    days: int
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    same: str | None = None

    def sql(self) -> str:
        """The call of the macro."""
        where = {name: list(values) for name, values in self.where}
        return (
            f"{{{{ did_event({list(self.names)!r}, at_least={self.at_least}, within_days={self.days},"
            f" where={where!r}, same={self.same!r}) }}}}".replace("same=None", "same=none")
        )


WINDOWS = {
    "today": Window((VIEW,), 1, 0),
    "thrice": Window((VIEW,), 3, 14),
    "either": Window((VIEW, ADD), 4, 7),
    "quoted": Window((BUY,), 2, LOOK_BACK),
    "tents": Window((VIEW,), 2, 20, (("category", ("tents",)),)),
    "with_plan": Window((VIEW, BUY), 1, 20, (("category", ("tents", "packs")), ("plan", ("pro",)))),
    "same_category": Window((VIEW,), 3, 14, (), "category"),
}
SEQUENCES = {
    "added_after_view": (VIEW, ADD, 3, None, 10),
    "and_not_bought": (VIEW, ADD, 30, BUY, 10),
    "viewed_again": (VIEW, VIEW, 2, None, 20),
    "left": (ADD, None, None, BUY, 10),
    "at_once": (VIEW, ADD, 0, None, LOOK_BACK),
}


def _sequence_sql(first: str, then: str | None, hours: int | None, unless: str | None, days: int) -> str:
    call = f"did_sequence({first!r}, then={then!r}, within_hours={hours!r}, unless={unless!r}, within_days={days})"
    return "{{ " + call.replace("=None", "=none") + " }}"


def _draw(zone: str) -> list[Event]:
    """Events thick around midnights and around each other, some in one instant, some older than anybody looks back."""
    dice, today = random.Random(zone), ZONES[zone].astimezone(ZoneInfo(zone)).date()
    events = []
    for profile in PEOPLE:
        for _ in range(dice.randint(0, 25)):
            day = today - timedelta(
                days=dice.choice([0, 1, 7, 14, 15, 20, LOOK_BACK, LOOK_BACK + 1, dice.randint(0, 45)])
            )
            offset = dice.choice([0, -1, 1, 3599, 3600, -3601, dice.randint(-40_000, 80_000)])
            moment = _day_begins(day, zone) + timedelta(seconds=offset)
            for _ in range(dice.choice([1, 1, 2, 3])):
                category, plan = dice.choice(["tents", "packs", None]), dice.choice(["pro", None])
                events.append(Event(profile, dice.choice(NAMES), category, plan, moment))
                moment += timedelta(hours=dice.choice([0, 0, 1, 2, 3, 26]))
    return events


def _local_day(moment: datetime, zone: str) -> date:
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()


def _day_begins(day: date, zone: str) -> datetime:
    """The first second that clocks there show this date in, found by asking every quarter of an hour."""
    moment = datetime.combine(day, time()) - timedelta(hours=15)
    while _local_day(moment, zone) < day:
        moment += timedelta(minutes=15)
    return moment


def _is_asked_for(event: Event, window: Window) -> bool:
    return event.name in window.names and all(getattr(event, name) in values for name, values in window.where)


def _expected_windows(events: list[Event], window: Window, zone: str) -> Iterator[Row]:
    now = ZONES[zone].replace(tzinfo=None)
    today = _local_day(now, zone)
    groups: dict[tuple[str, str | None], list[Event]] = {}
    for event in events:
        value = getattr(event, window.same) if window.same else None
        if _is_asked_for(event, window) and event.moment <= now + timedelta(hours=1) and (value or not window.same):
            groups.setdefault((event.profile, value), []).append(event)

    def inside(found: list[Event], day: date) -> list[Event]:
        return [event for event in found if _local_day(event.moment, zone) >= day - timedelta(days=window.days)]

    for (profile, value), found in groups.items():
        counted = inside(found, today)
        if len(counted) < window.at_least:
            continue
        day = today
        while len(inside(found, day)) >= window.at_least:
            day += timedelta(days=1)
        moments = [event.moment for event in counted]
        yield profile, value, len(counted), min(moments), max(moments), _day_begins(day, zone)


def _expected_sequence(
    events: list[Event], first: str, then: str | None, hours: int | None, unless: str | None, days: int, zone: str
) -> Iterator[tuple[str, datetime]]:
    now = ZONES[zone].replace(tzinfo=None)
    begin = _day_begins(_local_day(now, zone) - timedelta(days=days), zone)
    oldest = _day_begins(_local_day(now, zone) - timedelta(days=LOOK_BACK), zone)
    by_profile: dict[str, list[Event]] = {}
    for event in events:
        if oldest <= event.moment <= now + timedelta(hours=1):
            by_profile.setdefault(event.profile, []).append(event)
    for profile, found in by_profile.items():
        lasts = [
            later.moment
            for place, later in enumerate(found)
            if later.name == (then or first) and later.moment >= begin
            if then is None
            or any(
                earlier.name == first and timedelta(0) <= later.moment - earlier.moment <= timedelta(hours=hours or 0)
                for other, earlier in enumerate(found)
                if other != place
            )
        ]
        ends = [event.moment for event in found if event.name == unless and event.moment >= begin]
        if lasts and not (ends and max(ends) >= max(lasts)):
            yield profile, max(lasts)


@pytest.fixture(scope="module", params=ZONES)
def zone(request: pytest.FixtureRequest) -> str:
    """A time zone of the project."""
    return str(request.param)


@pytest.fixture(scope="module")
def events(zone: str) -> list[Event]:
    """What everybody did."""
    return _draw(zone)


@pytest.fixture(scope="module")
def answers(
    zone: str, events: list[Event], tmp_path_factory: pytest.TempPathFactory, postgres_settings_factory: SettingsFactory
) -> Callable[[str, str], list[Row]]:
    """A function that gives the rows of a question; both engines must give the same."""
    folder = tmp_path_factory.mktemp("windows")
    questions = {name: window.sql() for name, window in WINDOWS.items()}
    questions |= {name: _sequence_sql(*sequence) for name, sequence in SEQUENCES.items()}
    questions["days"] = "select moment, {{ local_date('moment') }} as day, {{ day_start(local_date('moment')) }} as"
    questions["days"] += " begins_at, {{ day_start(local_date('moment'), 31) }} as later_at from {{ ref('moments') }}"
    write_project(folder, questions)
    rows = [
        ("events", str(number), event.profile, "first", event.category, "web", event.name, event.moment)
        for number, event in enumerate(events)
    ]
    # What is not ours, or nobody's, or sold and taken back, counts for nobody.
    soon = ZONES[zone].replace(tzinfo=None) - timedelta(minutes=5)
    rows += [
        ("x", "a", PEOPLE[0], "third", "tents", "web", VIEW, soon),
        ("x", "b", None, "first", None, "web", VIEW, soon),
    ]
    plans = [(str(number), "plan", event.plan) for number, event in enumerate(events) if event.plan]
    lines = [
        ("pos", "o", 1, PEOPLE[0], "x", "tents", "EUR", True, soon),
        ("pos", "o", 2, PEOPLE[1], "x", "tents", "EUR", False, soon),
    ]
    tables = {
        "events": rows,
        "event_properties": [*plans, *[(number, "tax", "pro") for number, *_ in plans]],
        "order_lines": lines,
        "moments": [(moment,) for moment in _moments(zone)],
    }
    engines = [make_settings("duckdb", folder, as_of=ZONES[zone]), postgres_settings_factory(folder, as_of=ZONES[zone])]
    for settings in engines:
        fill(settings, tables)
        build(settings, folder, zone)

    def answer(question: str, columns: str) -> list[Row]:
        ours, theirs = (sorted(ask(settings, question, columns), key=repr) for settings in engines)
        assert ours == theirs, "the engines disagree"
        return ours

    return answer


def _moments(zone: str) -> list[datetime]:
    """Seconds around every midnight of a year about the clock."""
    today = ZONES[zone].date()
    begins = [_day_begins(today + timedelta(days=distance), zone) for distance in range(-200, 200)]
    return [moment + timedelta(seconds=second) for moment in begins for second in (-1, 0, 1, 5400)]


@pytest.mark.parametrize("question", WINDOWS)
def test_windows_are_counted_by_days_of_the_project(
    question: str, zone: str, events: list[Event], answers: Callable[[str, str], list[Row]]
) -> None:
    """did_event holds for who did it often enough in the days asked for, and until the day too many are left behind."""
    window = WINDOWS[question]
    columns = f"profile_id, {window.same or 'null'}, event_count, first_event_at, last_event_at, ends_at"
    expected = sorted(_expected_windows(events, window, zone), key=repr)
    assert answers(question, columns) == expected
    assert len(expected) > 1
    assert window.same or len(expected) < len(PEOPLE)


@pytest.mark.parametrize("question", SEQUENCES)
def test_sequences_are_exact_to_the_second(
    question: str, zone: str, events: list[Event], answers: Callable[[str, str], list[Row]]
) -> None:
    """did_sequence holds for who did one thing and then the other in time, and not the third since."""
    expected = sorted(_expected_sequence(events, *SEQUENCES[question], zone))
    assert answers(question, "profile_id, last_event_at") == expected
    assert 1 < len(expected) < len(PEOPLE)


def test_days_begin_when_clocks_say_so(zone: str, answers: Callable[[str, str], list[Row]]) -> None:
    """local_date and day_start are each other's inverse, and what the zone's clocks show, whenever they change."""
    for moment, day, begins_at, later_at in answers("days", "moment, day, begins_at, later_at"):
        local = _local_day(moment, zone)
        assert (day, begins_at) == (local, _day_begins(local, zone))
        assert later_at == _day_begins(local + timedelta(days=31), zone)


def _arc_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The angle between two arrows from the middle of the globe, by their cross and dot products."""
    arrows = []
    for north, east in (one, other):
        ring = math.cos(math.radians(north))
        arrows.append(
            (ring * math.cos(math.radians(east)), ring * math.sin(math.radians(east)), math.sin(math.radians(north)))
        )
    (ax, ay, az), (bx, by, bz) = arrows
    cross = math.hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
    return 6371 * math.atan2(cross, ax * bx + ay * by + az * bz)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("did_event('page', within_days=41)", "the var audience_event_days"),
        ("did_event('page', where={'colour': 'red'})", "Events have no property colour"),
        ("did_event('page', at_least=0)", "say a whole number from 1 on"),
        ("did_sequence('page', then='screen')", "say a whole number of hours"),
        ("near_store(km=301)", "the var audience_store_km"),
        ("has_segment('hiking')", "only an audience has the purpose"),
    ],
)
def test_what_would_find_nobody_is_refused(call: str, said: str, tmp_path: Path) -> None:
    """A window, property, distance or purpose that is not kept stops the build with a sentence that names what is."""
    folder = write_project(
        tmp_path / "project", {"question": f"{{{{ {call} }}}}", "third_party_segments": "select 1 as one"}
    )
    settings = make_settings("duckdb", tmp_path)
    settings.home.mkdir()
    done = run_dbt(
        settings, "compile", "--select", "question", target_path=folder / "target", project_dir=folder, check=False
    )
    assert done.returncode
    assert said in " ".join(done.stdout.split())


def test_distances_are_those_on_a_globe(tmp_path: Path, postgres_settings_factory: SettingsFactory) -> None:
    """Every place has the stores within reach, near the poles and across the date line; near_store has the nearest."""
    dice = random.Random(3)
    corners = [(0.0, 0.0), (89.9, 10.0), (-16.8, 179.95), (52.5, 13.4), (-89.9, -170.0), (10.0, -180.0)]
    spread = [
        (round(north + dice.uniform(-4, 4), 4), round(east + dice.uniform(-4, 4), 4)) for north, east in corners * 20
    ]
    # At the pole itself everything north of a store is as far from it: no nearest one.
    around = [
        (math.copysign(min(abs(north), 90 - abs(north) % 0.3), north), (east + 540) % 360 - 180)
        for north, east in spread
    ]
    around = [(round(north, 4), round(east, 4)) for north, east in around]
    places, stores = around[:60], around[60:]
    folder = write_project(
        tmp_path / "project", {"near": "{{ near_store(km=120) }}", "at_two": "{{ near_store(120, ['S1', 'S2']) }}"}
    )
    tables = {
        "profiles": [(f"p{number}", *place) for number, place in enumerate(places)],
        "stores": [(f"S{number}", *place) for number, place in enumerate(stores)],
    }
    expected = {
        (*place, f"S{number}"): _arc_km(place, store)
        for place in places
        for number, store in enumerate(stores)
        if _arc_km(place, store) <= STORE_KM
    }
    for settings in (make_settings("duckdb", tmp_path), postgres_settings_factory(tmp_path)):
        fill(settings, tables)
        build(settings, folder, "UTC")
        rows = ask(settings, "store_distances", "city_latitude, city_longitude, store_id, distance_km")
        found = {(float(north), float(east), store): float(km) for north, east, store, km in rows}
        assert found == pytest.approx(expected, abs=1e-5)
        near = {(profile, store) for profile, store in ask(settings, "near", "profile_id, store_id")}
        assert near == set(_nearest(places, expected, 120))
        assert {store for _, store in ask(settings, "at_two", "profile_id, store_id")} <= {"S1", "S2"}


def _nearest(
    places: list[tuple[float, float]], distances: dict[tuple[float, float, str], float], most: float
) -> Iterator[tuple[str, str]]:
    for number, place in enumerate(places):
        reach = [(km, store) for (*at, store), km in distances.items() if tuple(at) == place and km <= most]
        if reach:
            yield f"p{number}", min(reach)[1]
