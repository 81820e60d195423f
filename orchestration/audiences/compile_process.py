"""dbt in a process of its own that compiles audiences against what readers see; asked and answering in JSON.

What an audience reads is there under another name than in the work schemas, so the nodes of the manifest are told so
before dbt compiles: public tables are the published ones, seeds are common table expressions that the asker adds, and
private models of the audiences room are written into the query, since nobody publishes them.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

_ROOM, _PACKAGE = "audiences", "onefolk"
# Parts of the engine that a trial judges with, each between its mark and the next.
_MARK = "-- onefolk:"
_PARTS = {
    "guard_reasons": "{{ guard_reasons('judged') }}",
    "has_contact_point": "{{ has_contact_point('channels.contact_type') }}",
}
_PARTS_ID = f"model.{_PACKAGE}._parts"


def main() -> None:
    """Answer the one request on the standard input."""
    request = json.load(sys.stdin)
    # Whatever dbt prints goes to the other output.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with answers:
        json.dump(compiled(request), answers)


def compiled(request: Mapping[str, Any]) -> dict[str, Any]:
    """Every wanted audience compiled: its SQL or the sentence that dbt refused it with, and what it reads."""
    from dbt.cli.main import dbtRunner

    project = ["--project-dir", request["project_dir"], "--profiles-dir", request["profiles_dir"]]
    flags = ["--quiet", "--no-use-colors", "--log-level-file", "none", "--no-write-json", *project]
    parsed = dbtRunner().invoke(["parse", *flags])
    if not parsed.success:
        return {"error": str(parsed.exception or "dbt can't read the project.").strip()}
    manifest: Any = parsed.result
    audiences = {
        node.name.removeprefix("aud_"): node
        for node in manifest.nodes.values()
        if node.resource_type == "model" and node.fqn[1] == _ROOM and node.name.startswith("aud_")
    }
    wanted = [name for name in audiences if request["audiences"] is None or name in request["audiences"]]
    answer: dict[str, Any] = {"error": None, "known": sorted(audiences), "audiences": {}, "parts": {}}
    if not wanted:
        return answer
    place = _Placing(manifest, request)
    for name in wanted:
        answer["audiences"][name] = _described(manifest, audiences[name]) | place.what_is_read(audiences[name])
    place.put()
    manifest.nodes[_PARTS_ID] = _parts_node(audiences[wanted[0]])
    selected = [audiences[name].name for name in wanted] + [_PARTS_ID.rsplit(".", 1)[1]]
    options = [
        "--select",
        *selected,
        "--indirect-selection",
        "empty",
        "--target",
        request["target"],
        "--no-populate-cache",
    ]
    done = dbtRunner(manifest=manifest).invoke(["compile", *flags, *options])
    results = getattr(done.result, "results", None) or []
    if not results:
        return {"error": str(done.exception or "dbt can't compile the audiences.").strip()}
    for result in results:
        sql, node = getattr(result.node, "compiled_code", None), result.node
        if node.unique_id == _PARTS_ID:
            answer["parts"] = dict(_split(sql or ""))
            continue
        failed = str(result.status) not in ("success", "RunStatus.Success") or not sql
        told = {"sql": None if failed else sql, "error": str(result.message or "").strip() if failed else None}
        answer["audiences"][node.name.removeprefix("aud_")] |= told
    return answer


class _Placing:
    """Where each node that an audience reads is found by readers."""

    def __init__(self, manifest: Any, request: Mapping[str, Any]) -> None:
        self._manifest = manifest
        self._request = request
        self._seen = {(room, table) for room, table in request["seen"]}
        self._moves: dict[str, Callable[[], None]] = {}

    def what_is_read(self, audience: Any) -> dict[str, Any]:
        """The seeds and the unpublished tables that an audience reads, itself or through what is written into it."""
        seeds: dict[str, Any] = {}
        unpublished: set[str] = set()
        waiting, done = list(audience.depends_on.nodes), set()
        while waiting:
            unique_id = waiting.pop()
            node = self._manifest.nodes.get(unique_id) or self._manifest.sources.get(unique_id)
            if node is None or unique_id in done:
                continue
            done.add(unique_id)
            room = node.fqn[1]
            if node.resource_type == "seed":
                seeds[node.name] = {"path": node.original_file_path, "types": dict(node.config.column_types or {})}
                self._moves[unique_id] = partial(_rename, node, None, None, f"seed__{node.name}")
            elif node.resource_type == "model" and (room, node.name) in self._seen and not self._is_inlined(node):
                place = (self._request["database"], self._request["schemas"][room])
                self._moves[unique_id] = partial(_rename, node, *place, node.name)
            elif node.resource_type == "model" and room == _ROOM and (self._is_inlined(node) or not _is_public(node)):
                self._moves[unique_id] = partial(setattr, node.config, "materialized", "ephemeral")
                waiting += node.depends_on.nodes
            else:
                unpublished.add(f"{room}.{node.name}")
        return {"seeds": seeds, "unpublished": sorted(unpublished)}

    def put(self) -> None:
        """Tell the nodes."""
        for move in self._moves.values():
            move()

    def _is_inlined(self, node: Any) -> bool:
        """An audience that reads another one reads it as this project writes it, where that is asked for."""
        return bool(self._request["inlines_audiences"]) and node.fqn[1] == _ROOM and node.name.startswith("aud_")


def _rename(node: Any, database: str | None, schema: str | None, name: str) -> None:
    node.database, node.schema, node.alias = database, schema, name


def _is_public(node: Any) -> bool:
    return str(getattr(node.access, "value", node.access)) == "public"


def _described(manifest: Any, node: Any) -> dict[str, Any]:
    inside, outside = _files(manifest, node)
    return {
        "path": node.original_file_path,
        "raw_sql": node.raw_code,
        "description": node.description or "",
        "declared": (node.config.meta or {}).get("audience"),
        "columns": {
            name: {"data_type": column.data_type or "", "description": column.description or ""}
            for name, column in node.columns.items()
        },
        "is_contracted": bool(node.config.contract.enforced),
        "sql": None,
        "error": None,
        "files": inside,
        "upstream_files": outside,
    }


def _files(manifest: Any, audience: Any) -> tuple[list[str], list[str]]:
    """The files that say who is in an audience: those of its room with their macros and seeds, and all others."""
    inside: set[str] = set()
    outside: set[str] = set()
    waiting, done = [(audience.unique_id, True)], set()
    while waiting:
        # Those of the room first: a seed that the room reads too is one of them.
        waiting.sort(key=lambda pair: pair[1])
        unique_id, by_room = waiting.pop()
        node = manifest.nodes.get(unique_id)
        if node is None or unique_id in done:
            continue
        done.add(unique_id)
        is_inside = by_room and (node.fqn[1] == _ROOM or node.resource_type == "seed")
        paths = {node.original_file_path, *_macro_files(manifest, node.depends_on.macros)}
        (inside if is_inside else outside).update(paths)
        waiting += [(other, is_inside) for other in getattr(node.depends_on, "nodes", [])]
    return sorted(inside), sorted(outside - inside)


def _macro_files(manifest: Any, used: Iterable[str]) -> Iterator[str]:
    waiting, done = list(used), set()
    while waiting:
        unique_id = waiting.pop()
        macro = manifest.macros.get(unique_id)
        if macro is None or unique_id in done or macro.package_name != _PACKAGE:
            continue
        done.add(unique_id)
        yield macro.original_file_path
        waiting += macro.depends_on.macros


def _parts_node(like: Any) -> Any:
    """A node that renders the parts of the engine, compiled beside the audiences."""
    name = _PARTS_ID.rsplit(".", 1)[1]
    code = "\n".join(f"{_MARK}{part}\n{template}" for part, template in _PARTS.items())
    return replace(
        like,
        unique_id=_PARTS_ID,
        name=name,
        alias=name,
        fqn=[*like.fqn[:-1], name],
        raw_code=code,
        depends_on=replace(like.depends_on, nodes=[], macros=[]),
        columns={},
        compiled=False,
        compiled_code=None,
    )


def _split(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split(_MARK)[1:]:
        name, _, sql = part.partition("\n")
        yield name.strip(), sql.strip()


if __name__ == "__main__":
    main()
