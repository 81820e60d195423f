"""Checks beside dbt's tests, which are checks of their tables by themselves."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.audiences.declarations import audience_models
from orchestration.audiences.guards import read_guards
from orchestration.defs.resources import WRITER_POOL, Cycle
from orchestration.landing import LandingReport
from orchestration.translator import RoomTranslator
from orchestration.warehouse import open_warehouse

# The register of landed files: what every raw table comes from, and so the beginning of the lineage.
REGISTER = dg.AssetKey(["raw_onefolk", "files"])
_NAME = "no_file_set_aside"
_GUARD = "guard"
_SHOWN = 20


def set_aside_spec() -> dg.AssetCheckSpec:
    """A file that can't be read at all is set aside; the others land, and somebody should look."""
    return dg.AssetCheckSpec(_NAME, asset=REGISTER, description="Every file that arrived could be read.")


def set_aside_result(landing: LandingReport) -> dg.AssetCheckResult:
    """A warning when a file was set aside, with a sentence for everything that needs a look."""
    return dg.AssetCheckResult(
        asset_key=REGISTER,
        check_name=_NAME,
        passed=not landing.set_aside,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"set_aside": len(landing.set_aside), "sentences": landing.sentences()[:_SHOWN]},
    )


def guard_checks(manifest: Mapping[str, Any]) -> dg.AssetChecksDefinition:
    """One check an audience, on its asset: whether its guard let entries and exits through."""
    translator = RoomTranslator()
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    keys = {name: translator.get_asset_key(model) for name, model in audience_models(models).items()}
    guards = [translator.get_asset_key(model) for model in models if model["name"] == "audience_guards"]

    @dg.multi_asset_check(
        name="judge_guards",
        specs=[
            dg.AssetCheckSpec(
                _GUARD,
                asset=key,
                additional_deps=guards,
                description="Size, change, age of the data and overlap keep within what the audience allows.",
            )
            for key in keys.values()
        ],
        can_subset=True,
        pool=WRITER_POOL,
    )
    def judge_guards(context: dg.AssetCheckExecutionContext, cycle: Cycle) -> Iterator[dg.AssetCheckResult]:
        with open_warehouse(cycle.settings, read_only=True) as warehouse:
            judged = read_guards(warehouse, cycle.settings.work_schema("audiences"))
        wanted = {check.asset_key for check in context.selected_asset_check_keys}
        for guard in judged:
            if keys.get(guard.audience) not in wanted:
                continue
            told = guard.sentence()
            figures = {"reasons": guard.reasons, "figures": guard.figures}
            yield dg.AssetCheckResult(
                asset_key=keys[guard.audience],
                check_name=_GUARD,
                passed=told is None,
                # A closed guard holds its own audience only: the run goes on, and somebody must look.
                severity=dg.AssetCheckSeverity.WARN if guard.is_open else dg.AssetCheckSeverity.ERROR,
                description=told,
                metadata={
                    "candidates": guard.candidate_count,
                    "members": guard.member_count,
                    "sentences": [told] if told else [],
                    **{name: value for name, value in figures.items() if value},
                },
            )

    return judge_guards
