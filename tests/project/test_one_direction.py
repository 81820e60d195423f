"""One direction: a model writes only itself and is named by ref; nothing works behind the lineage."""

from collections.abc import Iterator

from tests.project.house import (
    PACKAGE,
    Manifest,
    bare_sql,
    macros_of,
    matches,
    models_of,
    nodes_of,
    sentence,
    sources_of,
    where,
    without_comments,
)

# Of dbt's own macros these are ours.
OVERRIDDEN = frozenset({"generate_schema_name"})
MATERIALIZATIONS = frozenset({"connected_components"})


def relation_violations(path: str, sql: str) -> Iterator[str]:
    """Tables that a model names by hand, around `ref` and `source`."""
    for line, found in matches(r'\b(?:from|join)\s+"?[a-z_]\w*"?\s*\.\s*"?\w+', bare_sql(sql)):
        yield f"{path}:{line}: `{found}` names a table without ref or source"
    for line, found in matches(
        r"adapter\.get_relation|api\.Relation|load_relation|run_query|graph\.", without_comments(sql)
    ):
        yield f"{path}:{line}: `{found}` reaches around ref"


def hook_violations(manifest: Manifest) -> Iterator[str]:
    """Hooks, which would change a table that is not their own."""
    for node in nodes_of(manifest, "model", "seed", "snapshot", "operation"):
        if node["resource_type"] == "operation":
            yield f"{where(node)}: an on-run hook"
        for hook in ("pre-hook", "post-hook"):
            if (node["config"] or {}).get(hook):
                yield f"{where(node)}: a {hook}"
        if node["resource_type"] == "snapshot":
            yield f"{where(node)}: a snapshot; state models keep history here"


def macro_violations(manifest: Manifest) -> Iterator[str]:
    """Materializations and overrides of dbt's own macros beyond the ones that the laws name."""
    theirs = {macro["name"] for macro in manifest["macros"].values() if macro["package_name"] != PACKAGE}
    for macro in macros_of(manifest):
        name = str(macro["name"])
        if name.startswith("materialization_") and not any(f"_{kind}_" in name for kind in MATERIALIZATIONS):
            yield f"{where(macro)}: {name}: connected_components is the one custom materialization"
        if name in theirs and name not in OVERRIDDEN:
            yield f"{where(macro)}: {name} overrides a macro of dbt's own"


def test_tables_are_named_by_ref_only(manifest: Manifest) -> None:
    """No model reaches a table around the lineage."""
    found = [line for model in models_of(manifest) for line in relation_violations(where(model), model["raw_code"])]
    assert not found, sentence(found)


def test_no_hook_and_no_snapshot(manifest: Manifest) -> None:
    """A model writes only itself; no hook changes another table."""
    assert not (found := list(hook_violations(manifest))), sentence(found)


def test_one_materialization_and_one_override(manifest: Manifest) -> None:
    """The connected-components loop is the one custom materialization, generate_schema_name the one override."""
    assert not (found := list(macro_violations(manifest))), sentence(found)


def test_nothing_is_disabled(manifest: Manifest) -> None:
    """Absence of data is an empty table, never a flag."""
    found = [node["original_file_path"] for nodes in manifest["disabled"].values() for node in nodes]
    assert not found, sentence(found)


def test_every_source_is_raw(manifest: Manifest) -> None:
    """Raw tables lie in raw_<source>."""
    found = [f"{where(node)}: {node['schema']}" for node in sources_of(manifest)]
    assert all(node["schema"] == f"raw_{node['source_name']}" for node in sources_of(manifest)), sentence(found)


def test_the_checks_can_fail() -> None:
    """Hooks, hand-written tables, foreign materializations and overrides are found."""
    hooked = {
        "name": "a",
        "resource_type": "model",
        "package_name": PACKAGE,
        "original_file_path": "x",
        "config": {"post-hook": ["x"]},
    }
    run_hook = {**hooked, "resource_type": "operation", "config": {}}
    assert len(list(hook_violations({"nodes": {"a": hooked, "b": run_hook}}))) == 2
    assert list(relation_violations("a", "select x from work_identity.links"))
    assert list(relation_violations("a", "{% set x = adapter.get_relation('a') %}"))
    assert not list(relation_violations("a", "select x from {{ ref('links') }} -- from a.b\n where y = 'from c.d'"))
    theirs = {"name": "ref", "package_name": "dbt", "original_file_path": "x"}
    ours = [{**theirs, "name": name, "package_name": PACKAGE} for name in ("ref", "materialization_a_b")]
    assert len(list(macro_violations({"macros": dict(enumerate([theirs, *ours]))}))) == 2
