"""Metrics: everything that somebody can ask for is described, common SQL, and made of published tables alone."""

from collections.abc import Iterator
from typing import Any

from orchestration.project import PUBLISHED_ROOMS
from tests.project.house import Manifest, Node, models_of, room_of, sentence, where
from tests.project.test_portability import sql_violations

PARTS = ("entities", "dimensions", "measures")


def words_violations(manifest: Manifest) -> Iterator[str]:
    """Semantic models, their parts, metrics and saved queries without a sentence; metrics without a unit."""
    for node in [*manifest["semantic_models"].values(), *manifest["saved_queries"].values()]:
        for part in [node, *(part for kind in PARTS for part in node.get(kind, []))]:
            if not _is_sentence(part):
                yield f"{where(node)}: {node['name']}: {part['name']} has no sentence"
    for metric in manifest["metrics"].values():
        if not _is_sentence(metric) or not metric["label"]:
            yield f"{where(metric)}: {metric['name']} has no label or no sentence"
        if "Unit: " not in (metric["description"] or ""):
            yield f"{where(metric)}: {metric['name']} doesn't tell its unit: `Unit: ...`"


def _is_sentence(part: Node) -> bool:
    return str(part["description"] or "").strip().endswith(".")


def table_violations(manifest: Manifest) -> Iterator[str]:
    """Semantic models that stand in another room than their table, or whose table no reader sees."""
    models = {model["unique_id"]: model for model in models_of(manifest)}
    for node in manifest["semantic_models"].values():
        for model in (models[unique_id] for unique_id in node["depends_on"]["nodes"]):
            if model["config"].get("access") != "public" or room_of(model) not in PUBLISHED_ROOMS:
                yield f"{where(node)}: {node['name']} reads {model['name']}, which is not published"
            if room_of(node) != room_of(model):
                yield f"{where(node)}: {node['name']} stands in {room_of(node)}, its table in {room_of(model)}"


def expression_violations(manifest: Manifest) -> Iterator[str]:
    """SQL inside semantic models that not every database understands, and names that it repeats."""
    for node in manifest["semantic_models"].values():
        for part in (part for kind in PARTS for part in node[kind]):
            if part["expr"] == part["name"]:
                yield f"{where(node)}: {node['name']}: {part['name']} needs no expr"
            yield from sql_violations(f"{where(node)}: {part['name']}", part["expr"] or "")


def spine_violations(manifest: Manifest) -> Iterator[str]:
    """Metrics joined to the time spine, of which MetricFlow 0.213 repeats rows."""
    for metric in manifest["metrics"].values():
        if (metric["type_params"].get("measure") or {}).get("join_to_timespine"):
            yield f"{where(metric)}: {metric['name']} joins the time spine: rows repeat; `days` brings empty periods"


def test_everything_that_can_be_asked_for_is_described(manifest: Manifest) -> None:
    """An analyst reads what each metric, dimension and entity is, and in which unit."""
    assert manifest["metrics"]
    assert not (found := list(words_violations(manifest))), sentence(found)


def test_metrics_are_made_of_published_tables(manifest: Manifest) -> None:
    """Whoever asks for a metric reads what readers see, nothing else."""
    assert not (found := list(table_violations(manifest))), sentence(found)


def test_expressions_are_common_sql(manifest: Manifest) -> None:
    """What MetricFlow puts into its SQL every database understands."""
    assert not (found := list(expression_violations(manifest))), sentence(found)


def test_no_metric_joins_the_time_spine(manifest: Manifest) -> None:
    """No metric repeats its rows."""
    assert not (found := list(spine_violations(manifest))), sentence(found)


def test_the_checks_can_fail() -> None:
    """Silent metrics and dimensions, private tables, foreign SQL and joins to the time spine are found."""
    path = {"original_file_path": "models/profiles/_profiles__semantic_models.yml"}
    model = {
        "unique_id": "m",
        "name": "m",
        "resource_type": "model",
        "package_name": "onefolk",
        "original_file_path": "models/identity/m.sql",
        "config": {"access": "private"},
    }
    dimension = {"name": "d", "description": None, "expr": "a::text"}
    semantic: dict[str, Any] = {**path, "name": "s", "description": "A.", "entities": [], "measures": []}
    semantic |= {"dimensions": [dimension], "depends_on": {"nodes": ["m"]}}
    metric = {**path, "name": "x", "label": "X", "description": "An x."}
    metric |= {"type_params": {"measure": {"join_to_timespine": True}}}
    manifest = {
        "nodes": {"m": model},
        "semantic_models": {"s": semantic},
        "metrics": {"x": metric},
        "saved_queries": {},
    }
    assert len(list(words_violations(manifest))) == 2
    assert len(list(table_violations(manifest))) == 2
    assert len(list(expression_violations(manifest))) == 1
    assert len(list(spine_violations(manifest))) == 1
