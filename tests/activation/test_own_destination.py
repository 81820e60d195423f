"""The page about a destination of one's own tells the truth: what stands there is run as it stands."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from orchestration.activation.conformance import Bench, laws_of
from orchestration.activation.connections import Connection
from orchestration.settings import PROJECT_DIR

PAGE = PROJECT_DIR / "models" / "activation" / "own_destination.md"


def blocks(language: str) -> list[str]:
    """What stands on the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_the_module_of_the_page_keeps_every_law(tmp_path: Path) -> None:
    """The module is short, and its own test, run by another Python, passes for every law."""
    module, test = blocks("python")
    own = module[module.index("class Config") :]
    assert len([line for line in own.splitlines() if line.strip()]) <= 60
    (tmp_path / "loyalty.py").write_text(module)
    (tmp_path / "test_loyalty.py").write_text(test)
    shutil.copyfile(Path(__file__).with_name("loyalty_server.py"), tmp_path / "loyalty_server.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", "."]
    environment = {"PYTHONPATH": f"{PROJECT_DIR}:{tmp_path}", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert f"{len(laws_of(Bench))} passed" in ran.stdout, ran.stdout + ran.stderr


def test_the_connection_of_the_page_is_one() -> None:
    """Beside what the module itself asks for, it says what every connection may say."""
    [told] = blocks("yaml")
    declared = yaml.safe_load(told)["connections"]["loyalty"]
    own = {"url", "token_env"}
    assert Connection.model_validate({name: declared[name] for name in declared if name not in own}).rate
