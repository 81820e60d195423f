"""`onefolk grant`: bring grants now, outside a cycle, and say what each role may read."""

from collections.abc import Sequence

from rich.console import Console

from orchestration.access.grants import GrantError, GrantReport, bring_grants, create_roles
from orchestration.lock import writing
from orchestration.project import PublicTable
from orchestration.settings import Settings
from orchestration.terminal import number_table
from orchestration.warehouse import open_warehouse


def bring_grants_now(
    settings: Settings, tables: Sequence[PublicTable], *, create: bool
) -> tuple[list[str], GrantReport]:
    """Create missing roles where asked to, and bring the grants, all or nothing; the new roles and the report."""
    if settings.target != "postgres":
        raise GrantError(
            f"DuckDB has no roles: whoever may read the file {settings.serve_path} reads all of it, and it holds no"
            " values of personal data. Who may read the folder around it, the operating system says."
        )
    with writing(settings, "onefolk grant"), open_warehouse(settings) as warehouse, warehouse.transaction():
        created = create_roles(settings, warehouse) if create else []
        return created, bring_grants(settings, warehouse, tables)


def show_grants(screen: Console, created: Sequence[str], done: GrantReport) -> None:
    """A table of the roles, what was changed, and what needs a look."""
    rows = [
        [name, "no" if count is None else "created" if name in created else "yes", count]
        for name, count in done.roles.items()
    ]
    screen.print(number_table("Roles", ["role", "in the database", "tables it reads"], rows))
    screen.print(f"{done.granted:,} privileges were granted, {done.revoked:,} taken back.")
    for sentence in done.sentences:
        screen.print(sentence, style="yellow", markup=False, soft_wrap=True)
