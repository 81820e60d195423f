"""The Dagster UI: webserver and daemon over the project's home, until they are told to stop."""

import os
import signal
import socket
import subprocess
import sys
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from orchestration.runs import end_dead_runs, prepare_dagster_home
from orchestration.settings import PROJECT_DIR, Settings, SettingsError
from orchestration.terminal import console

_START_SECONDS = 120.0
_STOP_SECONDS = 30.0


def serve(settings: Settings, host: str, port: int) -> int:
    """Serve the UI until Ctrl-C or a request to end; the exit code."""
    _require_free(host, port)
    folder = prepare_dagster_home(settings)
    _end_dead_runs(settings)
    environment = os.environ | {
        "DAGSTER_HOME": str(folder),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    command = [sys.executable, "-m", "dagster", "dev", "--host", host, "--port", str(port), "--log-level", "warning"]
    screen = console()
    # Set before the child starts: one that inherits an ignored Ctrl-C could not be ended kindly.
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    with (folder / "ui.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT_DIR, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        screen.print("Starting the Dagster UI ...")
        address = f"http://{host}:{port}"
        if _answers(process, address):
            screen.print(f"The Dagster UI is at [bold]{address}[/] . Stop it with Ctrl-C.")
            screen.print(f"Its log: {folder / 'ui.log'}", soft_wrap=True)
            code = process.wait()
            screen.print(f"The Dagster UI ended by itself; see {folder / 'ui.log'}", soft_wrap=True)
            return code or 1
        screen.print(f"The Dagster UI did not start; see {folder / 'ui.log'}", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        screen.print("Stopping the Dagster UI ...")
        return 0
    finally:
        _stop(process)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the webserver, the daemon and the code server: kindly, then for certain."""
    for sent, seconds in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGTERM, 5.0)):
        if process.poll() is not None:
            return
        process.send_signal(sent)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(process: "subprocess.Popen[bytes]", address: str) -> bool:
    opener = build_opener(ProxyHandler({}))
    until = monotonic() + _START_SECONDS
    while monotonic() < until and process.poll() is None:
        try:
            with opener.open(f"{address}/server_info", timeout=2):
                return True
        except (URLError, OSError):
            sleep(0.3)
    return False


def _require_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"Nothing can listen on {host}:{port} ({error.strerror}). Choose another port: onefolk ui --port 3001."
            ) from None


def _end_dead_runs(settings: Settings) -> None:
    from orchestration.run_job import open_instance

    with open_instance(settings) as instance:
        end_dead_runs(settings, instance)
