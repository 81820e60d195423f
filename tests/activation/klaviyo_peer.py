"""A Klaviyo account over HTTP on loopback: it lets in so many requests, fails as it is told to, and keeps what it saw.

    with KlaviyoPeer() as peer:
        peer.befall("hang")
        peer.account.put(email="ann@shop.example", first_name="Ann")

`befall` makes the next requests go wrong that write, `befall_reads` those that read: `hang` and `cut` do first what was
asked and then say nothing; `half` says half of it; `html`, `nothing`, `list`, `inner` and `strangers` do nothing and
answer as if they had; `other success` answers 299, `lost way` 404 in HTML; a number answers that status, and errors are
answered by 400.
"""

import json
import time
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from tests.activation.http_peer import HttpPeer, Received, Reply
from tests.activation.klaviyo_account import Account, RefusalError

KEY = "pk_Zx9klaviyosecret0123456789"
_FORM = "application/vnd.api+json"
_GARBAGE: dict[str, Any] = {
    "html": "<html><body>Welcome to our portal</body></html>",
    "nothing": "",
    "list": [1, 2],
    "inner": {"errors": [{"id": "1", "code": "error", "title": "Error", "detail": "Something went wrong."}]},
    "strangers": {"data": {"type": "segment", "id": "7", "attributes": {}}},
}
Trouble = str | int | dict[str, Any]
_SUCCESS = {"GET": 200, "POST": 202, "DELETE": 204}


@dataclass(frozen=True)
class Seen:
    """A request and its answer; `is_garbage` where the answer is none."""

    at: float
    method: str
    path: str
    headers: dict[str, str]
    size: int
    body: Any
    status: int
    told: Any
    is_garbage: bool = False

    @property
    def place(self) -> str:
        """The path without its query."""
        return self.path.split("?")[0]

    @property
    def profiles(self) -> list[Any]:
        """Profiles that the request brings."""
        data = (self.body or {}).get("data")
        if isinstance(data, list):
            return data
        return list(((data or {}).get("attributes", {}).get("profiles") or {}).get("data", ()))


class KlaviyoPeer:
    """The server; `limit` is how many requests it lets in in how many seconds."""

    def __init__(self, *, limit: tuple[int, float] | None = None, hang_seconds: float = 1.0) -> None:
        self._peer = HttpPeer(always=self._answer)
        self.url = self._peer.url("").rstrip("/")
        self.account = Account(self.url)
        self.seen: list[Seen] = []
        self._limit, self._recent = limit, deque[float]()
        self._hang_seconds = hang_seconds
        self._troubles: dict[bool, deque[Trouble]] = {False: deque(), True: deque()}

    def befall(self, *troubles: Trouble) -> None:
        """What happens to the next requests that write, one each."""
        self._troubles[False].extend(troubles)

    def befall_reads(self, *troubles: Trouble) -> None:
        """What happens to the next requests that read, one each."""
        self._troubles[True].extend(troubles)

    def calls(self, ending: str, status: int | None = None, method: str | None = None) -> list[Seen]:
        """Requests whose path ends so."""
        return [
            one for one in self.seen
            if one.place.endswith(ending) and status in (None, one.status) and method in (None, one.method)
        ]  # fmt: skip

    def _answer(self, request: Received) -> Reply:
        body = json.loads(request.body, parse_float=Decimal) if request.body else None
        is_read = request.method == "GET"
        headers = {"Content-Type": _FORM}
        trouble: Trouble | None = None
        if request.headers.get("authorization") != f"Klaviyo-API-Key {KEY}":
            status, told = 401, RefusalError(401, "not_authenticated").told
        elif (wait := self._wait()) is not None:
            status, told = 429, RefusalError(429, "throttled").told
            headers["Retry-After"] = str(wait)
        else:
            trouble = self._troubles[is_read].popleft() if self._troubles[is_read] else None
            if isinstance(trouble, dict):
                status, told = 400, trouble
            elif isinstance(trouble, int):
                status, told = trouble, RefusalError(trouble, "told_to").told
                headers |= {"Retry-After": "1"} if trouble in (429, 503) else {}
            elif isinstance(trouble, str) and trouble in _GARBAGE:
                status, told = _SUCCESS[request.method], _GARBAGE[trouble]
            elif trouble == "other success":
                status, told = 299, None
            elif trouble == "lost way":
                status, told = 404, _GARBAGE["html"]
            else:
                status, told = self.account.answer(request.method, request.path, body)
        is_garbage = isinstance(trouble, str) and trouble not in ("hang", "cut")
        self.seen.append(
            Seen(time.monotonic(), request.method, unquote(request.path), request.headers, len(request.body), body,
                 status, told, is_garbage)
        )  # fmt: skip
        delay = self._hang_seconds if trouble == "hang" else 0.0
        is_cut = trouble in ("hang", "cut")
        return Reply(status, headers, told, delay=delay, cut=is_cut, cut_body=trouble == "half")

    def _wait(self) -> float | None:
        """How long who asks has to wait."""
        if self._limit is None:
            return None
        now, (most, seconds) = time.monotonic(), self._limit
        while self._recent and self._recent[0] <= now - seconds:
            self._recent.popleft()
        if len(self._recent) >= most:
            return max(round(self._recent[0] + seconds - now, 2), 0.05)
        self._recent.append(now)
        return None

    def __enter__(self) -> "KlaviyoPeer":
        self._peer.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._peer.__exit__(kind, error, trace)
