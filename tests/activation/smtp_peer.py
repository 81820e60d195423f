"""A real SMTP server on loopback: it keeps every letter, and answers as it is told to.

In a test:

    with SmtpPeer() as peer:
        peer.will("RCPT", "550 5.1.1 No such mailbox")
        peer.will("DATA", CUT)

As a process of its own, which writes a JSON line per letter and syncs it to disk before it answers:

    python -m tests.activation.smtp_peer --port 0 --log FILE [--replies JSON]

It prints `listening on PORT` when it is ready. Replies are a list of pairs: a stage (MAIL, RCPT or DATA) and the reply
to it, which may be CUT.
"""

import argparse
import asyncio
import email
import email.policy
import json
import os
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

# Instead of a reply: the connection ends, after what was sent has been received.
CUT = "CUT"


@dataclass(frozen=True)
class ReceivedLetter:
    """A letter as it came."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    is_encrypted: bool
    user: str | None
    options: tuple[str, ...]

    @property
    def message(self) -> EmailMessage:
        """The letter, read."""
        read = email.message_from_bytes(self.content, policy=email.policy.SMTPUTF8)
        assert isinstance(read, EmailMessage)
        return read

    def line(self) -> str:
        """The letter in one line of JSON."""
        told = {"at": time.time(), "sender": self.sender, "recipients": self.recipients}
        return json.dumps({**told, "message_id": self.message["Message-ID"], "content": self.content.decode("latin-1")})


class SmtpPeer:
    """The server: `letters` holds every letter that came whole, taken or not."""

    def __init__(
        self,
        port: int = 0,
        context: ssl.SSLContext | None = None,
        is_implicit: bool = False,
        login: tuple[str, str] | None = None,
        takes_utf8: bool = True,
        log: Path | None = None,
        delay: float = 0.0,
    ) -> None:
        self.letters: list[ReceivedLetter] = []
        self.connections = 0
        self.logins: list[str] = []
        self._replies: dict[str, deque[str]] = {stage: deque() for stage in ("MAIL", "RCPT", "DATA")}
        self._login, self._log, self._delay = login, log, delay
        # With TLS from the first byte aiosmtpd knows no AUTH that asks for it, for it counts STARTTLS alone.
        options: dict[str, Any] = {"enable_SMTPUTF8": takes_utf8, "auth_require_tls": bool(context) and not is_implicit}
        if login:
            options |= {"authenticator": self._authenticate, "auth_required": True}
        if context and not is_implicit:
            options["tls_context"] = context
        self._options, self._wrapping = options, context if is_implicit else None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._wanted_port, self.port = port, 0
        self._protocols: list[SMTP] = []

    def will(self, stage: str, *replies: str) -> None:
        """Answer the next commands of a stage so: MAIL, RCPT or DATA."""
        self._replies[stage].extend(replies)

    async def handle_MAIL(  # noqa: N802  # the names are those of aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope, address: str, mail_options: list[str]
    ) -> str:
        """To the sender."""
        envelope.mail_from, envelope.mail_options = address, mail_options
        return self._next(server, "MAIL", "250 2.1.0 Sender ok")

    async def handle_RCPT(  # noqa: N802  # the names are those of aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """To a recipient."""
        reply = self._next(server, "RCPT", "250 2.1.5 Recipient ok")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(  # noqa: N802  # the names are those of aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """To the content."""
        assert isinstance(envelope.content, bytes)
        assert server.transport
        letter = ReceivedLetter(
            str(envelope.mail_from),
            tuple(envelope.rcpt_tos),
            envelope.content,
            session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
            self.logins[-1] if self.logins else None,
            tuple(envelope.mail_options),
        )
        self.letters.append(letter)
        if self._log:
            with self._log.open("a", encoding="utf-8") as file:
                file.write(letter.line() + "\n")
                file.flush()
                os.fsync(file.fileno())
        await asyncio.sleep(self._delay)
        return self._next(server, "DATA", "250 2.0.0 Taken")

    def _next(self, server: SMTP, stage: str, usual: str) -> str:
        reply = self._replies[stage].popleft() if self._replies[stage] else usual
        if reply == CUT and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return reply

    def _authenticate(self, server: SMTP, session: Session, envelope: Envelope, how: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        if given != self._login:
            return AuthResult(success=False, handled=False)
        self.logins.append(given[0])
        return AuthResult(success=True)

    def hang_up(self) -> None:
        """End every connection, without a word."""

        async def abort() -> None:
            for protocol in self._protocols:
                if isinstance(protocol.transport, asyncio.WriteTransport):
                    protocol.transport.abort()

        asyncio.run_coroutine_threadsafe(abort(), self._loop).result(10)

    def _protocol(self) -> SMTP:
        self.connections += 1
        protocol = SMTP(self, loop=self._loop, hostname="peer.example.com", **self._options)
        self._protocols.append(protocol)
        return protocol

    async def _listen(self) -> asyncio.Server:
        return await self._loop.create_server(self._protocol, "127.0.0.1", self._wanted_port, ssl=self._wrapping)

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def __enter__(self) -> "SmtpPeer":
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def main(arguments: list[str] | None = None) -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--replies", default="[]", help="pairs of a stage and its reply, for the first commands")
    given = parser.parse_args(arguments)
    with SmtpPeer(given.port, log=given.log) as peer:
        for stage, reply in json.loads(given.replies):
            peer.will(stage, reply)
        print(f"listening on {peer.port}", flush=True)  # noqa: T201  # who started the process waits for it
        threading.Event().wait()


if __name__ == "__main__":
    main()
