"""Whether a partition is scipy's: the oracle of the identity benchmark, never measured."""

from pathlib import Path

import duckdb
import pyarrow as pa

from tests.benchmarks.identity_graphs import smallest_of_component


def checking_connection(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """A connection for looking at what was built; it may use more memory than what is measured."""
    return duckdb.connect(warehouse, config={"threads": 2, "memory_limit": "6GB"})


def scipy_truth(connection: duckdb.DuckDBPyConnection, links: str) -> None:
    """Write `results.truth` (node_key, label): components by scipy of the links (key_a, key_b) of a query."""
    connection.execute("create schema if not exists results")
    connection.execute(f"create or replace temp table given as {links}")
    connection.execute(
        "create or replace temp table numbered as select node_key, row_number() over () - 1 as node"
        " from (select key_a as node_key from given union select key_b from given) as ends"
    )
    ends = connection.execute(
        "select ends_a.node as a, ends_b.node as b from given"
        " inner join numbered as ends_a on given.key_a = ends_a.node_key"
        " inner join numbered as ends_b on given.key_b = ends_b.node_key"
    ).fetchnumpy()
    nodes, labels = smallest_of_component(ends["a"], ends["b"])
    connection.register("_labels", pa.table({"node": nodes, "label": labels}))
    connection.execute(
        "create or replace table results.truth as"
        " select numbered.node_key, _labels.label from numbered inner join _labels using (node)"
    )
    connection.unregister("_labels")


def verdict(
    connection: duckdb.DuckDBPyConnection, truth: str, truth_key: str, found: str, *, may_have_more: bool = False
) -> str:
    """`same`, or how the partition `found` (node_key, component_key) differs from `truth` (<truth_key>, label).

    It may have more nodes where nodes without links are labelled too.
    """
    nodes, pairs, labels, components = connection.execute(f"""
        with pairs as (
            select truth.label, found.component_key, count(*) as nodes
            from {truth} as truth inner join {found} as found on truth.{truth_key} = found.node_key
            group by all
        )
        select coalesce(sum(nodes), 0), count(*), count(distinct label), count(distinct component_key) from pairs
    """).fetchall()[0]
    expected = connection.execute(f"select count(*) from {truth}").fetchall()[0][0]
    given = connection.execute(f"select count(*) from {found}").fetchall()[0][0]
    if nodes != expected or (given != expected and not may_have_more):
        return f"differs: {given:,} nodes, not {expected:,}"
    if not pairs == labels == components:
        return f"differs: {components:,} components, not {labels:,}"
    return "same"
