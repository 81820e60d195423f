"""Linters: SQL by sqlfluff as dbt compiles it, Python by ruff and mypy; every exception has its reason beside it."""

import configparser
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import WORKER
from tests.project.house import PROJECT_DIR, Columns, files_under, sentence, text_of, tracked_files, yaml_of


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, "\n" + done.stdout + done.stderr


def exclusion_violations(path: str, config: str) -> Iterator[str]:
    """Rules of sqlfluff that are excluded without a comment that names them."""
    parser = configparser.ConfigParser(comment_prefixes=("#", ";"), interpolation=None)
    parser.read_string(config)
    comments = re.findall(r"^\s*#(.*)$", config, flags=re.MULTILINE)
    for section in parser.sections():
        for option in ("exclude_rules", "warnings", "ignore"):
            for rule in re.split(r"[\s,]+", parser[section].get(option, "").strip()):
                if rule and not any(re.search(rf"\b{re.escape(rule)}\b.*\w{{4,}}", comment) for comment in comments):
                    yield f"{path}: {rule} is excluded without its reason beside it"


def noqa_violations(path: str, text: str) -> Iterator[str]:
    """Lint exceptions inside a file that name no rule or give no reason."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"--\s*noqa", line) and not re.search(r"--\s*noqa:\s*[A-Z]{2}\d\d(,[A-Z]{2}\d\d)*\s+\S.*", line):
            yield f"{path}:{number}: a noqa names its rule and gives its reason: `-- noqa: XX00 because ...`"
        if re.search(r"#\s*noqa", line) and not re.search(r"#\s*noqa:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*\s+#?.*\w{3,}", line):
            yield f"{path}:{number}: a noqa names its rule and gives its reason: `# noqa: X000 because ...`"
        if re.search(r"#\s*type:\s*ignore", line) and not re.search(r"#\s*type:\s*ignore\[[\w, -]+\]", line):
            yield f"{path}:{number}: an ignored type names its error: `# type: ignore[...]`"


def ruff_violations(pyproject: str) -> Iterator[str]:
    """Rules that ruff ignores without a reason on their line."""
    for block in re.findall(r"^ignore = \[\n(.*?)^\]", pyproject, flags=re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if line.strip() and not re.search(r"#.*\w{4,}", line):
                yield f"pyproject.toml: `{line.strip()}` is ignored without its reason beside it"


@pytest.fixture
def short_loops(tmp_path: Path) -> Path:
    """Configuration that has a list in vars hold its first entry only: a loop is linted once around.

    Not so the families of traits and the properties of events: others name each of them.
    """
    shortened = {
        name: value[:1]
        for name, value in yaml_of("dbt_project.yml")["vars"].items()
        if isinstance(value, list) and name not in ("trait_families", "audience_event_properties")
    }
    path = tmp_path / "pyproject.toml"
    lines = [f"{name} = {_toml(value)}" for name, value in shortened.items()]
    path.write_text("\n".join(["[tool.sqlfluff.templater.dbt.context]", *lines]), encoding="utf-8")
    return path


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(inner) for inner in value) + "]"
    return json.dumps(value)


def test_sql_is_clean(built_columns: Columns, scratch_environment: dict[str, str], short_loops: Path) -> None:
    """sqlfluff finds nothing in the models and data tests, as dbt compiles them."""
    assert built_columns
    folders = [folder for folder in ("models", "tests/singular") if files_under(folder, ".sql")]
    folders = ["--config", str(short_loops), *folders]
    _run(
        [_tool("sqlfluff"), "lint", "--disable-progress-bar", "--nocolor", "--processes", "2", *folders],
        scratch_environment,
    )


def test_python_is_clean() -> None:
    """ruff finds nothing in any Python file."""
    _run([_tool("ruff"), "check", "."])


def test_python_is_formatted() -> None:
    """Every Python file is as ruff formats it."""
    _run([_tool("ruff"), "format", "--check", "."])


def test_python_is_typed() -> None:
    """mypy finds nothing in the orchestration."""
    _run([_tool("mypy")])


@pytest.mark.skipif(not WORKER, reason="only tests that run beside others are dealt out")
def test_tests_are_dealt_out_by_what_they_share(request: pytest.FixtureRequest) -> None:
    """Tests that share what is dear to make are dealt to one worker, which tells by the group in their ids."""
    assert request.node.nodeid.endswith(f"@{Path(__file__)}")


def test_every_exception_has_its_reason() -> None:
    """A rule that is not kept says why, beside it."""
    found = list(exclusion_violations(".sqlfluff", text_of(".sqlfluff")))
    found += ruff_violations(text_of("pyproject.toml"))
    for path in tracked_files():
        if path.suffix in (".sql", ".py") and path.name != Path(__file__).name:
            found += noqa_violations(str(path), text_of(path))
    assert not found, sentence(found)


def test_the_checks_can_fail() -> None:
    """Exceptions without a reason are found."""
    config = "[sqlfluff]\n# ST06: the house's order of columns is by kind\nexclude_rules = ST06, AL01\n"
    assert len(list(exclusion_violations("x", config))) == 1
    assert len(list(ruff_violations('ignore = [\n    "D102", # documented at the protocol\n    "D105",\n]\n'))) == 1
    assert list(noqa_violations("x", "select 1 as a  -- noqa"))
    assert list(noqa_violations("x", "select 1 as a  -- noqa: AL01"))
    assert not list(noqa_violations("x", "select 1 as a  -- noqa: AL01 the name is the database's"))
    assert list(noqa_violations("x", "import a  # noqa"))
    assert list(noqa_violations("x", "import a  # noqa: F401"))
    assert not list(noqa_violations("x", "import a  # noqa: F401  # registers itself"))
    assert list(noqa_violations("x", "a = b  # type: ignore"))
