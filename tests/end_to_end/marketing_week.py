"""A company whose marketing lives in HubSpot and Klaviyo: cycles under a clock, and what both hold after them."""

import re
import shutil
import subprocess
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from orchestration.settings import Settings
from tests.activation.hubspot_peer import HubSpotPeer
from tests.activation.klaviyo_peer import KlaviyoPeer
from tests.conftest import make_settings
from tests.end_to_end.company import SECRET, run
from tests.end_to_end.hand_made import Records
from tests.end_to_end.served import copy_of, rows

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


class Week:
    """The built company, whose syncs are connected to two accounts on this machine."""

    def __init__(self, built: Settings, folder: Path, hubspot: HubSpotPeer, klaviyo: KlaviyoPeer) -> None:
        self._folder = folder
        self.settings = copy_of(built, folder)
        shutil.copyfile(built.serve_path, self.settings.serve_path)
        self.records = Records(self.settings)
        self.hubspot, self.klaviyo = hubspot, klaviyo
        self.connect(hubspot.url, klaviyo.url)

    def connect(self, hubspot: str, klaviyo: str) -> None:
        """Say where both accounts are."""
        near = {"allowed_private_hosts": ["127.0.0.1"], "timeout_seconds": 10, "patience_minutes": 0.05}
        near |= {"rate": {"requests": 1000, "seconds": 1}}
        connections = {
            "hubspot": {"type": "hubspot", "url": hubspot, "token_env": "HUBSPOT_TOKEN"} | near,
            "klaviyo": {"type": "klaviyo", "url": klaviyo, "key_env": "KLAVIYO_KEY"} | near,
        }
        self.settings.connections_path.write_text(yaml.safe_dump({"connections": connections}))

    def cycle(self, at: datetime, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Land what happened, build, publish and deliver, under this clock."""
        self.records.land()
        self.settings = make_settings("duckdb", self._folder, as_of=at, secret=SECRET)
        return run(self.settings, "run", check=check)

    def calls(self) -> int:
        """Requests that both accounts have seen."""
        return len(self.hubspot.seen) + len(self.klaviyo.seen)

    def wanted(self, model: str, columns: str) -> list[tuple[Any, ...]]:
        """What a sync's model says, as the work schema holds it."""
        return rows(self.settings, f"select {columns} from work_activation.sync_{model}")

    def contacts(self) -> dict[str, dict[str, str]]:
        """By e-mail, what is written of us on the contacts of HubSpot; of those that nothing is written of, nothing."""
        records = self.hubspot.account.records["contacts"].values()
        ours = {
            record["email"]: {name: plain(value) for name, value in record.items() if name.startswith("onefolk_")}
            for record in records
            if "email" in record
        }
        return {email: facts for email, facts in ours.items() if facts}

    def wanted_contacts(self) -> dict[str, dict[str, str]]:
        """What they should be, as the model says."""
        columns = {
            "onefolk_lifecycle": "lifecycle_stage",
            "onefolk_audiences": "audiences",
            "onefolk_order_count": "order_count",
            "onefolk_open_tickets": "open_ticket_count",
            "onefolk_lifetime_amount": "net_revenue_amount",
            "onefolk_is_repeat_buyer": "is_repeat_buyer",
            "onefolk_last_order": "last_ordered_at",
        }
        found = self.wanted("hubspot__contacts", f"email, {', '.join(columns.values())}")
        return {
            str(email): {name: plain(value) for name, value in zip(columns, values, strict=True) if value is not None}
            for email, *values in found
        }

    def list_of_hubspot(self, name: str) -> set[str]:
        """E-mails of the members of a list."""
        contacts = self.hubspot.account.records["contacts"]
        [found] = [one for one in self.hubspot.account.lists.values() if one.name == name]
        return {contacts[number]["email"] for number in found.members}

    def list_of_klaviyo(self, name: str) -> set[str]:
        """E-mails of the members of a list."""
        account = self.klaviyo.account
        [number] = [number for number, one in account.lists.items() if one["name"] == name]
        return {account.profiles[member].attributes["email"] for member in account.members[number]}

    def profiles(self) -> dict[str, dict[str, str]]:
        """By e-mail, the properties of the profiles of Klaviyo; of those that have none, nothing."""
        found = {one.attributes.get("email"): one for one in self.klaviyo.account.profiles.values()}
        told = {
            str(email): {name: plain(value) for name, value in one.properties.items() if value not in (None, "")}
            | {name: one.attributes[name] for name in ("first_name", "last_name") if one.attributes.get(name)}
            for email, one in found.items()
            if one.properties
        }
        return {email: facts for email, facts in told.items() if facts}

    def wanted_profiles(self) -> dict[str, dict[str, str]]:
        """What they should be."""
        columns = {
            "first_name": "first_name",
            "last_name": "last_name",
            "lifecycle_stage": "lifecycle_stage",
            "audiences": "audiences",
            "order_count": "order_count",
            "lifetime_amount": "net_revenue_amount",
            "last_order": "last_ordered_at",
        }
        found = self.wanted("klaviyo__profiles", f"email, {', '.join(columns.values())}")
        return {
            str(email): {name: plain(value) for name, value in zip(columns, values, strict=True) if value is not None}
            for email, *values in found
        }

    def suppressed(self) -> set[str]:
        """E-mails that we suppressed in Klaviyo."""
        return {
            one.attributes["email"]
            for one in self.klaviyo.account.profiles.values()
            if any(reason["reason"] == "USER_SUPPRESSED" for reason in one.email["suppression"])
        }

    def events(self) -> list[tuple[str, str, list[str]]]:
        """Events that Klaviyo counts, in order: whose, of which cart, with which products."""
        account = self.klaviyo.account
        found = [
            (
                account.profiles[number].attributes["email"],
                event["properties"]["cart_id"],
                [item["product_id"] for item in event["properties"]["items"]],
            )
            for (number, metric, _), event in account.events.items()
            if metric == "Cart Abandoned"
        ]
        return sorted(found)


def plain(value: Any) -> str:
    """A value as all sides write it: numbers by their digits, moments in UTC to the second."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal):
        return format(Decimal(str(value)).normalize(), "f")
    if isinstance(value, str) and _MOMENT.match(value):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="seconds")
    return str(value)
