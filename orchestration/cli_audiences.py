"""Commands of `onefolk audience`: audiences tried out before they ship, and all of them as a page. Late imports."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration import cli_audience_report


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    audience = typer.Typer(name="audience", help="Try audiences out, and look at them.", no_args_is_help=True)
    audience.command()(preview)
    audience.command()(backtest)
    audience.command()(diff)
    audience.command()(cli_audience_report.report)
    app.add_typer(audience)


def preview(
    audience: Annotated[str, typer.Argument(help="An audience: the name of models/audiences/aud_<name>.sql.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON, for programs.")] = False,
) -> None:
    """Show who would be in an audience before it ships: size, conditions, reach, guard, ten masked examples.

    For example: onefolk audience preview lapsed_vip. The file need never have been built. It is counted on what readers
    see, which a build that runs meanwhile doesn't disturb, and nothing is written.
    """
    from orchestration.audiences.preview import preview_audience
    from orchestration.audiences.preview_text import preview_record, show_preview
    from orchestration.settings import load_settings
    from orchestration.terminal import console

    found = preview_audience(load_settings(), audience)
    if as_json:
        typer.echo(preview_record(found))
    else:
        show_preview(console(), found)


def backtest(
    audience: Annotated[str, typer.Argument(help="An audience: the name of models/audiences/aud_<name>.sql.")],
    days: Annotated[
        str, typer.Option(metavar="DAY,...", help="Days such as 2026-09-01, or moments, joined by commas.")
    ],
    hindsight: Annotated[
        bool, typer.Option("--hindsight", help="Also use what happened by then and landed later.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON, for programs.")] = False,
) -> None:
    """Show how large an audience would have been on days of the past, with reach, conditions and guard.

    For example: onefolk audience backtest lapsed_vip --days 2026-07-01,2026-08-01. Each day is built anew by its clock,
    in schemas of its own that are dropped afterwards; meanwhile no run can write. A day knows only what had landed by
    then, so where the past landed in one go, say --hindsight.
    """
    from orchestration.audiences.backtest import backtest_audience, moments_of
    from orchestration.audiences.backtest_text import backtest_record, show_backtest
    from orchestration.settings import load_settings
    from orchestration.terminal import Steps, console, error_console

    settings = load_settings()
    names = [f"{moment:%Y-%m-%d}" for moment in moments_of(days, settings)]
    with Steps(list(dict.fromkeys(names)), error_console()).shown() as steps:
        found = backtest_audience(settings, audience, days, with_hindsight=hindsight)
        steps.finish()
    if as_json:
        typer.echo(backtest_record(found))
    else:
        show_backtest(console(), found)


def diff(
    against: Annotated[str, typer.Option(metavar="REF", help="Branch, tag or commit to compare with, such as main.")],
    max_change_share: Annotated[
        float, typer.Option(min=0, help="Fail where more enter and leave than this share of the members before.")
    ] = 0.2,
    max_members: Annotated[int | None, typer.Option(min=0, help="Fail where an audience gets more members.")] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it as Markdown too, for a pull request.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON, for programs.")] = False,
) -> None:
    """Show what a change does to audiences: who enters and leaves, and why; fail beyond a limit, so that CI stops it.

    For example: onefolk audience diff --against main. Both states, that where the work began and that of the files as
    they lie here, are counted on what readers see; nothing is built, and the repository is not touched. It needs no
    network. It ends with 1 where a limit is broken or an audience can't be read.
    """
    from orchestration.audiences.diff import diff_audiences
    from orchestration.audiences.diff_text import diff_record, show_diff
    from orchestration.audiences.diff_text import markdown as as_markdown
    from orchestration.audiences.differences import Limits
    from orchestration.settings import load_settings
    from orchestration.terminal import Steps, console, error_console

    with Steps(["compile", "compare"], error_console()).shown() as steps:
        found = diff_audiences(load_settings(), against, Limits(max_change_share, max_members))
        steps.finish()
    if markdown:
        markdown.expanduser().write_text(as_markdown(found), encoding="utf-8")
    if as_json:
        typer.echo(diff_record(found))
    else:
        show_diff(console(), found)
    if found.breaches:
        raise typer.Exit(1)
