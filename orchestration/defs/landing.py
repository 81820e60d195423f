"""Raw tables: one asset a table of the contract, landed from files in one step."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.activation.outcomes import bring_outcomes
from orchestration.activation.withdrawals import bring_all_withdrawals
from orchestration.defs.checks import REGISTER, set_aside_result, set_aside_spec
from orchestration.defs.resources import WRITER_POOL, Cycle, clock_metadata
from orchestration.landing import land, load_contract
from orchestration.landing.report import TableReport
from orchestration.progress import report
from orchestration.translator import RoomTranslator
from orchestration.warehouse import open_warehouse


def raw_assets(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """The assets of all sources of a manifest, the register of landed files among them; no logs of commands."""
    specs = [
        _raw_table(source)
        for source in manifest["sources"].values()
        if "written_by" not in source["config"].get("meta", {})
    ]
    landed = {dg.AssetKey([f"raw_{table.source}", table.table]): table for table in load_contract()}

    @dg.multi_asset(
        name="land_files",
        specs=specs,
        check_specs=[set_aside_spec()],
        can_subset=True,
        pool=WRITER_POOL,
    )
    def land_files(context: dg.AssetExecutionContext, cycle: Cycle) -> Iterator[dg.MaterializeResult[Any] | Any]:
        settings = cycle.settings
        report("land", detail="looking for new files")
        unheard = bring_all_withdrawals(settings)
        wanted = [table for key, table in landed.items() if key in context.selected_asset_keys]
        with open_warehouse(settings) as warehouse:
            landing = land(settings, warehouse, wanted)
            bring_outcomes(settings, warehouse)
        report("land", 1, 1, f"{landing.files:,} new files, {landing.rows:,} rows")
        for key in sorted(context.selected_asset_keys, key=lambda key: (key != REGISTER, key)):
            table = landed.get(key)
            metadata: dict[str, Any] = _counts(landing.tables.get(f"{table.source}.{table.table}")) if table else {}
            metadata |= {"sentences": unheard} if unheard and key == REGISTER else {}
            yield dg.MaterializeResult(asset_key=key, metadata={**metadata, **clock_metadata(settings)})
        if context.selected_asset_check_keys:
            yield set_aside_result(landing)

    return land_files


def _counts(table: TableReport | None) -> dict[str, int]:
    if table is None:
        return {}
    return {"rows_landed": table.rows, "files_landed": table.files, "lines_rejected": table.rejected_lines}


def _raw_table(source: Mapping[str, Any]) -> dg.AssetSpec:
    translator = RoomTranslator()
    columns = [
        dg.TableColumn(name, type=column.get("data_type") or "text", description=column.get("description") or None)
        for name, column in source["columns"].items()
    ]
    key = translator.get_asset_key(source)
    return dg.AssetSpec(
        key,
        deps=[REGISTER] if key != REGISTER and _comes_from_files(source) else [],
        group_name=translator.get_group_name(source),
        description=translator.get_description(source),
        kinds={"file", "table"},
        metadata={"dagster/column_schema": dg.TableSchema(columns=columns)},
    )


def _comes_from_files(source: Mapping[str, Any]) -> bool:
    """Whether the rows of a raw table come from landed files: those of a company do, of our own those that name one."""
    meta = {**source.get("meta", {}), **source.get("config", {}).get("meta", {}), **source.get("source_meta", {})}
    return not meta.get("own") or "file_path" in source["columns"]
