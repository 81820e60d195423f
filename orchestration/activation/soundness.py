"""Which syncs may be delivered after a build that failed: those that stand on nothing that did."""

from collections.abc import Collection, Mapping
from typing import Any

from orchestration.activation.syncs import sync_exposures

# What a delivery reads beside the model of its sync.
_READ_TOO = ("permissions", "profile_id_map")


def sound_syncs(manifest: Mapping[str, Any], succeeded: Collection[str], failed: Collection[str]) -> list[str]:
    """Models of syncs all of whose nodes below were built, with no failed test that looks at any of them."""
    nodes = manifest["nodes"]
    read_too = [one for one, node in nodes.items() if node["resource_type"] == "model" and node["name"] in _READ_TOO]
    looked_at = {below for one in failed if one in nodes for below in (one, *nodes[one]["depends_on"]["nodes"])}
    unknown = not set(failed) <= set(nodes)
    wanted = {model for exposure in sync_exposures(dict(manifest)) for model in exposure["depends_on"]["nodes"]}
    return sorted(
        nodes[model]["name"]
        for model in wanted
        if (below := _below(nodes, [model, *read_too])) <= set(succeeded) and not below & looked_at and not unknown
    )


def _below(nodes: Mapping[str, Any], start: Collection[str]) -> set[str]:
    """Models and seeds that some are made from, and these themselves."""
    found: set[str] = set()
    left = list(start)
    while left:
        one = left.pop()
        if one in nodes and one not in found:
            found.add(one)
            left += nodes[one]["depends_on"]["nodes"] if nodes[one]["resource_type"] != "seed" else []
    return found
