"""Connected components: what dbt builds equals scipy's partition on both engines, and nothing half-done survives."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import open_warehouse, quoted
from tests.dbt_commands import run_dbt

Pairs = list[tuple[str, str]]

MODEL = """{{ config(materialized='connected_components', node_ids=var('node_ids', 'hash')) }}
select key_a, key_b from graphs.{{ var('graph') }}
"""


def a_project(folder: Path) -> Path:
    """Write a dbt project that holds one model and the macros of this repository."""
    (folder / "models").mkdir(parents=True)
    (folder / "models" / "components.sql").write_text(MODEL)
    (folder / "dbt_project.yml").write_text(
        f"name: onefolk\nprofile: onefolk\nmacro-paths: [{PROJECT_DIR / 'macros'}]\n"
        "vars: {project_time_zone: UTC}\nflags: {send_anonymous_usage_stats: false}\n"
    )
    return folder


def load_graph(settings: Settings, name: str, pairs: pa.Table) -> None:
    """Put the links of a graph into a table of the warehouse."""
    kind = "bigint" if pa.types.is_integer(pairs.schema.field("key_a").type) else "text"
    with open_warehouse(settings) as warehouse:
        warehouse.execute("create schema if not exists graphs")
        warehouse.execute(f"create table {quoted('graphs', name)} (key_a {kind}, key_b {kind})")
        if pairs.num_rows:
            warehouse.append("graphs", name, pairs.to_reader())


def labels(settings: Settings) -> dict[str, str]:
    """Node to component, as dbt built them."""
    with open_warehouse(settings) as warehouse:
        found = warehouse.rows(f"select node_key, component_key from {settings.work_schema('main')}.components")
    assert len(found) == len(dict(found)), "a node has one component"
    return {str(node): str(component) for node, component in found}


def oracle(pairs: Pairs) -> set[frozenset[str]]:
    """The partition as scipy sees it."""
    names = sorted({name for pair in pairs for name in pair})
    index = {name: position for position, name in enumerate(names)}
    ends = np.array([(index[a], index[b]) for a, b in pairs])
    matrix = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(names), len(names)))
    _, found = connected_components(matrix, directed=False)
    parts: dict[int, set[str]] = {}
    for name, label in zip(names, found, strict=True):
        parts.setdefault(int(label), set()).add(name)
    return {frozenset(part) for part in parts.values()}


def partition(settings: Settings) -> set[frozenset[str]]:
    """The partition as dbt built it; each component is named by one of its nodes."""
    parts: dict[str, set[str]] = {}
    for node, component in labels(settings).items():
        parts.setdefault(component, set()).add(node)
    assert all(component in part for component, part in parts.items())
    return {frozenset(part) for part in parts.values()}


def as_table(pairs: Pairs) -> pa.Table:
    """Links as Arrow."""
    return pa.table(
        {"key_a": [a for a, _ in pairs], "key_b": [b for _, b in pairs]},
        pa.schema([("key_a", pa.string()), ("key_b", pa.string())]),
    )


def random_graphs(count: int) -> Pairs:
    """Seeded random graphs of every density, as one disjoint union, self-links and repeated links among them."""
    random = np.random.default_rng(20_260_305)
    pairs: Pairs = []
    for graph in range(count):
        nodes = int(random.integers(2, 60))
        ends = random.integers(0, nodes, size=(int(random.integers(1, 3 * nodes)), 2))
        pairs += [(f"{graph}:{a}", f"{graph}:{b}") for a, b in ends if a != b]
        pairs += [(f"{graph}:{b}", f"{graph}:{a}") for a, b in ends[:2] if a != b]
    return pairs


def build(settings: Settings, project: Path, variables: str) -> None:
    """Build the components of a graph."""
    run_dbt(settings, "run", "--vars", variables, project_dir=project, target_path=project / "target")


def refused(settings: Settings, project: Path, variables: str) -> str:
    """What dbt says when it refuses to build the components of a graph."""
    arguments = ("run", "--vars", variables)
    done = run_dbt(settings, *arguments, project_dir=project, target_path=project / "target", check=False)
    assert done.returncode
    return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that holds nothing but the components of a graph."""
    return a_project(tmp_path / "project")


def test_random_graphs(engine_settings: Settings, project: Path) -> None:
    """On 200 random graphs the partition is scipy's, and a component bears the name of one of its nodes."""
    pairs = random_graphs(200)
    load_graph(engine_settings, "random_graphs", as_table(pairs))
    build(engine_settings, project, "{graph: random_graphs}")
    assert partition(engine_settings) == oracle(pairs)


def test_long_path(engine_settings: Settings, project: Path) -> None:
    """A path of 100,000 nodes is one component."""
    names = [f"node {position}" for position in range(100_000)]
    load_graph(engine_settings, "path", as_table(list(pairwise(names))))
    build(engine_settings, project, "{graph: path}")
    found = labels(engine_settings)
    assert len(found) == 100_000
    assert len(set(found.values())) == 1


def test_treasure_data(engine_settings: Settings, project: Path) -> None:
    """The cookies of Treasure Data's example, a chain of diameter 24, are one component of 34."""
    folder = PROJECT_DIR.parent / "shared" / "data" / "dmp_cookies_treasure_data_ex1"
    if not folder.exists():
        pytest.skip("the shared data of other vendors is not on this machine")
    tables = [pyarrow.csv.read_csv(path) for path in sorted(folder.glob("ex1_tbl_*.csv"))]
    pairs = [
        ("td_client_id:" + row["td_client_id"], "td_global_id:" + row["td_global_id"])
        for table in tables
        for row in table.to_pylist()
        if row["td_client_id"] and row["td_global_id"]
    ]
    load_graph(engine_settings, "cookies", as_table(pairs))
    build(engine_settings, project, "{graph: cookies}")
    assert [len(part) for part in partition(engine_settings)] == [34]
    assert partition(engine_settings) == oracle(pairs)


def test_no_links(engine_settings: Settings, project: Path) -> None:
    """Without links there are no components, and a self-link or a missing end is no link."""
    load_graph(engine_settings, "nothing", as_table([("a", "a")]))
    build(engine_settings, project, "{graph: nothing}")
    assert labels(engine_settings) == {}


def test_unlucky_order(engine_settings: Settings, project: Path) -> None:
    """A path whose ids follow its course would lose two nodes a round; nodes are renamed and it comes out right."""
    pairs = [(node, node + 1) for node in range(5_000)]
    load_graph(engine_settings, "in_order", pa.table({"key_a": [a for a, _ in pairs], "key_b": [b for _, b in pairs]}))
    build(engine_settings, project, "{graph: in_order, node_ids: integer}")
    assert partition(engine_settings) == oracle([(str(a), str(b)) for a, b in pairs])


def test_collision(engine_settings: Settings, project: Path) -> None:
    """Two nodes with one hash stop the build with a sentence, and the components of before stay."""
    load_graph(engine_settings, "good", as_table([("a", "b"), ("c", "d")]))
    build(engine_settings, project, "{graph: good}")
    before = labels(engine_settings)
    shadow = project / "macros_shadow"
    shadow.mkdir()
    (shadow / "scratch_hash.sql").write_text(
        "{% macro scratch_hash(expression) %}cast(ascii(substr({{ expression }}, 1, 1)) % 2 as bigint){% endmacro %}"
    )
    override_macro(project, shadow, "scratch_hash")
    said = refused(engine_settings, project, "{graph: good}")
    assert "share their hash" in said
    assert labels(engine_settings) == before


def test_raise_in_the_loop(engine_settings: Settings, project: Path) -> None:
    """A run that raised between two rounds leaves the old components, and the next run comes out right."""
    pairs = random_graphs(30)
    load_graph(engine_settings, "good", as_table([("a", "b")]))
    load_graph(engine_settings, "random_graphs", as_table(pairs))
    build(engine_settings, project, "{graph: good}")
    whole = (project / "dbt_project.yml").read_text()
    shadow = project / "macros_shadow"
    shadow.mkdir()
    (shadow / "peel_most_rounds.sql").write_text("{% macro peel_most_rounds() %}{{ return(1) }}{% endmacro %}")
    override_macro(project, shadow, "peel_most_rounds")
    said = refused(engine_settings, project, "{graph: random_graphs}")
    assert "links are left" in said
    assert set(labels(engine_settings)) == {"a", "b"}
    (project / "dbt_project.yml").write_text(whole)
    build(engine_settings, project, "{graph: random_graphs}")
    assert partition(engine_settings) == oracle(pairs)


def override_macro(project: Path, shadow: Path, name: str) -> None:
    """Let the project see another body of one macro: a copy of the repository's macros with that file replaced."""
    copy = project / "macros_copy"
    for path in (PROJECT_DIR / "macros").rglob("*.sql"):
        target = copy / path.relative_to(PROJECT_DIR / "macros")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((shadow / path.name).read_text() if path.stem == name else path.read_text())
    config = project / "dbt_project.yml"
    config.write_text(config.read_text().replace(str(PROJECT_DIR / "macros"), str(copy)))


def test_names_are_local(engine_settings: Settings, project: Path) -> None:
    """What a component is called depends on its own links, not on what else there is or how long that takes."""
    pairs = random_graphs(40)
    load_graph(engine_settings, "alone", as_table(pairs))
    load_graph(engine_settings, "in_company", as_table([*pairs, *pairwise(f"node {node}" for node in range(20_000))]))
    build(engine_settings, project, "{graph: alone}")
    alone = labels(engine_settings)
    build(engine_settings, project, "{graph: in_company}")
    assert alone.items() <= labels(engine_settings).items()
