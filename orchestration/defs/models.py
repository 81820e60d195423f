"""Everything that dbt builds: seeds, models and their tests, one build a run."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from orchestration.activation.soundness import sound_syncs
from orchestration.build_state import build_ended, build_started, is_green, require_landed
from orchestration.dbt_events import BuildWatch
from orchestration.defs.resources import WRITER_POOL, Cycle, Dbt, clock_metadata, dbt_environment
from orchestration.progress import report
from orchestration.project import MANIFEST_PATH, check_manifest
from orchestration.settings import Settings
from orchestration.translator import RoomTranslator
from orchestration.warehouse import open_warehouse, quoted

_SHOWN_FAILURES = 8

# Unit tests prove the code, not the data: `dbt build` and the test suite run them, a cycle need not.
_BUILD = ["build", "--exclude-resource-type", "unit_test", "--no-write-json", "--no-use-colors"]


def build_assets(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """The assets of all dbt nodes of a manifest."""

    @dbt_assets(
        name="build_tables",
        manifest=manifest,
        dagster_dbt_translator=RoomTranslator(),
        pool=WRITER_POOL,
    )
    def build_tables(context: dg.AssetExecutionContext, cycle: Cycle, dbt: Dbt) -> Iterator[Any]:
        report("build", detail="dbt starts")
        check_manifest(dict(manifest))
        settings, watch = cycle.settings, BuildWatch()
        was_green = is_green(settings)
        require_landed(settings)
        build_started(settings)
        with dbt_environment(settings):
            running = dbt.cli(_BUILD, context=context, target_path=MANIFEST_PATH.parent, raise_on_error=False)
        outputs = []
        for event in running.stream_raw_events():
            watch.hear(event.raw_event)
            for made in event.to_default_asset_events(
                manifest=running.manifest, dagster_dbt_translator=running.dagster_dbt_translator, context=context
            ):
                # Held back until dbt lets go of the warehouse and the rows can be counted.
                if isinstance(made, dg.Output):
                    outputs.append(made)
                else:
                    yield made
        report("build", 1, 1, watch.summary())
        failed = running.process.returncode != 0
        if failed or not context.is_subset or was_green:
            # What a build of a part proves of the rest nobody knows.
            is_whole = failed and not context.is_subset and not watch.errors
            told = [node.unique_id for node in watch.failures()]
            sound = sound_syncs(manifest, watch.succeeded, told) if is_whole else []
            build_ended(settings, green=not failed, sound=sound)
        yield from _with_row_counts(settings, manifest, outputs)
        if failed:
            raise _failure(watch)

    return build_tables


def _failure(watch: BuildWatch) -> dg.Failure:
    sentences = [node.sentence() for node in watch.failures()] or watch.errors
    if len(sentences) > _SHOWN_FAILURES:
        sentences[_SHOWN_FAILURES:] = [f"and {len(sentences) - _SHOWN_FAILURES} more."]
    return dg.Failure(
        description="\n".join(sentences) or "dbt ended with an error and said nothing.",
        metadata={
            "failed": [node.unique_id for node in watch.failures()],
            "skipped": watch.skipped,
        },
        allow_retries=False,
    )


def _with_row_counts(
    settings: Settings, manifest: Mapping[str, Any], outputs: list[dg.Output[Any]]
) -> Iterator[dg.Output[Any]]:
    nodes = {str(output.metadata["unique_id"].value): output for output in outputs}
    counts = _row_counts(settings, {unique_id: manifest["nodes"][unique_id] for unique_id in nodes})
    for unique_id, output in nodes.items():
        metadata = {name: value for name, value in output.metadata.items() if name != "invocation_id"}
        counted = {"dagster/row_count": counts[unique_id]} if unique_id in counts else {}
        yield dg.Output(None, output.output_name, metadata={**metadata, **clock_metadata(settings), **counted})


def _row_counts(settings: Settings, nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Rows of each table that was built, in one query."""
    counting = [
        f"select '{unique_id}' as unique_id, count(*) as row_count"
        f" from {quoted(settings.work_schema(node['config']['schema'] or 'main'), node['alias'])}"
        for unique_id, node in nodes.items()
    ]
    if not counting:
        return {}
    with open_warehouse(settings, read_only=True) as warehouse:
        return {str(unique_id): int(count) for unique_id, count in warehouse.rows(" union all ".join(counting))}
