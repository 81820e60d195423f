"""Graphs of the identity benchmark: `python -m tests.benchmarks.identity_graphs <graph> <links> <folder>` writes one.

numpy draws the links, the same ones every time, into `links.parquet`; from it come, in `warehouse.duckdb`, the same
links written in three ways: `graphs.text` (identifiers of 25 to 40 characters), `graphs.number` (64-bit numbers in
random order, as hashes are) and `graphs.dense` (numbers counted from 0, which no warehouse has but libraries want).
`graphs.truth` holds each node's component as scipy finds it on the last: the smallest node in it.
"""

import sys
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

GRAPHS = ("cdp", "path", "star", "random")
WRITTEN_AS = ("text", "number", "dense")

Nodes = npt.NDArray[np.int64]

LINKS_PER_PERSON = 3.65
# Share of people who are a cookie on one device and nothing else.
ANONYMOUS = 0.3
SHARED_EMAILS = 0.04
HOUSEHOLD_PHONES = 0.12
SHARED_DEVICES = 0.03
# Links to shared devices, per shared device; a few of them (a library, a till) take most of the links.
USES_PER_SHARED_DEVICE = 5
POPULARITY = 8.0
ROWS_PER_GROUP = 1_000_000

# Identifier types of the text, by kind: each name holds the node's 64-bit number, so no two nodes share one.
NAME_OF = """
create or replace temp macro name_of(kind, number) as case kind
    when 0 then 'crm_contact_id:' || lpad(lower(to_hex(number)), 16, '0')
    when 1 then 'email:' || lpad(lower(to_hex(number)), 16, '0')
        || case number % 4 when 0 then '@mail.example' when 1 then '@post.example' else '@company.example' end
    when 2 then 'phone:+' || lpad(cast(number as text), 20, '0')
    when 3 then 'device_id:' || lpad(lower(to_hex(number)), 16, '0') || '-' || lpad(cast(number % 9973 as text), 7, '0')
    else 'anonymous_id:' || lpad(lower(to_hex(number)), 16, '0') || '.' || lpad(cast(number % 99991 as text), 10, '0')
end
"""


def mixed(nodes: Nodes) -> npt.NDArray[np.uint64]:
    """A 64-bit number per node in random order; no two nodes get the same (the finaliser of splitmix64)."""
    number = nodes.astype(np.uint64) + np.uint64(1)
    number *= np.uint64(0x9E3779B97F4A7C15)
    number ^= number >> np.uint64(30)
    number *= np.uint64(0xBF58476D1CE4E5B9)
    number ^= number >> np.uint64(27)
    number *= np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))


def cdp(links: int, random: np.random.Generator) -> tuple[Nodes, Nodes, list[int]]:
    """What a company knows about people: ends of the links, and where the nodes of each kind begin."""
    people = int(links / LINKS_PER_PERSON * 1.01) + 10
    known = int(people * (1 - ANONYMOUS))
    users = np.arange(known)
    emails = np.where(random.random(known) < SHARED_EMAILS, random.integers(0, known, known), users)
    with_second_email = users[random.random(known) < 0.2]
    phones = np.where(random.random(known) < HOUSEHOLD_PHONES, users - random.integers(1, 4, known), users) % known
    with_phone = random.random(known) < 0.8
    device_users = np.repeat(users, 1 + random.poisson(0.4, known))
    devices = np.arange(len(device_users))
    is_shared = random.random(len(devices)) < SHARED_DEVICES
    shared = max(1, int(is_shared.sum()) // USES_PER_SHARED_DEVICE)
    used = np.where(is_shared, (random.random(len(devices)) ** POPULARITY * shared).astype(np.int64), devices + shared)
    visitors = np.arange(people - known)

    email_from = known
    phone_from = email_from + 2 * known
    device_from = phone_from + known
    cookie_from = device_from + shared + len(devices) + len(visitors)
    visitor_devices = device_from + shared + len(devices) + visitors
    ends_a = [
        users,
        with_second_email,
        users[with_phone],
        device_users,
        device_from + shared + devices,
        visitor_devices,
    ]
    ends_b = [
        email_from + emails,
        email_from + known + with_second_email,
        phone_from + phones[with_phone],
        device_from + used,
        cookie_from + devices,
        cookie_from + len(devices) + visitors,
    ]
    return np.concatenate(ends_a), np.concatenate(ends_b), [0, email_from, phone_from, device_from, cookie_from]


def drawn(graph: str, links: int) -> tuple[Nodes, Nodes, list[int]]:
    """The ends of the links of a graph, in random order, and where the nodes of each kind begin."""
    random = np.random.default_rng(20_260_305)
    kinds = [0, 0, 0, 0, 0]
    if graph == "cdp":
        ends_a, ends_b, kinds = cdp(links, random)
    elif graph == "path":
        ends_a, ends_b = np.arange(links), np.arange(1, links + 1)
    elif graph == "star":
        ends_a, ends_b = np.zeros(links, np.int64), np.arange(1, links + 1)
    elif graph == "random":
        # Half as many links as nodes: where the first large component appears, and diameters are longest.
        ends_a, ends_b = random.integers(0, 2 * links, (2, links))
    else:
        raise SystemExit(f"there is no graph {graph!r}, only {', '.join(GRAPHS)}")
    order = random.permutation(len(ends_a))[:links]
    is_turned = random.random(len(order)) < 0.5
    ends_a, ends_b = ends_a[order], ends_b[order]
    return np.where(is_turned, ends_b, ends_a), np.where(is_turned, ends_a, ends_b), kinds


def smallest_of_component(ends_a: Nodes, ends_b: Nodes) -> tuple[Nodes, Nodes]:
    """Nodes that some link between two different nodes names, and the smallest node of the component of each."""
    is_link = ends_a != ends_b
    size = int(max(ends_a.max(), ends_b.max())) + 1
    is_linked = np.zeros(size, bool)
    is_linked[ends_a[is_link]] = True
    is_linked[ends_b[is_link]] = True
    matrix = coo_array((np.ones(len(ends_a), np.int8), (ends_a, ends_b)), shape=(size, size))
    count, component = connected_components(matrix, directed=False)
    smallest = np.full(count, size, np.int64)
    np.minimum.at(smallest, component, np.arange(size))
    return np.flatnonzero(is_linked), smallest[component][is_linked]


def columns_of(nodes: Nodes, kinds: list[int], end: str) -> dict[str, pa.Array]:
    """One end of the links in three ways: counted, as a 64-bit number, and its kind."""
    kind = (nodes % 5 if not any(kinds) else np.searchsorted(kinds, nodes, side="right") - 1).astype(np.uint8)
    return {f"node_{end}": pa.array(nodes), f"number_{end}": pa.array(mixed(nodes)), f"kind_{end}": pa.array(kind)}


def write(graph: str, links: int, folder: Path) -> None:
    """Write a graph into `folder`: `links.parquet`, `truth.parquet` and `warehouse.duckdb`."""
    ends_a, ends_b, kinds = drawn(graph, links)
    table = pa.table(columns_of(ends_a, kinds, "a") | columns_of(ends_b, kinds, "b"))
    pq.write_table(table, folder / "links.parquet", row_group_size=ROWS_PER_GROUP)
    nodes, labels = smallest_of_component(ends_a, ends_b)
    truth = pa.table(columns_of(nodes, kinds, "a") | {"label": pa.array(labels)})
    pq.write_table(truth, folder / "truth.parquet", row_group_size=ROWS_PER_GROUP)
    del table, truth, ends_a, ends_b, nodes, labels
    with duckdb.connect(folder / "warehouse.duckdb", config={"threads": 2, "memory_limit": "4GB"}) as warehouse:
        fill(warehouse, folder)


def fill(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Put the links and the truth into the warehouse in the three ways."""
    numbers = "cast(number_{0}::hugeint - 9223372036854775808 as bigint)"
    written = {
        "text": "name_of(kind_{0}, number_{0})",
        "number": numbers,
        "dense": "cast(node_{0} as integer)",
    }
    warehouse.execute("create schema graphs")
    warehouse.execute(NAME_OF)
    for way, expression in written.items():
        key_a, key_b = expression.format("a"), expression.format("b")
        warehouse.execute(
            f"create table graphs.{way} as select {key_a} as key_a, {key_b} as key_b from '{folder}/links.parquet'"
        )
    named = ", ".join(f"{expression.format('a')} as {way}" for way, expression in written.items())
    warehouse.execute(f"create table graphs.truth as select {named}, label from '{folder}/truth.parquet'")


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
