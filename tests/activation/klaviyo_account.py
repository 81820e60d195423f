"""What a Klaviyo account holds, and how it answers: profiles, lists, suppressions, events, and jobs that take a while.

A first name tells what goes wrong with a profile: `REFUSED` refuses the request and points at the profile, `SPOILT`
refuses it and points nowhere; `UNFIT` fails in the job with a pointer, `BROUGHT` with the profile that failed, `STRAY`
with neither, and `SILENT` with no error at all.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

AT = "2026-09-01T06:00:00+00:00"
# How unsubscribed people look: whoever changes any of it has subscribed somebody.
UNSUBSCRIBED = {
    "can_receive_email_marketing": False,
    "consent": "UNSUBSCRIBED",
    "consent_timestamp": "2026-08-30T10:00:00+00:00",
    "suppression": [{"reason": "UNSUBSCRIBE", "timestamp": "2026-08-30T10:00:00+00:00"}],
    "list_suppressions": [],
}
_NEVER = {
    "can_receive_email_marketing": True, "consent": "NEVER_SUBSCRIBED", "suppression": [], "list_suppressions": [],
}  # fmt: skip
_SMS = {"can_receive_sms_marketing": False, "consent": "NEVER_SUBSCRIBED"}
_IDENTIFIERS = ("external_id", "email", "phone_number")
_JOBS = {
    "profile-bulk-import-jobs": "profile-bulk-import-job",
    "profile-suppression-bulk-create-jobs": "profile-suppression-bulk-create-job",
    "profile-suppression-bulk-delete-jobs": "profile-suppression-bulk-delete-job",
}


class RefusalError(Exception):
    """A request that isn't done, with the errors that are told."""

    def __init__(self, status: int, code: str, pointers: tuple[str, ...] = ("/data",)) -> None:
        super().__init__(code)
        self.status = status
        self.told = {
            "errors": [
                {"id": f"e{n}", "status": status, "code": code, "title": "Invalid input.", "detail": "It can't be.",
                 "source": {"pointer": pointer}}
                for n, pointer in enumerate(pointers)
            ]
        }  # fmt: skip


@dataclass
class Profile:
    """One person: attributes, properties, and what they said about messages."""

    number: str
    attributes: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    email: dict[str, Any] = field(default_factory=lambda: dict(_NEVER))
    sms: dict[str, Any] = field(default_factory=lambda: dict(_SMS))
    updated: str = AT


@dataclass
class Job:
    """Work that is told of as done after some questions."""

    kind: str
    total: int
    polls_left: int
    errors: list[dict[str, Any]] = field(default_factory=list)
    failed: int = 0
    skipped: int = 0
    status: str = "complete"


class Account:
    """The account; `polls` is how often a job is asked after before it is done."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.polls = 1
        self.loses_pages = False
        self.profiles: dict[str, Profile] = {}
        self.lists: dict[str, dict[str, Any]] = {}
        self.members: dict[str, dict[str, None]] = {}
        self.events: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.event_arrivals: Counter[str] = Counter()
        self.jobs: dict[str, Job] = {}
        self.deletions: list[dict[str, Any]] = []
        # E-mails whose next write is refused.
        self.refuses: set[str] = set()
        self._known: dict[tuple[str, str | None], str] = {}
        self._count = 0

    def put(self, **attributes: Any) -> Profile:
        """Somebody who is there already."""
        number = self._number("01P")
        self.profiles[number] = Profile(number, attributes)
        self._remember(self.profiles[number])
        return self.profiles[number]

    def _remember(self, profile: Profile) -> None:
        for name in _IDENTIFIERS:
            if told := _folded(name, profile.attributes.get(name)):
                self._known[name, told] = profile.number

    def put_list(self, name: str) -> str:
        """A list that is there already."""
        number = self._number("L")
        self.lists[number] = {"name": name, "created": AT, "updated": AT, "opt_in_process": "double_opt_in"}
        self.members[number] = {}
        return number

    def find(self, attributes: dict[str, Any], number: str | None = None) -> Profile | None:
        """Who has this id, or one of these identifiers."""
        if number:
            return self.profiles.get(number)
        for name in _IDENTIFIERS:
            known = self._known.get((name, _folded(name, attributes.get(name))))
            if known in self.profiles and known is not None:
                return self.profiles[known]
        return None

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        """Status and content of an answer."""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        _, _, place, *rest = parts.path.split("/")
        try:
            if method == "POST":
                return self._posted(place, body["data"])
            if method == "PATCH":
                return self._patched(rest[0], body["data"])
            if method == "DELETE":
                return self._taken_off(rest[0], body["data"])
            if place in _JOBS:
                return self._job(target, place, rest, query)
            if place == "lists" and len(rest) < 2:
                return self._lists(target, rest, query)
            return self._people(target, rest, query)
        except RefusalError as error:
            return error.status, error.told

    def _posted(self, place: str, data: Any) -> tuple[int, Any]:
        attributes = data["attributes"]
        if place == "lists":
            number = self.put_list(attributes["name"])
            return 201, {"data": self._list(number)}
        if place == "profiles":
            return self._created(attributes)
        if place == "events":
            return self._event(attributes)
        if place == "data-privacy-deletion-jobs":
            return self._deletion(attributes["profile"]["data"])
        profiles = attributes["profiles"]["data"]
        kind = _JOBS[place]
        if kind != "profile-bulk-import-job":
            if len(profiles) > 100:
                raise RefusalError(400, "too_many")
            job = Job(kind, len(profiles), self.polls)
            for one in profiles:
                self._suppress(one["attributes"]["email"], is_lifting="delete" in kind)
            return 202, self._began(job)
        return 202, self._began(self._imported(profiles, data.get("relationships", {})))

    def _created(self, attributes: Any) -> tuple[int, Any]:
        self._refuse_once(attributes)
        if found := self.find(attributes):
            raise _duplicate(found)
        return 201, {"data": self._person(self._upserted({"attributes": attributes}), False, False)}

    def _patched(self, number: str, data: Any) -> tuple[int, Any]:
        if number not in self.profiles:
            raise RefusalError(404, "not_found")
        self._refuse_once(data["attributes"])
        found = self.find(data["attributes"])
        if found and found.number != number:
            raise _duplicate(found)
        return 200, {"data": self._person(self._upserted({**data, "id": number}), False, False)}

    def _refuse_once(self, attributes: Any) -> None:
        if attributes.get("email") in self.refuses:
            self.refuses.remove(attributes["email"])
            raise RefusalError(400, "invalid", ("/data/attributes/email",))

    def _imported(self, profiles: list[Any], relationships: Any) -> Job:
        lists = [one["id"] for one in relationships.get("lists", {}).get("data", ())]
        if len(profiles) > 10_000 or any(number not in self.lists for number in lists):
            raise RefusalError(400, "invalid", ("/data/attributes/profiles/data",))
        names = [one["attributes"].get("first_name") for one in profiles]
        if "SPOILT" in names:
            raise RefusalError(400, "invalid")
        if refused := [place for place, name in enumerate(names) if name == "REFUSED"]:
            pointers = (f"/data/attributes/profiles/data/{place}/attributes/phone_number" for place in refused)
            raise RefusalError(400, "invalid", tuple(pointers))
        job = Job("profile-bulk-import-job", len(profiles), self.polls)
        for place, one in enumerate(profiles):
            name = names[place]
            if one["attributes"].get("email") in self.refuses:
                self.refuses.remove(one["attributes"]["email"])
                name = "UNFIT"
            if name in ("UNFIT", "BROUGHT", "STRAY", "SILENT"):
                job.failed += 1
                pointer = f"/data/attributes/profiles/data/{place}/attributes/phone_number" if name == "UNFIT" else None
                told = {"code": "invalid", "title": "Invalid input.", "detail": "It is unfit."}
                told |= {"source": {"pointer": pointer or "/data"}}
                told |= {"original_payload": _plain(one["attributes"]) if name == "BROUGHT" else None}
                if name != "SILENT":
                    job.errors.append(told)
                continue
            found = self._upserted(one)
            for number in lists:
                self.members[number][found.number] = None
        return job

    def _upserted(self, one: dict[str, Any]) -> Profile:
        attributes = one["attributes"]
        found = self.find(attributes, one.get("id")) or self.put()
        for name, value in attributes.items():
            if name == "properties":
                found.properties |= value
            elif name == "location":
                found.attributes["location"] = found.attributes.get("location", {}) | value
            else:
                found.attributes[name] = value.lower() if name == "email" and value else value
        self._remember(found)
        unset = ((one.get("meta") or {}).get("patch_properties") or {}).get("unset", [])
        for name in [unset] if isinstance(unset, str) else unset:
            found.properties.pop(name, None)
        return found

    def _suppress(self, email: str, *, is_lifting: bool) -> None:
        found = self.find({"email": email})
        if is_lifting:
            if found:
                kept = [one for one in found.email["suppression"] if one["reason"] != "USER_SUPPRESSED"]
                found.email |= {"suppression": kept, "can_receive_email_marketing": not kept}
            return
        found = found or self.put(email=email.lower())
        added = [{"reason": "USER_SUPPRESSED", "timestamp": AT}]
        is_there = any(one["reason"] == "USER_SUPPRESSED" for one in found.email["suppression"])
        suppression = found.email["suppression"] + ([] if is_there else added)
        found.email = found.email | {"suppression": suppression, "can_receive_email_marketing": False}

    def _event(self, attributes: Any) -> tuple[int, Any]:
        who = attributes["profile"]["data"]["attributes"]
        name = attributes["properties"].get("note")
        if name == "REFUSED":
            raise RefusalError(400, "invalid", ("/data/attributes/properties",))
        found = self.find(who) or self._upserted({"attributes": who})
        metric = attributes["metric"]["data"]["attributes"]["name"]
        self.event_arrivals[attributes["unique_id"]] += 1
        self.events.setdefault((found.number, metric, attributes["unique_id"]), attributes)
        return 202, None

    def _deletion(self, profile: Any) -> tuple[int, Any]:
        self.deletions.append(profile)
        named = [value for value in (profile.get("id"), *profile["attributes"].values()) if value]
        if len(named) != 1:
            raise RefusalError(400, "invalid")
        if found := self.find(profile["attributes"], profile.get("id")):
            del self.profiles[found.number]
            for members in self.members.values():
                members.pop(found.number, None)
        return 202, None

    def _taken_off(self, number: str, data: Any) -> tuple[int, Any]:
        if number not in self.lists:
            raise RefusalError(404, "not_found")
        if len(data) > 1000:
            raise RefusalError(400, "too_many")
        for one in data:
            self.members[number].pop(one["id"], None)
        return 204, None

    def _began(self, job: Job) -> Any:
        number = self._number("01JOB")
        self.jobs[number] = job
        return {"data": self._job_told(number, "queued")}

    def _job(self, target: str, place: str, rest: list[str], query: dict[str, str]) -> tuple[int, Any]:
        job = self.jobs.get(rest[0])
        if job is None or job.kind != _JOBS[place]:
            raise RefusalError(404, "not_found")
        if rest[1:] == ["import-errors"]:
            errors = [{"type": "import-error", "id": f"{rest[0]}-{n}", "attributes": one}
                      for n, one in enumerate(job.errors)]  # fmt: skip
            return 200, self._page(target, query, errors)
        job.polls_left -= 1
        return 200, {"data": self._job_told(rest[0], job.status if job.polls_left < 0 else "processing")}

    def _job_told(self, number: str, status: str) -> dict[str, Any]:
        job = self.jobs[number]
        is_done = status == "complete"
        told = {"status": status, "created_at": AT, "total_count": job.total, "completed_at": AT if is_done else None}
        told["completed_count"] = job.total if is_done else 0
        if job.kind == "profile-bulk-import-job":
            told |= {"failed_count": job.failed if is_done else 0, "started_at": AT, "expires_at": AT}
        else:
            told |= {"skipped_count": job.skipped if is_done else 0}
        links = {"self": f"{self.url}/api/{job.kind}s/{number}"}
        return {"type": job.kind, "id": number, "attributes": told, "links": links}

    def _lists(self, target: str, rest: list[str], query: dict[str, str]) -> tuple[int, Any]:
        if rest:
            if rest[0] not in self.lists:
                raise RefusalError(404, "not_found")
            return 200, {"data": self._list(rest[0])}
        named = _filtered(query)
        found = [self._list(number) for number, one in self.lists.items() if one["name"] in named[2]]
        return 200, self._page(target, query, found)

    def _list(self, number: str) -> dict[str, Any]:
        links = {"self": f"{self.url}/api/lists/{number}"}
        return {"type": "list", "id": number, "attributes": self.lists[number], "links": links}

    def _people(self, target: str, rest: list[str], query: dict[str, str]) -> tuple[int, Any]:
        operator, name, values = _filtered(query)
        people = list(self.profiles.values())
        if rest:
            people = [self.profiles[number] for number in self.members[rest[0]]]
        if operator == "greater-than":
            found = [one for one in people if _moment(name, one) > values[0]]
        else:
            found = [one for one in people if _folded(name, one.attributes.get(name)) in map(str.lower, values)]
        with_subscriptions = "subscriptions" in query.get("additional-fields[profile]", "")
        return 200, self._page(target, query, [self._person(one, with_subscriptions, bool(rest)) for one in found])

    def _person(self, profile: Profile, with_subscriptions: bool, is_member: bool) -> dict[str, Any]:
        told = {name: profile.attributes.get(name) for name in _IDENTIFIERS} | {"updated": profile.updated}
        told |= {"joined_group_at": AT} if is_member else {}
        if with_subscriptions:
            told["subscriptions"] = {"email": {"marketing": profile.email}, "sms": {"marketing": profile.sms}}
        links = {"self": f"{self.url}/api/profiles/{profile.number}"}
        return {"type": "profile", "id": profile.number, "attributes": told, "links": links}

    def _page(self, target: str, query: dict[str, str], found: list[Any]) -> dict[str, Any]:
        size, start = int(query.get("page[size]", "20")), int(query.get("page[cursor]", "0"))
        links = {"self": f"{self.url}{target}"}
        if start + size < len(found):
            # Somebody else's host: who follows it tells them the key.
            place = "" if self.loses_pages else f"?page%5Bcursor%5D={start + size}"
            links["next"] = f"https://elsewhere.example{urlsplit(target).path}{place}"
        return {"data": found[start : start + size], "links": links}

    def _number(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count:06}"


def _duplicate(found: Profile) -> RefusalError:
    error = RefusalError(409, "duplicate_profile", ("/data/attributes",))
    error.told["errors"][0]["meta"] = {"duplicate_profile_id": found.number}
    return error


def _filtered(query: dict[str, str]) -> tuple[str, str, list[str]]:
    """Operator, field and values of a filter."""
    found = re.fullmatch(r"(any|equals|greater-than)\(([\w.]+),(.*)\)", query["filter"], re.DOTALL)
    assert found, f"No filter of Klaviyo: {quote(query['filter'])}"
    operator, name, told = found.groups()
    if operator == "greater-than":
        return operator, name, [told]
    return operator, name, [_unquoted(one) for one in re.findall(r'"(?:[^"\\]|\\.)*"', told)]


def _unquoted(told: str) -> str:
    return re.sub(r"\\(.)", r"\1", told[1:-1])


def _folded(name: str, value: Any) -> str | None:
    return value.lower() if isinstance(value, str) else None


def _moment(name: str, profile: Profile) -> str:
    if name == "updated":
        return profile.updated
    return max((one["timestamp"] for one in profile.email["suppression"]), default="")


def _plain(attributes: Any) -> Any:
    return json.loads(json.dumps(attributes, default=float))
