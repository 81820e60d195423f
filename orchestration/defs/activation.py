"""Delivery: one asset a sync, keyed by its destination and object."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.activation import Sync, load_syncs
from orchestration.activation import deliver as deliver_rows
from orchestration.build_state import require_green
from orchestration.defs.publishing import PUBLISHED
from orchestration.defs.resources import WRITER_POOL, Cycle, clock_metadata
from orchestration.progress import report
from orchestration.translator import RoomTranslator


def sync_assets(manifest: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    """The assets of all syncs of a manifest."""
    translator = RoomTranslator()
    models = {
        node["name"]: translator.get_asset_key(node)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    return [_sync_asset(sync, models[sync.model]) for sync in load_syncs(dict(manifest))]


def _sync_asset(sync: Sync, model: dg.AssetKey) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"deliver_{sync.destination}_{sync.object}",
        specs=[
            dg.AssetSpec(
                ["activation", sync.destination, sync.object],
                deps=[model, PUBLISHED],
                group_name="activation",
                description=sync.description or f"What {sync.destination} holds as {sync.object}.",
                kinds={"file"},
                metadata={"purpose": sync.purpose, "mode": sync.mode, "key": ", ".join(sync.key)},
            )
        ],
        pool=WRITER_POOL,
    )
    def deliver(context: dg.AssetExecutionContext, cycle: Cycle) -> dg.MaterializeResult[Any]:
        report("deliver", detail=sync.name)
        settings = cycle.settings
        require_green(settings)
        done = deliver_rows(settings, sync)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": done.rows,
                "delivered": done.delivered,
                "added": done.added,
                "changed": done.changed,
                "removed": done.removed,
                "files": [str(path) for path in done.files],
                **clock_metadata(settings),
            }
        )

    return deliver
