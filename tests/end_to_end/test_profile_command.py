"""`onefolk profile`: what is told of a person is what the tables hold, and no value is shown that was not logged."""

import json
import os
import pwd
import re
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from orchestration.settings import Settings
from tests.conftest import make_settings
from tests.end_to_end.served import Command, Page, command, copy_of, execute, rows

SHOWINGS = "select profile_id, os_user, command, shown_at from raw_onefolk.profile_showings order by shown_at"
BUYER = """
    select profile_id from work_profiles.profiles
    where order_count > 1 and is_known and identifier_count > 5
    order by order_count desc, profile_id limit 1
"""
ANONYMOUS = "select profile_id from work_profiles.profiles where not is_known order by session_count desc, 1 limit 1"
NASTY = "<script>alert('x')</script>[red]\u202e&\n"


@pytest.fixture(scope="module", params=["duckdb_company", "postgres_company"], ids=["duckdb", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy of the company that the tests of this file write into, once per engine."""
    built: Settings = request.getfixturevalue(request.param)
    copied = copy_of(built, tmp_path_factory.mktemp("served"))
    # The timeline is a view, into which nothing can be written: here it becomes a table of the same rows.
    execute(
        copied,
        "create table work_profiles.timeline as select * from work_profiles.events",
        "drop view work_profiles.events cascade",
        "alter table work_profiles.timeline rename to events",
    )
    return copied


@pytest.fixture
def profile(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command on the copy."""
    return command(settings, monkeypatch, capsys)


@pytest.fixture(scope="module")
def buyer(settings: Settings) -> str:
    """Somebody known who bought."""
    return str(rows(settings, BUYER)[0][0])


def one(settings: Settings, sql: str) -> Any:
    """The one value of a query."""
    return rows(settings, sql)[0][0]


def values_of(settings: Settings, profile_id: str) -> set[str]:
    """Every personal value of a profile: contact points, identifiers, and each way in which one was written."""
    found = rows(
        settings, f"select contact_value from work_pii.contact_points where profile_id = '{profile_id}'"
    ) + rows(
        settings,
        "select unnest(array[forms.identifier_value, forms.raw_value]) from work_pii.identifier_forms as forms"
        " inner join work_identity.identifiers as identifiers on forms.identifier_key = identifiers.identifier_key"
        f" where identifiers.profile_id = '{profile_id}'",
    )
    return {str(value) for (value,) in found if value}


def shown_values(values: set[str], text: str) -> set[str]:
    """The values that stand in a text as words of their own, in whatever case."""
    return {value for value in values if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE)}


def leaves(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from leaves(part)
    elif isinstance(value, str):
        yield value


def test_what_is_told_is_what_the_tables_hold(settings: Settings, profile: Command, buyer: str, tmp_path: Path) -> None:
    """Revenue, orders, consent, events, lifecycle and the weakest link are the tables', in JSON, text and page."""
    told = json.loads(profile(buyer, "--json", "--events", "100000").out)
    mine = f"where profile_id = '{buyer}'"
    assert told["profile_id"] == buyer
    revenue, orders = rows(settings, f"select net_revenue_amount, order_count from work_profiles.profiles {mine}")[0]
    assert (Decimal(told["facts"]["net_revenue_amount"]), told["facts"]["order_count"]) == (Decimal(revenue), orders)
    newest = rows(
        settings, f"select order_id from work_profiles.orders {mine} order by ordered_at desc, order_id limit 5"
    )
    assert sorted(order["order_id"] for order in told["orders"]) == sorted(order for (order,) in newest)
    permissions = rows(settings, f"select purpose, channel, is_allowed from work_consent.permissions {mine}")
    assert {(p["purpose"], p["channel"], p["is_allowed"]) for p in told["permissions"]} == set(permissions)
    events = rows(settings, f"select event_source, event_id from work_profiles.events {mine}")
    assert sorted((event["event_source"], event["event_id"]) for event in told["events"]) == sorted(events)
    times = [event["occurred_at"] for event in told["events"]]
    assert times == sorted(times, reverse=True)
    stages = rows(
        settings, f"select lifecycle_stage from work_profiles.profile_lifecycle {mine} order by stage_number desc"
    )
    assert [stage["lifecycle_stage"] for stage in told["stages"]] == [stage for (stage,) in stages]
    audiences = rows(settings, f"select audience from work_audiences.audience_members {mine} order by audience")
    assert [member["audience"] for member in told["audiences"]] == [name for (name,) in audiences]
    keys = rows(settings, f"select identifier_key from work_identity.identifiers {mine}")
    assert sorted(identifier["key"] for identifier in told["identifiers"]) == sorted(key for (key,) in keys)
    weak = told["weakest_link"]
    evidence = rows(
        settings,
        "select link_rule, evidence_count, source_count from work_identity.identity_links"
        f" where identifier_key_a = '{weak['key_a']}' and identifier_key_b = '{weak['key_b']}'",
    )
    assert (weak["rule"], weak["evidence_count"], weak["source_count"]) in evidence
    assert sum(weak["identifiers"]) == len(keys)

    text = profile(buyer, "--html", str(tmp_path / "page.html")).out
    page = Page((tmp_path / "page.html").read_text())
    for shown in (text, page.text):
        assert f"{Decimal(revenue):,.2f} EUR" in shown
        assert all(str(order) in shown for (order,) in newest)
        assert str(stages[0][0]) in shown
        assert buyer in shown
        assert ("Repeat buyers" in shown) == (("repeat_buyers",) in audiences)
    allowed = sum(is_allowed for _, _, is_allowed in permissions)
    assert text.count("✓") == allowed == page.attributes.count(("class", "yes"))


def test_no_value_is_shown_unasked(settings: Settings, profile: Command, tmp_path: Path) -> None:
    """Of the largest profiles no value stands in text, page or JSON, and nothing was logged."""
    chosen = rows(
        settings,
        "select profile_id from work_profiles.profiles where is_known"
        " order by identifier_count desc, profile_id limit 12",
    )
    before, checked = rows(settings, SHOWINGS), 0
    for (profile_id,) in chosen:
        values = values_of(settings, profile_id)
        told = json.loads(profile(profile_id, "--json", "--events", "100000").out)
        assert told["is_masked"]
        assert not values & {point["contact_value"] for point in told["contact_points"]}
        path = tmp_path / "page.html"
        text = profile(profile_id, "--html", str(path), "--events", "100000").out
        # A name alone may be a word that stands there for itself.
        telling = {value for value in values if re.search(r"[\d@]", value)}
        checked += len(telling)
        for shown in (text, Page(path.read_text()).text, "\n".join(leaves(told))):
            assert not shown_values(telling, shown)
    assert checked > 100
    assert rows(settings, SHOWINGS) == before


def test_what_partners_and_providers_say_is_told(settings: Settings, profile: Command) -> None:
    """Second- and third-party claims of a person's identifiers are there, each with who says so."""
    said = rows(
        settings,
        "select identifiers.profile_id, said.provider, said.attribute, said.value from raw_partner.attributes as said"
        " inner join work_pii.identifier_values as known"
        " on known.identifier_type = said.id_type and known.identifier_value = lower(trim(said.id_value))"
        " inner join work_identity.identifiers as identifiers on known.identifier_key = identifiers.identifier_key",
    )
    assert said, "no partner says anything of anybody"
    asked = min(said)[0]
    told = json.loads(profile(asked, "--json").out)
    claimed = {(claim["provider"], claim["attribute"]) for claim in told["attributes"]}
    assert claimed == {claim[1:3] for claim in said if claim[0] == asked}
    assert {(c["provider"], c["attribute"], c["attribute_value"]) for c in told["attributes"]} <= {s[1:] for s in said}
    asked = one(settings, "select min(profile_id) from work_profiles.third_party_segments")
    segments = rows(
        settings, f"select provider, label from work_profiles.third_party_segments where profile_id = '{asked}'"
    )
    told = json.loads(profile(asked, "--json").out)
    assert sorted((claim["provider"], claim["label"]) for claim in told["segments"]) == sorted(segments)


def test_names_are_hidden_wherever_they_were_written(settings: Settings, profile: Command, tmp_path: Path) -> None:
    """A name and an address in a page's path are hidden too, and shown by --show-pii."""
    asked = str(one(settings, BUYER.replace("desc, profile_id", "desc, profile_id desc")))
    mail = str(
        one(
            settings,
            "select identifier_value from work_pii.identifier_values as known inner join work_identity.identifiers as"
            f" mine on known.identifier_key = mine.identifier_key where profile_id = '{asked}'"
            " and known.identifier_type = 'email' order by 1 limit 1",
        )
    )
    execute(
        settings,
        "update work_pii.contact_points set contact_value = 'Zquoxwy' where contact_type = 'last_name'"
        f" and profile_id = '{asked}'",
        "insert into work_profiles.events (event_source, event_id, profile_id, object_id, data_party, channel,"
        " event_type, event_name, occurred_at) values ('events', 'path',"
        f" '{asked}', '/of/zquoxwy/{mail.upper()}/', 'first', 'web', 'page', 'page', timestamp '2026-04-30 10:00:00')",
    )
    path = tmp_path / "page.html"
    masked = profile(mail, "--html", str(path)).out + Page(path.read_text()).text
    masked += profile(mail, "--json").out
    assert "/of/***/***/" in masked
    assert not shown_values({"Zquoxwy", mail}, masked)
    clear = profile(mail, "--html", str(path), "--show-pii").out
    for shown in (clear, Page(path.read_text()).text):
        assert shown_values({"Zquoxwy", mail}, shown) == {"Zquoxwy", mail}
    assert "Zquoxwy" in json.loads(profile(mail, "--json", "--show-pii").out)["contact_points"].__repr__()


class _Watching(StringIO):
    """An output that looks into the log when the first thing is written to it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.logged: int | None = None

    def write(self, text: str) -> int:
        if self.logged is None and text:
            self.logged = len(rows(self.settings, SHOWINGS))
        return super().write(text)


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_the_log_comes_first(
    settings: Settings, buyer: str, profile: Command, monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    """When the first character is printed, the log says who sees whose values, by which command, and no value."""
    from orchestration.cli import main

    before = len(rows(settings, SHOWINGS))
    mail = max((value for value in values_of(settings, buyer) if "@" in value), key=len)
    output = _Watching(settings)
    monkeypatch.setattr(sys, "argv", ["onefolk", "profile", mail, "--show-pii", *more])
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setenv("LOGNAME", "somebody-else")
    monkeypatch.setenv("USER", "somebody-else")
    with pytest.raises(SystemExit):
        main()
    assert mail in output.getvalue()
    assert output.logged == before + 1
    profile_id, who, what, when = rows(settings, SHOWINGS)[-1]
    assert (profile_id, who) == (buyer, pwd.getpwuid(os.getuid()).pw_name)
    assert what == " ".join(["onefolk profile --show-pii", *more])
    assert abs(when.replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=5)


def test_what_cant_be_logged_is_not_shown(settings: Settings, buyer: str, profile: Command, tmp_path: Path) -> None:
    """Where the log takes no row, nothing is printed or written, and a sentence says why; masked it works."""
    execute(
        settings,
        "alter table raw_onefolk.profile_showings rename to kept",
        "create view raw_onefolk.profile_showings as select * from raw_onefolk.kept limit 0",
    )
    try:
        path = tmp_path / "page.html"
        refused = profile(buyer, "--show-pii", "--html", str(path))
        assert (refused.code, refused.out) == (1, "")
        assert "Nothing is shown, because it can't be logged" in refused.error
        assert not path.exists()
        assert profile(buyer).code == 0
    finally:
        execute(
            settings,
            "drop view raw_onefolk.profile_showings",
            "alter table raw_onefolk.kept rename to profile_showings",
        )


def test_a_warehouse_of_an_older_version_gets_its_log(settings: Settings, buyer: str, profile: Command) -> None:
    """Where landing has not made the table yet, the first showing does."""
    execute(settings, "drop table raw_onefolk.profile_showings")
    assert profile(buyer, "--show-pii").code == 0
    assert len(rows(settings, SHOWINGS)) == 1


def test_everything_is_escaped_and_nothing_is_fetched(settings: Settings, profile: Command, tmp_path: Path) -> None:
    """A name with markup stays a text; the page has no script, no address of another file, and belongs to its owner."""
    asked = str(one(settings, BUYER.replace("order_count desc, profile_id", "identifier_count desc, profile_id desc")))
    literal = NASTY.replace("'", "''")
    execute(
        settings,
        f"update work_pii.contact_points set contact_value = '{literal}' where profile_id = '{asked}'"
        " and contact_type in ('first_name', 'address')",
        f"update work_profiles.events set event_name = '{literal}', object_id = '{literal}', channel = '{literal}'"
        f" where profile_id = '{asked}'",
        f"update work_profiles.orders set order_status = '{literal}' where profile_id = '{asked}'",
    )
    path = tmp_path / "page.html"
    path.write_text("an older page")
    path.chmod(0o644)
    text = profile(asked, "--show-pii", "--html", str(path)).out
    html = path.read_text()
    page = Page(html)
    assert not page.tags & {"script", "link", "img", "iframe", "object", "base", "form"}
    assert not [name for name, _ in page.attributes if name in ("src", "href", "action") or name.startswith("on")]
    assert not re.search(r"https?://|url\(|@import", html)
    assert "default-src 'none'" in html
    assert '<meta name="viewport"' in html
    assert "<script>alert('x')</script>[red]\\u202e&\\n" in page.text
    assert "<script>alert('x')</script>[red]\\u202e&\\n" in text
    assert "\u202e" not in html + text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["page.html"]


def test_a_page_that_cant_be_written_is_a_sentence(profile: Command, buyer: str, tmp_path: Path) -> None:
    """A folder where the page should be, or none around it, is said, and leaves nothing behind."""
    for path in (tmp_path, tmp_path / "no folder" / "page.html"):
        done = profile(buyer, "--html", str(path))
        assert done.code == 1
        assert "can't be written" in done.error
    assert list(tmp_path.iterdir()) == []
    assert not list(tmp_path.parent.glob(".*.tmp"))


def test_who_is_not_found_is_a_sentence(settings: Settings, profile: Command) -> None:
    """An unknown, an empty and an ambiguous name end with a sentence and the exit code of `onefolk explain`."""
    unknown = profile("nobody@nowhere.example")
    assert (unknown.code, unknown.out) == (1, "")
    assert "Nothing in the warehouse is called nobody@nowhere.example" in unknown.error
    assert profile(" ").code == 1
    key, kind = rows(
        settings,
        "select identifier_key, identifier_type from work_pii.identifier_forms"
        " where rejected_reason is null and identifier_type = 'user_id' order by identifier_key limit 1",
    )[0]
    other = one(
        settings,
        "select identifier_key from work_pii.identifier_forms"
        " where rejected_reason is null and identifier_type = 'crm_contact_id' order by identifier_key limit 1",
    )
    execute(
        settings,
        f"update work_pii.identifier_forms set raw_value = 'both' where identifier_key in ('{key}', '{other}')",
    )
    ambiguous = profile("both")
    assert ambiguous.code == 1
    assert "crm_contact_id:both or user_id:both" in ambiguous.error
    assert profile(f"{kind}:both").code == 0


def test_a_merged_id_finds_the_live_profile(settings: Settings, profile: Command, buyer: str) -> None:
    """A former id leads to the profile that it became part of, and says so."""
    columns = "profile_id, live_profile_id, is_ambiguous"
    execute(settings, f"insert into work_identity.profile_id_map ({columns}) values ('former', '{buyer}', false)")
    told = json.loads(profile("former", "--json").out)
    assert told["profile_id"] == buyer
    assert "has become part of" in told["note"]
    assert "has become part of" in profile("former").out


def test_an_anonymous_visitor_has_a_page_too(settings: Settings, profile: Command, tmp_path: Path) -> None:
    """Somebody of whom there is one cookie and some clicks is told like everybody else."""
    asked = str(one(settings, ANONYMOUS))
    path = tmp_path / "page.html"
    done = profile(asked, "--html", str(path))
    assert done.code == 0, done.error
    for shown in (done.out, Page(path.read_text()).text):
        assert "Anonymous visitor" in shown
        assert "Never bought." in shown


def test_of_thousands_of_events_the_last_are_shown(settings: Settings, profile: Command) -> None:
    """Of 5,000 more events the last ten are read and shown, and all are counted."""
    asked = str(one(settings, ANONYMOUS))
    before = int(one(settings, f"select count(*) from work_profiles.events where profile_id = '{asked}'"))
    execute(
        settings,
        "insert into work_profiles.events (event_source, event_id, profile_id, data_party, channel, event_type,"
        " event_name, occurred_at) select 'events', 'many-' || cast(number as text), "
        f"'{asked}', 'first', 'web', 'page', 'page', timestamp '2026-04-30 00:00:00' + number * interval '1 second'"
        " from generate_series(1, 5000) as numbers (number)",
    )
    told = json.loads(profile(asked, "--json", "--events", "10").out)
    assert [event["event_id"] for event in told["events"]] == [f"many-{number}" for number in range(5000, 4990, -1)]
    assert told["counts"]["events"] == before + 5000
    assert f"the last 10 of {before + 5000:,} events" in profile(asked, "--events", "10").out
    assert profile(asked, "--events", "0").code == 0
    assert profile(asked, "--events", "-1").code == 2


def test_what_is_not_built_is_a_sentence(
    settings: Settings, buyer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A missing table, an older one, and no warehouse at all say which command makes it."""
    copied = copy_of(settings, tmp_path)
    execute(copied, "alter table work_profiles.carts drop column cart_status")
    assert "profiles.carts is not built" in command(copied, monkeypatch, capsys)(buyer).error
    execute(copied, "drop table work_profiles.tickets cascade")
    done = command(copied, monkeypatch, capsys)(buyer)
    assert done.code == 1
    assert "profiles.tickets is not built, or by an older version: `onefolk build` builds it." in done.error
    empty = make_settings("duckdb", tmp_path / "empty")
    assert "There is no warehouse yet" in command(empty, monkeypatch, capsys)(buyer).error
