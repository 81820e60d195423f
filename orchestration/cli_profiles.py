"""Commands of `onefolk` about one person. Imports are late, as in `cli`."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.command()(profile)


def profile(
    identifier: Annotated[
        str, typer.Argument(help="A value, type:value where several types hold it, an identifier_key, or a profile_id.")
    ],
    show_pii: Annotated[
        bool, typer.Option("--show-pii", help="Show values in the clear; that you saw them is logged first.")
    ] = False,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write it as a page of its own.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON, for programs.")] = False,
    events: Annotated[int, typer.Option(min=0, max=100_000, help="How many events to show, the last ones.")] = 50,
) -> None:
    """Show one person: who it is, what may be done with them, what they bought, asked and did, and how sure that is.

    For example: onefolk profile anna@company.com --html anna.html. Values are masked unless --show-pii is given.
    """
    from orchestration.profiles.masking import masked
    from orchestration.profiles.page import write_page
    from orchestration.profiles.reading import read_person
    from orchestration.profiles.records import as_records
    from orchestration.profiles.showings import log_showing
    from orchestration.profiles.text import show_person
    from orchestration.settings import load_settings
    from orchestration.terminal import console, error_console

    settings = load_settings()
    person = read_person(settings, identifier, events=events)
    if show_pii:
        options = "".join(f" --{name}" for name, given in (("html", html), ("json", as_json)) if given)
        log_showing(settings, person.profile_id, f"onefolk profile --show-pii{options}")
    else:
        person = masked(person)
    path = html and html.expanduser().absolute()
    if path:
        write_page(person, path)
    if as_json:
        typer.echo(as_records(person))
    else:
        show_person(console(), person)
    if path:
        (error_console() if as_json else console()).print(f"Written to {path}", markup=False, soft_wrap=True)
