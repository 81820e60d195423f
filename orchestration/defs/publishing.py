"""Publishing: the public tables as readers see them, brought to the state of the last green build."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.access.roles import SEED
from orchestration.build_state import require_green
from orchestration.defs.resources import WRITER_POOL, Cycle, clock_metadata
from orchestration.project import public_tables
from orchestration.publishing import publish
from orchestration.translator import RoomTranslator

PUBLISHED = dg.AssetKey(["publishing", "public_tables"])

_DESCRIPTION = (
    "The public tables as dashboards and analysts read them: `serve.duckdb` on DuckDB, the stable schemas on Postgres."
    " They change all at once, after a green build only."
)

_SCHEMA = dg.TableSchema([dg.TableColumn("table"), dg.TableColumn("rows", "int"), dg.TableColumn("written", "int")])


def publishing_asset(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """The asset that stands between the public models and their readers."""
    tables = public_tables(dict(manifest))
    names = {(table.room, table.name) for table in tables}
    translator = RoomTranslator()
    # The public models, and the seed of the roles that may read them.
    models = [
        translator.get_asset_key(node)
        for node in manifest["nodes"].values()
        if (node["resource_type"] == "model" and (node["fqn"][1], node["name"]) in names)
        or (node["resource_type"] == "seed" and node["name"] == SEED.stem)
    ]

    spec = dg.AssetSpec(PUBLISHED, deps=models, group_name="publishing", description=_DESCRIPTION, kinds={"table"})

    @dg.multi_asset(
        name="publish_tables",
        specs=[spec],
        pool=WRITER_POOL,
    )
    def publish_tables(context: dg.AssetExecutionContext, cycle: Cycle) -> dg.MaterializeResult[Any]:
        settings = cycle.settings
        require_green(settings)
        done = publish(settings, tables)
        rows = [
            dg.TableRecord({"table": f"{table.room}.{table.name}", "rows": table.rows, "written": table.rows_written})
            for table in done.tables
        ]
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": sum(table.rows for table in done.tables),
                "rows_written": sum(table.rows_written for table in done.tables),
                "tables": dg.MetadataValue.table(rows, _SCHEMA),
                "sentences": list(done.sentences),
                **clock_metadata(settings),
            }
        )

    return publish_tables
