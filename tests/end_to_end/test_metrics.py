"""What MetricFlow answers is what SQL written by hand says of the published tables, on both engines."""

import csv
import math
import re
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestration.metrics import MetricsError, prepare_mf
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import open_duckdb, open_warehouse
from tests.conftest import SettingsFactory
from tests.end_to_end.company import environment, onefolk, run

# By what one groups by: each number.
Answer = dict[tuple[str, ...], dict[str, float | None]]


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
select months.metric_time__month, months.days, coalesce(bought.orders, 0) as orders, coalesce(bought.revenue, 0) as revenue,
    bought.average_order_value, coalesce(bought.active_customers, 0) as active_customers,
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

EXAMPLES = re.findall(
    r"^uv run onefolk (mf query .+)$",
    (PROJECT_DIR / "models" / "profiles" / "metrics.md").read_text(encoding="utf-8"),
    flags=re.MULTILINE,
)


@pytest.fixture(params=["duckdb", "postgres"])
def company_settings(request: pytest.FixtureRequest) -> Settings:
    """The company, once per engine."""
    settings: Settings = request.getfixturevalue(f"{request.param}_company")
    return settings


def by_hand(settings: Settings, question: Question) -> Answer:
    """The answer of the SQL, on what readers see."""
    names = (*question.by, *question.metrics)
    served = settings.target == "duckdb"
    opened = open_duckdb(settings.serve_path, settings, read_only=True) if served else open_warehouse(settings)
    with opened as tables:
        rows = tables.rows(f"select {', '.join(names)} from ({question.sql}) as answer")
    return answer(question.by, [dict(zip(names, row, strict=True)) for row in rows])


def by_metricflow(settings: Settings, folder: Path, question: Question) -> Answer:
    """The answer of `onefolk mf query`."""
    written = folder / "answer.csv"
    asked = ("--metrics", ",".join(question.metrics), "--group-by", ",".join(question.by), *question.more)
    run(settings, "mf", "query", "--quiet", "--csv", str(written), *asked)
    with written.open(encoding="utf-8", newline="") as lines:
        return answer(question.by, list(csv.DictReader(lines)))


def answer(by: Sequence[str], rows: list[dict[str, Any]]) -> Answer:
    """Rows by what they are grouped by; a group that stands twice is no answer."""
    found: Answer = {}
    for row in rows:
        # Of a month its day: engines write midnight in different ways.
        group = tuple("" if row[name] is None else str(row.pop(name))[: 10 if name == MONTH else None] for name in by)
        assert group not in found, f"{group} stands twice"
        numbers = ((name, value) for name, value in row.items() if name not in by)
        found[group] = {name: None if value in (None, "") else float(value) for name, value in numbers}
    return found


def assert_same(one: Answer, other: Answer) -> None:
    """Fail with the first number that differs."""
    assert one.keys() == other.keys()
    for group, numbers in one.items():
        assert numbers.keys() == other[group].keys()
        for name, number in numbers.items():
            there = other[group][name]
            if number is None or there is None:
                assert number is there, f"{name} of {group}: {number} and {there}"
            else:
                assert math.isclose(number, there, rel_tol=1e-9), f"{name} of {group}: {number} and {there}"


@pytest.mark.parametrize("name", QUESTIONS)
def test_metrics_are_what_sql_says(name: str, company_settings: Settings, tmp_path: Path) -> None:
    """Each metric by each dimension is the number of a query written by hand, on both engines."""
    expected = by_hand(company_settings, QUESTIONS[name])
    assert_same(by_metricflow(company_settings, tmp_path, QUESTIONS[name]), expected)
    assert any(number for numbers in expected.values() for number in numbers.values())


def test_the_company_has_what_makes_metrics_wrong(duckdb_company: Settings) -> None:
    """The answers above were put to the test: empty months, customers who never bought, returns, orders of nobody."""
    months = by_hand(duckdb_company, QUESTIONS["months"])
    assert any(numbers["orders"] == 0 and numbers["days"] for numbers in months.values())
    countries = by_hand(duckdb_company, QUESTIONS["countries"]).values()
    assert any((numbers["customers"] or 0) > (numbers["active_customers"] or 0) for numbers in countries)
    with open_duckdb(duckdb_company.serve_path, duckdb_company, read_only=True) as served:
        returns, nobodys, cancelled = served.rows(
            "select count(case when is_valid and refunded_amount > 0 and currency = 'EUR' then 1 end),"
            " count(case when is_valid and profile_id is null then 1 end), count(case when not is_valid then 1 end)"
            " from profiles.orders"
        )[0]
    assert returns
    assert nobodys
    assert cancelled


def test_the_definitions_are_valid(company_settings: Settings) -> None:
    """MetricFlow finds nothing wrong in the definitions, and each runs on the published tables."""
    said = run(company_settings, "mf", "validate-configs", "--show-all").stdout
    assert said.count("ERRORS: 0, FUTURE_ERRORS: 0, WARNINGS: 0") == 6, said


@pytest.mark.parametrize("example", EXAMPLES)
def test_worked_examples_run(example: str, company_settings: Settings) -> None:
    """Each command of the documentation has an answer."""
    said = run(company_settings, *shlex.split(example), "--quiet").stdout
    assert len(said.strip().splitlines()) > 2, said


def test_there_are_three_examples() -> None:
    """The documentation shows three queries."""
    assert len(EXAMPLES) == 3


def test_readers_disturb_no_build(duckdb_company: Settings) -> None:
    """Metrics are answered while the warehouse is held by its writer, and what readers see stays as it is."""
    before = duckdb_company.serve_path.read_bytes()
    with open_warehouse(duckdb_company):
        run(duckdb_company, "mf", "query", "--metrics", "revenue")
    assert duckdb_company.serve_path.read_bytes() == before


def test_nothing_is_sent(duckdb_company: Settings, tmp_path: Path) -> None:
    """`onefolk mf` calls nobody, where MetricFlow's own command line would ask for a newer version of itself."""
    own = "import sys; from dbt_metricflow.cli.main import cli; cli(sys.argv[1:])"
    for command, calls in (
        (onefolk(duckdb_company, "mf", "list", "metrics"), False),
        ([sys.executable, "-c", own, "list", "metrics"], True),
    ):
        with _proxy() as (address, called):
            proxies = {name: address for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")}
            # Where a newer version was asked for lately, the answer is remembered in the folder of temporary files.
            asked = environment(duckdb_company) | proxies | prepare_mf(duckdb_company)
            asked |= {"TMPDIR": str(tmp_path), "no_proxy": "", "NO_PROXY": ""}
            asked |= {} if calls else {"ONEFOLK_TARGET": "duckdb"}
            done = subprocess.run(command, cwd=PROJECT_DIR, env=asked, capture_output=True, text=True)
        assert "revenue" in done.stdout, done.stdout + done.stderr
        assert called.is_set() is calls


@contextmanager
def _proxy() -> Iterator[tuple[str, threading.Event]]:
    """The address of a proxy that lets nothing through, and whether anybody called."""
    called = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                called.set()
                caller.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}", called
        finally:
            server.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=10)


def test_a_prefix_has_its_own_metrics(duckdb_company: Settings, tmp_path: Path) -> None:
    """Each prefix asks its own published tables, whichever prefix dbt parsed the project with."""
    prefixed = duckdb_company.model_copy(update={"schema_prefix": "eu_"})
    found = Path(prepare_mf(prefixed)["DBT_PROJECT_DIR"]) / "target" / "semantic_manifest.json"
    assert set(re.findall(r'"schema_name": "(\w+)"', found.read_text(encoding="utf-8"))) == {"eu_profiles"}


def test_what_is_not_there_is_said(make_settings: SettingsFactory, duckdb_company: Settings) -> None:
    """Before anything is published, and of a metric that nobody defined, a sentence tells what to do."""
    with pytest.raises(MetricsError, match=r"Nothing is published at .*serve\.duckdb so far"):
        prepare_mf(make_settings("duckdb"))
    refused = run(duckdb_company, "mf", "query", "--metrics", "revenu", check=False)
    assert refused.returncode == 1
    assert "Suggestions:" in refused.stdout + refused.stderr
