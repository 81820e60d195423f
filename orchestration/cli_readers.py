"""Commands of `onefolk` for those who read: who may, and tables as files. Imports are late, as in `cli`."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.command()(grant)


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
