"""What audiences cost: `uv run python tests/benchmarks/audiences.py --profiles 1000000 --events 10000000`.

Profiles and events are drawn into the tables that the room of audiences reads; then the room is built with 1, 10 and 50
audiences, half of which ask for events, and once more a day later, when 1 % of the profiles and events have changed.
The floor is the same memberships as one script: the events summed up per day once, and a query per audience.
"""

import argparse
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml
from rich.console import Console
from rich.table import Table

from orchestration.settings import PROJECT_DIR, Settings
from tests.benchmarks.identity_dbt import dbt, settings_of
from tests.benchmarks.identity_measuring import Cost

DAYS = ("2026-09-01T06:00:00Z", "2026-09-02T06:00:00Z")
COUNTS = (1, 10, 50)
TIMEOUT = 3_600.0
CATEGORIES = ("shoes", "bags", "tents", "maps", "coats")
ENGINE = PROJECT_DIR / "models" / "audiences"
SCHEMAS = ("staging", "identity", "profiles", "consent", "reference", "audiences")
# The tables before the room, drawn: a million profiles of whom 7 in 10 are known.
BEFORE = {
    "work_profiles.profiles": """
        select
            md5('profile ' || range) as profile_id, cast(range % 7 as integer) as order_count,
            cast(range % 1000 as numeric(28, 6)) as net_revenue_amount, cast(range % 3 as integer) as open_ticket_count,
            cast(range % 2 as integer) as email_count, cast(range % 3 as integer) as phone_count,
            cast(range % 4 as integer) as device_count, range % 10 < 7 as is_known,
            cast(timestamp '2026-09-01' - to_days(cast(range % 300 as integer)) as timestamp) as last_ordered_at
        from range({profiles})""",
    "work_profiles.customers": "select * from work_profiles.profiles where is_known",
    "work_profiles.events": """
        select
            'events' as event_source, cast(range as text) as event_id,
            md5('profile ' || hash(range) % {profiles}) as profile_id, 'first' as data_party,
            'product-' || range % 997 as product_id,
            ['shoes', 'bags', 'tents', 'maps', 'coats'][cast(range % 5 + 1 as integer)] as category, 'web' as channel,
            case range % 4 when 0 then 'Product Added' when 1 then 'Page' else 'Product Viewed' end as event_name,
            cast(timestamp '2026-09-01' - to_seconds(cast(hash(range * 7) % (80 * 86400) as integer)) as timestamp)
                as occurred_at
        from range({events})""",
    "work_profiles.order_lines": """
        select
            '' as order_source, '' as order_id, 1 as line_no, '' as profile_id, '' as product_id, '' as category,
            'EUR' as currency, true as is_valid, timestamp '2026-01-01' as ordered_at
        where 1 = 0""",
    "work_profiles.event_properties": "select '' as event_id, '' as property_name, '' as property_value where 1 = 0",
    "work_identity.profile_id_map": """
        select profile_id, profile_id as live_profile_id, false as is_ambiguous from work_profiles.profiles""",
    "work_identity.identity_events": """
        select '' as from_profile_id, '' as to_profile_id, '' as event_type, timestamp '2026-01-01' as occurred_at
        where 1 = 0""",
    "work_staging.landings": """
        select 'events' as source_name, 'events' as table_name, 1 as row_count, timestamp '2026-09-01' as loaded_at""",
    "work_consent.permissions": """
        select profile_id, 'marketing' as purpose, channel, 'granted' as reason, true as is_allowed
        from work_profiles.customers cross join (values ('email'), ('sms')) as channels(channel)
        where order_count < 5""",
    "work_reference.channels": """
        select * from (values ('email', 'email'), ('sms', 'phone'), ('push', 'device')) as kinds(channel, contact_type)
        """,
}
CHANGED = (
    "update work_profiles.profiles set order_count = order_count + 1, last_ordered_at = timestamp '2026-09-01'"
    " where hash(profile_id) % 100 = 0",
    "create or replace table work_profiles.customers as select * from work_profiles.profiles where is_known",
    "insert into work_profiles.events select event_source, 'later ' || event_id, profile_id, data_party, product_id,"
    " category, channel, event_name, timestamp '2026-09-01 12:00:00' from work_profiles.events using sample 1 percent",
)


@dataclass(frozen=True)
class Built:
    """What the room cost with so many audiences: floor, whole, a day later; members and whether the floor agrees."""

    audiences: int
    floor: float
    whole: Cost
    later: Cost
    members: int
    verdict: str


def audience(number: int) -> tuple[str, list[str]]:
    """The SQL of an audience and its conditions; every second one asks for events, each in its own way."""
    bought, revenue, quiet = number % 5, number * 17 % 900, 20 + number * 5 % 200
    conditions = [
        f"customers.order_count >= {bought} as has_bought",
        f"customers.net_revenue_amount >= {revenue} as is_of_value",
        f"customers.last_ordered_at < {{{{ days_ago({quiet}) }}}} as is_quiet",
    ]
    if number % 2:
        return f"select customers.profile_id, {', '.join(conditions)} from {{{{ ref('customers') }}}} as customers", [
            "has_bought",
            "is_of_value",
            "is_quiet",
        ]
    asked = f"'Product Viewed', at_least={2 + number % 3}, within_days={7 + number}, " + (
        f"where={{'category': '{CATEGORIES[number % 5]}'}}"
    )
    return (
        f"with viewed as ({{{{ did_event({asked}) }}}}) select customers.profile_id, {', '.join(conditions[:2])},"
        " viewed.profile_id is not null as has_viewed from {{ ref('customers') }} as customers"
        " left join viewed on customers.profile_id = viewed.profile_id"
    ), ["has_bought", "is_of_value", "has_viewed"]


def a_project(folder: Path, count: int) -> Path:
    """A project of the room with so many audiences; of the models before it only the names."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "models" / "audiences").mkdir(parents=True)
    project = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text())
    names = [f"number_{number}" for number in range(count)]
    project["vars"]["audiences"] = names
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(project, sort_keys=False))
    for shared in ("macros", "tests/generic", "models/_groups.yml"):
        (folder / shared).parent.mkdir(exist_ok=True)
        (folder / shared).symlink_to(PROJECT_DIR / shared)
    for table in BEFORE:
        room, name = table.removeprefix("work_").split(".")
        (folder / "models" / room).mkdir(exist_ok=True)
        (folder / "models" / room / f"{name}.sql").write_text(
            f"{{{{ config(access='public', schema='{room}') }}}} select 1 as one"
        )
    engine = [path for path in ENGINE.glob("*.sql") if not path.name.startswith("aud_")]
    kept = [path for path in engine if path.stem not in ("audience_lists", "store_distances")]
    for path in kept:
        (folder / "models/audiences" / path.name).symlink_to(path)
    properties = yaml.safe_load((ENGINE / "_audiences__models.yml").read_text())
    models: list[dict[str, Any]] = [
        model for model in properties["models"] if model["name"] in {path.stem for path in kept}
    ]
    for number, name in enumerate(names):
        sql, conditions = audience(number)
        (folder / "models/audiences" / f"aud_{name}.sql").write_text(f"{sql}\n")
        columns = [{"name": "profile_id", "data_type": "text"}]
        columns += [{"name": condition, "data_type": "boolean"} for condition in conditions]
        meta = {"key": ["profile_id"], "audience": {"purpose": "marketing", "owner": "CRM"}}
        models.append(
            {
                "name": f"aud_{name}",
                "config": {"access": "public", "contract": {"enforced": True}, "meta": meta},
                "data_tests": [{"is_key": {"arguments": {"columns": ["profile_id"]}}}],
                "columns": columns,
            }
        )
    (folder / "models/audiences/models.yml").write_text(yaml.safe_dump({"version": 2, "models": models}))
    return folder


def draw(settings: Settings, profiles: int, events: int) -> None:
    """Fill the tables before the room."""
    settings.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(settings.warehouse_path, config={"threads": 2, "memory_limit": settings.memory_limit}) as made:
        made.execute("set preserve_insertion_order = false")
        for schema in SCHEMAS:
            made.execute(f"create schema if not exists work_{schema}")
        for table, sql in BEFORE.items():
            made.execute(f"create table {table} as {sql.format(profiles=profiles, events=events)}")


def floor(warehouse: Path, memory_limit: str, count: int) -> tuple[float, int]:
    """Seconds and members of the same memberships by hand: the events summed up once, and a query per audience."""
    with duckdb.connect(warehouse, config={"threads": 2, "memory_limit": memory_limit}) as made:
        made.execute("create schema floor")
        started = time.monotonic()
        made.execute(
            "create or replace table floor.days as select profile_id, event_name, category,"
            " cast(occurred_at as date) as day, count(*) as n from work_profiles.events group by all"
        )
        members = 0
        for number in range(count):
            where = [
                f"order_count >= {number % 5}",
                f"net_revenue_amount >= {number * 17 % 900}",
            ]
            if number % 2:
                where.append(f"last_ordered_at < timestamp '2026-09-01' - to_days({20 + number * 5 % 200})")
            else:
                where.append(
                    "profile_id in (select profile_id from floor.days where event_name = 'Product Viewed'"
                    f" and category = '{CATEGORIES[number % 5]}' and day >= date '2026-09-01' - {7 + number}"
                    f" group by profile_id having sum(n) >= {2 + number % 3})"
                )
            made.execute(
                "create or replace table floor.members as select profile_id from work_profiles.customers where "
                + " and ".join(where)
            )
            members += int(made.execute("select count(*) from floor.members").fetchall()[0][0])
        seconds = time.monotonic() - started
        made.execute("drop schema floor cascade")
    return seconds, members


def measure(folder: Path, profiles: int, events: int, count: int, memory_limit: str, say: Console) -> Built:
    """Build with so many audiences, and again a day later."""
    home = folder / f"{count}"
    settings = settings_of(home, as_of=DAYS[0], memory_limit=memory_limit)
    draw(settings, profiles, events)
    by_hand, wanted = floor(settings.warehouse_path, memory_limit, count)
    project = a_project(home / "project", count)
    costs = []
    for day in DAYS:
        run = dbt(
            settings_of(home, as_of=day, memory_limit=memory_limit),
            project,
            home / "target",
            TIMEOUT,
            *("--select", "path:models/audiences"),
        )
        if run.cost.failure:
            raise SystemExit(run.cost.failure)
        worst = sorted(run.models.items(), key=lambda pair: -pair[1])[:8]
        say.print(f"  {run.cost.seconds:6.1f} s", ", ".join(f"{name} {took:.1f}" for name, took in worst))
        costs.append(run.cost)
        with duckdb.connect(settings.warehouse_path, config={"threads": 2}) as warehouse:
            if day == DAYS[0]:
                found = warehouse.execute("select count(*) from work_audiences.audience_members").fetchall()[0][0]
                for sql in CHANGED:
                    warehouse.execute(sql)
    shutil.rmtree(home)
    verdict = "same" if found == wanted else f"ours {found:,}, floor {wanted:,}"
    return Built(count, by_hand, costs[0], costs[1], found, verdict)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--audiences", type=int, nargs="+", default=list(COUNTS))
    parser.add_argument("--memory-limit", default="2GB", help="DuckDB's, of ours as of the floor")
    arguments = parser.parse_args()
    screen = Console(width=150)
    table = Table(
        *("audiences", "floor, s", "whole, s", "to the floor", "to the first", "a day later, s", "to the whole"),
        *("peak MB", "members", "counts"),
    )
    first: Built | None = None
    with tempfile.TemporaryDirectory(prefix="onefolk_benchmark_") as folder:
        for count in arguments.audiences:
            screen.print(f"{count} audiences")
            built = measure(Path(folder), arguments.profiles, arguments.events, count, arguments.memory_limit, screen)
            first = first or built
            table.add_row(
                f"{count}",
                f"{built.floor:.1f}",
                f"{built.whole.seconds:.1f}",
                f"{built.whole.seconds / built.floor:.2f}",
                f"{built.whole.seconds / first.whole.seconds:.2f}",
                f"{built.later.seconds:.1f}",
                f"{built.later.seconds / built.whole.seconds:.2f}",
                f"{max(built.whole.peak_bytes, built.later.peak_bytes) / 1e6:,.0f}",
                f"{built.members:,}",
                built.verdict,
            )
    screen.print(table)


if __name__ == "__main__":
    sys.exit(main())
