"""The destination `klaviyo`: profiles, lists, suppressions and events of a Klaviyo account, over its API.

    connections:
      klaviyo:
        type: klaviyo
        key_env: KLAVIYO_KEY            # a private key, with the scopes of what the syncs write
        lists: {list_vip: Y6nRLr}       # lists that are there already, by object
        metrics: {event_cart_abandoned: Abandoned Cart}

Objects are `profiles`; `list_<name>`, the list `Onefolk: <name>`, made where it is missing, or one that `lists` names;
`suppressions`, e-mails that must get no marketing; and `event_<name>`, events of a metric, "Cart Abandoned" for
`event_cart_abandoned` unless `metrics` says otherwise. People are told apart by `email`, `phone_number` (E.164) or
`external_id`, and by it alone.

Being on a list is no subscription: nothing that is sent here subscribes anybody, or lifts an unsubscribe. Fields that
Klaviyo has attributes for are sent as these (`first_name`, `location_city`), all others as properties, whose names
begin with `prefix`. A null empties a property, and leaves Klaviyo's own fields, which others fill too, unless `nulls`
is `clear`. A profile that leaves a
sync is not deleted: the properties of the sync are taken off it. Mode `delete` has people deleted for good, one by one.

What people unsubscribe from at Klaviyo comes back as records of consent, before files are landed.

Requests keep the pace that the description states for each endpoint, over all syncs of a process; `rate` may set one
for all of them together.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime

import httpx
from pydantic import Field, SecretStr, field_validator, model_validator

from orchestration.activation.connections import Secrets, VariableName, WrongConnectionError
from orchestration.activation.destinations.http import HttpClient
from orchestration.activation.destinations.http_config import VISIBLE, HttpConnection, checked_url
from orchestration.activation.destinations.http_transport import GuardedBackend
from orchestration.activation.destinations.klaviyo_api import KlaviyoApi
from orchestration.activation.destinations.klaviyo_events import Events
from orchestration.activation.destinations.klaviyo_lists import ListMembers
from orchestration.activation.destinations.klaviyo_profiles import Profiles
from orchestration.activation.destinations.klaviyo_suppressions import Suppressions
from orchestration.activation.destinations.klaviyo_unsubscribes import read_withdrawals
from orchestration.activation.destinations.klaviyo_values import IDENTIFIERS, Nulls
from orchestration.activation.destinations.protocol import Destination, Target
from orchestration.activation.destinations.withdrawal import Withdrawal

_LIST, _EVENT = re.compile(r"list_([a-z0-9][a-z0-9_]*)"), re.compile(r"event_([a-z0-9][a-z0-9_]*)")
# By what the rows are: how they may be brought.
_MODES = {
    "profiles": ("upsert", "mirror", "audience", "delete"),
    "list": ("upsert", "mirror", "audience"),
    "suppressions": ("upsert", "mirror", "audience"),
    "event": ("append",),
}
_LONGEST_METRIC = 127


class Config(HttpConnection):
    """What a Klaviyo connection says."""

    key_env: VariableName = Field(description="variable of a private API key")
    url: str = Field("https://a.klaviyo.com", description="where Klaviyo's API is")
    lists: dict[str, str] = Field({}, description="lists that are there already: their ids, by object")
    metrics: dict[str, str] = Field({}, description="names of metrics, by object")
    prefix: str = Field("", max_length=30, description="what the names of properties of our own begin with")
    nulls: Nulls = Field("own", description="what a null empties: properties; Klaviyo's fields too: clear; none: skip")
    lifts_suppressions: bool = Field(False, description="whether who leaves suppressions is no longer suppressed")
    # A page of a hundred profiles with their properties is long.
    max_response_bytes: int = Field(20_000_000, ge=1_000, le=50_000_000, description="what is read of an answer")

    @field_validator("lists")
    @classmethod
    def _are_lists(cls, value: dict[str, str]) -> dict[str, str]:
        if not all(_LIST.fullmatch(name) and re.fullmatch(r"[A-Za-z0-9]+", number) for name, number in value.items()):
            raise ValueError("lists must be ids by object, such as list_vip: Y6nRLr")
        return value

    @field_validator("metrics")
    @classmethod
    def _are_metrics(cls, value: dict[str, str]) -> dict[str, str]:
        if not all(_EVENT.fullmatch(name) and told.strip() for name, told in value.items()):
            raise ValueError("metrics must be names by object, such as event_cart_abandoned: Abandoned Cart")
        if any(len(told) > _LONGEST_METRIC for told in value.values()):
            raise ValueError(f"a metric's name may have {_LONGEST_METRIC} characters")
        return value

    @model_validator(mode="after")
    def _has_a_place(self) -> "Config":
        if checked_url(self.url, self.allowed_private_hosts).raw_path not in (b"/", b""):
            raise ValueError("url must have no path, such as https://a.klaviyo.com")
        if self.token_env or self.basic_user or self.header_name:
            raise ValueError("the key is named by key_env: leave token_env, basic_user and header_name out")
        return self


def open_destination(
    config: Config, target: Target, secrets: Secrets, backend: GuardedBackend | None = None
) -> Destination:
    """An object of an account for one run; raise `WrongConnectionError` where it can't be written so."""
    kind = "list" if _LIST.fullmatch(target.object) else "event" if _EVENT.fullmatch(target.object) else target.object
    if problem := _problem(target, kind):
        raise WrongConnectionError(problem)
    api = open_api(config, secrets, backend)
    if kind == "event":
        return Events(api, target, metric_of(config, target.object))
    if kind == "list":
        name = f"Onefolk: {target.object.removeprefix('list_')}"
        return ListMembers(api, target, name, config.lists.get(target.object))
    if kind == "suppressions":
        return Suppressions(api, target, lifts=config.lifts_suppressions)
    return Profiles(api, target, config.prefix, config.nulls)


def open_api(config: Config, secrets: Secrets, backend: GuardedBackend | None = None) -> KlaviyoApi:
    """An account, to be asked; raise `WrongConnectionError` where its key is missing."""
    client = HttpClient(config, secrets, httpx.URL(config.url).scheme == "http", backend)
    account = f"{config.url} {config.key_env}"
    return KlaviyoApi(client, config.url, _key(config, secrets), account, config.patience_minutes * 60)


def withdrawals(
    config: Config, turn: Callable[[], None], secrets: Secrets, since: datetime
) -> Iterator[Withdrawal | datetime]:
    """What people withdrew since then, and how far that goes; raise a `SendError` where Klaviyo doesn't tell."""
    api = open_api(config, secrets)
    try:
        yield from read_withdrawals(api.asking(turn), since)
    finally:
        api.close()


def metric_of(config: Config, object_name: str) -> str:
    """The name of the metric that events of an object are of."""
    words = object_name.removeprefix("event_").split("_")
    return config.metrics.get(object_name) or " ".join(word.capitalize() for word in words if word)[:_LONGEST_METRIC]


def _key(config: Config, secrets: Secrets) -> SecretStr:
    key = secrets.get(config.key_env)
    if not VISIBLE.fullmatch(key.get_secret_value()):
        raise WrongConnectionError(
            f"{config.key_env} holds what no header can: set it to the private key alone, without a line break."
        )
    return key


def _problem(target: Target, kind: str) -> str | None:
    """Why a target can't be written, in a sentence."""
    name = target.object
    if kind not in _MODES:
        return f"Klaviyo knows no object {name} here: say profiles, list_<name>, suppressions or event_<name>."
    if target.mode not in _MODES[kind]:
        return f"{name} of Klaviyo can't be brought by mode {target.mode}: say one of {', '.join(_MODES[kind])}."
    if kind == "event":
        known = ", ".join(IDENTIFIERS)
        return (
            None if set(target.kinds) & set(IDENTIFIERS) else f"{name} must tell whose events they are: send {known}."
        )
    allowed = ("email",) if kind == "suppressions" else IDENTIFIERS
    if len(target.key) != 1 or target.key[0] not in allowed:
        return f"The key of {name} must be one of {', '.join(allowed)}, and not {', '.join(target.key) or 'nothing'}."
    others = [field for field in target.kinds if field not in allowed]
    if special := [field for field in others if field.startswith("$")]:
        # One of them, $consent, once said that somebody subscribed.
        return (
            f"Properties that begin with $ are Klaviyo's own, so {', '.join(special)} can't be sent: name it otherwise."
        )
    if kind in ("list", "suppressions") and others:
        told = f"{name} holds people and nothing about them, so it can't be sent {', '.join(others)}"
        return f"{told}: send the key alone, and those by a sync of profiles."
    return None
