"""The table of the identity benchmark: on the screen line by line, at the end as a whole, and as JSON or Markdown."""

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from tests.benchmarks.identity_dbt import DbtRun
from tests.benchmarks.identity_measuring import Cost

COLUMNS = ("what", "graph", "links", "contender", "work s", "ratio", "process s", "CPU s", "peak MB", "partition")
LIBRARIES = ("duckdb", "dbt-core", "scipy", "igraph", "splink")
STEPS_SHOWN = 15
WIDTH = 150


@dataclass(frozen=True)
class Line:
    """One measurement, and what its ratio is against."""

    section: str
    graph: str
    links: int
    what: str
    cost: Cost
    against: Cost | None
    partition: str

    @property
    def ratio(self) -> float | None:
        """Seconds of work to those that it is compared with."""
        if self.cost.failure or self.against is None or self.against.failure:
            return None
        return self.cost.seconds / self.against.seconds

    def cells(self) -> list[str]:
        """The line as people read it."""
        cells = [self.section, self.graph, f"{self.links:,}", self.what]
        if self.cost.failure:
            return [*cells, self.cost.failure.splitlines()[0], "", "", "", "", ""]
        ratio = f"{self.ratio:.2f}" if self.ratio else ""
        peak = f"{self.cost.peak_bytes / 1e6:,.0f}" if self.cost.peak_bytes else ""
        seconds = [f"{self.cost.seconds:.2f}", ratio, f"{self.cost.wall:.2f}", f"{self.cost.cpu:.2f}"]
        return [*cells, *seconds, peak, self.partition]


class Report:
    """What was measured so far; files are written anew after every line, so a run that is cut short leaves them."""

    def __init__(self, files: Iterable[Path]) -> None:
        self.files = list(files)
        self.lines: list[Line] = []
        self.screen = Console()
        # A file or a pipe has no width of its own; the table needs this much.
        self.screen.width = max(self.screen.width, WIDTH)

    def add(self, lines: Iterable[Line]) -> None:
        """Show lines as they come."""
        for line in lines:
            self.lines.append(line)
            self.screen.print("  ".join(cell for cell in line.cells() if cell), style="dim", highlight=False)
            if line.cost.failure.startswith("failed"):
                self.screen.print(line.cost.failure, markup=False, highlight=False)
            self.write()

    def steps(self, title: str, run: DbtRun) -> None:
        """Show the statements of a run that took longest."""
        longest = sorted(run.steps, key=lambda step: -step.seconds)[:STEPS_SHOWN]
        self.parts(f"{title}: {len(run.steps)} statements", [(step.name, step.seconds) for step in longest])

    def longest(self, title: str, run: DbtRun) -> None:
        """Show the models and the statements of a run that took longest."""
        self.models(title, run)
        self.steps(title, run)

    def models(self, title: str, run: DbtRun) -> None:
        """Show the models of a run that took longest."""
        longest = sorted(run.models.items(), key=lambda model: -model[1])[:STEPS_SHOWN]
        self.parts(f"{title}: {len(run.models)} models", longest)

    def parts(self, title: str, parts: Iterable[tuple[str, float]]) -> None:
        """Show named seconds."""
        self.screen.print(title)
        for name, seconds in parts:
            self.screen.print(f"  {seconds:8.3f}  {name}", highlight=False)

    def close(self) -> None:
        """Show the whole table."""
        self.screen.print(self.machine())
        table = Table(*COLUMNS)
        for line in self.lines:
            table.add_row(*line.cells())
        self.screen.print(table)
        self.write()

    def write(self) -> None:
        """Write the files."""
        for file in self.files:
            file.write_text(self.as_json() if file.suffix == ".json" else self.as_markdown())

    def machine(self) -> str:
        """What it ran on, without its name."""
        memory = psutil.virtual_memory().total / 2**30
        found = [f"{os.cpu_count()} cores", f"{memory:.0f} GiB", f"Python {platform.python_version()}"]
        return ", ".join([*found, *(f"{name} {version_of(name)}" for name in LIBRARIES)])

    def as_markdown(self) -> str:
        """The table in Markdown."""
        rows = [list(COLUMNS), ["---"] * len(COLUMNS), *(line.cells() for line in self.lines)]
        return "\n".join([self.machine(), "", *(f"| {' | '.join(row)} |" for row in rows), ""])

    def as_json(self) -> str:
        """The lines in JSON."""
        lines = []
        for line in self.lines:
            facts = {name: value for name, value in asdict(line).items() if name not in ("cost", "against")}
            lines.append(facts | {"ratio": line.ratio} | asdict(line.cost))
        return json.dumps({"machine": self.machine(), "lines": lines}, indent=2) + "\n"


def version_of(library: str) -> str:
    """The version of a library, or that it is not there."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "(not installed)"
