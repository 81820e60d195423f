"""Identity, measured: `uv run --group benchmarks python tests/benchmarks/identity.py [--links N ...] [--out FILE ...]`.

Draws graphs of links between identifiers and finds their components: with the materialization in a real `dbt build`,
with scipy, igraph and Splink, and, as the floor, only the distinct identifiers. Every run is a process of its own; the
best of some is told, and every partition is compared with scipy's. `work` are the seconds without the start of Python
or dbt, `process` those of the whole process. Each DuckDB has 2 threads.

text: contenders on identifiers as strings. number: the same links between 64-bit numbers (for the libraries: counted
from 0, which spares them their dictionary). capped: ours with little memory. changes: ours after 1 % of the links came
or went. room: the whole identity room of the project from raw rows, and again after 1 % more and 1 % fewer. Text is
measured on every graph, the others on the CDP graph; room on people who know about as many links.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from orchestration.settings import PROJECT_DIR
from tests.benchmarks import identity_postgres, identity_room
from tests.benchmarks.identity_checks import checking_connection, verdict
from tests.benchmarks.identity_contenders import CONTENDERS
from tests.benchmarks.identity_dbt import COMPONENTS, DbtRun, build_components, changes, settings_of
from tests.benchmarks.identity_graphs import GRAPHS
from tests.benchmarks.identity_measuring import Cost, best_of, measured, work_of
from tests.benchmarks.identity_report import Line, Report

SECTIONS = ("text", "number", "capped", "changes", "room")
LARGE = 50_000_000
POSTGRES_LINKS = 1_000_000
CAPS = {"text": "2GB", "number": "400MB"}


@dataclass(frozen=True)
class Bench:
    """A graph in a folder, and how to measure on it."""

    folder: Path
    graph: str
    links: int
    arguments: argparse.Namespace
    report: Report

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that holds the links."""
        return self.folder / "warehouse.duckdb"

    def forget(self) -> None:
        """Drop what a run built."""
        with checking_connection(self.warehouse) as connection:
            for schema in ("results", COMPONENTS.split(".")[0]):
                connection.execute(f"drop schema if exists {schema} cascade")
            connection.execute("checkpoint")

    def judge(self, table: str, found: str, *, may_have_more: bool) -> str:
        """Compare a partition with the truth."""
        with checking_connection(self.warehouse) as connection:
            return verdict(connection, "graphs.truth", table, found, may_have_more=may_have_more)

    def contender(self, name: str, table: str) -> tuple[Cost, str]:
        """The cost of one of the others, and the verdict on its partition."""
        self.forget()
        limit = self.arguments.memory_limit
        command = [
            sys.executable,
            "-m",
            "tests.benchmarks.identity_contenders",
            name,
            str(self.warehouse),
            table,
            limit,
        ]
        cost, said = measured(command, os.environ, PROJECT_DIR, self.arguments.timeout)
        if cost.failure:
            return cost, ""
        return work_of(cost, said), self.judge(
            table, "results.components", may_have_more=True
        ) if name != "floor" else ""

    def ours(self, table: str, limit: str = "") -> tuple[Cost, str]:
        """The cost of the materialization in dbt, and the verdict on its partition."""
        self.forget()
        settings = settings_of(self.folder, memory_limit=limit or self.arguments.memory_limit)
        run = build_components(settings, self.folder, table, self.arguments.timeout)
        if run.cost.failure:
            return run.cost, ""
        self.tell(f"as {table}", run)
        return run.cost, self.judge(table, COMPONENTS, may_have_more=False)

    def tell(self, where: str, run: DbtRun) -> None:
        """Show where the time of a run went, if that was asked for."""
        if self.arguments.steps and run.steps:
            self.report.steps(f"{self.graph}, {self.links:,} links {where}", run)

    def contest(self, section: str, entrants: Mapping[str, Callable[[], tuple[Cost, str]]]) -> Iterator[Line]:
        """Lines of those who ran against each other; the first of them is the floor."""

        def rounds(done: Collection[str]) -> Iterator[tuple[str, Cost, str]]:
            for name, run in entrants.items():
                if name not in done:
                    yield name, *run()

        found = best_of(self.arguments.repeat, rounds)
        floor = found[next(iter(entrants))][0]
        for name, (cost, partition) in found.items():
            yield Line(section, self.graph, self.links, name, cost, floor, partition)


Section = Callable[[Bench], Iterator[Line]]


def text(bench: Bench) -> Iterator[Line]:
    """Everyone on strings."""
    entrants = {"floor: distinct strings": partial(bench.contender, "floor", "text")}
    for name in [name for name in bench.arguments.contenders if name != "floor"]:
        entrants[name if name == "splink" else f"dictionary + {name}"] = partial(bench.contender, name, "text")
    entrants["ours, in dbt"] = partial(bench.ours, "text")
    yield from bench.contest("text", entrants)


def number(bench: Bench) -> Iterator[Line]:
    """Ours on numbers, and the libraries that count from 0."""
    entrants = {"floor: distinct numbers": partial(bench.contender, "floor", "number")}
    for name in [name for name in bench.arguments.contenders if name in ("scipy", "igraph")]:
        entrants[f"{name}, counted from 0"] = partial(bench.contender, name, "dense")
    entrants["ours, in dbt"] = partial(bench.ours, "number")
    yield from bench.contest("number", entrants)


def capped(bench: Bench) -> Iterator[Line]:
    """Ours with little memory, against the floor with enough of it."""
    for table, limit in CAPS.items():
        entrants = {
            f"floor on {table}": partial(bench.contender, "floor", table),
            f"ours on {table}, {limit}": partial(bench.ours, table, limit),
        }
        yield from bench.contest("capped", entrants)


def changed(bench: Bench) -> Iterator[Line]:
    """Ours after a change of 1 %, against its whole build."""
    settings = settings_of(bench.folder, memory_limit=bench.arguments.memory_limit)

    def rounds(done: Collection[str]) -> Iterator[tuple[str, Cost, str]]:
        bench.forget()
        if not done:
            yield from changes(settings, bench.folder, bench.arguments.timeout)

    found = best_of(bench.arguments.repeat, rounds)
    for step, (cost, partition) in found.items():
        whole = next(iter(found.values()))[0]
        yield Line("changes", bench.graph, bench.links, f"components, {step}", cost, whole, partition)


def on_postgres(bench: Bench) -> Iterator[Line]:
    """Ours on Postgres, against its own distinct strings."""
    home, timeout = bench.folder / "postgres", bench.arguments.timeout

    def ours() -> tuple[Cost, str]:
        run, partition = identity_postgres.ours(settings, bench.warehouse, home, timeout)
        bench.tell("on Postgres", run)
        return run.cost, partition

    with identity_postgres.postgres(home) as settings:
        identity_postgres.load(settings, bench.warehouse)
        entrants = {
            "floor: distinct strings": partial(identity_postgres.floor, settings),
            "ours, in dbt": ours,
        }
        yield from bench.contest("postgres", entrants)


def room(links: int, arguments: argparse.Namespace, report: Report) -> Iterator[Line]:
    """The whole identity room, against its first build."""
    sizes: dict[str, int] = {}

    def rounds(done: Collection[str]) -> Iterator[tuple[str, Cost, str]]:
        with tempfile.TemporaryDirectory(prefix="onefolk_benchmark_") as folder:
            home = Path(folder)
            for build in (
                identity_room.builds(home, links, arguments.timeout, arguments.memory_limit) if not done else ()
            ):
                sizes[build.step] = build.links
                if arguments.steps:
                    report.longest(f"identity room, {build.step}", build.run)
                yield build.step, build.run.cost, build.partition

    found = best_of(arguments.repeat, rounds)
    for step, (cost, partition) in found.items():
        whole = next(iter(found.values()))[0]
        yield Line("room", "raw rows", sizes[step], f"room, {step}", cost, whole, partition)


def on_graph(measure: list[Section], graph: str, links: int, arguments: argparse.Namespace, report: Report) -> None:
    """Draw a graph into a temporary folder and measure on it; a graph that nobody asked for is not drawn."""
    if not measure:
        return
    with tempfile.TemporaryDirectory(prefix="onefolk_benchmark_") as folder:
        draw = [sys.executable, "-m", "tests.benchmarks.identity_graphs", graph, str(links), folder]
        subprocess.run(draw, cwd=PROJECT_DIR, check=True)
        bench = Bench(Path(folder), graph, links, arguments, report)
        for section in measure:
            report.add(section(bench))


def asked() -> argparse.Namespace:
    """What to measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--links", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--large", action="store_true", help=f"also {LARGE:,} links")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each; the best is told")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--graphs", nargs="+", choices=GRAPHS, default=list(GRAPHS))
    parser.add_argument("--contenders", nargs="*", choices=list(CONTENDERS), default=list(CONTENDERS))
    parser.add_argument("--postgres", action="store_true", help=f"also Postgres, with {POSTGRES_LINKS:,} links at most")
    parser.add_argument("--memory-limit", default="8GB", help="what each DuckDB may use, but for the capped runs")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds after which a run is given up")
    parser.add_argument("--steps", action="store_true", help="also the statements and models that take longest")
    parser.add_argument("--out", type=Path, nargs="*", default=[], help="files to write, .json or .md")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    arguments = asked()
    # Stopped from outside, it still removes its folders and stops what it measures.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    report = Report(arguments.out)
    on_cdp = {"text": text, "number": number, "capped": capped, "changes": changed}
    for links in [*arguments.links, *([LARGE] if arguments.large else [])]:
        for graph in arguments.graphs:
            measure = [on_cdp[name] for name in (on_cdp if graph == "cdp" else ["text"]) if name in arguments.only]
            if graph == "cdp" and arguments.postgres and links <= POSTGRES_LINKS:
                measure.append(on_postgres)
            on_graph(measure, graph, links, arguments, report)
        if "room" in arguments.only:
            report.add(room(links, arguments, report))
    report.close()


if __name__ == "__main__":
    main()
