"""The project as it stands: its manifest, parsed once, and its tables, built once from nothing landed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import load_settings
from orchestration.warehouse import open_warehouse
from tests.project.house import PROJECT_DIR, Columns, Manifest, models_of

AS_OF = "2026-09-01T06:00:00Z"


def _dbt(environment: dict[str, str], *arguments: str) -> list[dict[str, str]]:
    command = [str(Path(sys.executable).with_name("dbt")), "--log-format", "json", "--no-use-colors", *arguments]
    done = subprocess.run(command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, check=False)
    said = [json.loads(line)["info"] for line in done.stdout.splitlines() if line.startswith("{")]
    assert done.returncode == 0, "\n".join(str(info["msg"]) for info in said if info["level"] in ("warn", "error"))
    return said


@pytest.fixture(scope="session")
def scratch_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of a command that opens a warehouse: an empty one, far from the project's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ONEFOLK_", "DBT_"))}
    home = tmp_path_factory.mktemp("house")
    ours = {"ONEFOLK_HOME": str(home), "ONEFOLK_TARGET": "duckdb", "ONEFOLK_AS_OF": AS_OF}
    folders = {"DBT_TARGET_PATH": str(home / "target"), "DBT_LOG_PATH": str(home / "logs")}
    return {**kept, **ours, **folders, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}


@pytest.fixture(scope="session")
def parsed(scratch_environment: dict[str, str]) -> tuple[Manifest, list[str]]:
    """What `dbt parse` made of the project: the manifest, and the warnings on the way."""
    said = _dbt(scratch_environment, "parse", "--no-partial-parse")
    manifest: Manifest = json.loads(
        (Path(scratch_environment["ONEFOLK_HOME"]) / "target" / "manifest.json").read_text(encoding="utf-8")
    )
    return manifest, [str(info["msg"]) for info in said if info["level"] == "warn"]


@pytest.fixture(scope="session")
def manifest(parsed: tuple[Manifest, list[str]]) -> Manifest:
    """The project's manifest."""
    return parsed[0]


@pytest.fixture(scope="session")
def built_columns(manifest: Manifest, scratch_environment: dict[str, str]) -> Columns:
    """The columns of every model's table, built from nothing landed."""
    from orchestration.landing import land, load_contract

    home = Path(scratch_environment["ONEFOLK_HOME"])
    settings = load_settings(home=home, landing=home / "landing", target="duckdb", as_of=AS_OF, schema_prefix="")
    settings.landing_dir.mkdir()
    with open_warehouse(settings) as warehouse:
        land(settings, warehouse, load_contract())
    _dbt(scratch_environment, "build", "--exclude-resource-type", "test", "unit_test")
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        rows = connection.execute(
            "select table_schema, table_name, column_name, data_type from information_schema.columns"
            " order by table_schema, table_name, ordinal_position"
        ).fetchall()
    tables: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, data_type in rows:
        tables.setdefault((schema, table), {})[column] = data_type
    return {model["unique_id"]: tables[model["schema"], model["alias"]] for model in models_of(manifest)}
