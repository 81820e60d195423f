"""The register of landed files: what was loaded, so that nothing is loaded twice, and what is new."""

from dataclasses import dataclass
from datetime import datetime

from orchestration.landing.contract import REGISTER_SCHEMA
from orchestration.landing.discovery import LandingFile
from orchestration.landing.inspection import checksum_of
from orchestration.warehouse import Warehouse, literal, quoted

FILES = quoted(REGISTER_SCHEMA, "files")
REJECTED_LINES = quoted(REGISTER_SCHEMA, "rejected_lines")

_COLUMNS = (
    "file_path, source_name, table_name, source_instance, size_bytes, modified_ns, checksum, row_count,"
    " rejected_count, status, error, encoding, first_seen_at, landed_at"
)


@dataclass(frozen=True)
class Entry:
    """What the register knows of a file."""

    size_bytes: int
    modified_ns: int
    checksum: str
    is_empty: bool
    first_seen_at: datetime


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    file: LandingFile
    status: str
    checksum: str
    row_count: int = 0
    rejected_count: int = 0
    error: str | None = None
    encoding: str | None = None


def registered(warehouse: Warehouse) -> dict[str, Entry]:
    """Every registered file by path; empty where there is no register yet."""
    if not warehouse.columns(REGISTER_SCHEMA, "files"):
        return {}
    rows = warehouse.rows(
        "select file_path, size_bytes, modified_ns, checksum, row_count + rejected_count = 0, first_seen_at"
        f" from {FILES}"
    )
    return {path: Entry(*rest) for path, *rest in rows}


def write(warehouse: Warehouse, outcome: Outcome, clock: datetime, entry: Entry | None) -> None:
    """Write a file's row, in the caller's transaction; a row of an earlier try that loaded nothing gives way."""
    file = outcome.file
    if entry:
        warehouse.execute(f"delete from {FILES} where file_path = {literal(file.relative)}")
    values: list[str | int | datetime | None] = [
        file.relative,
        file.table.source,
        file.table.table,
        file.instance,
        file.size_bytes,
        file.modified_ns,
        outcome.checksum,
        outcome.row_count,
        outcome.rejected_count,
        outcome.status,
        outcome.error,
        outcome.encoding,
        entry.first_seen_at if entry else clock,
        clock,
    ]
    warehouse.execute(f"insert into {FILES} ({_COLUMNS}) values ({', '.join(_sql(value) for value in values)})")


def _sql(value: str | int | datetime | None) -> str:
    if value is None:
        return "null"
    return str(value) if isinstance(value, int) else literal(str(value))


def split(
    warehouse: Warehouse, files: list[LandingFile], entries: dict[str, Entry], *, remember: bool
) -> tuple[list[LandingFile], list[LandingFile]]:
    """The files that are new, and those whose content changed after they were loaded.

    Only a file of the same size with another time is read again for its checksum; `remember` notes the new time of
    one that is the same after all. A file of which nothing was loaded is new when it changes.
    """
    new: list[LandingFile] = []
    changed: list[LandingFile] = []
    for file in files:
        entry = entries.get(file.relative)
        if entry is None:
            new.append(file)
            continue
        is_same_size = entry.size_bytes == file.size_bytes
        if is_same_size and entry.modified_ns == file.modified_ns:
            continue
        if is_same_size and checksum_of(file.path) == entry.checksum:
            if remember:
                where = f"file_path = {literal(file.relative)}"
                warehouse.execute(f"update {FILES} set modified_ns = {file.modified_ns} where {where}")
            continue
        (new if entry.is_empty else changed).append(file)
    return new, changed
