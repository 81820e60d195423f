"""What HubSpot says of each record of a batch: results and errors, matched by the trace id of each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.activation.destinations.http import HttpAnswer, cleaned
from orchestration.activation.destinations.hubspot_api import Ask, MissingError, RefusedError, content_of, unreadable
from orchestration.activation.destinations.protocol import BatchRefusedError, TryLaterError

# Inputs of one batch: HubSpot's reference of each batch endpoint.
MAX_INPUTS = 100
# How an error says that there is no such record.
NOT_FOUND = ("OBJECT_NOT_FOUND", "NOT_FOUND")


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one input: the record's id, or why not."""

    record_id: str | None = None
    code: str | None = None
    message: str | None = None

    @property
    def is_missing(self) -> bool:
        """Whether there is no such record."""
        return self.code in NOT_FOUND


def folded(key: str | None, value: str) -> str:
    """A value as it is compared: HubSpot keeps e-mails in small letters."""
    return value.strip().lower() if key == "email" else value


def write_batch(ask: Ask, path: str, inputs: Sequence[Mapping[str, Any]], named_by: str | None) -> dict[str, Told]:
    """Send inputs, and tell by trace id what became of each.

    `named_by` is the property that tells an answer's records apart where they have no trace; None: their ids.
    """
    try:
        answer = ask("POST", path, {"inputs": inputs})
    except RefusedError as error:
        if len(inputs) > 1:
            raise
        return {inputs[0]["objectWriteTraceId"]: Told(None, error.code, error.told)}
    except MissingError as error:
        if len(inputs) > 1:
            raise BatchRefusedError("A record of the batch isn't there, and nothing was taken.", 404) from None
        return {inputs[0]["objectWriteTraceId"]: Told(None, NOT_FOUND[0], str(error))}
    return _by_trace(answer, inputs, named_by)


def _by_trace(answer: HttpAnswer, inputs: Sequence[Mapping[str, Any]], named_by: str | None) -> dict[str, Told]:
    results, errors = _parts(answer)
    traces = {one["objectWriteTraceId"] for one in inputs}
    by_name: dict[str, str] = {}
    for one in inputs:
        name = one["id"] if "id" in one else one["properties"].get(named_by, "")
        by_name[folded(named_by, name)] = one["objectWriteTraceId"]
    found: dict[str, Told] = {}
    for result in results:
        name = result["id"] if named_by is None else (result.get("properties") or {}).get(named_by)
        trace = str(result.get("objectWriteTraceId") or by_name.get(folded(named_by, str(name))))
        if trace not in traces:
            raise unreadable(answer)
        found[trace] = Told(result["id"])
    strays = []
    for error in errors:
        told = Told(None, str(error.get("category") or "ERROR")[:100], cleaned(str(error.get("message") or "")) or None)
        names = {by_name.get(folded(named_by, name)) for name in _context(error, "ids")}
        hit = traces & (_context(error, "objectWriteTraceId") | {name for name in names if name})
        found.update(dict.fromkeys(hit, told))
        strays += [] if hit else [told]
    if lost := traces - set(found):
        if not strays:
            raise unreadable(answer)
        if len(traces) > 1:
            # An error that names no row: halved until it can be only one's. What was taken is taken again.
            raise BatchRefusedError(f"{answer.host} refuses rows and doesn't tell which.", answer.status)
        found[lost.pop()] = strays[0]
    return found


def read_ids(ask: Ask, place: str, key: str, values: Sequence[str]) -> dict[str, str]:
    """Ids of records by the `folded` value of a unique property; those that aren't there are left out."""
    more = ["hs_additional_emails"] if key == "email" else []
    wanted = {folded(key, value) for value in values}
    found: dict[str, str] = {}
    asked = sorted(wanted)
    for start in range(0, len(asked), MAX_INPUTS):
        inputs = [{"id": value} for value in asked[start : start + MAX_INPUTS]]
        body = {"inputs": inputs, "idProperty": key, "properties": [key, *more], "propertiesWithHistory": []}
        try:
            answer = ask("POST", f"{place}/batch/read", body)
        except MissingError:
            continue
        results, errors = _parts(answer)
        for error in errors:
            if error.get("category") not in NOT_FOUND:
                raise TryLaterError(f"{answer.host} can't look records up now.", answer.status)
        for result in results:
            told = result.get("properties") or {}
            # A contact is found by its other addresses too.
            names = [told.get(key), *str(told.get("hs_additional_emails") or "").split(";")]
            known = {folded(key, str(name)) for name in names if name} & wanted
            found.update(dict.fromkeys(known, result["id"]))
    return found


def _parts(answer: HttpAnswer) -> tuple[list[Any], list[Any]]:
    content = content_of(answer)
    results, errors = content.get("results"), content.get("errors", [])
    if not isinstance(results, list) or not isinstance(errors, list):
        raise unreadable(answer)
    if not all(isinstance(one, dict) for one in (*results, *errors)):
        raise unreadable(answer)
    if not all(isinstance(one.get("id"), str) and one["id"] for one in results):
        raise unreadable(answer)
    return results, errors


def _context(error: Mapping[str, Any], name: str) -> set[str]:
    context = error.get("context")
    told = context.get(name) if isinstance(context, dict) else None
    return {str(value) for value in told} if isinstance(told, list) else set()
