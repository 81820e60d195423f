"""Third-party data: the DMP's cookies, devices, links between them, and segments with their expiry."""

import numpy as np
import pyarrow as pa

from orchestration.simulation.columns import (
    Columns,
    Numbers,
    Rows,
    arriving,
    either,
    joined,
    numerals,
    picked,
    rows_of,
    seconds,
    timestamps,
)
from orchestration.simulation.countries import CODES
from orchestration.simulation.devices import USER_AGENTS, addresses
from orchestration.simulation.world import World

PROVIDERS = ("adgraph", "pixelpool")
REFRESH_DAYS = 90  # memberships are told anew so often
SEGMENTS = (
    ("sex", "female"),
    ("sex", "male"),
    ("age", "18-29"),
    ("age", "30-44"),
    ("age", "45-59"),
    ("age", "60+"),
    ("nationality", "domestic"),
    ("nationality", "foreign"),
    ("interest", "hiking"),
    ("interest", "camping"),
    ("interest", "running"),
    ("interest", "winter sports"),
    ("interest", "travel"),
    ("interest", "photography"),
)


def _covered(world: World, first: int, last: int) -> Columns:
    """Generations of covered devices that begin in these days."""
    device, generation = world.devices.starting(first, last)
    rows = {"device": device, "generation": generation, "start": world.devices.first_day(device, generation)}
    return rows_of(rows, world.devices.is_in_dmp[device])


def _uid(rows: Columns) -> Numbers:
    return rows["device"] * 4096 + rows["generation"]


def dmp_tables(world: World, first: int, last: int) -> dict[str, Rows]:
    """All DMP tables of these days."""
    rows = _covered(world, first, last)
    is_app = world.devices.is_app(rows["device"])
    return {
        "dmp.cookies": _cookie_rows(world, rows_of(rows, ~is_app)),
        "dmp.devices": _device_rows(world, rows_of(rows, is_app & (rows["start"] <= 0))),
        "dmp.device_links": _link_rows(world, rows),
        "dmp.segments": _segment_rows(first, last),
        "dmp.segment_memberships": _membership_rows(world, rows, first, last),
    }


def _provider(world: World, device: Numbers) -> pa.Array:
    return picked(PROVIDERS, world.dice.below("dmp provider", 2, device))


def _seen(rows: Columns) -> tuple[Numbers, Numbers]:
    start = seconds(rows["start"], 20_000 + rows["device"] % 50_000)
    return start, np.maximum(start, seconds(np.maximum(rows["start"], 0), 70_000 + rows["device"] % 9000))


def _cookie_rows(world: World, rows: Columns) -> Rows:
    device = rows["device"]
    person = world.devices.person[device]
    start, seen = _seen(rows)
    return {
        "cookie_id": world.devices.cookie_id(device, rows["generation"]),
        "provider": _provider(world, device),
        "first_seen_at": timestamps(start),
        "last_seen_at": timestamps(seen),
        "ip": addresses(world.dice, world.people.household[person], np.maximum(rows["start"], 0)),
        "user_agent": picked(USER_AGENTS, world.devices.platform[device]),
        "country": picked(CODES, world.people.country[person]),
    }, _uid(rows)


def _home_browser(world: World, device: Numbers) -> Numbers:
    """The first device of the same person: the one that the DMP sees beside a phone."""
    return world.devices.first[world.devices.person[device]]


def _device_rows(world: World, rows: Columns) -> Rows:
    device = rows["device"]
    person, browser = world.devices.person[device], _home_browser(world, device)
    start, seen = _seen(rows)
    has_cookie = world.devices.is_in_dmp[browser] & ~world.devices.is_app(browser)
    cookie = world.devices.cookie_id(browser, world.devices.generation(browser, np.maximum(rows["start"], 0)))
    return {
        "device_id": world.devices.device_id(device),
        "provider": _provider(world, device),
        "id_type": picked(("idfa", "gaid"), world.devices.platform[device] - 2),
        "cookie_id": either(has_cookie, cookie, None),
        "first_seen_at": timestamps(start),
        "last_seen_at": timestamps(seen),
        "ip": addresses(world.dice, world.people.household[person], np.maximum(rows["start"], 0)),
    }, _uid(rows)


def _link_rows(world: World, rows: Columns) -> Rows:
    """A browser's cookie and our anonymous id (synchronised), or a phone and a browser (guessed, at times wrongly)."""
    dice, devices = world.dice, world.devices
    uid, device, generation = _uid(rows), rows["device"], rows["generation"]
    is_sync = ~devices.is_app(device)
    is_false = ~is_sync & dice.happens("false link", world.rates.false_device_link, uid)
    stranger = dice.below("stranger", devices.count, uid)
    other = np.where(is_false, stranger, _home_browser(world, device))
    is_browser = ~devices.is_app(other) & devices.is_in_dmp[other]
    keeps = np.flatnonzero(np.where(is_sync, dice.happens("sync", 0.7, uid), is_browser))
    uid, device, generation, other, is_sync, is_false = (
        part[keeps] for part in (uid, device, generation, other, is_sync, is_false)
    )
    observed = seconds(np.maximum(rows["start"][keeps], 0), 60_000 + device % 20_000)
    cookie = devices.cookie_id(other, devices.generation(other, np.maximum(rows["start"][keeps], 0)))
    guess = 0.45 + 0.5 * dice.uniform("confidence", uid)
    return {
        "id_a": either(is_sync, devices.cookie_id(device, generation), devices.device_id(device)),
        "id_b": either(is_sync, devices.anonymous_id(device, generation), cookie),
        "provider": _provider(world, device),
        "id_type_a": either(is_sync, "cookie_id", "device_id"),
        "id_type_b": either(is_sync, "anonymous_id", "cookie_id"),
        "link_type": either(is_sync, "deterministic", "probabilistic"),
        "confidence": pa.array(np.where(is_sync, 1.0, np.round(np.where(is_false, guess * 0.7, guess), 3))),
        "observed_at": timestamps(observed),
    }, uid


def _segment_ids(segment: Numbers) -> pa.Array:
    return joined("seg-", numerals(segment + 1, 3))


def _segment_rows(first: int, last: int) -> Rows:
    number = arriving(np.zeros(len(SEGMENTS) * 2), first, last)
    segment = number // 2
    return {
        "provider": picked(PROVIDERS, number % 2),
        "segment_id": _segment_ids(segment),
        "taxonomy": picked([taxonomy for taxonomy, _ in SEGMENTS], segment),
        "label": picked([label for _, label in SEGMENTS], segment),
    }, number


def _membership_rows(world: World, fresh: Columns, first: int, last: int) -> Rows:
    """Segments of cookies and phones, told when they appear and again at every refresh; some guesses are wrong."""
    dice, devices, people = world.dice, world.devices, world.people
    covered = np.flatnonzero(devices.is_in_dmp)
    phase = dice.below("refresh phase", REFRESH_DAYS, covered)
    due = phase + REFRESH_DAYS * np.maximum(-(-(max(first, 1) - phase) // REFRESH_DAYS), 0)
    again = covered[due <= last]
    told = due[due <= last]
    device = np.concatenate([fresh["device"], again])
    day = np.concatenate([np.maximum(fresh["start"], 0), told])
    generation = np.concatenate([fresh["generation"], devices.generation(again, told)])
    person = devices.person[device]
    age = -people.birth_day[person] // 365
    sex = (~people.is_woman[person]).astype(np.int64)
    right = [sex, 2 + np.searchsorted((30, 45, 60), age, side="right"), np.full(len(device), 6), 8 + person % 6]
    index = np.tile(np.arange(len(device)), len(right))
    kind = np.repeat(np.arange(len(right)), len(device))
    segment = np.concatenate(right)
    uid = (device[index] * 4096 + day[index]) * 4 + kind
    told_so = dice.happens("tells", world.rates.dmp_segment, uid)
    index, kind, segment, uid = index[told_so], kind[told_so], segment[told_so], uid[told_so]
    is_wrong = (kind < 2) & dice.happens("wrong segment", 0.12, uid)
    segment = np.where(is_wrong & (kind == 0), 1 - segment, np.where(is_wrong, 2 + (segment - 1) % 4, segment))
    device, day, generation = device[index], day[index], generation[index]
    is_app = devices.is_app(device)
    return {
        "provider": _provider(world, device),
        "id_type": either(is_app, "device_id", "cookie_id"),
        "id_value": either(is_app, devices.device_id(device), devices.cookie_id(device, generation)),
        "segment_id": _segment_ids(segment),
        "confidence": pa.array(np.round(0.4 + 0.6 * dice.uniform("membership", uid), 3)),
        "observed_at": timestamps(seconds(day, 5000 + device % 80_000)),
        "expires_at": timestamps(seconds(day + 30 + dice.below("segment expiry", 120, uid), 0)),
    }, uid
