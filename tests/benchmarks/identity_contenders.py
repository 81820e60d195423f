"""Others that find connected components.

`python -m tests.benchmarks.identity_contenders <name> <warehouse> <table> <limit>` reads the links of `graphs.<table>`
in a DuckDB file, and writes `results.components` (node_key, component_key) there. The last line printed holds the
seconds without the start of Python, libraries imported. DuckDB gets 2 threads and <limit> of memory.
"""

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

THREADS = 2

Labels = npt.NDArray[np.int32]
Solver = Callable[[Labels, Labels, int], Labels]


def floor(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """The distinct nodes of the links and nothing else: whoever reads the links and names the nodes can't be faster."""
    connection.execute(
        "create table results.components as"
        f" select key_a as node_key from graphs.{table} union select key_b from graphs.{table}"
    )


def scipy(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """A dictionary of the nodes, and scipy's connected components."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    def solve(ends_a: Labels, ends_b: Labels, size: int) -> Labels:
        matrix = coo_array((np.ones(len(ends_a), np.int8), (ends_a, ends_b)), shape=(size, size))
        return np.asarray(connected_components(matrix, directed=False)[1])

    in_memory(connection, table, solve)


def igraph(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """A dictionary of the nodes, and igraph's connected components."""
    from igraph import Graph

    def solve(ends_a: Labels, ends_b: Labels, size: int) -> Labels:
        graph = Graph(n=size, edges=np.column_stack([ends_a, ends_b]))
        return np.array(graph.connected_components(mode="weak").membership, dtype=np.int32)

    in_memory(connection, table, solve)


def splink(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Splink's clustering of pairwise predictions, every link of which is a match; it wants the nodes as a table."""
    from splink import DuckDBAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    connection.execute(
        "create table results.nodes as"
        f" select key_a as node_key from graphs.{table} union select key_b from graphs.{table}"
    )
    clusters = cluster_pairwise_predictions_at_threshold(
        nodes="results.nodes",
        edges=f"graphs.{table}",
        db_api=DuckDBAPI(connection=connection),
        node_id_column_name="node_key",
        edge_id_column_name_left="key_a",
        edge_id_column_name_right="key_b",
    )
    connection.execute(
        f"create table results.components as select node_key, cluster_id as component_key from {clusters.physical_name}"
    )


def in_memory(connection: duckdb.DuckDBPyConnection, table: str, solve: Solver) -> None:
    """Number the nodes from 0 (in DuckDB, twice as fast as in Arrow), solve, and write each node's component."""
    links = "select key_a as number_a, key_b as number_b from graphs.dense"
    if table != "dense":
        connection.execute(
            "create temp table names as select node_key, cast(row_number() over () - 1 as integer) as number from"
            f" (select key_a as node_key from graphs.{table} union select key_b from graphs.{table}) as nodes"
        )
        links = (
            f"select ends_a.number as number_a, ends_b.number as number_b from graphs.{table} as links"
            " inner join names as ends_a on links.key_a = ends_a.node_key"
            " inner join names as ends_b on links.key_b = ends_b.node_key"
        )
    ends = connection.execute(links).fetchnumpy()
    ends_a, ends_b = np.asarray(ends["number_a"]), np.asarray(ends["number_b"])
    labels = solve(ends_a, ends_b, int(max(ends_a.max(), ends_b.max())) + 1)
    numbers = np.arange(len(labels), dtype=np.int32)
    connection.register("_labels", pa.table({"number": numbers, "component_key": labels}))
    labelled = "select number as node_key, component_key from _labels"
    if table != "dense":
        labelled = "select names.node_key, _labels.component_key from names inner join _labels using (number)"
    connection.execute(f"create table results.components as {labelled}")


CONTENDERS = {solver.__name__: solver for solver in (floor, scipy, igraph, splink)}
LIBRARIES = {"floor": [], "scipy": ["scipy.sparse.csgraph"], "igraph": ["igraph"], "splink": ["splink"]}


def main(name: str, warehouse: str, table: str, limit: str) -> None:
    """Run one contender and print how long its work took."""
    for library in LIBRARIES[name]:
        import_module(library)
    with duckdb.connect(warehouse, config={"threads": THREADS, "memory_limit": limit}) as connection:
        connection.execute("create schema if not exists results")
        started = time.perf_counter()
        CONTENDERS[name](connection, table)
        sys.stdout.write("\n" + json.dumps({"work": time.perf_counter() - started}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
