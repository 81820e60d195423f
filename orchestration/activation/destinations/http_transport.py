"""The wire below HTTP destinations: checked addresses, one deadline for a whole exchange, and nothing from outside.

There is no client around it, so there are no redirects that are followed, no cookies that are kept, no proxies taken
from the environment, and no bodies that unfold in memory.
"""

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import httpcore
import httpx

from orchestration.activation.destinations.addresses import AddressGuard

_ends_at: ContextVar[float | None] = ContextVar("ends_at", default=None)
# Bytes written at once, so that the deadline is looked at in between.
_PIECE = 65_536
# Seconds that a connection is kept for the next request; servers end theirs later.
_KEPT = 5.0


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """What is read and written in here ends within so many seconds, however slowly the other side drips."""
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


def _left(timeout: float | None, error: Callable[[str], Exception]) -> float | None:
    ends_at = _ends_at.get()
    if ends_at is None:
        return timeout
    left = ends_at - time.monotonic()
    if left <= 0:
        raise error("the time is over")
    return left if timeout is None else min(left, timeout)


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            self._inner.write(buffer[start : start + _PIECE], _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to the very addresses that were checked; the name stays what TLS and the Host header say."""

    def __init__(self, guard: AddressGuard, inner: httpcore.NetworkBackend | None = None) -> None:
        self._guard = guard
        self._inner = inner or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Try each address of the host in turn; raise `AddressRefusedError` before any, if one is not allowed."""
        try:
            addresses = self._guard.addresses(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("no address") from error
        for number, address in enumerate(addresses, 1):
            left = _left(timeout, httpcore.ConnectTimeout)
            share = left and left / (len(addresses) - number + 1)
            try:
                return _TimedStream(self._inner.connect_tcp(address, port, share, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise httpcore.ConnectError("no address")


class _Body(httpx.SyncByteStream):
    def __init__(self, inner: Any, done: Callable[[], None]) -> None:
        self._inner, self._done = inner, done

    def __iter__(self) -> Iterator[bytes]:
        yield from self._inner

    def close(self) -> None:
        try:
            self._inner.close()
        finally:
            self._done()


class GuardedTransport(httpx.BaseTransport):
    """Sends requests of httpx over guarded connections, which are kept; raises the errors of httpcore.

    Each thread has a pool of one connection to itself while it needs one. A pool that threads share ends connections
    that are in use: it may look at one as idle that another thread has just begun to use, find its answer there, and
    take that for the other side's goodbye.
    """

    def __init__(self, context: ssl.SSLContext, backend: GuardedBackend) -> None:
        self._context, self._backend = context, backend
        self._lock = threading.Lock()
        self._idle: list[httpcore.ConnectionPool] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange; the caller reads the body and closes it."""
        url = request.url
        pool = self._taken()
        try:
            answer = pool.handle_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        except BaseException:
            self._put_back(pool)
            raise
        body = _Body(answer.stream, partial(self._put_back, pool))
        return httpx.Response(answer.status, headers=answer.headers, stream=body, request=request)

    def close(self) -> None:
        """End every connection."""
        with self._lock:
            idle, self._idle = self._idle, []
        for pool in idle:
            pool.close()

    def _taken(self) -> httpcore.ConnectionPool:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return httpcore.ConnectionPool(
            self._context, max_connections=1, keepalive_expiry=_KEPT, network_backend=self._backend
        )

    def _put_back(self, pool: httpcore.ConnectionPool) -> None:
        with self._lock:
            self._idle.append(pool)
