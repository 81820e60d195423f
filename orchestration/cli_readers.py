"""Commands of `onefolk` for those who read: who may, and tables as files. Imports are late, as in `cli`."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.command()(grant)
    app.command()(export)


def grant(
    create_roles: Annotated[
        bool, typer.Option("--create-roles", help="Create the roles that are not in the database, without a login.")
    ] = False,
) -> None:
    """Let roles of Postgres read what seeds/project/role_grants.csv says, and take back what it no longer says.

    Every cycle does so when it publishes; this does it now. Logins are members of a role:
    grant onefolk_analyst to anna.
    """
    from orchestration.access.command import bring_grants_now, show_grants
    from orchestration.project import prepare, public_tables
    from orchestration.settings import load_settings
    from orchestration.terminal import console

    settings = load_settings()
    tables = public_tables(prepare(settings))
    created, done = bring_grants_now(settings, tables, create=create_roles)
    show_grants(console(), created, done)


def export(
    table: Annotated[
        str, typer.Argument(help="A table that readers see, such as profiles or audiences.audience_members.")
    ],
    form: Annotated[
        str | None, typer.Option("--format", help="csv, parquet or xlsx; else the ending of --out tells, else csv.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write; it is replaced. Without it, <table>.<format> in this folder.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="At most so many rows, whichever come first.")] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="In CSV leave texts that look like formulas as they are: for programs.")
    ] = False,
) -> None:
    """Write one public table into a file, as readers see it: CSV, Parquet or a spreadsheet.

    In CSV a text that begins like a formula (= + - @) gets an apostrophe before it, since spreadsheets would run it;
    .xlsx holds it as text, and numbers that a cell can't hold exactly as well. Parquet is exact always.
    """
    from orchestration.publishing.export import export_table
    from orchestration.settings import load_settings
    from orchestration.terminal import Steps, console, shown

    settings = load_settings()
    screen = console()
    with Steps(["export"], screen).shown() as steps:
        done = export_table(settings, table, form=form, out=out, limit=limit, exact=exact)
        steps.finish()
    told = f"{shown(done.rows)} rows of {done.table} are in {done.path} ({shown(done.size_bytes)} bytes)."
    screen.print(told, markup=False, soft_wrap=True)
