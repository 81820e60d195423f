"""Delivery to files that is killed, disturbed, altered, rivalled or watched."""

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from orchestration.activation import DeliveryError
from orchestration.activation.deliver import deliver
from orchestration.progress import Report, listening
from tests.orchestration.test_delivery import at, build, contents, the_sync


def test_a_prefix_does_not_deliver_over_the_live_set(make_settings: Any, tmp_path: Path) -> None:
    """What is built under a schema prefix goes to a folder of its own."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    deliver(at(settings), the_sync())
    before = contents(settings)
    preview = settings.model_copy(update={"schema_prefix": "dev_"})
    build(preview, 9)
    assert deliver(at(preview), the_sync()).files[0].parent == settings.delivered_dir / "dev_files/buyers"
    assert {name: content for name, content in contents(settings).items() if name in before} == before


def test_files_are_for_the_owner_only(make_settings: Any, tmp_path: Path) -> None:
    """No delivered file or folder can be read by anybody but its owner."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    deliver(at(settings), the_sync())
    root = settings.delivered_dir
    for path in (root, root / "files", root / "files/buyers", *(root / "files/buyers").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_what_was_altered_or_declared_anew_is_delivered_again(make_settings: Any, tmp_path: Path) -> None:
    """A file that was edited or lost, and a sync that says something else, are put right though no row changed."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    delivery = deliver(at(settings), the_sync())
    whole = contents(settings)
    for path in delivery.files:
        path.write_bytes(path.read_bytes()[:-1])
        assert deliver(at(settings), the_sync()).delivered
        assert contents(settings) == whole
        path.unlink()
        assert deliver(at(settings), the_sync()).delivered
        assert contents(settings) == whole
    (settings.delivered_dir / "files/buyers/manifest.json").write_text("{")
    assert deliver(at(settings), the_sync()).delivered
    assert contents(settings) == whole
    assert [path.suffix for path in deliver(at(settings), the_sync(formats=["parquet"])).files] == [".parquet"]
    assert len(deliver(at(settings), the_sync()).files) == 2
    assert deliver(at(settings), replace(the_sync(), purpose="service")).delivered


def test_progress_is_reported_and_memory_is_bounded_by_row_groups(make_settings: Any, tmp_path: Path) -> None:
    """Rows stream in batches, are heard of on the way, and end in row groups of one size."""
    settings = make_settings("duckdb", tmp_path)
    build(settings, 120_000)
    heard: list[Report] = []
    with listening(heard.append):
        delivery = deliver(at(settings), the_sync())
    assert [report.done for report in heard][-1] == heard[-1].total == 120_000
    assert len(heard) > 2
    parquet = next(path for path in delivery.files if path.suffix == ".parquet")
    groups = pq.ParquetFile(parquet).metadata
    assert [groups.row_group(n).num_rows for n in range(groups.num_row_groups)] == [50_000, 50_000, 20_000]


# Kills the process for good at the n-th call that makes something durable; fork spares the imports of every next kill.
_KILL_AT_EVERY_STEP = """
import os, shutil, signal, sys
from pathlib import Path
from orchestration.activation.deliver import deliver
from orchestration.settings import load_settings
from tests.orchestration.test_delivery import CLOCK, the_sync

home, pristine = Path(sys.argv[1]), Path(sys.argv[2])

def child(kill_at):
    calls = 0
    def counted(real):
        def call(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)
        return call
    os.replace, os.fsync, os.unlink = map(counted, (os.replace, os.fsync, os.unlink))
    deliver(load_settings(home=home, as_of=CLOCK, target="duckdb", schema_prefix=""), the_sync())

for kill_at in range(1, 100):
    shutil.rmtree(home / "delivered", ignore_errors=True)
    shutil.copytree(pristine, home / "delivered")
    pid = os.fork()
    if pid == 0:
        child(kill_at)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    print("done" if status == 0 else os.WTERMSIG(status), flush=True)
    sys.stdin.readline()
    if status == 0:
        break
"""


def test_a_killed_delivery_is_made_good_by_the_next(make_settings: Any, tmp_path: Path) -> None:
    """Killed at any step, readers find a whole set; delivered again with the same clock, no byte differs."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    deliver(at(settings, -1), the_sync())
    pristine = tmp_path / "pristine"
    settings.delivered_dir.rename(pristine)
    before = {str(path.relative_to(pristine)): path.read_bytes() for path in pristine.rglob("*") if path.is_file()}
    build(settings, 5, "update {t} set note = 'new'")
    deliver(at(settings), the_sync())
    undisturbed = contents(settings)
    command = [sys.executable, "-c", _KILL_AT_EVERY_STEP, str(settings.home), str(pristine)]
    kills = 0
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as killer:
        assert killer.stdin
        assert killer.stdout
        while (told := killer.stdout.readline().strip()) == "9":
            kills += 1
            folder = settings.delivered_dir / "files/buyers"
            manifest_of_killed = (folder / "manifest.json").read_bytes()
            whole = before if manifest_of_killed == before["files/buyers/manifest.json"] else undisturbed
            for file in json.loads(manifest_of_killed)["files"]:
                assert (folder / file["name"]).read_bytes() == whole[f"files/buyers/{file['name']}"]
            deliver(at(settings), the_sync())
            assert contents(settings) == undisturbed
            assert not (folder / ".building").exists()
            killer.stdin.write("next\n")
            killer.stdin.flush()
        assert told == "done"
        assert contents(settings) == undisturbed
        killer.stdin.close()
    assert kills > 8


def test_two_deliveries_of_one_sync_do_not_mix(make_settings: Any, tmp_path: Path) -> None:
    """While one process delivers a sync, another is refused with a sentence."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    code = (
        "import sys\nfrom orchestration.activation.destinations.files import FileSet\n"
        "from tests.orchestration.test_delivery import the_sync\nfrom pathlib import Path\n"
        "with FileSet(the_sync(), Path(sys.argv[1])).writing(): print('mine', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(settings.delivered_dir / "files")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "mine\n"
        with pytest.raises(DeliveryError, match="Another process is delivering repeat_buyers"):
            deliver(at(settings), the_sync())
        other.kill()
    assert deliver(at(settings), the_sync()).delivered


def test_umask_does_not_open_files(make_settings: Any, tmp_path: Path) -> None:
    """Under the most open umask the files stay the owner's."""
    settings = make_settings("duckdb", tmp_path)
    build(settings)
    earlier = os.umask(0)
    try:
        delivery = deliver(at(settings), the_sync())
    finally:
        os.umask(earlier)
    assert {stat.S_IMODE(path.stat().st_mode) for path in delivery.files} == {0o600}
