"""What commands print when they are done: numbers a person can read, and what to do next."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from orchestration.settings import Settings
from orchestration.status import RunStatus, WarehouseStatus, recent_runs, warehouse_status
from orchestration.terminal import facts_table, number_table, shown

if TYPE_CHECKING:
    from orchestration.run_job import Outcome
    from orchestration.simulation import SimulationSummary

_SHOWN_RUNS, _SHOWN_WARNINGS = 5, 4


def cycle_summary(screen: Console, settings: Settings, outcome: "Outcome", *, next_commands: bool = False) -> None:
    """What a full cycle brought, and what the warehouse holds after it."""
    status = warehouse_status(settings)
    _sources(screen, status)
    _people(screen, status, _seconds(outcome))
    _brought(screen, outcome)
    screen.print(facts_table("Where", _places(settings)))
    if next_commands:
        screen.print("Try next:", style="bold")
        screen.print("  uv run onefolk ui        the lineage from file to destination, in the browser")
        screen.print("  uv run onefolk status    what is in the warehouse, how fresh, what failed")
        screen.print(f'  uv run python -c "{_QUERY % settings.serve_path}"', soft_wrap=True, markup=False)


_QUERY = "import duckdb; print(duckdb.connect('%s', read_only=True).sql('select * from profiles.customers limit 5'))"


def landing_summary(screen: Console, settings: Settings, outcome: "Outcome") -> None:
    """What landed, and what raw tables hold now."""
    _sources(screen, warehouse_status(settings))
    screen.print(_landed(outcome))
    _warnings(screen, outcome.warnings)


def build_summary(screen: Console, outcome: "Outcome") -> None:
    """That the build is green, and what follows."""
    screen.print(_seconds(outcome))
    screen.print("Everything is built and tested. `onefolk run` publishes and delivers it.", markup=False)


def simulation_summary(screen: Console, folder: Path, written: "SimulationSummary") -> None:
    """Which files were written, and where."""
    rows = sorted(written.rows.items())
    screen.print(number_table("Rows written", ["table", "rows"], rows, ["all", sum(written.rows.values())]))
    screen.print(
        f"{len(written.files):,} files up to {written.last_day}, in {folder / 'landing'}; the truth is in"
        f" {folder / 'truth'}.",
        soft_wrap=True,
    )


def show_status(screen: Console, settings: Settings) -> None:
    """What is in the warehouse, how fresh it is, how the last runs ended, and which files wait."""
    from orchestration.run_job import open_instance
    from orchestration.runs import end_dead_runs

    status = warehouse_status(settings)
    screen.print(f"Warehouse: {status.place}", soft_wrap=True)
    if status.note:
        screen.print(status.note, style="yellow", soft_wrap=True)
    if status.is_readable:
        _sources(screen, status)
        _people(screen, status)
        screen.print(f"Newest event: {shown(status.newest_event_at)} UTC")
    _warnings(screen, [told for guard in status.audiences if (told := guard.sentence())])
    _warnings(screen, [f"{path} is set aside: {reason}" for path, reason in status.set_aside])
    _pending(screen, settings, status)
    if settings.dagster_home.is_dir():
        with open_instance(settings) as instance:
            end_dead_runs(settings, instance)
            _runs(screen, recent_runs(instance)[:_SHOWN_RUNS])
    else:
        screen.print("Nothing has run yet: `onefolk demo` shows the whole chain, `onefolk run` runs it on your files.")


def _sources(screen: Console, status: WarehouseStatus) -> None:
    if not status.sources:
        screen.print("Nothing has landed yet.")
        return
    # Seven columns have to fit a terminal of 80 characters.
    columns = ["source", "rows", "files", "rejected", "aside", "quarantined", "newest"]
    rows = [
        [
            source.name,
            source.rows,
            source.files,
            source.rejected_lines,
            source.files_set_aside,
            source.quarantined,
            source.newest_loaded_at and source.newest_loaded_at.date().isoformat(),
        ]
        for source in status.sources
    ]
    foot = ["all", *(sum(int(str(row[place])) for row in rows) for place in range(1, 6)), ""]
    screen.print(number_table("Sources", columns, rows, foot))


def _people(screen: Console, status: WarehouseStatus, *more: Table) -> None:
    """Identifiers on the left; profiles, audiences and what else there is on the right."""
    right = Table.grid()
    if status.known_profiles is not None:
        facts: dict[str, object] = {
            "known": status.known_profiles,
            "anonymous": status.anonymous_profiles,
            "largest": f"{shown(status.largest_profile)} identifiers",
        }
        right.add_row(facts_table("Profiles", facts))
    if status.audiences:
        told = any(guard.sentence() for guard in status.audiences)
        columns = ["audience", "members", *(["guard"] if told else [])]
        members = [[guard.audience, guard.member_count, guard.state][: len(columns)] for guard in status.audiences]
        right.add_row(number_table("Audiences", columns, members))
    for table in more:
        right.add_row(table)
    both = Table.grid(padding=(0, 6))
    if status.identifiers:
        rows = list(status.identifiers.items())
        foot = ["all", sum(status.identifiers.values())]
        both.add_row(number_table("Identifiers", ["type", "identifiers"], rows, foot), right)
    else:
        both.add_row(right)
    screen.print(both)


def _brought(screen: Console, outcome: "Outcome") -> None:
    screen.print("This cycle", style="bold")
    screen.print(f"  {_landed(outcome)}")
    _warnings(screen, outcome.warnings)
    if not any(delivery["delivered"] for delivery in outcome.delivered.values()):
        screen.print("  Nothing was delivered: every destination holds its rows already.")
    for name, delivery in sorted(outcome.delivered.items()):
        if delivery["delivered"]:
            told = ", ".join(f"{shown(delivery[kind])} {kind}" for kind in ("added", "changed", "removed"))
            screen.print(f"  Delivered {name}: {shown(delivery['dagster/row_count'])} rows ({told}).")
    screen.print(f"  The clock stood at {outcome.clock:%Y-%m-%d %H:%M:%S} UTC.")


def _landed(outcome: "Outcome") -> str:
    if not outcome.landed_files:
        return "Nothing landed: no file is new."
    told = f"Landed {shown(outcome.landed_rows)} rows from {shown(outcome.landed_files)} files"
    return f"{told}; {shown(outcome.rejected_lines)} lines were rejected." if outcome.rejected_lines else f"{told}."


def _seconds(outcome: "Outcome") -> Table:
    rows = [[step.name.replace("_", " "), step.seconds] for step in outcome.steps]
    total = sum(step.seconds for step in outcome.steps)
    return number_table("Seconds", ["step", "seconds"], rows, ["all steps", total])


def _places(settings: Settings) -> Mapping[str, object]:
    readers = settings.serve_path if settings.target == "duckdb" else f"database {settings.postgres_dbname}"
    return {
        "files to land": settings.landing_dir,
        "for readers and BI tools": readers,
        "delivered": settings.delivered_dir,
    }


def _warnings(screen: Console, sentences: Sequence[str]) -> None:
    for sentence in sentences[:_SHOWN_WARNINGS]:
        screen.print(f"  {sentence}", style="yellow", markup=False, soft_wrap=True)
    if len(sentences) > _SHOWN_WARNINGS:
        screen.print(
            f"  and {len(sentences) - _SHOWN_WARNINGS:,} more; all of them stand in raw_onefolk.", markup=False
        )


def _pending(screen: Console, settings: Settings, status: WarehouseStatus) -> None:
    if status.pending is None:
        return
    if not status.pending:
        screen.print(f"No file waits in {settings.landing_dir}.", soft_wrap=True)
        return
    screen.print(
        f"{status.pending:,} new files wait in {settings.landing_dir}: `onefolk run` lands them.", soft_wrap=True
    )


def _runs(screen: Console, runs: Sequence[RunStatus]) -> None:
    if not runs:
        return
    rows = [[run.purpose or run.job, run.status.lower(), run.started_at, run.seconds] for run in runs]
    screen.print(number_table("Last runs", ["run", "ended", "started (UTC)", "seconds"], rows))
    failed = next((run for run in runs if run.status == "FAILURE"), None)
    if failed:
        where = ", ".join(failed.failed_steps) or "the start"
        screen.print(f"Run {failed.run_id[:8]} failed at: {where}. `onefolk ui` shows why.", markup=False)
