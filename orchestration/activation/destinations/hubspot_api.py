"""How HubSpot is asked: whose turn it is, how much of the day is left, and what its refusals mean."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import httpx

from orchestration.activation.destinations import vendor_answers
from orchestration.activation.destinations.http import HttpAnswer, HttpClient, cleaned
from orchestration.activation.destinations.http_status import retry_after
from orchestration.activation.destinations.hubspot_values import as_json
from orchestration.activation.destinations.protocol import (
    BatchRefusedError,
    NotAllowedError,
    SendError,
    TryLaterError,
)

Ask = Callable[..., HttpAnswer]

# The day of an account ends at midnight where it is, which is at most so many seconds away.
_DAY = 86_400.0
_LEFT = "x-hubspot-ratelimit-daily-remaining"
_SCOPE = re.compile(r"[a-z][a-z0-9._-]{2,80}")
# HubSpot's page "Error handling": locked by much work at once, for two seconds; and being moved, for up to a day.
_LOCKED, _LOCK_SECONDS, _MOVING = 423, 2.0, 477
# What HubSpot says of a request whose form is wrong for every row alike, and what that means.
_FOR_ALL = {
    "PROPERTY_DOESNT_EXIST": "knows a property no more that is sent: look whether somebody deleted it",
    "by non-unique": "says that the key has no unique values: take another property as the key",
}


class RefusedError(BatchRefusedError):
    """HubSpot refused a whole request; `code` and `told` are its own words, which may hold personal data."""

    def __init__(self, message: str, status_code: int, code: str, told: str | None) -> None:
        super().__init__(message, status_code)
        self.code, self.told = code, told


class MissingError(NotAllowedError):
    """What was asked for isn't there."""


class HubSpotApi:
    """Asks one account, from several threads at once."""

    def __init__(self, client: HttpClient, url: httpx.URL, turn: Callable[[], None], daily_reserve: int) -> None:
        self._client, self._url, self._turn = client, url, turn
        self._reserve = daily_reserve
        self._left: int | None = None

    def asking(self, *, first_is_paced: bool = False) -> Ask:
        """A function that asks by method, path and body, and waits for its turn; of a batch the first had it."""
        had_turn = iter((first_is_paced,))

        def ask(method: str, path: str, body: Any = None) -> HttpAnswer:
            if not next(had_turn, False):
                self._turn()
            return self._asked(method, path, body)

        return ask

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _asked(self, method: str, path: str, body: Any) -> HttpAnswer:
        left = self._left
        if left is not None and left < self._reserve:
            # Looked at again when the next run begins, which asks once.
            raise TryLaterError(
                f"HubSpot has {left:,} requests of the day left, and {self._reserve:,} are kept for others"
                " (daily_reserve of the connection), so nothing more is sent today.",
                after=_DAY,
            )
        content = b"" if body is None else as_json(body)
        answer = self._client.request(method, self._url.join(path), content, {})
        told = answer.headers.get(_LEFT, "").strip()
        if told.isdecimal():
            self._left = int(told)
        if error := _error(answer):
            raise error
        return answer


unreadable = partial(vendor_answers.unreadable, vendor="HubSpot")
content_of = partial(vendor_answers.content_of, vendor="HubSpot")


def _error(answer: HttpAnswer) -> SendError | None:
    error = answer.error()
    if error is None:
        return None
    told, status = vendor_answers.object_in(answer), answer.status
    if status == 429 and "DAILY" in str(told.get("policyName", "")).upper():
        asked = retry_after(answer.headers)
        return TryLaterError(f"{answer.host} has taken what a day allows.", status, _DAY if asked is None else asked)
    if status in (_LOCKED, _MOVING):
        asked = retry_after(answer.headers)
        pause = _LOCK_SECONDS if status == _LOCKED else _DAY
        return TryLaterError(f"{answer.host} is busy with the account.", status, pause if asked is None else asked)
    if status == 404 and (told.get("category") or told.get("correlationId")):
        # Of any other 404 nobody knows whose it is, and nobody is taken for gone over it.
        return MissingError(f"{answer.host} answers 404: what was asked for isn't there.", status)
    if isinstance(error, BatchRefusedError):
        message = cleaned(str(told.get("message", ""))) or answer.text() or None
        for mark, meaning in _FOR_ALL.items():
            if mark in answer.text() or mark in str(message):
                return NotAllowedError(f"{answer.host} {meaning}.", status)
        return RefusedError(str(error), status, str(told.get("category") or status)[:100], message)
    if status == 403 and (scopes := _scopes(told)):
        return NotAllowedError(f"{answer.host} answers 403: give the private app {' or '.join(scopes)}.", status)
    return error


def _scopes(told: Mapping[str, Any]) -> list[str]:
    """Names of rights, one of which is missing."""
    found = []
    errors = told.get("errors")
    for part in errors if isinstance(errors, list) else ():
        context = part.get("context") if isinstance(part, dict) else None
        for names in context.values() if isinstance(context, dict) else ():
            found += [str(name) for name in names] if isinstance(names, list) else []
    return sorted({name for name in found if _SCOPE.fullmatch(name) and "." in name})[:5]
