"""How Klaviyo is asked: by a pinned revision, at the pace of each endpoint, and what its refusals mean."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from pydantic import SecretStr

from orchestration.activation.destinations import vendor_answers
from orchestration.activation.destinations.http import HttpAnswer, HttpClient, cleaned
from orchestration.activation.destinations.json_mapping import as_bytes
from orchestration.activation.destinations.klaviyo_endpoints import REVISION, Endpoint
from orchestration.activation.destinations.protocol import (
    BatchRefusedError,
    NotAllowedError,
    RowAnswer,
    SendError,
    TryLaterError,
)
from orchestration.activation.pace import pace_of

_FORM = "application/vnd.api+json"
# What is wrong is no place in the request's body.
_PARAMETER = "parameter "


@dataclass(frozen=True, slots=True)
class Problem:
    """One of Klaviyo's errors: its own words, which may hold personal data, and where in the request it is."""

    code: str
    detail: str | None
    pointer: str

    def of(self, seq: int) -> RowAnswer:
        """The row is rejected for it."""
        return RowAnswer(seq, "rejected", self.code, self.detail)


class RefusedError(BatchRefusedError):
    """Klaviyo refused a whole request, for these problems."""

    def __init__(self, message: str, status_code: int, problems: Sequence[Problem]) -> None:
        super().__init__(message, status_code)
        self.problems = problems


class MissingError(NotAllowedError):
    """What was asked for isn't there."""


class KlaviyoApi:
    """Asks one account, from several threads at once."""

    def __init__(self, client: HttpClient, url: str, key: SecretStr, account: str, patience: float) -> None:
        self._client, self._url, self._key = client, httpx.URL(url), key
        self._account, self._patience = account, patience

    def asking(self, turn: Callable[[], None], *, first_is_paced: bool = False) -> "Asking":
        """Ask for one batch: each request waits for its turn, but of a batch the first had it."""
        return Asking(self, turn, had_turn=first_is_paced)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def asked(self, endpoint: Endpoint, path: str, body: Any) -> HttpAnswer:
        """One exchange, once its endpoint may be asked; raise a `SendError` unless it was done."""
        # The connection's own rate is of all endpoints; each has one besides, over all syncs of this process.
        name = f"{self._account} {endpoint.method} {endpoint.path}"
        if not pace_of(name, endpoint.rates()).wait(self._patience):
            raise TryLaterError("Klaviyo asks to wait longer than a run may.")
        content = b"" if body is None else as_bytes(body)
        headers = {
            "Authorization": f"Klaviyo-API-Key {self._key.get_secret_value()}",
            "revision": REVISION,
            "Accept": _FORM,
            "Content-Type": _FORM,
        }
        url = self._url.copy_with(raw_path=path.encode("ascii"))
        answer = self._client.request(endpoint.method, url, content, headers)
        if error := _error(answer, endpoint):
            raise error
        if answer.status != endpoint.success:
            raise unreadable(answer)
        return answer


class Asking:
    """The requests of one batch. `name` is the id that an endpoint's path needs."""

    def __init__(self, api: KlaviyoApi, turn: Callable[[], None], *, had_turn: bool) -> None:
        self._api, self._turn, self._had_turn = api, turn, had_turn

    def done(self, endpoint: Endpoint, name: str = "", body: Any = None) -> None:
        """Ask for what is answered by its status alone; an error inside of a success is none."""
        answer = self._answer(endpoint, name, None, body)
        if answer.body.strip() not in (b"", b"{}") and "errors" in content_of(answer):
            raise unreadable(answer)

    def thing(self, endpoint: Endpoint, name: str = "", body: Any = None) -> Mapping[str, Any]:
        """The one thing that is answered, with its id and its attributes."""
        answer = self._answer(endpoint, name, None, body)
        [found] = _things(answer, endpoint, [content_of(answer).get("data")])
        return found

    def pages(
        self, endpoint: Endpoint, name: str = "", query: Mapping[str, str] | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Everything that is answered, page after page."""
        cursor: str | None = None
        while True:
            place = {"page[cursor]": cursor} if cursor else {}
            answer = self._answer(endpoint, name, {**(query or {}), **place}, None)
            content = content_of(answer)
            yield from _things(answer, endpoint, content.get("data"))
            before, cursor = cursor, _cursor(answer, content.get("links"))
            if cursor is None:
                return
            if cursor == before:
                raise unreadable(answer)

    def _answer(self, endpoint: Endpoint, name: str, query: Mapping[str, str] | None, body: Any) -> HttpAnswer:
        if not self._had_turn:
            self._turn()
        self._had_turn = False
        path = endpoint.path.replace("{id}", quote(name, safe=""))
        return self._api.asked(endpoint, f"{path}?{urlencode(query)}" if query else path, body)


unreadable = partial(vendor_answers.unreadable, vendor="Klaviyo")
content_of = partial(vendor_answers.content_of, vendor="Klaviyo")


def problem_of(error: Mapping[str, Any]) -> Problem:
    """One error as Klaviyo writes it, of which everything may be missing."""
    source = error.get("source")
    told = source if isinstance(source, dict) else {}
    pointer = told.get("pointer") or (told.get("parameter") and f"{_PARAMETER}{told['parameter']}")
    detail = cleaned(str(error.get("detail") or error.get("title") or "")) or None
    return Problem(cleaned(str(error.get("code") or "error"), 100), detail, str(pointer or ""))


def _error(answer: HttpAnswer, endpoint: Endpoint) -> SendError | None:
    error = answer.error()
    if error is None:
        return None
    status, told = answer.status, vendor_answers.object_in(answer).get("errors")
    problems = [problem_of(one) for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    if status == 404 and problems:
        # Of any other 404 nobody knows whose it is.
        return MissingError(f"{answer.host} answers 404: what was asked for isn't there.", status)
    if status in (401, 403):
        scopes = " and ".join(endpoint.scopes)
        return NotAllowedError(f"{answer.host} answers {status}: the private key needs the scopes {scopes}.", status)
    if isinstance(error, BatchRefusedError):
        # What is asked for in a look-up is a parameter too, and of rows.
        is_write = endpoint.method != "GET"
        if is_write and any(one.pointer.startswith((_PARAMETER, "/data/relationships")) for one in problems):
            told_by = "refuses what is the same for every row, so no row is to blame"
            return NotAllowedError(f"{answer.host} answers {status} and {told_by}: {problems[0].code}.", status)
        return RefusedError(str(error), status, problems)
    return error


def _things(answer: HttpAnswer, endpoint: Endpoint, told: Any) -> list[Mapping[str, Any]]:
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise unreadable(answer)
    for one in told:
        is_whole = isinstance(one.get("id"), str) and isinstance(one.get("attributes"), dict)
        if not is_whole or one.get("type") != endpoint.kind:
            raise unreadable(answer)
    return told


def _cursor(answer: HttpAnswer, links: Any) -> str | None:
    """Where the next page begins; its address is the other side's text, and never followed."""
    following = links.get("next") if isinstance(links, dict) else None
    if not following:
        return None
    try:
        cursor = httpx.URL(str(following)).params.get("page[cursor]")
    except (httpx.InvalidURL, UnicodeError):
        cursor = None
    if not cursor:
        # What is on the pages that can't be found is not to be taken for nothing.
        raise unreadable(answer)
    return str(cursor)
