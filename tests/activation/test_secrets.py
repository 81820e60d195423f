"""Where secrets and personal data must never be found: in what runs leave behind, say and raise."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.activation.ledger.schema import TABLES
from orchestration.settings import PROJECT_DIR, Settings
from tests.activation.conftest import Desk, people
from tests.activation.http_peer import HttpPeer, Received, Reply, rejecting, rows_of
from tests.activation.smtp_peer import SmtpPeer
from tests.conftest import environment_of

SECRETS = {
    "HOOK_TOKEN": "tok-Of-The-Hook-5b1f",
    "HOOK_SIGNATURE": "sig-Of-The-Hook-77aa",
    "MAIL_PASSWORD": "pass-Of-The-Mail-c0de",
    "SHOP_PASSWORD": "pass-Of-The-Shop-f00d",
    "ONEFOLK_SECRET": "salt-Of-The-House-0123456789",
}
# Some of the servers here ask for a login on a connection without TLS, on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
# Everything is logged, at every level.
_LOUD = """
import logging
logging.basicConfig(level=logging.DEBUG)
from tests.activation.killed_run import main
main()
"""


@contextmanager
def hook(desk: Desk, folder: Path, refuses: bool) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """A receiver that refuses a row and checks the token."""

    def answer(request: Received) -> Reply:
        if request.headers.get("authorization") != f"Bearer {SECRETS['HOOK_TOKEN']}":
            return Reply(401)
        told = rejecting(["p3@shop.example"] if refuses else [])(request)
        # It quotes what it was told, as many do.
        quoted = zip(told.body["results"], rows_of(request), strict=True)
        return Reply(told.status, body={"results": [result | {"error": f"No good: {row}"} for result, row in quoted]})

    with HttpPeer(always=answer) as peer:
        answers = {"path": "results", "ok_path": "ok", "message_path": "error"}
        place = {"type": "webhook", "url": peer.url("/in"), "allowed_private_hosts": ["127.0.0.1"]}
        secret = {"token_env": "HOOK_TOKEN", "signature_env": "HOOK_SIGNATURE"}
        yield (
            place
            | secret
            | {"remove_method": "DELETE", "batching": "batch", "upsert": True, "rows_path": "rows", "answers": answers},
            {"mode": "upsert"},
        )


@contextmanager
def mail(desk: Desk, folder: Path, refuses: bool) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """A mail server that asks for a login."""
    template = folder / "letter.txt"
    template.write_text("Hello from {{ city }}!\n")
    desk.permit([f"p{number}" for number in range(20)])
    with SmtpPeer(login=("shop", SECRETS["MAIL_PASSWORD"])) as peer:
        if refuses:
            peer.will("RCPT", "250 ok", "550 5.1.1 Nobody of that name")
        place = {"type": "smtp", "host": "localhost", "port": peer.port, "security": "none", "timeout_seconds": 5}
        login = {"user": "shop", "password_env": "MAIL_PASSWORD", "sender": "Shop <news@shop.example.com>"}
        rules = {"caps": [{"messages": 9, "hours": 1}], "quiet_hours": {"start": 2, "end": 2}}
        yield (
            place | login | rules | {"subject": "News", "template": str(template)},
            {
                "mode": "append",
                "channel": "email",
            },
        )


@contextmanager
def table(desk: Desk, folder: Path, refuses: bool) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """A table beside the warehouse."""
    settings: Settings = desk.shop  # type: ignore[attr-defined]  # the fixture puts it there
    place = {"host": settings.postgres_host, "user": settings.postgres_user, "dbname": settings.postgres_dbname}
    yield {"type": "postgres", "password_env": "SHOP_PASSWORD"} | place, {"mode": "upsert"}


SERVERS = {"hook": hook, "mail": mail, "table": table}


def run(desk: Desk, connection: dict[str, Any], **activation: Any) -> str:
    """Run the sync in a process of its own, with every secret in its environment; all that it says."""
    desk.settings.home.mkdir(parents=True, exist_ok=True)
    desk.settings.connections_path.write_text(yaml.safe_dump({"connections": {"peer": connection}}))
    command = [sys.executable, "-c", _LOUD, "none", "1", json.dumps({"key": ["profile_id"]} | activation)]
    environment = environment_of(desk.settings) | SECRETS
    done = subprocess.run(command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, timeout=90)
    return done.stdout + done.stderr


def everything_below(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by its name: ledger, logs, plans, warehouse, whatever there is."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def ledger_text(desk: Desk) -> str:
    """Every row of every table of the ledger."""
    return "\n".join(repr(desk.ledger(f"select * from {name}")) for name in TABLES)


@pytest.fixture
def sending(
    desk: Desk,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    postgres_settings_factory: Callable[..., Settings],
) -> Iterator[tuple[Desk, dict[str, Any], dict[str, Any]]]:
    """A project with ten people, a server, and the connection and the sync that lead there."""
    desk.shop = postgres_settings_factory(tmp_path / "shop")  # type: ignore[attr-defined]
    desk.put(people(10))
    name, _, mood = request.param.partition(" ")
    with SERVERS[name](desk, tmp_path, mood != "calm") as (connection, activation):
        yield desk, connection, activation


@pytest.mark.parametrize("sending", SERVERS, indirect=True)
def test_secrets_are_nowhere(sending: tuple[Desk, dict[str, Any], dict[str, Any]]) -> None:
    """After good runs, refusals, a closed door and a server that is gone, no secret is on disk, said or remembered."""
    desk, connection, activation = sending
    said = [run(desk, connection, **activation)]
    assert any(outcome == "ok" for (outcome,) in desk.ledger("select outcome from sync_result")), said
    desk.put(people(12, p1="Köln"))
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        gone = {"url": f"http://127.0.0.1:{port}/"} if "url" in connection else {"port": port}
        if "dbname" in connection:
            gone["host"] = "127.0.0.1"
        said.append(run(desk, connection | gone | {"patience_minutes": 0.005}, **activation))
    shut = {"user": "stranger"} if "user" in connection else {"url": connection["url"] + "/x", "token_env": "NO_SUCH"}
    said.append(run(desk, connection | shut | {"patience_minutes": 0.005}, **activation))
    said.append(run(desk, connection, **activation))
    found = everything_below(desk.settings.home)
    assert found
    for name, secret in SECRETS.items():
        assert not [path for path, content in found.items() if secret.encode() in content], name
        assert secret not in ledger_text(desk), name
        assert secret not in "\n".join(said), name
    assert not (desk.settings.home / "plans").exists(), "nothing of a plan is left"
    assert len(desk.ledger("select 1 from sync_run")) >= 3


@pytest.mark.parametrize("sending", [f"{name} calm" for name in SERVERS], indirect=True)
def test_what_was_acknowledged_leaves_keys_alone(sending: tuple[Desk, dict[str, Any], dict[str, Any]]) -> None:
    """When everything was taken, the ledger holds keys, and no address; nor is one in a log or in what was printed."""
    desk, connection, activation = sending
    said = run(desk, connection, **activation)
    desk.put([*people(12, p1="Köln")[1:]])
    if "channel" not in activation:
        activation = activation | {"mode": "mirror"}
    said += run(desk, connection, **activation)
    assert {outcome for (outcome,) in desk.ledger("select outcome from sync_result")} == {"ok"}, said
    assert {"p1", "p11"} <= {key for (key,) in desk.ledger("select row_key from sync_state")}
    told = ledger_text(desk)
    for value in ("@shop.example", "Berlin", "Köln", "order_count"):
        assert value not in told, value
    assert "@shop.example" not in said, [line for line in said.splitlines() if "@shop.example" in line][:3]
    logs = {path: content for path, content in everything_below(desk.settings.home).items() if path.endswith(".log")}
    assert not any(b"@shop.example" in content for content in logs.values())


def test_no_address_is_left_in_the_file_of_the_ledger(make_settings: Any, tmp_path: Path) -> None:
    """What was dropped from the ledger is not in its file either: neither in free pages nor in its journal."""
    desk = Desk(make_settings("duckdb", tmp_path))
    desk.put(people(500))
    with HttpPeer() as peer:
        connection = {"type": "webhook", "url": peer.url("/in"), "allowed_private_hosts": ["127.0.0.1"]}
        said = run(desk, connection | {"batching": "batch", "upsert": True}, mode="upsert")
    assert desk.ledger("select outcome, count(*) from sync_result group by 1") == [("ok", 500)], said
    path = desk.settings.ledger_path
    found = {name: content for name, content in everything_below(path.parent).items() if name.startswith(path.name)}
    assert os.path.basename(path) in found
    assert not [name for name, content in found.items() if b"@shop.example" in content]
