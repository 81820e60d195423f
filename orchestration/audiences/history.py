"""A project as git knows it at a moment: which files differ from then, and a copy of how it was."""

import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from orchestration.audiences.compiling import TrialError


@dataclass(frozen=True)
class Then:
    """An earlier state of a project: what people call it, its commit, and the files that differ now."""

    name: str
    commit: str
    project_dir: Path
    changed: frozenset[str]


def look_back(project_dir: Path, ref: str) -> Then:
    """Where the work since a branch, tag or commit began: the last commit that it shares with what is checked out.

    Raises `TrialError` where the project is in no git repository, or the reference is unknown.
    """
    try:
        _git(project_dir, "rev-parse", "--show-toplevel")
    except TrialError as error:
        raise TrialError(f"{project_dir} is in no git repository that can be read: {error}") from None
    commit = _git(project_dir, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", check=False)
    if not commit:
        raise TrialError(
            f"git knows no {ref!r} here: name a branch, a tag or a commit, such as main. In CI, fetch it first, with"
            " its history."
        )
    # Of what others did on the branch meanwhile nothing is told; without a shared history the commit itself counts.
    began = _git(project_dir, "merge-base", commit, "HEAD", check=False) or commit
    changed = _git(project_dir, "diff", "--name-only", "--no-renames", "-z", "--relative", began, "--", ".")
    new = _git(project_dir, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    names = frozenset(name for name in (changed + "\0" + new).split("\0") if name)
    return Then(f"{ref} ({began[:8]})", began, project_dir, names)


def copy_then(then: Then, folder: Path) -> Path:
    """Lay the project as it was into a folder; nothing of the repository is touched. The folder."""
    inner = _git(then.project_dir, "rev-parse", "--show-prefix").rstrip("/")
    tree = f"{then.commit}:{inner}" if inner else then.commit
    command = ["git", "-C", str(then.project_dir), "archive", "--format=tar", tree]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise TrialError(
            f"git can't give the project as of {then.name}: {done.stderr.decode(errors='replace').strip()}"
        )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _git(folder: Path, *arguments: str, check: bool = True) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, encoding="utf-8", check=False
        )
    except FileNotFoundError:
        raise TrialError("git is not installed.") from None
    if done.returncode and check:
        raise TrialError(done.stderr.strip() or f"git {arguments[0]} ended with exit code {done.returncode}.")
    return "" if done.returncode else done.stdout.strip("\n")
