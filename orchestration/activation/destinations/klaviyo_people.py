"""People of an account, found by what identifies them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from orchestration.activation.destinations.klaviyo_api import Asking
from orchestration.activation.destinations.klaviyo_endpoints import FIND_MEMBERS, FIND_PROFILES, PAGE
from orchestration.activation.destinations.klaviyo_values import folded, identifier, name_problem
from orchestration.activation.destinations.protocol import Row

# Bytes of a filter, which is a part of an address.
_MOST_BYTES = 4_000


def ids_of(ask: Asking, key: str, rows: Sequence[Row], list_id: str | None = None) -> dict[int, str]:
    """Klaviyo's ids by the number of the row; who isn't there, or isn't on the list, is left out."""
    # Nobody has an identifier that is none.
    names = {row.seq: str(identifier(key, row.key[key])) for row in rows if not name_problem(key, row)}
    found = _found(ask, key, names.values(), list_id, {})
    known = {seq: found.get(folded(key, name)) for seq, name in names.items()}
    return {seq: profile["id"] for seq, profile in known.items() if profile}


def find_subscriptions(ask: Asking, emails: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """What Klaviyo says of marketing by e-mail, by the `folded` address; who isn't there is left out."""
    told = _found(ask, "email", emails, None, {"additional-fields[profile]": "subscriptions"})
    return {name: marketing(found, "email") for name, found in told.items()}


def marketing(profile: Mapping[str, Any], channel: str) -> Mapping[str, Any]:
    """What a profile says of marketing on a channel; of each part anything may be missing."""
    part: Any = profile["attributes"]
    for name in ("subscriptions", channel, "marketing"):
        part = part.get(name) if isinstance(part, dict) else None
    return part if isinstance(part, dict) else {}


def _found(
    ask: Asking, key: str, values: Iterable[str], list_id: str | None, more: Mapping[str, str]
) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    # Lists can't be asked by ids of other systems.
    is_member = list_id is not None and key != "external_id"
    endpoint, place = (FIND_MEMBERS, str(list_id)) if is_member else (FIND_PROFILES, "")
    wanted = {folded(key, value) for value in values}
    fields = key if not more else f"{key},subscriptions"
    for part in _parts(sorted(wanted)):
        chosen = f"any({key},{json.dumps(part, ensure_ascii=False)})"
        query = {"filter": chosen, "page[size]": str(PAGE), "fields[profile]": fields, **more}
        for profile in ask.pages(endpoint, place, query):
            name = folded(key, str(profile["attributes"].get(key)))
            if name in wanted:
                found[name] = profile
    return found


def _parts(values: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for value in values:
        length = len(json.dumps(value)) + 1
        if part and (len(part) >= PAGE or size + length > _MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(value)
        size += length
    if part:
        yield part
