"""The company's audiences at real servers: what each holds in the end is what the door let through, and nobody else."""

import csv
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml

from orchestration.activation.engine import run_sync
from orchestration.activation.outcomes import bring_outcomes
from orchestration.activation.running import SyncRun
from orchestration.activation.syncs import Sync, load_syncs
from orchestration.project import load_manifest
from orchestration.settings import Settings
from orchestration.warehouse import Row, open_warehouse
from tests.activation.file_servers import PASSWORD, USER, s3_server, sftp_server
from tests.activation.http_peer import HttpPeer, rows_of
from tests.activation.smtp_peer import SmtpPeer
from tests.end_to_end.served import copy_of

# Everybody who may be written to for marketing, once.
ROWS = """
    create or replace table work_activation.sync_{name}__people as
    select profile_id, min(email) as email, min(first_name) as first_name, count(*) as audience_count
    from work_activation.activation_door
    where purpose = 'marketing' and channel = 'email' and email is not null
    group by profile_id
"""
COLUMNS = ("profile_id", "email", "first_name", "audience_count")
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Company:
    """The built company, and syncs of its people to servers of this machine."""

    def __init__(self, built: Settings, folder: Path) -> None:
        self.settings = copy_of(built, folder)
        shutil.copyfile(built.serve_path, self.settings.serve_path)

    def sync(self, name: str, connection: dict[str, Any], **activation: Any) -> SyncRun:
        """Bring the people to a connection of this name."""
        self.execute(ROWS.format(name=name))
        return self.again(name, connection, **activation)

    def again(self, name: str, connection: dict[str, Any], **activation: Any) -> SyncRun:
        """Bring them again, as the table holds them."""
        self.settings.connections_path.write_text(yaml.safe_dump({"connections": {name: connection}}))
        return run_sync(self.settings, declared(name, **activation), now=lambda: NOW, requires_green=False)

    def people(self) -> dict[str, Row]:
        """By e-mail, who may be written to."""
        rows = self.rows("select email, profile_id, first_name, audience_count from work_activation.sync_hook__people")
        return {row[0]: row for row in rows}

    def rows(self, sql: str) -> list[Row]:
        """Rows of the warehouse."""
        with open_warehouse(self.settings) as warehouse:
            return warehouse.rows(sql)

    def execute(self, sql: str) -> None:
        """Run a statement."""
        with open_warehouse(self.settings) as warehouse:
            warehouse.execute(sql)


def declared(name: str, **activation: Any) -> Sync:
    """A sync of the people."""
    meta = {"connection": name, "object": "people", "key": ["email"], "purpose": "marketing"} | activation
    model = f"model.onefolk.sync_{name}__people"
    labels = {"email": "email", "first_name": "name"}
    columns = {
        column: {"config": {"meta": {"personal_data": labels[column]} if column in labels else {}}}
        for column in COLUMNS
    }
    exposure = {"name": f"{name}_people", "config": {"meta": {"activation": meta}}, "depends_on": {"nodes": [model]}}
    nodes = {model: {"name": f"sync_{name}__people", "columns": columns}}
    return load_syncs({"exposures": {"exposure.onefolk.x": exposure}, "nodes": nodes})[0]


@pytest.fixture(scope="module")
def shop(duckdb_company: Settings, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The company, with its people at hand."""
    found = Company(duckdb_company, tmp_path_factory.mktemp("deliveries"))
    found.execute(ROWS.format(name="hook"))
    return found


@pytest.fixture
def hook() -> Iterator[HttpPeer]:
    """A server that takes rows by HTTP."""
    with HttpPeer() as peer:
        yield peer


def test_a_webhook_holds_the_people(shop: Company, hook: HttpPeer) -> None:
    """Everybody arrives once; who withdraws leaves at the next run, though a guard would hold that many."""
    connection = {
        "type": "webhook", "url": hook.url("/people"), "allowed_private_hosts": ["127.0.0.1"], "upsert": True,
        "batching": "batch", "mapping": {"email": "$email", "name": "$first_name", "what": "$operation"},
    }  # fmt: skip
    run = shop.sync("hook", connection, channel="email")
    people = shop.people()
    assert len(people) > 20
    assert run.outcomes == {"ok": len(people)}
    sent = [row for request in hook.received for row in rows_of(request)]
    assert sorted(row["email"] for row in sent) == sorted(people)
    assert {row["email"]: row["name"] for row in sent} == {email: row[2] for email, row in people.items()}
    before = len(hook.received)
    assert shop.again("hook", connection, channel="email").planned == 0
    assert len(hook.received) == before

    leaving = sorted(people)[: len(people) // 2]
    listed = ", ".join(f"'{email}'" for email in leaving)
    shop.execute(
        "delete from work_consent.permissions where purpose = 'marketing' and channel = 'email' and profile_id in"
        f" (select profile_id from work_activation.sync_hook__people where email in ({listed}))"
    )
    shop.execute(f"delete from work_activation.sync_hook__people where email in ({listed})")
    held = shop.again("hook", connection, channel="email")
    assert held.status == "guarded"
    gone = [row["email"] for request in hook.received[before:] for row in rows_of(request) if row["what"] == "remove"]
    assert sorted(gone) == leaving


def test_a_table_of_postgres_holds_the_people(shop: Company, postgres_server: Path) -> None:
    """The table is made, has everybody, and loses who left."""
    host = str(postgres_server)
    connection = psycopg2.connect(host=host, user="postgres", dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("create database crm")
        declared_so = {"type": "postgres", "host": host, "user": "postgres", "dbname": "crm"}
        run = shop.sync("crm", declared_so, guards={"max_remove_share": 1})
        wanted = shop.rows("select email, first_name, audience_count from work_activation.sync_crm__people")
        assert run.outcomes == {"ok": len(wanted)}
        assert sorted(_held(host)) == sorted(wanted)
        shop.execute("delete from work_activation.sync_crm__people where audience_count = 1")
        shop.execute("update work_activation.sync_crm__people set first_name = 'Zoë \"O''Neil\" 王'")
        shop.again("crm", declared_so, guards={"max_remove_share": 1})
        left = shop.rows("select email, first_name, audience_count from work_activation.sync_crm__people")
        assert sorted(_held(host)) == sorted(left)
        cursor.execute("drop database crm")
    connection.close()


def _held(host: str) -> list[Row]:
    with psycopg2.connect(host=host, user="postgres", dbname="crm") as crm, crm.cursor() as cursor:
        cursor.execute("select email, first_name, audience_count from public.people")
        found = cursor.fetchall()
    crm.close()
    return found


def test_everybody_gets_one_letter(shop: Company, tmp_path: Path) -> None:
    """Each person who permits it gets one letter with their name and a way to unsubscribe, and never a second one."""
    template = tmp_path / "letter.txt"
    template.write_text("Dear {{ first_name }},\nthank you.\n")
    with SmtpPeer() as peer:
        connection = {
            "type": "smtp", "host": "127.0.0.1", "port": peer.port, "security": "none",
            "sender": "Shop <shop@shop.example>", "subject": "News", "template": str(template),
            "list_unsubscribe": "https://shop.example/unsubscribe?who={{ email }}",
            "caps": [{"messages": 2, "hours": 168}], "quiet_hours": {"start": 0, "end": 0},
        }  # fmt: skip
        run = shop.sync("post", connection, mode="append", channel="email")
        wanted = shop.rows("select email, first_name from work_activation.sync_post__people")
        named = {email for email, name in wanted if name}
        assert run.outcomes["ok"] == len(peer.letters)
        assert {letter.recipients[0] for letter in peer.letters} <= {email for email, _ in wanted}
        assert len({letter.recipients for letter in peer.letters}) == len(peer.letters) > 10
        assert run.outcomes["ok"] + run.outcomes.get("invalid", 0) + run.outcomes.get("suppressed", 0) == len(wanted)
        assert all("unsubscribe" in letter.message["List-Unsubscribe"] for letter in peer.letters)
        assert {letter.recipients[0] for letter in peer.letters} <= named, "a letter without a name is not sent"
        letters = len(peer.letters)
        shop.again("post", connection, mode="append", channel="email")
        assert len(peer.letters) == letters


@pytest.mark.parametrize("place", ["s3", "sftp"])
def test_files_hold_the_people(place: str, shop: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket and a folder of a server hold the manifest and lines of everybody, whole."""
    name = f"drop_{place}"
    if place == "s3":
        boto3 = pytest.importorskip("boto3")
        with s3_server() as port:
            monkeypatch.setenv("DROP_KEY", "key-of-ours")
            monkeypatch.setenv("DROP_SECRET", "secret-of-ours")
            url = f"http://127.0.0.1:{port}"
            store = boto3.client(
                "s3", endpoint_url=url, aws_access_key_id="r", aws_secret_access_key="r", region_name="eu-central-1"
            )
            store.create_bucket(Bucket="drop", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
            connection = {
                "type": "files", "place": "s3", "endpoint": url, "bucket": "drop", "region": "eu-central-1",
                "access_key_env": "DROP_KEY", "secret_key_env": "DROP_SECRET",
            }  # fmt: skip
            run = shop.sync(name, connection, formats=["jsonl", "parquet"])
            listed = store.list_objects_v2(Bucket="drop")["Contents"]
            found = {
                one["Key"].rsplit("/", 1)[-1]: store.get_object(Bucket="drop", Key=one["Key"])["Body"].read()
                for one in listed
            }
    else:
        (tmp_path / "served" / "incoming").mkdir(parents=True)
        monkeypatch.setenv("DROP_PASSWORD", PASSWORD)
        with sftp_server(tmp_path / "served") as server:
            connection = {
                "type": "files", "place": "sftp", "host": "127.0.0.1", "port": server.port, "user": USER,
                "password_env": "DROP_PASSWORD", "known_hosts": str(server.known_hosts(tmp_path / "known_hosts")),
                "folder": "/incoming/",
            }  # fmt: skip
            run = shop.sync(name, connection, formats=["jsonl", "parquet"])
        found = {path.name: path.read_bytes() for path in (tmp_path / "served/incoming/people").iterdir()}
    wanted = shop.rows(f"select profile_id, email from work_activation.sync_{name}__people order by email")
    assert run.outcomes == {"ok": len(wanted)}
    manifest = json.loads(found["manifest.json"])
    [lines] = [found[file["name"]] for file in manifest["files"] if file["name"].endswith(".jsonl")]
    told = [json.loads(line) for line in lines.decode().splitlines()]
    assert sorted((row["profile_id"], row["email"]) for row in told) == sorted(wanted)
    assert manifest["rows"] == len(wanted)


def test_customer_lists_hold_who_agrees(shop: Company) -> None:
    """Who permits both purposes is on each list, by hashes that SQL computes; the others are counted."""
    [sync] = [sync for sync in load_syncs(load_manifest()) if sync.name == "advertising_recent_buyers"]
    shop.execute("""
        create or replace table work_activation.sync_advertising__recent_buyers as
        select
            allowed.profile_id,
            max(case when contact.contact_type = 'email' then contact.contact_value end) as email,
            max(case when contact.contact_type = 'phone' then contact.contact_value end) as phone,
            'GRANTED' as ad_user_data,
            max(case when personal.is_allowed then 'GRANTED' else 'DENIED' end) as ad_personalization
        from work_consent.permissions as allowed
        inner join work_pii.contact_points as contact
            on allowed.profile_id = contact.profile_id and contact.is_primary
        left join work_consent.permissions as personal
            on allowed.profile_id = personal.profile_id
            and personal.channel = 'ads' and personal.purpose = 'personalisation'
        where
            allowed.channel = 'ads' and allowed.purpose = 'advertising' and allowed.is_allowed
            and contact.contact_type in ('email', 'phone')
        group by allowed.profile_id
    """)
    declared_so = {"connections": {"advertising": {"type": "advertising", "format": ["google", "meta"]}}}
    shop.settings.connections_path.write_text(yaml.safe_dump(declared_so))
    assert run_sync(shop.settings, sync, now=lambda: NOW, requires_green=False).status == "done"
    said = shop.rows("""
        select
            ad_personalization,
            sha256(case when domain in ('gmail.com', 'googlemail.com')
                then replace(split_part(address, '+', 1), '.', '') else address end || '@' || domain),
            sha256(phone),
            sha256(email),
            sha256(replace(phone, '+', ''))
        from (
            select *, split_part(email, '@', 1) as address, split_part(email, '@', 2) as domain
            from work_activation.sync_advertising__recent_buyers
        ) as parted
    """)
    people = [row for row in said if row[0] == "GRANTED"]
    assert len(said) > len(people) > 2
    for form, headers, place in (("google", ["Email", "Phone"], 1), ("meta", ["email", "phone"], 3)):
        folder = shop.settings.delivered_dir / "advertising" / f"recent_buyers_{form}"
        [path] = folder.glob("*.csv")
        with path.open(encoding="utf-8", newline="") as lines:
            found = [tuple(row[header] for header in headers) for row in csv.DictReader(lines)]
        assert sorted(found) == sorted((row[place] or "", row[place + 1] or "") for row in people)
        left_out = json.loads((folder / "manifest.json").read_text())["left_out"]
        assert left_out == {"denied": len(said) - len(people), "unusable": 0}


def test_what_became_of_it_comes_back(shop: Company) -> None:
    """Every run that ended is a raw row, with an outcome for each planned row, and which personal columns it sent."""
    with open_warehouse(shop.settings) as warehouse:
        assert bring_outcomes(shop.settings, warehouse) > 0
        assert bring_outcomes(shop.settings, warehouse) == 0
    for run_id, planned in shop.rows("select run_id, planned_count from raw_onefolk.sync_runs"):
        counted = shop.rows(f"select count(*) from raw_onefolk.sync_results where run_id = '{run_id}'")
        assert counted == [(planned,)]
    labels = {row[0] for row in shop.rows("select personal_data from raw_onefolk.sync_fields")}
    assert labels == {"email", "name", "phone", "address"}
    results = shop.rows("select distinct profile_id from raw_onefolk.sync_results")
    assert "@" not in str(results)
