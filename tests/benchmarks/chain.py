"""The whole chain, step by step, against a floor: `uv run python tests/benchmarks/chain.py --people 100000`.

Simulates a company, runs one cycle of it in an empty home, and prints the seconds of each step, the peak memory of the
process with its children, and a ratio: the same files read once into DuckDB tables, without any check, is the floor.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import duckdb
import psutil
from rich.console import Console
from rich.table import Table

from orchestration.settings import PROJECT_DIR
from orchestration.simulation import simulate

CLOCK = "2026-09-01T00:00:00Z"
EVERY_SECONDS = 0.1


def floor_seconds(landing: Path) -> float:
    """Seconds to read every file of the landing folder once into a table, without a check."""
    started = time.perf_counter()
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "2GB"})
    for folder in sorted(path for path in landing.glob("*/*") if path.is_dir()):
        name = "_".join(folder.parts[-2:]).replace("@", "_")
        kind = next(folder.iterdir()).suffix
        reader = {
            ".csv": f"read_csv('{folder}/*.csv', all_varchar=true, union_by_name=true, ignore_errors=true)",
            ".jsonl": f"read_json('{folder}/*.jsonl', format='newline_delimited', ignore_errors=true)",
            ".parquet": f"read_parquet('{folder}/*.parquet', union_by_name=true)",
        }[kind]
        connection.execute(f'create table "{name}" as select * from {reader}')
    return time.perf_counter() - started


def peak_of(process: subprocess.Popen[str]) -> list[int]:
    """Bytes of memory of a process and its children, watched until it ends; the last item is the peak."""
    peak = [0]

    def watch() -> None:
        parent = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                family = [parent, *parent.children(recursive=True)]
                peak.append(max(peak[-1], sum(member.memory_info().rss for member in family)))
            except psutil.NoSuchProcess:
                continue
            time.sleep(EVERY_SECONDS)

    threading.Thread(target=watch, daemon=True).start()
    return peak


def cycle(home: Path) -> tuple[float, int, str]:
    """Seconds of `onefolk run`, its peak memory in bytes, and what it printed."""
    environment = os.environ | {"ONEFOLK_HOME": str(home), "ONEFOLK_AS_OF": CLOCK, "COLUMNS": "120", "NO_COLOR": "1"}
    command = [sys.executable, "-c", "from orchestration.cli import main; main()", "run"]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=PROJECT_DIR, env=environment, stdout=subprocess.PIPE, text=True)
    peak = peak_of(process)
    said = process.communicate()[0]
    if process.returncode:
        raise SystemExit(said)
    return time.perf_counter() - started, peak[-1], said


def steps_of(said: str) -> list[tuple[str, float]]:
    """The lines `<step> done in <seconds> s` of what a cycle printed."""
    lines = [line.split() for line in said.splitlines() if " done in " in line]
    return [(words[0], float(words[3])) for words in lines]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=180)
    arguments = parser.parse_args()
    screen = Console()
    table = Table("what", "seconds", "ratio to the floor", "peak MB")
    with tempfile.TemporaryDirectory(prefix="onefolk_benchmark_") as folder:
        home = Path(folder)
        started = time.perf_counter()
        rows = sum(simulate(people=arguments.people, days=arguments.days, seed=7, out=home).rows.values())
        table.add_row("simulate", f"{time.perf_counter() - started:.1f}", "", "")
        floor = floor_seconds(home / "landing")
        table.add_row("floor: read the files once", f"{floor:.1f}", "1.0", "")
        for name in ("first cycle", "unchanged cycle"):
            seconds, peak, said = cycle(home)
            for step, took in steps_of(said):
                table.add_row(f"  {step}", f"{took:.1f}", f"{took / floor:.1f}", "")
            table.add_row(name, f"{seconds:.1f}", f"{seconds / floor:.1f}", f"{peak / 1e6:,.0f}")
    screen.print(f"{arguments.people:,} people, {arguments.days} days, {rows:,} rows")
    screen.print(table)


if __name__ == "__main__":
    main()
