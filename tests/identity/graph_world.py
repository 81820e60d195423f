"""A warehouse of many small worlds: land their rows, build the identity room as often as a test likes, read it back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

import pyarrow as pa

from orchestration.landing import land, load_contract
from orchestration.settings import Settings
from orchestration.warehouse import Row, Warehouse, open_warehouse, quoted
from tests.conftest import environment_of
from tests.dbt_commands import call_dbt
from tests.identity.graph_rows import IDENTIFIERS, Identifier

# No world but those made for it grows to this size.
MOST_IDENTIFIERS = 40
SELECTED = ["models/identity", *(f"stg_{table.replace('.', '__')}" for table in IDENTIFIERS)]
# After the first build: seeds stay, and so does the staging of what no world has.
QUICK = ["--select", *SELECTED]
WHOLE = ["--select", "+models/identity"]
# Not what looks into later rooms too, which are not built here.
TESTS = ["--select", "models/identity", "--exclude-resource-type", "unit_test", "--indirect-selection", "buildable"]
LOG = "identity_assignments"
# Raw tables of which staging reads only what landed since: who leaves the one leaves the other, and its key there.
STAGED_ROW_BY_ROW = {
    "events.events": ("work_staging.stg_events__events", "message_id"),
    "engagement.messages": ("work_staging.stg_engagement__messages", "message_id"),
}
TABLES = (
    "identifiers",
    "profile_ids",
    "profile_id_map",
    "identity_events",
    "identity_links",
    "identity_links_rejected",
)


class RawRow(Protocol):
    """What can be landed: one version of a row of a raw table."""

    @property
    def table(self) -> str:
        """Its table, as `source.table`."""

    @property
    def loaded_at(self) -> datetime:
        """When it landed."""

    @property
    def row_no(self) -> int:
        """Its place in the file."""

    def raw(self, columns: Iterable[str]) -> dict[str, str | None]:
        """Its cells as texts, a cell per column."""


class BuildError(AssertionError):
    """A build failed; `failed` says which nodes, with their messages."""

    def __init__(self, failed: dict[str, str]) -> None:
        super().__init__("\n".join(f"{name}: {message[:1500]}" for name, message in failed.items()))
        self.failed = failed


@dataclass(repr=False)
class Snapshot:
    """The public tables of the room after a run, each row as a dictionary, and who they say is who."""

    clock: datetime
    keys: dict[Identifier, str]
    tables: dict[str, list[dict[str, Any]]]
    failed_tests: dict[str, str] = field(default_factory=dict)

    @cached_property
    def identifiers(self) -> dict[str, Identifier]:
        """Key to type and value."""
        return {key: one for one, key in self.keys.items()}

    @cached_property
    def profiles(self) -> dict[Identifier, str]:
        """Identifier to profile id."""
        return {self.identifiers[row["identifier_key"]]: row["profile_id"] for row in self.tables["identifiers"]}

    @cached_property
    def groups(self) -> set[frozenset[Identifier]]:
        """The partition."""
        found: dict[str, set[Identifier]] = {}
        for one, profile in self.profiles.items():
            found.setdefault(profile, set()).add(one)
        return {frozenset(group) for group in found.values()}

    @cached_property
    def links(self) -> dict[tuple[str, str, str], str | None]:
        """Every link with the reason why it does not hold, or None."""
        rows = [*self.tables["identity_links"], *self.tables["identity_links_rejected"]]
        return {
            (row["identifier_key_a"], row["identifier_key_b"], row["link_rule"]): row.get("rejected_reason")
            for row in rows
        }

    def rows(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of a table whose columns have these values."""
        return [row for row in self.tables[table] if all(row[name] == value for name, value in where.items())]


class Lab:
    """One warehouse that dbt builds in."""

    def __init__(self, settings: Settings, variables: str = f"{{max_profile_identifiers: {MOST_IDENTIFIERS}}}") -> None:
        self.settings, self.variables = settings, variables
        self.target_path = settings.home / "target"
        self.contract = {table.name: table for table in load_contract()}
        with self.open() as warehouse:
            land(settings, warehouse, list(self.contract.values()))
        self._is_new = True

    def open(self) -> Any:
        """The warehouse, as a context manager."""
        return open_warehouse(self.settings)

    def put(self, rows: Iterable[RawRow], *, loaded_at: datetime | None = None) -> None:
        """Append rows to their raw tables."""
        by_table: dict[str, list[RawRow]] = {}
        for row in rows:
            by_table.setdefault(row.table, []).append(row)
        with self.open() as warehouse:
            for name, found in by_table.items():
                table = self.contract[name]
                cells = [row.raw(table.columns) for row in found]
                columns = {column: pa.array([row[column] for row in cells], pa.string()) for column in table.columns}
                moments = [loaded_at or row.loaded_at for row in found]
                columns["_loaded_at"] = pa.array(moments, pa.timestamp("us"))
                columns["_source_file"] = pa.array([f"{moment:%Y-%m-%d}.csv" for moment in moments])
                columns["_source_row"] = pa.array([row.row_no for row in found], pa.int64())
                columns["_source_instance"] = pa.array(["main"] * len(found))
                warehouse.append(table.schema, table.table, pa.table(columns).to_reader())

    def delete(self, keys: Iterable[tuple[str, ...]]) -> None:
        """Delete all versions of rows from where they outlive a build; a key is the table and the values of its key."""
        with self.open() as warehouse:
            for name, *values in keys:
                table = self.contract[name]
                where = " and ".join(f"{quoted(column)} = ${no}" for no, column in enumerate(table.key, start=1))
                warehouse.execute(f"delete from {quoted(table.schema, table.table)} where {where}", values)
                if name in STAGED_ROW_BY_ROW:
                    staged, column = STAGED_ROW_BY_ROW[name]
                    warehouse.execute(f"delete from {staged} where {quoted(column)} = $1", values)

    def build(
        self, clock: datetime, *more: str, whole: bool = False, tested: bool = False, variables: str | None = None
    ) -> dict[str, str]:
        """Build the room by this clock; the data tests that failed. Raise `BuildError` when a model did."""
        selected = [*(WHOLE if whole or self._is_new else QUICK), *more]
        # Without the tests between them: what stands behind one that fails is to be looked at all the same.
        for command in ["seed", "run"] if selected[1] == WHOLE[1] else ["run"]:
            failed = self.dbt(clock, [command, *selected], variables)
            if failed:
                raise BuildError(failed)
        self._is_new = False
        return self.dbt(clock, ["test", *TESTS], variables) if tested else {}

    def environment(self, clock: datetime) -> dict[str, str]:
        """The environment of a dbt that works by this clock."""
        return environment_of(self.settings) | {"ONEFOLK_AS_OF": f"{clock:%Y-%m-%dT%H:%M:%SZ}"}

    def dbt(self, clock: datetime, arguments: Sequence[str], variables: str | None = None) -> dict[str, str]:
        """Run one dbt command by this clock; the nodes that failed, with their messages."""
        arguments = [*arguments, "--quiet", "--vars", variables or self.variables]
        return call_dbt(self.environment(clock), *arguments, target_path=self.target_path).failed

    def read(self, clock: datetime, *more: str) -> Snapshot:
        """The room as it stands; `more` are private tables to read besides."""
        identity = self.settings.work_schema("identity")
        forms = quoted(self.settings.work_schema("pii"), "identifier_forms")
        with self.open() as warehouse:
            keys = warehouse.rows(
                f"select distinct identifier_type, identifier_value, identifier_key from {forms}"
                " where identifier_key is not null"
            )
            tables = {name: _dictionaries(warehouse, identity, name) for name in (*TABLES, *more)}
        return Snapshot(clock, {(kind, value): key for kind, value, key in keys}, tables)

    def rows(self, sql: str) -> list[Row]:
        """Rows of a query."""
        with self.open() as warehouse:
            return list(warehouse.rows(sql))

    def forget(self, *, keep_log: bool) -> None:
        """Drop everything that dbt ever built, but for the log of assignments if it is to be kept."""
        with self.open() as warehouse:
            found = warehouse.rows(
                "select table_schema, table_name, table_type from information_schema.tables"
                " where table_schema like 'work%' and table_catalog = current_catalog order by table_type desc"
            )
            for schema, table, kind in found:
                if not (keep_log and table == LOG):
                    thing = "view" if kind == "VIEW" else "table"
                    warehouse.execute(f"drop {thing} if exists {quoted(schema, table)} cascade")
        self._is_new = True


def _dictionaries(warehouse: Warehouse, schema: str, table: str) -> list[dict[str, Any]]:
    names = list(warehouse.columns(schema, table))
    listed = ", ".join(quoted(name) for name in names)
    rows = warehouse.rows(f"select {listed} from {quoted(schema, table)}")
    return [dict(zip(names, row, strict=True)) for row in rows]
