"""A destination for the vendor, as somebody would write their own: `type: tests.activation.vendor_destination`.

connections:
  crm:
    type: tests.activation.vendor_destination
    url: https://api.vendor.example
    token_env: VENDOR_TOKEN
    style: batch              # or jobs, or events
    rate: {requests: 10, seconds: 1}
"""

from typing import Any, Literal

import httpx

from orchestration.activation.connections import Secrets
from orchestration.activation.destinations.http import HttpAnswer, HttpClient
from orchestration.activation.destinations.http_config import HttpConnection
from orchestration.activation.destinations.json_mapping import as_bytes
from orchestration.activation.destinations.protocol import (
    Accepted,
    Answer,
    Answered,
    Batch,
    BatchDestination,
    BatchRefusedError,
    DeliveryClass,
    Limits,
    Operation,
    Row,
    RowAnswer,
    Target,
)


class Config(HttpConnection):
    """Where the vendor is, and by which of its ways rows go."""

    url: str
    style: Literal["batch", "jobs", "events"] = "batch"


class VendorDestination(BatchDestination):
    """Sends people in batches or by jobs, or events."""

    limits = Limits(max_rows=100)

    def __init__(self, config: Config, client: HttpClient) -> None:
        self._config, self._client = config, client
        is_event = config.style == "events"
        self.delivery_class = DeliveryClass.KEYED_EVENT if is_event else DeliveryClass.UPSERT

    def problems(self, row: Row) -> str | None:
        empty = [name for name, value in row.payload.items() if value is None]
        return f"The vendor takes no null, which is in {', '.join(empty)}." if empty else None

    def send(self, batch: Batch) -> Answer:
        kinds = {row.operation is Operation.REMOVE for row in batch.rows}
        if len(kinds) > 1:
            raise BatchRefusedError("Removals go elsewhere than other rows; nothing was sent.")
        if self._config.style == "events":
            return self._events(batch)
        verb = "archive" if kinds == {True} else "upsert"
        place = "jobs" if self._config.style == "jobs" else "people"
        answer = self._asked("POST", f"/{place}/{verb}", {"rows": [self._told(row) for row in batch.rows]})
        if self._config.style == "jobs":
            job = self._part(answer, "id", str)
            return Accepted(job, answer.status)
        if answer.status == 204:
            return Answered.all_ok(batch, answer.status)
        return self._by_trace(answer, batch)

    def poll(self, job_id: str, batch: Batch) -> Answer:
        answer = self._asked("GET", f"/jobs/{job_id}")
        if self._part(answer, "status", str) != "complete":
            return Accepted(job_id, answer.status)
        failed: dict[int, dict[str, Any]] = {}
        if self._part(answer, "failed", int):
            errors = self._part(self._asked("GET", f"/jobs/{job_id}/errors"), "errors", list)
            failed = {error["index"]: error for error in errors}
        rows = [_answer(row, failed.get(place)) for place, row in enumerate(batch.rows)]
        return Answered(rows, answer.status)

    def close(self) -> None:
        self._client.close()

    def _events(self, batch: Batch) -> Answer:
        rows = [{"unique_id": row.idempotency_key, "properties": dict(row.payload)} for row in batch.rows]
        kept = [row for row, given in zip(rows, batch.rows, strict=True) if given.operation is not Operation.REMOVE]
        if not kept:
            # What happened can't be taken back.
            return Answered([RowAnswer(row.seq, "noop") for row in batch.rows])
        answer = self._asked("POST", "/events", {"rows": kept})
        if answer.status != 202:
            raise answer.unreadable()
        return Answered.all_ok(batch, answer.status)

    def _by_trace(self, answer: HttpAnswer, batch: Batch) -> Answered:
        taken = {one["trace"]: one["id"] for one in self._part(answer, "results", list)}
        failed = {one["trace"]: one for one in self._part(answer, "errors", list)}
        if {*taken, *failed} != {row.idempotency_key for row in batch.rows}:
            raise answer.unreadable()
        rows = [_answer(row, failed.get(row.idempotency_key), taken.get(row.idempotency_key)) for row in batch.rows]
        return Answered(rows, answer.status)

    def _asked(self, method: str, path: str, body: Any = None) -> HttpAnswer:
        content = b"" if body is None else as_bytes(body)
        answer = self._client.request(method, httpx.URL(self._config.url + path), content, {})
        if error := answer.error():
            raise error
        return answer

    @staticmethod
    def _part(answer: HttpAnswer, name: str, kind: type) -> Any:
        content = answer.json()
        if not isinstance(content, dict) or not isinstance(content.get(name), kind):
            raise answer.unreadable()
        return content[name]

    @staticmethod
    def _told(row: Row) -> dict[str, Any]:
        return {
            "id": "|".join(str(value) for value in row.key.values()),
            "trace": row.idempotency_key,
            "properties": dict(row.payload),
        }


def open_destination(config: Config, target: Target, secrets: Secrets) -> VendorDestination:
    """The vendor, for one run."""
    is_plain = httpx.URL(config.url).scheme == "http"
    return VendorDestination(config, HttpClient(config, secrets, is_plain))


def _answer(row: Row, error: dict[str, Any] | None, known: str | None = None) -> RowAnswer:
    if error:
        return RowAnswer(row.seq, "rejected", error["code"], error["message"])
    return RowAnswer(row.seq, provider_id=known)
