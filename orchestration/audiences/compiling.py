"""Audiences as SQL on what readers see, built before or not: dbt compiles them in a process beside ours."""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.project import PUBLISHED_ROOMS, dbt_environment
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import literal, quoted

_READERS = "readers"
# The name that profiles.yml attaches the published file by; opened by itself DuckDB gives it the same.
_SERVED = "serve"


class TrialError(ValueError):
    """An audience can't be tried out; the message says why, and what to do."""


@dataclass(frozen=True)
class CompiledAudience:
    """One audience of a project: its SQL, or the sentence that it can't be compiled with; what it declares and reads.

    `columns` are those of its YAML, with type and description; `files` say who is in it, `upstream_files` what it
    reads; both are relative to the project. `seeds` are files and types of the columns by name.
    """

    name: str
    path: str
    raw_sql: str
    description: str
    declared: Mapping[str, Any] | None
    columns: Mapping[str, Mapping[str, str]]
    is_contracted: bool
    files: Sequence[str]
    upstream_files: Sequence[str]
    seeds: Mapping[str, Mapping[str, Any]]
    unpublished: Sequence[str]
    sql: str | None
    error: str | None
    project_dir: Path

    def query(self) -> str:
        """Its rows, as a query that readers may run; `TrialError` where there can't be one."""
        if self.unpublished:
            raise TrialError(
                f"{self.path} reads what is not published: {', '.join(self.unpublished)}. Audiences read public tables"
                " of profiles, consent and audiences; one that is new is published by `onefolk run`."
            )
        if self.sql is None:
            raise TrialError(f"{self.path} can't be compiled: {self.error or 'dbt said nothing.'}")
        parts = [f"{quoted(f'seed__{name}')} as ({self._seed(name)})" for name in sorted(self.seeds)]
        own = self.sql.strip().rstrip(";")
        return f"with {', '.join([*parts, f'audience as ({own}{chr(10)})'])}\nselect * from audience"

    def _seed(self, name: str) -> str:
        seed = self.seeds[name]
        with (self.project_dir / seed["path"]).open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            columns = list(reader.fieldnames or [])
            rows = [[row[column] for column in columns] for row in reader]
        kinds = [seed["types"].get(column, "text") for column in columns]
        cells = [
            ", ".join(
                f"cast({literal(value) if value else 'null'} as {kind}) as {quoted(column)}"
                for value, kind, column in zip(row, kinds, columns, strict=True)
            )
            for row in rows or [[""] * len(columns)]
        ]
        return " union all ".join(f"select {row}" for row in cells) + ("" if rows else " where 1 = 0")


@dataclass(frozen=True)
class Compiled:
    """The wanted audiences of a project by name, the names of all, and the parts of the engine that judge them."""

    audiences: Mapping[str, CompiledAudience]
    known: Sequence[str]
    parts: Mapping[str, str]


def compile_audiences(
    settings: Settings,
    seen: Sequence[tuple[str, str]],
    *,
    audiences: Sequence[str] | None = None,
    project_dir: Path = PROJECT_DIR,
    target_path: Path | None = None,
    inlines_audiences: bool = False,
) -> Compiled:
    """Compile audiences of a project, all unless some are named, where readers see the tables `seen`, room and name.

    With `inlines_audiences` one that reads another reads it as the project writes it, not as it is published. Raises
    `TrialError` with what dbt said where the project can't be read.
    """
    is_duckdb = settings.target == "duckdb"
    request = {
        "project_dir": str(project_dir),
        "profiles_dir": str(PROJECT_DIR),
        "target": _READERS if is_duckdb else settings.target,
        "database": _SERVED if is_duckdb else settings.postgres_dbname,
        "schemas": {room: settings.stable_schema(room) for room in PUBLISHED_ROOMS},
        "seen": seen,
        "audiences": audiences,
        "inlines_audiences": inlines_audiences,
    }
    environment = dbt_environment(settings) | ({"DBT_TARGET_PATH": str(target_path)} if target_path else {})
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.audiences.compile_process"],
        input=json.dumps(request),
        env=environment | {"PYTHONPATH": str(PROJECT_DIR)},
        # Not that of the project: another state of it has another state of this code beside it.
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise TrialError(f"The audiences can't be compiled: {(done.stderr or done.stdout).strip()[-2000:]}")
    answer = json.loads(done.stdout)
    if answer["error"]:
        raise TrialError(_without_times(answer["error"]))
    found = {
        name: CompiledAudience(name=name, project_dir=project_dir, **told) for name, told in answer["audiences"].items()
    }
    return Compiled(found, answer["known"], answer["parts"])


def line_of(audience: CompiledAudience, message: str) -> str:
    """Where in the audience's file a database's message points, as a sentence; empty where that can't be told."""
    pointed = re.search(r"(?m)^LINE \d+: (.*)$", message)
    text = pointed[1].strip().strip(".") if pointed else ""
    lines = [number for number, line in _numbered(audience.raw_sql) if text and text in line]
    return f"{audience.path}, line {lines[0]}: {text}" if len(lines) == 1 else ""


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    yield from enumerate(text.splitlines(), start=1)


def _without_times(text: str) -> str:
    return re.sub(r"(?m)^\d\d:\d\d:\d\d +", "", text)
