"""What starts a cycle between its hours: new files that are complete."""

import hashlib

import dagster as dg

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
