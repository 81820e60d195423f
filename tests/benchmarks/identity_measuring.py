"""What a process cost: wall and CPU seconds and peak memory, measured by a launcher that is small itself.

The kernel counts the memory of a process from the fork on, and so never below what its parent had. Run as a script,
this module starts the command from a process that holds nothing but the standard library. It imports nothing else.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

# A run this long is measured once: the seconds that chance adds to it no longer count.
LONG_SECONDS = 90.0
# Bytes of a process's output that are kept when it fails.
LAST_WORDS = 3_000


@dataclass(frozen=True)
class Cost:
    """What a run cost; `work` are the seconds without the start of the process, where the run tells them."""

    wall: float
    cpu: float
    peak_bytes: int
    work: float | None = None
    failure: str = ""

    @property
    def seconds(self) -> float:
        """Seconds of the work itself."""
        return self.wall if self.work is None else self.work


def measured(command: Sequence[str], environment: Mapping[str, str], folder: Path, timeout: float) -> tuple[Cost, str]:
    """Run a command in `folder`; what it cost, and what it printed. It is killed after `timeout` seconds."""
    with tempfile.TemporaryDirectory(prefix="onefolk_cost_") as scratch:
        printed, cost = Path(scratch) / "printed", Path(scratch) / "cost.json"
        launch_it = [sys.executable, "-I", "-S", __file__, str(printed), str(cost), str(timeout), *command]
        with subprocess.Popen(launch_it, env=dict(environment), cwd=folder) as launcher:
            try:
                launcher.wait()
            except BaseException:
                # Whoever stops the benchmark stops what it measures.
                launcher.terminate()
                raise
        found = json.loads(cost.read_text())
        said = printed.read_text(errors="replace")
    failure = ""
    if found["is_killed"]:
        failure = f"over {timeout:.0f} s"
    elif found["status"]:
        failure = f"failed with {found['status']}\n{said.strip()[-LAST_WORDS:]}"
    return Cost(found["wall"], found["cpu"], found["peak_bytes"], failure=failure), said


def work_of(cost: Cost, said: str) -> Cost:
    """The cost with the seconds of work that the process told in its last line."""
    return replace(cost, work=float(json.loads(said.strip().splitlines()[-1])["work"]))


def best_of(
    repeat: int, rounds: Callable[[Collection[str]], Iterable[tuple[str, Cost, str]]]
) -> dict[str, tuple[Cost, str]]:
    """What each cost at its best, and the verdict on what it found: the first that is not `same`, if there is one.

    `rounds` runs everyone once, one after another, but for those that it is given: they failed or ran long. So a slow
    minute of the machine hits everyone. The peak is the highest of all runs.
    """
    found: dict[str, list[tuple[Cost, str]]] = {}
    done: set[str] = set()
    for _ in range(repeat):
        for name, cost, verdict in rounds(frozenset(done)):
            found.setdefault(name, []).append((cost, verdict))
            if cost.failure or cost.wall > LONG_SECONDS:
                done.add(name)
    return {name: _best(runs) for name, runs in found.items()}


def _best(runs: Sequence[tuple[Cost, str]]) -> tuple[Cost, str]:
    failed = [cost for cost, _ in runs if cost.failure]
    if failed:
        return failed[0], ""
    best = min((cost for cost, _ in runs), key=lambda cost: cost.seconds)
    verdicts = sorted({verdict for _, verdict in runs}, key=lambda verdict: verdict == "same")
    return replace(best, peak_bytes=max(cost.peak_bytes for cost, _ in runs)), verdicts[0]


def launch(printed: str, cost: str, timeout: str, *command: str) -> None:
    """Run the command and write what it cost as JSON."""
    is_killed = threading.Event()
    with open(printed, "wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)

        def kill(*_: object) -> None:
            is_killed.set()
            process.kill()

        signal.signal(signal.SIGTERM, kill)
        timer = threading.Timer(float(timeout), kill)
        timer.daemon = True
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    found = {
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        # Kilobytes on Linux, bytes on macOS.
        "peak_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "status": process.returncode,
        "is_killed": is_killed.is_set(),
    }
    Path(cost).write_text(json.dumps(found))


if __name__ == "__main__":
    launch(*sys.argv[1:])
