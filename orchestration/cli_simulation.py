"""The command that writes a simulated company. Imports are late, as in `cli`."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

DEMO_PEOPLE, DEMO_DAYS, DEMO_SEED = 2_000, 180, 7


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.command()(simulate)


def simulate(
    people: Annotated[int, typer.Option(min=1, help="How many people the company knows or meets.")] = DEMO_PEOPLE,
    days: Annotated[int, typer.Option(min=1, help="How many days of their life are written.")] = DEMO_DAYS,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same files, byte by byte.")] = DEMO_SEED,
    preset: Annotated[
        str, typer.Option(help="How much trouble: standard, or adversarial, which is three times as much.")
    ] = "standard",
    out: Annotated[Path | None, typer.Option(help="Folder to write landing/ and truth/ into.")] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Stop at the end of this day; a later day adds only the new files."),
    ] = None,
) -> None:
    """Write the files of a company that never was, and the truth about who is who in them.

    CRM, shop, stores, web events, support, messages, consent, DMP and the rest, with everything that makes real data
    hard. The truth (people, identifiers, orders) is for measuring; the pipeline never reads it.
    """
    from orchestration.settings import load_settings
    from orchestration.simulation import simulate as write_company
    from orchestration.summary import simulation_summary
    from orchestration.terminal import Steps, console

    folder = (out or load_settings().home).expanduser().absolute()
    last: date | None = until.date() if until else None
    screen = console()
    with Steps(["simulate"], screen).shown() as steps:
        try:
            written = write_company(people=people, days=days, seed=seed, out=folder, until=last, preset=preset)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        steps.finish()
    simulation_summary(screen, folder, written)
