"""Publishing on Postgres: stable schemas, brought to the new rows by difference in one transaction.

Tables are never dropped, so grants, dependent views and open readers survive, and an unchanged publish writes no row.
In the same transaction the roles of the seed get what they may read, here and in the schemas that dbt builds in.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import adbc_driver_manager

from orchestration.access.grants import bring_grants
from orchestration.progress import report
from orchestration.project import PublicTable
from orchestration.publishing.published import PublishedTable, PublishError
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, open_warehouse, quoted

_DIFFERENCES = "pg_temp.onefolk_differences"


@dataclass(frozen=True)
class _Pair:
    """A public table with its two relations: as built, and as readers see it."""

    table: PublicTable
    work: str
    stable: str

    @property
    def name(self) -> str:
        return f"{self.table.room}.{self.table.name}"


def publish(settings: Settings, tables: Sequence[PublicTable]) -> tuple[list[PublishedTable], bool, tuple[str, ...]]:
    """Bring every table to its rows as built; all or none."""
    published = []
    changed = False
    with open_warehouse(settings) as warehouse, warehouse.transaction():
        # One publisher at a time; and a reader who holds a table while its columns change fails us, not everybody else.
        warehouse.rows("select pg_advisory_xact_lock(hashtext($1))", [f"onefolk publish {settings.schema_prefix}"])
        warehouse.execute("set local lock_timeout = '60s'")
        warehouse.execute("set local work_mem = '64MB'")
        pairs = [_pair(settings, table) for table in tables]
        _require(warehouse, pairs)
        for schema in sorted({settings.stable_schema(table.room) for table in tables}):
            if not warehouse.rows("select 1 from pg_namespace where nspname = $1", [schema]):
                warehouse.execute(f"create schema {quoted(schema)}")
        for done, pair in enumerate(pairs):
            report("publish", done, len(pairs), pair.name)
            try:
                reshaped = _reshape(warehouse, pair)
                written = _bring_rows(warehouse, pair)
                _describe(warehouse, pair)
            except adbc_driver_manager.Error as error:
                raise PublishError(f"{pair.name} can't be published, so nothing was: {error}") from None
            rows = _count(warehouse, pair.stable)
            if rows != (wanted := _count(warehouse, pair.work)):
                raise PublishError(
                    f"{pair.name} has {wanted} rows for {rows} keys ({', '.join(pair.table.key)}), so nothing was"
                    " published: make the model one row per key."
                )
            published.append(PublishedTable(pair.table.room, pair.table.name, rows, written))
            changed = changed or reshaped or written > 0
        sentences = bring_grants(settings, warehouse, tables).sentences
    return published, changed, sentences


def _pair(settings: Settings, table: PublicTable) -> _Pair:
    work = quoted(settings.work_schema(table.room), table.name)
    return _Pair(table, work, quoted(settings.stable_schema(table.room), table.name))


def _require(warehouse: Warehouse, pairs: Sequence[_Pair]) -> None:
    missing = [pair.work.replace('"', "") for pair in pairs if not _columns(warehouse, pair.work)]
    if missing:
        raise PublishError(f"Not built, so nothing is published: {', '.join(missing)}.")
    for pair in pairs:
        lost = [name for name in pair.table.key if name not in _columns(warehouse, pair.work)]
        if lost or not pair.table.key:
            raise PublishError(f"{pair.name} needs its key to be published; missing: {', '.join(lost) or 'all of it'}.")


def _columns(warehouse: Warehouse, relation: str) -> dict[str, str]:
    found = warehouse.rows(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum",
        [relation],
    )
    return dict(found)


def _key(warehouse: Warehouse, relation: str) -> tuple[str, tuple[str, ...]]:
    """Name and columns of a table's primary key."""
    found = warehouse.rows(
        "select conname, attname from pg_constraint"
        " cross join lateral unnest(conkey) with ordinality as part(attnum, position)"
        " inner join pg_attribute on attrelid = conrelid and pg_attribute.attnum = part.attnum"
        " where conrelid = to_regclass($1) and contype = 'p' order by position",
        [relation],
    )
    return (found[0][0] if found else ""), tuple(name for _, name in found)


def _reshape(warehouse: Warehouse, pair: _Pair) -> bool:
    """Give the stable table the columns, types and key of the built one; whether there was anything to do.

    A column that the model lost stays, without values, so that views on it survive until it is dropped by hand.
    """
    built = _columns(warehouse, pair.work)
    seen = _columns(warehouse, pair.stable)
    key = ", ".join(quoted(name) for name in pair.table.key)
    if not seen:
        columns = ", ".join(f"{quoted(name)} {data_type}" for name, data_type in built.items())
        warehouse.execute(f"create table {pair.stable} ({columns}, primary key ({key}))")
        return True
    steps = [f"add column {quoted(name)} {data_type}" for name, data_type in built.items() if name not in seen]
    constraint, seen_key = _key(warehouse, pair.stable)
    if seen_key != pair.table.key:
        # Rows under the old key can't be told apart by the new one, so all are written again.
        if constraint:
            warehouse.execute(f"alter table {pair.stable} drop constraint {quoted(constraint)}")
        warehouse.execute(f"delete from {pair.stable}")
        steps += [f"alter column {quoted(name)} drop not null" for name in seen_key if name not in pair.table.key]
    for step in steps:
        warehouse.execute(f"alter table {pair.stable} {step}")
    retyped = [name for name, data_type in built.items() if seen.get(name, data_type) != data_type]
    for name in retyped:
        _retype(warehouse, pair, name, seen[name], built[name])
    if seen_key != pair.table.key:
        warehouse.execute(f"alter table {pair.stable} add primary key ({key})")
    return bool(steps or retyped or seen_key != pair.table.key)


def _retype(warehouse: Warehouse, pair: _Pair, name: str, before: str, after: str) -> None:
    column = quoted(name)
    try:
        step = f"alter column {column} type {after} using cast({column} as {after})"
        warehouse.execute(f"alter table {pair.stable} {step}")
    except adbc_driver_manager.Error as error:
        raise PublishError(
            f"Column {name} of {pair.name} changed from {before} to {after}, and the published table can't follow, so"
            f" nothing was published. Drop what depends on {pair.stable}, or give the column a new name. {error}"
        ) from None


def _bring_rows(warehouse: Warehouse, pair: _Pair) -> int:
    """Delete the keys that left, update the rows that differ, insert the new ones; the number of rows written."""
    built = list(_columns(warehouse, pair.work))
    names = ", ".join(quoted(name) for name in built)
    if not warehouse.rows(f"select 1 from {pair.stable} limit 1"):
        warehouse.execute(f"insert into {pair.stable} ({names}) select {names} from {pair.work}")
        return _count(warehouse, pair.stable)
    values = [(f"seen.{quoted(name)}", f"built.{quoted(name)}") for name in built if name not in pair.table.key]
    values += [(f"seen.{quoted(name)}", "null") for name in _columns(warehouse, pair.stable) if name not in built]
    written = _find_differences(warehouse, pair, [f"{seen} is distinct from {value}" for seen, value in values])
    if written:
        same_seen, same_built = (_same_key(pair, relation, "difference") for relation in ("seen", "built"))
        warehouse.execute(
            f"delete from {pair.stable} as seen using {_DIFFERENCES} as difference"
            f" where difference._change = 'removed' and {same_seen}"
        )
        if values:
            assigned = ", ".join(f"{seen.removeprefix('seen.')} = {value}" for seen, value in values)
            warehouse.execute(
                f"update {pair.stable} as seen set {assigned} from {pair.work} as built, {_DIFFERENCES} as difference"
                f" where difference._change = 'changed' and {same_seen} and {same_built}"
            )
        warehouse.execute(
            f"insert into {pair.stable} ({names}) select {', '.join(f'built.{quoted(name)}' for name in built)}"
            f" from {pair.work} as built inner join {_DIFFERENCES} as difference on {same_built}"
            " where difference._change = 'added'"
        )
    warehouse.execute(f"drop table {_DIFFERENCES}")
    return written


def _find_differences(warehouse: Warehouse, pair: _Pair, differs: list[str]) -> int:
    """Keep the keys of rows that were added, changed or removed in a temporary table; how many there are."""
    key = ", ".join(f"coalesce(built.{quoted(name)}, seen.{quoted(name)}) as {quoted(name)}" for name in pair.table.key)
    wheres = ["built._is_here is null", "seen._is_here is null", *differs]
    warehouse.execute(
        f"create temporary table {_DIFFERENCES} on commit drop as select {key}, case when built._is_here is null"
        " then 'removed' when seen._is_here is null then 'added' else 'changed' end as _change"
        f" from (select *, true as _is_here from {pair.work}) as built"
        f" full join (select *, true as _is_here from {pair.stable}) as seen on {_same_key(pair, 'built', 'seen')}"
        f" where {' or '.join(wheres)}"
    )
    warehouse.execute(f"analyze {_DIFFERENCES}")
    return _count(warehouse, _DIFFERENCES)


def _same_key(pair: _Pair, one: str, other: str) -> str:
    return " and ".join(f"{one}.{quoted(name)} = {other}.{quoted(name)}" for name in pair.table.key)


def _count(warehouse: Warehouse, relation: str) -> int:
    return int(warehouse.rows(f"select count(*) from {relation}")[0][0])


def _describe(warehouse: Warehouse, pair: _Pair) -> None:
    """Carry the descriptions of the model to the stable table, where they differ."""
    there = warehouse.rows(
        "select attname, coalesce(col_description(attrelid, attnum), '') from pg_attribute"
        " where attrelid = to_regclass($1) and attnum > 0 and not attisdropped"
        " union all select '', coalesce(obj_description(to_regclass($1), 'pg_class'), '')",
        [pair.stable],
    )
    wanted = {column.name: column.description for column in pair.table.columns} | {"": pair.table.description}
    for name, comment in there:
        if name in wanted and wanted[name] != comment:
            target = f"column {pair.stable}.{quoted(name)}" if name else f"table {pair.stable}"
            text = wanted[name].replace("'", "''")
            warehouse.execute(f"comment on {target} is '{text}'")
