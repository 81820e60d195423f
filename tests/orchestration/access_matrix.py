"""Who can read what on Postgres: asked by reading, one table after the other, as each role."""

import csv
import io
from collections.abc import Iterable

import adbc_driver_postgresql.dbapi as adbc

from orchestration.project import PUBLISHED_ROOMS
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import open_warehouse, quoted

ROLES = ("analyst", "marketer", "service", "admin")
# Somebody with a login whom the seed does not know.
OUTSIDER = "outsider"

Table = tuple[str, str]


def tables_of(settings: Settings) -> list[Table]:
    """Every table and view of the database but Postgres's own."""
    with open_warehouse(settings) as warehouse:
        found = warehouse.rows(
            "select table_schema::text, table_name::text from information_schema.tables"
            " where table_schema not in ('pg_catalog', 'information_schema') order by 1, 2"
        )
    return [(str(schema), str(table)) for schema, table in found]


def log_in(settings: Settings, role: str) -> "adbc.Connection":
    """A connection of a login of its own that is a member of the role, as people's are."""
    login = f"login_of_{settings.role_prefix}{role}"
    with open_warehouse(settings) as warehouse:
        if not warehouse.rows("select 1 from pg_roles where rolname = $1", [login]):
            warehouse.execute(f"create role {quoted(login)} login")
            if role != OUTSIDER:
                warehouse.execute(f"grant {quoted(settings.role_prefix + role)} to {quoted(login)}")
    uri = f"host='{settings.postgres_host}' user={login} dbname={settings.postgres_dbname}"
    return adbc.connect(uri, autocommit=True)


def readable(settings: Settings, role: str, tables: Iterable[Table]) -> set[Table]:
    """The tables that a login of the role can select from."""
    found = set()
    with log_in(settings, role) as connection, connection.cursor() as cursor:
        for schema, table in tables:
            try:
                cursor.execute(f"select * from {quoted(schema, table)} limit 1")
                cursor.fetchall()
                found.add((schema, table))
            except adbc.ProgrammingError as error:
                if "permission denied" not in str(error):
                    raise
    return found


def intended(settings: Settings, role: str, tables: Iterable[Table], public: set[Table]) -> set[Table]:
    """The tables that the seed opens to a role, read off the seed by hand; `public` are the published ones."""
    text = (PROJECT_DIR / "seeds" / "project" / "role_grants.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["role"] == role]
    found = set()
    for schema, table in tables:
        bare = schema.removeprefix(settings.schema_prefix)
        place, room = ("published", bare) if bare in PUBLISHED_ROOMS else tuple(bare.split("_", 1))
        if place == "published" and (room, table) not in public:
            continue
        for row in rows:
            if row["place"] == place and row["room"] in ("*", room) and row["table_name"] in ("*", table):
                found.add((schema, table))
    return found


def assert_matrix(settings: Settings, public: set[Table]) -> dict[str, set[Table]]:
    """Every role reads exactly what the seed says, of every table there is; what each reads."""
    tables = tables_of(settings)
    matrix = {role: readable(settings, role, tables) for role in (*ROLES, OUTSIDER)}
    for role, found in matrix.items():
        wanted = intended(settings, role, tables, public)
        assert found == wanted, f"{role}: too much {sorted(found - wanted)}; too little {sorted(wanted - found)}"
    return matrix
