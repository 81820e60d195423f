"""What every exchange with HubSpot must be, whichever test it comes from: described, within limits, and parsed.

HubSpot's own descriptions are of contacts and lists. There is none of companies here, whose batches have the same form,
so they are judged by that of contacts; nor of properties, which HubSpot's own client is the judge of.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from openapi_schema_validator import OAS30Validator, oas30_format_checker

from orchestration.settings import PROJECT_DIR
from tests.activation.hubspot_peer import Seen

SPECS = PROJECT_DIR.parent / "shared" / "specs"
# Written down by hand, since descriptions hold no limits: inputs of a batch, ids of a page, characters of a value.
LIMITS = {"upsert": 100, "create": 100, "update": 100, "read": 100, "archive": 100, "add-and-remove": 500}
MAX_CHARACTERS = 65_536


def are_within_limits(exchanges: Iterable[Seen]) -> None:
    """No request is larger than HubSpot allows, holds a value that is no text, or a key without the record's name."""
    for seen in exchanges:
        most = LIMITS.get(seen.path.rsplit("/", 1)[-1])
        if most is not None:
            assert 0 < seen.rows <= most, (seen.path, seen.rows)
        for one in (seen.body or {}).get("inputs", ()):
            if seen.path.endswith(("upsert", "create", "update")):
                assert one["objectWriteTraceId"], one
                assert all(isinstance(value, str) for value in one["properties"].values()), one
                assert all(len(value) <= MAX_CHARACTERS for value in one["properties"].values())
        traces = [one.get("objectWriteTraceId") for one in (seen.body or {}).get("inputs", ())]
        assert len(set(traces) - {None}) == len([trace for trace in traces if trace]), "a trace id is shared"


def are_described(exchanges: Iterable[Seen]) -> int:
    """Requests and answers are as HubSpot describes them; how many were judged."""
    count = 0
    for seen in exchanges:
        path = seen.path.split("?")[0].replace("/objects/companies/", "/objects/contacts/")
        if path.startswith("/crm/v3/properties"):
            continue
        count += 1
        described = _operation(seen.method, path)
        if seen.body is not None:
            schema = described["requestBody"]["content"]["application/json"]["schema"]
            _judge(path, schema, seen.body)
        else:
            assert "requestBody" not in described, f"{path} needs a body"
        if seen.is_garbage or seen.told is None:
            continue
        responses = described["responses"]
        if str(seen.status) in responses:
            content = responses[str(seen.status)]["content"]
            _judge(path, next(iter(content.values()))["schema"], seen.told)
        else:
            assert seen.status >= 400, f"{path} never answers {seen.status}"
            _judge(path, {"$ref": "#/components/schemas/Error"}, seen.told)
    return count


def are_parsed(exchanges: Iterable[Seen]) -> int:
    """HubSpot's own client reads every answer, and would write every request as it was written; how many it read."""
    count = 0
    for seen in exchanges:
        kind, sent, told = _models(seen)
        client = _client(kind)
        if sent and seen.body is not None:
            request = client.deserialize(_Raw(json.dumps(seen.body)), sent)
            assert client.sanitize_for_serialization(request) == seen.body, seen.path
        if seen.is_garbage or seen.told is None:
            continue
        read = client.deserialize(_Raw(json.dumps(seen.told)), told if seen.status < 300 else "Error")
        assert read is not None
        count += 1
        if "BatchResponse" in told and seen.status < 300:
            assert [one.id for one in read.results] == [one["id"] for one in seen.told["results"]]
            assert (getattr(read, "num_errors", None) or 0) == len(seen.told.get("errors", []))
    return count


@dataclass(frozen=True)
class _Raw:
    """An answer as the client's transport would hand it over."""

    data: str


@cache
def _client(kind: str) -> Any:
    return import_module(f"hubspot.crm.{kind}").ApiClient()


def _models(seen: Seen) -> tuple[str, str, str]:
    """By the client's names: the kind of thing, and the models of the request and of the answer."""
    path, kind = seen.path.split("?")[0], seen.path.split("/")[3]
    if kind == "properties":
        is_group = "/groups" in path
        made = "PropertyGroup" if is_group else "ModelProperty"
        answer = made if seen.method == "POST" or is_group else "CollectionResponsePropertyNoPaging"
        return kind, "PropertyGroupCreate" if is_group else "PropertyCreate", answer
    if kind == "lists":
        if path.endswith("/memberships"):
            return kind, "", "ApiCollectionResponseJoinTimeAndRecordId"
        if path.endswith("/add-and-remove"):
            return kind, "MembershipChangeRequest", "MembershipsUpdateResponse"
        return kind, "ListCreateRequest", "ListCreateResponse" if seen.method == "POST" else "ListFetchResponse"
    if "/batch/" not in path and not path.endswith("/gdpr-delete"):
        sent = "SimplePublicObjectInput" + ("ForCreate" if seen.method == "POST" else "")
        return path.split("/")[4], sent, "SimplePublicObject"
    errors = "WithErrors" if seen.status == 207 else ""
    plain, upserted = f"BatchResponseSimplePublicObject{errors}", f"BatchResponseSimplePublicUpsertObject{errors}"
    verb = path.rsplit("/", 1)[-1]
    sent = {
        "upsert": "BatchInputSimplePublicObjectBatchInputUpsert",
        "create": "BatchInputSimplePublicObjectBatchInputForCreate",
        "update": "BatchInputSimplePublicObjectBatchInput",
        "read": "BatchReadInputSimplePublicObjectId",
        "archive": "BatchInputSimplePublicObjectId",
        "gdpr-delete": "PublicGdprDeleteInput",
    }[verb]
    return path.split("/")[4], sent, upserted if verb == "upsert" else plain


@cache
def _spec(name: str) -> dict[str, Any]:
    """A description, without the examples that are null where their type allows none."""
    text = (SPECS / f"hubspot_{name}.json").read_text(encoding="utf-8")
    return json.loads(text, object_hook=_without_example)  # type: ignore[no-any-return]


def _without_example(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name != "example"}


def _operation(method: str, path: str) -> dict[str, Any]:
    paths = _spec("lists" if path.startswith("/crm/v3/lists") else "contacts")["paths"]
    for pattern, verbs in paths.items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path) and method.lower() in verbs:
            return verbs[method.lower()]  # type: ignore[no-any-return]
    raise AssertionError(f"HubSpot describes no {method} {path}.")


def _judge(path: str, schema: dict[str, Any], value: Any) -> None:
    name = "lists" if path.startswith("/crm/v3/lists") else "contacts"
    found = _validator(name, json.dumps(schema)).iter_errors(value)
    problems = [error.message[:300] for error in found]
    assert not problems, (path, problems[:3])


@cache
def _validator(name: str, schema: str) -> OAS30Validator:
    whole = json.loads(schema) | {"components": _spec(name)["components"]}
    return OAS30Validator(whole, format_checker=oas30_format_checker)
