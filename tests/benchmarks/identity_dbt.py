"""Ours in the identity benchmark: the materialization in a real dbt run, and what its log says about each statement."""

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestration.settings import PROJECT_DIR, Settings, load_settings
from tests.benchmarks.identity_checks import checking_connection, scipy_truth, verdict
from tests.benchmarks.identity_measuring import Cost, measured

MODEL = """{{ config(materialized='connected_components', node_ids=var('node_ids')) }}
select key_a, key_b from graphs.{{ var('graph') }}
"""
AS_OF = "2026-09-01T06:00:00Z"
# Where dbt puts the components.
COMPONENTS = "work_main.components"
# How the nodes of each table are written.
NODE_IDS = {"text": "hash", "number": "integer", "changing": "hash"}


@dataclass(frozen=True)
class Step:
    """A statement that dbt ran: what it made or began with, and its seconds."""

    name: str
    seconds: float


@dataclass(frozen=True)
class DbtRun:
    """What a dbt process cost, the seconds of each model that it built, and its statements in order."""

    cost: Cost
    models: dict[str, float]
    steps: list[Step]


def settings_of(home: Path, **overrides: Any) -> Settings:
    """Settings of a home of its own, blind to the environment that the benchmark runs in."""
    for name in [name for name in os.environ if name.startswith("ONEFOLK_")]:
        del os.environ[name]
    return load_settings(**({"home": home, "as_of": AS_OF, "threads": 2} | overrides))


def a_project(folder: Path) -> Path:
    """Write a dbt project that holds one model, the components of a graph, and the macros of this repository."""
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "models" / "components.sql").write_text(MODEL)
    (folder / "dbt_project.yml").write_text(
        f"name: onefolk\nprofile: onefolk\nmacro-paths: ['{PROJECT_DIR / 'macros'}']\n"
        "vars: {project_time_zone: UTC, graph: text, node_ids: hash}\nflags: {send_anonymous_usage_stats: false}\n"
    )
    return folder


def dbt(settings: Settings, project: Path, target: Path, timeout: float, *arguments: str) -> DbtRun:
    """Run `dbt build` with everything that it writes in `target`; the work is what dbt tells, without its start."""
    for name in ("run_results.json", "dbt.log"):
        (target / name).unlink(missing_ok=True)
    command = [str(Path(sys.executable).parent / "dbt"), "build", *arguments, "--log-format-file", "json"]
    command += ["--project-dir", str(project), "--profiles-dir", str(PROJECT_DIR)]
    command += ["--target-path", str(target), "--log-path", str(target)]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ONEFOLK_")}
    cost, _ = measured(command, inherited | settings.dbt_environment(), PROJECT_DIR, timeout)
    if cost.failure:
        return DbtRun(cost, {}, [])
    found = json.loads((target / "run_results.json").read_text())
    models = {result["unique_id"].split(".")[-1]: float(result["execution_time"]) for result in found["results"]}
    return DbtRun(replace(cost, work=float(found["elapsed_time"])), models, list(steps_of(target / "dbt.log")))


def build_components(settings: Settings, folder: Path, table: str, timeout: float) -> DbtRun:
    """Build the components of `graphs.<table>` with the materialization, as dbt does; the work is the model's own."""
    project = a_project(folder / "project")
    variables = json.dumps({"graph": table, "node_ids": NODE_IDS[table]})
    run = dbt(settings, project, folder / "target", timeout, "--vars", variables)
    return run if run.cost.failure else replace(run, cost=replace(run.cost, work=run.models["components"]))


def steps_of(log: Path) -> Iterator[Step]:
    """The statements in dbt's log, in order; those of one model at a time, because one statement ends at a time."""
    open_statements: dict[str, str] = {}
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            name, data = event["info"]["name"], event["data"]
            if name == "SQLQuery":
                open_statements[str(data.get("conn_name"))] = str(data["sql"])
            elif name == "SQLQueryStatus" and open_statements:
                connection = str((data.get("node_info") or {}).get("unique_id", ""))
                sql = open_statements.pop(connection, None) or open_statements.popitem()[1]
                yield Step(statement_name(sql), float(data["elapsed"]))


def statement_name(sql: str) -> str:
    """What a statement makes, or how it begins."""
    bare = re.sub(r"/\*.*?\*/|--[^\n]*", " ", sql, flags=re.DOTALL).strip()
    made = re.search(
        r"\bcreate\s+(?:or replace\s+)?(?:unlogged\s+|temp\w*\s+)?(?:table|view)\s+(\S+)", bare, re.IGNORECASE
    )
    return made.group(1).replace('"', "").split(".")[-1] if made else " ".join(bare.split())[:60]


def changes(settings: Settings, folder: Path, timeout: float) -> Iterator[tuple[str, Cost, str]]:
    """Build the components of 99 % of `graphs.text`, then with the last 1 % too, then without another 1 %.

    Each is the step's name, its cost and the verdict on its partition. The model decides whether it builds anew or only
    what changed: here the links change between two builds, as they do in a warehouse.
    """
    steps = {
        "whole": "create or replace table graphs.changing as select * from graphs.text where rowid % 100 <> 7",
        "1 % more": "insert into graphs.changing select * from graphs.text where rowid % 100 = 7",
        "1 % fewer": "delete from graphs.changing where rowid % 100 = 13",
    }
    for step, change in steps.items():
        with checking_connection(settings.warehouse_path) as warehouse:
            warehouse.execute(change)
        run = build_components(settings, folder, "changing", timeout)
        if run.cost.failure:
            yield step, run.cost, ""
            return
        with checking_connection(settings.warehouse_path) as warehouse:
            scipy_truth(warehouse, "select key_a, key_b from graphs.changing where key_a <> key_b")
            found = verdict(warehouse, "results.truth", "node_key", COMPONENTS)
        yield step, run.cost, found
