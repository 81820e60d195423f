"""Profiles: imported by jobs, emptied of our own properties where they leave, and deleted where a sync says so."""

from collections.abc import Sequence
from typing import Any

from orchestration.activation.destinations.json_mapping import as_bytes
from orchestration.activation.destinations.klaviyo_api import Asking, KlaviyoApi, MissingError, RefusedError
from orchestration.activation.destinations.klaviyo_endpoints import DELETE_PERSON
from orchestration.activation.destinations.klaviyo_imports import (
    IMPORT_LIMITS,
    MAX_PROFILE_BYTES,
    see_import,
    start_import,
)
from orchestration.activation.destinations.klaviyo_people import ids_of
from orchestration.activation.destinations.klaviyo_values import (
    KNOWN,
    Nulls,
    WrongValueError,
    identifier,
    name_problem,
    profile_of,
)
from orchestration.activation.destinations.protocol import (
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
)


class Profiles(BatchDestination):
    """Writes profiles of one account."""

    delivery_class = DeliveryClass.UPSERT

    def __init__(self, api: KlaviyoApi, target: Target, prefix: str, nulls: Nulls) -> None:
        self._api, self._key, self._turn = api, target.key[0], target.turn
        self._prefix, self._nulls = prefix, nulls
        self._deletes = target.mode == "delete"
        self._ours = [prefix + field for field in target.kinds if field not in KNOWN]
        # Deletions are asked for one by one.
        self.limits = Limits(1, MAX_PROFILE_BYTES, MAX_PROFILE_BYTES) if self._deletes else IMPORT_LIMITS

    def catalogue(self) -> Catalogue:
        """Klaviyo's own attributes; any other field is a property of our own."""
        return Catalogue({name: "any" if "itude" in name else "text" for name in KNOWN}, [self._key])

    def problems(self, row: Row) -> str | None:
        try:
            if row.operation is Operation.REMOVE:
                return name_problem(self._key, row)
            size = len(as_bytes(self._profile(row)))
        except WrongValueError as error:
            return str(error)
        except (TypeError, ValueError, RecursionError):
            return "The row holds a value that JSON can't: turn it into text or a number in the model."
        if size > MAX_PROFILE_BYTES:
            return f"The profile is {size:,} bytes as JSON, and {MAX_PROFILE_BYTES:,} are allowed."
        return None

    def send(self, batch: Batch) -> Answer:
        leaving = [row for row in batch.rows if row.operation is Operation.REMOVE]
        if leaving and len(leaving) < len(batch.rows):
            raise BatchRefusedError("Removals go elsewhere than other rows, so nothing of this batch was sent.")
        ask = self._api.asking(self._turn, first_is_paced=True)
        if leaving:
            return self._deleted(ask, batch) if self._deletes else self._emptied(ask, leaving)
        return start_import(ask, batch.rows, {row.seq: self._profile(row) for row in batch.rows}, {})

    def poll(self, job_id: str, batch: Batch) -> Answer:
        return see_import(self._api.asking(self._turn, first_is_paced=True), job_id, batch)

    def close(self) -> None:
        self._api.close()

    def _profile(self, row: Row) -> dict[str, Any]:
        return profile_of({**row.key, **row.payload}, self._key, self._prefix, self._nulls)

    def _emptied(self, ask: Asking, rows: Sequence[Row]) -> Answer:
        """Take off what is ours; whom Klaviyo doesn't know any more is left so, and not made anew."""
        if not self._ours:
            return Answered([RowAnswer(row.seq, "noop", "nothing_ours") for row in rows])
        ids = ids_of(ask, self._key, rows)
        told = {row.seq: RowAnswer(row.seq, "noop", "not_there") for row in rows if row.seq not in ids}
        meta = {"patch_properties": {"unset": self._ours}}
        profiles = {
            seq: {"type": "profile", "id": number, "attributes": {}, "meta": meta} for seq, number in ids.items()
        }
        return start_import(ask, rows, profiles, told)

    def _deleted(self, ask: Asking, batch: Batch) -> Answered:
        """Ask that people be deleted for good; Klaviyo does so later, and tells no job."""
        if len(batch.rows) > 1:
            raise BatchRefusedError("People are deleted one by one, so nothing of this batch was sent.")
        [row] = batch.rows
        if problem := name_problem(self._key, row):
            # The engine lets every removal through.
            return Answered([RowAnswer(row.seq, "invalid", "invalid", problem)])
        who: dict[str, Any] = {"type": "profile", "attributes": {self._key: identifier(self._key, row.key[self._key])}}
        if self._key == "external_id":
            # Deletions know no ids of other systems.
            ids = ids_of(ask, self._key, batch.rows)
            if not ids:
                return Answered([RowAnswer(row.seq, "noop", "not_there")])
            who = {"type": "profile", "id": ids[row.seq], "attributes": {}}
        body = {"data": {"type": "data-privacy-deletion-job", "attributes": {"profile": {"data": who}}}}
        try:
            ask.done(DELETE_PERSON, body=body)
        except MissingError:
            return Answered([RowAnswer(row.seq, "noop", "not_there")])
        except RefusedError as error:
            if not error.problems:
                raise
            return Answered([error.problems[0].of(row.seq)], error.status_code)
        return Answered([RowAnswer(row.seq)], DELETE_PERSON.success)
