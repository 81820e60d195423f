"""Properties of contacts and companies: which are there, which are ours, and how those that are missing are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.activation.destinations.hubspot_api import (
    Ask,
    HubSpotApi,
    MissingError,
    RefusedError,
    content_of,
    unreadable,
)
from orchestration.activation.destinations.hubspot_values import RECORD_ID
from orchestration.activation.destinations.protocol import (
    Catalogue,
    NotAllowedError,
    Target,
    TryLaterError,
)

# HubSpot's page "Properties": the type of a property, and how it is shown.
_TYPES = {
    "text": ("string", "text"),
    "number": ("number", "number"),
    "boolean": ("enumeration", "booleancheckbox"),
    "date": ("date", "date"),
    "timestamp": ("datetime", "date"),
}
_KINDS = {"string": "text", "number": "number", "bool": "boolean", "date": "date", "datetime": "timestamp"}
_YES_AND_NO = [
    {"label": "Yes", "value": "true", "displayOrder": 0, "hidden": False},
    {"label": "No", "value": "false", "displayOrder": 1, "hidden": False},
]


@dataclass(frozen=True)
class Missing:
    """A property to be made."""

    name: str
    kind: str
    is_key: bool


class Properties:
    """The properties that one sync writes."""

    def __init__(self, api: HubSpotApi, target: Target, prefix: str, allowed: Sequence[str]) -> None:
        self._api, self.prefix, self._allowed = api, prefix, allowed
        self.object = target.object
        self.key = target.key[0]
        self.kinds: Mapping[str, str] = target.kinds
        self.group = prefix.rstrip("_")

    @property
    def ours(self) -> list[str]:
        """Fields of our prefix but for the key: what a row that leaves is emptied of."""
        return [name for name in self.kinds if name != self.key and name.startswith(self.prefix)]

    def may_be_written(self, name: str) -> bool:
        """Whether a field is the key, ours, or allowed by name."""
        return name == self.key or name.startswith(self.prefix) or name in self._allowed

    def catalogue(self) -> Catalogue:
        """What is there of what may be written, and what will be made."""
        there = {name: _kind(found) for name, found in self._read(self._asking()).items() if self.may_be_written(name)}
        # A record's id is nobody's to write, but tells which it is.
        known = {name: kind for name, kind in self.kinds.items() if name.startswith(self.prefix)} | there
        return Catalogue(known | ({self.key: "any"} if self.key == RECORD_ID else {}), [self.key], is_open=False)

    def missing(self) -> list[Missing]:
        """What is to be made; raise `NotAllowedError` where something that is there can't be written so."""
        return self._missing(self._asking())

    def make(self) -> None:
        """Make what is missing, in a group of our own; it may be made by others meanwhile."""
        ask = self._asking()
        missing = self._missing(ask)
        if not missing:
            return
        if not self.has_group(ask):
            group = {"name": self.group, "label": self.group.title(), "displayOrder": -1}
            self._made(ask, f"properties/{self.object}/groups", group)
        for one in missing:
            self._made(ask, f"properties/{self.object}", self._described(one))
        if left := self._missing(ask):
            raise TryLaterError(f"HubSpot made {left[0].name} of {self.object}, and doesn't show it yet.")

    def has_group(self, ask: Ask | None = None) -> bool:
        """Whether our group of properties is there."""
        try:
            (ask or self._asking())("GET", f"/crm/v3/properties/{self.object}/groups/{self.group}")
        except MissingError:
            return False
        return True

    def _asking(self) -> Ask:
        return self._api.asking()

    def _made(self, ask: Ask, place: str, body: dict[str, Any]) -> None:
        try:
            ask("POST", f"/crm/v3/{place}", body)
        except RefusedError as error:
            if error.status_code != 409:
                told = f"HubSpot refuses to make {body['name']} of {self.object} ({error.code}): look at its limits"
                raise NotAllowedError(f"{told}, or make it by hand.", error.status_code) from None

    def _missing(self, ask: Ask) -> list[Missing]:
        there = self._read(ask)
        missing = []
        for name, kind in self.kinds.items():
            found, is_key = there.get(name), name == self.key
            if name == RECORD_ID:
                continue
            if found:
                if problem := self._problem(name, kind, found):
                    raise NotAllowedError(problem)
            elif name.startswith(self.prefix):
                missing.append(Missing(name, kind, is_key))
            else:
                raise NotAllowedError(f"{self.object} of HubSpot have no property {name}: make it, or leave it out.")
        return missing

    def _problem(self, name: str, kind: str, found: Mapping[str, Any]) -> str | None:
        """Why a property that is there can't be written."""
        is_unique = found.get("hasUniqueValue") is True or (self.object, name) == ("contacts", "email")
        if name == self.key:
            told = f"Property {name} of {self.object} has no unique values, so it can't be the key: take another"
            return None if is_unique else f"{told}, or delete it, so that it is made anew."
        changes = found.get("modificationMetadata")
        if found.get("calculated") is True or (isinstance(changes, dict) and changes.get("readOnlyValue") is True):
            return f"Property {name} of {self.object} is HubSpot's own and can't be written: leave it out."
        if _kind(found) not in (kind, "text", "any"):
            return (
                f"Property {name} of {self.object} is there already as a {_kind(found)}, and its column is a {kind}:"
                " give the field another name, or delete the property, so that it is made anew."
            )
        return None

    def _described(self, one: Missing) -> dict[str, Any]:
        kind, shown = _TYPES[one.kind]
        label = one.name.removeprefix(self.prefix).replace("_", " ").strip() or one.name
        told = {
            "name": one.name,
            "label": f"{self.group.title()}: {label}",
            "description": "Brought by Onefolk from the warehouse; what is typed here is overwritten.",
            "groupName": self.group,
            "type": kind,
            "fieldType": shown,
            "formField": False,
        }
        return told | ({"hasUniqueValue": True} if one.is_key else {}) | (
            {"options": _YES_AND_NO} if one.kind == "boolean" else {}
        )  # fmt: skip

    def _read(self, ask: Ask) -> dict[str, Mapping[str, Any]]:
        answer = ask("GET", f"/crm/v3/properties/{self.object}")
        found = content_of(answer).get("results")
        if not isinstance(found, list) or not all(isinstance(one, dict) and one.get("name") for one in found):
            raise unreadable(answer)
        return {one["name"]: one for one in found}


def _kind(found: Mapping[str, Any]) -> str:
    if found.get("type") == "enumeration":
        return "boolean" if found.get("fieldType") == "booleancheckbox" else "text"
    return _KINDS.get(str(found.get("type")), "any")
