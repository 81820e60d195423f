"""Checks beside dbt's tests, which are checks of their tables by themselves."""

import dagster as dg

from orchestration.landing import LandingReport

# The register of landed files: what every raw table comes from, and so the beginning of the lineage.
REGISTER = dg.AssetKey(["raw_onefolk", "files"])
_NAME = "no_file_set_aside"
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
