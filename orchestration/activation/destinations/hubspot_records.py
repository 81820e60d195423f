"""Contacts and companies: brought a hundred a request, each told apart by its trace id."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orchestration.activation.destinations.hubspot_answers import (
    MAX_INPUTS,
    Told,
    folded,
    read_ids,
    write_batch,
)
from orchestration.activation.destinations.hubspot_api import Ask, HubSpotApi, MissingError
from orchestration.activation.destinations.hubspot_properties import Properties
from orchestration.activation.destinations.hubspot_values import (
    MAX_TEXT,
    RECORD_ID,
    Nulls,
    WrongValueError,
    as_text,
    rendered,
)
from orchestration.activation.destinations.protocol import (
    Answered,
    Batch,
    BatchDestination,
    BatchRefusedError,
    Catalogue,
    DeliveryClass,
    Limits,
    NotAllowedError,
    Operation,
    Row,
    RowAnswer,
    Target,
)

Written = Callable[[Row], Mapping[str, str]]

# A contact is deleted for good by a request of its own; few together, so that few are repeated.
_DELETED_AT_ONCE = 10


class Records(BatchDestination):
    """Writes contacts or companies; those that leave are emptied of what we wrote, or deleted by mode `delete`."""

    delivery_class = DeliveryClass.UPSERT

    def __init__(self, api: HubSpotApi, target: Target, properties: Properties, nulls: Nulls) -> None:
        self._api, self._properties, self._nulls = api, properties, nulls
        self._mode, self._object, self._key = target.mode, target.object, properties.key
        self._place = f"/crm/v3/objects/{target.object}"
        most = _DELETED_AT_ONCE if (target.mode, target.object) == ("delete", "contacts") else MAX_INPUTS
        self.limits = Limits(most, 1_000_000, MAX_TEXT)

    def catalogue(self) -> Catalogue:
        return self._properties.catalogue()

    def preparations(self) -> Sequence[str]:
        missing = self._properties.missing() if self._mode != "delete" else []
        told = [
            f"create the property {one.name} ({one.kind}{', unique' if one.is_key else ''}) of {self._object}"
            for one in missing
        ]
        if told and not self._properties.has_group():
            told.insert(0, f"create the group of properties {self._properties.group} of {self._object}")
        return told

    def prepare(self) -> None:
        if self._mode != "delete":
            self._properties.make()

    def problems(self, row: Row) -> str | None:
        try:
            if not self._name(row):
                return f"{self._key} is empty, so nobody knows whose row it is."
            rendered(row.payload, self._key, self._properties.prefix, self._nulls)
        except WrongValueError as error:
            return str(error)
        return None

    def send(self, batch: Batch) -> Answered:
        rows = batch.rows
        removals = [row for row in rows if row.operation is Operation.REMOVE]
        if len(rows) > self.limits.max_rows or 0 < len(removals) < len(rows):
            raise BatchRefusedError(f"{len(rows)} rows, or removals among others, are no request; nothing was sent.")
        self._check_fields(rows)
        ask = self._api.asking(first_is_paced=True)
        if removals:
            return self._deleted(ask, rows) if self._mode == "delete" else self._emptied(ask, rows)
        if self._mode == "insert":
            return self._created(ask, rows)
        return self._updated(ask, rows) if self._mode == "update" else self._upserted(ask, rows)

    def close(self) -> None:
        self._api.close()

    def _check_fields(self, rows: Sequence[Row]) -> None:
        names = {name for row in rows for name in row.payload}
        if foreign := sorted(name for name in names if not self._properties.may_be_written(name)):
            raise NotAllowedError(
                f"{', '.join(foreign)} of {self._object} would overwrite what people type, so nothing was sent:"
                " name them in allowed_properties of the connection, or leave them out."
            )

    def _upserted(self, ask: Ask, rows: Sequence[Row]) -> Answered:
        inputs = [{"id": self._name(row), "idProperty": self._key, **_traced(row, self._written(row))} for row in rows]
        told = write_batch(ask, f"{self._place}/batch/upsert", inputs, self._key)
        return Answered([_answer(row, told[row.idempotency_key]) for row in rows])

    def _created(self, ask: Ask, rows: Sequence[Row]) -> Answered:
        inputs = [
            {"associations": [], **_traced(row, {self._key: self._name(row)} | self._written(row))} for row in rows
        ]
        told = write_batch(ask, f"{self._place}/batch/create", inputs, self._key)
        # One that is refused since another has its key is there already; one with another's e-mail is not.
        clashes = [row for row in rows if told[row.idempotency_key].code in ("CONFLICT", "409")]
        there = self._looked_up(ask, clashes)
        return Answered(
            [
                RowAnswer(row.seq, "noop", provider_id=there[row.seq])
                if row.seq in there
                else _answer(row, told[row.idempotency_key])
                for row in rows
            ]
        )

    def _updated(self, ask: Ask, rows: Sequence[Row]) -> Answered:
        # By record id, since HubSpot doesn't update contacts by e-mail; looked up, since a record may be another now.
        ids = self._looked_up(ask, rows)
        told = self._by_id(ask, rows, ids, self._written)
        missing = Told(None, "OBJECT_NOT_FOUND", f"HubSpot has no such record among its {self._object}.")
        return Answered([_answer(row, told.get(row.seq, missing)) for row in rows])

    def _emptied(self, ask: Ask, rows: Sequence[Row]) -> Answered:
        """Empty what we wrote, and nothing else; a record that is gone needs nothing."""
        empty = dict.fromkeys(self._properties.ours, "")
        if not empty:
            return Answered([RowAnswer(row.seq, "noop") for row in rows])
        ids = {row.seq: row.provider_id for row in rows if row.provider_id}
        ids |= self._looked_up(ask, [row for row in rows if not row.provider_id])
        told = self._by_id(ask, rows, ids, lambda _: empty)
        # A contact that became one with another is that one now.
        stale = [row for row in rows if row.provider_id and told[row.seq].is_missing]
        told |= self._by_id(ask, stale, self._looked_up(ask, stale), lambda _: empty)
        gone = Told(None, "OBJECT_NOT_FOUND")
        return Answered([_removed(row, told.get(row.seq, gone)) for row in rows])

    def _deleted(self, ask: Ask, rows: Sequence[Row]) -> Answered:
        if self._object == "contacts":
            return Answered([self._deleted_for_good(ask, row) for row in rows])
        ids = {row.seq: row.provider_id for row in rows if row.provider_id}
        ids |= self._looked_up(ask, [row for row in rows if not row.provider_id])
        if ids:
            inputs = [{"id": number} for number in dict.fromkeys(ids.values())]
            ask("POST", f"{self._place}/batch/archive", {"inputs": inputs})
        return Answered(
            [RowAnswer(row.seq, "ok" if row.seq in ids else "noop", provider_id=ids.get(row.seq)) for row in rows]
        )

    def _deleted_for_good(self, ask: Ask, row: Row) -> RowAnswer:
        """By the id that was kept, and where that is nobody's any more by the key."""
        by_key = {"objectId": self._name(row)} | ({} if self._key == RECORD_ID else {"idProperty": self._key})
        for body in (*([{"objectId": row.provider_id}] if row.provider_id else []), by_key):
            try:
                ask("POST", f"{self._place}/gdpr-delete", body)
            except MissingError:
                continue
            return RowAnswer(row.seq, provider_id=row.provider_id)
        return RowAnswer(row.seq, "noop")

    def _by_id(self, ask: Ask, rows: Sequence[Row], ids: Mapping[int, str], written: Written) -> dict[int, Told]:
        """Update the records of rows, each once; what became of them, by the rows' numbers."""
        # Of two rows that are one record by now the last one counts.
        by_id = {ids[row.seq]: row for row in rows if row.seq in ids}
        if not by_id:
            return {}
        inputs = [{"id": number, **_traced(row, written(row))} for number, row in by_id.items()]
        told = write_batch(ask, f"{self._place}/batch/update", inputs, None)
        return {seq: told[by_id[number].idempotency_key] for seq, number in ids.items()}

    def _looked_up(self, ask: Ask, rows: Sequence[Row]) -> dict[int, str]:
        """Ids of the rows' records, by the rows' numbers; those that aren't there are left out."""
        names = {row.seq: self._name(row) for row in rows}
        if self._key == RECORD_ID or not names:
            return names
        found = read_ids(ask, self._place, self._key, list(names.values()))
        known = {seq: found.get(folded(self._key, name)) for seq, name in names.items()}
        return {seq: number for seq, number in known.items() if number}

    def _name(self, row: Row) -> str:
        """What tells the row apart: the value of its key."""
        return as_text(self._key, next(iter(row.key.values()), None))

    def _written(self, row: Row) -> dict[str, str]:
        return rendered(row.payload, self._key, self._properties.prefix, self._nulls)


def _traced(row: Row, properties: Mapping[str, str]) -> dict[str, Any]:
    return {"objectWriteTraceId": row.idempotency_key, "properties": dict(properties)}


def _answer(row: Row, told: Told) -> RowAnswer:
    if told.code:
        return RowAnswer(row.seq, "rejected", told.code, told.message)
    return RowAnswer(row.seq, provider_id=told.record_id)


def _removed(row: Row, told: Told) -> RowAnswer:
    return RowAnswer(row.seq, "noop") if told.is_missing else _answer(row, told)
