"""What starts runs between their hours: new files that are complete, and builds of which a part failed."""

import hashlib
from typing import Any

import dagster as dg

from orchestration.build_state import sound_models
from orchestration.landing import pending_files
from orchestration.lock import BusyError, reading
from orchestration.runs import PURPOSE_TAG, end_dead_runs
from orchestration.settings import load_settings
from orchestration.warehouse import open_warehouse

_EVERY_SECONDS = 60


@dg.sensor(
    name="new_files",
    job_name="cycle",
    minimum_interval_seconds=_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Starts a cycle when new files have arrived completely. Starts as stopped, like the schedule.",
)
def new_files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """One cycle for one set of new files: the same files never start a second one."""
    settings = load_settings()
    end_dead_runs(settings, context.instance)
    try:
        with reading(settings), open_warehouse(settings) as warehouse:
            pending = pending_files(settings, warehouse)
    except BusyError as error:
        return dg.SkipReason(str(error))
    if not pending:
        return dg.SkipReason(f"No new files in {settings.landing_dir}.")
    told = "\n".join(sorted(f"{file.relative} {file.size_bytes} {file.modified_ns}" for file in pending))
    fingerprint = hashlib.sha256(told.encode()).hexdigest()
    if fingerprint == context.cursor:
        return dg.SkipReason(f"{len(pending)} new files have started a cycle already.")
    request = dg.RunRequest(run_key=fingerprint, tags={PURPOSE_TAG: f"a cycle for {len(pending)} new files"})
    return dg.SensorResult(run_requests=[request], cursor=fingerprint)


def sound_deliveries(jobs: list[Any]) -> dg.SensorDefinition:
    """Delivers, after a build that failed, the syncs that stand on nothing that failed."""
    named = {job.name: job for job in jobs}

    @dg.run_failure_sensor(
        name="sound_deliveries",
        monitored_jobs=[named["cycle"]],
        request_job=named["send"],
        minimum_interval_seconds=_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=(
            "After a cycle whose build failed, delivers the syncs that stand on nothing that failed. Starts as stopped,"
            " like the schedule."
        ),
    )
    def after_a_failure(context: dg.RunFailureSensorContext) -> dg.RunRequest | dg.SkipReason:
        sound = sound_models(load_settings())
        if not sound:
            return dg.SkipReason("Nothing can be delivered before a build ends green.")
        tags = {PURPOSE_TAG: f"deliver what stands on no failure: {', '.join(sound)}"}
        return dg.RunRequest(run_key=context.dagster_run.run_id, tags=tags)

    return after_a_failure
