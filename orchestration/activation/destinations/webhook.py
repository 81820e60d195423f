"""The destination `webhook`: JSON over HTTP to any address, by a mapping, with or without answers per row.

    connections:
      crm:
        type: webhook
        url: https://crm.example.com/contacts
        token_env: CRM_TOKEN
        signature_env: CRM_SIGNATURE_KEY
        batching: batch
        upsert: true
        mapping: {email: $email, action: $operation}
        rows_path: contacts
        answers: {path: results, ok_path: ok, message_path: error}

Every request has an `Idempotency-Key`. With `signature_env` it has `X-Onefolk-Signature: t=<seconds>,v1=<hex>`: the
seconds since 1970, and HMAC-SHA256 over them, a dot and the body. Unless the connection says `upsert` or `idempotent`,
every row is a request of its own, which is not repeated when its answer is lost.
"""

from typing import Any, Literal

import httpx
from pydantic import Field, field_validator, model_validator

from orchestration.activation.connections import Secrets
from orchestration.activation.destinations.http import HttpClient
from orchestration.activation.destinations.http_config import HttpConnection, checked_url
from orchestration.activation.destinations.http_transport import GuardedBackend
from orchestration.activation.destinations.json_answers import Answers, read_answer
from orchestration.activation.destinations.json_mapping import (
    MissingFieldError,
    as_bytes,
    checked_mapping,
    fields_of,
    render,
    tells_operation,
)
from orchestration.activation.destinations.protocol import (
    Answered,
    Batch,
    BatchDestination,
    BatchRefusedError,
    Catalogue,
    DeliveryClass,
    Destination,
    Limits,
    NotAllowedError,
    Operation,
    Row,
    RowAnswer,
    Target,
    UnsureError,
)

# A server, or a gateway before it, that fails like this may have done first what it was asked.
_MAYBE_TAKEN = frozenset({500, 502, 504, *range(520, 528)})
# What is around the rows of a batch, beside which they stand.
_ENVELOPE = 1_000
_UNTOLD = (
    "Nothing would tell the receiver that a row is to be removed: set remove_url or remove_method of the connection, or"
    " put $operation into its mapping."
)


class Config(HttpConnection):
    """What a webhook's connection says."""

    url: str = Field(description="where requests go")
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    remove_url: str | None = Field(None, description="where removals go, on the same host; default: url")
    remove_method: Literal["POST", "PUT", "PATCH", "DELETE"] | None = Field(
        None, description="the method of removals; default: DELETE with remove_url, else method"
    )
    batching: Literal["single", "batch"] = Field("single", description="one row a request, or many")
    max_rows: int = Field(100, ge=1, le=10_000, description="rows of a batch")
    max_request_bytes: int = Field(1_000_000, ge=2_000, le=50_000_000, description="bytes of a request's body")
    mapping: Any = Field(None, description="a tree of JSON whose $names are the row's; default: the row as it is")
    rows_path: str | None = Field(None, description="where a batch's rows stand, `data.rows` say; empty: they are all")
    answers: Answers | None = Field(None, description="where the answer tells of each row")
    error_path: str | None = Field(None, min_length=1, description="where an error inside a successful answer stands")
    idempotent: bool = Field(False, description="the receiver ignores an Idempotency-Key that it has seen")
    upsert: bool = Field(False, description="sending the same rows again changes nothing")

    @field_validator("mapping")
    @classmethod
    def _is_mapping(cls, value: Any) -> Any:
        return None if value is None else checked_mapping(value)

    @model_validator(mode="after")
    def _has_places(self) -> "Config":
        url = checked_url(self.url, self.allowed_private_hosts)
        removal = checked_url(self.remove_url or self.url, self.allowed_private_hosts)
        if (url.scheme, url.raw_host, url.port) != (removal.scheme, removal.raw_host, removal.port):
            raise ValueError("remove_url must be on the host of url, for the same secret goes there")
        if self.rows_path and not all(self.rows_path.split(".")):
            raise ValueError("rows_path must be names joined by dots")
        return self


def open_destination(
    config: Config, target: Target, secrets: Secrets, backend: GuardedBackend | None = None
) -> Destination:
    """A webhook for one run; raise `WrongConnectionError` where a secret or a file is missing."""
    is_plain = httpx.URL(config.url).scheme == "http"
    return Webhook(config, target.object, HttpClient(config, secrets, is_plain, backend))


class Webhook(BatchDestination):
    """Sends batches as JSON."""

    def __init__(self, config: Config, object_name: str, client: HttpClient) -> None:
        self._config, self._object, self._client = config, object_name, client
        self.delivery_class = DeliveryClass.SIDE_EFFECT
        if config.upsert or config.idempotent:
            self.delivery_class = DeliveryClass.UPSERT if config.upsert else DeliveryClass.KEYED_EVENT
        is_alone = config.batching == "single" or self.delivery_class is DeliveryClass.SIDE_EFFECT
        row_bytes = config.max_request_bytes - _ENVELOPE
        self.limits = Limits(1 if is_alone else config.max_rows, row_bytes, row_bytes)
        self._sends = (config.method, httpx.URL(config.url))
        method = config.remove_method or ("DELETE" if config.remove_url else config.method)
        self._removes = (method, httpx.URL(config.remove_url or config.url))
        self._tells_removals = self._removes != self._sends or tells_operation(config.mapping)

    def catalogue(self) -> Catalogue:
        """The fields that the mapping names are needed; others are not sent."""
        return Catalogue(required=fields_of(self._config.mapping), takes_removals=self._tells_removals)

    def problems(self, row: Row) -> str | None:
        if self._is_untold(row):
            return _UNTOLD
        try:
            size = len(as_bytes(self._rendered(row)))
        except MissingFieldError as error:
            return str(error)
        except (TypeError, ValueError, RecursionError):
            return "The row holds a value that JSON can't: turn it into text or a number in the model."
        if size > self.limits.max_row_bytes:
            return f"The row is {size} bytes as JSON, and {self.limits.max_row_bytes} are allowed."
        return None

    def send(self, batch: Batch) -> Answered:
        if any(map(self._is_untold, batch.rows)):
            # It would be taken for a row to add; no row is to blame, and none may be forgotten over it.
            raise NotAllowedError(_UNTOLD)
        method, url = self._place(batch)
        is_single = self._config.batching == "single"
        body = as_bytes(self._body(batch))
        if len(batch.rows) > 1 and (is_single or len(body) > self._config.max_request_bytes):
            raise BatchRefusedError(f"{len(batch.rows)} rows are more than one request may hold; nothing was sent.")
        # A row alone keeps its key, however it was put into batches before.
        key = batch.rows[0].idempotency_key if is_single else batch.idempotency_key
        answer = self._client.request(method, url, body, {"Idempotency-Key": key})
        error = answer.error()
        if isinstance(error, BatchRefusedError) and len(batch.rows) == 1:
            rejected = RowAnswer(batch.rows[0].seq, "rejected", str(answer.status), answer.text() or None)
            return Answered([rejected], answer.status)
        if answer.status in _MAYBE_TAKEN and self.delivery_class is DeliveryClass.SIDE_EFFECT:
            raise UnsureError("The server failed after it got the request, which it may have taken.", answer.status)
        if error:
            raise error
        return read_answer(answer, batch, self._config.answers, self._config.error_path)

    def close(self) -> None:
        self._client.close()

    def _is_untold(self, row: Row) -> bool:
        return row.operation is Operation.REMOVE and not self._tells_removals

    def _place(self, batch: Batch) -> tuple[str, httpx.URL]:
        places = {self._removes if row.operation is Operation.REMOVE else self._sends for row in batch.rows}
        if len(places) > 1:
            # Halved until each part has one place: two requests would have two answers, and one may be lost.
            raise BatchRefusedError("Removals go elsewhere than other rows, so nothing of this batch was sent.")
        return places.pop()

    def _rendered(self, row: Row) -> Any:
        return dict(row.payload) if self._config.mapping is None else render(self._config.mapping, row)

    def _body(self, batch: Batch) -> Any:
        rows = [self._rendered(row) for row in batch.rows]
        if self._config.batching == "single":
            return rows[0]
        if self._config.rows_path is None:
            return {"object": self._object, "rows": rows}
        body: Any = rows
        for name in reversed(self._config.rows_path.split(".") if self._config.rows_path else []):
            body = {name: body}
        return body
