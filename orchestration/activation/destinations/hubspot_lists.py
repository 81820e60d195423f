"""Static lists of contacts: who is to be on one is added, and who leaves is taken off; contacts are never made."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from orchestration.activation.destinations.http import HttpAnswer
from orchestration.activation.destinations.hubspot_answers import folded, read_ids
from orchestration.activation.destinations.hubspot_api import (
    Ask,
    HubSpotApi,
    MissingError,
    RefusedError,
    content_of,
    unreadable,
)
from orchestration.activation.destinations.hubspot_values import RECORD_ID, WrongValueError, as_text
from orchestration.activation.destinations.protocol import (
    Answered,
    Batch,
    BatchDestination,
    Catalogue,
    DeliveryClass,
    Limits,
    NotAllowedError,
    Operation,
    Row,
    RowAnswer,
    Target,
)

# What HubSpot calls contacts among its types of objects.
_CONTACTS = "0-1"
_STATIC = ("MANUAL", "SNAPSHOT")
# Of v1, HubSpot documents 500 ids a request; of v3 no figure.
_PAGE = 500


class ListMembers(BatchDestination):
    """Writes who is on a list. A list stays below `max_size`, from which on HubSpot can neither empty nor copy it."""

    delivery_class = DeliveryClass.UPSERT
    limits = Limits(_PAGE, 1_000_000, 2_000)

    def __init__(self, api: HubSpotApi, target: Target, name: str, number: str | None, max_size: int) -> None:
        self._api, self._object, self._key = api, target.object, target.key[0]
        self._name, self._number, self._max = name, number, max_size
        self._known: str | None = None
        # Members as far as is known, and those under way.
        self._size = self._coming = 0
        self._lock = threading.Lock()

    def catalogue(self) -> Catalogue:
        """The key, and the record's own id where it is known."""
        return Catalogue({self._key: "any", RECORD_ID: "any"}, [self._key], is_open=False)

    def preparations(self) -> Sequence[str]:
        found = self._find(self._api.asking())
        return () if found else (f"create the static list {self._name!r} of contacts",)

    def prepare(self) -> None:
        ask = self._api.asking()
        found = self._find(ask)
        if not found:
            body = {"name": self._name, "objectTypeId": _CONTACTS, "processingType": "MANUAL"}
            try:
                ask("POST", "/crm/v3/lists", body)
            except RefusedError as error:
                if error.status_code != 409:
                    told = f"HubSpot refuses to make the list {self._name!r} ({error.code})"
                    raise NotAllowedError(f"{told}: make it by hand, and name its id in lists.") from None
            # Made by us, or by another meanwhile: either way it is there.
            found = self._find(ask)
        self._remember(ask, found)

    def problems(self, row: Row) -> str | None:
        try:
            is_known = self._told_id(row) or as_text(self._key, row.key.get(self._key))
        except WrongValueError as error:
            return str(error)
        return None if is_known else f"{self._key} is empty, so nobody knows who it is."

    def send(self, batch: Batch) -> Answered:
        ask = self._api.asking(first_is_paced=True)
        number = self._known or self._looked_for(ask)
        told: dict[int, RowAnswer] = {}
        for start in range(0, len(batch.rows), _PAGE):
            told |= self._page(ask, number, batch.rows[start : start + _PAGE])
        return Answered([told[row.seq] for row in batch.rows])

    def close(self) -> None:
        self._api.close()

    def _page(self, ask: Ask, number: str, rows: Sequence[Row]) -> dict[int, RowAnswer]:
        ids = {row.seq: row.provider_id or self._told_id(row) for row in rows}
        ids |= self._looked_up(ask, [row for row in rows if not ids[row.seq]])
        told = self._changed(ask, number, rows, ids)
        # A contact may have been made anew since it was added, or have become one with another.
        stale = [row for row in rows if row.provider_id and _is_nobodys(row, told[row.seq])]
        anew = self._looked_up(ask, stale)
        found = [row for row in stale if anew[row.seq] not in (None, row.provider_id)]
        return told | self._changed(ask, number, found, anew)

    def _changed(
        self, ask: Ask, number: str, rows: Sequence[Row], ids: Mapping[int, str | None]
    ) -> dict[int, RowAnswer]:
        """Add and remove those whose ids are known, and tell of every row."""
        removals = {row.seq for row in rows if row.operation is Operation.REMOVE}
        adding = list(dict.fromkeys(ids[row.seq] for row in rows if ids[row.seq] and row.seq not in removals))
        leaving = list(dict.fromkeys(ids[row.seq] for row in rows if ids[row.seq] and row.seq in removals))
        added: set[str] = set()
        removed: set[str] = set()
        missing: set[str] = set()
        if adding or leaving:
            self._make_room(ask, number, len(adding))
            try:
                body = {"recordIdsToAdd": adding, "recordIdsToRemove": leaving}
                answer = ask("PUT", f"/crm/v3/lists/{number}/memberships/add-and-remove", body)
                added, removed, missing = _memberships(answer)
            finally:
                with self._lock:
                    self._coming -= len(adding)
                    self._size += len(added) - len(removed)
        found = {}
        for row in rows:
            known = ids[row.seq]
            if row.seq in removals:
                found[row.seq] = RowAnswer(row.seq, "ok" if known in removed else "noop", provider_id=known)
            elif known is None or known in missing:
                told = "There is no such contact in HubSpot: deliver contacts first."
                found[row.seq] = RowAnswer(row.seq, "rejected", "OBJECT_NOT_FOUND", told)
            else:
                found[row.seq] = RowAnswer(row.seq, "ok" if known in added else "noop", provider_id=known)
        return found

    def _looked_up(self, ask: Ask, rows: Sequence[Row]) -> dict[int, str | None]:
        names = {row.seq: as_text(self._key, row.key.get(self._key)) for row in rows}
        if self._key == RECORD_ID or not names:
            return {seq: name or None for seq, name in names.items()}
        found = read_ids(ask, "/crm/v3/objects/contacts", self._key, [name for name in names.values() if name])
        return {seq: found.get(folded(self._key, name)) for seq, name in names.items()}

    @staticmethod
    def _told_id(row: Row) -> str | None:
        """The record's id that the row itself tells."""
        return as_text(RECORD_ID, row.payload.get(RECORD_ID)) or None

    def _make_room(self, ask: Ask, number: str, count: int) -> None:
        """Take room on the list; raise `NotAllowedError` where there is none, looking first what others did to it."""
        if self._takes(count):
            return
        self._remember(ask, _list_of(ask("GET", f"/crm/v3/lists/{number}")))
        if not self._takes(count):
            raise NotAllowedError(
                f"The list {self._name!r} has {self._size:,} members, {count:,} more would come, and {self._max:,} may"
                " be on it (max_list_size of the connection): take a smaller audience, or several lists."
            )

    def _takes(self, count: int) -> bool:
        """Count so many as coming, unless they would be too many."""
        with self._lock:
            if count and self._size + self._coming + count > self._max:
                return False
            self._coming += count
            return True

    def _looked_for(self, ask: Ask) -> str:
        self._remember(ask, self._find(ask))
        return str(self._known)

    def _find(self, ask: Ask) -> Mapping[str, Any] | None:
        by_name = f"/crm/v3/lists/object-type-id/{_CONTACTS}/name/{quote(self._name, safe='')}"
        try:
            found = _list_of(ask("GET", f"/crm/v3/lists/{self._number}" if self._number else by_name))
        except MissingError:
            if self._number:
                raise NotAllowedError(f"HubSpot has no list {self._number}, which lists names.", 404) from None
            return None
        if found.get("objectTypeId") != _CONTACTS:
            raise NotAllowedError(f"The list of {self._object} is not one of contacts: name another in lists.")
        if found.get("processingType") not in _STATIC:
            raise NotAllowedError(
                f"The list of {self._object} is dynamic, so its filters say who is on it: name a static one in lists."
            )
        return found

    def _remember(self, ask: Ask, found: Mapping[str, Any] | None) -> None:
        if not found:
            raise NotAllowedError(f"HubSpot has no list {self._name!r}, and nothing was sent: make it first.")
        size = found.get("size")
        if not isinstance(size, int):
            content = content_of(ask("GET", f"/crm/v3/lists/{found['listId']}/memberships?limit=1"))
            size = content.get("total", 0 if content.get("results") == [] else None)
        if not isinstance(size, int):
            raise NotAllowedError(f"HubSpot doesn't tell how many are on the list of {self._object}.")
        with self._lock:
            self._known, self._size = found["listId"], size


def _is_nobodys(row: Row, told: RowAnswer) -> bool:
    """Whether the id of a row led nowhere."""
    return told.outcome == ("noop" if row.operation is Operation.REMOVE else "rejected")


def _list_of(answer: HttpAnswer) -> Mapping[str, Any]:
    found = content_of(answer).get("list")
    if not isinstance(found, dict) or not isinstance(found.get("listId"), str):
        raise unreadable(answer)
    return found


def _memberships(answer: HttpAnswer) -> tuple[set[str], set[str], set[str]]:
    """Ids that were added, removed and not found; HubSpot's own pages spell the first in two ways."""
    content = content_of(answer)
    added = content.get("recordsIdsAdded", content.get("recordIdsAdded"))
    first, second, third = (
        _ids(answer, part) for part in (added, content.get("recordIdsRemoved"), content.get("recordIdsMissing"))
    )
    return first, second, third


def _ids(answer: HttpAnswer, told: Any) -> set[str]:
    if not isinstance(told, list):
        raise unreadable(answer)
    return {str(number) for number in told}
