"""`onefolk sync` on the company: what a person at a terminal sees and does."""

import json
import shutil
from pathlib import Path

import pytest

from orchestration.settings import Settings
from tests.end_to_end.company import run
from tests.end_to_end.served import copy_of


@pytest.fixture(scope="module")
def settings(duckdb_company: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy of the company, with its ledger, its files and the mark of its green build."""
    copied = copy_of(duckdb_company, tmp_path_factory.mktemp("syncs"))
    for path in duckdb_company.home.iterdir():
        if path.name.startswith(("ledger", "build.", "serve")):
            shutil.copyfile(path, copied.home / path.name)
    shutil.copytree(duckdb_company.delivered_dir, copied.delivered_dir)
    return copied


def test_a_person_looks_at_syncs(settings: Settings) -> None:
    """The list tells how each stands, the plan what would be sent, the results what became of rows; all fit."""
    listed = run(settings, "sync", "list").stdout
    assert "files_repeat_buyers" in listed
    assert "done" in listed
    assert "the destination holds what it should" in run(settings, "sync", "plan", "files_repeat_buyers").stdout
    told = run(settings, "sync", "results", "files_repeat_buyers").stdout
    assert "planned row" in told
    assert "@" not in told
    assert "1 of 1 syncs fit" in run(settings, "sync", "validate").stdout
    assert "exposures" in json.loads(run(settings, "sync", "schema").stdout)["properties"]


def test_a_lost_file_is_written_again(settings: Settings) -> None:
    """A run finds out by itself that files are gone, and writes them."""
    folder = settings.delivered_dir / "files/repeat_buyers"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in folder.iterdir():
        path.unlink()
    assert "done" in run(settings, "sync", "run", "files_repeat_buyers").stdout
    assert {path.name for path in folder.iterdir()} == set(before)
    run(settings, "sync", "resync", "files_repeat_buyers")
    assert "to change" in run(settings, "sync", "plan", "files_repeat_buyers").stdout


def test_what_is_not_there_is_said(settings: Settings) -> None:
    """An unknown sync gets a sentence that names the known ones, and exit code 1."""
    done = run(settings, "sync", "plan", "nowhere", check=False)
    assert done.returncode == 1
    assert "There is no sync 'nowhere'; there are advertising_recent_buyers, files_repeat_buyers" in done.stderr
    assert not Path(settings.home / "plans").exists(), "nothing is left of a plan"
