"""MetricFlow on what readers see: its command line `mf`, over the published tables, and without a word to anybody."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestration.project import load_manifest, manifest_path, parse, public_tables
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import quoted

# The name that profiles.yml attaches the serving file by, and the target that does so.
_SERVED, _READERS = "serve", "readers"
# MetricFlow wants to stand in a dbt project; all it reads of it is the semantic manifest.
_PROJECT = "name: onefolk\nprofile: onefolk\nflags: {send_anonymous_usage_stats: false}\n"


class MetricsError(RuntimeError):
    """Metrics can't be asked for; the message says why and what to do."""


def run_mf(settings: Settings, arguments: Sequence[str]) -> None:
    """Run one command of `mf` in this process, which it ends; raise `MetricsError` before it starts."""
    try:
        from dbt_metricflow.cli import main as mf
    except ImportError:
        raise MetricsError(
            "MetricFlow's command line comes with the extra `metrics`: install it by `uv sync --extra metrics`, or by"
            ' pip as "onefolk[metrics]".'
        ) from None
    os.environ |= prepare_mf(settings)
    mf.UpdateChecker = _NoUpdateChecker  # type: ignore[attr-defined]  # it is imported there, not exported
    mf.cli(list(arguments), prog_name="onefolk mf")


def prepare_mf(settings: Settings) -> dict[str, str]:
    """Write the project that `mf` stands in, its tables those that readers see; the environment that it runs in."""
    if settings.target == "duckdb" and not settings.serve_path.is_file():
        raise MetricsError(f"Nothing is published at {settings.serve_path} so far: `onefolk run` does.")
    parse(settings)
    folder = settings.home / "metrics"
    _write(folder / "dbt_project.yml", _PROJECT)
    _write(folder / "target" / "semantic_manifest.json", json.dumps(_published_semantics(settings)))
    target = _READERS if settings.target == "duckdb" else settings.target
    places = {"DBT_PROJECT_DIR": str(folder), "DBT_PROFILES_DIR": str(PROJECT_DIR), "DBT_LOG_PATH": str(folder)}
    # Where `mf` looks for the manifest can't be told otherwise.
    return settings.dbt_environment() | places | {"ONEFOLK_TARGET": target, "DBT_TARGET_PATH": "target"}


def _published_semantics(settings: Settings) -> dict[str, Any]:
    """What dbt made of the semantic models, with the published tables in the place of those in work."""
    path = manifest_path().with_name("semantic_manifest.json")
    semantics: dict[str, Any] = json.loads(path.read_bytes())
    rooms = {table.name: table.room for table in public_tables(load_manifest())}
    database = _SERVED if settings.target == "duckdb" else settings.postgres_dbname
    for reader in [*semantics["semantic_models"], *semantics["project_configuration"]["time_spines"]]:
        relation = reader["node_relation"]
        table = relation["alias"]
        if table not in rooms:
            raise MetricsError(f"The metrics read {table}, which is not published: give the model public access.")
        schema = settings.stable_schema(rooms[table])
        relation |= {"database": database, "schema_name": schema}
        relation["relation_name"] = quoted(database, schema, table)
    return semantics


def _write(path: Path, text: str) -> None:
    """Write whole or not at all: two commands may run at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


class _NoUpdateChecker:
    """Stands in for the question after a newer version that `mf` puts to a package index at every start."""

    def check(self, name: str, version: str) -> None:
        """There is none."""
