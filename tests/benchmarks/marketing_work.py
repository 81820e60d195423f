"""One delivery of ours, in a process of its own: `python -m tests.benchmarks.marketing_work THING URL`.

THING is `contacts` of HubSpot, `profiles` or `events` of Klaviyo; the environment says where the project is and what
the keys are. No pace is kept.
"""

import sys
from dataclasses import replace
from unittest.mock import patch

from orchestration.activation.connections import Connection
from orchestration.activation.destinations.klaviyo_endpoints import Endpoint
from orchestration.activation.engine import run_sync
from orchestration.activation.syncs import Sync
from orchestration.settings import load_settings
from tests.activation.conftest import sync_of
from tests.benchmarks.delivery_work import connect

# What the rows are: our object, its mode, its key, and what its columns are called there.
THINGS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "contacts": (
        "contacts", "upsert", "email",
        {"city": "onefolk_city", "job_title": "onefolk_job_title", "order_count": "onefolk_order_count"},
    ),
    "profiles": (
        "profiles", "upsert", "email", {"city": "city", "job_title": "job_title", "order_count": "order_count"},
    ),
    "events": (
        "event_cart_abandoned", "append", "profile_id",
        {"profile_id": "profile_id", "city": "city", "order_count": "order_count"},
    ),
}  # fmt: skip


def sync_to(thing: str) -> Sync:
    """The sync that brings the people there."""
    name, mode, key, fields = THINGS[thing]
    sync = sync_of(mode=mode, key=[key])
    columns = {**sync.columns, "job_title": "text"}
    return replace(sync, name=f"peer_{name}", object=name, columns=columns, fields={"email": "email", **fields})


def main() -> None:
    """Deliver, and fail where the run doesn't come to its end."""
    thing, url = sys.argv[1:]
    settings = load_settings()
    settings.home.mkdir(parents=True, exist_ok=True)
    place = {"url": url, "allowed_private_hosts": ["127.0.0.1"], "rate": {"requests": 1_000_000, "seconds": 1}}
    vendor = {"type": "hubspot", "token_env": "HUBSPOT_TOKEN"}
    if thing != "contacts":
        vendor = {"type": "klaviyo", "key_env": "KLAVIYO_KEY"}
    connect(settings, place | vendor)
    with patch.object(Endpoint, "rates", lambda self: Connection.model_validate({"type": "klaviyo"})):
        run = run_sync(settings, sync_to(thing), requires_green=False)
    print(run.status, run.message, run.outcomes)  # noqa: T201  # read where something is wrong


if __name__ == "__main__":
    main()
