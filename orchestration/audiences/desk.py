"""A desk at which audiences are counted: what readers see, read and never written, and temporary tables of DuckDB."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time

import adbc_driver_manager
import duckdb
import pyarrow as pa

from orchestration.audiences.compiling import CompiledAudience, TrialError, line_of
from orchestration.audiences.conditions import condition_columns
from orchestration.audiences.funnel import all_met
from orchestration.project import project_zone
from orchestration.publishing.export import readers_view
from orchestration.publishing.export_tables import seen_tables
from orchestration.settings import Settings
from orchestration.warehouse import DuckDBWarehouse, PostgresWarehouse, Warehouse, duckdb_connection, quoted

# What is told of people, and by what they are reached.
PEOPLE = ("profile_id", "country", "city", "email_count", "phone_count", "device_count", "is_known", "last_ordered_at")
_TIMES = ("timestamp", "date")


@dataclass(frozen=True)
class Considered:
    """An audience's rows on the desk: the relation, its conditions in their order, and those who may belong and do.

    `eligible` and `qualified` are tests in SQL; `doubles` counts rows without a profile, or with that of another row.
    """

    relation: str
    conditions: Mapping[str, Mapping[str, str]]
    eligible: str
    doubles: int

    @property
    def qualified(self) -> str:
        """The test that a row is of a member."""
        return f"({self.eligible}) and {all_met(list(self.conditions))}"


class Desk:
    """Where readers' tables are (`seen`), and the DuckDB in which they are counted (`paper`); on DuckDB one."""

    def __init__(self, settings: Settings, seen: Warehouse, paper: DuckDBWarehouse) -> None:
        self.settings = settings
        self.seen = seen
        self.paper = paper
        self.tables = seen_tables(settings, seen)

    def place(self, room: str, table: str, columns: Sequence[str] = ()) -> str:
        """A published table as `seen` knows it; `TrialError` where it is not there, or without one of the columns."""
        schema = self.settings.stable_schema(room)
        if (room, table) not in self.tables or not set(columns) <= set(self.seen.columns(schema, table)):
            raise TrialError(f"Readers don't see {room}.{table} yet, or an older one: `onefolk run` publishes it.")
        return quoted(schema, table)

    def bring(self, name: str, sql: str) -> None:
        """Lay the rows of a query on what readers see on the desk, under a name."""
        target = quoted(name)
        if isinstance(self.seen, PostgresWarehouse):
            with self.seen.connection.cursor() as cursor:
                cursor.execute(sql)
                self.paper.connection.register("_brought", cursor.fetch_record_batch())
                self.paper.execute(f"create or replace temp table {target} as select * from _brought")
                self.paper.connection.unregister("_brought")
            return
        self.paper.execute(f"create or replace temp table {target} as {sql}")

    def consider(self, audience: CompiledAudience, name: str) -> Considered:
        """Lay an audience's rows on the desk, after `bring_people`; `TrialError` where its SQL is refused."""
        query = audience.query()
        self._mark("savepoint considering")
        try:
            columns = self._columns(query)
            if "profile_id" not in columns:
                raise TrialError(f"{audience.path} has no column profile_id: an audience has a row per profile.")
            conditions = condition_columns(columns)
            if not conditions:
                raise TrialError(f"{audience.path} has no boolean column: without a condition nobody is a member.")
            kept = ["cast(profile_id as text) as profile_id", *map(quoted, conditions)]
            for facets in conditions.values():
                kept += [
                    quoted(facet) if columns[facet] in _TIMES else f"cast({quoted(facet)} as text) as {quoted(facet)}"
                    for facet in facets.values()
                ]
            self.bring(name, f"select {', '.join(kept)} from ({query}) as considered")
        except (duckdb.Error, adbc_driver_manager.Error) as error:
            self._mark("rollback to savepoint considering")
            message = str(error).strip()
            told = [f"{audience.path}: {message}", line_of(audience, message)]
            raise TrialError("\n".join(filter(None, told))) from None
        relation = quoted(name)
        found = self.paper.rows(f"select count(*) - count(distinct profile_id) from {relation}")
        is_for_all = bool((audience.declared or {}).get("includes_anonymous"))
        known = "profile_id in (select profile_id from people where is_known)"
        return Considered(relation, conditions, "1 = 1" if is_for_all else known, int(found[0][0]))

    def bring_people(self) -> None:
        """Lay the published profiles on the desk as `people`."""
        place = self.place("profiles", "profiles", PEOPLE)
        self.bring("people", f"select {', '.join(PEOPLE)} from {place}")

    def clock(self) -> datetime:
        """The moment to judge by: the given one, else now; where the last build is of an earlier day, its own."""
        if self.settings.as_of:
            return self.settings.as_of
        zone = project_zone()
        day = self.seen.rows(f"select max(day_date) from {self.place('profiles', 'days', ['day_date'])}")[0][0]
        if day is None or day >= self.settings.clock.astimezone(zone).date():
            return self.settings.clock
        sizes = self.place("audiences", "audience_sizes", ["measured_at"])
        measured = self.seen.rows(f"select max(measured_at) from {sizes}")[0][0]
        began = datetime.combine(day, time(), zone).astimezone(UTC)
        return max(began, measured.replace(tzinfo=UTC)) if measured else began

    def _mark(self, statement: str) -> None:
        """On Postgres a query that fails ends the transaction, unless it goes back to where it was."""
        if isinstance(self.seen, PostgresWarehouse):
            self.seen.execute(statement)

    def _columns(self, query: str) -> dict[str, str]:
        """Columns of a query and what they are: boolean, timestamp, date or another type."""
        if isinstance(self.seen, PostgresWarehouse):
            with self.seen.connection.cursor() as cursor:
                cursor.execute(f"select * from ({query}) as considered limit 0")
                return {field.name: _kind(field.type) for field in cursor.fetch_record_batch().schema}
        described = self.seen.rows(f"describe {query}")
        return {str(name): re.sub(r" with time zone$", "", str(kind).lower()) for name, kind, *_ in described}


@contextmanager
def open_desk(settings: Settings) -> Iterator[Desk]:
    """A desk with one state of what readers see, which a build that runs meanwhile doesn't change."""
    with readers_view(settings) as seen:
        if isinstance(seen, DuckDBWarehouse):
            yield Desk(settings, seen, seen)
            return
        with duckdb_connection(":memory:", settings) as connection:
            yield Desk(settings, seen, DuckDBWarehouse(connection))


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "boolean"
    return "timestamp" if pa.types.is_timestamp(kind) else "date" if pa.types.is_date(kind) else "other"
