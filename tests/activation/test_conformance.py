"""Every destination keeps the laws: webhooks, letters, tables of Postgres, a vendor's own module, and sets of files."""

import hashlib
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import psycopg2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.activation.conformance import Bench, BrokenLawError, check, laws_of
from orchestration.activation.conformance_sets import SetBench
from orchestration.activation.connections import Secrets, destination_module, parse_connection
from orchestration.activation.destinations.protocol import (
    Answered,
    Batch,
    Destination,
    Row,
    RowAnswer,
    Target,
    UnsureError,
)
from orchestration.activation.destinations.set_protocol import SetDestination
from orchestration.settings import Settings
from tests.activation.file_servers import PASSWORD, USER, s3_server, sftp_server
from tests.activation.http_peer import HttpPeer, Received, Reply, rows_of
from tests.activation.peer import Peer
from tests.activation.smtp_peer import CUT, SmtpPeer
from tests.activation.test_postgres_destination import cutting
from tests.activation.test_smtp import talking
from tests.activation.vendor import TOKEN, Vendor

SECRET = "s3cret-Of-The-House"
HTML = Reply(body="<html><body>Welcome to our portal</body></html>")
FIELDS = {"text": "note", "integer": "points", "decimal": "amount", "boolean": "is_on"}
# Some of the servers here ask for a login on a connection without TLS, on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


def opened(declared: Mapping[str, Any], name: str = "things") -> Any:
    """A destination as a connection declares it."""
    config = parse_connection("bench", dict(declared))
    return destination_module(config.type).open_destination(config, Target(name), Secrets())


def good_row(number: int) -> dict[str, Any]:
    """The n-th row, with every kind of value."""
    return {
        "email": f"person-{number}@shop.example",
        "note": f"note of {number}",
        "points": number,
        "amount": Decimal("12.500000"),
        "is_on": True,
    }


def nobody() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


# Webhooks


def took(peer: HttpPeer, is_upsert: bool) -> list[dict[str, Any]]:
    """What a receiver holds that reads every request: by e-mail, or each event once."""
    held: dict[str, dict[str, Any]] = {}
    for place, request in enumerate(peer.received):
        rows = json.loads(request.body, parse_float=Decimal)
        for number, row in enumerate(rows.get("rows", [rows])):
            if request.method == "DELETE":
                held.pop(row["email"], None)
            else:
                held[row["email"] if is_upsert else f"{request.key or place}-{number}"] = row
    return list(held.values())


ANSWERS = {"path": "results", "ok_path": "ok", "message_path": "error"}
WEBHOOKS: dict[str, dict[str, Any]] = {
    "upsert": {"upsert": True, "batching": "batch", "remove_method": "DELETE", "answers": ANSWERS},
    "idempotent": {"idempotent": True, "remove_method": "DELETE", "answers": ANSWERS},
    "side effect": {"remove_method": "DELETE", "error_path": "error"},
}


def all_good(request: Received) -> Reply:
    """An answer that says of every row that it was taken."""
    return Reply(body={"results": [{"ok": True} for _ in rows_of(request)]})


@pytest.fixture(params=WEBHOOKS)
def webhook(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A webhook of each class, and a receiver."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with HttpPeer(always=all_good) as peer:
        place = {"allowed_private_hosts": ["127.0.0.1"], "timeout_seconds": 5, "token_env": "HOOK_SECRET"}
        declared = {"type": "webhook", "url": peer.url("/in")} | place | WEBHOOKS[request.param]

        def answering(reply: Reply) -> Destination:
            peer.will(reply)
            return opened(declared)  # type: ignore[no-any-return]

        is_upsert = request.param == "upsert"
        inner = {"error": {"message": "no"}, "results": [{"ok": False, "error": "no"}]}
        garbage = {"HTML": HTML, "half a body": Reply(body={"results": [{"ok": True}]}, cut_body=True)}
        garbage |= {"an error inside": Reply(body=inner), "nothing": Reply(body=b"")}
        if request.param != "side effect":
            garbage |= {"other rows": Reply(body={"results": [{"ok": True}] * 3}), "a list": Reply(body=[1, 2])}
        yield Bench(
            open=lambda: opened(declared),
            row=good_row,
            key=("email",),
            taken=lambda: took(peer, is_upsert),
            down=lambda: opened(declared | {"url": f"http://127.0.0.1:{nobody()}/"}),
            cut=lambda: answering(Reply(cut=True)),
            garbage={name: partial(answering, reply) for name, reply in garbage.items()},
            fields=FIELDS,
            secrets=(SECRET,),
        )


@pytest.mark.parametrize("law", laws_of(Bench))
def test_webhooks_keep_the_law(law: str, webhook: Bench) -> None:
    """A webhook keeps the law, whichever its class."""
    check(law, webhook)


# Letters


def letter_row(number: int) -> dict[str, Any]:
    """What a letter is made of."""
    return {"email": f"person-{number}@shop.example", "note": f"note of {number}", "points": number}


@pytest.fixture
def letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A mail server, and a template that shows every field in a line."""
    monkeypatch.setenv("MAIL_SECRET", SECRET)
    template = tmp_path / "letter.txt"
    template.write_text("<{{ note }}>\n<{{ points }}>\n", encoding="utf-8")
    with SmtpPeer(login=("shop", SECRET)) as peer, talking(b"HTTP/1.1 200 OK", b"<html>", b"<html>") as strange:
        place = {"type": "smtp", "host": "localhost", "port": peer.port, "security": "none", "timeout_seconds": 2}
        texts = {"sender": "Shop <news@shop.example>", "subject": "News", "template": str(template)}
        declared = place | texts | {"user": "shop", "password_env": "MAIL_SECRET"}

        def taken() -> list[dict[str, Any]]:
            found = []
            for letter in peer.letters:
                note, points = letter.message.get_content().replace("\r\n", "\n").split(">\n<")
                told = {"email": letter.message["To"], "note": note[1:], "points": int(points.strip(">\n"))}
                found.append({name: told[name] for name in told})
            return found

        def answering(reply: str) -> Destination:
            peer.will("DATA", reply)
            return opened(declared)  # type: ignore[no-any-return]

        yield Bench(
            open=lambda: opened(declared),
            row=letter_row,
            key=("email",),
            taken=taken,
            down=lambda: opened(declared | {"port": nobody()}),
            cut=lambda: answering(CUT),
            garbage={
                "another protocol": lambda: opened(declared | {"port": strange}),
                "no SMTP": lambda: answering("999 Welcome"),
            },
            fields={"text": "note", "integer": "points"},
            secrets=(SECRET,),
        )


@pytest.mark.parametrize("law", laws_of(Bench))
def test_letters_keep_the_law(law: str, letters: Bench) -> None:
    """A mail server keeps the law."""
    check(law, letters)


# Postgres


@pytest.fixture
def table(
    postgres_settings_factory: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    """A table of a shop's database, ways to it that are cut at the commit, and a server that is none."""
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    settings = postgres_settings_factory(tmp_path)
    place = {"host": settings.postgres_host, "user": settings.postgres_user, "dbname": settings.postgres_dbname}
    with closing(psycopg2.connect(**place)) as shop, HttpPeer(always=HTML) as web:
        shop.autocommit = True
        cursor = shop.cursor()
        cursor.execute(
            "create table things (place bigserial, email text primary key, note text, points bigint,"
            " amount numeric(28, 6), is_on boolean)"
        )
        declared = {"type": "postgres", "password_env": "SHOP_SECRET", "timeout_seconds": 20} | place
        with cutting(Path(settings.postgres_host), b"COMMIT", turn=2, after=True) as (port, _):

            def taken() -> list[dict[str, Any]]:
                cursor.execute("select email, note, points, amount, is_on from things order by place")
                return [dict(zip(good_row(0), row, strict=True)) for row in cursor.fetchall()]

            yield Bench(
                open=lambda: opened(declared),
                row=good_row,
                key=("email",),
                taken=taken,
                down=lambda: opened(declared | {"host": "127.0.0.1", "port": nobody()}),
                cut=lambda: opened(declared | {"host": "127.0.0.1", "port": port}),
                garbage={
                    "HTML": lambda: opened(declared | {"host": "127.0.0.1", "port": web.port, "timeout_seconds": 2})
                },
                fields=FIELDS,
                secrets=(SECRET,),
            )


@pytest.mark.parametrize("law", laws_of(Bench))
def test_tables_keep_the_law(law: str, table: Bench) -> None:
    """A table of Postgres keeps the law."""
    check(law, table)


# A vendor's own module


@pytest.fixture(params=["batch", "jobs", "events"])
def own(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A module as an adopter writes it, and the vendor's account."""
    monkeypatch.setenv("VENDOR_TOKEN", TOKEN)
    with Vendor() as vendor:
        declared = {
            "type": "tests.activation.vendor_destination",
            "url": vendor.url,
            "token_env": "VENDOR_TOKEN",
            "allowed_private_hosts": ["127.0.0.1"],
            "style": request.param,
        }
        held: dict[str, dict[str, Any]] = vendor.account.people
        if request.param == "events":
            held = vendor.account.events

        def befallen(trouble: str) -> Destination:
            vendor.befall(trouble)
            return opened(declared)  # type: ignore[no-any-return]

        yield Bench(
            open=lambda: opened(declared),
            row=good_row,
            key=("email",),
            taken=lambda: list(held.values()),
            down=lambda: opened(declared | {"url": f"http://127.0.0.1:{nobody()}"}),
            cut=lambda: befallen("cut"),
            garbage={name: partial(befallen, name) for name in ("html", "inner error")},
            fields=FIELDS,
            secrets=(TOKEN,),
        )


@pytest.mark.parametrize("law", laws_of(Bench))
def test_a_module_of_ones_own_keeps_the_law(law: str, own: Bench) -> None:
    """The laws can be checked of a destination that isn't ours: batches, jobs and events of a vendor."""
    check(law, own)


# The laws themselves


class _Liar(Peer):
    """A destination that breaks a law."""

    def __init__(self, lie: str) -> None:
        super().__init__()
        self.lie = lie

    def catalogue(self) -> Any:
        if self.lie == "sends early":
            self.table["early"] = {}
        return super().catalogue()

    def send(self, batch: Batch) -> Any:
        rows = list(batch.rows)
        if self.lie == "forgets a row":
            return Answered([RowAnswer(row.seq) for row in rows[1:]])
        if self.lie == "rounds":
            rows = [Row(r.seq, r.key, r.operation, {**r.payload, "amount": 12.5}, r.idempotency_key) for r in rows]
        if self.lie == "doubles":
            for row in rows:
                self.table[f"{len(self.table)}"] = dict(row.payload)
            return Answered.all_ok(batch)
        if self.lie == "tells":
            raise UnsureError(f"We lost {rows[0].payload}")
        return super().send(Batch(batch.sync, batch.object, batch.idempotency_key, rows, batch.attempt))


def bench_of(peer: Peer) -> Bench:
    """A bench whose server is in the peer, and never in trouble."""
    return Bench(
        lambda: peer, good_row, ("email",), lambda: list(peer.table.values()), lambda: peer, lambda: peer, fields=FIELDS
    )


@pytest.mark.parametrize(
    ("lie", "law"),
    [
        ("sends early", "looking_sends_nothing"),
        ("forgets a row", "every_row_is_answered_once"),
        ("doubles", "a_repeated_batch_has_the_effect_of_one"),
        ("rounds", "values_arrive_as_they_are_or_are_invalid"),
        ("tells", "a_lost_answer_leaves_us_unsure"),
        ("answers", "a_server_that_is_down_is_asked_later"),
    ],
)
def test_who_breaks_a_law_is_found(lie: str, law: str) -> None:
    """A law is none that a destination which breaks it passes; one that keeps it does."""
    with pytest.raises(BrokenLawError):
        check(law, bench_of(_Liar(lie)))
    if "server" not in law and "answer" not in law:
        check(law, bench_of(Peer()))


# Sets of files


def open_set(declared: dict[str, Any]) -> SetDestination:
    """The set as a connection declares it, in any process."""
    return opened(declared, "buyers")  # type: ignore[no-any-return]


def read_set(contents: Callable[[str], bytes | None]) -> list[dict[str, Any]] | None:
    """What a reader finds that follows the manifest, and reads it again where a file is gone."""
    for _ in range(20):
        told = contents("manifest.json")
        if told is None:
            return None
        names = [(file["name"], file["sha256"]) for file in json.loads(told)["files"]]
        files = [(contents(name), expected) for name, expected in names]
        if all(content is not None for content, _ in files):
            assert all(hashlib.sha256(content or b"").hexdigest() == expected for content, expected in files)
            parquet = next(content for (content, _), (name, _) in zip(files, names, strict=True) if "parquet" in name)
            return list(pq.read_table(pa.BufferReader(parquet)).to_pylist())
    raise AssertionError("Files that a manifest names are gone, again and again.")


@contextmanager
def local_place(folder: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any], Callable[[str], bytes | None]]]:
    """A folder of this machine."""
    root = folder / "delivered"
    root.mkdir()

    def contents(name: str) -> bytes | None:
        path = root / "buyers" / name
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None

    yield {"type": "files", "folder": str(root)}, {}, contents


@contextmanager
def s3_place(folder: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any], Callable[[str], bytes | None]]]:
    """A bucket."""
    bucket = f"laws-{uuid4().hex}"
    with s3_server() as port:
        endpoint = f"http://127.0.0.1:{port}"
        store = boto3.client(
            "s3", endpoint_url=endpoint, aws_access_key_id="r", aws_secret_access_key="r", region_name="eu-central-1"
        )
        store.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

        def contents(name: str) -> bytes | None:
            try:
                return bytes(store.get_object(Bucket=bucket, Key=f"buyers/{name}")["Body"].read())
            except store.exceptions.NoSuchKey:
                return None

        place = {"type": "files", "place": "s3", "bucket": bucket, "region": "eu-central-1"}
        keys = {"access_key_env": "PLACE_ACCESS", "secret_key_env": "PLACE_SECRET", "timeout_seconds": 2}
        down = {"endpoint": f"http://127.0.0.1:{nobody()}"}
        yield place | keys | {"endpoint": endpoint}, down, contents


@contextmanager
def sftp_place(folder: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any], Callable[[str], bytes | None]]]:
    """A folder of a server."""
    (folder / "served" / "incoming").mkdir(parents=True)
    with sftp_server(folder / "served") as server:

        def contents(name: str) -> bytes | None:
            try:
                return (folder / "served" / "incoming" / "buyers" / name).read_bytes()
            except FileNotFoundError:
                return None

        place = {"type": "files", "place": "sftp", "host": "127.0.0.1", "user": USER, "folder": "/incoming"}
        keys = {"password_env": "PLACE_SECRET", "known_hosts": str(server.known_hosts(folder / "known_hosts"))}
        yield place | keys | {"port": server.port, "timeout_seconds": 5}, {"port": nobody()}, contents


PLACES = {"local": local_place, "s3": s3_place, "sftp": sftp_place}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SetBench]:
    """Each place of files, with a reader of its own."""
    monkeypatch.setenv("PLACE_ACCESS", "access-key-of-ours")
    monkeypatch.setenv("PLACE_SECRET", PASSWORD)
    (tmp_path / "engine").mkdir()
    with PLACES[request.param](tmp_path) as (declared, down, contents):
        yield SetBench(
            open=partial(open_set, declared),
            read=lambda: read_set(contents),
            down=partial(open_set, declared | down),
            folder=tmp_path / "engine",
            secrets=(PASSWORD,),
        )


@pytest.mark.parametrize("law", laws_of(SetBench))
def test_sets_keep_the_law(law: str, place: SetBench, request: pytest.FixtureRequest) -> None:
    """A set of files keeps the law, in a folder, in S3 and on an SFTP server."""
    if "local" in request.node.callspec.id and "down" in law:
        pytest.skip("a folder of this machine is never down")
    check(law, place)
