"""A dbt that starts once and runs one command after another, each by its own environment."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from orchestration.settings import PROJECT_DIR

_WORKER = Path(__file__).parent / "identity" / "dbt_worker.py"


class DbtProcess:
    """One process of dbt, and a folder for projects of its own; `close` ends it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._worker: subprocess.Popen[str] | None = None

    def run(self, arguments: Sequence[str], *, parse: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
        """Run one command; the nodes that failed, with their messages. What is parsed alike is parsed once."""
        process = self._started()
        request = {"arguments": list(arguments), "parse": list(parse), "environment": dict(environment)}
        _of(process.stdin).write(json.dumps(request) + "\n")
        _of(process.stdin).flush()
        line = _of(process.stdout).readline()
        assert line, "dbt ended without an answer"
        return dict(json.loads(line))

    def close(self) -> None:
        """End the process."""
        if self._worker is not None:
            _of(self._worker.stdin).close()
            self._worker.wait(timeout=30)
            _of(self._worker.stdout).close()

    def _started(self) -> "subprocess.Popen[str]":
        if self._worker is None:
            self._worker = subprocess.Popen(
                [sys.executable, str(_WORKER)],
                cwd=PROJECT_DIR,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        return self._worker


def _of(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
