"""What a HubSpot account holds, and how it answers: properties, contacts, companies and lists, with their refusals.

It is made from HubSpot's descriptions and pages: a property has a type and refuses what isn't of it; a batch is refused
whole for what is wrong with its form, for a property that isn't there, and for a key that another record has; else each
input is told of by its trace id, in an order of its own. E-mails are kept in small letters, an empty text empties.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote
from uuid import UUID

Body = Any
Told = tuple[int, Any]
AT = "2026-09-01T06:00:00.000Z"
MOST = 100
OBJECTS = {"contacts": "0-1", "companies": "0-2"}
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class RefusalError(Exception):
    """A whole request is refused."""

    def __init__(self, status: int, category: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.category, self.more = status, category, more

    def told(self) -> Told:
        """The answer."""
        body = {
            "status": "error",
            "message": str(self),
            "correlationId": str(UUID(int=7)),
            "category": self.category,
        }
        return self.status, body | self.more


def described(name: str, kind: str = "string", shown: str = "text", **more: Any) -> dict[str, Any]:
    """A property as HubSpot tells of it."""
    told = {"name": name, "label": name, "type": kind, "fieldType": shown, "groupName": "g", "description": ""}
    return told | {"options": [], "hasUniqueValue": False, "calculated": False, "hidden": False} | more


def first_properties() -> dict[str, dict[str, dict[str, Any]]]:
    """Properties that every account has."""
    changes = {"archivable": False, "readOnlyDefinition": True, "readOnlyValue": True}
    record_id = described("hs_object_id", "number", "number", modificationMetadata=changes)
    contacts = [record_id, *map(described, ("email", "firstname", "jobtitle", "hs_additional_emails"))]
    contacts.append(described("num_notes", "number", "number", modificationMetadata=changes))
    contacts.append(described("shirt", "enumeration", "select", options=[]))
    companies = [record_id, *map(described, ("name", "domain"))]
    return {
        "contacts": {one["name"]: one for one in contacts},
        "companies": {one["name"]: one for one in companies},
    }


@dataclass
class StaticList:
    """A list: its name, how it is worked on, and who is on it."""

    name: str
    processing: str = "MANUAL"
    members: set[str] = field(default_factory=set)
    kind: str = "0-1"
    # What the answer says of the size, where it says anything.
    tells_size: bool = True


class Account:
    """The account; `with_traces` says whether results tell their trace ids, `spells` how ids that were added are."""

    def __init__(self) -> None:
        self.properties = first_properties()
        self.groups: dict[str, set[str]] = {name: {"g"} for name in OBJECTS}
        self.records: dict[str, dict[str, dict[str, str]]] = {name: {} for name in OBJECTS}
        self.lists: dict[str, StaticList] = {}
        self.barred: list[str] = []
        # Properties of records that an empty text came for last, by the records' ids.
        self.emptied: dict[str, set[str]] = defaultdict(set)
        # E-mails whose next write is refused.
        self.refuses: set[str] = set()
        self.with_traces = True
        self.conflicts_refuse_all = False
        self.spells = "recordsIdsAdded"
        self._next = 1000
        self._by: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)

    def put(self, kind: str, **properties: str) -> str:
        """Make a record as somebody would by hand; its id."""
        self._next += 1
        number = str(self._next)
        self.records[kind][number] = {}
        self._set(kind, number, properties)
        return number

    def drop(self, kind: str, number: str) -> None:
        """Delete a record as somebody would by hand."""
        for name, value in self.records[kind].pop(number).items():
            self._by[kind, name].pop(value, None)
        for one in self.lists.values():
            one.members.discard(number)

    def find(self, kind: str, name: str, value: str) -> str | None:
        """The id of the record with a unique value."""
        if name == "email":
            value = value.lower()
            for number, told in self.records[kind].items() if ";" in value else ():
                if value in told.get("hs_additional_emails", "").split(";"):
                    return number
        if found := self._by[kind, name].get(value):
            return found
        more = self._by[kind, "hs_additional_emails"] if name == "email" else {}
        return next((number for emails, number in more.items() if value in emails.split(";")), None)

    def answer(self, method: str, path: str, body: Body) -> Told:
        """What is answered to a request."""
        for verb, pattern, handler in self._routes():
            if verb == method and (found := re.fullmatch(pattern, path)):
                try:
                    return handler(*map(unquote, found.groups("")), body)
                except RefusalError as refusal:
                    return refusal.told()
        return RefusalError(404, "OBJECT_NOT_FOUND", "There is no such place.").told()

    def _routes(self) -> tuple[tuple[str, str, Callable[..., Told]], ...]:
        batch = r"/crm/v3/objects/(contacts|companies)/batch"
        properties = r"/crm/v3/properties/(contacts|companies)"
        return (
            ("POST", f"{batch}/upsert", self._upsert),
            ("POST", r"/crm/v3/objects/(contacts|companies)", self._create_one),
            ("PATCH", r"/crm/v3/objects/(contacts|companies)/([^/?]+)(?:\?idProperty=(\w+))?", self._update_one),
            ("POST", f"{batch}/create", self._create),
            ("POST", f"{batch}/update", self._update),
            ("POST", f"{batch}/read", self._read),
            ("POST", f"{batch}/archive", self._archive),
            ("POST", r"/crm/v3/objects/(contacts)/gdpr-delete", self._delete),
            ("GET", properties, lambda kind, _: (200, {"results": list(self.properties[kind].values())})),
            ("POST", properties, self._make_property),
            ("GET", f"{properties}/groups/([^/]+)", self._group),
            ("POST", f"{properties}/groups", self._make_group),
            ("GET", r"/crm/v3/lists/object-type-id/(0-1)/name/([^/]+)", self._list_by_name),
            ("GET", r"/crm/v3/lists/(\d+)", lambda number, _: (200, {"list": self._list(number)})),
            ("POST", r"/crm/v3/lists", self._make_list),
            ("GET", r"/crm/v3/lists/(\d+)/memberships\?limit=1", self._members),
            ("PUT", r"/crm/v3/lists/(\d+)/memberships/add-and-remove", self._change_members),
        )

    # Records

    def _set(self, kind: str, number: str, properties: dict[str, str]) -> None:
        record = self.records[kind][number]
        for name, value in properties.items():
            told = value.lower() if name == "email" else value
            if name in record:
                self._by[kind, name].pop(record.pop(name), None)
            self.emptied[number].discard(name)
            if not told:
                self.emptied[number].add(name)
            else:
                record[name] = told
                if self._is_unique(kind, name) or name == "hs_additional_emails":
                    self._by[kind, name][told] = number

    def _is_unique(self, kind: str, name: str) -> bool:
        known = self.properties[kind].get(name, {})
        return bool(known.get("hasUniqueValue")) or (kind, name) == ("contacts", "email")

    def _inputs(self, kind: str, body: Body) -> list[dict[str, Any]]:
        inputs = body["inputs"]
        if not inputs or len(inputs) > MOST:
            raise RefusalError(400, "VALIDATION_ERROR", f"A batch has 1 to {MOST} inputs.")
        for name in {name for one in inputs for name in one.get("properties", {})}:
            if name not in self.properties[kind]:
                told = (
                    f'Property values were not valid: [{{"message":"Property {name}","error":"PROPERTY_DOESNT_EXIST"}}]'
                )
                raise RefusalError(400, "VALIDATION_ERROR", told)
        if any(not isinstance(value, str) for one in inputs for value in one.get("properties", {}).values()):
            raise RefusalError(400, "VALIDATION_ERROR", "Invalid input JSON: a value is no text.")
        return list(inputs)

    def _keyed(self, kind: str, inputs: list[dict[str, Any]], may_be_email: bool) -> None:
        for one in inputs:
            name = one.get("idProperty")
            if name and not (self._is_unique(kind, name) and (may_be_email or name != "email")):
                told = f"Unable to perform update/upsert by non-unique {OBJECTS[kind]} property {name}"
                raise RefusalError(400, "VALIDATION_ERROR", told)
        names = [(one.get("idProperty"), one["id"].lower()) for one in inputs]
        if len(set(names)) < len(names):
            raise RefusalError(400, "VALIDATION_ERROR", "Duplicate IDs found in batch input.")

    def _upsert(self, kind: str, body: Body) -> Told:
        inputs = self._inputs(kind, body)
        self._keyed(kind, inputs, may_be_email=True)
        if not all(one.get("idProperty") for one in inputs):
            raise RefusalError(400, "VALIDATION_ERROR", "idProperty is needed.")
        owners = {one["id"]: self.find(kind, one["idProperty"], one["id"]) for one in inputs}
        for one in inputs:
            self._check_owner(kind, one, owners[one["id"]])

        def write(one: dict[str, Any]) -> dict[str, Any]:
            number, is_new = owners[one["id"]], False
            if number is None:
                number, is_new = self.put(kind, **{one["idProperty"]: one["id"]}), True
            self._set(kind, number, one["properties"])
            return self._shown(kind, number, [one["idProperty"], *one["properties"]]) | {"new": is_new}

        return self._each(kind, inputs, write, 200)

    def _check_owner(self, kind: str, one: dict[str, Any], number: str | None) -> None:
        for name, value in one["properties"].items():
            owner = self.find(kind, name, value) if value and self._is_unique(kind, name) else None
            if owner and owner != number:
                raise RefusalError(409, "CONFLICT", f"Another record has this {name}: {value}. Existing ID: {owner}")

    def _create_one(self, kind: str, body: Body) -> Told:
        # HubSpot takes a record without the associations that its description asks for, and names that it doesn't know.
        [one] = self._inputs(kind, {"inputs": [body]})
        number = self.find(kind, "email", one["properties"].get("email", ""))
        if kind == "contacts" and number:
            raise RefusalError(409, "CONFLICT", f"Contact already exists. Existing ID: {number}")
        self._check_values(kind, {"properties": one["properties"]})
        self._check_owner(kind, one, None)
        return 201, self._shown(kind, self.put(kind, **one["properties"]), list(one["properties"]))

    def _update_one(self, kind: str, asked: str, name: str, body: Body) -> Told:
        if name and not self._is_unique(kind, name):
            raise RefusalError(400, "VALIDATION_ERROR", f"{name} is not unique.")
        [one] = self._inputs(kind, {"inputs": [body]})
        number = self.find(kind, name, asked) if name else asked
        if number not in self.records[kind]:
            raise RefusalError(404, "OBJECT_NOT_FOUND", "resource not found")
        self._check_values(kind, {"properties": one["properties"]})
        self._check_owner(kind, one, number)
        self._set(kind, number, one["properties"])
        return 200, self._shown(kind, number, list(one["properties"]))

    def _create(self, kind: str, body: Body) -> Told:
        inputs = self._inputs(kind, body)

        def write(one: dict[str, Any]) -> dict[str, Any]:
            self._check_owner(kind, one, None)
            number = self.put(kind, **one["properties"])
            return self._shown(kind, number, list(one["properties"]))

        if self.conflicts_refuse_all:
            for one in inputs:
                self._check_owner(kind, one, None)
        return self._each(kind, inputs, write, 201)

    def _update(self, kind: str, body: Body) -> Told:
        inputs = self._inputs(kind, body)
        self._keyed(kind, inputs, may_be_email=False)

        def write(one: dict[str, Any]) -> dict[str, Any]:
            number = self.find(kind, one["idProperty"], one["id"]) if one.get("idProperty") else one["id"]
            if number not in self.records[kind]:
                raise RefusalError(404, "OBJECT_NOT_FOUND", "Could not get some objects.", ids=[one["id"]])
            self._check_owner(kind, one, number)
            self._set(kind, number, one["properties"])
            return self._shown(kind, number, list(one["properties"]))

        return self._each(kind, inputs, write, 200)

    def _read(self, kind: str, body: Body) -> Told:
        inputs, name = self._inputs(kind, body), body.get("idProperty")
        found = {one["id"]: self.find(kind, name, one["id"]) if name else one["id"] for one in inputs}
        missing = [asked for asked, number in found.items() if number not in self.records[kind]]
        numbers = dict.fromkeys(number for number in found.values() if number in self.records[kind])
        results = [self._shown(kind, number, body["properties"]) for number in numbers]
        return self._batch(results, [_error("OBJECT_NOT_FOUND", "Not found.", ids=missing)] if missing else [], 200)

    def _archive(self, kind: str, body: Body) -> Told:
        for one in self._inputs(kind, body):
            if one["id"] in self.records[kind]:
                self.drop(kind, one["id"])
        return 204, None

    def _delete(self, kind: str, body: Body) -> Told:
        name = body.get("idProperty")
        number = self.find(kind, name, body["objectId"]) if name else body["objectId"]
        if number not in self.records[kind]:
            if name == "email":
                self.barred.append(body["objectId"])
                return 204, None
            raise RefusalError(404, "OBJECT_NOT_FOUND", "No contact.")
        self.drop(kind, number)
        return 204, None

    def _each(self, kind: str, inputs: list[dict[str, Any]], write: Callable[..., dict[str, Any]], good: int) -> Told:
        results, errors = [], []
        for one in inputs:
            trace = one.get("objectWriteTraceId")
            try:
                self._check_values(kind, one)
                told = write(one)
            except RefusalError as refusal:
                errors.append(_error(refusal.category, str(refusal), objectWriteTraceId=[trace], **refusal.more))
            else:
                results.append(told | ({"objectWriteTraceId": trace} if self.with_traces and trace else {}))
        return self._batch(results[::-1], errors, good)

    def _check_values(self, kind: str, one: dict[str, Any]) -> None:
        told = dict(one["properties"])
        if one.get("idProperty"):
            told[one["idProperty"]] = one["id"]
        if told.get("email") in self.refuses:
            self.refuses.remove(told["email"])
            raise RefusalError(400, "VALIDATION_ERROR", "It is told to be refused.")
        for name, value in told.items():
            if value and not _fits(self.properties[kind][name], value):
                code = "INVALID_EMAIL" if name == "email" else "VALIDATION_ERROR"
                raise RefusalError(400, code, f"{value!r:.60} is no good {name}.")

    def _batch(self, results: list[dict[str, Any]], errors: list[dict[str, Any]], good: int) -> Told:
        told: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": AT, "completedAt": AT}
        if errors:
            return 207, told | {"numErrors": len(errors), "errors": errors}
        return good, told

    def _shown(self, kind: str, number: str, names: list[str]) -> dict[str, Any]:
        record = self.records[kind][number] | {"hs_object_id": number}
        told = {name: record[name] for name in (*names, "hs_object_id") if name in record}
        return {"id": number, "properties": told, "createdAt": AT, "updatedAt": AT, "archived": False}

    # Properties

    def _make_property(self, kind: str, body: Body) -> Told:
        if body["groupName"] not in self.groups[kind]:
            raise RefusalError(400, "VALIDATION_ERROR", "There is no such group.")
        if body["name"] in self.properties[kind]:
            raise RefusalError(409, "CONFLICT", "The property is there already.")
        more = {name: value for name, value in body.items() if name not in ("name", "type", "fieldType", "options")}
        options = [{"description": "", "archived": False, **one} for one in body.get("options", [])]
        made = described(body["name"], body["type"], body["fieldType"], **more, options=options)
        self.properties[kind][body["name"]] = made
        return 201, made

    def _group(self, kind: str, name: str, _: Body) -> Told:
        if name not in self.groups[kind]:
            raise RefusalError(404, "OBJECT_NOT_FOUND", "There is no such group.")
        return 200, {"name": name, "label": name, "displayOrder": -1, "archived": False}

    def _make_group(self, kind: str, body: Body) -> Told:
        if body["name"] in self.groups[kind]:
            raise RefusalError(409, "CONFLICT", "The group is there already.")
        self.groups[kind].add(body["name"])
        return 201, {"name": body["name"], "label": body["label"], "displayOrder": -1, "archived": False}

    # Lists

    def _list(self, number: str) -> dict[str, Any]:
        one = self.lists.get(number)
        if one is None:
            raise RefusalError(404, "OBJECT_NOT_FOUND", "There is no such list.")
        told = {"listId": number, "listVersion": 1, "name": one.name, "objectTypeId": one.kind}
        told |= {"processingStatus": "COMPLETE", "processingType": one.processing}
        return told | ({"size": len(one.members)} if one.tells_size else {})

    def _list_by_name(self, _: str, name: str, __: Body) -> Told:
        number = next((number for number, one in self.lists.items() if one.name == name), "0")
        return 200, {"list": self._list(number)}

    def _make_list(self, body: Body) -> Told:
        if any(one.name == body["name"] for one in self.lists.values()):
            raise RefusalError(409, "CONFLICT", "A list has this name.")
        number = str(len(self.lists) + 1)
        self.lists[number] = StaticList(body["name"], body["processingType"], kind=body["objectTypeId"])
        return 200, {"list": self._list(number)}

    def _members(self, number: str, _: Body) -> Told:
        members = sorted(self.lists[number].members)[:1]
        shown = [{"recordId": one, "membershipTimestamp": AT} for one in members]
        return 200, {"results": shown, "total": len(self.lists[number].members)}

    def _change_members(self, number: str, body: Body) -> Told:
        if self._list(number)["processingType"] == "DYNAMIC":
            raise RefusalError(400, "VALIDATION_ERROR", "The list is dynamic.")
        members, contacts = self.lists[number].members, self.records["contacts"]
        adding, leaving = dict.fromkeys(body["recordIdsToAdd"]), dict.fromkeys(body["recordIdsToRemove"])
        added = [one for one in adding if one in contacts and one not in members]
        removed = [one for one in leaving if one in members]
        missing = [one for one in (*adding, *leaving) if one not in contacts]
        members.update(added)
        members.difference_update(removed)
        return 200, {self.spells: added, "recordIdsRemoved": removed, "recordIdsMissing": missing}


def _error(category: str, message: str, **context: Any) -> dict[str, Any]:
    told = {"status": "error", "category": category, "message": message, "errors": [], "links": {}}
    return told | {"context": context}


def _fits(known: dict[str, Any], value: str) -> bool:
    """Whether a property's type allows a value."""
    kind = known["type"]
    if known["name"] == "email":
        return re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value) is not None
    if len(value) > 65_536:
        return False
    if kind == "number":
        return _NUMBER.fullmatch(value) is not None
    if kind == "enumeration":
        return value in [one["value"] for one in known["options"]]
    try:
        if kind == "date":
            date.fromisoformat(value)
        elif kind == "datetime":
            return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
    return True
