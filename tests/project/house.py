"""How the house's checks read the house: nodes of the manifest, files, and SQL without its comments and Jinja."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

PROJECT_DIR = Path(__file__).resolve().parents[2]
PACKAGE = "onefolk"

Manifest = dict[str, Any]
Node = dict[str, Any]
# By model: the columns of its table as built, in order, and their types.
Columns = dict[str, dict[str, str]]

# Ways that a room's SQL may be written for one database; `<way>__<macro>` stands in the file of `<macro>`.
DIALECTS = ("default", "duckdb", "postgres", "spark", "snowflake", "bigquery")


def tracked_files() -> list[Path]:
    """Files that git tracks or would track, as paths inside the project; deleted ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT_DIR,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted(Path(name) for name in set(listed.split("\0")) if name and (PROJECT_DIR / name).is_file())


def files_under(folder: str, *suffixes: str) -> list[Path]:
    """Tracked files below one folder of the project, of the given suffixes."""
    return [path for path in tracked_files() if path.is_relative_to(folder) and path.suffix in suffixes]


def text_of(path: Path | str) -> str:
    """A project file's text."""
    return (PROJECT_DIR / path).read_text(encoding="utf-8")


def yaml_of(path: Path | str) -> Any:
    """A project file's YAML."""
    return yaml.safe_load(text_of(path))


def nodes_of(manifest: Manifest, *resource_types: str) -> list[Node]:
    """Our own nodes of the given types (model, seed, test, unit_test, operation, ...), by name."""
    found = [node for node in manifest["nodes"].values() if node["resource_type"] in resource_types]
    return sorted((node for node in found if node["package_name"] == PACKAGE), key=lambda node: str(node["name"]))


def models_of(manifest: Manifest) -> list[Node]:
    """Our own models, by name."""
    return nodes_of(manifest, "model")


def sources_of(manifest: Manifest) -> list[Node]:
    """Our raw tables, by name."""
    return sorted(manifest["sources"].values(), key=lambda node: (str(node["source_name"]), str(node["name"])))


def macros_of(manifest: Manifest) -> list[Node]:
    """Our own macros, by name."""
    found = [macro for macro in manifest["macros"].values() if macro["package_name"] == PACKAGE]
    return sorted(found, key=lambda macro: str(macro["name"]))


def public_models(manifest: Manifest) -> list[Node]:
    """The tables that are an interface."""
    return [model for model in models_of(manifest) if model["config"].get("access") == "public"]


def room_of(node: Node) -> str:
    """The folder below models/ (or seeds/, tests/singular/) that a node stands in."""
    parts = Path(node["original_file_path"]).parts
    if parts[:2] == ("tests", "singular"):
        return parts[2]
    return parts[1] if len(parts) > 2 else ""


def meta_of(node: Node) -> dict[str, Any]:
    """What `config.meta` of a node or column says; older places of `meta` count too."""
    return {**(node.get("meta") or {}), **((node.get("config") or {}).get("meta") or {})}


def key_of(node: Node) -> list[str]:
    """The columns that `meta.key` declares."""
    key = meta_of(node).get("key") or []
    return [key] if isinstance(key, str) else list(key)


def where(node: Node) -> str:
    """A node's file, for messages."""
    return str(node["original_file_path"])


def column_label(column: Node) -> str:
    """The kind of direct personal data that a column declares, or an empty string."""
    return str(meta_of(column).get("personal_data") or "")


def without_comments(sql: str) -> str:
    """SQL with `{# #}`, `/* */` and `--` comments blanked; every line keeps its number."""

    def blank(found: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", found.group()) if not found.group().startswith("'") else found.group()

    sql = re.sub(r"\{#.*?#\}", blank, sql, flags=re.DOTALL)
    return re.sub(r"'(?:[^'\n]|'')*'|/\*.*?\*/|--[^\n]*", blank, sql, flags=re.DOTALL)


def bare_sql(sql: str) -> str:
    """SQL alone: comments, Jinja and the insides of quotes blanked, in lower case; every line keeps its number."""

    def blank(found: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", found.group())

    sql = without_comments(sql)
    sql = re.sub(r"\{%.*?%\}", blank, sql, flags=re.DOTALL)
    sql = re.sub(r"\{\{.*?\}\}", lambda found: "jinja" + "\n" * found.group().count("\n"), sql, flags=re.DOTALL)
    sql = re.sub(r"'(?:[^'\n]|'')*'", lambda found: "'" + blank(found)[2:] + "'", sql)
    return sql.lower()


def matches(pattern: str, text: str) -> Iterable[tuple[int, str]]:
    """Line numbers and texts of a pattern's matches."""
    for found in re.finditer(pattern, text, flags=re.IGNORECASE | re.MULTILINE):
        yield text.count("\n", 0, found.start()) + 1, found.group().strip()


def macro_base(name: str) -> str:
    """The macro that a file is named after: `duckdb__try_to` is a way of `try_to`, `test_is_key` the test `is_key`."""
    name = re.sub(rf"^(({'|'.join(DIALECTS)})__|test_)", "", name)
    return re.sub(r"^(materialization_.+)_[a-z]+$", r"\1", name)


def is_documented_macro(macro: Node) -> bool:
    """Whether readers call this macro by its name: not one database's way of it, a test or a materialization."""
    return not re.match(rf"^(({'|'.join(DIALECTS)})__|test_|materialization_)", str(macro["name"]))


def sentence(violations: Iterable[str]) -> str:
    """A failing check's message."""
    return "\n" + "\n".join(f"  {violation}" for violation in violations)
