"""Dagster's code location: the only entry point, made from the project's manifest."""

import dagster as dg

from orchestration.defs.activation import sync_assets
from orchestration.defs.checks import guard_checks
from orchestration.defs.landing import raw_assets
from orchestration.defs.models import build_assets
from orchestration.defs.publishing import publishing_asset
from orchestration.defs.resources import resources
from orchestration.defs.schedules import jobs, schedules
from orchestration.defs.sensors import new_files, sound_deliveries
from orchestration.project import load_manifest, parse
from orchestration.settings import load_settings
from orchestration.translator import with_attached_tests


def definitions() -> dg.Definitions:
    """Everything Dagster knows; dbt parses first where the manifest is missing or old."""
    parse(load_settings())
    manifest = with_attached_tests(load_manifest())
    every_job = jobs()
    return dg.Definitions(
        assets=[
            raw_assets(manifest),
            build_assets(manifest),
            publishing_asset(manifest),
            *sync_assets(manifest),
        ],
        asset_checks=[guard_checks(manifest)],
        jobs=every_job,
        schedules=schedules(),
        sensors=[new_files, sound_deliveries(every_job)],
        resources=resources(),
        executor=dg.in_process_executor,
    )


defs = definitions()
