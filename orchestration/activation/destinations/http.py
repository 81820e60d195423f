"""What every HTTP destination shares: a client that trusts nobody, and answers that are read within bounds."""

import base64
import hmac
import json
import ssl
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx
from pydantic import SecretStr

from orchestration.activation.connections import Secrets, WrongConnectionError
from orchestration.activation.destinations.addresses import AddressGuard, AddressRefusedError
from orchestration.activation.destinations.http_config import VISIBLE, HttpConnection
from orchestration.activation.destinations.http_status import status_error
from orchestration.activation.destinations.http_transport import GuardedBackend, GuardedTransport, deadline
from orchestration.activation.destinations.protocol import NotAllowedError, SendError, TryLaterError, UnsureError
from orchestration.activation.destinations.tls import trust


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A status and as much of the body as was read; `is_whole` tells whether that is all of it."""

    host: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool

    def json(self) -> Any:
        """The body; raise `UnsureError` where it can't be read, for what was taken is then unknown."""
        if self.is_whole:
            try:
                return json.loads(self.body)
            except (ValueError, RecursionError):
                pass
        raise self.unreadable()

    def unreadable(self) -> UnsureError:
        """The error for an answer that says nothing we understand."""
        return UnsureError(
            f"{self.host} answers {self.status}, but not in the declared form, so nobody knows what was taken:"
            " compare `answers` and `error_path` of the connection with what it sends.",
            self.status,
        )

    def error(self) -> SendError | None:
        """What the status means where it is no success."""
        return status_error(self.host, self.status, self.headers)

    def text(self) -> str:
        """The body as a message of the ledger: it may hold personal data."""
        return cleaned(self.body[:20_000].decode("utf-8", errors="replace"))


def cleaned(text: str, cap: int = 500) -> str:
    """A text of the other side in one line, without control characters, cut at a cap."""
    visible = "".join(" " if unicodedata.category(letter).startswith("C") else letter for letter in text)
    return " ".join(visible.split())[:cap]


class HttpClient:
    """Sends requests of one connection, from several threads at once; with `is_plain` to private addresses alone."""

    def __init__(
        self, config: HttpConnection, secrets: Secrets, is_plain: bool, backend: GuardedBackend | None = None
    ) -> None:
        self._config = config
        self._identity = _identity(config, secrets)
        self._signature = secrets.get(config.signature_env) if config.signature_env else None
        backend = backend or GuardedBackend(AddressGuard(config.allowed_private_hosts, is_plain=is_plain))
        self._transport = GuardedTransport(trust(config.ca_file), backend)

    def request(self, method: str, url: httpx.URL, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """One exchange; raise a `SendError` where no status came back."""
        seconds = self._config.timeout_seconds
        extensions = {"timeout": httpx.Timeout(seconds).as_dict()}
        request = httpx.Request(method, url, headers=self._headers(body, headers), content=body, extensions=extensions)
        with deadline(seconds):
            try:
                answer = self._transport.handle_request(request)
            except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as found:
                error: SendError = _connection_error(url.host, found)
            except AddressRefusedError as found:
                error = NotAllowedError(str(found))
            else:
                return self._read(url.host, answer)
        # Outside the handler, so that nothing of the request hangs on the error.
        raise error

    def close(self) -> None:
        """Let go of connections."""
        self._transport.close()

    def _headers(self, body: bytes, headers: Mapping[str, str]) -> httpx.Headers:
        default = {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": "onefolk"}
        # Bodies come as they are: what unfolds in memory has no bound.
        sent = httpx.Headers({**default, "Accept-Encoding": "identity"})
        sent.update(self._config.headers)
        sent.update(headers)
        if self._identity:
            name, value = self._identity
            sent[name] = value.get_secret_value()
        if self._signature:
            sent["X-Onefolk-Signature"] = signature(self._signature, body, int(time.time()))
        return sent

    def _read(self, host: str, answer: httpx.Response) -> HttpAnswer:
        limit, body = self._config.max_response_bytes, bytearray()
        is_whole = True
        try:
            for piece in answer.iter_raw():
                body += piece
                if len(body) > limit:
                    is_whole = False
                    break
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError):
            is_whole = False
        finally:
            answer.close()
        return HttpAnswer(host, answer.status_code, answer.headers, bytes(body[:limit]), is_whole)


def signature(key: SecretStr, body: bytes, moment: int) -> str:
    """What a receiver checks: HMAC-SHA256 over the moment in seconds since 1970, a dot and the body."""
    secret = key.get_secret_value().encode(errors="surrogateescape")
    signed = hmac.digest(secret, b"%d." % moment + body, "sha256")
    return f"t={moment},v1={signed.hex()}"


def _identity(config: HttpConnection, secrets: Secrets) -> tuple[str, SecretStr] | None:
    if config.token_env:
        token = _visible(config.token_env, secrets).get_secret_value()
        return "Authorization", SecretStr(f"Bearer {token}")
    if config.basic_password_env:
        password = secrets.get(config.basic_password_env).get_secret_value()
        pair = base64.b64encode(f"{config.basic_user}:{password}".encode(errors="surrogateescape")).decode("ascii")
        return "Authorization", SecretStr(f"Basic {pair}")
    if config.header_name and config.header_value_env:
        return config.header_name, _visible(config.header_value_env, secrets)
    return None


def _visible(variable: str, secrets: Secrets) -> SecretStr:
    value = secrets.get(variable)
    if not VISIBLE.fullmatch(value.get_secret_value()):
        raise WrongConnectionError(
            f"{variable} holds what no header can: set it to visible ASCII characters, without a line break at its end."
        )
    return value


def _connection_error(host: str, found: Exception) -> SendError:
    if isinstance(found.__cause__ or found.__context__, ssl.SSLCertVerificationError):
        return NotAllowedError(
            f"The certificate of {host} is not to be trusted: name the file of its authority as ca_file, or mend it."
        )
    if isinstance(found, httpcore.ConnectError | httpcore.ConnectTimeout | httpcore.PoolTimeout):
        return TryLaterError(f"{host} can't be reached, and nothing was sent.")
    if isinstance(found, httpcore.LocalProtocolError):
        return NotAllowedError(f"The request to {host} would not be valid HTTP: check headers of the connection.")
    return UnsureError(f"The connection to {host} ended before it answered, so it may have taken what was sent.")
