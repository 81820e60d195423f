"""The command line: help that explains, sentences instead of tracebacks, and cycles that repeat and recover."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from orchestration.lock import BusyError, reading, writing
from orchestration.run_job import open_instance
from orchestration.runs import end_dead_runs
from orchestration.settings import Settings
from orchestration.status import recent_runs, warehouse_status
from tests.conftest import environment_of, make_settings

COMMANDS = [
    "demo",
    "simulate",
    "land",
    "build",
    "run",
    "status",
    "evaluate",
    "explain",
    "profile",
    "grant",
    "export",
    "ui",
]
WRONG = {
    "ONEFOLK_TARGET": "oracle",
    "ONEFOLK_THREADS": "0",
    "ONEFOLK_MEMORY_LIMIT": "plenty",
    "ONEFOLK_AS_OF": "yesterday",
    "ONEFOLK_SCHEMA_PREFIX": "1-dev",
    "ONEFOLK_ROLE_PREFIX": "pg_",
    "ONEFOLK_POSTGRES_PORT": "99999",
    "ONEFOLK_SECRET": "too-short",
}

Onefolk = Callable[..., "subprocess.CompletedProcess[str]"]


def command_line(*arguments: str) -> list[str]:
    """The command as a child process of the tests' own Python."""
    return [sys.executable, "-m", "orchestration.cli", *arguments]


def environment(settings: Settings, target: Path, **more: str) -> dict[str, str]:
    """The environment of a command over these settings, with dbt's files in a folder of their own."""
    places = {"DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target), "COLUMNS": "120", "NO_COLOR": "1"}
    return environment_of(settings) | places | more


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home that the tests of this file share, one after the other."""
    return make_settings("duckdb", tmp_path_factory.mktemp("company"), as_of="2026-03-20T00:00:00Z")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of dbt's own files, parsed once for this file."""
    return tmp_path_factory.mktemp("target")


@pytest.fixture(scope="module")
def onefolk(settings: Settings, target: Path) -> Onefolk:
    """`onefolk(*arguments, **environment)` as a child process."""

    def call(*arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command_line(*arguments),
            env=environment(settings, target, **more),
            capture_output=True,
            text=True,
            timeout=300,
        )

    return call


@pytest.fixture(scope="module")
def first_cycle(onefolk: Onefolk) -> "subprocess.CompletedProcess[str]":
    """A small company, simulated and taken through one cycle."""
    simulated = onefolk("simulate", "--people", "60", "--days", "15", "--seed", "3")
    assert simulated.returncode == 0, simulated.stderr
    done = onefolk("run")
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("command", COMMANDS)
def test_help_explains_every_command(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command explains itself in at least one full sentence."""
    monkeypatch.setattr(sys, "argv", ["onefolk", command, "--help"])
    from orchestration.cli import main

    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert f"onefolk {command}" in told
    assert "." in told.split("Options")[0]


def test_help_comes_without_loading_the_machinery() -> None:
    """Help is instant: neither Dagster nor dbt nor DuckDB is loaded for it."""
    script = (
        "import sys; sys.argv = ['onefolk', '--help']\n"
        "from orchestration.cli import main\n"
        "try: main()\n"
        "except SystemExit: print([name for name in ('dagster', 'dbt', 'duckdb', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize(("name", "value"), WRONG.items())
def test_a_wrong_environment_is_a_sentence(
    name: str, value: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong value ends with exit code 2 and a sentence that names the variable, never with a traceback."""
    for inherited in [other for other in os.environ if other.startswith("ONEFOLK_")]:
        monkeypatch.delenv(inherited)
    monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["onefolk", "run"])
    from orchestration.cli import main

    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert name in told
    assert "Traceback" not in told
    assert name != "ONEFOLK_SECRET" or value not in told


def test_the_demo_is_never_mixed_with_a_company(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo refuses a landing folder of its own choosing by others, and one that holds files it did not write."""
    from orchestration.cli import main

    monkeypatch.setattr(sys, "argv", ["onefolk", "demo"])
    monkeypatch.setenv("ONEFOLK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ONEFOLK_LANDING", str(tmp_path / "elsewhere"))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "ONEFOLK_LANDING" in capsys.readouterr().err

    monkeypatch.delenv("ONEFOLK_LANDING")
    own = tmp_path / "home" / "landing" / "crm" / "contacts" / "export.csv"
    own.parent.mkdir(parents=True)
    own.write_text("contact_id\n1\n")
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "did not write" in capsys.readouterr().err


def test_status_of_nothing_says_what_to_do(onefolk: Onefolk, tmp_path: Path) -> None:
    """In an empty home `status` says that there is nothing, and how to begin."""
    done = onefolk("status", ONEFOLK_HOME=str(tmp_path / "empty"), ONEFOLK_LANDING=str(tmp_path / "empty" / "landing"))
    assert done.returncode == 0, done.stderr
    assert "no warehouse yet" in done.stdout
    assert "onefolk demo" in done.stdout


def test_only_one_writes_and_the_others_learn_who(tmp_path: Path) -> None:
    """While one process holds the warehouse, another is told who holds it, and refused after its patience."""
    settings = make_settings("duckdb", tmp_path)
    heard: list[str] = []
    script = (
        "import sys, time\n"
        "from orchestration.lock import writing\n"
        "from orchestration.settings import load_settings\n"
        "with writing(load_settings(), 'a long build'):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script], env=environment_of(settings), stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match="a long build"), writing(settings, "x", wait_seconds=0.6, say=heard.append):
            pass
        assert "a long build" in heard[0]
    finally:
        holder.kill()
        holder.wait()
    with reading(settings):
        pass


def test_a_cycle_prints_what_it_brought(first_cycle: "subprocess.CompletedProcess[str]", settings: Settings) -> None:
    """A cycle lands, builds, publishes and delivers, and says so in numbers that the warehouse holds."""
    status = warehouse_status(settings)
    told = first_cycle.stdout
    assert "Landed" in told
    assert settings.serve_path.is_file()
    assert status.known_profiles
    assert f"{status.known_profiles:,}" in told
    for source in status.sources:
        assert source.name in told
        assert f"{source.rows:,}" in told


@pytest.mark.usefixtures("first_cycle")
def test_a_second_cycle_lands_and_delivers_nothing(onefolk: Onefolk, settings: Settings) -> None:
    """With no new file and the same clock nothing lands and nothing is delivered.

    It tells what became of the first cycle's deliveries; after it readers keep the very same file.
    """
    files = []
    for _ in range(2):
        done = onefolk("run")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Nothing landed" in done.stdout
        assert "Nothing was delivered" in done.stdout
        files.append(settings.serve_path.stat())
    assert (files[0].st_ino, files[0].st_mtime_ns) == (files[1].st_ino, files[1].st_mtime_ns)


@pytest.mark.usefixtures("first_cycle")
def test_status_shows_the_warehouse_and_the_runs(onefolk: Onefolk) -> None:
    """`status` shows the sources, the people, and how the last cycle ended."""
    done = onefolk("status")
    assert done.returncode == 0, done.stderr
    for expected in ("Sources", "Profiles", "Last runs", "success", "No file waits"):
        assert expected in done.stdout


@pytest.mark.usefixtures("first_cycle")
def test_a_killed_cycle_leaves_nothing_behind(settings: Settings, target: Path) -> None:
    """A cycle killed while dbt builds takes its dbt with it, frees the warehouse, and its run is marked as failed."""
    process = subprocess.Popen(
        command_line("run"),
        env=environment(settings, target),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        dbt = _dbt_of(process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    gone, alive = psutil.wait_procs([dbt], timeout=20)
    assert (len(gone), alive) == (1, [])
    with reading(settings), open_instance(settings) as instance:
        ended = end_dead_runs(settings, instance)
        assert len(ended) == 1
        assert recent_runs(instance)[0].status == "FAILURE"


def _dbt_of(process: "subprocess.Popen[bytes]") -> psutil.Process:
    """The dbt that a command starts for its build, once it runs."""
    for _ in _for_seconds(120):
        for child in psutil.Process(process.pid).children():
            if "orchestration.dbt_process" in child.cmdline():
                return child
    raise AssertionError("No build was started.")


def _for_seconds(seconds: float) -> Iterator[None]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield
        time.sleep(0.2)
