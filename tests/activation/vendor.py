"""A vendor's account over HTTP on loopback: it remembers, refuses and is slow as marketing systems are.

It takes batches of at most 100 rows with an outcome per row (207), refuses a whole batch over one row (409), works on
uploads after it answered (202, and jobs that are asked after), knows events by their `unique_id`, allows so many
requests in a window over the whole account (429 with Retry-After), and may have taken what it never answered.

    with Vendor(limit=(10, 1.0)) as vendor:
        vendor.befall("hang")
"""

import json
import math
import socket
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any

from tests.activation.http_peer import LoopbackServer

TOKEN = "pat-eu1-Zx9-vendor-secret"
MOST_ROWS = 100
Told = tuple[int, dict[str, str], Any]


@dataclass(frozen=True)
class Seen:
    """A request: when it came, what it asked for, how many rows it held, and how it was answered."""

    at: float
    method: str
    path: str
    rows: int
    status: int


@dataclass
class JobState:
    """An upload that is worked on: how often one must ask until it is done, and which rows failed, by their places."""

    polls_left: int
    errors: list[dict[str, Any]]


@dataclass
class Account:
    """What the vendor holds."""

    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    event_arrivals: Counter[str] = field(default_factory=Counter)
    jobs: dict[str, JobState] = field(default_factory=dict)


class Vendor:
    """The account and its server; `seen` holds every request in order.

    `befall` makes the next writing requests go wrong: `hang` and `cut` take the batch first and then say nothing,
    `html` and `inner error` take nothing and answer 200. While `is_busy` every answer is a 429.
    """

    def __init__(self, *, limit: tuple[int, float] | None = None, polls: int = 1, hang_seconds: float = 1.0) -> None:
        self.account = Account()
        self.seen: list[Seen] = []
        self.polls = polls
        self.is_busy = False
        self.retry_after = 1
        self._limit = limit
        self._hang_seconds = hang_seconds
        self._befalling: deque[str] = deque()
        self._recent: deque[float] = deque()
        self._lock = threading.Lock()
        self._server = LoopbackServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def befall(self, *troubles: str) -> None:
        """What happens to the next requests that write, one each."""
        self._befalling.extend(troubles)

    def count(self, status: int) -> int:
        """How many requests were answered so."""
        return sum(seen.status == status for seen in self.seen)

    def uploads(self) -> int:
        """How many rows came in requests that were let in."""
        return sum(seen.rows for seen in self.seen if seen.status < 300)

    def answer(self, method: str, path: str, token: str, body: Any) -> tuple[Told, str | None]:
        """What is answered, and what befalls the answer."""
        now = time.monotonic()
        rows = len(body.get("rows", ())) if isinstance(body, dict) else 0
        with self._lock:
            told, trouble = self._judged(method, path, token, body, now)
            self.seen.append(Seen(now, method, path, rows, told[0]))
        return told, trouble

    def hang(self) -> None:
        """Say nothing for longer than anybody waits."""
        time.sleep(self._hang_seconds)

    def _judged(self, method: str, path: str, token: str, body: Any, now: float) -> tuple[Told, str | None]:
        if token != f"Bearer {TOKEN}":
            return (401, {}, {"category": "INVALID_AUTHENTICATION"}), None
        if wait := self._wait(now):
            return (429, {"Retry-After": str(wait)}, {"category": "RATE_LIMITS"}), None
        if method == "GET":
            return self._job(path), None
        trouble = self._befalling.popleft() if self._befalling else None
        if trouble == "html":
            return (200, {"Content-Type": "text/html"}, "<html><body>Welcome!</body></html>"), None
        if trouble == "inner error":
            return (200, {}, {"status": "error", "message": "Something went wrong."}), None
        return self._taken(path, body["rows"]), trouble

    def _wait(self, now: float) -> int:
        """Seconds to wait; what is refused counts for nothing."""
        if self.is_busy:
            return self.retry_after
        if self._limit:
            most, seconds = self._limit
            while self._recent and self._recent[0] <= now - seconds:
                self._recent.popleft()
            if len(self._recent) >= most:
                return math.ceil(self._recent[0] + seconds - now)
            self._recent.append(now)
        return 0

    def _taken(self, path: str, rows: list[dict[str, Any]]) -> Told:
        if len(rows) > MOST_ROWS:
            return 400, {}, {"category": "VALIDATION_ERROR", "message": f"At most {MOST_ROWS} rows."}
        if path == "/people/upsert":
            return self._upsert(rows)
        if path == "/people/archive":
            for row in rows:
                self.account.people.pop(row["id"], None)
            return 204, {}, None
        if path == "/events":
            return self._event(rows)
        number = f"job-{len(self.account.jobs) + 1}"
        errors = [] if path == "/jobs/archive" else self._each(rows)
        for row in rows if path == "/jobs/archive" else ():
            self.account.people.pop(row["id"], None)
        self.account.jobs[number] = JobState(self.polls, errors)
        return 202, {}, {"id": number}

    def _upsert(self, rows: list[dict[str, Any]]) -> Told:
        owners = {person.get("email"): known for known, person in self.account.people.items()}
        ids = [row["id"] for row in rows]
        is_taken = any(owners.get(row["properties"].get("email"), row["id"]) != row["id"] for row in rows)
        if len(set(ids)) < len(ids) or is_taken:
            return 409, {}, {"category": "CONFLICT", "message": "A row collides with another."}
        errors = self._each(rows)
        told = [{"trace": row["trace"], "id": f"v-{row['id']}"} for row in rows]
        failed = {rows[error["index"]]["trace"]: error for error in errors}
        results = [one for one in told if one["trace"] not in failed]
        shown = [
            {"trace": trace, "code": error["code"], "message": error["message"]} for trace, error in failed.items()
        ]
        # In an order of its own, as they do.
        return 207 if errors else 200, {}, {"results": results[::-1], "errors": shown}

    def _each(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        errors = []
        for place, row in enumerate(rows):
            properties = row["properties"]
            if "@" not in str(properties.get("email", "@")) or None in properties.values():
                errors.append({"index": place, "code": "INVALID_EMAIL", "message": "A property is not valid."})
            else:
                self.account.people.setdefault(row["id"], {}).update(properties)
        return errors

    def _event(self, rows: list[dict[str, Any]]) -> Told:
        for row in rows:
            self.account.event_arrivals[row["unique_id"]] += 1
            self.account.events.setdefault(row["unique_id"], row["properties"])
        return 202, {}, None

    def _job(self, path: str) -> Told:
        _, _, number, *rest = path.split("/")
        job = self.account.jobs.get(number)
        if job is None:
            return 404, {}, {"category": "NOT_FOUND"}
        if rest:
            return 200, {}, {"errors": job.errors}
        if job.polls_left:
            job.polls_left -= 1
            return 200, {}, {"status": "processing"}
        return 200, {}, {"status": "complete", "failed": len(job.errors)}

    def __enter__(self) -> "Vendor":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler_of(vendor: Vendor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            token = self.headers.get("Authorization", "")
            (status, headers, told), trouble = vendor.answer(
                self.command, self.path, token, json.loads(body, parse_float=Decimal) if body else None
            )
            if trouble:
                if trouble == "hang":
                    vendor.hang()
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            written = told.encode() if isinstance(told, str) else b"" if told is None else json.dumps(told).encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        do_GET = do_POST  # noqa: N815  # the names are those of http.server

        def log_message(self, *_: Any) -> None:
            """Requests are recorded, not printed."""

    return Handler
