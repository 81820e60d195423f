"""Jobs, and when they run: a cycle is landing, building, publishing and delivering under one clock."""

from typing import Any

import dagster as dg

from orchestration.defs.publishing import PUBLISHED

_LANDED = dg.AssetSelection.kind("file") & dg.AssetSelection.kind("table")
_DELIVERED = dg.AssetSelection.key_prefixes(["activation"]) - dg.AssetSelection.kind("dbt")
_BUILT = dg.AssetSelection.kind("dbt")
_CHECKS = dg.AssetSelection.all_asset_checks()


def jobs() -> list[Any]:
    """The jobs; the command line runs the same ones."""
    return [
        dg.define_asset_job(
            "cycle",
            dg.AssetSelection.all(),
            description="Everything, under one clock: land new files, build, publish, deliver.",
        ),
        dg.define_asset_job("land", _LANDED, description="Land the files that are new; build nothing."),
        dg.define_asset_job("build", _BUILT, description="Build and test every model from what has landed."),
        dg.define_asset_job(
            "deliver",
            dg.AssetSelection.assets(PUBLISHED) | _DELIVERED,
            description="Publish the last build to readers and deliver the syncs; refused unless that build was green.",
        ),
        dg.define_asset_job(
            "send",
            _DELIVERED,
            description=(
                "Send what syncs owe: take up runs that were killed, ask after jobs of destinations, and try rows again"
                " that are due."
            ),
        ),
    ]


def schedules() -> list[dg.ScheduleDefinition]:
    """A cycle at every full hour, and what is due in between; both stopped, for a fresh clone must not deliver."""
    return [
        dg.ScheduleDefinition(
            name="hourly_cycle",
            job_name="cycle",
            cron_schedule="0 * * * *",
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.STOPPED,
            description="A cycle at every full hour. Starts as stopped: switch it on when deliveries are wanted.",
        ),
        dg.ScheduleDefinition(
            name="due_deliveries",
            job_name="send",
            cron_schedule="5,15,25,35,45,55 * * * *",
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.STOPPED,
            description="Between cycles, what is due: runs to take up, jobs to ask after, rows to try again.",
        ),
    ]
