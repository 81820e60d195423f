"""One job of the code location, run in this process and recorded where the Dagster UI shows it."""

import contextlib
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from orchestration.build_state import sound_models
from orchestration.progress import report
from orchestration.runs import (
    ALLOWED_TAG,
    AS_OF_TAG,
    CONFIGURATION,
    PURPOSE_TAG,
    alive,
    end_dead_runs,
    prepare_dagster_home,
)
from orchestration.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

_KEPT_LOGS = 30
_COUNTED = ("rows_landed", "files_landed", "lines_rejected", "rows_written")


@dataclass(frozen=True)
class Step:
    """A step of a run: its name, whether it succeeded, and its seconds."""

    name: str
    is_green: bool
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and what it brought."""

    run_id: str
    is_green: bool
    clock: datetime
    steps: list[Step]
    failures: list[str]
    log: Path
    landed_rows: int = 0
    landed_files: int = 0
    rejected_lines: int = 0
    written_rows: int = 0
    warnings: list[str] = field(default_factory=list)
    delivered: dict[str, dict[str, Any]] = field(default_factory=dict)


@contextlib.contextmanager
def open_instance(settings: Settings) -> Iterator["dg.DagsterInstance"]:
    """Dagster's storage in the home folder; a command keeps its output in its own log, so Dagster captures none."""
    import dagster as dg

    folder = prepare_dagster_home(settings)
    configuration = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    configuration["compute_logs"] = {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
    name = "command_line.yaml"
    (folder / name).write_text(yaml.safe_dump(configuration), encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(folder)
    with dg.DagsterInstance.from_config(str(folder), name) as instance:
        yield instance


def run_job(settings: Settings, job: str, purpose: str) -> Outcome:
    """Run a job to its end; a step that fails is part of the outcome, not an exception."""
    report({"cycle": "land"}.get(job, job), detail="starting")
    log = _new_log(settings, job)
    with log.open("a", encoding="utf-8", buffering=1) as lines, _quiet(lines), open_instance(settings) as instance:
        from dagster._core.utils import make_new_run_id

        from orchestration.definitions import defs

        end_dead_runs(settings, instance)
        run_id = make_new_run_id()
        tags = {PURPOSE_TAG: purpose}
        if settings.as_of:
            tags[AS_OF_TAG] = settings.as_of.isoformat()
        if settings.allowed_guards:
            tags[ALLOWED_TAG] = settings.allowed_guards
        with alive(settings, run_id):
            result = defs.resolve_job_def(job).execute_in_process(
                instance=instance, raise_on_error=False, run_id=run_id, tags=tags
            )
        run = instance.get_run_by_id(run_id)
        moment = run.tags.get(AS_OF_TAG) if run else None
        clock = datetime.fromisoformat(moment) if moment else settings.clock
        return _outcome(result, run_id, clock, log)


def run_cycle(settings: Settings, purpose: str) -> Outcome:
    """Run a cycle; where its build failed, deliver in a run of its own the syncs that stand on nothing that failed."""
    outcome = run_job(settings, "cycle", purpose)
    if outcome.is_green or not sound_models(settings):
        return outcome
    sent = run_job(settings, "send", f"{purpose}: what stands on no failure")
    return replace(outcome, delivered=sent.delivered, failures=[*outcome.failures, *sent.warnings, *sent.failures])


def _outcome(result: "dg.ExecuteInProcessResult", run_id: str, clock: datetime, log: Path) -> Outcome:
    steps, failures = _steps(result.all_events)
    counts: Counter[str] = Counter()
    delivered: dict[str, dict[str, Any]] = {}
    warnings: list[str] = []
    for event in result.all_events:
        happened: Any = event.event_specific_data
        if event.is_step_materialization:
            key = happened.materialization.asset_key
            values = {name: value.value for name, value in happened.materialization.metadata.items()}
            counts.update({name: values[name] for name in _COUNTED if name in values})
            if "delivered" in values:
                delivered["/".join(key.path[1:])] = values
            warnings += values.get("sentences", [])
        elif event.event_type_value == "ASSET_CHECK_EVALUATION" and "sentences" in happened.metadata:
            warnings += happened.metadata["sentences"].value
    return Outcome(
        run_id=run_id,
        is_green=result.success,
        clock=clock,
        steps=steps,
        failures=failures,
        log=log,
        landed_rows=counts["rows_landed"],
        landed_files=counts["files_landed"],
        rejected_lines=counts["lines_rejected"],
        written_rows=counts["rows_written"],
        warnings=warnings,
        delivered=delivered,
    )


def _steps(events: Sequence["dg.DagsterEvent"]) -> tuple[list[Step], list[str]]:
    """The steps with their seconds, and a sentence for every failure."""
    steps: list[Step] = []
    failures: list[str] = []
    for event in events:
        happened: Any = event.event_specific_data
        if event.is_step_success:
            steps.append(Step(str(event.step_key), True, happened.duration_ms / 1000))
        elif event.is_step_failure:
            steps.append(Step(str(event.step_key), False, 0.0))
            failures.append(_told(happened))
    if not failures:
        ends: list[Any] = [event.event_specific_data for event in events if event.event_type_value == "RUN_FAILURE"]
        failures = [_last_line(end.error) for end in ends if getattr(end, "error", None)]
    return steps, failures


def _told(failure: Any) -> str:
    """What a step's failure says to a person: its own description, else the innermost error."""
    if failure.user_failure_data and failure.user_failure_data.description:
        return str(failure.user_failure_data.description)
    return _last_line(failure.error)


def _last_line(error: Any) -> str:
    while error.cause is not None:
        error = error.cause
    message = str(error.message).strip()
    # Our own errors are sentences already; of others, the class helps.
    return re.sub(r"^orchestration[\w.]*: ", "", message)


@contextlib.contextmanager
def _quiet(lines: Any) -> Iterator[None]:
    """What dbt, Dagster and warnings print goes into the log: the terminal shows progress."""
    handler = logging.StreamHandler(lines)
    logging.getLogger().addHandler(handler)
    try:
        with contextlib.redirect_stdout(lines), contextlib.redirect_stderr(lines):
            yield
    finally:
        logging.getLogger().removeHandler(handler)


def _new_log(settings: Settings, job: str) -> Path:
    folder = settings.dagster_home / "command_logs"
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.log"))[: -_KEPT_LOGS + 1]:
        old.unlink(missing_ok=True)
    return folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{job}.log"
