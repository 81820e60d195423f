"""Whether a sync fits its model and what its destination knows: every problem in a sentence, and nothing is sent."""

from collections.abc import Iterator
from typing import Any

from orchestration.activation.connections import load_connection
from orchestration.activation.destinations.protocol import DeliveryClass, Destination
from orchestration.activation.destinations.set_protocol import SetDestination
from orchestration.activation.engine import open_destination
from orchestration.activation.errors import DeliveryError
from orchestration.activation.syncs import Activation, Sync
from orchestration.settings import Settings


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a YAML file with exposures, for editors: what `config.meta.activation` of each may say."""
    activation = Activation.model_json_schema(ref_template="#/$defs/{model}")
    schema: dict[str, Any] = {"$defs": activation.pop("$defs"), "type": "object"}
    inner: dict[str, Any] = activation
    for name in ("activation", "meta", "config"):
        inner = {"type": "object", "properties": {name: inner}}
    schema["properties"] = {"exposures": {"type": "array", "items": inner}}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def problems_of(settings: Settings, sync: Sync) -> list[str]:
    """Why a sync can't be delivered as it is declared; none where it can."""
    try:
        connection = load_connection(settings, sync.connection)
        destination = open_destination(settings, connection, sync)
    except DeliveryError as error:
        return [f"Sync {sync.name}: {error}"]
    try:
        return [f"Sync {sync.name}: {told}" for told in _problems(sync, destination)]
    finally:
        destination.close()


def _problems(sync: Sync, destination: Destination | SetDestination) -> Iterator[str]:
    if destination.delivery_class == DeliveryClass.SIDE_EFFECT and sync.mode != "append":
        yield f"its destination sends messages, so its mode must be append, and not {sync.mode}: each row is sent once."
    if (sync.channel or sync.holdout) and "profile_id" not in sync.columns:
        yield f"{sync.model} needs a column profile_id, for it is about reaching people."
    if isinstance(destination, SetDestination):
        if sync.mode != "mirror":
            yield f"its destination holds whole sets, so its mode must be mirror, and not {sync.mode}."
        return
    yield from _field_problems(sync, destination)


def _field_problems(sync: Sync, destination: Destination) -> Iterator[str]:
    try:
        catalogue = destination.catalogue()
    except Exception as error:
        yield f"what {sync.connection} knows of {sync.object} can't be read: {error}"
        return
    if sync.mode in ("mirror", "audience", "delete") and not catalogue.takes_removals:
        yield f"{sync.connection} can't tell a removal from another row, so its mode can't be {sync.mode}."
    sent = sync.kinds
    for field in catalogue.required:
        if field not in sent:
            yield f"{sync.object} needs the field {field}, and no column is sent as it."
    for field, kind in sent.items():
        if field not in catalogue.fields:
            if not catalogue.is_open:
                known = ", ".join(sorted(catalogue.fields))
                yield f"{sync.object} knows no field {field}; it knows {known}."
        elif catalogue.fields[field] not in (kind, "any", "text"):
            yield f"field {field} of {sync.object} is {catalogue.fields[field]}, and its column is {kind}."
