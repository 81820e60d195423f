"""How large an audience would have been on days of the past: each is built anew by its clock, in scratch schemas."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.audiences.compiling import TrialError
from orchestration.audiences.conditions import Declaration, condition_columns, declarations
from orchestration.audiences.declarations import any_of
from orchestration.audiences.funnel import Funnel, read_funnel
from orchestration.audiences.guards import Guard, read_guards
from orchestration.audiences.reach import Reach, read_reach
from orchestration.build_state import require_landed
from orchestration.dbt_events import BuildWatch
from orchestration.lock import writing
from orchestration.progress import report
from orchestration.project import DbtError, dbt_environment, prepare, project_vars, project_zone
from orchestration.scratch import scratch_folder
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import Warehouse, literal, open_warehouse, quoted

PREFIX = "backtest_"
# All that says who would be in it, and who of them may be contacted.
_WANTED = ("+audience_members", "+audience_sizes", "+audience_guards", "+audience_reach")
_ROOM = "audiences"


@dataclass(frozen=True)
class Day:
    """An audience as a build by the clock of `moment` makes it.

    `guard` is None where it was never judged; `entered_count` and `left_count` are since the day before it in the
    back-test, None on the first; `built_count` is how many members the last build of its time gave it, or None.
    """

    moment: datetime
    member_count: int
    entered_count: int | None
    left_count: int | None
    guard: Guard | None
    funnel: Funnel
    reach: Sequence[Reach]
    built_count: int | None
    seconds: float


@dataclass(frozen=True)
class Backtest:
    """An audience on days of the past, by today's definition, oldest first; what its YAML says of it."""

    name: str
    title: str
    with_hindsight: bool
    days: Sequence[Day]
    declaration: Declaration


def backtest_audience(settings: Settings, name: str, days: str, *, with_hindsight: bool = False) -> Backtest:
    """Build an audience anew on each of the days, by the one clock, beside the live tables, which stay as they are.

    A build knows what had landed by then, as one of that day did; with hindsight also what happened by then and landed
    later. Days are ISO 8601, joined by commas. Raises `TrialError` where they can't be, `DbtError` where a build fails.
    """
    key = name.strip().removeprefix("aud_")
    moments = moments_of(days, settings)
    manifest = prepare(settings)
    model = manifest["nodes"].get(f"model.onefolk.aud_{key}")
    if model is None:
        raise TrialError(f"There is no audience {key!r}: there are {any_of(project_vars().get('audiences') or [])}.")
    declared = declarations().get(key, Declaration())
    title = (model["config"]["meta"]["audience"].get("title") or key).replace("_", " ")
    found: list[Day] = []
    with writing(settings, f"onefolk audience backtest {key}", say=lambda text: report("wait", detail=text)):
        require_landed(settings)
        if not with_hindsight:
            _require_landed_by(settings, moments[0])
        with _scratch(settings) as scratch, scratch_folder(settings.home / "backtests") as folder:
            audiences = [key, *declared.guards.excludes]
            for moment in moments:
                began = time.monotonic()
                _build(scratch.at(moment), audiences, folder, with_hindsight=with_hindsight)
                found.append(_day(scratch, settings, key, moment, is_first=not found, began=began))
    return Backtest(key, title, with_hindsight, found, declared)


def moments_of(days: str, settings: Settings) -> list[datetime]:
    """The moments of a list of days, oldest first: a day is its beginning in the project's time zone."""
    zone = project_zone()
    found = set()
    for text in filter(None, (part.strip() for part in days.split(","))):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise TrialError(f"{text!r} is not a day: write days as 2026-09-01, joined by commas.") from None
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        if moment > settings.clock:
            raise TrialError(f"{text} is still to come: the clock stands at {settings.clock:%Y-%m-%d %H:%M} UTC.")
        found.add(moment.replace(microsecond=0))
    if not found:
        raise TrialError("There is no day to look at: say --days 2026-09-01,2026-10-01.")
    return sorted(found)


def _require_landed_by(settings: Settings, moment: datetime) -> None:
    with open_warehouse(settings) as warehouse:
        first = warehouse.rows("select min(landed_at) from raw_onefolk.files where row_count > 0")[0][0]
    if first is None or first.replace(tzinfo=UTC) > moment:
        landed = f"the first rows landed at {first:%Y-%m-%d %H:%M} UTC" if first else "no row has landed yet"
        raise TrialError(
            f"Nothing had landed by {moment:%Y-%m-%d %H:%M} UTC: {landed}. To use what happened by then and landed"
            " later, say --hindsight."
        )


@contextmanager
def _scratch(settings: Settings) -> Iterator[Settings]:
    """Schemas for a back-test, which are dropped after it; also those that a killed one left."""
    scratch = settings.model_copy(update={"schema_prefix": settings.schema_prefix + PREFIX})
    _drop(scratch)
    try:
        yield scratch
    finally:
        _drop(scratch)


def _drop(scratch: Settings) -> None:
    with open_warehouse(scratch) as warehouse:
        start = scratch.work_schema("")
        for (schema,) in warehouse.rows(
            "select schema_name from information_schema.schemata"
            f" where left(schema_name, {len(start)}) = {literal(start)} and catalog_name = current_catalog"
        ):
            warehouse.execute(f"drop schema {quoted(schema)} cascade")


def _build(settings: Settings, audiences: Sequence[str], folder: Path, *, with_hindsight: bool) -> None:
    """Build what says who would be in the audiences; the second day is an increment of the first."""
    watch = BuildWatch(step=f"{settings.clock:%Y-%m-%d}")
    report(watch.step, detail="dbt starts")
    arguments = ["build", "--select", *_WANTED, "--exclude-resource-type", "test", "unit_test"]
    arguments += ["--vars", json.dumps({"audiences": list(dict.fromkeys(audiences))})]
    arguments += ["--log-format", "json", "--log-level-file", "none", "--no-write-json", "--target-path", str(folder)]
    arguments += ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
    own = {"ONEFOLK_HINDSIGHT": "yes" if with_hindsight else "", "ONEFOLK_ALLOWED_GUARDS": ""}
    with subprocess.Popen(
        [sys.executable, "-m", "orchestration.dbt_process", *arguments],
        env=dbt_environment(settings) | own,
        cwd=PROJECT_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        said = []
        for line in running.stdout or ():
            if event := _event(line):
                watch.hear(event)
            else:
                said.append(line.strip())
    if running.returncode:
        failures = [node.sentence() for node in watch.failures()] or watch.errors or said
        told = "\n".join(failures[:3]) or "dbt said nothing."
        raise DbtError(f"The build by the clock of {settings.clock:%Y-%m-%d %H:%M} UTC failed:\n{told}")


def _event(line: str) -> Mapping[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "info" in event else None


def _day(scratch: Settings, live: Settings, key: str, moment: datetime, *, is_first: bool, began: float) -> Day:
    schema = scratch.work_schema(_ROOM)
    with open_warehouse(scratch) as warehouse:
        place = quoted(schema, "audience_members")
        members = int(warehouse.rows(f"select count(*) from {place} where audience = {literal(key)}")[0][0])
        entered, left = (None, None) if is_first else _moves(warehouse, schema, key, moment)
        guards = {guard.audience: guard for guard in read_guards(warehouse, schema)}
        return Day(
            moment=moment,
            member_count=members,
            entered_count=entered,
            left_count=left,
            guard=guards.get(key),
            funnel=_funnel(warehouse, scratch, key),
            reach=read_reach(warehouse, schema).get(key, []),
            built_count=_built(warehouse, live.work_schema(_ROOM), key, moment),
            seconds=time.monotonic() - began,
        )


def _moves(warehouse: Warehouse, schema: str, key: str, moment: datetime) -> tuple[int, int]:
    """How many entered and left in the build of a moment; a build in which nothing moved leaves no row."""
    rows = warehouse.rows(
        f"select entered_count, left_count from {quoted(schema, 'audience_sizes')}"
        f" where audience = {literal(key)} and measured_at = {_timestamp(moment)}"
    )
    return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)


def _funnel(warehouse: Warehouse, scratch: Settings, key: str) -> Funnel:
    schema, table = scratch.work_schema(_ROOM), f"aud_{key}"
    for_all = warehouse.rows(
        f"select is_for_anonymous from {quoted(schema, 'audience_definitions')} where audience = {literal(key)}"
    )[0][0]
    profiles = quoted(scratch.work_schema("profiles"), "profiles")
    only = "" if for_all else f"profile_id in (select profile_id from {profiles} where is_known)"
    conditions = list(condition_columns(warehouse.columns(schema, table)))
    return read_funnel(warehouse, quoted(schema, table), conditions, only)


def _built(warehouse: Warehouse, schema: str, key: str, moment: datetime) -> int | None:
    """How many members the live tables had at a moment."""
    if not warehouse.columns(schema, "audience_sizes"):
        return None
    rows = warehouse.rows(
        f"select member_count from {quoted(schema, 'audience_sizes')} where audience = {literal(key)}"
        f" and measured_at <= {_timestamp(moment)} order by generation desc limit 1"
    )
    return int(rows[0][0]) if rows else None


def _timestamp(moment: datetime) -> str:
    return f"cast('{moment:%Y-%m-%d %H:%M:%S}' as timestamp)"
