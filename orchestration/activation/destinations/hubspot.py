"""The destination `hubspot`: contacts, companies and static lists of a HubSpot account, over its CRM API v3.

    connections:
      hubspot_main:
        type: hubspot
        token_env: HUBSPOT_TOKEN        # of a private app, with the rights to what the syncs write
        allowed_properties: [firstname] # beside those that begin with onefolk_

Objects are `contacts`, `companies` and `list_<name>`, a static list of contacts: `Onefolk: <name>`, made where it is
missing, or one that `lists` names by its id. The key is one property with unique values: `email` of contacts, or one of
your own such as `onefolk_profile_id`. Domains of companies are not unique to HubSpot, so they can't be a key.

Only properties that begin with `prefix` are written, and made with the type of their column where they are missing;
what people type into others stays, unless `allowed_properties` names it, and a null leaves it even then. A contact that
leaves a sync is not deleted: the properties of our prefix are emptied. Mode `delete` deletes contacts for good, as the
GDPR means it, and archives companies; HubSpot bars an e-mail that it doesn't know from being used in future.

The default rate is 90 requests in 10 seconds: HubSpot's page "API usage guidelines and limits" allows an app 100 in 10
seconds for the smallest subscription, and 190 or 250 for others, for which `rate` may be raised.
"""

import re

import httpx
from pydantic import Field, field_validator, model_validator

from orchestration.activation.connections import Rate, Secrets, VariableName, WrongConnectionError
from orchestration.activation.destinations.http import HttpClient
from orchestration.activation.destinations.http_config import HttpConnection, checked_url
from orchestration.activation.destinations.http_transport import GuardedBackend
from orchestration.activation.destinations.hubspot_api import HubSpotApi
from orchestration.activation.destinations.hubspot_lists import ListMembers
from orchestration.activation.destinations.hubspot_properties import Properties
from orchestration.activation.destinations.hubspot_records import Records
from orchestration.activation.destinations.hubspot_values import RECORD_ID, Nulls
from orchestration.activation.destinations.protocol import Destination, Target

_PROPERTY = re.compile(r"[a-z][a-z0-9_]{0,99}")
_LIST = re.compile(r"list_([a-z0-9][a-z0-9_]*)")
# By what the rows are: how they may be brought.
_MODES = {
    "contacts": ("upsert", "mirror", "audience", "insert", "update", "delete"),
    "companies": ("upsert", "mirror", "audience", "insert", "update", "delete"),
    "list": ("mirror", "audience", "upsert", "insert"),
}


class Config(HttpConnection):
    """What a HubSpot connection says."""

    token_env: VariableName = Field(description="variable of a private app's access token")
    url: str = Field("https://api.hubapi.com", description="where HubSpot's API is")
    prefix: str = Field("onefolk_", max_length=30, description="what the names of properties of our own begin with")
    allowed_properties: tuple[str, ...] = Field((), description="other properties that may be written, by name")
    nulls: Nulls = Field("own", description="what a null empties: our properties; those allowed too: clear; none: skip")
    lists: dict[str, str] = Field({}, description="static lists that are there already: their ids, by object")
    max_list_size: int = Field(100_000, ge=1, description="members that a list may have")
    daily_reserve: int = Field(1_000, ge=0, description="requests of the day that are left to others")
    rate: tuple[Rate, ...] = Field(
        (Rate(requests=90, seconds=10),), description="how many requests in how many seconds; may be several"
    )
    # A list of all properties is long, and so are a hundred contacts.
    max_response_bytes: int = Field(20_000_000, ge=1_000, le=50_000_000, description="what is read of an answer")

    @field_validator("prefix")
    @classmethod
    def _is_prefix(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*_", value) or value.startswith("hs_"):
            raise ValueError("prefix must be lower-case letters and digits and end with _, such as onefolk_")
        return value

    @field_validator("lists")
    @classmethod
    def _are_lists(cls, value: dict[str, str]) -> dict[str, str]:
        if not all(_LIST.fullmatch(name) and re.fullmatch(r"[0-9]+", number) for name, number in value.items()):
            raise ValueError("lists must be ids by object, such as list_vip: '123'")
        return value

    @model_validator(mode="after")
    def _has_a_place(self) -> "Config":
        if checked_url(self.url, self.allowed_private_hosts).raw_path not in (b"/", b""):
            raise ValueError("url must have no path, such as https://api.hubapi.com")
        return self


def follows(object_name: str) -> bool:
    """Lists have contacts as members, which must be there."""
    return bool(_LIST.fullmatch(object_name))


def open_destination(
    config: Config, target: Target, secrets: Secrets, backend: GuardedBackend | None = None
) -> Destination:
    """An object of an account for one run; raise `WrongConnectionError` where it can't be written so."""
    found = _LIST.fullmatch(target.object)
    kind = "list" if found else target.object
    problem = _problem(config, target, kind)
    if problem:
        raise WrongConnectionError(problem)
    url = httpx.URL(config.url)
    client = HttpClient(config, secrets, url.scheme == "http", backend)
    api = HubSpotApi(client, url, target.turn, config.daily_reserve)
    if found:
        number = config.lists.get(target.object)
        return ListMembers(api, target, f"Onefolk: {found.group(1)}", number, config.max_list_size)
    properties = Properties(api, target, config.prefix, config.allowed_properties)
    return Records(api, target, properties, config.nulls)


def _problem(config: Config, target: Target, kind: str) -> str | None:
    """Why a target can't be written, in a sentence."""
    name = target.object
    if kind not in _MODES:
        return f"HubSpot knows no object {name} here: say contacts, companies or list_<name>."
    if target.mode not in _MODES[kind]:
        return f"{name} of HubSpot can't be brought by mode {target.mode}: say one of {', '.join(_MODES[kind])}."
    if len(target.key) != 1:
        return f"The key of {name} must be one property with unique values, and not {len(target.key)} columns."
    [key] = target.key
    others = [field for field in target.kinds if field != key]
    if kind == "list":
        return _key_problem(config, target, kind, key) or _list_problem(name, others)
    return _key_problem(config, target, kind, key) or _field_problem(config, name, key, others)


def _key_problem(config: Config, target: Target, kind: str, key: str) -> str | None:
    if kind == "companies" and key in ("domain", "name"):
        return f"HubSpot lets companies share a {key}, so it can't be the key: take {config.prefix}company_id, say."
    if key == RECORD_ID and kind != "list" and target.mode not in ("update", "delete"):
        return f"Records can't be made by {RECORD_ID}, so with it as the key the mode must be update or delete."
    if target.kinds.get(key, "text") not in ("text", "number"):
        return f"The key of {target.object} must be text or a number, and {key} is a {target.kinds[key]}."
    return None


def _list_problem(name: str, others: list[str]) -> str | None:
    more = [field for field in others if field != RECORD_ID]
    told = f"A list holds contacts and nothing about them, so {name} can't be sent {', '.join(more)}"
    return f"{told}: send the key alone, and those by a sync of contacts." if more else None


def _field_problem(config: Config, name: str, key: str, others: list[str]) -> str | None:
    for field in (*others, key):
        if not _PROPERTY.fullmatch(field):
            return f"No property of HubSpot can be called {field}: take lower-case letters, digits and underscores."
    foreign = [field for field in others if not _is_ours(config, field)]
    if not foreign:
        return None
    return (
        f"{', '.join(foreign)} of {name} would overwrite what people type: send them as {config.prefix}{foreign[0]} and"
        " so on, or name them in allowed_properties of the connection."
    )


def _is_ours(config: Config, field: str) -> bool:
    return field.startswith(config.prefix) or field in config.allowed_properties
