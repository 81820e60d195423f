"""The contract of raw tables, read from the sources YAML of `models/staging`, and the tables that it promises."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.settings import PROJECT_DIR
from orchestration.warehouse import Warehouse, quoted

REGISTER_SCHEMA = "raw_onefolk"

METADATA_COLUMNS = {
    "_loaded_at": "timestamp",
    "_source_file": "text",
    "_source_row": "bigint",
    "_source_instance": "text",
}


class ContractError(ValueError):
    """The sources YAML does not describe raw tables; the message names the file and what is missing."""


@dataclass(frozen=True)
class RawTable:
    """One raw table of the contract: where its files lie (`source`/`table`), its columns and its key."""

    source: str
    table: str
    schema: str
    columns: dict[str, str]
    key: tuple[str, ...]
    description: str = ""

    @property
    def name(self) -> str:
        """`source.table`, as people say it."""
        return f"{self.source}.{self.table}"

    def __hash__(self) -> int:
        return hash((self.schema, self.table))


def load_contract(project_dir: Path = PROJECT_DIR) -> list[RawTable]:
    """Every raw table that files may land in, sorted by source and table; raise `ContractError` on a broken YAML."""
    return [table for table, is_own in _all_tables(project_dir) if not is_own]


def load_own_tables(project_dir: Path = PROJECT_DIR) -> list[RawTable]:
    """The tables that Onefolk keeps beside the raw ones (`own: true`): the register, rejected lines, the salt."""
    return [table for table, is_own in _all_tables(project_dir) if is_own]


def ensure_tables(warehouse: Warehouse, tables: Iterable[RawTable], own_tables: Iterable[RawTable]) -> None:
    """Create what is missing of the schemas, tables and columns of the contract; existing ones stay as they are."""
    wanted = [(table, dict.fromkeys(table.columns, "text") | METADATA_COLUMNS) for table in tables]
    wanted += [(table, table.columns) for table in own_tables]
    with warehouse.transaction():
        found = _existing_columns(warehouse)
        missing = {table.schema for table, _ in wanted if (table.schema, table.table) not in found}
        for schema in sorted(missing):
            warehouse.execute(f"create schema if not exists {quoted(schema)}")
        for table, columns in wanted:
            existing = found.get((table.schema, table.table))
            target = quoted(table.schema, table.table)
            if existing is None:
                listed = ", ".join(f"{quoted(name)} {data_type}" for name, data_type in columns.items())
                warehouse.execute(f"create table {target} ({listed})")
                continue
            for name in [name for name in columns if name not in existing]:
                warehouse.execute(f"alter table {target} add column {quoted(name)} {columns[name]}")


def _existing_columns(warehouse: Warehouse) -> dict[tuple[str, str], set[str]]:
    rows = warehouse.rows(
        "select table_schema, table_name, column_name from information_schema.columns"
        " where table_catalog = current_catalog and table_schema like 'raw%'"
    )
    found: dict[tuple[str, str], set[str]] = {}
    for schema, table, column in rows:
        found.setdefault((schema, table), set()).add(column)
    return found


def _all_tables(project_dir: Path) -> list[tuple[RawTable, bool]]:
    files = sorted((project_dir / "models" / "staging").glob("*/_*__sources.yml"))
    if not files:
        raise ContractError(f"{project_dir}/models/staging has no _<source>__sources.yml: there is nothing to land.")
    tables = [entry for path in files for entry in _tables_of(path, path.stat().st_mtime_ns)]
    return sorted(tables, key=lambda entry: (entry[0].source, entry[0].table))


@lru_cache(maxsize=256)
def _tables_of(path: Path, _modified_ns: int) -> list[tuple[RawTable, bool]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader) or {}
        return [
            (_raw_table(source, table), bool(_meta(source).get("own")))
            for source in content.get("sources", [])
            for table in source.get("tables", [])
        ]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ContractError(f"{path} does not describe sources, tables and columns: {error!r}.") from None


def _raw_table(source: dict[str, Any], table: dict[str, Any]) -> RawTable:
    return RawTable(
        source=source["name"],
        table=table["name"],
        schema=source.get("schema", f"raw_{source['name']}"),
        columns={column["name"]: column.get("data_type", "text") for column in table.get("columns", [])},
        key=tuple(_meta(table).get("key", ())),
        description=table.get("description", ""),
    )


def _meta(node: dict[str, Any]) -> dict[str, Any]:
    meta = (node.get("config") or {}).get("meta") or {}
    return dict(meta)
