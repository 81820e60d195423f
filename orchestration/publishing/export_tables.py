"""Which tables can be exported: what readers see, by name; for any other name, a sentence that helps."""

from dataclasses import dataclass
from difflib import get_close_matches

from orchestration.project import PUBLISHED_ROOMS
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import Warehouse, literal, quoted


class ExportError(ValueError):
    """A table can't be exported as asked; the message says why, and what can."""


@dataclass(frozen=True)
class SeenTable:
    """A table that readers see: its room and name, the relation, and its columns with their types in lower case."""

    room: str
    table: str
    relation: str
    columns: dict[str, str]

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.room}.{self.table}"


def find_table(settings: Settings, warehouse: Warehouse, name: str) -> SeenTable:
    """The table of a name, `profiles` or `profiles.profiles`; `ExportError` where readers see none."""
    seen = seen_tables(settings, warehouse)
    parts = name.strip().lower().removeprefix(settings.schema_prefix).split(".")
    found = [(room, table) for room, table in seen if parts in ([table], [room, table])]
    if len(found) > 1:
        raise ExportError(f"{name} may be any of {', '.join('.'.join(pair) for pair in found)}: name its schema.")
    if not found:
        raise ExportError(_unknown(name, parts, seen))
    room, table = found[0]
    schema = settings.stable_schema(room)
    return SeenTable(room, table, quoted(schema, table), _columns(warehouse, schema, table))


def seen_tables(settings: Settings, warehouse: Warehouse) -> list[tuple[str, str]]:
    """Room and name of every table that readers see."""
    rooms = {settings.stable_schema(room): room for room in PUBLISHED_ROOMS}
    listed = ", ".join(literal(schema) for schema in rooms)
    rows = warehouse.rows(
        "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
        f" and table_catalog = current_catalog and table_schema in ({listed}) order by 1, 2"
    )
    return [(rooms[str(schema)], str(table)) for schema, table in rows]


def _columns(warehouse: Warehouse, schema: str, table: str) -> dict[str, str]:
    if warehouse.dialect == "duckdb":
        return {name: kind.lower() for name, kind in warehouse.columns(schema, table).items()}
    rows = warehouse.rows(
        "select attname::text, format_type(atttypid, atttypmod) from pg_attribute"
        f" where attrelid = to_regclass({literal(quoted(schema, table))}) and attnum > 0 and not attisdropped"
        " order by attnum"
    )
    return {str(name): str(kind) for name, kind in rows}


def _unknown(name: str, parts: list[str], seen: list[tuple[str, str]]) -> str:
    room = parts[0].removeprefix("work_") if len(parts) > 1 else _room_of_model(parts[-1])
    if room in ("pii", "staging", "activation") or room.startswith("raw_"):
        return (
            f"{name} is not exported: {room} holds direct personal data, which leaves the warehouse by a sync and its"
            " purpose only. Who may read it, reads it there."
        )
    if not seen:
        return "Readers see no table yet, or this user may read none: run `onefolk run`, or ask for a role."
    if room and room not in PUBLISHED_ROOMS:
        return f"{name} is no table that readers see; there are {', '.join(PUBLISHED_ROOMS)}."
    names = {table: f"{shown}.{table}" for shown, table in seen}
    near = [names[table] for table in get_close_matches(parts[-1], names, n=4, cutoff=0.5)]
    inner = "a private table of its room" if _room_of_model(parts[-1]) and not near else "no table that readers see"
    told = f"Near are {', '.join(near)}." if near else f"There are {', '.join(sorted(names.values()))}."
    return f"{name} is {inner}. {told}"


def _room_of_model(table: str) -> str:
    """The room of a model of this name, published or not."""
    models = PROJECT_DIR / "models"
    found = [path for path in models.rglob("*.sql") if path.stem == table] if models.is_dir() else []
    return found[0].relative_to(models).parts[0] if found else ""
