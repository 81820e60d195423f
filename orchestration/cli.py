"""`onefolk`: a thin face over the same jobs that Dagster schedules. Imports are late, so that help comes at once."""

import sys
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from orchestration import (
    cli_audience_report,
    cli_audiences,
    cli_identity,
    cli_metrics,
    cli_profiles,
    cli_readers,
    cli_simulation,
    cli_syncs,
)
from orchestration.cli_simulation import DEMO_DAYS, DEMO_PEOPLE, DEMO_SEED

if TYPE_CHECKING:
    from orchestration.run_job import Outcome
    from orchestration.settings import Settings

_WRONG_ENVIRONMENT, _FAILED, _INTERRUPTED = 2, 1, 130
_EPILOG = (
    "The environment says where things are, each optional: ONEFOLK_HOME (default: .onefolk in the repository),"
    " ONEFOLK_LANDING, ONEFOLK_TARGET (duckdb or postgres), ONEFOLK_POSTGRES_HOST, _PORT, _USER, _PASSWORD and _DBNAME,"
    " ONEFOLK_SCHEMA_PREFIX, ONEFOLK_ROLE_PREFIX, ONEFOLK_AS_OF (the clock), ONEFOLK_SECRET, ONEFOLK_MEMORY_LIMIT,"
    " ONEFOLK_THREADS."
)

app = typer.Typer(
    name="onefolk",
    help="A customer data platform in your own warehouse: from landed files to unified profiles and delivered rows.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.command()
def demo() -> None:
    """See the whole chain work: simulate a company, land it, build, publish, deliver, and print what came out.

    2,000 people over 180 days, the same ones every time. Nothing but this folder is touched. Run it again, and nothing
    new lands and nothing is delivered.
    """
    from orchestration.demo import demo_settings, simulate_demo
    from orchestration.summary import cycle_summary
    from orchestration.terminal import Steps, console

    settings = demo_settings()
    _prepare(settings)
    screen = console()
    with Steps(["simulate", "land", "build", "publish", "deliver"], screen).shown() as steps:
        simulated = simulate_demo(settings, people=DEMO_PEOPLE, days=DEMO_DAYS, seed=DEMO_SEED)
        steps.finish()
        after = datetime.combine(simulated.last_day + timedelta(days=1), time(), UTC)
        settings = _settings(as_of=settings.as_of or after)
        outcome = _run(settings, "cycle", "onefolk demo")
        steps.finish(failed=not outcome.is_green)
    _end(outcome)
    cycle_summary(screen, settings, outcome, next_commands=True)


cli_simulation.register(app)


@app.command()
def land() -> None:
    """Load the files that are new in the landing folder into raw tables; build nothing.

    Files are expected as <landing>/<source>/<table>/<any name>.csv, .jsonl or .parquet. A file is loaded once; one that
    can't be read is set aside with the reason, and the others load.
    """
    from orchestration.summary import landing_summary
    from orchestration.terminal import Steps, console

    settings = _settings()
    screen = console()
    with Steps(["land"], screen).shown() as steps:
        outcome = _run(settings, "land", "onefolk land")
        steps.finish(failed=not outcome.is_green)
    _end(outcome)
    landing_summary(screen, settings, outcome)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def build(context: typer.Context) -> None:
    """Build and test every table from what has landed: `dbt build` with the right environment.

    Readers and destinations see nothing of it until `onefolk run` publishes and delivers. Further arguments go to dbt,
    such as: onefolk build --select profiles
    """
    from orchestration.summary import build_summary
    from orchestration.terminal import Steps, console

    settings = _settings()
    _prepare(settings)
    if context.args:
        from orchestration.partial_build import build_part

        build_part(settings, context.args)
        return
    screen = console()
    with Steps(["build"], screen).shown() as steps:
        outcome = _run(settings, "build", "onefolk build")
        steps.finish(failed=not outcome.is_green)
    _end(outcome)
    build_summary(screen, outcome)


@app.command()
def run(
    allow_guard: Annotated[
        list[str] | None,
        typer.Option("--allow-guard", metavar="AUDIENCE", help="Override the guard of this audience, this once."),
    ] = None,
) -> None:
    """Run one full cycle: land what is new, build and test, publish to readers, deliver to destinations.

    The run shows in `onefolk ui` afterwards. When a test fails, readers keep what they have, and so do destinations of
    syncs that stand on it; the other syncs are delivered. An audience whose guard closes keeps the members it had, and
    everything else goes on; --allow-guard lets it through once, which is remembered in audience_sizes.
    """
    from orchestration.summary import cycle_summary
    from orchestration.terminal import Steps, console

    settings = _settings(**({"allowed_guards": ",".join(allow_guard)} if allow_guard else {}))
    _prepare(settings)
    screen = console()
    with Steps(["land", "build", "publish", "deliver"], screen).shown() as steps:
        outcome = _run(settings, "cycle", "onefolk run")
        steps.finish(failed=not outcome.is_green)
    _end(outcome)
    cycle_summary(screen, settings, outcome)


@app.command()
def status() -> None:
    """Show what is in the warehouse, how fresh it is, when it last ran, what failed, and which files wait."""
    from orchestration.summary import show_status
    from orchestration.terminal import console

    show_status(console(), _settings())


cli_identity.register(app)
cli_profiles.register(app)
cli_audience_report.register(app)
cli_audiences.register(app)
cli_syncs.register(app)
cli_metrics.register(app)
cli_readers.register(app)


@app.command()
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 3000,
    host: Annotated[str, typer.Option(help="Address to listen on; the default is this machine only.")] = "127.0.0.1",
) -> None:
    """Open the Dagster UI: one lineage from file to destination, every run, the schedule and the sensor.

    Nothing is sent anywhere. The hourly schedule and the sensor for new files are switched on there. Stop it with
    Ctrl-C.
    """
    from orchestration.ui import serve

    settings = _settings()
    _prepare(settings)
    raise typer.Exit(serve(settings, host, port))


def main() -> NoReturn:
    """Run the command line; what went wrong is a sentence and an exit code, never a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        _say("Stopped.")
        sys.exit(_INTERRUPTED)
    except Exception as error:
        sys.exit(_explain(error))
    sys.exit(0)


def _settings(**overrides: object) -> "Settings":
    from orchestration.settings import load_settings

    return load_settings(**overrides)


def _prepare(settings: "Settings") -> None:
    """Parse where the project changed, and refuse what must not be built."""
    from orchestration.project import prepare

    prepare(settings)


def _run(settings: "Settings", job: str, purpose: str) -> "Outcome":
    from orchestration.run_job import run_cycle, run_job

    return run_cycle(settings, purpose) if job == "cycle" else run_job(settings, job, purpose)


def _end(outcome: "Outcome") -> None:
    """Go on after a green run; otherwise say what failed and what to do, and end."""
    if outcome.is_green:
        return
    failed = ", ".join(step.name for step in outcome.steps if not step.is_green) or "the start"
    _say(f"[bold red]The run failed at: {failed}.[/]")
    for sentence in outcome.failures:
        _say(sentence, plain=True)
    if outcome.delivered:
        _say(f"Delivered, for nothing below it failed: {', '.join(outcome.delivered)}.", plain=True)
    others = "the other destinations" if outcome.delivered else "destinations"
    _say(f"Readers and {others} keep what they had. The whole log: {outcome.log}", plain=True)
    _say("Mend the cause and run the same command again; nothing lands twice. `onefolk ui` shows the run.", plain=True)
    raise typer.Exit(_FAILED)


def _say(text: str, *, plain: bool = False) -> None:
    from orchestration.terminal import error_console

    error_console().print(text, markup=not plain, soft_wrap=True)


def _explain(error: Exception) -> int:
    """A sentence for what people can mend; for anything else the place of the traceback."""
    from orchestration.failures import is_sentence, without_colours, write_traceback
    from orchestration.project import ManifestError
    from orchestration.settings import SettingsError

    if isinstance(error, SettingsError | ManifestError):
        _say(str(error), plain=True)
        return _WRONG_ENVIRONMENT
    if is_sentence(error):
        _say(without_colours(str(error)), plain=True)
        return _FAILED
    _say(f"Something unexpected happened: {type(error).__name__}: {error}", plain=True)
    _say(f"The traceback is in {write_traceback(error)}", plain=True)
    return _FAILED


if __name__ == "__main__":
    main()
