"""The demo company keeps its promises: determinism, the contract's tables and formats, its troubles, and the truth."""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import phonenumbers
import pytest

from orchestration.landing.contract import load_contract
from orchestration.simulation import START, simulate
from orchestration.simulation.notations import JUNK_EMAILS, JUNK_PHONES, SUPPORT_ADDRESS
from orchestration.simulation.rates import PRESETS
from orchestration.simulation.trouble import IMPOSSIBLE_DATE, TEXT_IN_NUMBER

PEOPLE, DAYS, SEED = 1500, 60, 11
RATES = PRESETS["standard"]
READERS = {
    "csv": "read_csv('{}', all_varchar = true, header = true, union_by_name = true)",
    "parquet": "read_parquet('{}', union_by_name = true)",
}


class Landed:
    """The landing files and the truth of one demo company, as tables of DuckDB named `<source>_<table>`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse = duckdb.connect()
        self.warehouse.execute("set threads = 1")
        for table in sorted((folder / "landing").glob("*/*")):
            name = f"{table.parent.name.replace('@', '_')}_{table.name}"
            extension = next(table.iterdir()).suffix[1:]
            if extension in READERS:
                reader = READERS[extension].format(f"{table}/*.{extension}")
                self.warehouse.execute(f"create view {name} as select * from {reader}")
        for path in (folder / "truth").glob("*.csv"):
            self.warehouse.execute(f"create view truth_{path.stem} as select * from {READERS['csv'].format(path)}")

    def rows(self, sql: str) -> list[tuple]:
        """The rows of a query."""
        return self.warehouse.execute(sql).fetchall()

    def value(self, sql: str) -> float:
        """The one number of a query."""
        return float(self.rows(sql)[0][0] or 0)

    def lines(self) -> Iterator[str]:
        """Event lines, broken ones included."""
        for path in sorted((self.folder / "landing/events/events").glob("*.jsonl")):
            yield from path.read_text(encoding="utf-8").splitlines()

    def events(self) -> list[dict]:
        """Events that can be read."""
        return [json.loads(line) for line in self.lines() if line.endswith("}") and _is_json(line)]


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Landed:
    """A demo company of 1,500 people and 60 days."""
    folder = tmp_path_factory.mktemp("company")
    simulate(people=PEOPLE, days=DAYS, seed=SEED, out=folder)
    return Landed(folder)


def _bytes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _union(folder: Path) -> dict[str, list[str]]:
    """The rows of each landed table, sorted, whatever file they are in."""
    union: dict[str, list[str]] = {}
    for path in sorted((folder / "landing").rglob("*.*")):
        rows = union.setdefault(str(path.parent.relative_to(folder)), [])
        if path.suffix == ".parquet":
            rows.extend(str(row) for row in duckdb.sql(f"select * from read_parquet('{path}')").fetchall())
        else:
            rows.extend(path.read_text(encoding="utf-8").splitlines()[path.suffix == ".csv" :])
    return {table: sorted(rows) for table, rows in union.items()}


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """Two runs with the same arguments write the same bytes; another seed writes others."""
    for name, seed in (("one", 5), ("two", 5), ("other", 6)):
        simulate(people=300, days=40, seed=seed, out=tmp_path / name)
    assert _bytes(tmp_path / "one") == _bytes(tmp_path / "two")
    assert _bytes(tmp_path / "one") != _bytes(tmp_path / "other")


def test_rows_do_not_depend_on_how_the_period_is_cut(tmp_path: Path) -> None:
    """A period simulated in pieces has the same rows and the same truth as in one piece; a known day adds nothing."""
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    simulate(people=400, days=64, seed=3, out=whole)
    for until in (date(2026, 3, 5), date(2026, 3, 30), date(2026, 3, 31), date(2026, 5, 6)):
        simulate(people=400, days=64, seed=3, out=pieces, until=until)
    last_run = simulate(people=400, days=64, seed=3, out=pieces)
    assert last_run.last_day == date(2026, 5, 7)
    assert all(path.stem.endswith("-2026-05-07-2026-05-07") for path in last_run.files)
    assert len({path.parent for path in last_run.files}) == len(last_run.files), "a later day writes one file per table"
    assert _union(whole) == _union(pieces)
    assert _bytes(whole / "truth") == _bytes(pieces / "truth")
    again = simulate(people=400, days=64, seed=3, out=pieces, until=date(2026, 4, 1))
    assert (again.files, again.last_day) == ([], date(2026, 5, 7))


def test_a_killed_run_is_completed(tmp_path: Path) -> None:
    """Files of a month that was not finished are written anew, whatever their period was to be."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    simulate(people=300, days=40, seed=3, out=whole)
    simulate(people=300, days=10, seed=3, out=killed)
    leftover = killed / "landing/pos/transactions/transactions-2026-03-15-2026-03-31.csv"
    leftover.write_text("transaction_id\nT1\n", encoding="utf-8")
    leftover.with_name(leftover.name + ".tmp").write_text("", encoding="utf-8")
    simulate(people=300, days=12, seed=3, out=killed)
    simulate(people=300, days=40, seed=3, out=killed)
    assert _union(whole) == {name: rows for name, rows in _union(killed).items() if rows}


def test_every_table_of_the_contract_lands_in_its_format(company: Landed) -> None:
    """Every table of the contract lands, with exactly its columns, as CSV, JSONL (events) or Parquet (DMP)."""
    landing = company.folder / "landing"
    for table in load_contract():
        files = list((landing / table.source / table.table).iterdir())
        extension = {"events": ".jsonl", "dmp": ".parquet"}.get(table.source, ".csv")
        assert files, f"{table.source}.{table.table} is missing"
        assert {path.suffix for path in files} == {extension}
        if table.source != "events":
            found = [row[0] for row in company.rows(f"describe {table.source}_{table.table}")]
            assert found == list(table.columns)
        else:
            assert set().union(*company.events()) == set(table.columns)
    assert {path.name for path in (landing / "crm@emea").iterdir()} <= {
        path.name for path in (landing / "crm").iterdir()
    }
    names = {"-".join(path.stem.split("-")[-6:]) for path in landing.rglob("*.*")}
    assert names == {"2026-03-05-2026-03-31", "2026-04-01-2026-04-30", "2026-05-01-2026-05-03"}


def test_wrong_arguments_are_refused_with_a_sentence(tmp_path: Path) -> None:
    """Arguments that are out of range, or contradict what the folder holds, raise a sentence and write nothing."""
    simulate(people=50, days=2, seed=1, out=tmp_path / "held")
    before = _bytes(tmp_path / "held")
    good = {"people": 50, "days": 2, "seed": 1, "out": tmp_path / "held"}
    wrong = (
        {"seed": 2},
        {"people": 51},
        {"preset": "adversarial"},
        {"preset": "calm"},
        {"people": 0},
        {"days": 0},
        {"seed": -1},
        {"until": date(2026, 3, 4)},
    )
    for change in wrong:
        with pytest.raises(ValueError, match=r"^[^\n]+\.$"):
            simulate(**{**good, "days": 3, **change})
    assert _bytes(tmp_path / "held") == before
    (tmp_path / "foreign/landing/crm").mkdir(parents=True)
    (tmp_path / "foreign/landing/crm/export.csv").write_text("contact_id\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no simulation wrote"):
        simulate(people=50, days=2, seed=1, out=tmp_path / "foreign")


def test_truth_gives_every_identifier_one_owner_at_a_time(company: Landed) -> None:
    """In the truth, periods of one identifier never overlap, and it belongs to a person or to a shared household."""
    overlapping = company.rows("""
        select a.identifier_type, a.identifier_value from truth_identifiers as a
        inner join truth_identifiers as b
            on a.identifier_type = b.identifier_type and a.identifier_value = b.identifier_value
            and (a.person_id, a.household_id, a.valid_from) is distinct from (b.person_id, b.household_id, b.valid_from)
            and a.valid_from < coalesce(b.valid_to, '9999') and b.valid_from < coalesce(a.valid_to, '9999')
    """)
    assert overlapping == []
    shared = company.rows("select distinct identifier_type from truth_identifiers where person_id is null order by 1")
    assert [row[0] for row in shared] == ["anonymous_id", "cookie_id", "phone"]
    assert company.value("select count(*) from truth_identifiers where household_id is null") == 0
    recycled = """
        select count(*) from (select identifier_value from truth_identifiers where identifier_type = 'phone'
        and person_id is not null group by 1 having count(distinct person_id) > 1)
    """
    assert company.value(recycled) >= 3


@pytest.mark.parametrize(
    ("kind", "sources"),
    [
        ("shop_customer_id", ["commerce_customers.shop_customer_id", "commerce_orders.shop_customer_id"]),
        ("loyalty_id", ["pos_loyalty_members.loyalty_id", "pos_transactions.loyalty_id"]),
        ("card_fingerprint", ["commerce_payments.card_fingerprint", "pos_transactions.card_fingerprint"]),
        ("user_id", ["engagement_messages.user_id", "social_interactions.user_id"]),
        (
            "crm_contact_id",
            [
                "crm_contacts.contact_id",
                "crm_deals.contact_id",
                "crm_activities.contact_id",
                "support_tickets.contact_id",
            ],
        ),
        ("anonymous_id", ["commerce_orders.anonymous_id"]),
        ("device_id", ["dmp_devices.device_id"]),
        ("cookie_id", ["dmp_cookies.cookie_id", "dmp_devices.cookie_id"]),
    ],
)
def test_every_landed_identifier_is_in_the_truth(company: Landed, kind: str, sources: list[str]) -> None:
    """Every identifier that lands is somebody's in the truth."""
    for source in sources:
        table, column = source.split(".")
        unknown = company.rows(f"""
            select {column} from {table} where {column} is not null and {column} not in
            (select identifier_value from truth_identifiers where identifier_type = '{kind}')
        """)
        assert unknown == [], source


def test_ids_of_the_second_instance_overlap_and_carry_its_name_in_the_truth(company: Landed) -> None:
    """The two CRM instances use the same ids for other people; the truth tells them apart as `emea/<id>`."""
    both = (
        "select count(*) from (select contact_id from crm_contacts intersect select contact_id from crm_emea_contacts)"
    )
    assert company.value(both) > 50
    unknown = company.rows("""
        select contact_id from crm_emea_contacts where contact_id is not null and 'emea/' || contact_id not in
        (select identifier_value from truth_identifiers where identifier_type = 'crm_contact_id')
    """)
    assert unknown == []


def test_identifiers_in_events_are_in_the_truth(company: Landed) -> None:
    """Every anonymous, user and device id and e-mail of an event is somebody's in the truth."""
    known = {tuple(row) for row in company.rows("select identifier_type, identifier_value from truth_identifiers")}
    for event in company.events():
        context = event["context"]
        traits = [event.get("traits") or {}, context.get("traits") or {}, event.get("properties") or {}]
        found = [("user_id", event.get("user_id")), ("device_id", context["device"].get("id"))]
        found += [("anonymous_id", event.get(name)) for name in ("anonymous_id", "previous_id")]
        found += [(kind, part.get(kind)) for part in traits for kind in ("email", "phone")]
        assert {pair for pair in found if pair[1]} <= known


def test_emails_are_somebodys_or_trouble(company: Landed) -> None:
    """Trimmed and in lower case, every address is somebody's in the truth, junk, or the support address."""
    tables = ("crm_contacts", "crm_emea_contacts", "commerce_customers", "commerce_orders", "pos_loyalty_members")
    union = " union all ".join(f"select email from {table}" for table in tables)
    strangers = company.rows(f"""
        select distinct lower(trim(email)) from ({union}) as written
        where email is not null and lower(trim(email)) not in
        (select identifier_value from truth_identifiers where identifier_type = 'email')
    """)
    assert {row[0] for row in strangers} <= {*JUNK_EMAILS, SUPPORT_ADDRESS}
    assert len(strangers) > 3
    assert company.value(f"select count(*) from ({union}) as written where email <> lower(trim(email))") > 20
    assert company.value(f"select count(*) from crm_contacts where email = '{SUPPORT_ADDRESS}'") > 60
    plus = "select count(*) from commerce_customers where email ilike '%+shop@gmail.com%'"
    assert company.value(plus) > 15


def test_phones_of_twenty_countries_are_valid(company: Landed) -> None:
    """Of each of twenty countries, at least 99 % of the true numbers are valid, and written numbers parse to them."""
    rows = company.rows("""
        select identifier_value, country from truth_identifiers
        left join truth_people using (person_id) where identifier_type = 'phone'
    """)
    countries = {row[1] for row in rows if row[1]}
    assert len(countries) == 20
    for country in countries:
        numbers = [phonenumbers.parse(row[0]) for row in rows if row[1] == country]
        assert sum(map(phonenumbers.is_valid_number, numbers)) >= 0.99 * len(numbers), country
    landlines = [phonenumbers.parse(row[0]) for row in rows if not row[1]]
    assert sum(map(phonenumbers.is_valid_number, landlines)) >= 0.99 * len(landlines)
    known = {row[0] for row in rows}
    written = company.rows("""
        select phone, country from crm_contacts union all select mobile, country from crm_contacts
        union all select phone, country from crm_emea_contacts union all select mobile, country from crm_emea_contacts
        union all select phone, 'DE' from commerce_customers
    """)
    notations = set()
    for text, country in written:
        if text and text not in JUNK_PHONES:
            parsed = phonenumbers.parse(text, country)
            assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) in known, (text, country)
            notations.add((country, re.sub(r"\d", "9", text)))
    assert len(notations) > 100
    assert {text for text, _ in written} & set(JUNK_PHONES)


def test_orders_reconcile_with_lines_payments_and_the_truth(company: Landed) -> None:
    """total = net lines - order discount + shipping + tax; tax is that of the lines; what was paid sums to total."""
    orders = "(select distinct on (order_id) * from commerce_orders order by order_id, updated_at)"
    broken = company.rows(f"""
        with sums as (
            select order_id, sum(try_cast(quantity as decimal(18, 2)) * unit_price::decimal(18, 2)
            - discount::decimal(18, 2)) as net, sum(tax::decimal(18, 2)) as tax, count(*) = count(order_id) as is_whole
            from commerce_order_lines group by 1
        ), paid as (
            select order_id, sum(try_cast(amount as decimal(18, 2))) as paid from commerce_payments
            where status = 'paid' group by 1
        )
        select o.order_id, net, sums.tax, paid, o.subtotal, o.tax, o.total from {orders} as o
        left join sums using (order_id) left join paid using (order_id)
        where sums.net is distinct from o.subtotal::decimal(18, 2) or sums.tax is distinct from o.tax::decimal(18, 2)
            or try_cast(o.total as decimal(18, 2)) is distinct from
            net - o.discount::decimal(18, 2) + o.shipping::decimal(18, 2) + sums.tax
            or paid is distinct from try_cast(o.total as decimal(18, 2))
    """)
    cancelled = {row[0] for row in company.rows("select order_id from commerce_orders where status = 'cancelled'")}
    voided = {row[0] for row in company.rows("select order_id from commerce_payments where status = 'voided'")}
    total = company.value(f"select count(*) from {orders}")
    assert cancelled <= voided
    assert len([row for row in broken if row[0] not in voided]) <= 0.01 * total, broken[:3]
    differing = company.rows("""
        select order_id from truth_orders full join (
            select distinct order_id, total from commerce_orders
            union select distinct transaction_id, total from pos_transactions
        ) as landed using (order_id) where truth_orders.total is distinct from landed.total
    """)
    assert len(differing) <= 0.01 * total
    owners = company.value(
        "select count(*) from truth_orders where person_id not in (select person_id from truth_people)"
    )
    assert owners == 0


def test_orders_are_the_events_orders(company: Landed) -> None:
    """Order Completed names the order, cart, total and browser of an order of the shop."""
    orders = {
        row[0]: row[1:]
        for row in company.rows(
            "select distinct order_id, cart_id, anonymous_id, total from commerce_orders where channel <> 'phone'"
        )
    }
    completed = [event for event in company.events() if event.get("event") == "Order Completed"]
    agreeing = [
        event
        for event in completed
        if (found := orders.get(event["properties"]["order_id"]))
        and found[:2] == (event["properties"]["cart_id"], event["anonymous_id"])
        and float(event["properties"]["total"])
        == float(found[2] if found[2] != TEXT_IN_NUMBER else event["properties"]["total"])
    ]
    assert len(completed) > 200
    assert len(agreeing) >= 0.99 * len(completed)


def test_people_buy_as_in_life(company: Landed) -> None:
    """About 1.2 orders per known person in 180 days, some buy again, about 30 % of the people never identify."""
    known = company.value("select avg((is_known = 'true')::int) from truth_people")
    assert 0.60 < known < 0.75
    buyers = (
        "select person_id, count(*) as orders from truth_orders inner join truth_people using (person_id) "
        "where is_known = 'true' group by 1"
    )
    per_person = company.value(f"select sum(orders) from ({buyers}) as b") / (known * PEOPLE) * 180 / DAYS
    assert 0.9 < per_person < 1.6
    assert company.value(f"select count(*) from ({buyers}) as b where orders > 1") > 30
    channels = {row[0] for row in company.rows("select distinct channel from truth_orders")}
    assert channels == {"web", "app", "phone", "store"}
    by = (
        "select avg((loyalty_id is not null)::int), avg((loyalty_id is null and card_fingerprint is not null)::int), "
        "avg((coalesce(loyalty_id, card_fingerprint, email) is null)::int) from pos_transactions"
    )
    assert min(company.rows(by)[0]) > 0.1
    guests = company.value("select avg((shop_customer_id is null)::int) from commerce_orders")
    assert 0.2 < guests < 0.7
    assert company.value("select count(*) from pos_transactions where transaction_id like 'TC%'") >= 2
    assert (
        company.value(
            "select count(*) from (select order_id from commerce_payments where status = 'paid' "
            "group by 1 having count(*) > 1)"
        )
        > 5
    )
    assert {row[0] for row in company.rows("select distinct status from commerce_orders")} == {
        "paid",
        "shipped",
        "cancelled",
        "refunded",
        "partially_refunded",
    }


def test_birthdays_and_names_of_many_scripts(company: Landed) -> None:
    """Somebody was born on a 29 February, somebody just after the period; names are in five scripts."""
    birthdays = [row[0] for row in company.rows("select birth_date from truth_people where is_known = 'true'")]
    assert any(day.endswith("-02-29") for day in birthdays)
    assert sum("05-04" <= day[5:] <= "05-10" for day in birthdays) > 5
    names = "".join(
        row[0]
        for row in company.rows(
            "select first_name || last_name from crm_contacts union all "
            "select first_name || last_name from crm_emea_contacts"
        )
    )
    for script in ("[à-ÿ]", "[Ѐ-ӿ]", "[Ͱ-Ͽ]", "[一-鿿]", "[؀-ۿ]"):
        assert re.search(script, names), script


def test_contacts_are_changed_merged_and_deleted(company: Landed) -> None:
    """Some people have several contacts, some contacts are written again, and some are deleted."""
    per_person = """
        select person_id, count(*) as contacts from truth_identifiers
        where identifier_type = 'crm_contact_id' group by 1
    """
    assert 0.08 < company.value(f"select avg((contacts > 1)::int) from ({per_person}) as c") < 0.35
    assert (
        company.value("select count(*) from (select contact_id from crm_contacts group by 1 having count(*) > 1)") > 30
    )
    assert company.value("select count(*) from crm_contacts where is_deleted = 'true'") > 5
    rewritten = """
        select count(*) from (
            select contact_id from crm_contacts group by 1 having count(distinct {column}) > 1
            union all select contact_id from crm_emea_contacts group by 1 having count(distinct {column}) > 1
        ) as contacts
    """
    assert company.value(rewritten.format(column="last_name")) >= 1
    assert company.value(rewritten.format(column="lower(trim(email))")) >= 1
    assert company.value(rewritten.format(column="mobile")) >= 1
    misspelt = """
        select count(*) from truth_identifiers as right_one
        inner join truth_identifiers as wrong_one using (identifier_type, person_id)
        where identifier_type = 'email'
            and replace(right_one.identifier_value, '@', 'n@') = wrong_one.identifier_value
    """
    assert company.value(misspelt) > 5


def test_browsing_is_stitched_by_login_on_several_devices(company: Landed) -> None:
    """Some users log in on two devices, some on a shared tablet, and most browsing is anonymous."""
    users: dict[str, set[str]] = {}
    browsers = set()
    events = company.events()
    for event in events:
        if event.get("user_id") and event.get("anonymous_id"):
            users.setdefault(event["user_id"], set()).add(event["anonymous_id"])
            browsers.add(event["anonymous_id"])
    assert sum(len(found) > 1 for found in users.values()) > 20
    shared = company.rows("""
        select identifier_value from truth_identifiers where identifier_type = 'anonymous_id' and person_id is null
    """)
    assert len(browsers & {row[0] for row in shared}) >= 3, "people log in on the tablets of their households"
    assert 0.3 < sum(not event.get("user_id") for event in events) / len(events) < 0.9
    names = {event.get("event") for event in events}
    assert names >= {
        "Product Viewed",
        "Product Added",
        "Product Removed",
        "Cart Viewed",
        "Checkout Started",
        "Order Completed",
    }
    assert {event["type"] for event in events} == {"identify", "track", "page", "screen", "group", "alias"}


def test_events_are_late_doubled_skewed_and_from_the_future(company: Landed) -> None:
    """Each trouble of events occurs at about its rate."""
    events = company.events()
    count = len(events)

    def share(found: int, rate: float) -> None:
        assert 0.4 * rate * count - 3 <= found <= 2 * rate * count + 3, (found, rate * count)

    messages = [event["message_id"] for event in events if event["message_id"]]
    share(len(messages) - len(set(messages)), RATES.duplicate_event)
    share(
        sum(event["received_at"][:13] > event["timestamp"][:13] and _hours(event) > 0.9 for event in events),
        RATES.late_event + RATES.clock_skew / 2,
    )
    share(sum(_hours(event) < -0.1 for event in events), RATES.clock_skew / 2 + RATES.future_event)
    share(sum(_hours(event) < -24 * 20 for event in events), RATES.future_event)
    times = [event["timestamp"] for event in events]
    assert times != sorted(times)


def _hours(event: dict) -> float:
    """How long after it happened an event says that it was received."""
    try:
        happened = datetime.fromisoformat(event["timestamp"])
    except ValueError:
        return 0.0
    return (datetime.fromisoformat(event["received_at"]) - happened).total_seconds() / 3600


def test_rows_that_break_the_contract_occur_at_their_rate(tmp_path: Path) -> None:
    """The adversarial preset triples the troubles: missing keys, impossible dates, text in numbers, broken JSON."""
    simulate(people=2000, days=50, seed=4, out=tmp_path, preset="adversarial")
    landed = Landed(tmp_path)
    rates = PRESETS["adversarial"]
    assert rates.missing_key == pytest.approx(3 * RATES.missing_key)
    lines = list(landed.lines())
    broken = sum(not _is_json(line) for line in lines)
    assert 0.3 * rates.broken_json * len(lines) <= broken <= 2.5 * rates.broken_json * len(lines)
    events = landed.events()
    assert any(event["message_id"] is None for event in events)
    assert any(event["timestamp"].startswith(IMPOSSIBLE_DATE) for event in events)
    assert any(f'"{TEXT_IN_NUMBER}"' in line for line in lines)
    tables = (
        "crm_contacts.contact_id",
        "commerce_orders.order_id",
        "consent_records.consent_id",
        "commerce_payments.payment_id",
        "dmp_segment_memberships.id_value",
        "pos_transactions.transaction_id",
    )
    missing = sum(
        landed.value(f"select count(*) from {t.split('.')[0]} where {t.split('.')[1]} is null") for t in tables
    )
    count = sum(landed.value(f"select count(*) from {table.split('.')[0]}") for table in tables)
    assert 0.3 * rates.missing_key * count <= missing <= 2.5 * rates.missing_key * count
    dates = landed.value(f"""
        select (select count(*) from consent_records where starts_with(collected_at, '{IMPOSSIBLE_DATE}'))
        + (select count(*) from commerce_orders where ordered_at = '{IMPOSSIBLE_DATE}')
        + (select count(*) from crm_contacts where birth_date = '{IMPOSSIBLE_DATE}')
    """)
    numbers = landed.value(f"""
        select (select count(*) from commerce_orders where total = '{TEXT_IN_NUMBER}')
        + (select count(*) from commerce_order_lines where quantity = '{TEXT_IN_NUMBER}')
        + (select count(*) from commerce_payments where amount = '{TEXT_IN_NUMBER}')
        + (select count(*) from pos_transaction_lines where unit_price = '{TEXT_IN_NUMBER}')
    """)
    assert min(dates, numbers) >= 1


def test_consent_is_given_withdrawn_expired_and_contradicted(company: Landed) -> None:
    """Consent has every status, known purposes and channels; about 70 % of the known grant marketing by e-mail."""
    statuses = {row[0] for row in company.rows("select distinct status from consent_records")}
    assert statuses == {"granted", "denied", "revoked", "expired"}
    purposes = {row[0] for row in company.rows("select distinct purpose from consent_records")}
    assert purposes == {"marketing", "personalisation", "analytics", "advertising"}
    granted = company.value("select count(*) from consent_records where consent_id like 'CON00-%'")
    assert 0.62 < granted / company.value("select count(*) from truth_people where is_known = 'true'") < 0.78
    assert (
        company.value(
            "select count(*) from consent_records where status = 'granted' and channel = 'email' "
            "and valid_until < '2026-10-01'"
        )
        > 5
    )
    assert company.value("select count(*) from consent_records where consent_id like 'CON04-%'") > 5
    assert company.value("select count(*) from privacy_requests") >= 1
    chosen = [event for event in company.events() if event.get("event") == "Segment Consent Preference Updated"]
    assert len(chosen) > 20
    told = [event["context"]["consent"]["categoryPreferences"] for event in chosen if event.get("context")]
    assert {tuple(one) for one in told} == {("Advertising", "Analytics", "Functional")}
    assert {answer for one in told for answer in one.values()} == {True, False}
    assert company.value("select count(*) from steward_identity_overrides") >= 1


def test_dmp_data_expires_and_links_browsers_with_phones(company: Landed) -> None:
    """Segments expire within the period, links are synchronised or guessed, and keys of cookies are unique."""
    assert company.value("select count(*) from dmp_segment_memberships where expires_at < timestamp '2026-05-03'") > 50
    kinds = set(company.rows("select id_type_a, id_type_b, link_type from dmp_device_links"))
    assert kinds == {("cookie_id", "anonymous_id", "deterministic"), ("device_id", "cookie_id", "probabilistic")}
    assert (
        company.value("select count(*) - count(distinct cookie_id) from dmp_cookies where cookie_id is not null") == 0
    )
    ends = company.rows("select valid_until from partner_licences where valid_until is not null")
    assert any(date.fromisoformat(end[0][:10]) < date(2026, 9, 1) for end in ends)
    assert date(2026, 3, 5) == START
