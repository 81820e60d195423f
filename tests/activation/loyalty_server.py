"""The loyalty programme of the page about a destination of one's own: members by JSON over HTTP, on loopback."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Server:
    """It remembers `members` by their e-mails; the next answer may be cut off after the work was done, or be HTML."""

    def __init__(self, token: str) -> None:
        self.members: dict[str, dict[str, Any]] = {}
        self._token = token
        self._trouble: str | None = None
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/members"

    def cut_next(self) -> None:
        """Take the next batch, and end the connection without an answer."""
        self._trouble = "cut"

    def garble_next(self) -> None:
        """Answer the next batch with a page, and take nothing."""
        self._trouble = "html"

    def take(self, token: str | None, body: bytes) -> tuple[int, bytes] | None:
        """The status and body of an answer; None for none."""
        with self._lock:
            trouble, self._trouble = self._trouble, None
            if token != f"Bearer {self._token}":
                return 401, b"{}"
            if trouble == "html":
                return 200, b"<html>Welcome!</html>"
            results = []
            for member in json.loads(body)["members"]:
                if member["leaves"]:
                    self.members.pop(member["email"], None)
                else:
                    self.members[member["email"]] = member["facts"]
                results.append({"ok": True, "id": f"m-{member['email']}"})
            return None if trouble == "cut" else (200, json.dumps({"results": results}).encode())

    def __enter__(self) -> "Server":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = server.take(self.headers.get("Authorization"), body)
                if answer is None:
                    self.close_connection = True
                    return
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(answer[1])))
                self.end_headers()
                self.wfile.write(answer[1])

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        return Handler
