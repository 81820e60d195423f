"""The room of audiences by itself: other audiences than the shipped ones, and tables of hand-made people before it."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import Row, Warehouse, open_warehouse, quoted
from tests.conftest import environment_of
from tests.dbt_process import DbtProcess

Answers = Mapping[str, Any]
ENGINE = PROJECT_DIR / "models" / "audiences"
TABLES = ("guards", "members", "changes", "evidence", "reach", "sizes", "overlaps", "log")
BEFORE = (
    ("staging", "landings"),
    ("identity", "identity_events"),
    ("identity", "profile_id_map"),
    ("profiles", "customers"),
    ("profiles", "profiles"),
    ("consent", "permissions"),
)
# The engine of the room; what conditions are written with is tested by itself.
MODELS = ("definitions", "candidates", "figures", "log", "guards", "members", "changes", "evidence", "reach", "sizes")
MODELS += ("overlaps",)
_TYPES = {"text": pa.string(), "boolean": pa.bool_(), "timestamp": pa.timestamp("us"), "integer": pa.int32()}


@dataclass
class People:
    """What the rooms before know: answers to the conditions per audience and profile, and whom ids stand for."""

    answers: dict[str, dict[str, Answers]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    anonymous: set[str] = field(default_factory=set)
    # Ids that were minted and are no profile any more: the one that they stand for, or None.
    ended: dict[str, str | None] = field(default_factory=dict)
    ambiguous: set[str] = field(default_factory=set)
    # Rows of identity_events: from, to, type, when.
    events: list[tuple[str | None, str | None, str, datetime]] = field(default_factory=list)
    unreachable: set[str] = field(default_factory=set)
    landed: dict[str, datetime] = field(default_factory=dict)
    # Profile, purpose, channel and reason; `granted` and `standing` allow.
    permissions: list[tuple[str, str, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Told:
    """The tables of the room after a run, each row as a dictionary."""

    tables: dict[str, list[dict[str, Any]]]

    def rows(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of `audience_<table>` whose columns have these values."""
        return [row for row in self.tables[table] if all(row[name] == value for name, value in where.items())]

    def members(self, audience: str) -> set[str]:
        """The members of an audience."""
        return {row["profile_id"] for row in self.rows("members", audience=audience)}

    def changes(self, audience: str, clock: datetime) -> dict[str, tuple[str, str, str | None]]:
        """Who entered or left in the run of this clock: type, cause and conditions."""
        found = self.rows("changes", audience=audience, occurred_at=clock)
        return {row["profile_id"]: (row["change_type"], row["cause"], row["conditions"]) for row in found}

    def guard(self, audience: str) -> dict[str, Any]:
        """The guard of an audience."""
        [guard] = self.rows("guards", audience=audience)
        return guard


class AudienceRoom:
    """One warehouse with the room of audiences alone."""

    def __init__(self, settings: Settings, dbt: DbtProcess, declared: Mapping[str, Mapping[str, Any]]) -> None:
        """`declared` holds `config.meta.audience` per audience, and its columns as `columns`: name to type."""
        self.settings = settings
        self.columns = {name: dict(audience["columns"]) for name, audience in declared.items()}
        self._dbt = dbt
        self.project = _project(self._place(), declared)

    def redefine(self, declared: Mapping[str, Mapping[str, Any]]) -> None:
        """Go on with other audiences over the same warehouse."""
        self.columns = {name: dict(audience["columns"]) for name, audience in declared.items()}
        self.project = _project(self._place(), declared)

    def run(self, clock: datetime, people: People, *, allow: str = "") -> Told:
        """Build the room by this clock."""
        with open_warehouse(self.settings) as warehouse:
            self._put_people(warehouse, people)
        failed = self.dbt(clock, ["run", "--select", "models/audiences", "--exclude", "aud_*"], allow=allow)
        assert not failed, failed
        return self.read()

    def test(self, clock: datetime) -> dict[str, str]:
        """The data tests of the room that fail."""
        return self.dbt(clock, ["test", "--select", "models/audiences", "--exclude-resource-type", "unit_test"])

    def dbt(self, clock: datetime, arguments: Sequence[str], *, allow: str = "") -> dict[str, str]:
        """Run one command of dbt; the nodes that failed, with their messages."""
        target = str(self.project / "target")
        places = ["--project-dir", str(self.project), "--profiles-dir", str(PROJECT_DIR)]
        places += ["--target-path", target, "--log-path", target]
        moment = {"ONEFOLK_AS_OF": f"{clock:%Y-%m-%dT%H:%M:%SZ}", "ONEFOLK_ALLOWED_GUARDS": allow}
        return self._dbt.run(
            [*arguments, "--quiet", *places],
            parse=["--quiet", *places],
            environment=environment_of(self.settings) | moment,
        )

    def read(self) -> Told:
        """The room as it stands."""
        schema = self.settings.work_schema("audiences")
        with open_warehouse(self.settings, read_only=True) as warehouse:
            return Told({table: _dictionaries(warehouse, schema, f"audience_{table}") for table in TABLES})

    def rows(self, sql: str) -> list[Row]:
        """Rows of a query."""
        with open_warehouse(self.settings, read_only=True) as warehouse:
            return list(warehouse.rows(sql))

    def _place(self) -> Path:
        # dbt remembers the database that it parsed for.
        return self._dbt.folder / (self.settings.postgres_dbname if self.settings.target == "postgres" else "duckdb")

    def _put_people(self, warehouse: Warehouse, people: People) -> None:
        live = people.known | people.anonymous
        ids = [(one, one, False) for one in sorted(live)]
        ids += [(one, other, one in people.ambiguous) for one, other in people.ended.items()]
        reach = [(one, *([0] * 3 if one in people.unreachable else [1, 0, 0])) for one in sorted(live)]
        landed = [(*table.split("."), 1, moment) for table, moment in people.landed.items()]
        put = self._put
        put(warehouse, "profiles", "customers", {"profile_id": "text"}, [(one,) for one in sorted(people.known)])
        counts = {"email_count": "integer", "phone_count": "integer", "device_count": "integer"}
        put(warehouse, "profiles", "profiles", {"profile_id": "text", **counts}, reach)
        stands_for = {"profile_id": "text", "live_profile_id": "text", "is_ambiguous": "boolean"}
        put(warehouse, "identity", "profile_id_map", stands_for, ids)
        event = {"from_profile_id": "text", "to_profile_id": "text", "event_type": "text", "occurred_at": "timestamp"}
        put(warehouse, "identity", "identity_events", event, people.events)
        landing = {"source_name": "text", "table_name": "text", "row_count": "integer", "loaded_at": "timestamp"}
        put(warehouse, "staging", "landings", landing, landed)
        channel = {"channel": "text", "contact_type": "text"}
        put(warehouse, "reference", "channels", channel, [("email", "email"), ("sms", "phone"), ("ads", "device")])
        permission = {"profile_id": "text", "purpose": "text", "channel": "text", "reason": "text"}
        permitted = [(*row, row[3] in ("granted", "standing")) for row in people.permissions]
        put(warehouse, "consent", "permissions", {**permission, "is_allowed": "boolean"}, permitted)
        for audience, columns in self.columns.items():
            rows = [
                (one, *(said.get(column) for column in columns))
                for one, said in sorted(people.answers.get(audience, {}).items())
            ]
            put(warehouse, "audiences", f"aud_{audience}", {"profile_id": "text", **columns}, rows)

    def _put(
        self, warehouse: Warehouse, room: str, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]
    ) -> None:
        schema = self.settings.work_schema(room)
        warehouse.execute(f"create schema if not exists {quoted(schema)}")
        warehouse.execute(f"drop table if exists {quoted(schema, table)} cascade")
        typed = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
        warehouse.execute(f"create table {quoted(schema, table)} ({typed})")
        cells = list(zip(*rows, strict=True)) or [()] * len(columns)
        arrays = [pa.array(cell, _TYPES[kind]) for cell, kind in zip(cells, columns.values(), strict=True)]
        warehouse.append(schema, table, pa.table(arrays, names=list(columns)).to_reader())


def _project(place: Path, declared: Mapping[str, Mapping[str, Any]]) -> Path:
    """The project with these audiences in the place of the shipped ones; the same ones are parsed once."""
    folder = place / hashlib.sha256(json.dumps(declared).encode()).hexdigest()[:16]
    if folder.exists():
        return folder
    (folder / "models" / "audiences").mkdir(parents=True)
    project = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text())
    project["vars"]["audiences"] = list(declared)
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(project, sort_keys=False))
    for shared in ("macros", "tests/generic", "models/_groups.yml"):
        (folder / shared).parent.mkdir(exist_ok=True)
        (folder / shared).symlink_to(PROJECT_DIR / shared)
    (folder / "seeds").mkdir()
    (folder / "seeds" / "channels.csv").write_text("channel\n")
    # What stands before the room is put there by hand, so of its models only the names are needed.
    for room, table in BEFORE:
        (folder / "models" / room).mkdir(exist_ok=True)
        (folder / "models" / room / f"{table}.sql").write_text("{{ config(access='public') }} select 1 as one")
    properties = yaml.safe_load((ENGINE / "_audiences__models.yml").read_text())
    names = {f"audience_{model}" for model in MODELS}
    models = [model for model in properties["models"] if model["name"] in names]
    for audience, said in declared.items():
        meta = {key: value for key, value in said.items() if key not in ("columns", "sql")}
        models.append(
            {
                "name": f"aud_{audience}",
                "config": {"contract": {"enforced": True}, "meta": {"audience": meta}},
                "columns": [{"name": name, "data_type": kind} for name, kind in said["columns"].items()],
            }
        )
        sql = said.get("sql", "select profile_id from {{ ref('profiles') }}")
        (folder / "models/audiences" / f"aud_{audience}.sql").write_text(f"-- One row per profile.\n{sql}\n")
    (folder / "models/audiences/models.yml").write_text(yaml.safe_dump({"version": 2, "models": models}))
    for model in MODELS:
        (folder / f"models/audiences/audience_{model}.sql").symlink_to(ENGINE / f"audience_{model}.sql")
    return folder


def _dictionaries(warehouse: Warehouse, schema: str, table: str) -> list[dict[str, Any]]:
    names = list(warehouse.columns(schema, table))
    listed = ", ".join(quoted(name) for name in names)
    rows = warehouse.rows(f"select {listed} from {quoted(schema, table)}")
    return [dict(zip(names, row, strict=True)) for row in rows]
