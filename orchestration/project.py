"""The dbt project as Python sees it: its paths, its manifest, the check before a build, and the build itself."""

import csv
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from orchestration.access.roles import readers_environment
from orchestration.activation.syncs import SyncError, load_sync, rivals, sync_exposures
from orchestration.audiences.declarations import audience_problems, unknown_guards, unknown_values
from orchestration.settings import PROJECT_DIR, Settings

Manifest = dict[str, Any]

PUBLISHED_ROOMS = ("identity", "profiles", "consent", "audiences", "activation")
# Rows for a destination hold personal data: they leave through their sync alone.
_WISHES = re.compile(r"sync_.+__.+")
_DBT = "import sys; from dbt.cli.main import cli; sys.argv[0] = 'dbt'; cli()"
# What dbt parses; the other folders under tests/ are pytest's.
_PARSED = ("dbt_project.yml", "models", "macros", "seeds", "tests/generic", "tests/singular", "tests/fixtures")


class DbtError(RuntimeError):
    """dbt refused or failed; the message is dbt's own."""


class ManifestError(ValueError):
    """The project must not be built as it stands: one sentence per problem, each saying what is allowed."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class PublicColumn:
    """A column of a public table."""

    name: str
    data_type: str
    description: str


@dataclass(frozen=True)
class PublicTable:
    """A table that readers see, as the contract of its model says."""

    room: str
    name: str
    key: tuple[str, ...]
    columns: tuple[PublicColumn, ...]
    description: str = ""


def manifest_path(project_dir: Path = PROJECT_DIR) -> Path:
    """Where dbt writes the manifest of a project."""
    return project_dir / (os.environ.get("DBT_TARGET_PATH") or "target") / "manifest.json"


MANIFEST_PATH = manifest_path()


def dbt_environment(settings: Settings) -> dict[str, str]:
    """The environment dbt runs in: ours, the settings over it, and never the secret, which would end in dbt's files."""
    return {name: os.environ[name] for name in os.environ if name != "ONEFOLK_SECRET"} | settings.dbt_environment()


def dbt_command(*args: str, project_dir: Path = PROJECT_DIR) -> list[str]:
    """A dbt command line that runs in this Python's environment, whatever the folder and the PATH."""
    folders = ["--project-dir", str(project_dir), "--profiles-dir", str(project_dir)]
    return [sys.executable, "-c", _DBT, *args, *folders]


def is_parsed(project_dir: Path = PROJECT_DIR) -> bool:
    """Whether the manifest is there and no file or folder that dbt parses is newer."""
    manifest = manifest_path(project_dir)
    if not manifest.is_file():
        return False
    parsed_at = manifest.stat().st_mtime
    # A folder is newer than the manifest when a file was removed from it or renamed.
    return all(path.stat().st_mtime <= parsed_at for path in _parsed_paths(project_dir))


def parse(settings: Settings, project_dir: Path = PROJECT_DIR) -> None:
    """Run `dbt parse` where the manifest is missing or old; raise `DbtError` with what dbt said."""
    if is_parsed(project_dir):
        return
    started_at = time.time()
    command = dbt_command("parse", "--quiet", "--no-use-colors", project_dir=project_dir)
    done = subprocess.run(
        command, cwd=project_dir, env=dbt_environment(settings), capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = re.sub(r"(?m)^\d\d:\d\d:\d\d +", "", done.stdout + done.stderr).strip()
        raise DbtError(said or f"dbt parse ended with exit code {done.returncode}.")
    # As old as its reading: a file saved while dbt parsed is newer.
    os.utime(manifest_path(project_dir), (started_at, started_at))


def load_manifest(project_dir: Path = PROJECT_DIR) -> Manifest:
    """Read the manifest that dbt wrote last."""
    try:
        manifest: Manifest = json.loads((path := manifest_path(project_dir)).read_bytes())
    except FileNotFoundError:
        raise DbtError(f"There is no manifest at {path}: run `dbt parse` first.") from None
    return manifest


def prepare(settings: Settings, project_dir: Path = PROJECT_DIR) -> Manifest:
    """Parse where needed, check, and return the manifest: what stands before every build."""
    parse(settings, project_dir)
    manifest = load_manifest(project_dir)
    check_manifest(manifest, project_dir)
    if problems := list(unknown_guards(settings.allowed_guards, project_vars(project_dir).get("audiences") or [])):
        raise ManifestError(problems)
    return manifest


def build(settings: Settings, *args: str, project_dir: Path = PROJECT_DIR) -> None:
    """Run `dbt build` with further arguments, its lines on our output; raise `DbtError` when anything failed."""
    prepare(settings, project_dir)
    settings.home.mkdir(parents=True, exist_ok=True)
    command = dbt_command("build", *args, project_dir=project_dir)
    environment = dbt_environment(settings) | readers_environment(settings)
    done = subprocess.run(command, cwd=project_dir, env=environment, check=False)
    if done.returncode:
        raise DbtError(f"dbt build ended with exit code {done.returncode}; what failed stands in its lines above.")


def public_tables(manifest: Manifest) -> list[PublicTable]:
    """The models with public access in the rooms that are published, by room and name."""
    found = []
    for node in _models(manifest):
        room = node["fqn"][1] if len(node["fqn"]) > 2 else ""
        if room in PUBLISHED_ROOMS and node.get("access") == "public" and not _WISHES.fullmatch(node["name"]):
            columns = tuple(
                PublicColumn(column["name"], column.get("data_type") or "", column.get("description") or "")
                for column in node["columns"].values()
            )
            key = tuple(_meta(node).get("key", ()))
            found.append(PublicTable(room, node["name"], key, columns, node.get("description") or ""))
    return sorted(found, key=lambda table: (PUBLISHED_ROOMS.index(table.room), table.name))


def check_manifest(manifest: Manifest, project_dir: Path = PROJECT_DIR) -> None:
    """Fail closed: raise `ManifestError` for an audience or sync that nobody may build or deliver as declared."""
    known = {name: _seeded(project_dir, name) for name in ("purpose", "channel")}
    given = project_vars(project_dir)
    problems = list(
        audience_problems(
            _models(manifest),
            listed=given.get("audiences") or [],
            known=known,
            raw_tables=given.get("raw_tables") or [],
        )
    )
    problems += _sync_problems(manifest, known)
    problems += [
        f"Public table {table.room}.{table.name} has no key: name its key columns in config.meta.key."
        for table in public_tables(manifest)
        if not table.key
    ]
    if problems:
        raise ManifestError(problems)


def _sync_problems(manifest: Manifest, known: dict[str, list[str]]) -> Iterator[str]:
    syncs = []
    for exposure in sync_exposures(manifest):
        try:
            sync = load_sync(manifest, exposure)
        except SyncError as error:
            yield str(error)
        else:
            syncs.append(sync)
            yield from unknown_values(f"Sync {sync.name}", known, sync)
    yield from rivals(syncs)


def _seeded(project_dir: Path, column: str) -> list[str]:
    """The purposes or channels of consent: the values of the seed's first column, which is named for them."""
    return [row[column] for row in seed_rows("consent", f"{column}s", project_dir) if row.get(column)]


def seed_rows(folder: str, name: str, project_dir: Path = PROJECT_DIR) -> list[dict[str, str]]:
    """The rows of a seed as its file says; none where there is no such file."""
    path = project_dir / "seeds" / folder / f"{name}.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def project_vars(project_dir: Path = PROJECT_DIR) -> dict[str, Any]:
    """The vars of dbt_project.yml."""
    declared = yaml.safe_load((project_dir / "dbt_project.yml").read_text(encoding="utf-8"))
    return dict(declared.get("vars") or {})


def project_zone() -> ZoneInfo:
    """The time zone that the project's days begin and end in."""
    return ZoneInfo(str(project_vars().get("project_time_zone") or "UTC"))


def _parsed_paths(project_dir: Path) -> Iterator[Path]:
    for name in _PARSED:
        path = project_dir / name
        if path.exists():
            yield path
            yield from path.rglob("*")


def _models(manifest: Manifest) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def _meta(node: dict[str, Any]) -> dict[str, Any]:
    return (node.get("config") or {}).get("meta") or node.get("meta") or {}
