"""The whole identity room of the project in the identity benchmark: from raw rows, after 1 % more, and after 1 % fewer.

The rows go straight into the raw tables, all of them first-party, so that every link may be used. A row's
`_source_row` is the person it is about, which is how 1 % of them are found again for removal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from orchestration.landing import land, load_contract
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import open_warehouse
from tests.benchmarks.identity_checks import checking_connection, scipy_truth, verdict
from tests.benchmarks.identity_dbt import DbtRun, dbt, settings_of
from tests.benchmarks.identity_graphs import LINKS_PER_PERSON

# The models of the room and what they are made from, without the tests.
SELECTION = (
    "--select",
    "+path:models/identity",
    "--exclude-resource-type",
    "test",
    "--exclude-resource-type",
    "unit_test",
)
# One day per build: a later clock than the one before, as in a company.
DAYS = ("2026-09-01T06:00:00Z", "2026-09-02T06:00:00Z", "2026-09-03T06:00:00Z")
STEPS = ("whole", "1 % more", "1 % fewer")
# Seven of ten people are known; of the other three only a cookie on a device is.
# Every other choice divides by a number without a common factor with ten, so that choices don't hang together.
IS_KNOWN = "person % 10 < 7"
PEOPLE = """
create or replace temp view people as
select
    range as person,
    md5('person ' || range) as digest,
    -- One in 23 writes from the address of somebody else, one in 9 has the phone of a neighbour.
    md5('person ' || case when range % 23 = 3 and range > 100 then range - 100 else range end) as email_digest,
    case when range % 9 = 3 and range > 100 then range - 20 else range end as phone_person
from range({first}, {last})
"""
EMAIL = "substr(email_digest, 1, 16) || '@mail.example'"
PHONE = "'+4915' || lpad(cast(phone_person * 48271 % 999999937 as text), 9, '0')"
STAMPS = "cast('{day}' as timestamp) - interval 1 hour, '{day}', person, 'main'"
STAMP_COLUMNS = "_loaded_at, _source_file, _source_row, _source_instance"
SEEN = "'2026-08-' || lpad(cast(1 + person % 28 as text), 2, '0') || ' 12:00:00'"
INSERTS = (
    f"""
    insert into raw_crm.contacts (contact_id, email, phone, country, created_at, updated_at, {STAMP_COLUMNS})
    select 'contact-' || digest, {EMAIL}, {PHONE}, 'DE', {SEEN}, {SEEN}, {STAMPS} from people where {IS_KNOWN}
    """,
    f"""
    insert into raw_commerce.customers (shop_customer_id, email, created_at, updated_at, {STAMP_COLUMNS})
    select 'shop-' || digest, {EMAIL}, {SEEN}, {SEEN}, {STAMPS} from people where {IS_KNOWN} and person % 11 < 9
    """,
    f"""
    insert into raw_events.events
    (message_id, type, user_id, anonymous_id, "timestamp", traits, context, {STAMP_COLUMNS})
    select
        'identify-' || digest, 'identify', 'user-' || digest, 'visitor-' || digest, {SEEN},
        '{{{{"email": "' || {EMAIL} || '"}}}}', null, {STAMPS}
    from people where {IS_KNOWN}
    union all
    select
        'page-' || digest, 'page', null, 'visitor-' || digest, {SEEN}, null,
        '{{{{"device": {{{{"id": "device-' || digest || '"}}}}}}}}', {STAMPS}
    from people where not {IS_KNOWN}
    """,
)
# Half of an increment is new people; the other half is known people in a new browser.
NEW_BROWSERS = f"""
    insert into raw_events.events (message_id, type, user_id, anonymous_id, "timestamp", {STAMP_COLUMNS})
    select
        'again-' || digest, 'page', 'user-' || digest, 'visitor-again-' || digest, '2026-09-01 12:00:00', {STAMPS}
    from people where {IS_KNOWN} and person % 1000 < {{per_mille}}
"""
LINKS = "work_identity.identity_links"
TABLES = ("raw_crm.contacts", "raw_commerce.customers", "raw_events.events", "work_staging.stg_events__events")


@dataclass(frozen=True)
class RoomBuild:
    """One build of the room: which, what it cost, how many links were accepted and rejected, and the partition."""

    step: str
    run: DbtRun
    links: int = 0
    rejected: int = 0
    partition: str = ""


def builds(home: Path, links: int, timeout: float, memory_limit: str) -> Iterator[RoomBuild]:
    """Build the room from about this many links, then with 1 % more, then with 1 % fewer."""
    people = int(links / LINKS_PER_PERSON)
    changes = (
        partial(add_people, first=0, last=people, day=DAYS[0]),
        partial(add_one_percent, people=people, day=DAYS[1]),
        remove_one_percent,
    )
    for step, day, change in zip(STEPS, DAYS, changes, strict=True):
        settings = settings_of(home, as_of=day, memory_limit=memory_limit)
        if step == STEPS[0]:
            with open_warehouse(settings) as warehouse:
                land(settings, warehouse, load_contract())
        with duckdb.connect(settings.warehouse_path, config={"threads": 2}) as warehouse:
            change(warehouse)
        run = dbt(settings, PROJECT_DIR, home / "target", timeout, *SELECTION)
        if run.cost.failure:
            yield RoomBuild(step, run)
            return
        yield looked_at(step, run, settings)


def add_people(warehouse: duckdb.DuckDBPyConnection, first: int, last: int, day: str) -> None:
    """Insert everything that the sources know about a range of people."""
    warehouse.execute(PEOPLE.format(first=first, last=last))
    for insert in INSERTS:
        warehouse.execute(insert.format(day=day))


def add_one_percent(warehouse: duckdb.DuckDBPyConnection, people: int, day: str) -> None:
    """Insert rows worth 1 % of the links: new people, and known people in a new browser."""
    add_people(warehouse, people, people + people // 200, day)
    warehouse.execute(PEOPLE.format(first=0, last=people))
    # A new browser is one link, and 0.7 of the people may get one.
    warehouse.execute(NEW_BROWSERS.format(day=day, per_mille=round(1000 * 0.005 * LINKS_PER_PERSON / 0.7)))


def remove_one_percent(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Delete every row about 1 % of the people that outlives a build."""
    for table in TABLES:
        # Staging reads events only once, so whoever takes one away takes it away there too.
        column = "_source_row" if table.startswith("raw_") else "source_row"
        warehouse.execute(f"delete from {table} where {column} % 101 = 37")


def looked_at(step: str, run: DbtRun, settings: Settings) -> RoomBuild:
    """Count the links of a build, and compare profiles of linked identifiers with scipy's components of the links."""
    with checking_connection(settings.warehouse_path) as warehouse:
        accepted, rejected = warehouse.execute(
            f"select (select count(*) from {LINKS}), (select count(*) from {LINKS}_rejected)"
        ).fetchall()[0]
        scipy_truth(warehouse, f"select identifier_key_a as key_a, identifier_key_b as key_b from {LINKS}")
        warehouse.execute(
            "create or replace temp view profiles as"
            " select identifier_key as node_key, profile_id as component_key from work_identity.identifiers"
        )
        found = verdict(warehouse, "results.truth", "node_key", "profiles", may_have_more=True)
    return RoomBuild(step, run, int(accepted), int(rejected), found)
