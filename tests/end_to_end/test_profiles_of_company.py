"""What profiles say of people is what the company's truth says, wherever their identifiers were stitched right."""

import re
from pathlib import Path

import duckdb
import pytest

from orchestration.identity.truth import read_truth
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import open_duckdb, open_warehouse

# People whose identifiers lie in one profile that holds nobody else's; browsers that never told whose they are, and
# what the DMP knows of without a consent to link it, may stand apart.
RIGHT_PEOPLE = """
create table placed as
    with owners as (
        select identifier_type, identifier_value, min(person_id) as person_id
        from truth_owners
        group by identifier_type, identifier_value
        having count(*) = 1
    )
    select identifiers.identifier_key, identifiers.profile_id, owners.person_id,
        identifiers.identifier_type not in ('anonymous_id', 'device_id', 'cookie_id') as is_telling
    from warehouse.work_identity.identifiers as identifiers
    inner join warehouse.work_pii.identifier_values as known
        on identifiers.identifier_key = known.identifier_key
    left join owners
        on known.identifier_type = owners.identifier_type and known.identifier_value = owners.identifier_value;
create table right_people as
    with torn as (
        select person_id from placed
        where person_id is not null and is_telling
        group by person_id
        having count(distinct profile_id) > 1
    )
    select min(person_id) as person_id, profile_id
    from placed
    group by profile_id
    having count(*) = count(person_id) and count(distinct person_id) = 1 and bool_or(is_telling)
        and min(person_id) not in (select person_id from torn)
"""

# By hand from the truth, the landed refunds and the seed of rates; which orders were cancelled only the shop knows, and
# an order that gives an agent's address, or a browser that never told whose it is, names nobody.
EXPECTED = """
create table expected as
    with refunds as (
        select order_id, sum(cast(amount as decimal(28, 6))) as refunded
        from (select distinct refund_id, order_id, amount from warehouse.raw_commerce.refunds)
        group by order_id
    ),
    orders as (
        select truth.*, coalesce(refunds.refunded, 0) as refunded, statuses.order_status,
            (
                select max_by(rates.project_currency_rate, rates.valid_from) from rates
                where rates.currency = truth.currency and rates.valid_from <= truth.ordered_at
            ) as rate
        from truth_orders as truth
        inner join warehouse.work_profiles.orders as statuses on truth.order_id = statuses.order_id
        inner join placed on statuses.identifier_key = placed.identifier_key and placed.person_id is not null
        inner join right_people on truth.person_id = right_people.person_id
        left join refunds on truth.order_id = refunds.order_id
        where coalesce(statuses.order_status, '') <> 'cancelled'
            and (placed.is_telling or placed.profile_id = right_people.profile_id)
    )
    select people.person_id, people.profile_id, count(orders.order_id) as order_count,
        count(orders.order_id) filter (where orders.channel = 'store') as store_order_count,
        coalesce(sum((orders.total - orders.refunded) * orders.rate), 0) as net_revenue_amount
    from right_people as people
    left join orders on people.person_id = orders.person_id
    group by all
"""


@pytest.fixture(scope="module")
def truth(company: Path, duckdb_company: Settings) -> duckdb.DuckDBPyConnection:
    """The truth and the warehouse side by side."""
    connection = duckdb.connect()
    connection.execute(f"attach '{duckdb_company.warehouse_path}' as warehouse (read_only)")
    read_truth(company / "truth", connection)
    connection.execute(
        "create table truth_orders as select order_id, person_id, channel, currency,"
        " cast(total as decimal(28, 6)) as total, cast(ordered_at as timestamp) as ordered_at"
        " from read_csv($1, all_varchar = true)",
        [str(company / "truth" / "orders.csv")],
    )
    connection.execute(
        "create table rates as select * from read_csv($1, types = {'project_currency_rate': 'decimal(28, 6)'})",
        [str(PROJECT_DIR / "seeds" / "profiles" / "currency_rates.csv")],
    )
    connection.execute(RIGHT_PEOPLE)
    connection.execute(EXPECTED)
    return connection


def test_orders_and_revenue_are_the_truth(truth: duckdb.DuckDBPyConnection) -> None:
    """People stitched right have exactly the orders and the revenue that the truth gives them, online and in stores."""
    wrong = truth.execute(
        "select expected.*, profiles.order_count, profiles.store_order_count, profiles.net_revenue_amount"
        " from expected inner join warehouse.work_profiles.profiles as profiles"
        " on expected.profile_id = profiles.profile_id"
        " where profiles.order_count <> expected.order_count"
        " or profiles.store_order_count <> expected.store_order_count"
        " or abs(profiles.net_revenue_amount - expected.net_revenue_amount) > 0.0001"
    ).fetchall()
    assert not wrong
    people, orders = truth.execute("select count(*), sum(order_count) from expected").fetchall()[0]
    assert people > 100, "most people were stitched right"
    assert orders > 30, "and they bought something"


def test_orders_add_up_but_for_lost_lines(truth: duckdb.DuckDBPyConnection) -> None:
    """Every order adds up but those of which a line or product was quarantined."""
    strange = truth.execute(
        "select orders.order_id, orders.unexplained_amount from warehouse.work_profiles.orders as orders"
        " where orders.unexplained_amount <> 0 and not exists ("
        "  select 1 from warehouse.work_staging.quarantine"
        "  where table_name in ('order_lines', 'transaction_lines') and row_text like '%' || orders.order_id || '%')"
    ).fetchall()
    of_no_order = truth.execute(
        "select count(*) from warehouse.work_staging.quarantine"
        " where table_name in ('order_lines', 'transaction_lines')"
        " and (reason like 'order_id is missing%' or reason like 'transaction_id is missing%')"
    ).fetchall()[0][0]
    assert len(strange) <= of_no_order
    paid = truth.execute(
        "select count(*) filter (where unpaid_amount = 0), count(unpaid_amount) from warehouse.work_profiles.orders"
    ).fetchall()[0]
    assert paid[0] >= 0.99 * paid[1]


def test_birthdays_are_the_truth(company: Path, truth: duckdb.DuckDBPyConnection) -> None:
    """Where a birthday is known of somebody stitched right, it is theirs; 29 February is no other day."""
    rows = truth.execute(
        "select people.person_id, month(cast(people.birth_date as date)), day(cast(people.birth_date as date)),"
        " profiles.birth_month, profiles.birth_day from right_people"
        " inner join read_csv($1, all_varchar = true) as people on right_people.person_id = people.person_id"
        " inner join warehouse.work_profiles.profiles as profiles on right_people.profile_id = profiles.profile_id"
        " where profiles.birth_month is not null",
        [str(company / "truth" / "people.csv")],
    ).fetchall()
    right = [row for row in rows if row[1:3] == row[3:5]]
    assert len(rows) > 30
    assert len(right) == len(rows)


# Of so few people hardly anybody asks for help.
MAY_BE_EMPTY = {"What did people do in the week before they asked for help?"}
QUESTIONS = re.findall(
    r"^## (.+?)\n+```sql\n(.+?)```",
    (PROJECT_DIR / "models" / "profiles" / "questions.md").read_text(encoding="utf-8"),
    flags=re.DOTALL | re.MULTILINE,
)


@pytest.mark.parametrize(("question", "sql"), QUESTIONS, ids=[question for question, _ in QUESTIONS])
def test_worked_questions_have_answers(
    question: str, sql: str, duckdb_company: Settings, postgres_company: Settings
) -> None:
    """Each question of the documentation is answered by its SQL, on both engines alike."""
    with open_duckdb(duckdb_company.serve_path, duckdb_company, read_only=True) as served:
        on_duckdb = served.rows(sql)
    with open_warehouse(postgres_company) as warehouse:
        on_postgres = warehouse.rows(sql)
    assert len(on_duckdb) == len(on_postgres)
    assert on_duckdb or question in MAY_BE_EMPTY, f"nobody knows: {question}"


def test_there_are_ten_questions() -> None:
    """The documentation answers ten questions."""
    assert len(QUESTIONS) == 10
