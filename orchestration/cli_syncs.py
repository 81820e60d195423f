"""Commands of `onefolk sync`: what is delivered, what would be, what became of it, and to send again. Late imports."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from orchestration.activation.syncs import Sync
    from orchestration.settings import Settings

_Name = Annotated[str, typer.Argument(metavar="SYNC", help="A sync: the name of its exposure.")]
_OptionalName = Annotated[str | None, typer.Argument(metavar="[SYNC]", help="A sync; without it, every one.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    sync = typer.Typer(name="sync", help="Deliver, and see what was delivered.", no_args_is_help=True)
    for command in (init, list_syncs, plan, run, results, retry, resync, resolve, unsubscribes, validate, schema):
        sync.command(name=command.__name__.removesuffix("_syncs"))(command)
    app.add_typer(sync)


def init(
    destination: Annotated[str, typer.Argument(help="What the destination is called, such as hubspot.")],
    object_name: Annotated[str, typer.Argument(metavar="OBJECT", help="What it calls the rows, such as contacts.")],
    audience: Annotated[str | None, typer.Option(help="Whose members the rows are; default: all customers.")] = None,
    channel: Annotated[str, typer.Option(help="How members are reached.")] = "email",
    connection: Annotated[str | None, typer.Option(help="Its connection; default: as the destination.")] = None,
) -> None:
    """Write a new sync to go on with: its model, its YAML, its exposure and a test. Overwrites nothing.

    For example: onefolk sync init hubspot list_vip --audience lapsed_vip
    """
    from orchestration.activation.scaffold import scaffold
    from orchestration.project import load_manifest
    from orchestration.settings import PROJECT_DIR
    from orchestration.terminal import console

    settings, _ = _syncs()
    written = scaffold(
        load_manifest(), destination, object_name, audience=audience, channel=channel, connection=connection
    )
    for path in written:
        console().print(f"Written: {path.relative_to(PROJECT_DIR)}", soft_wrap=True)
    declared = settings.connections_path
    told = (
        f"Next: choose the columns in the model and tell them in the YAML; declare {connection or destination} in"
        f" {declared}; then onefolk run, onefolk sync validate and onefolk sync plan {destination}_{object_name}."
    )
    console().print(told, soft_wrap=True)


def list_syncs() -> None:
    """Show every sync: where it goes, how its last run ended, how many rows are held, due again, dead or in doubt."""
    from orchestration.activation.connections import is_connected
    from orchestration.activation.ledger import open_ledger
    from orchestration.activation.service import standing_of
    from orchestration.activation.sync_text import show_list
    from orchestration.terminal import console

    settings, syncs = _syncs()
    unconnected = {sync.name for sync in syncs if not is_connected(settings, sync.connection)}
    with open_ledger(settings) as ledger:
        show_list(console(), [standing_of(ledger, sync) for sync in syncs], unconnected)


def plan(name: _Name) -> None:
    """Show what a run would send now: adds, changes, removals, who is left out and why, ten masked rows. Sends nothing.

    For example: onefolk sync plan files_repeat_buyers
    """
    from orchestration.activation.rehearsal import rehearse
    from orchestration.activation.sync_text import show_rehearsal
    from orchestration.terminal import console

    settings, [sync] = _syncs(name)
    show_rehearsal(console(), rehearse(settings, sync))


def run(
    name: _OptionalName = None,
    allow_guard: Annotated[
        bool, typer.Option("--allow-guard", help="Send also where the guard would hold it, this once.")
    ] = False,
) -> None:
    """Deliver now what the last build wants: only the differences, and every row with an outcome.

    A run that was killed goes on where it ended. Ends with 1 where a sync stopped, was held, or rows were rejected.
    """
    from orchestration.activation.engine import is_follower, run_sync
    from orchestration.activation.sync_text import show_run
    from orchestration.build_state import NotGreenError
    from orchestration.terminal import Steps, console, error_console

    settings, syncs = _syncs(name)
    if name is None:
        syncs = sorted(_connected(settings, syncs), key=lambda sync: is_follower(settings, sync))
    done, blocked = [], []
    with Steps(["deliver"], error_console()).shown() as steps:
        for sync in syncs:
            try:
                done.append(run_sync(settings, sync, allow=allow_guard))
            except NotGreenError as error:
                blocked.append(f"{sync.name}: {error}")
        steps.finish(failed=bool(blocked))
    for one in done:
        show_run(console(), one)
    for told in blocked:
        error_console().print(told, style="red", markup=False, soft_wrap=True)
    if blocked or any(one.status not in ("done", "waiting") or one.reject_share for one in done):
        raise typer.Exit(1)


def results(
    name: _Name,
    outcome: Annotated[str | None, typer.Option(help="Only rows that ended so, such as rejected.")] = None,
    run_id: Annotated[
        str | None, typer.Option("--run", help="A run by the beginning of its id; default: the last.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many rows to show.")] = 20,
    show_pii: Annotated[bool, typer.Option("--show-pii", help="Show keys and what the destination said.")] = False,
) -> None:
    """Show what became of the rows of a run: counts by outcome and code, and the rows that did not simply arrive."""
    from orchestration.activation.ledger import open_ledger
    from orchestration.activation.service import outcomes_by_code, result_rows
    from orchestration.activation.sync_text import show_results
    from orchestration.terminal import console

    settings, [sync] = _syncs(name)
    with open_ledger(settings) as ledger:
        runs = [one for one in ledger.runs(sync.name, 1000) if one.run_id.startswith(run_id or "")]
        if not runs:
            told = f"no run {run_id}" if run_id else "not run yet"
            raise typer.BadParameter(f"Sync {sync.name} has {told}.")
        counts = outcomes_by_code(ledger, runs[0].run_id)
        rows = result_rows(ledger, runs[0].run_id, outcome, limit)
    show_results(console(), runs[0], counts, rows, shows_values=show_pii)


def retry(name: _Name) -> None:
    """Make rows that were rejected or invalid due at once, the dead ones too; the next run sends them."""
    from orchestration.activation.service import retry as again

    _changed(name, again, "due with the next run")


def resync(name: _Name) -> None:
    """Send everything again with the next run, for the destination lost it or somebody changed it there."""
    from orchestration.activation.service import resync as again

    _changed(name, again, "sent again by the next run")


def resolve(
    name: _Name,
    sent: Annotated[bool, typer.Option("--sent/--resend", help="They arrived, or are to be sent again.")],
    key: Annotated[list[str] | None, typer.Option(help="Only the row of this key; may be given several times.")] = None,
) -> None:
    """Settle rows in doubt: messages that may have been sent when a run was killed or an answer was lost."""
    from functools import partial

    from orchestration.activation.service import resolve as settle

    _changed(name, partial(settle, was_sent=sent, keys=key), "settled as sent" if sent else "sent with the next run")


def unsubscribes(
    connection: Annotated[
        str, typer.Argument(metavar="CONNECTION", help="A connection that tells, such as one of type klaviyo.")
    ],
) -> None:
    """Bring what people unsubscribed from at a destination into the landing folder; a cycle does so by itself.

    For example: onefolk sync unsubscribes klaviyo
    """
    from orchestration.activation.destinations.protocol import SendError
    from orchestration.activation.withdrawals import bring_withdrawals
    from orchestration.settings import load_settings
    from orchestration.terminal import console, error_console

    try:
        count, path = bring_withdrawals(load_settings(), connection)
    except SendError as error:
        error_console().print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    told = f"{count:,} records of consent in {path}: onefolk run lands them." if path else "Nothing new."
    console().print(told, markup=False, soft_wrap=True)


def validate(name: _OptionalName = None) -> None:
    """Check that a sync fits its model and what its destination knows; every problem in a sentence. Sends nothing."""
    from orchestration.activation.validation import problems_of
    from orchestration.terminal import console

    settings, syncs = _syncs(name)
    if name is None:
        syncs = _connected(settings, syncs)
    problems = [told for sync in syncs for told in problems_of(settings, sync)]
    for told in problems:
        console().print(told, style="red", markup=False, soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    console().print(f"{len(syncs)} of {len(syncs)} syncs fit.")


def schema() -> None:
    """Print the JSON Schema of a YAML file with exposures, for editors that complete and check what a sync may say."""
    from orchestration.activation.validation import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


def _syncs(name: str | None = None) -> "tuple[Settings, list[Sync]]":
    from orchestration.activation import load_syncs
    from orchestration.activation.syncs import SyncError
    from orchestration.project import prepare
    from orchestration.settings import load_settings

    settings = load_settings()
    syncs = load_syncs(prepare(settings))
    if name is None:
        return settings, syncs
    chosen = [sync for sync in syncs if sync.name == name]
    if not chosen:
        raise SyncError(f"There is no sync {name!r}; there are {', '.join(sync.name for sync in syncs) or 'none yet'}.")
    return settings, chosen


def _connected(settings: "Settings", syncs: "list[Sync]") -> "list[Sync]":
    """The syncs whose connection is declared; the others are named, for they come with the project."""
    from orchestration.activation.connections import is_connected
    from orchestration.terminal import error_console

    there = [sync for sync in syncs if is_connected(settings, sync.connection)]
    for sync in syncs:
        if sync not in there:
            told = f"{sync.name} is not connected: declare {sync.connection} in {settings.connections_path}."
            error_console().print(told, style="dim", soft_wrap=True)
    return there


def _changed(name: str, change: object, told: str) -> None:
    from orchestration.activation.ledger import open_ledger
    from orchestration.terminal import console

    settings, [sync] = _syncs(name)
    with open_ledger(settings) as ledger:
        count = change(ledger, sync)  # type: ignore[operator]
    console().print(f"{count:,} rows of {sync.name} are {told}.")
