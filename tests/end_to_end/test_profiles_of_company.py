"""What profiles say of people is what the company's truth says, wherever their identifiers were stitched right."""

import re
from fractions import Fraction
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


# Least and greatest degrees north and east of each country's mainland, from an atlas.
BOUNDS = {
    "AE": (22, 27, 51, 57), "AT": (46, 50, 9, 18), "BE": (49, 52, 2, 7), "BG": (41, 45, 22, 29),
    "BR": (-34, 6, -74, -34), "CH": (45, 48, 5, 11), "CN": (18, 54, 73, 135), "DE": (47, 56, 5, 16),
    "EG": (22, 32, 24, 37), "ES": (35, 44, -10, 4), "FR": (42, 52, -5, 9), "GB": (49, 61, -9, 2),
    "GR": (34, 42, 19, 30), "IN": (6, 36, 68, 98), "IT": (36, 48, 6, 19), "NL": (50, 54, 3, 8),
    "PL": (48, 55, 14, 25), "SE": (55, 70, 10, 25), "UA": (44, 53, 22, 41), "US": (24, 50, -125, -66),
}  # fmt: skip
REGIONS = {"München": "Bavaria", "Łódź": "Łódź", "Genève": "Geneva", "Αθήνα": "Attica", "Austin": "Texas"}


def test_cities_are_placed(truth: duckdb.DuckDBPyConnection) -> None:
    """Every city that people live in is found, in whatever script, and lies in its country; no place is made up."""
    rows = truth.execute(
        "select country, city, region, city_latitude, city_longitude from warehouse.work_profiles.profiles"
        " where city is not null or region is not null or city_latitude is not null"
    ).fetchall()
    assert len({row[1] for row in rows}) > 30
    assert not [row for row in rows if None in row], "the seed has every city that the company's people live in"
    strange = [
        row
        for row in rows
        if not (BOUNDS[row[0]][0] < row[3] < BOUNDS[row[0]][1] and BOUNDS[row[0]][2] < row[4] < BOUNDS[row[0]][3])
    ]
    assert not strange
    wrong = [row for row in rows if row[1] in REGIONS and REGIONS[row[1]] != row[2]]
    assert not wrong


def test_confidence_is_that_of_the_weakest_link(truth: duckdb.DuckDBPyConnection) -> None:
    """A profile is as sure as its weakest pair of identifiers, reckoned in fractions from the published links."""
    profiles = dict(
        truth.execute("select identifier_key, profile_id from warehouse.work_identity.identifiers").fetchall()
    )
    links = truth.execute(
        "select identifier_key_a, identifier_key_b, link_rule, link_strength, evidence_count"
        " from warehouse.work_identity.identity_links"
    ).fetchall()
    pairs: dict[tuple[str, str], Fraction] = {}
    for one, other, rule, rank, records in links:
        sure = Fraction(1) if rule == "same_mailbox" else 1 - Fraction(rank, (rank + 10) * records)
        sure = min(sure, Fraction(4, 5)) if rule == "third_party_record" else sure
        pairs[one, other] = max(sure, pairs.get((one, other), Fraction(0)))
    weakest: dict[str, Fraction] = {}
    for (one, other), sure in pairs.items():
        assert profiles[one] == profiles[other]
        weakest[profiles[one]] = min(sure, weakest.get(profiles[one], Fraction(1)))
    rows = truth.execute(
        "select profile_id, identity_confidence, identifier_count from warehouse.work_profiles.profiles"
    ).fetchall()
    for profile_id, confidence, identifiers in rows:
        assert abs(weakest.get(profile_id, Fraction(1)) - Fraction(confidence)) <= Fraction(1, 1_000_000)
        assert identifiers == 1 or profile_id in weakest
    assert len({row[1] for row in rows}) > 5, "some people are surer than others"


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
