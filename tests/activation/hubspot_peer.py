"""A HubSpot account over HTTP on loopback: it lets in so many requests, fails as it is told to, and keeps what it saw.

    with HubSpotPeer() as peer:
        peer.befall("hang")
        peer.account.put("contacts", email="ann@shop.example", firstname="Ann")

`befall` makes the next requests go wrong that write or look up: `hang` and `cut` do first what was asked and then say
nothing; `short` doesn't tell of one record that was written, `untraced` not which an error is of; `html`, `nothing`,
`half`, `list`, `inner` and `strangers` do nothing and answer 200, `lost way` 404; a number answers that status.
"""

import json
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any

from tests.activation.http_peer import LoopbackServer
from tests.activation.hubspot_account import AT, Account, RefusalError

TOKEN = "pat-eu1-Zx9-hubspot-secret"
_GARBAGE = {
    "html": "<html><body>Welcome to our portal</body></html>",
    "lost way": "<html><body>Not found</body></html>",
    "nothing": "",
    "list": "[1, 2]",
    "inner": json.dumps({"status": "error", "message": "Something went wrong.", "category": "INTERNAL"}),
    "strangers": json.dumps(
        {
            "status": "COMPLETE", "startedAt": AT, "completedAt": AT,
            "results": [{"id": "7", "properties": {}, "objectWriteTraceId": "another's"}],
        }
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """A request and its answer; `is_garbage` where the answer is none."""

    at: float
    method: str
    path: str
    body: Any
    status: int
    told: Any
    is_garbage: bool = False

    @property
    def rows(self) -> int:
        """How many records it is about."""
        body = self.body or {}
        if "inputs" in body:
            return len(body["inputs"])
        return len(body.get("recordIdsToAdd", ())) + len(body.get("recordIdsToRemove", ()))


class HubSpotPeer:
    """The server; `limit` is how many requests it lets in in how many seconds, `daily` how many in a day."""

    def __init__(
        self, *, limit: tuple[int, float] | None = None, daily: int | None = None, hang_seconds: float = 1.0
    ) -> None:
        self.account = Account()
        self.seen: list[Seen] = []
        self.daily = daily
        self._limit = limit
        self._recent: deque[float] = deque()
        self._hang_seconds = hang_seconds
        self._befalling: deque[str | int] = deque()
        self._lock = threading.Lock()
        self._server = LoopbackServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def befall(self, *troubles: str | int) -> None:
        """What happens to the next requests that aren't a mere `GET`, one each."""
        self._befalling.extend(troubles)

    def calls(self, ending: str, status: int | None = None) -> list[Seen]:
        """Requests whose path ends so."""
        return [one for one in self.seen if one.path.endswith(ending) and status in (None, one.status)]

    def answer(self, method: str, path: str, token: str, body: Any) -> tuple[int, dict[str, str], str, str | None]:
        """Status, headers and body that are answered, and what befalls the answer."""
        with self._lock:
            headers: dict[str, str] = {}
            trouble: str | int | None = None
            if token != f"Bearer {TOKEN}":
                told = RefusalError(401, "INVALID_AUTHENTICATION", "The token is not valid.").told()
            elif refused := self._refused(headers):
                told = refused
            else:
                trouble = self._befalling.popleft() if self._befalling and method != "GET" else None
                told = self._told(method, path, body, trouble, headers)
            written = told[1] if isinstance(told[1], str) else "" if told[1] is None else json.dumps(told[1])
            is_garbage = trouble in _GARBAGE or trouble == "half"
            self.seen.append(Seen(time.monotonic(), method, path, body, told[0], told[1], is_garbage))
            return told[0], headers, written, str(trouble) if trouble else None

    def _told(self, method: str, path: str, body: Any, trouble: str | int | None, headers: dict[str, str]) -> Any:
        if isinstance(trouble, int):
            headers.update({"Retry-After": "1"} if trouble in (429, 503) else {})
            category = {403: "MISSING_SCOPES"}.get(trouble, "INTERNAL_ERROR")
            missing = {"requiredGranularScopes": ["crm.objects.contacts.write"]}
            errors = [{"message": "A right is missing.", "context": missing}] if trouble == 403 else []
            return RefusalError(trouble, category, "It is told to.", errors=errors).told()
        if trouble in _GARBAGE:
            return 404 if trouble == "lost way" else 200, _GARBAGE[str(trouble)]
        status, told = self.account.answer(method, path, body)
        if trouble == "short":
            told["results"].pop()
        if trouble == "untraced":
            told["errors"] = [error | {"context": {}} for error in told["errors"]]
        return status, told

    def _refused(self, headers: dict[str, str]) -> tuple[int, Any] | None:
        if self.daily is not None:
            headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(self.daily - 1, 0))
            if self.daily <= 0:
                told = {"errorType": "RATE_LIMIT", "policyName": "DAILY"}
                return RefusalError(429, "RATE_LIMITS", "You have reached your daily limit.", **told).told()
            self.daily -= 1
        if self._limit:
            now, (most, seconds) = time.monotonic(), self._limit
            while self._recent and self._recent[0] <= now - seconds:
                self._recent.popleft()
            if len(self._recent) >= most:
                headers["Retry-After"] = str(max(round(self._recent[0] + seconds - now, 2), 0.05))
                told = {"errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}
                return RefusalError(429, "RATE_LIMITS", "You have reached your ten_secondly limit.", **told).told()
            self._recent.append(now)
        return None

    def hang(self) -> None:
        """Say nothing for longer than anybody waits."""
        time.sleep(self._hang_seconds)

    def __enter__(self) -> "HubSpotPeer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler_of(peer: HubSpotPeer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            token = self.headers.get("Authorization", "")
            status, headers, told, trouble = peer.answer(
                self.command, self.path, token, json.loads(body) if body else None
            )
            if trouble in ("hang", "cut"):
                if trouble == "hang":
                    peer.hang()
                self._hang_up()
                return
            written = told.encode()
            self.send_response(status)
            kind = "text/html" if trouble == "html" else "application/json"
            for name, value in ({"Content-Type": kind} | headers).items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written[: len(written) // 2] if trouble == "half" else written)
            if trouble == "half":
                self._hang_up()

        do_GET = do_PUT = do_PATCH = do_POST  # noqa: N815  # the names are those of http.server

        def _hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, *_: Any) -> None:
            """Requests are recorded, not printed."""

    return Handler
