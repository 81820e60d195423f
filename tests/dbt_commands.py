"""dbt as a command of its own against a project's environment: quick to start, for it is forked from one that waits."""

import json
import multiprocessing
import os
import tempfile
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import pairwise
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from filelock import FileLock

from orchestration.settings import PROJECT_DIR, Settings
from tests.conftest import environment_of
from tests.dbt_child import run

# dbt keeps here what it parsed, for all workers and for the next time; then it reads only what changed.
PARSED_DIR = PROJECT_DIR / "target" / "parsed"


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit code, what it printed, and each node that failed with its message."""

    returncode: int
    stdout: str
    failed: dict[str, str]


def run_dbt(
    settings: Settings, *arguments: str, target_path: Path, check: bool = True, project_dir: Path = PROJECT_DIR
) -> Done:
    """Run dbt on a project with a target folder of its own; with `check`, its output is the failure's message."""
    done = call_dbt(environment_of(settings), *arguments, target_path=target_path, project_dir=project_dir)
    if check and done.returncode:
        pytest.fail(f"dbt {' '.join(arguments)} failed:\n{done.stdout[-10000:]}")
    return done


def call_dbt(environment: dict[str, str], *arguments: str, target_path: Path, project_dir: Path = PROJECT_DIR) -> Done:
    """The same with any environment, whatever comes of it."""
    with tempfile.TemporaryDirectory(prefix="onefolk_dbt_") as name:
        folder = Path(name)
        # Nobody reads a log of every statement.
        quick = [*arguments, "--log-level-file", "none"]
        process = start_dbt(environment, *quick, target_path=target_path, answer=folder, project_dir=project_dir)
        process.join()
        said = folder / "said.txt"
        output = said.read_text(encoding="utf-8", errors="replace") if said.exists() else ""
        answer = folder / "answer.json"
        assert answer.exists(), f"dbt ended with {process.exitcode} and without an answer:\n{output[-10000:]}"
        return Done(stdout=output, **json.loads(answer.read_text(encoding="utf-8")))


def start_dbt(
    environment: dict[str, str], *arguments: str, target_path: Path, answer: Path, project_dir: Path = PROJECT_DIR
) -> BaseProcess:
    """Start a command whose answer will be in a folder, and give its process; the project itself is parsed but once."""
    parsed, database = None, ""
    if project_dir == PROJECT_DIR and arguments[0] != "parse":
        target, given = environment["ONEFOLK_TARGET"], dict(pairwise(arguments))
        parsed = _parsed(target, environment.get("ONEFOLK_SCHEMA_PREFIX", ""), given.get("--vars", "{}"))
        database = environment["ONEFOLK_POSTGRES_DBNAME"] if target == "postgres" else "warehouse"
    whole = [*arguments, *places(target_path, project_dir), "--no-write-json"]
    process = _forks().Process(target=run, args=(whole, environment, parsed, database, answer))
    process.start()
    return process


def places(target_path: Path, project_dir: Path = PROJECT_DIR) -> list[str]:
    """The arguments that say where a project is and where dbt writes."""
    found = ["--project-dir", str(project_dir), "--profiles-dir", str(PROJECT_DIR)]
    return [*found, "--target-path", str(target_path), "--log-path", str(target_path)]


@cache
def _parsed(target: str, prefix: str, variables: str) -> Path | None:
    """What dbt parsed for an engine, a prefix and a choice of variables: names and configurations depend on them.

    None where it was refused: the command itself then says why.
    """
    key = sha256("\n".join((target, prefix, variables)).encode()).hexdigest()[:8]
    folder = PARSED_DIR / f"{target}_{key}"
    folder.mkdir(parents=True, exist_ok=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ONEFOLK_")}
    own = {"ONEFOLK_HOME": str(folder), "ONEFOLK_TARGET": target, "ONEFOLK_SCHEMA_PREFIX": prefix}
    with FileLock(folder / "lock"):
        done = call_dbt(clean | own, "parse", "--vars", variables, target_path=folder)
    return None if done.returncode else folder / "partial_parse.msgpack"


@cache
def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.dbt_loaded"])
    return context
