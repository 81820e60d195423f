"""What lies in the landing folder: files by source, table and instance, and what is none of them."""

import os
import re
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.landing.contract import RawTable

FORMATS = {".csv": "csv", ".csv.gz": "csv", ".jsonl": "jsonl", ".jsonl.gz": "jsonl", ".parquet": "parquet"}

UNFINISHED = (".tmp", ".part")

# A file younger than this is looked at twice, this far apart: one that grows in between is still being written.
SETTLE_SECONDS = 5.0
SECOND_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class LandingFile:
    """One complete file; `problem` when its name alone says that it can't be landed."""

    path: Path
    relative: str
    table: RawTable
    instance: str
    format: str
    size_bytes: int
    modified_ns: int
    problem: str | None = None

    def is_unchanged(self) -> bool:
        """Whether the file still has the size and time that it was found with."""
        now = self.path.stat()
        return (now.st_size, now.st_mtime_ns) == (self.size_bytes, self.modified_ns)


@dataclass
class Found:
    """The files of the known tables, files that are still being written, and a sentence for everything else."""

    files: list[LandingFile] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def find_files(landing_dir: Path, tables: Iterable[RawTable], known: Iterable[RawTable]) -> Found:
    """Look through the landing folder; files of `known` tables that are not in `tables` are passed over in silence."""
    wanted = {(table.source, table.table): table for table in tables}
    all_known = {(table.source, table.table) for table in known} | set(wanted)
    found = Found()
    if not landing_dir.is_dir():
        return found
    for source_dir in _folders(landing_dir, found, "the landing folder"):
        source, at, instance = source_dir.name.partition("@")
        if source not in {name for name, _ in all_known}:
            found.warnings.append(_unknown(source_dir, source, "source", {name for name, _ in all_known}))
            continue
        for table_dir in _folders(source_dir, found, f"folder {source_dir.name}"):
            table = wanted.get((source, table_dir.name))
            if (source, table_dir.name) not in all_known:
                siblings = {name for owner, name in all_known if owner == source}
                found.warnings.append(_unknown(table_dir, f"{source_dir.name}/{table_dir.name}", "table", siblings))
            elif table:
                problem = _instance_problem(source, instance) if at else None
                for path, status in sorted(_files(table_dir)):
                    _classify(path, status, table, (instance or "main", problem), landing_dir, found)
    _second_look(found)
    return found


def _folders(folder: Path, found: Found, where: str) -> list[Path]:
    folders = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            folders.append(path)
        else:
            found.warnings.append(f"{path.name} lies in {where} itself: files land as <source>/<table>/<file>.")
    return folders


def _files(folder: Path) -> list[tuple[Path, os.stat_result]]:
    files = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(parent, name)
            try:
                status = path.stat()
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode) and not name.startswith("."):
                files.append((path, status))
    return files


def _classify(
    path: Path,
    status: os.stat_result,
    table: RawTable,
    instance: tuple[str, str | None],
    landing_dir: Path,
    found: Found,
) -> None:
    relative = path.relative_to(landing_dir).as_posix()
    name = path.name.lower()
    if name.endswith(UNFINISHED):
        found.waiting.append(relative)
        return
    if not relative.isprintable() or not _is_utf8(relative):
        shown = relative.encode("utf-8", "backslashreplace").decode()
        found.warnings.append(f"{shown!r} is not landed: its name has characters that are not printable UTF-8.")
        return
    suffix = next((suffix for suffix in FORMATS if name.endswith(suffix)), None)
    problem = instance[1]
    if suffix is None:
        problem = problem or f"has a name that ends in none of {', '.join(FORMATS)}"
    found.files.append(
        LandingFile(
            path=path,
            relative=relative,
            table=table,
            instance=instance[0],
            format=FORMATS.get(suffix or "", ""),
            size_bytes=status.st_size,
            modified_ns=status.st_mtime_ns,
            problem=problem,
        )
    )


def _is_utf8(text: str) -> bool:
    try:
        return bool(text.encode("utf-8"))
    except UnicodeEncodeError:
        return False


def _instance_problem(source: str, instance: str) -> str | None:
    if re.fullmatch(r"[a-z0-9_]+", instance):
        return None
    return (
        f"lies in {source}@{instance}, and an instance may have only the letters a-z, digits and underscores:"
        f" rename the folder, such as {source}@emea"
    )


def _unknown(folder: Path, shown: str, kind: str, names: set[str]) -> str:
    count = len(_files(folder))
    listed = ", ".join(sorted(names))
    return f"{shown} is no {kind} of the contract, so its {count} file(s) are not landed; known are {listed}."


def _second_look(found: Found) -> None:
    """Set apart the young files that change between two looks."""
    now = time.time()
    young = [file for file in found.files if abs(now - file.modified_ns / 1e9) < SETTLE_SECONDS]
    if not young:
        return
    time.sleep(SECOND_LOOK_SECONDS)
    growing = {file.relative for file in young if not _is_still(file)}
    found.files = [file for file in found.files if file.relative not in growing]
    found.waiting.extend(sorted(growing))


def _is_still(file: LandingFile) -> bool:
    try:
        return file.is_unchanged()
    except OSError:
        return False
