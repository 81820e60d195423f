"""The facts of web events, from raw rows to profiles: `uv run python tests/benchmarks/profiles.py --events 1000000`.

Events of visitors go straight into the raw table. Then staging takes them apart and the profiles room makes its facts
of them: whole, and again after 1 % more events landed, half of them late ones of visitors known before. The identity
room, which stands between the two, has a benchmark of its own and is built without being counted. The floor is the
same aggregates as one script that DuckDB runs (`profiles_floor.py`); events, sessions, page views and carts must agree.
"""

import argparse
import json
import math
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from orchestration.landing import land, load_contract
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import open_warehouse
from tests.benchmarks.identity_dbt import DbtRun, dbt, settings_of
from tests.benchmarks.identity_measuring import Cost, measured, work_of

FLOOR = Path(__file__).with_name("profiles_floor.py")
DAYS = ("2026-09-01T06:00:00Z", "2026-09-02T06:00:00Z")
LARGE = 100_000_000
TIMEOUT = 3_600.0
# Staging's part, the rooms between, and the part of the profiles room that tells of events.
STAGED = ("stg_events__events", "stg_events__event_properties")
BETWEEN = ("--select", "+profiles", "--exclude", *STAGED, "event_sessions+", "cart_items+")
FACTS = ("--select", "event_sessions+,path:models/profiles", "cart_items", "event_properties")
UNTESTED = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
# Ten events per visitor, in four sessions of up to three; every other session by a campaign, three of ten logged in.
EVENTS = """
insert into raw_events.events
(message_id, type, event, user_id, anonymous_id, "timestamp", context, properties,
    _loaded_at, _source_file, _source_row, _source_instance)
with drawn as (
    select
        range as no, {visitor} as visitor, range % 10 as place, (range % 10) // 3 as visit from range({first}, {last})
),
timed as (
    select
        *, md5('event ' || no) as digest, md5('visitor ' || visitor) as browser,
        timestamp '2026-06-04' + to_days(cast((visitor * 37 + visit * 23) % 85 as integer))
        + to_seconds((visitor * 7919 + visit * 104729 + {late}) % 80000 + place % 3 * 120) as moment
    from drawn
)
select
    substr(digest, 1, 16), case when place in (4, 7) then 'track' else 'page' end,
    case place when 4 then 'Product Viewed' when 7 then 'Product Added' end,
    case when visitor % 10 < 3 then 'user-' || visitor end, substr(browser, 1, 20),
    strftime(moment, '%Y-%m-%dT%H:%M:%SZ'),
    '{{"userAgent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/' || 100 + visitor % 40 || '.0", "ip": "192.0.2.'
    || visitor % 256 || '", "page": {{"path": "/p/' || no % 997 || '", "title": "Page ' || no % 997
    || '", "url": "https://shop.example/p/' || no % 997 || '", "referrer": "https://search.example/?q=' || no % 97
    || '"}}' || case when visit % 2 = 0 and place % 3 = 0
        then ', "campaign": {{"source": "mail", "medium": "email", "name": "week-' || visitor % 13 || '"}}' else '' end
    || ', "location": {{"country": "DE"}}}}',
    case when place in (4, 7) then '{{"product_id": "P-' || no % 500 || '", "price": ' || 5 + no % 90
        || ', "quantity": 1, "currency": "EUR"'
        || case when place = 7 then ', "cart_id": "cart-' || no || '"' else '' end || '}}' end,
    cast('{day}' as timestamp) - interval 1 hour, '{day}', no, 'main'
from timed
"""
OURS = """
select (select count(*) from work_staging.stg_events__events), (select count(*) from work_profiles.sessions),
    (select count(*) from work_profiles.page_views), (select count(*) from work_profiles.carts)
"""


@dataclass(frozen=True)
class Built:
    """One size: the cost of the floor, of the facts made whole, and of the increment; and whether the counts agree."""

    events: int
    floor: Cost
    whole: Cost
    increment: Cost
    verdict: str


def add_events(settings: Settings, events: int, increment: bool = False) -> None:
    """Insert the events, or 1 % more of them: half of visitors known before, among what they did, half of new ones."""
    with duckdb.connect(
        settings.warehouse_path, config={"threads": 2, "memory_limit": settings.memory_limit}
    ) as warehouse:
        if not increment:
            warehouse.execute(EVENTS.format(visitor="range // 10", first=0, last=events, late=0, day=DAYS[0]))
            return
        half = events // 200
        # One event each of every twentieth visitor, so that they spread over all of them.
        known = f"(range - {events}) * 20 % {events // 10}"
        warehouse.execute(EVENTS.format(visitor=known, first=events, last=events + half, late=60, day=DAYS[1]))
        later = {"first": events + half, "last": events + 2 * half}
        warehouse.execute(EVENTS.format(visitor="range // 10", **later, late=0, day=DAYS[1]))


def facts(settings: Settings, target: Path, say: Console) -> Cost:
    """Build up to the facts; the cost of staging and of the facts, added up, the peak that of the higher one."""
    runs = []
    for selection, is_counted in ((("--select", *STAGED), True), (BETWEEN, False), (FACTS, True)):
        run: DbtRun = dbt(settings, PROJECT_DIR, target, TIMEOUT, *selection, *UNTESTED)
        if run.cost.failure:
            raise SystemExit(run.cost.failure)
        worst = sorted(run.models.items(), key=lambda pair: -pair[1])[:6]
        say.print(f"  {run.cost.seconds:6.1f} s", ", ".join(f"{name} {took:.1f}" for name, took in worst))
        if is_counted:
            runs.append(run.cost)
    return Cost(
        wall=sum(cost.wall for cost in runs),
        cpu=sum(cost.cpu for cost in runs),
        peak_bytes=max(cost.peak_bytes for cost in runs),
        work=sum(cost.seconds for cost in runs),
    )


def measure(events: int, memory_limit: str, folder: Path, say: Console) -> Built:
    """Build, add 1 % and build again, with the floor between."""
    say.print(f"{events:,} events")
    home = folder / str(events)
    settings = settings_of(home, as_of=DAYS[0], memory_limit=memory_limit)
    with open_warehouse(settings) as warehouse:
        land(settings, warehouse, load_contract())
    add_events(settings, events)
    seeds = dbt(settings, PROJECT_DIR, home / "target", TIMEOUT, "--select", "resource_type:seed")
    if seeds.cost.failure:
        raise SystemExit(seeds.cost.failure)
    whole = facts(settings, home / "target", say)
    arguments = (str(settings.warehouse_path), memory_limit, DAYS[0][:19].replace("T", " "))
    floor, said = measured([sys.executable, str(FLOOR), *arguments], os.environ, PROJECT_DIR, TIMEOUT)
    if floor.failure:
        raise SystemExit(floor.failure)
    floor = work_of(floor, said)
    counts = json.loads(said.strip().splitlines()[-1])["counts"]
    with duckdb.connect(settings.warehouse_path, read_only=True) as warehouse:
        ours = list(warehouse.execute(OURS).fetchall()[0])
    verdict = "same" if ours == counts else f"ours {ours}, floor {counts}"
    add_events(settings, events, increment=True)
    later = settings_of(home, as_of=DAYS[1], memory_limit=memory_limit)
    return Built(events, floor, whole, facts(later, home / "target", say), verdict)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--large", action="store_true", help=f"also {LARGE:,} events")
    parser.add_argument("--memory-limit", default="2GB", help="DuckDB's, of ours as of the floor")
    arguments = parser.parse_args()
    screen = Console(width=150)
    table = Table(
        "events", "floor, s", "whole, s", "to the floor", "1 % more, s", "to the whole", "exponent", "peak MB", "counts"
    )
    last: Built | None = None
    with tempfile.TemporaryDirectory(prefix="onefolk_benchmark_") as folder:
        for events in [*arguments.events, *([LARGE] if arguments.large else [])]:
            built = measure(events, arguments.memory_limit, Path(folder), screen)
            exponent = "" if last is None else f"{_exponent(last, built):.2f}"
            table.add_row(
                f"{events:,}",
                f"{built.floor.seconds:.1f}",
                f"{built.whole.seconds:.1f}",
                f"{built.whole.seconds / built.floor.seconds:.2f}",
                f"{built.increment.seconds:.1f}",
                f"{built.increment.seconds / built.whole.seconds:.2f}",
                exponent,
                f"{max(built.whole.peak_bytes, built.increment.peak_bytes) / 1e6:,.0f}",
                built.verdict,
            )
            last = built
    screen.print(table)


def _exponent(small: Built, large: Built) -> float:
    """How the seconds of a whole build grow with events: 1 is in proportion."""
    return math.log(large.whole.seconds / small.whole.seconds) / math.log(large.events / small.events)


if __name__ == "__main__":
    main()
