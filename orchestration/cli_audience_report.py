"""Commands of `onefolk` that explain audiences: one person's standing, and all audiences as a page. Late imports."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add `why` to the command line; `report` is one of the commands about audiences."""
    app.command()(why)


def why(
    audience: Annotated[str, typer.Argument(metavar="[AUDIENCE]", help="An audience; without it, every one.")],
    identifier: Annotated[
        str | None,
        typer.Argument(
            metavar="IDENTIFIER",
            help="A value, type:value where several types hold it, an identifier_key or profile_id.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON, for programs.")] = False,
) -> None:
    """Say why somebody is in an audience or not: condition by condition, since when, and whether they may be contacted.

    For example: onefolk why repeat_buyers anna@company.com. Without an audience: onefolk why anna@company.com, every
    audience in a line each. Values are masked. It answers as of the last build.
    """
    from orchestration.audiences.why import read_standings
    from orchestration.audiences.why_text import as_records, show_standing, show_standings
    from orchestration.settings import load_settings
    from orchestration.terminal import console

    settings = load_settings()
    now = settings.clock.replace(tzinfo=None)
    asked, standings = read_standings(settings, identifier or audience, audience if identifier else None)
    if as_json:
        typer.echo(as_records(asked, standings, now))
    elif identifier:
        show_standing(console(), asked, standings[0], now)
    else:
        show_standings(console(), asked, standings)


def report(
    html: Annotated[Path, typer.Option("--html", metavar="FILE", help="Write it as one page that needs no network.")],
) -> None:
    """Write every audience as a page for those who use them.

    Size over time, the funnel of its conditions, reach per channel, overlaps, guards.

    For example: onefolk audience report --html audiences.html. It tells what readers see, also while a cycle runs, in
    counts only: no personal data.
    """
    from orchestration.audiences.report import read_report
    from orchestration.audiences.report_page import write_report
    from orchestration.settings import load_settings
    from orchestration.terminal import console

    path = html.expanduser().absolute()
    told = read_report(load_settings())
    write_report(told, path)
    console().print(f"{len(told.audiences):,} audiences, as of {told.day}: {path}", markup=False, soft_wrap=True)
