"""Publishing on DuckDB: `serve.duckdb`, written beside the old one and swapped, so open readers are undisturbed."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from orchestration.disk import sync_to_disk
from orchestration.progress import report
from orchestration.project import PUBLISHED_ROOMS, PublicTable
from orchestration.publishing.published import PublishedTable, PublishError
from orchestration.settings import Settings
from orchestration.warehouse import DuckDBWarehouse, open_duckdb, quoted

# The name dbt knows the warehouse by, which stands in the views that it makes.
_WORK = "warehouse"
# Name of a column, its type and its comment; a table's comment; number of rows and two sums over their hashes.
_Signature = tuple[tuple[tuple[str, str, str], ...], str, int, int, int]


def publish(settings: Settings, tables: Sequence[PublicTable]) -> tuple[list[PublishedTable], bool, tuple[str, ...]]:
    """Swap in a file with the tables as built, unless readers see exactly that already."""
    if not settings.warehouse_path.is_file():
        raise PublishError(f"There is no warehouse at {settings.warehouse_path}: build first.")
    folder = settings.serve_path.with_name(settings.serve_path.name + ".building")
    with _only_writer(settings), _empty_folder(folder):
        building = folder / settings.serve_path.name
        with open_duckdb(building, settings) as warehouse:
            _attach(warehouse, settings.warehouse_path, _WORK)
            _require(settings, warehouse, tables)
            built = {_name(settings, table): _built(settings, warehouse, table) for table in tables}
            everything = _seen(settings, warehouse)
            ours = {settings.stable_schema(room) for room in PUBLISHED_ROOMS}
            seen = {name: signature for name, signature in everything.items() if name[0] in ours}
            if seen != built:
                _copy_built(settings, warehouse, tables)
                _copy_of_others(warehouse, {name: s for name, s in everything.items() if name[0] not in ours})
                warehouse.execute("checkpoint")
        if seen != built:
            _swap(building, settings.serve_path)
    published = []
    for table in tables:
        signature = built[_name(settings, table)]
        written = 0 if seen.get(_name(settings, table)) == signature else signature[2]
        published.append(PublishedTable(table.room, table.name, signature[2], written))
    return published, seen != built, ()


@contextmanager
def _only_writer(settings: Settings) -> Iterator[None]:
    try:
        with FileLock(settings.serve_path.with_name(settings.serve_path.name + ".lock"), timeout=0):
            yield
    except Timeout:
        raise PublishError(f"Another process is publishing to {settings.serve_path}: wait for it to end.") from None


@contextmanager
def _empty_folder(folder: Path) -> Iterator[None]:
    # What a killed run left is of no use to anybody.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _attach(warehouse: DuckDBWarehouse, path: Path, alias: str) -> None:
    literal = str(path).replace("'", "''")
    try:
        warehouse.execute(f"attach '{literal}' as {quoted(alias)} (read_only)")
    except duckdb.IOException as error:
        raise PublishError(f"{path.name} can't be read, probably because a process writes it: {error}") from None


def _require(settings: Settings, warehouse: DuckDBWarehouse, tables: Sequence[PublicTable]) -> None:
    there = set(warehouse.rows("select schema_name, table_name from duckdb_tables() where database_name = $1", [_WORK]))
    there |= set(warehouse.rows("select schema_name, view_name from duckdb_views() where database_name = $1", [_WORK]))
    names = [f"{settings.work_schema(table.room)}.{table.name}" for table in tables]
    missing = [name for name in names if tuple(name.split(".")) not in there]
    if missing:
        raise PublishError(f"Not built, so nothing is published: {', '.join(missing)}.")


def _built(settings: Settings, warehouse: DuckDBWarehouse, table: PublicTable) -> _Signature:
    comments = {column.name: column.description for column in table.columns}
    columns = _columns(warehouse, _WORK, settings.work_schema(table.room), table.name)
    described = tuple((name, data_type, comments.get(name, "")) for name, data_type, _ in columns)
    counts = _counts(warehouse, quoted(_WORK, settings.work_schema(table.room), table.name), [c[0] for c in columns])
    return described, table.description, *counts


def _seen(settings: Settings, warehouse: DuckDBWarehouse) -> dict[tuple[str, str], _Signature]:
    """Signatures of what readers see now; none when there is nothing that can be read."""
    if not settings.serve_path.is_file():
        return {}
    try:
        _attach(warehouse, settings.serve_path, "seen")
        found = {}
        for schema, name, comment in warehouse.rows(
            "select schema_name, table_name, coalesce(comment, '') from duckdb_tables() where database_name = 'seen'"
        ):
            columns = _columns(warehouse, "seen", schema, name)
            counts = _counts(warehouse, quoted("seen", schema, name), [column[0] for column in columns])
            found[(schema, name)] = (tuple(columns), comment, *counts)
        return found
    except (PublishError, duckdb.Error):
        # A file that is damaged, or that a tool holds open for writing, is replaced.
        return {}


def _columns(warehouse: DuckDBWarehouse, database: str, schema: str, table: str) -> list[tuple[str, str, str]]:
    found = warehouse.rows(
        "select column_name, data_type, coalesce(comment, '') from duckdb_columns()"
        " where database_name = $1 and schema_name = $2 and table_name = $3 order by column_index",
        [database, schema, table],
    )
    return [(name, data_type, comment) for name, data_type, comment in found]


def _counts(warehouse: DuckDBWarehouse, relation: str, columns: list[str]) -> tuple[int, int, int]:
    # Two sums, both independent of the order of rows: equal rows in pairs vanish from the first, not from the second.
    hashed = f"hash({', '.join(quoted(name) for name in columns)})"
    sums = f"count(*), coalesce(bit_xor({hashed}), 0), coalesce(sum(cast({hashed} as hugeint)), 0)"
    count, xor, total = warehouse.rows(f"select {sums} from {relation}")[0]
    return int(count), int(xor), int(total)


def _copy_built(settings: Settings, warehouse: DuckDBWarehouse, tables: Sequence[PublicTable]) -> None:
    # Without it a copy of a large table is held in memory.
    warehouse.execute("set preserve_insertion_order = false")
    for done, table in enumerate(tables):
        report("publish", done, len(tables), f"{table.room}.{table.name}")
        work_schema = settings.work_schema(table.room)
        there = {name for name, _, _ in _columns(warehouse, _WORK, work_schema, table.name)}
        comments = {column.name: column.description for column in table.columns if column.name in there}
        source = quoted(_WORK, work_schema, table.name)
        _copy(warehouse, source, _name(settings, table), table.description, comments)


def _copy_of_others(warehouse: DuckDBWarehouse, tables: dict[tuple[str, str], _Signature]) -> None:
    """Take over what other prefixes published: a preview or a replay must not take the live tables away."""
    for name, (columns, comment, *_) in tables.items():
        _copy(warehouse, quoted("seen", *name), name, comment, {column: text for column, _, text in columns})


def _copy(
    warehouse: DuckDBWarehouse, source: str, name: tuple[str, str], comment: str, comments: dict[str, str]
) -> None:
    schema, target = quoted(name[0]), quoted(*name)
    warehouse.execute(f"create schema if not exists {schema}")
    warehouse.execute(f"create table {target} as select * from {source}")
    if comment:
        warehouse.execute(f"comment on table {target} is {_literal(comment)}")
    for column, text in comments.items():
        if text:
            warehouse.execute(f"comment on column {target}.{quoted(column)} is {_literal(text)}")


def _swap(building: Path, serve: Path) -> None:
    if serve.exists():
        shutil.copymode(serve, building)
    # The log of a tool that had the old file open for writing must not be applied to the new one.
    serve.with_name(serve.name + ".wal").unlink(missing_ok=True)
    sync_to_disk(building)
    os.replace(building, serve)
    sync_to_disk(serve.parent)


def _name(settings: Settings, table: PublicTable) -> tuple[str, str]:
    return settings.stable_schema(table.room), table.name


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
