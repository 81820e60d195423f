"""Questions put to MetricFlow, each with SQL on the published tables that was written by hand."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """What is asked of MetricFlow, and SQL with columns of the same names."""

    by: tuple[str, ...]
    metrics: tuple[str, ...]
    sql: str
    more: tuple[str, ...] = ()


MONTHS = """
with months as (
    select date_trunc('month', day_date) as metric_time__month, count(*) as days from profiles.days group by 1
),
bought as (
    select date_trunc('month', orders.ordered_at) as metric_time__month, count(*) as orders,
        coalesce(sum(orders.net_project_amount), 0) as revenue, avg(orders.net_project_amount) as average_order_value,
        count(distinct customers.profile_id) as active_customers,
        count(*) - count(orders.net_project_amount) as unpriced_orders
    from profiles.orders as orders
    left join profiles.customers as customers on orders.profile_id = customers.profile_id
    where orders.order_status not in ('cancelled', 'failed')
    group by 1
),
visited as (
    select date_trunc('month', started_at) as metric_time__month, count(*) as sessions,
        count(case when has_order then 1 end) as converting_sessions
    from profiles.sessions group by 1
),
seen as (
    select date_trunc('month', first_seen_at) as metric_time__month, count(*) as customers
    from profiles.customers group by 1
)
select months.metric_time__month, months.days, coalesce(bought.orders, 0) as orders,
    coalesce(bought.revenue, 0) as revenue, bought.average_order_value,
    coalesce(bought.active_customers, 0) as active_customers,
    coalesce(bought.unpriced_orders, 0) as unpriced_orders, coalesce(visited.sessions, 0) as sessions,
    coalesce(visited.converting_sessions, 0) as converting_sessions,
    1.0 * visited.converting_sessions / visited.sessions as conversion_rate, coalesce(seen.customers, 0) as customers
from months
left join bought on months.metric_time__month = bought.metric_time__month
left join visited on months.metric_time__month = visited.metric_time__month
left join seen on months.metric_time__month = seen.metric_time__month
"""

# Customers of every country, whether they bought or not; orders and buyers of nobody stand under no country.
COUNTRIES = """
select customers.country as profile__country, count(distinct customers.profile_id) as customers,
    count(distinct case when orders.is_valid then customers.profile_id end) as active_customers,
    count(case when orders.is_valid then 1 end) as orders,
    coalesce(sum(case when orders.is_valid then orders.net_project_amount end), 0) as revenue
from profiles.customers as customers
full join profiles.orders as orders on customers.profile_id = orders.profile_id
group by 1
"""

# Refunds are summed up from the refunds, in one currency, whose orders need no rate.
RETURNS = """
select orders.order_channel as purchase__order_channel, count(*) as orders,
    sum(orders.total_amount) - coalesce(sum(refunds.amount), 0) as revenue
from profiles.orders as orders
left join (
    select order_source, order_id, sum(refund_amount) as amount from profiles.refunds group by order_source, order_id
) as refunds on orders.order_source = refunds.order_source and orders.order_id = refunds.order_id
where orders.currency = 'EUR' and orders.order_status not in ('cancelled', 'failed')
group by 1
"""

# Who bought first in a month, and whether a later purchase came within 90 days; of two at the same second any is first.
COHORTS = """
with bought as (
    select orders.profile_id, orders.ordered_at
    from profiles.orders as orders
    inner join profiles.customers as customers on orders.profile_id = customers.profile_id
    where orders.order_status not in ('cancelled', 'failed')
),
firsts as (select profile_id, min(ordered_at) as first_at, count(*) as times from bought group by profile_id),
seconds as (
    select firsts.profile_id, min(bought.ordered_at) as second_at
    from firsts inner join bought on firsts.profile_id = bought.profile_id and bought.ordered_at > firsts.first_at
    group by firsts.profile_id
)
select date_trunc('month', firsts.first_at) as metric_time__month, count(*) as first_time_buyers,
    count(case when cast(seconds.second_at as date) - cast(firsts.first_at as date) <= 90 then 1 end)
        as retained_buyers,
    1.0 * count(case when cast(seconds.second_at as date) - cast(firsts.first_at as date) <= 90 then 1 end) / count(*)
        as retention_rate
from firsts left join seconds on firsts.profile_id = seconds.profile_id
group by 1
"""

DEVICES = """
select device_type as session__device_type, utm_medium as session__utm_medium, count(*) as sessions,
    avg(case when has_order then 1.0 else 0 end) as conversion_rate
from profiles.sessions group by device_type, utm_medium
"""

MONTH = "metric_time__month"
TRADE = ("revenue", "orders", "average_order_value", "active_customers", "unpriced_orders", "customers")
VISITS = ("sessions", "converting_sessions", "conversion_rate")
QUESTIONS = {
    "months": Question((MONTH,), ("days", *TRADE, *VISITS), MONTHS),
    "countries": Question(("profile__country",), ("customers", "active_customers", "orders", "revenue"), COUNTRIES),
    "returns": Question(
        ("purchase__order_channel",),
        ("orders", "revenue"),
        RETURNS,
        ("--where", "{{ Dimension('purchase__currency') }} = 'EUR'"),
    ),
    "cohorts": Question((MONTH,), ("first_time_buyers", "retained_buyers", "retention_rate"), COHORTS),
    "devices": Question(("session__device_type", "session__utm_medium"), ("sessions", "conversion_rate"), DEVICES),
}

# Published tables of a few people, of which every answer can be counted on the fingers.
FEW_PEOPLE = """
create schema profiles;
create table profiles.days as
    select cast(day as date) as day_date
    from generate_series(date '2026-01-01', date '2026-03-31', interval '1' day) as series (day);
create table profiles.customers as
    select * from (values ('anna'), ('bo'), ('cleo'), ('dora'), ('never bought')) as customers (profile_id)
    cross join (select true as is_known, timestamp '2026-02-01 00:00:00' as first_seen_at) as seen;
create table profiles.orders as
    select * from (values
        ('in time', 'anna', 1, 90, 10.0, true, timestamp '2026-01-31 23:59:59'),
        ('a day late', 'bo', 1, 91, 20.0, true, timestamp '2026-01-01 00:00:00'),
        ('known by a card alone', 'card', 1, 1, 100.0, true, timestamp '2026-01-02 00:00:00'),
        ('of nobody', null, null, null, 5.0, true, timestamp '2026-01-02 00:00:00'),
        ('cancelled', 'anna', null, null, 1000.0, false, timestamp '2026-02-01 00:00:00'),
        ('without a rate', 'cleo', 1, null, null, true, timestamp '2026-03-01 00:00:00'),
        ('sent back', 'dora', 1, null, 0.0, true, timestamp '2026-03-31 23:59:59')
    ) as orders (
        order_id, profile_id, purchase_number, days_to_next_purchase, net_project_amount, is_valid, ordered_at
    );
"""
THEIR_METRICS = ("days", *TRADE, "first_time_buyers", "retained_buyers", "retention_rate")
THEIR_MONTHS = {
    "2026-01-01": (31, 135, 4, 33.75, 2, 0, 0, 2, 1, 0.5),
    "2026-02-01": (28, 0, 0, None, 0, 0, 5, 0, 0, None),
    "2026-03-01": (31, 0, 2, 0, 2, 1, 0, 2, 0, 0),
}
THEIR_ANSWER = {(month,): dict(zip(THEIR_METRICS, numbers, strict=True)) for month, numbers in THEIR_MONTHS.items()}
