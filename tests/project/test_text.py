"""What no tracked file says, and what the README must keep saying truly."""

import re
from collections.abc import Iterator
from pathlib import Path

import typer

from tests.project.house import (
    PROJECT_DIR,
    Manifest,
    matches,
    public_models,
    room_of,
    sentence,
    text_of,
    tracked_files,
    yaml_of,
)

# Hosts that packages are fetched from: which one, is the machine's business.
INDEX_HOSTS = (
    r"pypi\.org|pythonhosted\.org|anaconda\.org|conda\.io|npmjs\.(?:org|com)|yarnpkg\.com|crates\.io|rubygems\.org"
    r"|hub\.getdbt\.com|docker\.io|ghcr\.io|quay\.io|gcr\.io|maven\.org|proxy\.golang\.org|jsdelivr\.net|unpkg\.com"
    r"|deb\.debian\.org|archive\.ubuntu\.com|artifactor[y]|huggingface\.co|devp[i]\b"
    r"|--(?:extra-)?index-ur[l]|--default-inde[x]|\bindex-url\s*=|\[\[tool\.uv\.index\]\]"
)
# Folders of one machine.
MACHINE_PATHS = r"(?<![\w.~}])/(?:work|root|home|tmp|opt|mnt|Users|var/(?:tmp|lib|folders)|usr/(?:local|lib))/"
MACHINE_PATHS += r"|\b[A-Z]:\\\\?(?:Users|Windows)"
LOCK_FILES = re.compile(
    r"(?:.*\.lock|.*-lock\.(?:json|ya?ml)|Pipfile\.lock|npm-shrinkwrap\.json|requirements[\w-]*\.txt|\.python-version)"
)
UNFINISHED = r"\b(?:T[O]DO|F[I]XME|X[X]X|H[A]CK|to be measure[d])\b"
# A licence is quoted, not written.
QUOTED = frozenset({Path("LICENSE")})
# Bytes that one file may weigh in a clone.
LARGEST_FILE = 1_000_000

FIRST_COMMANDS = ("pip install uv && uv run onefolk demo", "uv run pytest")


def text_violations(path: str, text: str) -> Iterator[str]:
    """Addresses of package indexes, machine paths and unfinished work in a file."""
    for line, found in matches(INDEX_HOSTS, text):
        yield f"{path}:{line}: `{found}` is an address of a package index"
    for line, found in matches(MACHINE_PATHS, text):
        yield f"{path}:{line}: `{found}` is a path of one machine"
    for number, line_text in enumerate(text.splitlines(), 1):
        if unfinished := re.search(UNFINISHED, line_text):
            yield f"{path}:{number}: `{unfinished.group()}` is unfinished work"


def comment_violations(path: str, text: str) -> Iterator[str]:
    """Comments that speak of issues, people or days instead of the domain."""
    for line, found in matches(r"(?:--|#|//)[^\n]*(?:\bissue\s+#?\d+|\bPR\s+#?\d+|@[a-z]\w+\s+says)", text):
        yield f"{path}:{line}: `{found}`: comments speak of the domain"


def code_lines(markdown: str) -> list[str]:
    """Command lines inside a Markdown text's code blocks, in order, prompts and comments cut."""
    blocks = re.findall(r"^```(?:\w*)\n(.*?)^```", markdown, flags=re.DOTALL | re.MULTILINE)
    lines = [line.split("  #")[0].strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def named_commands(markdown: str) -> set[str]:
    """Every `<cmd>` in a text's `onefolk <cmd>`, in code blocks or in backticks."""
    inline = re.findall(r"`([^`\n]+)`", markdown)
    return {
        name for line in [*code_lines(markdown), *inline] for name in re.findall(r"(?:^|\s)onefolk ([a-z][\w-]*)", line)
    }


def _command_line() -> dict[str, object]:
    from orchestration.cli import app

    return dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # a group has commands


def _texts() -> Iterator[tuple[Path, str]]:
    for path in tracked_files():
        if path in QUOTED:
            continue
        try:
            yield path, text_of(path)
        except UnicodeDecodeError:
            continue


def test_no_address_and_no_machine_path() -> None:
    """No tracked file names a package index or a folder of one machine, or leaves work unfinished."""
    assert not (found := [line for path, text in _texts() for line in text_violations(str(path), text)]), sentence(
        found
    )


def test_comments_speak_of_the_domain() -> None:
    """Comments name no issue and no person."""
    code = [(path, text) for path, text in _texts() if path.suffix in (".sql", ".py", ".yml", ".toml")]
    assert not (found := [line for path, text in code for line in comment_violations(str(path), text)]), sentence(found)


def test_no_lock_file_is_tracked() -> None:
    """The pins in pyproject.toml are the lock: a lock file holds download addresses."""
    assert not (found := [str(path) for path in tracked_files() if LOCK_FILES.fullmatch(path.name)]), sentence(found)


def test_no_package_of_dbt_is_fetched() -> None:
    """dbt needs no hub: no packages.yml, no dependencies.yml."""
    names = ("packages.yml", "dependencies.yml", "package-lock.yml")
    assert not [name for name in names if (PROJECT_DIR / name).exists()]


def test_no_file_is_heavy() -> None:
    """A clone stays small: no tracked file over a megabyte."""
    found = [str(path) for path in tracked_files() if (PROJECT_DIR / path).stat().st_size > LARGEST_FILE]
    assert not found, sentence(found)


def test_the_readme_opens_with_the_two_commands() -> None:
    """The first command shows everything, the second tests everything."""
    assert tuple(code_lines(text_of("README.md"))[:2]) == FIRST_COMMANDS


def test_the_readmes_commands_exist() -> None:
    """Every `onefolk <cmd>` of the README and the overview is a command, and the README names each command."""
    commands, readme = set(_command_line()), text_of("README.md")
    named = named_commands(readme)
    assert not named - commands, f"not a command: {sorted(named - commands)}"
    assert not commands - named, f"not in the README: {sorted(commands - named)}"
    assert not named_commands(text_of("models/overview.md")) - commands


def test_the_readme_explains_the_environment() -> None:
    """The README's table names every variable of the environment, and no other."""
    from orchestration.settings import Settings

    variables = {f"ONEFOLK_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"\bONEFOLK_[A-Z_]*[A-Z]", text_of("README.md")))
    assert named == variables, f"unknown: {sorted(named - variables)}; missing: {sorted(variables - named)}"


def test_the_readme_lists_the_public_tables(manifest: Manifest) -> None:
    """The README's table of public tables names every table that is published, all audiences as one, and no other."""
    rooms = ("identity", "profiles", "consent", "audiences")
    names = {(room_of(model), re.sub(r"^aud_.*", "aud_name", model["name"])) for model in public_models(manifest)}
    there = {f"{room}.{name}" for room, name in names if room in rooms}
    listed = set(re.findall(rf"^\| `((?:{'|'.join(rooms)})\.\w+)` \|", text_of("README.md"), flags=re.MULTILINE))
    assert listed == there, f"unknown: {sorted(listed - there)}; missing: {sorted(there - listed)}"


def test_the_readmes_paths_exist() -> None:
    """Every file or folder of the project that the README or the overview names is there."""
    found = []
    for page in ("README.md", "models/overview.md"):
        for name in re.findall(r"`((?:models|macros|seeds|tests|orchestration|\.ci)/[\w./-]*)`", text_of(page)):
            if not (PROJECT_DIR / name).exists():
                found.append(f"{page}: {name}")
    assert not found, sentence(found)


def test_the_second_command_is_what_ci_runs() -> None:
    """.ci/run calls exactly `uv run pytest`, whose failure is its own, and then at most the long tests."""
    lines = [line.strip() for line in text_of(".ci/run").splitlines() if line.strip() and not line.startswith("#")]
    assert "set -euo pipefail" in lines
    assert [line for line in lines if FIRST_COMMANDS[1] in line] == [FIRST_COMMANDS[1], f"{FIRST_COMMANDS[1]} -m long"]


def test_the_project_phones_nobody() -> None:
    """dbt's usage statistics and Dagster's telemetry and newsletter dialog are off."""
    assert yaml_of("dbt_project.yml")["flags"]["send_anonymous_usage_stats"] is False
    instance = yaml_of("orchestration/dagster.yaml")
    assert instance["telemetry"]["enabled"] is False
    assert instance["nux"]["enabled"] is False


def test_the_checks_can_fail() -> None:
    """An index, a machine path, a lock file, an unfinished line and an unknown command are found."""
    dot, slash = ".", "/"
    assert list(text_violations("x", f"https://pypi{dot}org/simple"))
    assert list(text_violations("x", f"cd {slash}home/somebody/x"))
    assert list(text_violations("x", f"cd {slash}tmp/x"))
    assert list(text_violations("x", "# TO" + "DO: later"))
    assert not list(text_violations("x", "open ~/landing, https://shop.example/home/1, <home>/landing and ./tmp/x"))
    assert list(comment_violations("x", "-- see iss" + "ue 12"))
    assert all(LOCK_FILES.fullmatch(name) for name in ("uv.lock", "package-lock.json", "requirements-dev.txt"))
    assert not LOCK_FILES.fullmatch("lock.py")
    readme = "Run `onefolk dance`.\n```sh\n$ uv run onefolk demo  # the demo\n# a comment\n```\n"
    assert code_lines(readme) == ["uv run onefolk demo"]
    assert named_commands(readme) == {"dance", "demo"}
