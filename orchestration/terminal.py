"""What a person sees: progress while a run works, and tables of numbers afterwards."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from time import monotonic

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from orchestration.progress import Report, listening

_LONGEST_DETAIL = 56


def console() -> Console:
    """The terminal, bound to the output as it is now: while a run works, its own prints go elsewhere."""
    return Console(file=sys.stdout, highlight=False)


def error_console() -> Console:
    """Where sentences about what went wrong go."""
    return Console(file=sys.stderr, highlight=False)


class _Mark(ProgressColumn):
    """Waiting, working, done or failed."""

    def render(self, task: Task) -> Text:
        state = task.fields["state"]
        if state == "working":
            return Text("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"[int(monotonic() * 10) % 10], style="cyan")
        return {"done": Text("✓", style="green"), "failed": Text("✗", style="red")}.get(state, Text("·", style="dim"))


class _Seconds(ProgressColumn):
    """Seconds of the step so far."""

    def render(self, task: Task) -> Text:
        seconds = task.finished_time if task.finished_time is not None else task.elapsed
        return Text("" if seconds is None or task.start_time is None else f"{seconds:5.1f} s", style="dim")


class Steps:
    """The steps of a command, one line each, moved on by the reports of the libraries."""

    def __init__(self, names: Sequence[str], screen: Console) -> None:
        self._screen = screen
        self._progress = Progress(
            _Mark(),
            TextColumn("{task.description:<9}"),
            BarColumn(bar_width=24),
            _Seconds(),
            TextColumn("[dim]{task.fields[detail]}", markup=True),
            console=screen,
            redirect_stdout=False,
            redirect_stderr=False,
            refresh_per_second=8,
        )
        self._tasks: dict[str, TaskID] = {
            name: self._progress.add_task(
                name, total=None, start=False, visible=screen.is_terminal, state="", detail=""
            )
            for name in names
        }
        self._current: str | None = None

    @contextmanager
    def shown(self) -> Iterator["Steps"]:
        """Show the steps, and listen to reports, while the block runs."""
        with self._progress, listening(self.hear):
            yield self

    def hear(self, report: Report) -> None:
        """Move the step of a report; the steps before it are done."""
        if report.step == "wait":
            self._screen.print(report.detail, style="yellow")
            return
        if report.step in self._tasks and report.step != self._current:
            self.finish()
            self._begin(report.step)
        if self._current is None:
            return
        total = report.total or None
        count = f"{report.done:,} of {total:,}  " if total and report.done < total else ""
        self._progress.update(
            self._tasks[self._current],
            completed=report.done if total else 0,
            total=total,
            detail=_cut(count + report.detail, _LONGEST_DETAIL),
        )

    def finish(self, *, failed: bool = False) -> None:
        """End the step that is being worked on."""
        if self._current is None:
            return
        task = self._tasks[self._current]
        self._progress.update(task, total=1, completed=1 if not failed else 0, state="failed" if failed else "done")
        self._progress.stop_task(task)
        if not self._screen.is_terminal:
            seconds = next(item.elapsed for item in self._progress.tasks if item.id == task) or 0
            mark = "failed" if failed else "done"
            self._screen.print(f"{self._current:<9} {mark} in {seconds:.1f} s")
        self._current = None

    def _begin(self, name: str) -> None:
        self._current = name
        self._progress.start_task(self._tasks[name])
        self._progress.update(self._tasks[name], state="working")


def number_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], foot: Sequence[object] = ()
) -> Table:
    """A table whose first column is text and whose others are numbers; `foot` is the line of sums."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_footer=bool(foot))
    for place, name in enumerate(columns):
        text = shown(foot[place]) if foot else ""
        table.add_column(name, justify="left" if place == 0 else "right", footer=text)
    for row in rows:
        table.add_row(*(shown(cell) for cell in row))
    return table


def facts_table(title: str, facts: Mapping[str, object]) -> Table:
    """Names and their values, one a line."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_header=False)
    table.add_column(style="dim")
    table.add_column()
    for name, value in facts.items():
        table.add_row(name, shown(value))
    return table


def shown(value: object) -> str:
    """A value as a person reads it: thousands parted, moments to the minute, nothing as a dash."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return str(value)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
