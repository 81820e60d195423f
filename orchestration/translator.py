"""How dbt's nodes appear in Dagster: group = folder, owner and automation from their meta, none known by name."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator

_AUTOMATION = {
    "eager": dg.AutomationCondition.eager,
    "on_missing": dg.AutomationCondition.on_missing,
}


class RoomTranslator(DagsterDbtTranslator):
    """Raw tables are keyed by schema and table, models and seeds by room and name."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`raw_<source>/<table>` for a raw table, `<room>/<model>` for what dbt builds."""
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["identifier"]])
        return super().get_asset_key(dbt_resource_props)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """`raw_<source>` for a raw table, for a source may be named as a room is; the room of a model or seed."""
        if dbt_resource_props["resource_type"] == "source":
            return str(dbt_resource_props["schema"])
        return str(dbt_resource_props["fqn"][1])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """What the YAML says, without the SQL: that is a click away."""
        return str(dbt_resource_props.get("description") or "")

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        """`meta.owner` of the node, else the owner of its group; a name becomes a team."""
        group = dbt_resource_props.get("group")
        named = group.get("owner", {}) if isinstance(group, Mapping) else {}
        owner = _meta(dbt_resource_props).get("owner") or named.get("email") or named.get("name")
        if not owner:
            return None
        return [owner] if "@" in owner else ["team:" + re.sub(r"[^A-Za-z0-9_]+", "_", owner).strip("_").lower()]

    def get_automation_condition(self, dbt_resource_props: Mapping[str, Any]) -> dg.AutomationCondition | None:
        """`meta.automation`: eager or on_missing; without it a node is built by the jobs alone."""
        wanted = _meta(dbt_resource_props).get("automation")
        if wanted is None:
            return None
        if wanted not in _AUTOMATION:
            raise ValueError(
                f"{dbt_resource_props['name']}: meta.automation is {wanted!r}, but it must be one of"
                f" {', '.join(sorted(_AUTOMATION))}."
            )
        return _AUTOMATION[wanted]()


def with_attached_tests(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with every test of several tables attached to the one built last, so that it is a check of it."""
    depths: dict[str, int] = {}

    def depth(unique_id: str) -> int:
        if unique_id not in depths:
            depths[unique_id] = 1 + max(map(depth, manifest["parent_map"].get(unique_id, [])), default=0)
        return depths[unique_id]

    nodes = dict(manifest["nodes"])
    for unique_id, node in nodes.items():
        parents = [parent for parent in node["depends_on"].get("nodes", []) if parent in manifest["nodes"]]
        if node["resource_type"] != "test" or node.get("attached_node") or len(node["depends_on"]["nodes"]) < 2:
            continue
        if parents:
            last = max(parents, key=lambda parent: (depth(parent), parent))
            nodes[unique_id] = {**node, "attached_node": last}
    return {**manifest, "nodes": nodes}


def _meta(props: Mapping[str, Any]) -> Mapping[str, Any]:
    return props.get("config", {}).get("meta") or props.get("meta") or {}
