"""Brings what Postgres lets each role read to what the seed of roles says: by difference, so twice does nothing.

Roles that bear the prefix are the seed's alone. What anybody else was granted on published tables stays; where direct
personal data lies, nobody reads who is not in the seed. dbt grants what it makes anew; see `readers_environment`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from orchestration.access.catalog import PUBLIC, Grant, Schema, grants_in, project_schemas
from orchestration.access.roles import ALL, SEED, Rule, existing, load_rules, role_name, role_names
from orchestration.project import PUBLISHED_ROOMS, PublicTable
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, quoted

# Rooms that hold the values themselves.
_VALUE_ROOMS = ("staging", "pii", "activation")


class GrantError(RuntimeError):
    """What should not be read can be, and we can't change that, or roles can't be made; the message says what to do."""


@dataclass(frozen=True)
class GrantReport:
    """By role how many tables it may read, None for one that is not there; what was changed; and what to look at."""

    roles: dict[str, int | None]
    granted: int
    revoked: int
    sentences: tuple[str, ...]


def create_roles(settings: Settings, warehouse: Warehouse) -> list[str]:
    """Create the roles of the seed that are not there, without a login; their names. `GrantError` if we may not."""
    names = role_names(settings, load_rules())
    there = existing(warehouse, names)
    statements = {name: f"create role {quoted(name)} nologin" for name in names if name not in there}
    user, may_create = warehouse.rows(
        "select rolname::text, rolsuper or rolcreaterole from pg_roles where rolname = current_user"
    )[0]
    if statements and not may_create:
        raise GrantError(
            f"User {user} may not create roles. Let an administrator run: {'; '.join(statements.values())};"
        )
    for statement in statements.values():
        warehouse.execute(statement)
    return list(statements)


def bring_grants(settings: Settings, warehouse: Warehouse, tables: Sequence[PublicTable]) -> GrantReport:
    """Grant and take back the difference, in the caller's transaction.

    Raises `GrantError` where personal data stays open to somebody who is not in the seed. What can't be granted, a role
    that is missing and a row of the seed that names nothing are sentences of the report.
    """
    rules = load_rules()
    # Two projects in one database share the raw tables, and Postgres refuses two changes of one grant at a time.
    warehouse.rows("select pg_advisory_xact_lock(hashtext('onefolk grants'))")
    there = existing(warehouse, names := role_names(settings, rules))
    schemas = project_schemas(settings, warehouse)
    public = {(settings.stable_schema(table.room), table.name) for table in tables}
    user = str(warehouse.rows("select current_user::text")[0][0])
    granted = [rule for rule in rules if role_name(settings, rule.role) in there - {user}]
    wanted = set(_wanted(settings, granted, schemas, public))
    before = grants_in(warehouse, schemas)
    closing = {grant for grant in before - wanted if _must_go(settings, schemas, grant) and grant.grantee != user}
    foreign = {(schema.name, table) for schema in schemas for table in schema.strangers}
    opening = wanted - before
    for grant in _grouped({grant for grant in closing if (grant.schema, grant.table) not in foreign}, "revoke", "from"):
        warehouse.execute(grant)
    for grant in _grouped({grant for grant in opening if (grant.schema, grant.table) not in foreign}, "grant", "to"):
        warehouse.execute(grant)
    after = grants_in(warehouse, schemas) if opening or closing else before
    if left := closing & after:
        raise GrantError("\n".join(_still_open(user, schemas, left)))
    return GrantReport(
        {name: _readable(wanted & after, name) if name in there else None for name in names},
        granted=len(opening & after),
        revoked=len(closing),
        sentences=(
            *_absent(names, there),
            *_not_granted(user, schemas, wanted - after),
            *_unknown(rules, schemas, tables),
        ),
    )


def _wanted(
    settings: Settings, rules: Sequence[Rule], schemas: Sequence[Schema], public: set[tuple[str, str]]
) -> Iterator[Grant]:
    for schema in schemas:
        for rule in rules:
            if rule.place != schema.place or rule.room not in (ALL, schema.room):
                continue
            role = role_name(settings, rule.role)
            yield Grant("schema", schema.name, "", role, "usage")
            for table in schema.tables:
                is_shown = schema.place != "published" or (schema.name, table) in public
                if is_shown and rule.table in (ALL, table):
                    yield Grant("table", schema.name, table, role, "select")
            if rule.table == ALL and schema.place != "published":
                # What the next build makes anew is open to these from its first moment.
                yield Grant("default", schema.name, "", role, "select")


def _must_go(settings: Settings, schemas: Sequence[Schema], grant: Grant) -> bool:
    """Whether a privilege that the seed doesn't name is ours to take back."""
    schema = next(schema for schema in schemas if schema.name == grant.schema)
    if grant.grantee.startswith(settings.role_prefix):
        return True
    if schema.place == "raw":
        # Other tools land there too, and answer for their own tables.
        return grant.grantee == PUBLIC and not schema.strangers.get(grant.table)
    if schema.place == "work":
        return grant.grantee == PUBLIC or schema.room in _VALUE_ROOMS
    return False


def _grouped(grants: Iterable[Grant], verb: str, preposition: str) -> Iterator[str]:
    """Statements, one per schema, role and privilege."""
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for grant in sorted(grants):
        groups.setdefault((grant.kind, grant.schema, grant.grantee, grant.privilege), []).append(grant.table)
    for (kind, schema, grantee, privilege), names in groups.items():
        role = grantee if grantee == PUBLIC else quoted(grantee)
        if kind == "schema":
            yield f"{verb} {privilege} on schema {quoted(schema)} {preposition} {role}"
        elif kind == "table":
            listed = ", ".join(quoted(schema, name) for name in names)
            yield f"{verb} {privilege} on table {listed} {preposition} {role}"
        else:
            where = f"in schema {quoted(schema)} {verb} {privilege} on tables {preposition} {role}"
            yield f"alter default privileges {where}"


def _readable(grants: Iterable[Grant], role: str) -> int:
    return sum(1 for grant in grants if grant.kind == "table" and grant.grantee == role)


def _absent(names: Sequence[str], there: set[str]) -> Iterator[str]:
    absent = [name for name in names if name not in there]
    if absent:
        yield (
            f"Roles that {SEED} names are not in the database, so nobody reads as them: {', '.join(absent)}."
            " `onefolk grant --create-roles` creates them."
        )


def _not_granted(user: str, schemas: Sequence[Schema], grants: set[Grant]) -> Iterator[str]:
    """Per schema whose owner alone can grant, what that owner should run."""
    for schema in schemas:
        missing = {grant for grant in grants if grant.schema == schema.name}
        if not missing:
            continue
        owners = ", ".join(sorted(set(schema.strangers.values()))) or "somebody else"
        statements = "; ".join(_grouped(missing, "grant", "to"))
        yield f"User {user} can't grant what belongs to {owners} in schema {schema.name}; {owners} can: {statements};"


def _still_open(user: str, schemas: Sequence[Schema], grants: set[Grant]) -> Iterator[str]:
    for schema in schemas:
        left = {grant for grant in grants if grant.schema == schema.name}
        if left:
            owners = ", ".join(sorted(set(schema.strangers.values()))) or "whoever granted it"
            roles = ", ".join(sorted({grant.grantee for grant in left}))
            statements = "; ".join(_grouped(left, "revoke", "from"))
            yield (
                f"Schema {schema.name} is open to {roles}, whom {SEED} does not name, and user {user} can't take that"
                f" back. Let {owners} run: {statements};"
            )


def _unknown(rules: Sequence[Rule], schemas: Sequence[Schema], tables: Sequence[PublicTable]) -> Iterator[str]:
    """Rows of the seed that open what is not there."""
    known = {("published", table.room, table.name) for table in tables}
    known |= {(schema.place, schema.room, table) for schema in schemas for table in schema.tables}
    for rule in rules:
        if rule.room == ALL or any(rule.matches(*place) for place in known):
            continue
        if rule.table == ALL and (rule.place, rule.room) in {("published", room) for room in PUBLISHED_ROOMS}:
            continue
        yield f"{SEED} opens {rule.place} {rule.room}.{rule.table} to {rule.role}, and there is no such table."
