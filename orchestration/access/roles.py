"""The roles of `seeds/project/role_grants.csv`: what each may read, and what dbt is told of them."""

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path

from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import Warehouse, literal, open_warehouse

SEED = Path("seeds") / "project" / "role_grants.csv"
ALL = "*"
PLACES = ("published", "work", "raw")
_COLUMNS = ("role", "place", "room", "table_name")
_NAME = r"[a-z][a-z0-9_]*"


class RoleError(ValueError):
    """A row of the seed of roles can't be read; the message says which, and what is allowed."""


@dataclass(frozen=True)
class Rule:
    """One row of the seed: a role without its prefix, and what it may read."""

    role: str
    place: str
    room: str
    table: str

    def matches(self, place: str, room: str, table: str) -> bool:
        """Whether the rule opens this table."""
        return self.place == place and self.room in (ALL, room) and self.table in (ALL, table)


def load_rules(project_dir: Path = PROJECT_DIR) -> tuple[Rule, ...]:
    """Read the seed; none where there is no such file. Raises `RoleError` with a sentence per wrong row."""
    path = project_dir / SEED
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8-sig", newline="") as lines:
        read = list(csv.DictReader(lines))
    rows = [(number, {name: (row.get(name) or "").strip() for name in _COLUMNS}) for number, row in enumerate(read, 2)]
    problems = [f"{SEED}:{number}: {problem}." for number, row in rows if (problem := _problem(row))]
    if problems:
        raise RoleError("\n".join(problems))
    return tuple(Rule(row["role"], row["place"], row["room"], row["table_name"]) for _, row in rows)


def _problem(row: dict[str, str]) -> str:
    if not re.fullmatch(_NAME, row["role"]) or row["role"] == "public":
        return f"{row['role']!r} is no role: lower-case letters, digits and underscores, and never public"
    if row["place"] not in PLACES:
        return f"{row['place']!r} is no place: {', '.join(PLACES)}"
    for name in ("room", "table_name"):
        if row[name] != ALL and not re.fullmatch(_NAME, row[name]):
            return f"{row[name]!r} is no {name}: a name, or * for all"
    if row["room"] == ALL and row["table_name"] != ALL:
        return "a table of all rooms is no table: name its room"
    return ""


def role_name(settings: Settings, role: str) -> str:
    """What the role is called in the database."""
    return settings.role_prefix + role


def role_names(settings: Settings, rules: tuple[Rule, ...]) -> list[str]:
    """Every role of the seed as the database knows it, in the seed's order."""
    return list(dict.fromkeys(role_name(settings, rule.role) for rule in rules))


def existing(warehouse: Warehouse, names: list[str]) -> set[str]:
    """Those of the roles that the database has."""
    if not names:
        return set()
    listed = ", ".join(literal(name) for name in names)
    return {str(name) for (name,) in warehouse.rows(f"select rolname::text from pg_roles where rolname in ({listed})")}


def readers_environment(settings: Settings) -> dict[str, str]:
    """What the macro `readers` reads: the existing roles of every table of work that the seed names.

    dbt makes these tables anew in every build, and grants in the same transaction; so no reader loses one for a moment.
    """
    if settings.target != "postgres":
        return {}
    rules = load_rules()
    with open_warehouse(settings) as warehouse:
        there = existing(warehouse, role_names(settings, rules))
    named = {(rule.room, rule.table) for rule in rules if rule.place == "work" and rule.table != ALL}
    readers = {
        f"{room}.{table}": sorted(
            {role_name(settings, rule.role) for rule in rules if rule.matches("work", room, table)} & there
        )
        for room, table in sorted(named)
    }
    return {"ONEFOLK_READERS": json.dumps(readers)}
