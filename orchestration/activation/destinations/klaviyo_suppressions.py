"""Suppressions: addresses that must get no marketing by e-mail, whatever anybody agreed to at Klaviyo."""

from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.activation.destinations.klaviyo_api import Asking, KlaviyoApi, MissingError, RefusedError
from orchestration.activation.destinations.klaviyo_endpoints import LIFT, SEE_LIFTING, SEE_SUPPRESSING, SUPPRESS
from orchestration.activation.destinations.klaviyo_people import find_subscriptions
from orchestration.activation.destinations.klaviyo_values import folded, name_problem
from orchestration.activation.destinations.protocol import (
    Accepted,
    Answer,
    Answered,
    Batch,
    BatchDestination,
    BatchRefusedError,
    Catalogue,
    DeliveryClass,
    Limits,
    Operation,
    Row,
    RowAnswer,
    Target,
    UnsureError,
)

# Addresses that one job may hold, as the description says.
MAX_EMAILS = 100


class Suppressions(BatchDestination):
    """Suppresses addresses; Klaviyo makes a suppressed profile of one that it doesn't know.

    A row that leaves stays suppressed unless the connection says `lifts_suppressions`. That lifts what was suppressed
    by hand alone: who unsubscribed, complained or bounced stays as they are.
    """

    delivery_class = DeliveryClass.UPSERT
    limits = Limits(MAX_EMAILS, 1_000_000, 2_000)

    def __init__(self, api: KlaviyoApi, target: Target, *, lifts: bool) -> None:
        self._api, self._turn, self._lifts = api, target.turn, lifts

    def catalogue(self) -> Catalogue:
        return Catalogue({"email": "text"}, ["email"], is_open=False)

    def problems(self, row: Row) -> str | None:
        return name_problem("email", row)

    def send(self, batch: Batch) -> Answer:
        kinds = {row.operation is Operation.REMOVE for row in batch.rows}
        if len(kinds) > 1 or len(batch.rows) > MAX_EMAILS:
            raise BatchRefusedError(f"A job takes {MAX_EMAILS} addresses of one kind, so nothing was sent.")
        is_lifting = kinds == {True}
        if is_lifting and not self._lifts:
            told = "It stays suppressed at Klaviyo: only lifts_suppressions of the connection changes that."
            return Answered([RowAnswer(row.seq, "noop", "stays_suppressed", told) for row in batch.rows])
        wrong = [row for row in batch.rows if name_problem("email", row)]
        if wrong and len(batch.rows) > 1:
            # The engine lets every removal through.
            raise BatchRefusedError("An address is none, so nothing of this batch was sent.")
        if wrong:
            return Answered([RowAnswer(wrong[0].seq, "noop", "not_there")])
        ask = self._api.asking(self._turn, first_is_paced=True)
        endpoint = LIFT if is_lifting else SUPPRESS
        data = [{"type": "profile", "attributes": {"email": _email(row)}} for row in batch.rows]
        body = {"data": {"type": endpoint.kind, "attributes": {"profiles": {"data": data}}}}
        try:
            job = ask.thing(endpoint, body=body)
        except RefusedError as error:
            if len(batch.rows) > 1 or not error.problems:
                raise
            return Answered([error.problems[0].of(batch.rows[0].seq)], error.status_code)
        return Accepted(job["id"], endpoint.success)

    def poll(self, job_id: str, batch: Batch) -> Answer:
        ask = self._api.asking(self._turn, first_is_paced=True)
        is_lifting = batch.rows[0].operation is Operation.REMOVE
        try:
            job = ask.thing(SEE_LIFTING if is_lifting else SEE_SUPPRESSING, job_id)["attributes"]
        except (MissingError, RefusedError):
            return _rejected(batch.rows, "job_gone", "Klaviyo knows the job no more, so the row is sent again.")
        status = job.get("status")
        if status in ("queued", "processing"):
            return Accepted(job_id)
        if status == "cancelled":
            return _rejected(batch.rows, "cancelled", "The job was cancelled at Klaviyo, so the row is sent again.")
        if status != "complete":
            raise UnsureError("Klaviyo tells of a job no status that we know, so it is asked again.")
        if is_lifting or not job.get("skipped_count"):
            return Answered.all_ok(batch, 200)
        return Answered(_looked_at(ask, batch.rows), 200)

    def close(self) -> None:
        self._api.close()


def _looked_at(ask: Asking, rows: Sequence[Row]) -> list[RowAnswer]:
    """What is true of each address where a job skipped some, for it doesn't tell which."""
    found = find_subscriptions(ask, [_email(row) for row in rows])
    told = []
    for row in rows:
        if _is_suppressed(found.get(folded("email", _email(row)), {})):
            told.append(RowAnswer(row.seq))
        else:
            message = "Klaviyo skipped it, and it may still be written to."
            told.append(RowAnswer(row.seq, "rejected", "skipped", message))
    return told


def _is_suppressed(marketing: Mapping[str, Any]) -> bool:
    return marketing.get("can_receive_email_marketing") is False or bool(marketing.get("suppression"))


def _email(row: Row) -> str:
    return str(row.key["email"])


def _rejected(rows: Sequence[Row], code: str, message: str) -> Answered:
    return Answered([RowAnswer(row.seq, "rejected", code, message) for row in rows])
