"""Events: each is sent alone, under a `unique_id` that is the same whenever the same row is sent.

Klaviyo promises of `POST /api/events` that of several events of a profile and metric with the same `unique_id` only the
first is recorded, and that its answer, which comes before the event is worked on, means that the event is valid. The
bulk endpoint fails whole requests over a repeated `unique_id`, and tells of no row, so it isn't used.
"""

import json
from decimal import Decimal
from typing import Any

from orchestration.activation.destinations.json_mapping import as_bytes
from orchestration.activation.destinations.klaviyo_api import KlaviyoApi, RefusedError
from orchestration.activation.destinations.klaviyo_endpoints import RECORD_EVENT
from orchestration.activation.destinations.klaviyo_values import (
    IDENTIFIERS,
    WrongValueError,
    are_texts_within,
    identity_of,
    moment,
    number,
)
from orchestration.activation.destinations.protocol import (
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
)

# What the description says of an event: bytes of each of its texts, and how many properties it may have. It allows 5 MB
# for the whole; a row may be as large as one text, which is more than any cart.
MAX_TEXT_BYTES, MAX_PROPERTIES = 100_000, 400
_PLAIN = ("time", "value", "value_currency")
_JSON = "_json"


class Events(BatchDestination):
    """Records events of one metric. A field that ends with `_json` holds JSON, and is sent as what it says."""

    delivery_class = DeliveryClass.KEYED_EVENT
    limits = Limits(1, MAX_TEXT_BYTES, MAX_TEXT_BYTES)

    def __init__(self, api: KlaviyoApi, target: Target, metric: str) -> None:
        self._api, self._turn, self._metric = api, target.turn, metric

    def catalogue(self) -> Catalogue:
        """What Klaviyo knows of an event; any other field is a property of it. What happened can't be taken back."""
        fields = {
            **dict.fromkeys(IDENTIFIERS, "text"),
            "time": "timestamp",
            "value": "number",
            "value_currency": "text",
        }
        return Catalogue(fields, takes_removals=False)

    def problems(self, row: Row) -> str | None:
        if row.operation is Operation.REMOVE:
            return None
        try:
            event = self._event(row)
            as_bytes(event)
        except WrongValueError as error:
            return str(error)
        except (TypeError, ValueError, RecursionError):
            return "The row holds a value that JSON can't: turn it into text or a number in the model."
        properties = event["data"]["attributes"]["properties"]
        if len(properties) > MAX_PROPERTIES:
            return f"The event has {len(properties)} properties, and {MAX_PROPERTIES} are allowed."
        if not are_texts_within(properties, MAX_TEXT_BYTES):
            return f"The event holds a text of more than {MAX_TEXT_BYTES:,} bytes: shorten it in the model."
        return None

    def send(self, batch: Batch) -> Answered:
        if all(row.operation is Operation.REMOVE for row in batch.rows):
            return Answered([RowAnswer(row.seq, "noop", "stays_recorded") for row in batch.rows])
        if len(batch.rows) > 1:
            raise BatchRefusedError("Events are sent one by one, so nothing of this batch was sent.")
        [row] = batch.rows
        ask = self._api.asking(self._turn, first_is_paced=True)
        try:
            ask.done(RECORD_EVENT, body=self._event(row))
        except RefusedError as error:
            if not error.problems:
                raise
            return Answered([error.problems[0].of(row.seq)], error.status_code)
        return Answered.all_ok(batch, RECORD_EVENT.success)

    def close(self) -> None:
        self._api.close()

    def _event(self, row: Row) -> dict[str, Any]:
        payload = row.payload
        plain = {
            "time": moment("time", payload.get("time")),
            "value": number("value", payload.get("value")),
            "value_currency": payload.get("value_currency"),
        }
        if not isinstance(plain["value_currency"], str | None):
            raise WrongValueError("value_currency must be a code of ISO 4217, such as EUR.")
        properties = {}
        for field, value in payload.items():
            if field.endswith(_JSON) and field != _JSON:
                properties[field.removesuffix(_JSON)] = _parsed(field, value)
            elif field not in IDENTIFIERS and field not in _PLAIN:
                properties[field] = value
        attributes = {name: value for name, value in plain.items() if value is not None} | {
            "properties": properties,
            "unique_id": row.idempotency_key,
            "metric": {"data": {"type": "metric", "attributes": {"name": self._metric}}},
            "profile": {"data": {"type": "profile", "attributes": identity_of(payload)}},
        }
        return {"data": {"type": "event", "attributes": attributes}}


def _parsed(field: str, value: Any) -> Any:
    if value is None:
        return None
    try:
        return json.loads(value, parse_float=Decimal)
    except (TypeError, ValueError, RecursionError):
        raise WrongValueError(f"{field} holds no JSON, as its name says it does: mend it in the model.") from None
