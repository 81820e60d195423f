"""What a million contacts cost: `uv run python -m tests.benchmarks.hubspot --rows 1000000`.

Contacts go through the engine and its ledger to an HTTP server on loopback that reads every request and answers for
each row, as fast as it can, in a process of its own; then they go again unchanged. Seconds and peak memory are those of
the process that delivers. Beside it stands what HubSpot's own limits make of the same requests: they and not this
machine decide.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from orchestration.activation.destinations.hubspot import Config
from orchestration.activation.destinations.hubspot_answers import MAX_INPUTS
from orchestration.activation.engine import run_sync
from orchestration.settings import PROJECT_DIR, Settings, load_settings
from tests.activation.hubspot_account import AT
from tests.activation.hubspot_bench import hubspot_sync
from tests.benchmarks.delivery_work import DELIVERED, connect, lay, planning_seconds
from tests.benchmarks.identity_measuring import Cost, measured
from tests.conftest import environment_of, make_settings

TIMEOUT = 1_800.0
FIELDS = {"email": "email", "city": "onefolk_city", "order_count": "onefolk_order_count"}
# HubSpot's page "API usage guidelines and limits": requests in ten seconds of an app, and in a day of the account.
PLANS = {"Free and Starter": (100, 250_000), "Professional": (190, 625_000), "Enterprise": (190, 1_000_000)}


def main() -> None:
    """Measure and print, or be one of the processes of it."""
    if sys.argv[1:2] == ["serve"]:
        serve()
    elif sys.argv[1:2] == ["deliver"]:
        deliver(int(sys.argv[2]))
    else:
        benchmark()


def benchmark() -> None:
    """Deliver rows, deliver them again, and tell what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    console = Console(width=120)
    table = Table("", "plan, s", "run, s", "rows sent", "requests", "rows/s", "peak MB")
    with tempfile.TemporaryDirectory(prefix="onefolk_benchmark_") as folder:
        settings = make_settings("duckdb", Path(folder))
        settings.home.mkdir(parents=True, exist_ok=True)
        lay(settings, DELIVERED, rows)
        log = Path(folder) / "requests"
        with server(log) as port:
            for name in ("contacts, first run", "unchanged"):
                before = counted(log)
                cost, told = piece(settings, port)
                calls, arrived = (now - then for now, then in zip(counted(log), before, strict=True))
                if arrived != told["sent"]:
                    raise SystemExit(f"{told['sent']:,} rows were sent, and {arrived:,} arrived.")
                table.add_row(
                    f"{rows:,} {name}", f"{told['planning']:.1f}", f"{cost.wall:.1f}", f"{arrived:,}", f"{calls:,}",
                    f"{arrived / cost.wall:,.0f}", f"{cost.peak_bytes / 1e6:,.0f}",
                )  # fmt: skip
    console.print(table)
    console.print(budget(rows))


def budget(rows: int) -> Table:
    """How long the requests of so many contacts take at HubSpot's limits, and how much of its day."""
    calls = -(-rows // MAX_INPUTS)
    [ours] = Config(type="hubspot", token_env="HUBSPOT_TOKEN").rate
    table = Table(f"{calls:,} requests of {MAX_INPUTS}", "requests in 10 s", "minutes", "of a day's requests")
    table.add_row(
        "the connection's default", f"{ours.requests * 10 / ours.seconds:.0f}", minutes(calls, ours.requests), ""
    )
    for name, (most, day) in PLANS.items():
        table.add_row(name, f"{most}", minutes(calls, most), f"{calls / day:.1%} of {day:,}")
    return table


def minutes(calls: int, in_ten_seconds: int) -> str:
    """How long so many requests take."""
    return f"{calls / in_ten_seconds * 10 / 60:.1f}"


def piece(settings: Settings, port: int) -> tuple[Cost, dict[str, Any]]:
    """One run in a process of its own."""
    command = ("python", "-m", "tests.benchmarks.hubspot", "deliver", str(port))
    cost, said = measured(command, environment_of(settings) | {"HUBSPOT_TOKEN": "none"}, PROJECT_DIR, TIMEOUT)
    if cost.failure:
        raise SystemExit(cost.failure)
    return cost, json.loads(said.strip().splitlines()[-1])


def deliver(port: int) -> None:
    """Bring the account to the rows, at any rate, and print what it took."""
    settings = load_settings()
    place = {"type": "hubspot", "url": f"http://127.0.0.1:{port}", "allowed_private_hosts": ["127.0.0.1"]}
    connect(settings, {**place, "token_env": "HUBSPOT_TOKEN", "rate": {"requests": 1_000_000, "seconds": 1}})
    run = run_sync(settings, hubspot_sync(object="contacts", mode="mirror", fields=FIELDS), requires_green=False)
    if set(run.outcomes) - {"ok"}:
        raise SystemExit(f"{run.status}: {run.message} {run.outcomes}")
    told = {"sent": run.outcomes.get("ok", 0), "planning": planning_seconds(settings)}
    print(json.dumps(told))  # noqa: T201  # read by who started it


@contextmanager
def server(log: Path) -> Iterator[int]:
    """An account in a process of its own, which writes how many records each batch of contacts had."""
    command = [sys.executable, "-m", "tests.benchmarks.hubspot", "serve", str(log)]
    with subprocess.Popen(command, cwd=PROJECT_DIR, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def counted(log: Path) -> tuple[int, int]:
    """Batches of contacts, and the records in them."""
    lines = log.read_text(encoding="utf-8").split() if log.exists() else []
    return len(lines), sum(map(int, lines))


def serve() -> None:
    """Be an account that has every property, and takes every contact."""
    log = Path(sys.argv[2]).open("a", encoding="utf-8", buffering=1)  # noqa: SIM115  # as long as the process
    known = [{"name": name, "type": "number" if "count" in name else "string"} for name in FIELDS.values()]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.answer({"results": known})

        def do_POST(self) -> None:
            inputs = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["inputs"]
            log.write(f"{len(inputs)}\n")
            times = {"createdAt": AT, "updatedAt": AT, "archived": False, "new": True}
            results = [
                {"id": str(abs(hash(one["id"]))), "objectWriteTraceId": one["objectWriteTraceId"], **times,
                 "properties": one["properties"]}
                for one in inputs
            ]  # fmt: skip
            self.answer({"status": "COMPLETE", "results": results, "startedAt": AT, "completedAt": AT})

        def answer(self, told: dict[str, Any]) -> None:
            written = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def log_message(self, *_: Any) -> None:
            """Requests are counted, not printed."""

    account = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(account.server_address[1], flush=True)  # noqa: T201  # who started the process waits for it
    account.serve_forever()


if __name__ == "__main__":
    main()
