"""`onefolk simulate --preset`: how much trouble the simulated company has."""

import json
import sys
from pathlib import Path

import pytest

from orchestration.simulation.rates import PRESETS


def simulate(monkeypatch: pytest.MonkeyPatch, out: Path, *arguments: str) -> object:
    """Run the command in this process; its exit code."""
    from orchestration.cli import main

    small = ["--people", "20", "--days", "3", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["onefolk", "simulate", *small, *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def test_an_unknown_preset_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A preset that doesn't exist is refused with the names of those that do, and nothing is written."""
    monkeypatch.setenv("COLUMNS", "200")
    assert simulate(monkeypatch, tmp_path / "out", "--preset", "nasty") == 2
    told = capsys.readouterr().err
    assert all(name in told for name in ("nasty", *PRESETS))
    assert not (tmp_path / "out").exists()


def test_the_preset_is_the_companys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The preset reaches the simulator, and a folder of one preset takes no days of another."""
    assert simulate(monkeypatch, tmp_path, "--preset", "adversarial") == 0
    assert json.loads((tmp_path / "simulation.json").read_text())["preset"] == "adversarial"
    assert simulate(monkeypatch, tmp_path) == 2
    assert "preset" in capsys.readouterr().err


def test_help_names_the_presets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every preset stands in the help."""
    assert simulate(monkeypatch, tmp_path, "--help") == 0
    told = capsys.readouterr().out
    assert all(name in told for name in PRESETS)
