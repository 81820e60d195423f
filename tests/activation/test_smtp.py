"""Laws of letters: what is handed to a mail server, what its replies mean, and what never becomes a letter."""

import json
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from orchestration.activation.connections import Secrets, WrongConnectionError, parse_connection
from orchestration.activation.destinations import smtp
from orchestration.activation.destinations.protocol import (
    Answered,
    Batch,
    BatchRefusedError,
    DeliveryClass,
    Destination,
    NotAllowedError,
    Operation,
    Row,
    RowAnswer,
    SendError,
    Target,
    TryLaterError,
    UnsureError,
)
from orchestration.settings import PROJECT_DIR
from tests.activation.smtp_peer import CUT, SmtpPeer

# Some of the servers here ask for a login on a connection without TLS, on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
SECRET = "s3cret-Of-The-House"
Open = Callable[..., Destination]


@pytest.fixture
def peer() -> Iterator[SmtpPeer]:
    """A server that takes everything, without TLS."""
    with SmtpPeer() as server:
        yield server


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """A function that opens a way to a peer, closed in the end: `opened(peer, body=..., **config)`."""
    monkeypatch.setenv("MAIL_SECRET", SECRET)
    destinations = []

    def open_one(peer: SmtpPeer | int, body: str = "Hello {{ name }}!\n", suffix: str = ".txt", **config: Any) -> Any:
        template = tmp_path / f"letter{suffix}"
        template.write_text(body, encoding="utf-8")
        port = peer if isinstance(peer, int) else peer.port
        declared = {"type": "smtp", "host": "localhost", "port": port, "security": "none", "timeout_seconds": 2}
        declared |= {"sender": "Shop <news@shop.example.com>", "subject": "News", "template": str(template)}
        parsed = parse_connection("letters", declared | config)
        assert isinstance(parsed, smtp.Config)
        destination = smtp.open_destination(parsed, Target("letters"), Secrets())
        destinations.append(destination)
        return destination

    yield open_one
    for destination in destinations:
        destination.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority of our own."""
    return trustme.CA()


@pytest.fixture(scope="module")
def encrypted(authority: trustme.CA) -> ssl.SSLContext:
    """What a server shows as localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    """The authority's certificate."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


@contextmanager
def talking(*lines: bytes) -> Iterator[int]:
    """A server that says these lines, one to each that it hears and the first at once, whatever they are; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                connection, _ = server.accept()
            except OSError:  # nobody came before the test ended
                return
            with connection, connection.makefile("rb") as heard:
                for line in lines:
                    connection.sendall(line + b"\r\n")
                    if not heard.readline():
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        thread.join(5)


def row(seq: int = 0, operation: str = "add", **payload: Any) -> Row:
    """A row of one person."""
    values = {"email": f"p{seq}@example.com", "name": "Ada"} | payload
    return Row(seq, {"id": seq}, Operation(operation), values, f"0b9e-{seq}")


def batch(*rows: Row) -> Batch:
    """Rows under one key."""
    return Batch("letters_news", "letters", "key-of-batch", rows)


def answer_to(destination: Destination, sent: Row | None = None) -> RowAnswer:
    """What became of one row."""
    answer = destination.send(batch(sent or row()))
    assert isinstance(answer, Answered)
    assert len(answer.rows) == 1
    return answer.rows[0]


def error_of(destination: Destination, sent: Row | None = None) -> SendError:
    """The error that sending ends in."""
    with pytest.raises(SendError) as caught:
        destination.send(batch(sent or row()))
    return caught.value


# What is handed over


def test_a_letter_says_what_the_template_says(peer: SmtpPeer, opened: Open) -> None:
    """A letter goes from the sender to the row's address, filled with its values; its id is the row's key."""
    destination = opened(
        peer,
        "Dear {{name}},\n.a dot\n{{ points }} points, {{ is_gold }}, {{ amount }}\n",
        subject="For {{ name }}",
        reply_to="Help <help@shop.example.com>",
    )
    sent = row(3, name="Zoë & <Co>", points=7, is_gold=True, amount=1.5)
    assert answer_to(destination, sent).outcome == "ok"
    letter = peer.letters[0]
    message = letter.message
    assert (letter.sender, letter.recipients) == ("news@shop.example.com", ("p3@example.com",))
    assert message["From"] == "Shop <news@shop.example.com>"
    assert message["To"] == "p3@example.com"
    assert message["Reply-To"] == "Help <help@shop.example.com>"
    assert message["Subject"] == "For Zoë & <Co>"
    assert message["Message-ID"] == "<0b9e-3@shop.example.com>"
    assert abs(parsedate_to_datetime(message["Date"]).timestamp() - time.time()) < 60
    assert message.get_content_type() == "text/plain"
    assert message.get_content().splitlines() == ["Dear Zoë & <Co>,", ".a dot", "7 points, true, 1.5"]
    assert letter.content.isascii()
    assert max(map(len, letter.content.split(b"\r\n"))) <= 78


def test_a_line_that_is_a_dot_ends_nothing(peer: SmtpPeer, opened: Open) -> None:
    """A dot alone on a line of the body reaches the reader as one."""
    answer_to(opened(peer, "one\n.\n..two\n"))
    assert peer.letters[0].message.get_content().splitlines() == ["one", ".", "..two"]


def test_values_are_escaped_in_html(peer: SmtpPeer, opened: Open) -> None:
    """In an .html template a value can't become markup."""
    destination = opened(peer, '<p title="{{ name }}">{{ name }}</p>', ".html")
    answer_to(destination, row(name="\"><script>alert('x')</script>&"))
    message = peer.letters[0].message
    assert message.get_content_type() == "text/html"
    shown = "&quot;&gt;&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;"
    assert message.get_content().strip() == f'<p title="{shown}">{shown}</p>'


def test_a_value_is_never_a_template(peer: SmtpPeer, opened: Open) -> None:
    """Placeholders in values stay as they are."""
    answer_to(opened(peer, "{{ name }} {{ other }}"), row(name="{{ email }}", other=r"\1 {{ name }}"))
    assert peer.letters[0].message.get_content().strip() == r"{{ email }} \1 {{ name }}"


def test_who_wants_no_more_can_say_so(peer: SmtpPeer, opened: Open) -> None:
    """Links to unsubscribe stay whole however long, hold values quoted, and promise one click where it is HTTPS."""
    link = "https://shop.example.com/stop?token={{ token }}&to={{ email }}"
    both = opened(peer, list_unsubscribe=[link, "mailto:stop@shop.example.com?subject={{ token }}"])
    token = "a/b&c=ü " + "x" * 150
    answer_to(both, row(token=token))
    quoted = "a%2Fb%26c%3D%C3%BC%20" + "x" * 150
    content = peer.letters[0].content
    expected = f"List-Unsubscribe: <https://shop.example.com/stop?token={quoted}&to=p0%40example.com>,\r\n <mailto:"
    assert expected.encode() in content
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in content
    answer_to(opened(peer, list_unsubscribe="mailto:stop@shop.example.com"))
    assert b"List-Unsubscribe: <mailto:stop@shop.example.com>\r\n" in peer.letters[1].content
    assert b"List-Unsubscribe-Post" not in peer.letters[1].content
    assert "900" in str(both.problems(row(token="x" * 900)))


@pytest.mark.parametrize(
    ("address", "recipient", "needs_utf8"),
    [
        ("jörg@bücher.example", "jörg@bücher.example", True),
        ("用户@例子.广告", "用户@例子.广告", True),
        ("info@bücher.example", "info@xn--bcher-kva.example", False),
        ("O'Neil+tag@example.com", "O'Neil+tag@example.com", False),
    ],
)
def test_addresses_of_all_alphabets(
    peer: SmtpPeer, opened: Open, address: str, recipient: str, needs_utf8: bool
) -> None:
    """An address goes as ASCII where it can, and with SMTPUTF8 where it must."""
    assert answer_to(opened(peer, subject="Grüße, {{ name }}"), row(email=address, name="Зоя")).outcome == "ok"
    letter = peer.letters[0]
    assert letter.recipients == (recipient,)
    assert ("SMTPUTF8" in letter.options) == needs_utf8
    assert letter.message["Subject"] == "Grüße, Зоя"
    assert letter.message["To"] == recipient
    assert letter.content.isascii() != needs_utf8


def test_an_alphabet_that_the_server_lacks_is_a_rejected_row(opened: Open) -> None:
    """A server without SMTPUTF8 gets no address beyond ASCII, and others go on."""
    with SmtpPeer(takes_utf8=False) as peer:
        destination = opened(peer)
        answer = answer_to(destination, row(email="jörg@example.com"))
        assert (answer.outcome, answer.code) == ("rejected", "5.6.7")
        assert answer_to(destination, row()).outcome == "ok"
        assert len(peer.letters) == 1


def test_the_same_row_is_the_same_letter(peer: SmtpPeer, opened: Open) -> None:
    """The id of a letter tells a provider, and us, whether it was sent before."""
    destination = opened(peer)
    for _ in range(2):
        answer_to(destination, row(5))
    assert {letter.message["Message-ID"] for letter in peer.letters} == {"<0b9e-5@shop.example.com>"}


def test_a_letter_is_a_side_effect_of_its_own(peer: SmtpPeer, opened: Open) -> None:
    """Letters go one by one, a removal asks nothing of the server, and the fields that a letter needs are known."""
    destination = opened(peer, "{{ name }} {{ points }}", subject="{{ name }}", to_field="mail")
    assert destination.delivery_class is DeliveryClass.SIDE_EFFECT
    assert destination.limits.max_rows == 1
    assert list(destination.catalogue().required) == ["mail", "name", "points"]
    removal = Row(1, {"id": 1}, Operation.REMOVE, {"id": 1}, "k")
    assert destination.problems(removal) is None
    assert answer_to(destination, removal).outcome == "noop"
    with pytest.raises(BatchRefusedError):
        destination.send(batch(row(0), row(1)))
    assert destination.was_done(row()) is None
    assert peer.connections == 0


# What never becomes a letter


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"email": None}, "email"),
        ({"email": ""}, "no e-mail address"),
        ({"email": "nobody"}, "no e-mail address"),
        ({"email": "a@b@example.com"}, "no e-mail address"),
        ({"email": "a@example.com, b@example.com"}, "no e-mail address"),
        ({"email": "Ada <a@example.com>"}, "no e-mail address"),
        ({"email": "a@example.com\r\nBcc: all@example.com"}, "line break"),
        ({"email": "a@example.com\n"}, "line break"),
        ({"name": None}, "name"),
        ({"name": "Ada\nBcc: all@example.com"}, "line break"),
        ({"name": "Ada\rBcc: all@example.com"}, "line break"),
        ({"name": "Ada\x00"}, "control"),
        ({"name": "Ada\u2028"}, "control"),
        ({"name": ["Ada"]}, "neither"),
        ({"token": "a\r\nX: y"}, "token"),
        ({"token": None}, "token"),
    ],
)
def test_a_row_that_is_no_letter_says_why(peer: SmtpPeer, opened: Open, payload: dict[str, Any], told: str) -> None:
    """Without a right address and every value in one line a row is invalid, before a server hears of it."""
    link = "https://shop.example.com/stop?token={{ token }}"
    destination = opened(peer, "Hello", subject="For {{ name }}", list_unsubscribe=link)
    sent = row(**({"token": "t"} | payload))
    problem = str(destination.problems(sent))
    assert told in problem
    assert not any(value in problem for value in payload.values() if isinstance(value, str) and value)
    answer = answer_to(destination, sent)
    assert (answer.outcome, answer.message) == ("invalid", problem)
    assert peer.connections == 0
    assert destination.problems(row(token="t", name="")) is None


# What replies mean


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
def test_a_refused_letter_is_rejected(peer: SmtpPeer, opened: Open, stage: str) -> None:
    """A 5xx to the address or the content rejects the row with the enhanced code; the next letter goes on."""
    destination = opened(peer)
    peer.will(stage, "550 5.1.1 <p0@example.com>: no\x1b such mailbox", "554 Not this")
    answer = answer_to(destination)
    assert (answer.outcome, answer.code) == ("rejected", "5.1.1")
    assert answer.message == "5.1.1 <p0@example.com>: no such mailbox"
    assert answer_to(destination).code == "554"
    assert answer_to(destination).outcome == "ok"
    assert peer.connections == 1


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", ["421 4.3.2 Closing", "450 4.2.0 Greylisted", "451 4.7.1 Slow down"])
def test_a_server_that_is_busy_is_asked_later(peer: SmtpPeer, opened: Open, stage: str, reply: str) -> None:
    """A 4xx at any step means that nothing was taken, and is no fault of the row."""
    destination = opened(peer)
    peer.will(stage, reply)
    error = error_of(destination)
    assert type(error) is TryLaterError
    assert error.status_code == int(reply[:3])
    assert answer_to(destination).outcome == "ok"


@pytest.mark.parametrize(
    ("stage", "reply"),
    [
        ("MAIL", "550 5.7.1 Sender refused"),
        ("MAIL", "530 5.7.0 Log in"),
        ("RCPT", "530 5.7.0 Log in"),
        ("MAIL", "501 No"),
    ],
)
def test_a_server_that_wants_no_letter_of_ours_stops_the_sync(
    peer: SmtpPeer, opened: Open, stage: str, reply: str
) -> None:
    """Who refuses our sender refuses every row, and none is to blame."""
    peer.will(stage, reply)
    assert type(error_of(opened(peer))) is NotAllowedError


def test_a_letter_that_is_too_large_is_rejected(peer: SmtpPeer, opened: Open) -> None:
    """A 552 to the sender speaks of the letter's size, and so of the row."""
    peer.will("MAIL", "552 5.3.4 Too large")
    assert answer_to(opened(peer)).code == "5.3.4"


def test_a_connection_lost_after_the_letter_leaves_it_open(peer: SmtpPeer, opened: Open) -> None:
    """Who hangs up after the content, or says nothing more, may have taken the letter."""
    destination = opened(peer)
    peer.will("DATA", CUT)
    assert type(error_of(destination)) is UnsureError
    assert len(peer.letters) == 1
    assert answer_to(destination).outcome == "ok"
    with SmtpPeer(delay=5) as slow:
        started = time.monotonic()
        assert type(error_of(opened(slow, timeout_seconds=0.5))) is UnsureError
        assert time.monotonic() - started < 2


@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
def test_a_connection_lost_before_the_letter_took_nothing(peer: SmtpPeer, opened: Open, stage: str) -> None:
    """Who hangs up before the content has no letter of ours."""
    peer.will(stage, CUT)
    assert type(error_of(opened(peer))) is TryLaterError
    assert not peer.letters


def test_who_cant_be_reached_took_nothing(opened: Open) -> None:
    """A closed port, an unknown name and a server that hangs up, is silent or busy at once, are asked later."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert type(error_of(opened(int(bound.getsockname()[1])))) is TryLaterError
    unknown = opened(25, host="nowhere.invalid", security="starttls")
    assert type(error_of(unknown)) is TryLaterError
    for greeting in (b"421 4.3.2 Not now", b"what?"):
        with talking(greeting) as port:
            assert type(error_of(opened(port))) is TryLaterError
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert type(error_of(opened(int(silent.getsockname()[1]), timeout_seconds=0.3))) is TryLaterError


def test_who_never_lets_us_in_stops_the_sync(opened: Open) -> None:
    """A 5xx as a greeting is meant for us, not for a row."""
    with talking(b"554 5.7.1 No service for you") as port:
        assert type(error_of(opened(port))) is NotAllowedError


def test_nonsense_after_the_letter_leaves_it_open(opened: Open) -> None:
    """A reply to the content that is no SMTP says nothing; the same before the content means nothing was taken."""
    with talking(b"220 a", b"250 b", b"250 c", b"what?") as port:
        assert type(error_of(opened(port))) is TryLaterError
    # To the content every line is one heard: the first header is answered.
    with talking(b"220 a", b"250 b", b"250 c", b"250 d", b"354 e", b"what?") as port:
        assert type(error_of(opened(port))) is UnsureError


# Connections


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_letters_and_passwords_go_encrypted(
    opened: Open, encrypted: ssl.SSLContext, ca_file: str, security: str
) -> None:
    """With STARTTLS or TLS from the first byte letter and login are encrypted, by a certificate that is trusted."""
    with SmtpPeer(context=encrypted, is_implicit=security == "tls", login=("shop", SECRET)) as peer:
        known = {"security": security, "user": "shop", "password_env": "MAIL_SECRET"}
        assert answer_to(opened(peer, **known, ca_file=ca_file)).outcome == "ok"
        assert peer.letters[0].is_encrypted
        assert peer.letters[0].user == "shop"
        error = error_of(opened(peer, **known))
        assert type(error) is NotAllowedError
        assert "certificate" in str(error)
        wrong_name = error_of(opened(peer, **known, ca_file=ca_file, host="127.0.0.1"))
        assert type(wrong_name) is NotAllowedError
        assert len(peer.letters) == 1


def test_a_server_without_starttls_gets_nothing(peer: SmtpPeer, opened: Open) -> None:
    """STARTTLS that isn't offered is not done without."""
    error = error_of(opened(peer, security="starttls"))
    assert type(error) is NotAllowedError
    assert "STARTTLS" in str(error)
    assert not peer.letters


def test_a_wrong_password_stops_the_sync(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 535 is nobody's fault but the connection's; so is a server where nobody can log in."""
    known = {"user": "shop", "password_env": "WRONG_SECRET", "security": "none"}
    monkeypatch.setenv("WRONG_SECRET", "another")
    with SmtpPeer(login=("shop", SECRET)) as peer:
        error = error_of(opened(peer, **known))
        assert type(error) is NotAllowedError
        assert type(error_of(opened(peer))) is NotAllowedError
        assert not peer.letters
    with SmtpPeer() as open_to_all:
        assert type(error_of(opened(open_to_all, **known))) is NotAllowedError


def test_connections_are_kept_and_made_anew(peer: SmtpPeer, opened: Open) -> None:
    """Letters in turn share a connection, one that has ended meanwhile is noticed, and none serves for ever."""
    destination = opened(peer)
    for seq in range(100):
        answer_to(destination, row(seq))
    assert peer.connections == 1
    answer_to(destination)
    assert peer.connections == 2
    peer.hang_up()
    assert answer_to(destination).outcome == "ok"
    assert peer.connections == 3
    assert len(peer.letters) == 102


def test_many_threads_share_a_destination(peer: SmtpPeer, opened: Open) -> None:
    """Letters sent at once from many threads all arrive, each once, to its own address."""
    destination = opened(peer)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda seq: answer_to(destination, row(seq)), range(120)))
    assert all(answer.outcome == "ok" for answer in answers)
    assert sorted(letter.recipients[0] for letter in peer.letters) == sorted(
        f"p{seq}@example.com" for seq in range(120)
    )
    assert all(letter.message["To"] == letter.recipients[0] for letter in peer.letters)


# What a connection may say


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"host": "mail.example.com"}, "starttls or tls"),
        ({"user": "shop"}, "together"),
        ({"user": "shop\r\n", "password_env": "MAIL_SECRET"}, "visible"),
        ({"sender": "nobody"}, "sender"),
        ({"sender": "Shop <a@example.com>\r\nBcc: b@example.com"}, "sender"),
        ({"reply_to": "nobody"}, "reply_to"),
        ({"subject": "a\nBcc: b@example.com"}, "one line"),
        ({"subject": "{{ name | upper }}"}, "placeholder"),
        ({"list_unsubscribe": "http://shop.example.com/stop"}, "https"),
        ({"list_unsubscribe": "https://shop.example.com/<stop>"}, "https"),
        ({"list_unsubscribe": "https://shop.example.com/{{ a.b }}"}, "placeholder"),
        ({"template": "letters/none.html"}, "none.html"),
        ({"template": "letters/letter.docx"}, ".html or .txt"),
        ({"body": "Hello {{ name.first }}"}, "placeholder"),
        ({"body": "Hello {{ name"}, "placeholder"),
        ({"password_env": "NOT_SET_ANYWHERE", "user": "shop"}, "NOT_SET_ANYWHERE"),
        ({"password_env": "BROKEN_SECRET", "user": "shop"}, "BROKEN_SECRET"),
        ({"security": "ssl"}, "security"),
        ({"colour": SECRET}, "colour"),
    ],
)
def test_a_wrong_connection_says_what_to_change(
    opened: Open, monkeypatch: pytest.MonkeyPatch, config: dict[str, Any], told: str
) -> None:
    """A connection that can't be used is refused with a sentence, which never repeats a secret."""
    monkeypatch.setenv("BROKEN_SECRET", f"{SECRET}ü\n")
    with pytest.raises(WrongConnectionError) as caught:
        opened(25, **config)
    assert told in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_host_of_our_own_may_go_without_tls(peer: SmtpPeer, opened: Open) -> None:
    """A named host may be spoken to in the open."""
    assert answer_to(opened(peer, host="127.0.0.1")).outcome == "ok"
    assert opened(25, host="relay.example.com", allowed_private_hosts=["relay.example.com"])


def test_a_secret_is_shown_nowhere(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    """No error, no trace, no log and no object's text holds the password, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    with SmtpPeer(login=("shop", SECRET)) as peer:
        destination = opened(peer, user="shop", password_env="MAIL_SECRET")
        for stage, reply in (("MAIL", "550 no"), ("RCPT", "450 no"), ("MAIL", CUT), ("DATA", CUT), ("MAIL", "530 no")):
            peer.will(stage, reply)
            error = error_of(destination)
            texts += ["".join(traceback.format_exception(error)), repr(error), repr(vars(error))]
        answer_to(destination)
        server = destination._server  # type: ignore[attr-defined]
        texts += [repr(vars(part)) for part in (destination, server, *(idle for idle, _ in server._idle))]
    texts += [record.getMessage() for record in caplog.records if not record.name.startswith("mail.log")]
    assert len(texts) > 15
    assert not [text for text in texts if SECRET in text]


# The peer itself, as other tests use it


def test_a_peer_can_be_a_process(opened: Open, tmp_path: Path) -> None:
    """A peer of its own process has every letter on disk before it answers."""
    log = tmp_path / "letters.jsonl"
    command = [sys.executable, "-m", "tests.activation.smtp_peer", "--port", "0", "--log", str(log)]
    command += ["--replies", json.dumps([["DATA", CUT]])]
    with subprocess.Popen(command, cwd=PROJECT_DIR, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            destination = opened(int(process.stdout.readline().rsplit(" ", 1)[1]))
            assert type(error_of(destination, row(1))) is UnsureError
            assert answer_to(destination, row(2)).outcome == "ok"
        finally:
            os.kill(process.pid, signal.SIGKILL)
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [line["message_id"] for line in lines] == ["<0b9e-1@shop.example.com>", "<0b9e-2@shop.example.com>"]
    assert lines[0]["recipients"] == ["p1@example.com"]
