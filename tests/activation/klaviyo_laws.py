"""What every exchange with Klaviyo must be, whichever test it comes from: described, within limits, parsed, and no
subscription."""

import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import openapi_client
from openapi_schema_validator import OAS30Validator, oas30_format_checker

from orchestration.activation.destinations.klaviyo_endpoints import REVISION
from orchestration.settings import PROJECT_DIR
from tests.activation.klaviyo_peer import Seen

SPEC = PROJECT_DIR.parent / "shared" / "specs" / "klaviyo.json"
_FORM = "application/vnd.api+json"
_E164 = re.compile(r"\+[1-9]\d{1,14}")
# Written down by hand, since schemas hold no limits: rows of a request by the end of its path and its method.
ROWS = {
    ("POST", "profile-bulk-import-jobs"): 10_000,
    ("POST", "profile-suppression-bulk-create-jobs"): 100,
    ("POST", "profile-suppression-bulk-delete-jobs"): 100,
    ("DELETE", "profiles"): 1_000,
}
# What says, wherever it stands in a request, that somebody agreed to something.
_CONSENT = frozenset(("subscriptions", "consent", "consented_at", "marketing", "opt_in_process", "historical_import"))


def nobody_is_subscribed(exchanges: Iterable[Seen]) -> None:
    """No request subscribes anybody, or speaks of consent, but to ask what it is."""
    for seen in exchanges:
        assert "subscription-bulk" not in seen.place, seen.place
        assert not set(_names(seen.body)) & _CONSENT, seen.place


def are_within_limits(exchanges: Iterable[Seen]) -> None:
    """No request is larger than Klaviyo allows."""
    for seen in exchanges:
        most = ROWS.get((seen.method, seen.place.rsplit("/", 1)[-1]))
        if most is not None:
            assert 0 < len(seen.profiles) <= most, (seen.place, len(seen.profiles))
        assert seen.size <= 5_000_000, (seen.place, seen.size)
        if seen.place.endswith("/profile-bulk-import-jobs"):
            for one in seen.profiles:
                assert len(_written(one)) <= 100_000
        for name, value in _pairs(seen.body):
            if name == "phone_number" and value is not None:
                assert _E164.fullmatch(value), value
        if seen.place.endswith("/events"):
            attributes = seen.body["data"]["attributes"]
            assert len(attributes["properties"]) <= 400
            assert all(len(value.encode()) <= 100_000 for _, value in _pairs(attributes) if isinstance(value, str))
            assert len(attributes["metric"]["data"]["attributes"]["name"]) < 128
            assert attributes["unique_id"]
        if seen.place.endswith("/data-privacy-deletion-jobs"):
            who = seen.body["data"]["attributes"]["profile"]["data"]
            assert len([value for value in (who.get("id"), *who["attributes"].values()) if value]) == 1


def are_described(exchanges: Iterable[Seen]) -> int:
    """Requests and answers are as Klaviyo describes them, and no request holds a name that it doesn't know."""
    count = 0
    for seen in exchanges:
        described = _operation(seen.method, seen.place)
        count += 1
        assert seen.headers["revision"] == _spec()["info"]["version"] == REVISION
        known = {one["name"]: one for one in described.get("parameters", ())}
        for name, value in parse_qsl(urlsplit(seen.path).query):
            assert name in known, f"{seen.place} has no parameter {name}"
            _is_parameter(name, value, known[name]["schema"], described)
        if seen.body is None:
            assert "requestBody" not in described, f"{seen.place} needs a body"
        else:
            assert seen.headers["content-type"] == _FORM
            _judge(seen.place, described["requestBody"]["content"][_FORM]["schema"], seen.body, is_strict=True)
        if seen.is_garbage:
            continue
        responses = described["responses"]
        told = responses.get(str(seen.status)) or _resolved(responses[f"{seen.status // 100}XX"])
        if "content" in told:
            _judge(seen.place, told["content"][_FORM]["schema"], seen.told)
        else:
            assert seen.told is None, (seen.place, seen.told)
    return count


_MODELS = {
    ("POST", "profile-bulk-import-jobs"): ("ProfileImportJobCreateQuery", "PostProfileImportJobResponse"),
    ("GET", "profile-bulk-import-jobs/{id}"): (None, "GetProfileImportJobResponseCompoundDocument"),
    ("GET", "profile-bulk-import-jobs/{id}/import-errors"): (None, "GetImportErrorResponseCollection"),
    ("GET", "profiles"): (None, "GetProfileResponsePluralConversationsCollectionCompoundDocument"),
    ("GET", "lists"): (None, "GetListListResponseCollectionCompoundDocument"),
    ("GET", "lists/{id}"): (None, "GetListRetrieveResponseCompoundDocument"),
    ("POST", "lists"): ("ListCreateQuery", "PostListCreateResponse"),
    ("GET", "lists/{id}/profiles"): (None, "GetListMemberResponseCollection"),
    ("DELETE", "lists/{id}/relationships/profiles"): ("ListMembersDeleteQuery", None),
    ("POST", "profile-suppression-bulk-create-jobs"): (
        "SuppressionCreateJobCreateQuery", "PostBulkProfileSuppressionsCreateJobResponse",
    ),
    ("GET", "profile-suppression-bulk-create-jobs/{id}"): (None, "GetBulkProfileSuppressionsCreateJobResponse"),
    ("POST", "profile-suppression-bulk-delete-jobs"): (
        "SuppressionDeleteJobCreateQuery", "PostBulkProfileSuppressionsRemoveJobResponse",
    ),
    ("GET", "profile-suppression-bulk-delete-jobs/{id}"): (None, "GetBulkProfileSuppressionsRemoveJobResponse"),
    ("POST", "profiles"): ("ProfileCreateQuery", "PostProfileResponse"),
    ("PATCH", "profiles/{id}"): ("ProfilePartialUpdateQuery", "PatchProfileResponse"),
    ("POST", "events"): ("EventCreateQueryV2", None),
    ("POST", "data-privacy-deletion-jobs"): ("DataPrivacyCreateDeletionJobQuery", None),
}  # fmt: skip


def are_parsed(exchanges: Iterable[Seen]) -> int:
    """Klaviyo's own client reads every answer and every request; how many answers it read."""
    client, count = openapi_client.ApiClient(), 0
    for seen in exchanges:
        sent, told = _models(seen)
        if sent:
            read = client.deserialize(_written(seen.body), sent)
            assert read.to_dict()["data"] is not None
        if seen.is_garbage or seen.told is None or told is None or seen.status >= 300:
            continue
        answer = client.deserialize(json.dumps(seen.told), told)
        data = answer.data if isinstance(answer.data, list) else [answer.data]
        wanted = seen.told["data"] if isinstance(seen.told["data"], list) else [seen.told["data"]]
        assert [one.id for one in data] == [one["id"] for one in wanted]
        count += 1
    return count


def _models(seen: Seen) -> tuple[str | None, str | None]:
    for (method, place), models in _MODELS.items():
        pattern = "/api/" + re.sub(r"\\\{id\\\}", "[^/]+", re.escape(place))
        if method == seen.method and re.fullmatch(pattern, seen.place):
            return models
    raise AssertionError(f"Nobody asks for {seen.method} {seen.place}.")


def _is_parameter(name: str, value: str, schema: dict[str, Any], described: dict[str, Any]) -> None:
    if name == "page[size]":
        assert schema["minimum"] <= int(value) <= schema["maximum"], value
    elif name == "filter":
        found = re.fullmatch(r"([a-z-]+)\(([\w.]+),.*\)", value, re.DOTALL)
        assert found, value
        operators = described["x-klaviyo-filters"][found.group(2)]["operators"]
        assert found.group(1) in {one for some in operators.values() for one in some}, value
    elif schema["type"] == "array":
        assert set(value.split(",")) <= set(schema["items"]["enum"]), (name, value)
    elif "enum" in schema:
        assert value in schema["enum"], (name, value)


def _names(value: Any) -> Iterator[str]:
    """Names in a request, but for those of properties, which are whose they are."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield name
            if name != "properties":
                yield from _names(part)
    elif isinstance(value, list):
        for part in value:
            yield from _names(part)


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield name, part
            yield from _pairs(part)
    elif isinstance(value, list):
        for part in value:
            yield from _pairs(part)


def _written(value: Any) -> str:
    return json.dumps(value, default=float)


@cache
def _spec() -> dict[str, Any]:
    return json.loads(SPEC.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def _operation(method: str, path: str) -> dict[str, Any]:
    for pattern, verbs in _spec()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path) and method.lower() in verbs:
            return verbs[method.lower()]  # type: ignore[no-any-return]
    raise AssertionError(f"Klaviyo describes no {method} {path}.")


def _resolved(described: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in described:
        return described
    return _spec()["components"]["responses"][described["$ref"].rsplit("/", 1)[-1]]  # type: ignore[no-any-return]


def _judge(path: str, schema: dict[str, Any], value: Any, *, is_strict: bool = False) -> None:
    found = _validator(json.dumps(schema), is_strict).iter_errors(value)
    problems = [error.message[:300] for error in found]
    assert not problems, (path, problems[:3])


@cache
def _validator(schema: str, is_strict: bool) -> OAS30Validator:
    whole = json.loads(schema) | {"components": _spec()["components"]}
    return OAS30Validator(_strict(whole) if is_strict else whole, format_checker=oas30_format_checker)


def _strict(schema: Any) -> Any:
    """A schema that knows no names but its own: plain ones let any through."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _strict(part) for name, part in schema.items()}
    if told.get("type") == "object" and isinstance(told.get("properties"), dict):
        told["additionalProperties"] = False
    return told


def as_float(value: Any) -> Any:
    """Decimals of a request as JSON has them."""
    return float(value) if isinstance(value, Decimal) else value
