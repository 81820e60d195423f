"""Events that others made, as files to land: Snowplow's and Retentioneering's, with what they say comes out."""

import csv
import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import Row, open_warehouse
from tests.conftest import LandingFolder
from tests.dbt_commands import run_dbt

DATA = PROJECT_DIR.parent / "shared" / "data"
SNOWPLOW = DATA / "snowplow_web_apache2"
ECOM = DATA / "retentioneering_ecom" / "ecom.csv.gz"
# After the last event of both: a link that a browser makes between people expires, so Retentioneering's three years are
# told as if they had been earlier by whole days.
FOREIGN_CLOCK = datetime(2021, 4, 1, tzinfo=UTC)
ECOM_EARLIER = timedelta(days=1190)
TABLES = ("+events", "+sessions", "+page_views", "+profiles", "+identifier_values")


def snowplow_rows(name: str) -> list[dict[str, str]]:
    """The rows of one of Snowplow's files, such as `source/snowplow_web_events`."""
    with (SNOWPLOW / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ecom_rows() -> list[dict[str, str]]:
    """Retentioneering's events, in the order of their file."""
    with gzip.open(ECOM, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ecom_message_id(number: int) -> str:
    """Message of the event at a place of Retentioneering's file; its events have no id of their own."""
    return f"ecom {number}"


def _snowplow_messages() -> Iterator[dict[str, Any]]:
    for row in snowplow_rows("source/snowplow_web_events"):
        is_page = row["event"] == "page_view"
        page = {"url": row["page_url"], "path": row["page_urlpath"], "title": row["page_title"]}
        campaign = {"source": row["mkt_source"], "medium": row["mkt_medium"], "name": row["mkt_campaign"]}
        yield {
            "message_id": row["event_id"],
            "type": "page" if is_page else "track",
            "event": "" if is_page else row["event_name"],
            "user_id": row["user_id"],
            "anonymous_id": row["domain_userid"],
            "timestamp": row["derived_tstamp"],
            "original_timestamp": row["dvce_created_tstamp"],
            "sent_at": row["dvce_sent_tstamp"],
            "received_at": row["collector_tstamp"],
            "context": {
                "page": page | {"referrer": row["page_referrer"]},
                "campaign": campaign,
                "location": {"country": row["geo_country"]},
                "userAgent": row["useragent"],
            },
        }


def _ecom_messages() -> Iterator[dict[str, Any]]:
    for number, row in enumerate(ecom_rows()):
        yield {
            "message_id": ecom_message_id(number),
            "type": "track",
            "event": row["event"],
            "user_id": row["user_id"],
            "timestamp": (datetime.fromisoformat(row["timestamp"]) - ECOM_EARLIER).isoformat(),
            "context": {"campaign": {"source": row["acquisition_channel"]}},
        }


def _lines(messages: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(message) + "\n" for message in messages)


def build_foreign_events(settings: Settings, target_path: Path) -> Settings:
    """Land both as instances of one source, and build what tells of events, sessions and people."""
    landing = LandingFolder(settings)
    landing.put("events@snowplow/events/events.jsonl", _lines(_snowplow_messages()))
    landing.put("events@retentioneering/events/events.jsonl", _lines(_ecom_messages()))
    landing.land()
    kinds = ("--resource-type", "model", "seed")
    run_dbt(settings, "build", "--select", *TABLES, *kinds, target_path=target_path)
    return settings


def rows_of(settings: Settings, sql: str) -> list[Row]:
    """Rows of a query on the work schemas, moments as text to the millisecond, so that the engines compare."""
    with open_warehouse(settings) as warehouse:
        return [tuple(_plain(value) for value in row) for row in warehouse.rows(sql)]


def _plain(value: Any) -> Any:
    return moment(value.replace(tzinfo=None).isoformat()) if isinstance(value, datetime) else value


def moment(text: str) -> str:
    """A moment as Snowplow writes it: to the millisecond, without a zone."""
    return datetime.fromisoformat(text).isoformat(" ", "milliseconds")
