"""A real HTTP server on loopback: it records every request, and answers as it is told to.

In a test:

    with HttpPeer() as peer:
        peer.will(Reply(503, {"Retry-After": "3"}), Reply(cut=True))

As a process of its own, which writes a JSON line per request and syncs it to disk before it answers:

    python -m tests.activation.http_peer --port 0 --log FILE [--replies JSON] [--always JSON] [--honours-keys]
                                         [--rejects TEXT ...]

It prints `listening on PORT` when it is ready. A reply in JSON has the names of `Reply`, its body as JSON.
"""

import argparse
import json
import os
import socket
import ssl
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Received:
    """A request as it came: headers by lower-case names; `is_repeated` if its Idempotency-Key was answered before."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    is_repeated: bool = False
    # Names of headers as they were spelled, every one.
    header_names: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    @property
    def key(self) -> str | None:
        """The Idempotency-Key."""
        return self.headers.get("idempotency-key")

    def line(self) -> str:
        """The request in one line of JSON."""
        try:
            body = self.json
        except ValueError:
            body = self.body.decode("latin-1")
        told = {"at": self.at, "method": self.method, "path": self.path, "key": self.key}
        return json.dumps({**told, "is_repeated": self.is_repeated, "headers": self.headers, "body": body})


@dataclass(frozen=True)
class Reply:
    """What is answered to one request: a body of bytes or text is sent as it is, any other as JSON."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    # Seconds before the answer, and between the bytes of its head.
    delay: float = 0.0
    drip: float = 0.0
    # Whether the connection ends once the request was received, or in the middle of the answer's body.
    cut: bool = False
    cut_body: bool = False

    def encoded(self) -> bytes:
        """The body as it is sent."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body or b""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


Answering = Callable[[Received], Reply]


def rows_of(request: Received) -> list[Any]:
    """Rows of a request: the first list that its JSON holds, else the JSON alone."""
    parts = [request.json]
    while parts:
        part = parts.pop(0)
        if isinstance(part, list):
            return part
        parts += part.values() if isinstance(part, dict) else []
    return [request.json]


def rejecting(texts: Iterable[str]) -> Answering:
    """An answer per row, a 207 if a row holds any of the texts: `results` of `ok` and `id`, or `code` and `error`."""
    refused = tuple(texts)

    def answer(request: Received) -> Reply:
        results = [_result(row, refused) for row in rows_of(request)]
        return Reply(200 if all(result["ok"] for result in results) else 207, body={"results": results})

    return answer


def _result(row: Any, refused: tuple[str, ...]) -> dict[str, Any]:
    written = json.dumps(row, ensure_ascii=False)
    if any(text in written for text in refused):
        return {"ok": False, "code": "REFUSED", "error": "This row is refused."}
    return {"ok": True, "id": f"id-{zlib.crc32(written.encode())}"}


class HttpPeer:
    """The server: `received` holds every request, in order; `replies` what is answered next, before `always`."""

    def __init__(
        self,
        port: int = 0,
        context: ssl.SSLContext | None = None,
        log: Path | None = None,
        honours_keys: bool = False,
        always: Reply | Answering | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.received: list[Received] = []
        self.replies: deque[Reply | Answering] = deque()
        self.always: Reply | Answering = always or Reply(body={})
        self.server_names: list[str | None] = []
        self.connections = 0
        self._honours_keys = honours_keys
        self._kept: dict[str, Reply] = {}
        self._log = log
        self._lock = threading.Lock()
        self._server = LoopbackServer((host, port), _handler_of(self))
        self._scheme = "https" if context else "http"
        if context:
            context.sni_callback = lambda _socket, name, _context: self.server_names.append(name)
        self._server.context = context
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """An address of this server, under any of its names."""
        return f"{self._scheme}://{host}:{self.port}{path}"

    def will(self, *replies: Reply | Answering) -> None:
        """Answer the next requests so, in order."""
        self.replies.extend(replies)

    def answer(self, request: Received) -> Reply:
        """Record a request, on disk if there is a log, and choose its answer."""
        with self._lock:
            kept = self._kept.get(request.key or "") if self._honours_keys else None
            request = Received(**{**request.__dict__, "is_repeated": kept is not None})
            self.received.append(request)
            if self._log:
                with self._log.open("a", encoding="utf-8") as file:
                    file.write(request.line() + "\n")
                    file.flush()
                    os.fsync(file.fileno())
            chosen = self.replies.popleft() if self.replies else self.always
            reply = chosen if isinstance(chosen, Reply) else chosen(request)
            if kept is not None and not self._fails(reply):
                return kept
            if self._honours_keys and request.key and not self._fails(reply, or_cut=False):
                # What was cut was done all the same: who asks again gets the answer that was lost.
                self._kept[request.key] = Reply(reply.status, reply.headers, reply.body)
            return reply

    @staticmethod
    def _fails(reply: Reply, or_cut: bool = True) -> bool:
        return reply.status >= 300 or (or_cut and (reply.cut or reply.cut_body))

    def __enter__(self) -> "HttpPeer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class LoopbackServer(ThreadingHTTPServer):
    """A thread for each connection, which ends with the test; with a `context` it speaks TLS."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    context: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.context:
            # In the thread of the connection, so that a bad handshake holds up nobody.
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up is part of the tests."""


def _handler_of(peer: HttpPeer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            peer.connections += 1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            names = tuple(self.headers.keys())
            reply = peer.answer(
                Received(self.command, self.path, headers, body, time.time(), header_names=names),
            )
            time.sleep(reply.delay)
            if reply.cut:
                self._hang_up()
                return
            self._send(reply, reply.encoded())

        do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815  # the names are those of http.server

        def _send(self, reply: Reply, body: bytes) -> None:
            content_type = "application/json" if not isinstance(reply.body, str) else "text/html"
            headers = {"Content-Type": content_type, "Content-Length": str(len(body))} | reply.headers
            head = f"HTTP/1.1 {reply.status} Told\r\n" + "".join(
                f"{name}: {text}\r\n" for name, text in headers.items()
            )
            for piece in head if reply.drip else (head,):
                self.wfile.write(piece.encode("latin-1"))
                time.sleep(reply.drip)
            self.wfile.write(b"\r\n" + (body[: len(body) // 2] if reply.cut_body else body))
            if reply.cut_body:
                self._hang_up()

        def _hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, *_: Any) -> None:
            """Requests are recorded, not printed."""

    return Handler


def main(arguments: list[str] | None = None) -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--replies", default="[]", help="a list of replies, for the first requests")
    parser.add_argument("--always", default='{"body": {}}', help="the reply to all others")
    parser.add_argument("--honours-keys", action="store_true", help="answer a known Idempotency-Key as before")
    parser.add_argument("--rejects", nargs="*", help="answer per row, and refuse rows that hold one of these texts")
    given = parser.parse_args(arguments)
    always: Reply | Answering = Reply(**json.loads(given.always))
    if given.rejects is not None:
        always = rejecting(given.rejects)
    with HttpPeer(given.port, log=given.log, honours_keys=given.honours_keys, always=always) as peer:
        peer.will(*(Reply(**reply) for reply in json.loads(given.replies)))
        print(f"listening on {peer.port}", flush=True)  # noqa: T201  # who started the process waits for it
        threading.Event().wait()


if __name__ == "__main__":
    main()
