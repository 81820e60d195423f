"""Random lives, run after run on both engines: allowed is what plain Python allows, and nothing else is delivered."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import Any

import pyarrow.parquet as pq
import pytest

from orchestration.activation.connections import is_connected
from orchestration.activation.engine import run_sync
from orchestration.activation.syncs import load_syncs
from orchestration.project import load_manifest, parse
from orchestration.settings import Settings
from orchestration.warehouse import quoted
from tests.conftest import SettingsFactory, make_settings
from tests.consent.consent_draw import RUNS, Life, drawn
from tests.consent.consent_judge import allowed
from tests.consent.consent_oracle import Allowed, Memory
from tests.identity.graph_world import Lab

SECRET = "a secret that all warehouses share"
# Postgres builds slowly what is small; the rooms behind consent are common SQL that other tests run there.
LIVES = {"duckdb": 150, "postgres": 60}
REASONS = {"granted", "standing", "refused", "withdrawn", "ran_out", "not_yet_valid", "unsubscribed", "complained"}
REASONS |= {"bounced", "objected", "erasure_requested"}
CONSENT = ["--select", "+models/consent"]
SELECTED = {"duckdb": [*CONSENT, "+models/activation"], "postgres": CONSENT}
# Data tests of what is not built.
UNBUILT = {"duckdb": [], "postgres": ["--exclude", "tests/singular/activation"]}


@dataclass(repr=False)
class Moment:
    """One run: what the models allow and why, what plain Python allows, and who was delivered under what."""

    clock: datetime
    permissions: list[dict[str, Any]]
    expected: Allowed
    delivered: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    problems: int = 0
    suppressions: int = 0

    @property
    def found(self) -> Allowed:
        """Profile, purpose and channel of all that is allowed."""
        return {(row["profile_id"], row["purpose"], row["channel"]) for row in self.permissions if row["is_allowed"]}


@dataclass(repr=False)
class Lived:
    """What one engine made of the lives."""

    lives: list[Life]
    moments: list[Moment]
    owners: list[dict[tuple[str, str], str]]

    def life_of(self, run: int, profile: str) -> str:
        """The life that a profile belongs to, with all that it holds, for the words of a failure."""
        mine = sorted(one for one, owner in self.owners[run].items() if owner == profile)
        names = {value for _, value in mine}
        life = next((life for life in self.lives if any(life.name in value for value in names)), None)
        rows = [row for number in range(run + 1) for row in life.put[number]] if life else []
        return f"{mine}\n" + "\n".join(f"  {row.table} {dict(row.cells)}" for row in rows)


def _live(settings: Settings) -> Lived:
    lab, memory, lived = Lab(settings), Memory(), Lived(drawn(LIVES[settings.target]), [], [])
    assert not lab.dbt(RUNS[0], ["seed", *SELECTED[settings.target]])
    for run, clock in enumerate(RUNS):
        lab.delete(key for life in lived.lives for key in life.deleted[run])
        lab.put(row for life in lived.lives for row in life.put[run])
        assert not (failed := lab.dbt(clock, ["run", *SELECTED[settings.target]])), failed
        _look(lab, run, memory, lived)
    left_out = ["--exclude-resource-type", "unit_test", *UNBUILT[settings.target]]
    assert not (failed := lab.dbt(RUNS[-1], ["test", "--select", "models/consent", *left_out])), failed
    # A second build of the same changes nothing.
    before = _count(lab, "suppressions")
    assert not lab.dbt(RUNS[-1], ["run", *SELECTED[settings.target]])
    assert _count(lab, "suppressions") == before
    return lived


def _look(lab: Lab, run: int, memory: Memory, lived: Lived) -> None:
    clock, rows = RUNS[run], [row for life in lived.lives for row in life.rows_at(run)]
    forms = quoted(lab.settings.work_schema("pii"), "identifier_forms")
    places = quoted(lab.settings.work_schema("identity"), "identifiers")
    found = lab.rows(
        f"select distinct forms.identifier_type, forms.identifier_value, places.profile_id from {forms} as forms"
        f" inner join {places} as places on forms.identifier_key = places.identifier_key"
    )
    owners = {(kind, value): profile for kind, value, profile in found}
    memory.see(owners, clock)
    memory.read_requests(rows, clock)
    names = ("profile_id", "purpose", "channel", "record_id", "reason", "is_allowed")
    permissions = quoted(lab.settings.work_schema("consent"), "permissions")
    said = lab.rows(f"select {', '.join(names)} from {permissions}")
    moment = Moment(clock, [dict(zip(names, row, strict=True)) for row in said], allowed(rows, memory, clock))
    moment.problems, moment.suppressions = _count(lab, "statement_problems"), _count(lab, "suppressions")
    if lab.settings.target == "duckdb":
        moment.delivered = _delivered(lab.settings)
    lived.owners.append(owners)
    lived.moments.append(moment)


def _count(lab: Lab, table: str) -> int:
    return int(lab.rows(f"select count(*) from {quoted(lab.settings.work_schema('consent'), table)}")[0][0])


def _delivered(settings: Settings) -> dict[tuple[str, str], set[str]]:
    """Deliver every sync that needs no connection, and read from its files who stands there, by purpose and channel."""
    parse(settings)
    found: dict[tuple[str, str], set[str]] = {}
    for sync in load_syncs(load_manifest()):
        if sync.channel and "profile_id" in sync.columns and is_connected(settings, sync.connection):
            run_sync(settings, sync, requires_green=False)
            folder = settings.delivered_dir / settings.stable_schema(sync.destination) / sync.object
            named = [file["name"] for file in json.loads((folder / "manifest.json").read_text())["files"]]
            [file] = [name for name in named if name.endswith(".parquet")]
            people = set(pq.read_table(folder / file)["profile_id"].to_pylist())
            found.setdefault((sync.purpose, sync.channel), set()).update(people)
    return found


@pytest.fixture(scope="session")
def live_once(
    tmp_path_factory: pytest.TempPathFactory, postgres_settings_factory: SettingsFactory
) -> Callable[[str], Lived]:
    """All lives on an engine; builds are dear, so all laws look at one, in whichever order engines take turns."""

    @cache
    def live(engine: str) -> Lived:
        folder = tmp_path_factory.mktemp(f"consent_{engine}")
        if engine == "duckdb":
            return _live(make_settings(engine, folder, secret=SECRET))
        return _live(postgres_settings_factory(folder, secret=SECRET))

    return live


@pytest.fixture(params=["duckdb", "postgres"])
def lived(request: pytest.FixtureRequest, live_once: Callable[[str], Lived]) -> Lived:
    """The lives on one engine."""
    return live_once(request.param)


def test_allowed_is_what_people_said(lived: Lived) -> None:
    """After every run exactly that is allowed which the sentences of the room allow, whatever people did before."""
    for run, moment in enumerate(lived.moments):
        for wrong in (moment.found - moment.expected, moment.expected - moment.found):
            rows = [row for row in moment.permissions if (row["profile_id"], row["purpose"], row["channel"]) in wrong]
            assert not wrong, (
                f"run {run}: {len(wrong)} wrong: {sorted(wrong)[:3]}\n{rows[:2]}\n"
                f"{lived.life_of(run, sorted(wrong)[0][0])}"
            )


def test_reasons_say_whether(lived: Lived) -> None:
    """What is allowed was granted or stands; whatever anybody said names its record; every reason is met."""
    met = set()
    for moment in lived.moments:
        for row in moment.permissions:
            assert row["is_allowed"] == (row["reason"] in ("granted", "standing")), row
            assert (row["record_id"] is None) == (row["reason"] == "standing"), row
            met.add(row["reason"])
    assert met == REASONS


def test_nobody_is_delivered_without_permission(lived: Lived) -> None:
    """No delivered row lacks a permission at the moment of planning, and every lost permission leads to a removal."""
    if not any(moment.delivered for moment in lived.moments):
        pytest.skip("Rows are delivered on DuckDB only.")
    lost, kept = 0, 0
    for before, after in pairwise(lived.moments):
        assert after.delivered.keys() == before.delivered.keys()
        for (purpose, channel), people in after.delivered.items():
            permitted = {one for one, *rest in after.expected if tuple(rest) == (purpose, channel)}
            assert people <= permitted
            kept += len(people)
            lost += len(before.delivered[purpose, channel] - permitted)
    assert kept > 50
    assert lost > 5


def test_who_asked_is_remembered(lived: Lived) -> None:
    """The list of who is left alone only grows, also where the request and the person's rows are gone."""
    counts = [moment.suppressions for moment in lived.moments]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
    assert lived.moments[-1].problems > 10


def test_consent_of_an_unseen_identifier_counts(lived: Lived) -> None:
    """Somebody of whom nothing is known but a consent may be written to."""
    last = lived.moments[-1]
    unseen = {owner for (_, value), owner in lived.owners[-1].items() if "-unseen@" in value}
    assert unseen & {profile for profile, purpose, _ in last.found if purpose == "marketing"}
