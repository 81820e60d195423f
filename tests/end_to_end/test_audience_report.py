"""`onefolk audience report`: its numbers are those of the tables that readers see, and the page is harmless."""

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from orchestration.audiences.report import Report, read_report
from orchestration.audiences.report_page import page
from orchestration.settings import Settings
from orchestration.warehouse import Row, open_duckdb
from tests.conftest import make_settings
from tests.end_to_end.company import CLOCK, SECRET
from tests.end_to_end.served import Page, command

NASTY = "<script>alert('x')</script><img src=x>\u202e&"


@pytest.fixture(scope="module")
def report(duckdb_company: Settings) -> Report:
    """The report of the company on DuckDB."""
    return read_report(duckdb_company)


def served(settings: Settings, sql: str) -> list[Row]:
    """Rows of a query on what readers see."""
    with open_duckdb(settings.serve_path, settings, read_only=True) as warehouse:
        return warehouse.rows(sql)


def test_members_are_those_of_the_tables(duckdb_company: Settings, report: Report) -> None:
    """Every audience is told, with as many members as it has rows."""
    names = {str(name) for (name,) in served(duckdb_company, "select audience from audiences.audience_definitions")}
    members = Counter(
        str(name) for (name,) in served(duckdb_company, "select audience from audiences.audience_members")
    )
    assert {audience.name for audience in report.audiences} == names
    assert {audience.name: audience.member_count for audience in report.audiences} == {n: members[n] for n in names}
    assert sum(members.values())
    assert report.day == CLOCK.date()


def test_funnels_count_people(duckdb_company: Settings, report: Report) -> None:
    """Each step of a funnel counts the profiles that meet its conditions up to there, one by one in Python."""
    known = {str(p) for (p,) in served(duckdb_company, "select profile_id from profiles.profiles where is_known")}
    for audience in report.audiences:
        assert audience.funnel is not None
        names = [step.condition for step in audience.funnel.steps]
        table = served(duckdb_company, f"select profile_id, {', '.join(names)} from audiences.aud_{audience.name}")
        people = [row[1:] for row in table if audience.definition["is_for_anonymous"] or row[0] in known]
        assert audience.funnel.base_count == len(people)
        for place, step in enumerate(audience.funnel.steps):
            assert step.alone_count == sum(bool(row[place]) for row in people)
            assert step.met_count == sum(all(row[: place + 1]) for row in people)
            assert step.lacking_count == sum(not row[place] and sum(map(bool, row)) == len(row) - 1 for row in people)
        assert audience.funnel.qualified_count == audience.member_count


def test_reach_counts_members_who_permit_it(duckdb_company: Settings, report: Report) -> None:
    """Who can be contacted by e-mail has an address and a permission for the purpose; the others are told by reason."""
    mail = {str(p) for (p,) in served(duckdb_company, "select profile_id from profiles.profiles where email_count > 0")}
    permissions = {
        (p, purpose): (allowed, reason)
        for p, purpose, allowed, reason in served(
            duckdb_company,
            "select profile_id, purpose, is_allowed, reason from consent.permissions where channel = 'email'",
        )
    }
    rows = served(duckdb_company, "select audience, profile_id, purpose from audiences.audience_members")
    for audience in report.audiences:
        members = [(profile, purpose) for name, profile, purpose in rows if name == audience.name]
        allowed = [pair for pair in members if permissions.get(pair, (False, ""))[0]]
        reasons = Counter(permissions.get(pair, (False, "never_asked"))[1] for pair in members if pair not in allowed)
        reach = next(reach for reach in audience.reach if reach.channel == "email")
        assert (reach.member_count, reach.permitted_count) == (len(members), len(allowed))
        assert reach.deliverable_count == sum(profile in mail for profile, _ in allowed)
        assert dict(reach.reasons) == dict(reasons)


def test_both_engines_report_the_same(report: Report, postgres_company: Settings) -> None:
    """The same company has the same numbers on Postgres."""

    def told(found: Report) -> list[object]:
        shares = {pair: (row["shared_count"], float(row["shared_share"])) for pair, row in found.overlaps.items()}
        audiences = [(a.name, a.member_count, a.ending_count, a.funnel, a.reach) for a in found.audiences]
        return [found.day, audiences, shares, [[size["member_count"] for size in a.sizes] for a in found.audiences]]

    other = read_report(postgres_company)
    assert told(other) == told(report)
    made = r"Made .*?by"
    assert re.sub(made, "", page(other)) == re.sub(made, "", page(report))


@pytest.fixture
def changed(duckdb_company: Settings, tmp_path: Path) -> Settings:
    """A copy of what readers see: one audience with nasty texts, empty; one with a closed guard; a sudden change."""
    copied = make_settings("duckdb", tmp_path, as_of=CLOCK, secret=SECRET)
    copied.home.mkdir(parents=True)
    shutil.copyfile(duckdb_company.serve_path, copied.serve_path)
    nasty = NASTY.replace("'", "''")
    with open_duckdb(copied.serve_path, copied) as warehouse:
        for sql in (
            f"update audiences.audience_definitions set title = '{nasty}', description = '{nasty}', owner = '{nasty}',"
            f" purpose = '{nasty}', channel = '{nasty}' where audience = 'lapsed_vip'",
            "delete from audiences.audience_members where audience = 'lapsed_vip'",
            "update audiences.audience_guards set is_open = false, reasons = 'too_few_members', figures ="
            f" '3 members, at least 1,000 wanted {nasty}', candidate_count = 3 where audience = 'repeat_buyers'",
            "update audiences.audience_sizes set is_open = false where audience = 'repeat_buyers'",
            "insert into audiences.audience_sizes (audience, generation, definition, member_count, candidate_count,"
            " entered_count, left_count, is_open, is_overridden, measured_at) select audience, generation + 1,"
            " definition, 1234, 1234, 1200, 6, true, false, measured_at + interval 1 hour"
            " from audiences.audience_sizes where audience = 'recent_buyers'",
        ):
            warehouse.execute(sql)
    return copied


def test_what_needs_attention_comes_first(changed: Settings) -> None:
    """A closed guard, an audience without a member and a sudden change are told above everything, in words."""
    told = Page(page(read_report(changed))).text
    first = told[told.index("Look at this first") : told.index("All audiences")]
    assert "too few members (3 members, at least 1,000 wanted" in first
    assert "It has no member." in first
    assert "1,200 entered and 6 left, of 40 members before." in first
    calm = [name for name in ("Birthday next 7 days",) if name in first]
    assert not calm


def test_everything_is_escaped_and_nothing_is_fetched(
    changed: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Markup in texts stays text; the page has no script, and no address but its own anchors."""
    path = tmp_path / "audiences.html"
    path.write_text("an older page")
    done = command(changed, monkeypatch, capsys, "audience report")("--html", str(path))
    assert done.code == 0, done.error
    html = path.read_text(encoding="utf-8")
    found = Page(html)
    assert not found.tags & {"script", "link", "img", "iframe", "object", "base", "form"}
    addresses = [
        value for name, value in found.attributes if name in ("src", "href", "action") or name.startswith("on")
    ]
    assert addresses
    assert all(re.fullmatch(r"#[a-z0-9_]+", address) for address in addresses)
    assert not re.search(r"https?://|url\(|@import", html)
    assert "default-src 'none'" in html
    assert "<script>alert('x')</script><img src=x>\\u202e&" in found.text
    assert "\u202e" not in html
    assert [found.name for found in tmp_path.glob("*.html*")] == ["audiences.html"]


def test_no_person_stands_in_the_page(duckdb_company: Settings, report: Report) -> None:
    """No id of a profile and no value of one is in the page."""
    html = page(report)
    profiles = {str(p) for (p,) in served(duckdb_company, "select profile_id from profiles.profiles")}
    assert not set(re.findall(r"[0-9a-f]{32}", html)) & profiles
    assert "@" not in re.sub(r"@media", "", html)


def test_what_is_not_published_is_a_sentence(
    changed: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """No published file, a table that is not there, and a folder as the file end with what to do, and write nothing."""
    path = tmp_path / "no folder" / "page.html"
    call = command(changed, monkeypatch, capsys, "audience report")
    assert "can't be written" in call("--html", str(path)).error
    with open_duckdb(changed.serve_path, changed) as warehouse:
        warehouse.execute("drop table audiences.audience_sizes")
    done = call("--html", str(tmp_path / "page.html"))
    assert (done.code, "Readers don't see audiences.audience_sizes yet" in done.error) == (1, True)
    changed.serve_path.unlink()
    assert "Nothing has been published yet" in call("--html", str(tmp_path / "page.html")).error
    assert not list(tmp_path.glob("*.html"))
