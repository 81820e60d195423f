"""Sets of files in a folder, in S3 and on an SFTP server: whole or not there, exact, and nobody else's touched."""

import csv
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import paramiko
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.activation.connections import Secrets, WrongConnectionError, parse_connection
from orchestration.activation.destinations.file_formats import write_jsonl, write_parquet
from orchestration.activation.destinations.files import FileDestination, open_destination
from orchestration.activation.destinations.protocol import (
    DeliveryClass,
    NotAllowedError,
    SendError,
    Target,
    TryLaterError,
    UnsureError,
)
from orchestration.activation.destinations.set_protocol import SetDestination, SetFacts
from orchestration.activation.errors import BusySyncError
from tests.activation.file_servers import PASSWORD, USER, SftpServer, Way, s3_server, sftp_server, way_to

AT = datetime(2026, 9, 1, 6, tzinfo=UTC)
FACTS = SetFacts("buyers_of_shop", "marketing", "email", "mirror", ("id",), ("csv", "jsonl", "parquet"))
COLUMNS = pa.schema(
    [
        ("id", pa.string()),
        ("note", pa.string()),
        ("n", pa.int64()),
        ("amount", pa.decimal128(28, 6)),
        ("is_on", pa.bool_()),
        ("born", pa.date32()),
        ("at", pa.timestamp("us")),
        ("score", pa.float64()),
    ]
)
LARGEST = Decimal("9999999999999999999999.999999")
UGLY = [
    ("a", None, None, None, None, None, None, None),
    ("b", "", 0, Decimal("0.000001"), False, date(1, 1, 1), datetime(1, 1, 1), 0.1),
    (
        "c",
        "q\"uo'te\\,;\t",
        -(2**63),
        -LARGEST,
        True,
        date(9999, 12, 31),
        datetime(9999, 12, 31, 23, 59, 59, 999999),
        1e300,
    ),
    (
        "d",
        "one\ntwo\r\nthree\u2028four\x00five\x1f",
        2**63 - 1,
        LARGEST,
        True,
        date(2024, 2, 29),
        datetime(2026, 3, 5),
        -0.5,
    ),
    (
        "Ελληνικά 日本語 العربية",
        "👩‍👩‍👧‍👦🏳️‍🌈",
        1,
        Decimal("12.500000"),
        False,
        date(1990, 2, 28),
        AT.replace(tzinfo=None),
        2.0,
    ),
    ("long", "ä" * 16_384, 1, Decimal(0), False, None, None, 3.0),
]


def wanted(folder: Path, rows: list[Any] = UGLY) -> Path:
    """The rows as the engine hands them over, in a folder of its own."""
    folder.mkdir(exist_ok=True)
    values = list(zip(*rows, strict=True)) if rows else [()] * len(COLUMNS)
    arrays = [pa.array(column, kind.type) for column, kind in zip(values, COLUMNS, strict=True)]
    write_parquet(folder / "wanted.parquet", [pa.record_batch(arrays, schema=COLUMNS)], COLUMNS)
    return folder / "wanted.parquet"


def people(count: int, note: str = "x") -> list[Any]:
    """Rows without anything special."""
    return [(f"p{n:06}", f"{note} {n}", n, Decimal(n), None, None, None, None) for n in range(count)]


@dataclass
class Somewhere:
    """A place, how a connection names it, and what somebody else sees there."""

    declared: dict[str, Any]
    contents: Callable[[], dict[str, bytes]]
    put: Callable[[str, bytes | None], None]
    port: int = 0

    def open(self, name: str = "buyers", **declared: Any) -> FileDestination:
        """The destination, as a connection declares it."""
        told = {"type": "files", "timeout_seconds": 5} | self.declared | declared
        return open_destination(parse_connection("somewhere", told), Target(name), Secrets())  # type: ignore[arg-type]

    def lay(self, files: dict[str, bytes]) -> None:
        """Make the place hold these files and no others."""
        for name in self.contents():
            self.put(name, None)
        for name, content in files.items():
            self.put(name, content)


def deliver(destination: FileDestination, path: Path, rows: int, facts: SetFacts = FACTS) -> list[str] | None:
    """A run as the engine makes it; None where nothing had to be written."""
    try:
        destination.tidy()
        if destination.holds(path, rows, COLUMNS, facts):
            return None
        return destination.replace(path, rows, COLUMNS, AT, facts)
    finally:
        destination.close()


def folder_contents(folder: Path) -> dict[str, bytes]:
    """What lies in a folder, and below it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def folder_put(folder: Path, name: str, content: bytes | None) -> None:
    """Lay a file, or take it away."""
    folder.mkdir(exist_ok=True)
    (folder / name).unlink(missing_ok=True) if content is None else (folder / name).write_bytes(content)


@pytest.fixture(scope="module")
def s3_port() -> Iterator[int]:
    """The port of a storage that speaks S3."""
    with s3_server() as port:
        yield port


@pytest.fixture
def bucket(s3_port: int, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Somewhere:
    """A prefix of a bucket of its own."""
    monkeypatch.setenv("S3_ACCESS", "access-key-of-ours")
    monkeypatch.setenv("S3_SECRET", "secret-key-of-ours")
    store = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{s3_port}",
        aws_access_key_id="reader",
        aws_secret_access_key="reader",
        region_name="eu-central-1",
    )
    name = "b" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]
    store.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    prefix = "to/us/buyers/"

    def contents() -> dict[str, bytes]:
        found = store.list_objects_v2(Bucket=name, Prefix=prefix).get("Contents", [])
        keys = [one["Key"] for one in found if one["Key"] != prefix]
        return {key.removeprefix(prefix): store.get_object(Bucket=name, Key=key)["Body"].read() for key in keys}

    def put(file: str, content: bytes | None) -> None:
        if content is None:
            store.delete_object(Bucket=name, Key=prefix + file)
        else:
            store.put_object(Bucket=name, Key=prefix + file, Body=content)

    declared = {
        "place": "s3",
        "bucket": name,
        "prefix": "to/us",
        "endpoint": f"http://127.0.0.1:{s3_port}",
        "region": "eu-central-1",
        "access_key_env": "S3_ACCESS",
        "secret_key_env": "S3_SECRET",
    }
    return Somewhere(declared, contents, put, s3_port)


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[SftpServer]:
    """An SFTP server with an empty folder `incoming`."""
    (tmp_path / "served" / "incoming").mkdir(parents=True)
    with sftp_server(tmp_path / "served") as server:
        yield server


@pytest.fixture
def dropbox(sftp: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Somewhere:
    """The folder of that server."""
    monkeypatch.setenv("SFTP_PASSWORD", PASSWORD)
    folder = sftp.root / "incoming" / "buyers"
    declared = {
        "place": "sftp",
        "host": "127.0.0.1",
        "port": sftp.port,
        "user": USER,
        "password_env": "SFTP_PASSWORD",
        "known_hosts": str(sftp.known_hosts(tmp_path / "known_hosts")),
        "folder": "/incoming/",
    }
    return Somewhere(
        declared, lambda: folder_contents(folder), lambda name, content: folder_put(folder, name, content), sftp.port
    )


@pytest.fixture
def local(tmp_path: Path) -> Somewhere:
    """A folder of this machine."""
    root = tmp_path / "delivered"
    root.mkdir()
    folder = root / "buyers"
    return Somewhere(
        {"folder": str(root)},
        lambda: folder_contents(folder),
        lambda name, content: folder_put(folder, name, content),
    )


@pytest.fixture(params=["local", "bucket", "dropbox"])
def somewhere(request: pytest.FixtureRequest) -> Somewhere:
    """Each place in turn."""
    found: Somewhere = request.getfixturevalue(request.param)
    return found


def whole_set(contents: dict[str, bytes]) -> dict[str, bytes]:
    """The files that a reader finds, checked against the manifest; by their endings."""
    manifest = json.loads(contents["manifest.json"])
    found = {}
    for file in manifest["files"]:
        content = contents[file["name"]]
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
        found[file["name"].rsplit(".")[-1]] = content
    return found


def test_the_set_is_exact_in_every_format(somewhere: Somewhere, tmp_path: Path) -> None:
    """Ugly values are read back as they were, from CSV, from lines of JSON and from Parquet, in every place."""
    destination = somewhere.open()
    assert isinstance(destination, SetDestination)
    assert destination.delivery_class is DeliveryClass.UPSERT
    written = deliver(destination, wanted(tmp_path / "engine"), len(UGLY))
    contents = somewhere.contents()
    assert sorted(address.rsplit("/", 1)[-1] for address in written or ()) == sorted(contents)
    files = whole_set(contents)
    names = COLUMNS.names
    assert pq.read_table(pa.BufferReader(files["parquet"])).to_pylist() == [
        dict(zip(names, r, strict=True)) for r in UGLY
    ]
    lines = files["jsonl"].decode().split("\n")
    assert lines.pop() == ""
    found = [json.loads(line, parse_float=Decimal) for line in lines]
    assert [list(one) for one in found] == [names] * len(UGLY)
    assert [one["id"] for one in found] == [r[0] for r in UGLY]
    assert [one["note"] for one in found] == [r[1] for r in UGLY]
    assert [one["n"] for one in found] == [r[2] for r in UGLY]
    assert [one["amount"] for one in found] == [r[3] for r in UGLY]
    assert '"amount":12.500000,' in lines[4]
    assert [one["is_on"] for one in found] == [r[4] for r in UGLY]
    assert [one["born"] for one in found] == [r[5] and r[5].isoformat() for r in UGLY]
    assert [one["at"] for one in found[:3]] == [None, "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"]
    assert [one["score"] and float(one["score"]) for one in found] == [r[7] for r in UGLY]
    table = list(csv.reader(files["csv"].decode().split("\r\n")[1:2]))
    assert table[0][0] == "a"
    assert files["csv"].decode().endswith(f'"long","{"ä" * 16_384}",1,0.000000,false,,,3\r\n')
    manifest = json.loads(contents["manifest.json"])
    assert (manifest["sync"], manifest["rows"], manifest["generated_at"]) == (
        "buyers_of_shop",
        6,
        "2026-09-01T06:00:00Z",
    )


def test_nothing_is_written_when_nothing_changed(somewhere: Somewhere, tmp_path: Path) -> None:
    """The place itself knows that it holds the rows: without a ledger not a byte is written; another row is."""
    deliver(somewhere.open(), wanted(tmp_path / "engine", people(50)), 50)
    before = somewhere.contents()
    assert deliver(somewhere.open(), wanted(tmp_path / "again", people(50)), 50) is None
    assert somewhere.contents() == before
    assert deliver(somewhere.open(), wanted(tmp_path / "more", people(51)), 51)
    after = somewhere.contents()
    assert len(after) == 4
    assert set(after) & set(before) == {"manifest.json"}
    assert len(whole_set(after)["jsonl"].splitlines()) == 51
    assert sorted(os.listdir(tmp_path / "more")) == ["wanted.parquet"]


def test_what_was_altered_lost_or_declared_anew_is_delivered_again(somewhere: Somewhere, tmp_path: Path) -> None:
    """A file that is gone or cut, a manifest that can't be read, and a sync that says something else are put right."""
    path = wanted(tmp_path / "engine")
    deliver(somewhere.open(), path, len(UGLY))
    whole = somewhere.contents()
    for name in whole:
        for content in (None, whole[name][:-3], b"{}"):
            somewhere.put(name, content)
            assert deliver(somewhere.open(), path, len(UGLY))
            assert somewhere.contents() == whole
    assert deliver(somewhere.open(), path, len(UGLY), replace(FACTS, formats=("jsonl",)))
    assert [name.rsplit(".")[-1] for name in sorted(somewhere.contents())] == ["jsonl", "json"]
    assert deliver(somewhere.open(), path, len(UGLY), replace(FACTS, purpose="service"))
    assert deliver(somewhere.open(), path, len(UGLY), replace(FACTS, purpose="service")) is None


def test_files_of_others_stay(somewhere: Somewhere, tmp_path: Path) -> None:
    """Only generations of this set and what a killed delivery left are removed; no manifest can name others' files."""
    theirs = {
        "readme.txt": b"theirs",
        "buyers-2026.csv": b"theirs",
        "others-0123456789ab.csv": b"theirs",
        "buyers-0123456789ab.csv.bak": b"theirs",
    }
    left = {"buyers-0123456789ab.jsonl": b"half", ".buyers-0123456789ab.csv.part": b"ha", ".manifest.json.part": b"{"}
    somewhere.lay(theirs | left | {"manifest.json": b'{"files": [{"name": "../x", "bytes": 1, "sha256": "1"}]}'})
    deliver(somewhere.open(), wanted(tmp_path / "engine", []), 0)
    contents = somewhere.contents()
    assert {name: contents[name] for name in theirs} == theirs
    assert not set(left) & set(contents)
    assert whole_set(contents)["jsonl"] == b""


def test_what_was_left_is_removed_though_the_rows_are_there(somewhere: Somewhere, tmp_path: Path) -> None:
    """Killed after the manifest and before the earlier files were removed, the next run removes them."""
    path = wanted(tmp_path / "engine")
    deliver(somewhere.open(), path, len(UGLY))
    whole = somewhere.contents()
    somewhere.put("buyers-0123456789ab.parquet", b"earlier")
    assert deliver(somewhere.open(), path, len(UGLY)) is None
    assert somewhere.contents() == whole


# Kills the process for good at the n-th call that makes something durable; fork spares the imports of every next kill.
_KILL_AT_EVERY_STEP = """
import os, shutil, signal, sys
from pathlib import Path
from tests.activation.test_file_places import deliver, local_somewhere

root, pristine, path, rows = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])

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
    shutil.copyfile = counted(shutil.copyfile)
    deliver(local_somewhere(root).open(), path, rows)

for kill_at in range(1, 100):
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(pristine, root)
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


def test_killed_at_any_step_readers_find_a_whole_set(tmp_path: Path) -> None:
    """Killed for good anywhere, the folder holds the earlier set or the new one; the next delivery leaves just that."""
    root, pristine = tmp_path / "delivered", tmp_path / "pristine"
    root.mkdir()
    place = local_somewhere(root)
    deliver(place.open(), wanted(tmp_path / "earlier", people(20)), 20)
    shutil.copytree(root, pristine)
    before = whole_set(place.contents())
    path = wanted(tmp_path / "engine", people(30))
    deliver(place.open(), path, 30)
    undisturbed = place.contents()
    command = [sys.executable, "-c", _KILL_AT_EVERY_STEP, str(root), str(pristine), str(path), "30"]
    kills, found = 0, []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as killer:
        assert killer.stdin
        assert killer.stdout
        while (told := killer.stdout.readline().strip()) == "9":
            kills += 1
            found.append(whole_set(place.contents()))
            deliver(place.open(), path, 30)
            assert place.contents() == undisturbed
            killer.stdin.write("next\n")
            killer.stdin.flush()
        assert told == "done"
        killer.stdin.close()
    assert kills > 15
    assert all(one in (before, whole_set(undisturbed)) for one in found)
    assert before in found
    assert whole_set(undisturbed) in found
    assert place.contents() == undisturbed


@pytest.mark.parametrize(("name", "step"), [("dropbox", 2500), ("bucket", 12_000)])
def test_cut_at_any_point_readers_find_a_whole_set(
    name: str, step: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Wherever the connection ends, the place holds the earlier set or the new one; the next delivery makes it good."""
    place: Somewhere = request.getfixturevalue(name)
    deliver(place.open(), wanted(tmp_path / "earlier", people(20)), 20)
    pristine = place.contents()
    path = wanted(tmp_path / "engine", people(300, "longer note"))
    deliver(place.open(), path, 300)
    undisturbed = place.contents()
    cuts, found = [], []
    for ends_after in range(step, 1_000_000, step):
        place.lay(pristine)
        with way_to(place.port) as way:
            way.ends_after = ends_after
            try:
                deliver(place.open(**leading(place, way)), path, 300)
                assert way.sent <= ends_after or place.contents()["manifest.json"] == undisturbed["manifest.json"]
            except (TryLaterError, UnsureError) as error:
                cuts.append(str(error))
            is_through = way.sent <= ends_after
        found.append(whole_set(place.contents()))
        deliver(place.open(), path, 300)
        assert place.contents() == undisturbed
        if is_through:
            break
    assert len(cuts) > 4
    assert not [told for told in cuts if "longer note" in told or PASSWORD in told]
    assert all(one in (whole_set(pristine), whole_set(undisturbed)) for one in found)
    assert whole_set(pristine) in found


def leading(place: Somewhere, way: Way) -> dict[str, Any]:
    """The same place, by another way."""
    if place.declared["place"] == "s3":
        return {"endpoint": f"http://127.0.0.1:{way.port}"}
    known = Path(place.declared["known_hosts"])
    other = known.with_name("known_by_another_way")
    other.write_text(known.read_text().replace(f":{place.port} ", f":{way.port} "))
    return {"port": way.port, "known_hosts": str(other)}


def local_somewhere(root: Path) -> Somewhere:
    """A folder of this machine, by its path."""
    folder = root / "buyers"
    return Somewhere({"folder": str(root)}, lambda: folder_contents(folder), lambda *told: folder_put(folder, *told))


@contextmanager
def as_nobody() -> Iterator[None]:
    """Work as somebody without rights, where the tests are run by somebody who has all."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


def refused(destination: FileDestination, tmp_path: Path, error: type[SendError]) -> str:
    """What a delivery that must fail says; never a value, a password or a key."""
    path = wanted(tmp_path / "refused")
    with pytest.raises(error) as raised:
        deliver(destination, path, len(UGLY))
    told = str(raised.value)
    assert type(raised.value) is error
    assert not any(secret in told for secret in (PASSWORD, "secret-key-of-ours", "access-key-of-ours", "Ελληνικά"))
    return told


def test_a_folder_that_is_missing_denied_or_full_is_told(local: Somewhere, tmp_path: Path) -> None:
    """A configured folder is not made: a disk that isn't mounted must not be delivered beside."""
    nowhere = tmp_path / "nowhere"
    assert str(nowhere) in refused(local.open(folder=str(nowhere)), tmp_path, NotAllowedError)
    assert not nowhere.exists()
    (tmp_path / "file").write_text("")
    refused(local.open(folder=str(tmp_path / "file")), tmp_path, NotAllowedError)
    path = wanted(tmp_path / "engine")
    Path(local.declared["folder"]).chmod(0o500)
    with as_nobody(), pytest.raises(NotAllowedError):
        local.open().replace(path, len(UGLY), COLUMNS, AT, FACTS)


def test_a_disk_without_room_is_told_with_the_path(tmp_path: Path) -> None:
    """Where a file can't grow, the earlier set stays, the sentence names the file, and the next delivery is whole."""
    root = tmp_path / "delivered"
    root.mkdir()
    place = local_somewhere(root)
    deliver(place.open(), wanted(tmp_path / "earlier", people(5)), 5)
    before = place.contents()
    # Only the copies that are made in the place grow beyond the limit: what the engine handed over is smaller.
    code = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from tests.activation.test_file_places import COLUMNS, AT, FACTS, local_somewhere\n"
        "from dataclasses import replace\n"
        "from orchestration.activation.destinations.protocol import TryLaterError\n"
        "path = Path(sys.argv[2])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size - 1,) * 2)\n"
        "try:\n"
        "    facts = replace(FACTS, formats=('parquet',))\n"
        "    local_somewhere(Path(sys.argv[1])).open().replace(path, 3000, COLUMNS, AT, facts)\n"
        "except TryLaterError as error:\n"
        "    sys.stdout.write(str(error))\n"
    )
    path = wanted(tmp_path / "engine", people(3000))
    told = subprocess.run(
        [sys.executable, "-c", code, str(root), str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    ).stdout
    assert told.startswith(f"There is no room for {root / 'buyers' / 'buyers-'}")
    assert place.contents() == before
    assert deliver(place.open(), path, 3000)
    assert len(place.contents()) == 4


def test_two_deliveries_of_one_folder_do_not_mix(local: Somewhere, tmp_path: Path) -> None:
    """While one process delivers, another is refused with a sentence, and writes nothing."""
    path = wanted(tmp_path / "engine")
    first, second = local.open(), local.open()
    with first.place.writing(), pytest.raises(BusySyncError, match="Another process is delivering buyers"):
        second.replace(path, len(UGLY), COLUMNS, AT, FACTS)
    assert deliver(second, path, len(UGLY))


def test_files_are_the_owners_and_go_home_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder, files go below the home, by schema prefix; nobody but their owner reads them."""
    monkeypatch.setenv("ONEFOLK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ONEFOLK_SCHEMA_PREFIX", "dev_")
    destination = Somewhere({}, dict, lambda *_: None).open()
    written = deliver(destination, wanted(tmp_path / "engine"), len(UGLY))
    folder = tmp_path / "home/delivered/dev_files/buyers"
    assert {Path(address).parent for address in written or ()} == {folder}
    for path in (*folder.iterdir(), folder, folder.parent, folder.parent.parent):
        assert path.stat().st_mode & 0o077 == 0


def test_a_bucket_that_is_missing_denied_or_away_is_told(bucket: Somewhere, tmp_path: Path) -> None:
    """Who isn't let in stops, and who can't be reached is asked later."""
    assert "no such bucket" in refused(bucket.open(bucket="not-there-at-all"), tmp_path, NotAllowedError)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        assert "can't be reached" in refused(bucket.open(endpoint=away), tmp_path, TryLaterError)


def test_keys_decide_what_may_be_done_in_a_bucket(
    bucket: Somewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown keys and keys that may only look are refused; keys that may write do."""
    address = f"http://127.0.0.1:{bucket.port}"
    iam = boto3.client(
        "iam", endpoint_url=address, aws_access_key_id="a", aws_secret_access_key="a", region_name="eu-central-1"
    )
    keys = {}
    for user, actions in (("looker", ["s3:ListBucket", "s3:GetObject"]), ("writer", ["s3:*"])):
        iam.create_user(UserName=user)
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps(policy))
        keys[user] = iam.create_access_key(UserName=user)["AccessKey"]

    def ask(free_requests: bytes) -> None:
        headers = {"Content-Type": "text/plain"}
        urllib.request.urlopen(urllib.request.Request(f"{address}/moto-api/reset-auth", free_requests, headers)).close()

    ask(b"0")
    try:
        assert "can't be used" in refused(bucket.open(), tmp_path, NotAllowedError)
        for user in keys:
            monkeypatch.setenv("S3_ACCESS", keys[user]["AccessKeyId"])
            monkeypatch.setenv("S3_SECRET", keys[user]["SecretAccessKey"])
            if user == "looker":
                assert keys[user]["SecretAccessKey"] not in refused(bucket.open(), tmp_path, NotAllowedError)
        assert deliver(bucket.open(), wanted(tmp_path / "engine"), len(UGLY))
    finally:
        ask(b"1000000000")
    assert whole_set(bucket.contents())


def test_a_file_in_parts_arrives_whole_in_a_bucket(bucket: Somewhere, tmp_path: Path) -> None:
    """What is too large for one request is put in parts, and seen as a whole."""
    rows = people(60_000, "n" * 200)
    assert deliver(bucket.open(), wanted(tmp_path / "engine", rows), 60_000)
    assert len(whole_set(bucket.contents())["jsonl"]) > 12 * 2**20


def test_a_server_is_known_by_its_key_and_knows_us(
    dropbox: Somewhere, sftp: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server without a known key, or with another, gets no password; wrong passwords and users are refused."""
    empty = tmp_path / "nobody_known"
    empty.write_text("")
    other = sftp.known_hosts(tmp_path / "another", paramiko.ECDSAKey.generate())
    for known in (empty, other):
        assert "host key" in refused(dropbox.open(known_hosts=str(known)), tmp_path, NotAllowedError)
        assert known.read_text() == ("" if known == empty else other.read_text())
    assert empty.read_text() == ""
    assert "let nobody in" in refused(dropbox.open(user="nobody"), tmp_path, NotAllowedError)
    monkeypatch.setenv("SFTP_PASSWORD", "wrong")
    assert USER in refused(dropbox.open(), tmp_path, NotAllowedError)
    assert dropbox.contents() == {}


def test_a_key_opens_a_server(
    dropbox: Somewhere, sftp: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A private key lets us in, under a password of its own if it has one; every file is brought to the disk."""
    monkeypatch.setenv("KEY_PASSWORD", "opens the key")
    sftp.user_key.write_private_key_file(str(tmp_path / "key"), password="opens the key")
    declared = {name: value for name, value in dropbox.declared.items() if name != "password_env"}
    by_key = replace(dropbox, declared=declared | {"key_file": str(tmp_path / "key")})
    assert deliver(by_key.open(key_password_env="KEY_PASSWORD"), wanted(tmp_path / "engine"), len(UGLY))
    assert len(sftp.synced) == 4
    monkeypatch.setenv("KEY_PASSWORD", "shut for good")
    for declared in ({}, {"key_password_env": "KEY_PASSWORD"}):
        with pytest.raises(WrongConnectionError, match="key_password_env") as raised:
            by_key.open(**declared)
        assert "shut for good" not in str(raised.value)
    paramiko.RSAKey.generate(2048).write_private_key_file(str(tmp_path / "other"))
    refused(by_key.open(key_file=str(tmp_path / "other")), tmp_path, NotAllowedError)
    for option in ("key_file", "known_hosts"):
        with pytest.raises(WrongConnectionError, match=option):
            by_key.open(**{option: str(tmp_path / "nowhere")})


def test_a_server_that_is_away_full_or_lacks_a_verb_is_told(
    dropbox: Somewhere, sftp: SftpServer, tmp_path: Path
) -> None:
    """A missing folder stops; a full disk and a server that is away are asked later, and nothing is half there."""
    assert "is not there" in refused(dropbox.open(folder="/elsewhere"), tmp_path, NotAllowedError)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        refused(dropbox.open(port=nobody.getsockname()[1]), tmp_path, TryLaterError)
    sftp.room = 10_000
    assert "room" in refused(dropbox.open(), tmp_path, TryLaterError)
    sftp.room, sftp.renames_over = None, False
    assert "posix-rename" in refused(dropbox.open(), tmp_path, TryLaterError)
    assert not [name for name in dropbox.contents() if not name.endswith(".part")]
    sftp.renames_over = True
    assert deliver(dropbox.open(), wanted(tmp_path / "engine"), len(UGLY))
    assert not [name for name in dropbox.contents() if name.endswith(".part")]
    denied = dropbox.open()
    assert denied.place.names()
    (sftp.root / "incoming" / "buyers").chmod(0o500)
    with as_nobody(), pytest.raises(NotAllowedError, match="is not allowed"):
        denied.tidy()
    denied.close()


def test_without_the_extra_a_sentence_says_what_to_install(dropbox: Somewhere) -> None:
    """SFTP needs a library that isn't installed by default."""
    code = (
        "import sys\nsys.modules['paramiko'] = None\n"
        "from orchestration.activation.connections import Secrets, WrongConnectionError, parse_connection\n"
        "from orchestration.activation.destinations.files import open_destination\n"
        "from orchestration.activation.destinations.protocol import Target\n"
        "import json\n"
        "try:\n    open_destination(parse_connection('x', json.loads(sys.argv[1])), Target('x'), Secrets())\n"
        "except WrongConnectionError as error:\n    sys.stdout.write(str(error))\n"
    )
    command = [sys.executable, "-c", code, json.dumps({"type": "files"} | dropbox.declared)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert "onefolk[sftp]" in told.stdout


S3 = {"place": "s3", "bucket": "b"}
SFTP = {"place": "sftp", "host": "h", "user": "u", "folder": "f", "known_hosts": "k", "password_env": "P"}


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"place": "ftp"}, "place"),
        ({"place": "s3"}, "place s3 needs bucket"),
        (S3 | {"folder": "x"}, "folder is no option of place s3"),
        ({"bucket": "b"}, "bucket is no option of place local; it has folder"),
        (S3 | {"access_key_env": "A"}, "go together"),
        (S3 | {"endpoint": "http://storage.example.com"}, "endpoint"),
        (S3 | {"endpoint": "https://key:hunter2@storage.example.com"}, "endpoint"),
        (S3 | {"prefix": "/a//b"}, "prefix"),
        (SFTP | {"known_hosts": None}, "place sftp needs known_hosts"),
        (SFTP | {"password_env": None}, "needs password_env or key_file"),
        (SFTP | {"password": "hunter2"}, "password: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_declaration_is_refused(declared: dict[str, Any], told: str) -> None:
    """Options that are missing, of another place, or would send data in the clear are named, never repeated."""
    with pytest.raises(WrongConnectionError) as raised:
        parse_connection("somewhere", {"type": "files"} | declared)
    assert told in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("declared", [{}, {"folder": "x"}, S3 | {"endpoint": "https://s.example.com:9000"}, SFTP])
def test_a_right_declaration_is_taken(declared: dict[str, Any]) -> None:
    """Every place has a declaration that is enough."""
    assert parse_connection("somewhere", {"type": "files"} | declared).type == "files"


def test_numbers_that_json_lacks_are_words(tmp_path: Path) -> None:
    """What isn't a number, and infinity, are written as texts, for JSON has no word for them."""
    table = pa.table({"x": [float("nan"), float("inf"), float("-inf"), None, 1.0]})
    pq.write_table(table, tmp_path / "x.parquet")
    write_jsonl(tmp_path / "x.jsonl", tmp_path / "x.parquet")
    expected = ['{"x":"NaN"}', '{"x":"Infinity"}', '{"x":"-Infinity"}', '{"x":null}', '{"x":1.0}', ""]
    assert (tmp_path / "x.jsonl").read_text().split("\n") == expected
