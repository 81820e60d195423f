"""The floor of the profiles benchmark: what the facts of web events come to, as one script that DuckDB runs.

No dbt, no check of the raw rows, no profile: events taken apart and deduplicated once, sessions cut at pauses and at
campaigns, page views, carts, and what each visitor did of late. As a script it prints the work and the counts as JSON.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

SCRIPT = """
create or replace table floor.events as
with parsed as (
    select
        message_id, anonymous_id, user_id, type, event, cast("timestamp" as timestamp) as moment, _loaded_at,
        json_extract_string(context, [
            '$.page.path', '$.page.title', '$.page.referrer', '$.campaign.source', '$.campaign.medium',
            '$.campaign.name', '$.userAgent', '$.location.country'
        ]) as page,
        json_extract_string(properties, [
            '$.product_id', '$.cart_id', '$.price', '$.quantity', '$.total', '$.currency'
        ]) as item
    from raw_events.events
)
select
    message_id, anonymous_id as visitor, user_id, type, event, moment, page[1] as path, page[2] as title,
    page[3] as referrer, page[7] as user_agent, page[8] as country,
    nullif(concat_ws('|', page[4], page[5], page[6]), '') as campaign, item[1] as product_id, item[2] as cart_id,
    cast(item[3] as decimal(28, 6)) as price, cast(item[4] as decimal(28, 6)) as quantity,
    cast(item[5] as decimal(28, 6)) as total, item[6] as currency
from parsed
qualify row_number() over (partition by message_id order by _loaded_at desc) = 1;

create or replace table floor.visits as
with pauses as (
    select *, sum(case when moment <= before + interval 30 minute then 0 else 1 end) over in_order as pause
    from (select *, lag(moment) over (partition by visitor order by moment, message_id) as before from floor.events)
    window in_order as (partition by visitor order by moment, message_id rows unbounded preceding)
),
campaigns as (
    select *, coalesce(last_value(campaign ignore nulls) over (
        partition by visitor, pause order by moment, message_id rows unbounded preceding
    ), '') as lasting
    from pauses
),
changes as (
    select *, case when lasting <> lag(lasting) over (partition by visitor, pause order by moment, message_id)
        then 1 else 0 end as is_change
    from campaigns
),
parts as (
    select *, sum(is_change) over (
        partition by visitor, pause order by moment, message_id rows unbounded preceding
    ) as part
    from changes
)
select *, first_value(message_id) over (partition by visitor, pause, part order by moment, message_id) as session_id
from parts;

create or replace table floor.sessions as
select
    session_id, any_value(visitor) as visitor, arg_min(path, moment) as entry_path, arg_max(path, moment) as exit_path,
    arg_min(campaign, moment) as campaign, count(*) as events, count(*) filter (type = 'page') as pages,
    min(moment) as started_at, max(moment) as ended_at
from floor.visits group by session_id;

create or replace table floor.page_views as
select
    message_id, session_id, path, title, referrer, moment,
    row_number() over (partition by session_id order by moment, message_id) as page_number
from floor.visits where type = 'page';

create or replace table floor.carts as
select
    cart_id, arg_max(visitor, moment) as visitor, sum(price * quantity) as amount, min(moment) as created_at,
    max(moment) as changed_at
from floor.visits where cart_id is not null group by cart_id;

create or replace table floor.visitors as
select
    visitor, count(*) as sessions,
    count(*) filter (started_at > timestamp '{clock}' - interval 7 day) as sessions_7d,
    count(*) filter (started_at > timestamp '{clock}' - interval 30 day) as sessions_30d,
    count(*) filter (started_at > timestamp '{clock}' - interval 90 day) as sessions_90d,
    sum(pages) filter (started_at > timestamp '{clock}' - interval 30 day) as pages_30d
from floor.sessions group by visitor;
"""
COUNTS = """
select
    (select count(*) from floor.events), (select count(*) from floor.sessions),
    (select count(*) from floor.page_views), (select count(*) from floor.carts)
"""


def main(source: str, memory_limit: str, clock: str) -> None:
    """Run the script on the raw events of a warehouse, into a database beside it."""
    beside = str(Path(source).with_name("reckoned.duckdb"))
    with duckdb.connect(beside, config={"threads": 2, "memory_limit": memory_limit}) as floor:
        floor.execute(f"attach '{source}' as warehouse (read_only); create schema if not exists floor")
        started = time.perf_counter()
        floor.execute(SCRIPT.format(clock=clock).replace("raw_events.events", "warehouse.raw_events.events"))
        work = time.perf_counter() - started
        counts = floor.execute(COUNTS).fetchone()
    sys.stdout.write(json.dumps({"counts": counts, "work": work}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
