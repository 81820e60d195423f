"""What people withdrew at Klaviyo: unsubscribes and complaints, as records of consent.

E-mail is ended by a suppression that a person caused (`UNSUBSCRIBE`, `SPAM_COMPLAINT`) or by the consent
`UNSUBSCRIBED`, text messages by that consent. What somebody suppressed by hand is no wish of a person, and comes from
our own suppressions too; bounces are none either. A list that a person left ends nothing but that list.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from orchestration.activation.destinations.klaviyo_api import Asking
from orchestration.activation.destinations.klaviyo_endpoints import FIND_PROFILES, PAGE
from orchestration.activation.destinations.klaviyo_people import marketing
from orchestration.activation.destinations.klaviyo_values import folded
from orchestration.activation.destinations.withdrawal import Withdrawal

_WISHES = ("UNSUBSCRIBE", "SPAM_COMPLAINT")
# By channel: what its people are told apart by, in our words and in Klaviyo's.
_CHANNELS = {"email": ("email", "email"), "sms": ("phone", "phone_number")}
_SUPPRESSED = "subscriptions.email.marketing.suppression.timestamp"


def read_withdrawals(ask: Asking, since: datetime) -> Iterator[Withdrawal | datetime]:
    """Everything that people withdrew since then, some of it twice; raise a `SendError` where Klaviyo doesn't tell.

    A moment in between says that all up to it was told.
    """
    moment = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    # A suppression is found by its own time. Consent to text messages has none to ask for, so all profiles that changed
    # are looked at; that a profile changes with its consent is what Klaviyo's description suggests, and doesn't say.
    for field in (_SUPPRESSED, "updated"):
        query = {
            "filter": f"greater-than({field},{moment})",
            "sort": field,
            "page[size]": str(PAGE),
            "fields[profile]": "email,phone_number,updated,subscriptions",
            "additional-fields[profile]": "subscriptions",
        }
        for profile in ask.pages(FIND_PROFILES, query=query):
            yield from _of_profile(profile)
            if field == "updated":
                # Suppressions are told by then, so what is left to tell changed later.
                yield datetime.fromisoformat(str(profile["attributes"][field]))


def _of_profile(profile: Mapping[str, Any]) -> Iterator[Withdrawal]:
    for channel, (kind, field) in _CHANNELS.items():
        value = profile["attributes"].get(field)
        told = marketing(profile, channel)
        at = _ended_at(told, profile["attributes"])
        if isinstance(value, str) and value and at:
            yield Withdrawal(profile["id"], kind, folded(field, value), channel, at)


def _ended_at(told: Mapping[str, Any], attributes: Mapping[str, Any]) -> str | None:
    """When marketing on a channel was withdrawn; None where it wasn't."""
    suppressions = told.get("suppression")
    for one in suppressions if isinstance(suppressions, list) else ():
        if isinstance(one, dict) and one.get("reason") in _WISHES and one.get("timestamp"):
            return str(one["timestamp"])
    if told.get("consent") != "UNSUBSCRIBED":
        return None
    at = told.get("consent_timestamp") or told.get("last_updated") or attributes.get("updated")
    return str(at) if at else None
