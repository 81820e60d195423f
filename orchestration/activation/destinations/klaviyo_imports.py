r"""Bulk import jobs: profiles are uploaded at once, worked on, and asked after by the job's id from any process.

Rows that were answered before the job began stand beside its id, as `<id>\t<JSON>`: who asks later answers for them.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.activation.destinations.json_mapping import as_bytes
from orchestration.activation.destinations.klaviyo_api import Asking, MissingError, Problem, RefusedError, problem_of
from orchestration.activation.destinations.klaviyo_endpoints import PAGE, SEE_IMPORT, SEE_IMPORT_ERRORS, START_IMPORT
from orchestration.activation.destinations.klaviyo_values import IDENTIFIERS, folded
from orchestration.activation.destinations.protocol import (
    Accepted,
    Answer,
    Answered,
    Batch,
    BatchRefusedError,
    Limits,
    Row,
    RowAnswer,
    UnsureError,
)

# What the description says of a job: profiles, bytes of the request, bytes of a profile.
MAX_PROFILES, MAX_BYTES, MAX_PROFILE_BYTES = 10_000, 5_000_000, 100_000
# A row grows by what is around it in the request, at most by so much of the whole.
IMPORT_LIMITS = Limits(MAX_PROFILES, 4_000_000, MAX_PROFILE_BYTES)
# How many rows of a refused request are left out one by one before it is halved instead.
_MOST_NAMED, _MOST_ROUNDS = 50, 3
_PLACE = re.compile(r"/profiles/data/(\d+)(?:/|$)")


def start_import(
    ask: Asking,
    rows: Sequence[Row],
    profiles: Mapping[int, Any],
    told: dict[int, RowAnswer],
    list_id: str | None = None,
) -> Answer:
    """Upload the profiles of rows, by their numbers; `told` has the rows that are answered already.

    Rows that Klaviyo names as wrong are rejected, and the rest is uploaded; raise `BatchRefusedError` where it doesn't
    tell which.
    """
    for _ in range(_MOST_ROUNDS):
        sent = [row for row in rows if row.seq not in told]
        if not sent:
            return Answered([told[row.seq] for row in rows])
        try:
            job = ask.thing(START_IMPORT, body=_body([profiles[row.seq] for row in sent], list_id))
        except RefusedError as error:
            told |= _named(error, sent)
        else:
            return Accepted(_noted(job["id"], told), START_IMPORT.success)
    raise BatchRefusedError("Klaviyo refuses more rows whenever some are left out, so nothing was sent.", 400)


def see_import(ask: Asking, job_id: str, batch: Batch) -> Answer:
    """What became of a job and of each of its rows."""
    number, told = _read(job_id)
    sent = [row for row in batch.rows if row.seq not in told]
    try:
        job = ask.thing(SEE_IMPORT, number)["attributes"]
        if job.get("status") in ("queued", "processing"):
            return Accepted(job_id)
        if job.get("status") not in ("complete", "cancelled"):
            raise UnsureError("Klaviyo tells of a job no status that we know, so it is asked again.")
        failed = job.get("failed_count") or 0
        is_clean = job["status"] == "complete" and not failed and job.get("completed_count") == job.get("total_count")
        errors = [] if is_clean else list(ask.pages(SEE_IMPORT_ERRORS, number, {"page[size]": str(PAGE)}))
    except (MissingError, RefusedError):
        return _all(batch, told, "job_gone", "Klaviyo knows the import job no more, so the row is sent again.")
    if job["status"] == "cancelled":
        return _all(batch, told, "cancelled", "The import job was cancelled at Klaviyo, so the row is sent again.")
    found, strays = _by_row([one["attributes"] for one in errors], sent)
    if strays or failed > len(found):
        if len(sent) > 1:
            raise BatchRefusedError("Klaviyo fails rows of an import and doesn't tell which.", SEE_IMPORT.success)
        stray = strays[0] if strays else Problem("failed", "Klaviyo fails it and doesn't tell why.", "")
        found.setdefault(sent[0].seq, stray)
    told = {row.seq: RowAnswer(row.seq) for row in sent} | {seq: one.of(seq) for seq, one in found.items()} | told
    return Answered([told[row.seq] for row in batch.rows], SEE_IMPORT.success)


def _body(profiles: Sequence[Any], list_id: str | None) -> dict[str, Any]:
    data: dict[str, Any] = {"type": START_IMPORT.kind, "attributes": {"profiles": {"data": profiles}}}
    if list_id:
        data["relationships"] = {"lists": {"data": [{"type": "list", "id": list_id}]}}
    body = {"data": data}
    if len(profiles) > MAX_PROFILES or (len(profiles) > 1 and len(as_bytes(body)) > MAX_BYTES):
        raise BatchRefusedError(f"{len(profiles):,} profiles are more than one job may hold; nothing was sent.")
    return body


def _named(error: RefusedError, sent: Sequence[Row]) -> dict[int, RowAnswer]:
    """Rows that a refusal names; raise it where it doesn't, or names too many."""
    found: dict[int, RowAnswer] = {}
    for problem in error.problems:
        row = _pointed_at(problem, sent)
        if row is None and len(sent) > 1:
            raise error
        found.setdefault((row or sent[0]).seq, problem.of((row or sent[0]).seq))
    if not found and len(sent) == 1:
        return {sent[0].seq: RowAnswer(sent[0].seq, "rejected", str(error.status_code), str(error))}
    if not found or len(found) > _MOST_NAMED:
        raise error
    return found


def _pointed_at(problem: Problem, sent: Sequence[Row]) -> Row | None:
    place = _PLACE.search(problem.pointer)
    return sent[int(place.group(1))] if place and int(place.group(1)) < len(sent) else None


def _by_row(errors: Sequence[Mapping[str, Any]], sent: Sequence[Row]) -> tuple[dict[int, Problem], list[Problem]]:
    """Errors by the row that they are of, and those of nobody knows which."""
    named: dict[tuple[str, str], set[int]] = {}
    for row in sent:
        for name, value in row.key.items():
            named.setdefault((name, folded(name, str(value))), set()).add(row.seq)
    found: dict[int, Problem] = {}
    strays = []
    for error in errors:
        problem = problem_of(error)
        # The profile that an error brings along says more than its place.
        hit = {seq for name in _names(error.get("original_payload")) for seq in named.get(name, ())}
        pointed = _pointed_at(problem, sent)
        if len(hit) != 1 and pointed is not None:
            hit = {pointed.seq}
        if len(hit) == 1:
            found.setdefault(hit.pop(), problem)
        else:
            strays.append(problem)
    return found, strays


def _names(payload: Any) -> set[tuple[str, str]]:
    """Identifiers that a profile tells, wherever in it they stand."""
    attributes = payload.get("attributes", payload) if isinstance(payload, dict) else None
    if not isinstance(attributes, dict):
        return set()
    told = {name: attributes.get(name) for name in IDENTIFIERS}
    return {(name, folded(name, value)) for name, value in told.items() if isinstance(value, str) and value}


def _all(batch: Batch, told: Mapping[int, RowAnswer], code: str, message: str) -> Answered:
    return Answered([told.get(row.seq) or RowAnswer(row.seq, "rejected", code, message) for row in batch.rows])


def _noted(number: str, told: Mapping[int, RowAnswer]) -> str:
    notes = {seq: [one.outcome, one.code, one.message] for seq, one in told.items()}
    return f"{number}\t{json.dumps(notes, separators=(',', ':'))}" if notes else number


def _read(job_id: str) -> tuple[str, dict[int, RowAnswer]]:
    number, _, notes = job_id.partition("\t")
    told = {int(seq): RowAnswer(int(seq), *one) for seq, one in json.loads(notes or "{}").items()}
    return number, told
