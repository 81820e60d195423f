"""Who may do what in the schemas of a project on Postgres, as its catalog says."""

from dataclasses import dataclass
from typing import NamedTuple

from orchestration.project import PUBLISHED_ROOMS
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, literal

PUBLIC = "public"


class Grant(NamedTuple):
    """A privilege of a role; `kind` is schema, table, or default: of tables that will be created in the schema."""

    kind: str
    schema: str
    table: str
    grantee: str
    privilege: str


@dataclass(frozen=True)
class Schema:
    """A schema of the project: its place and room as the seed of roles calls them, and its tables and views.

    `strangers` are the schemas and tables that belong to a user whose privileges we don't have, with that user.
    """

    name: str
    place: str
    room: str
    tables: tuple[str, ...]
    strangers: dict[str, str]


def project_schemas(settings: Settings, warehouse: Warehouse) -> list[Schema]:
    """The schemas of this prefix, and the raw ones, which all prefixes share."""
    places: dict[str, tuple[str, str]] = {}
    for (name,) in warehouse.rows("select nspname::text from pg_namespace order by nspname"):
        if name.startswith("raw_"):
            places[name] = ("raw", name.removeprefix("raw_"))
        elif name.startswith(work := settings.work_schema("")):
            places[name] = ("work", name.removeprefix(work))
    places |= {settings.stable_schema(room): ("published", room) for room in PUBLISHED_ROOMS}
    tables: dict[str, list[str]] = {}
    strangers: dict[str, dict[str, str]] = {}
    for schema, table, owner, is_ours in warehouse.rows(
        "select nspname::text, '', pg_get_userbyid(nspowner)::text, pg_has_role(nspowner, 'usage') from pg_namespace"
        f" where nspname in ({_listed(places)})"
        " union all"
        " select nspname::text, relname::text, pg_get_userbyid(relowner)::text, pg_has_role(relowner, 'usage')"
        " from pg_class inner join pg_namespace on relnamespace = pg_namespace.oid"
        f" where nspname in ({_listed(places)}) and relkind in ('r', 'p', 'v', 'm', 'f') order by 1, 2"
    ):
        tables.setdefault(schema, [])
        if table:
            tables[schema].append(table)
        if not is_ours:
            strangers.setdefault(schema, {})[table] = owner
    return [
        Schema(name, *places[name], tuple(found), strangers.get(name, {})) for name, found in sorted(tables.items())
    ]


def grants_in(warehouse: Warehouse, schemas: list[Schema]) -> set[Grant]:
    """Every privilege on these schemas, their tables, and the tables that this user will create; owners left out."""
    listed = _listed([schema.name for schema in schemas])
    exploded = "coalesce(rolname::text, 'public'), lower(privilege_type)"
    of_roles = "left join pg_roles on pg_roles.oid = acl.grantee"
    relations = "pg_class inner join pg_namespace on relnamespace = pg_namespace.oid"
    found = warehouse.rows(
        f"select 'schema', nspname::text, '', {exploded} from pg_namespace"
        f" cross join lateral aclexplode(nspacl) as acl {of_roles}"
        f" where nspname in ({listed}) and acl.grantee <> nspowner"
        f" union select 'table', nspname::text, relname::text, {exploded} from {relations}"
        f" cross join lateral aclexplode(relacl) as acl {of_roles}"
        f" where nspname in ({listed}) and relkind in ('r', 'p', 'v', 'm', 'f') and acl.grantee <> relowner"
        # What is granted on a column goes with what is taken back from its table.
        f" union select 'table', nspname::text, relname::text, {exploded} from {relations}"
        " inner join pg_attribute on attrelid = pg_class.oid"
        f" cross join lateral aclexplode(attacl) as acl {of_roles}"
        f" where nspname in ({listed}) and acl.grantee <> relowner"
        f" union select 'default', nspname::text, '', {exploded} from pg_default_acl"
        " inner join pg_namespace on defaclnamespace = pg_namespace.oid"
        f" cross join lateral aclexplode(defaclacl) as acl {of_roles}"
        f" where nspname in ({listed}) and defaclobjtype = 'r' and defaclrole = current_user::regrole"
        " and acl.grantee <> defaclrole"
    )
    return {Grant(*row) for row in found}


def _listed(names: object) -> str:
    return ", ".join(literal(name) for name in names) or "''"  # type: ignore[attr-defined]
