"""Lists: who is to be on one is added by import jobs, and who leaves is taken off; consent is never touched."""

import json
import threading
from collections.abc import Sequence
from typing import Any

from orchestration.activation.destinations.klaviyo_api import Asking, KlaviyoApi, MissingError, RefusedError
from orchestration.activation.destinations.klaviyo_endpoints import FIND_LISTS, MAKE_LIST, REMOVE_MEMBERS, SEE_LIST
from orchestration.activation.destinations.klaviyo_imports import IMPORT_LIMITS, see_import, start_import
from orchestration.activation.destinations.klaviyo_people import ids_of
from orchestration.activation.destinations.klaviyo_values import IDENTIFIERS, WrongValueError, name_problem, profile_of
from orchestration.activation.destinations.protocol import (
    Answer,
    Answered,
    Batch,
    BatchDestination,
    BatchRefusedError,
    Catalogue,
    DeliveryClass,
    NotAllowedError,
    Operation,
    Row,
    RowAnswer,
    Target,
)

# Profiles that one request may take off a list, as the description says.
MAX_MEMBERS = 1_000


class ListMembers(BatchDestination):
    """Writes who is on a list; a profile is made where there is none, and subscribed to nothing."""

    delivery_class = DeliveryClass.UPSERT
    limits = IMPORT_LIMITS

    def __init__(self, api: KlaviyoApi, target: Target, name: str, list_id: str | None) -> None:
        self._api, self._key, self._turn = api, target.key[0], target.turn
        self._object, self._name, self._declared = target.object, name, list_id
        self._known: str | None = None
        self._lock = threading.Lock()

    def catalogue(self) -> Catalogue:
        """What identifies a person, and nothing else."""
        return Catalogue(dict.fromkeys(IDENTIFIERS, "text"), [self._key], is_open=False)

    def preparations(self) -> Sequence[str]:
        return () if self._find(self._api.asking(self._turn)) else (f"create the list {self._name!r}",)

    def prepare(self) -> None:
        ask = self._api.asking(self._turn)
        found = self._find(ask)
        if not found:
            body = {"data": {"type": "list", "attributes": {"name": self._name}}}
            try:
                found = ask.thing(MAKE_LIST, body=body)["id"]
            except RefusedError:
                told = f"Klaviyo refuses to make the list {self._name!r}"
                raise NotAllowedError(f"{told}: make it by hand, and name its id in lists.") from None
        self._known = found

    def problems(self, row: Row) -> str | None:
        if problem := name_problem(self._key, row):
            return problem
        try:
            self._profile(row)
        except WrongValueError as error:
            return str(error)
        return None

    def send(self, batch: Batch) -> Answer:
        leaving = [row for row in batch.rows if row.operation is Operation.REMOVE]
        if leaving and len(leaving) < len(batch.rows):
            raise BatchRefusedError("Removals go elsewhere than other rows, so nothing of this batch was sent.")
        ask = self._api.asking(self._turn, first_is_paced=True)
        number = self._number(ask)
        if leaving:
            return self._taken_off(ask, number, leaving)
        return start_import(ask, batch.rows, {row.seq: self._profile(row) for row in batch.rows}, {}, number)

    def poll(self, job_id: str, batch: Batch) -> Answer:
        return see_import(self._api.asking(self._turn, first_is_paced=True), job_id, batch)

    def close(self) -> None:
        self._api.close()

    def _profile(self, row: Row) -> dict[str, Any]:
        told = {name: value for name, value in {**row.key, **row.payload}.items() if name in IDENTIFIERS}
        # Who is on a list is all that is said here: nothing of the profile is emptied.
        return profile_of(told, self._key, "", "skip")

    def _taken_off(self, ask: Asking, number: str, rows: Sequence[Row]) -> Answered:
        found = ids_of(ask, self._key, rows, number)
        ids = list(dict.fromkeys(found.values()))
        for start in range(0, len(ids), MAX_MEMBERS):
            part = [{"type": "profile", "id": one} for one in ids[start : start + MAX_MEMBERS]]
            try:
                ask.done(REMOVE_MEMBERS, number, {"data": part})
            except RefusedError as error:
                if len(rows) > 1 or not error.problems:
                    raise
                return Answered([error.problems[0].of(rows[0].seq)], error.status_code)
        told = [
            RowAnswer(row.seq, provider_id=found[row.seq])
            if row.seq in found
            else RowAnswer(row.seq, "noop", "not_there")
            for row in rows
        ]
        return Answered(told, REMOVE_MEMBERS.success)

    def _number(self, ask: Asking) -> str:
        with self._lock:
            self._known = self._known or self._find(ask)
        if not self._known:
            raise NotAllowedError(f"Klaviyo has no list {self._name!r}, and nothing was sent: make it first.")
        return self._known

    def _find(self, ask: Asking) -> str | None:
        if self._declared:
            try:
                return str(ask.thing(SEE_LIST, self._declared)["id"])
            except MissingError:
                raise NotAllowedError(f"Klaviyo has no list {self._declared}, which lists names.", 404) from None
        # Names are not unique: the oldest list of the name is taken, by everybody.
        asked = {"filter": f"equals(name,{json.dumps(self._name, ensure_ascii=False)})", "sort": "created"}
        named = [one["id"] for one in ask.pages(FIND_LISTS, query=asked) if one["attributes"].get("name") == self._name]
        return str(named[0]) if named else None
