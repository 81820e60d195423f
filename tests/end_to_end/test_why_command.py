"""`onefolk why`: people made by hand, each in another standing, are told what was made."""

import json
from typing import Any

import pytest

from orchestration.settings import Settings
from tests.end_to_end.served import Command, command, copy_of, execute, rows

PURPOSE = "marketing"
MAIL = "wanda.weiss@made.example"
# By name: known, the two conditions of repeat_buyers (None: no row at all), whether a member.
PEOPLE: dict[str, tuple[bool, tuple[str, str] | None, bool]] = {
    "member": (True, ("true", "true"), True),
    "near": (True, ("true", "false"), False),
    "far": (True, ("false", "null"), False),
    "slipped": (True, ("true", "false"), True),
    "waiting": (True, ("true", "true"), False),
    "stranger": (False, ("true", "true"), False),
    "absent": (True, None, False),
}


def literal(text: str | None) -> str:
    """Text as SQL."""
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def made(name: str) -> list[str]:
    """Statements that make one person."""
    is_known, conditions, is_member = PEOPLE[name]
    statements = [
        "insert into work_identity.identifiers (identifier_key, profile_id, identifier_type)"
        f" values ('key-{name}', '{name}', 'email')",
        "insert into work_profiles.profiles (profile_id, is_known, email_count, phone_count, device_count)"
        f" values ('{name}', {is_known}, 1, 0, 0)",
    ]
    if conditions:
        statements.append(
            "insert into work_audiences.aud_repeat_buyers (profile_id, has_bought_twice, has_kept_what_was_bought)"
            f" values ('{name}', {', '.join(conditions)})"
        )
    if is_member:
        statements += [
            "insert into work_audiences.audience_members (audience, profile_id, purpose, qualified_at, entered_at)"
            f" values ('repeat_buyers', '{name}', '{PURPOSE}', timestamp '2026-04-02', timestamp '2026-04-10')",
            change(name, "entered", "condition", "has_bought_twice", "2026-04-10"),
        ]
    return statements


def change(name: str, kind: str, cause: str, conditions: str | None, day: str) -> str:
    """A row of the log: an entry or an exit."""
    return (
        "insert into work_audiences.audience_log (audience, entry_key, profile_id, entry_type, cause, conditions,"
        f" generation, qualified_at, entered_at, occurred_at) values ('repeat_buyers', '{name}', '{name}', '{kind}',"
        f" '{cause}', {literal(conditions)}, {day.replace('-', '')}, timestamp '{day}', timestamp '{day}',"
        f" timestamp '{day}')"
    )


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy of the company with the people made by hand, once per engine."""
    built: Settings = request.getfixturevalue(f"{request.param}_company")
    copied = copy_of(built, tmp_path_factory.mktemp("why"))
    execute(
        copied,
        *(statement for name in PEOPLE for statement in made(name)),
        "insert into work_pii.identifier_forms (identifier_type, raw_value, identifier_value, identifier_key)"
        f" values ('email', '{MAIL.title()}', '{MAIL}', 'key-member')",
        "insert into work_pii.contact_points (profile_id, contact_type, contact_value, is_primary)"
        f" values ('member', 'email', '{MAIL}', true)",
        "insert into work_consent.permissions (profile_id, purpose, channel, record_id, record_source, legal_basis,"
        f" reason, is_allowed, stated_at) values ('member', '{PURPOSE}', 'email', '{MAIL}', 'stg_consent__records',"
        " 'consent', 'granted', true, timestamp '2026-03-03'), ('member', 'marketing', 'sms', 'C-2',"
        " 'stg_consent__records', 'consent', 'withdrawn', false, timestamp '2026-03-04')",
        "insert into work_identity.profile_id_map (profile_id, live_profile_id, is_ambiguous)"
        " values ('former', 'member', false)",
        "insert into work_identity.profile_ids (profile_id, status, ended_at)"
        " values ('former', 'merged', timestamp '2026-04-20')",
        change("former", "entered", "first_run", None, "2026-03-20"),
        change("near", "entered", "condition", "has_bought_twice", "2026-04-11"),
        change("near", "left", "condition", "has_kept_what_was_bought", "2026-04-12"),
    )
    return copied


@pytest.fixture
def why(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command on the copy."""
    return command(settings, monkeypatch, capsys, "why")


def standing(why: Command, name: str) -> Any:
    """How somebody stands in repeat_buyers, as JSON."""
    done = why("repeat_buyers", name, "--json")
    assert done.code == 0, done.error
    return json.loads(done.out)["audiences"][0]


@pytest.mark.parametrize(
    ("name", "state", "holds", "sentence"),
    [
        ("member", "member", [True, True], "Profile member is a member of Repeat buyers: both conditions hold."),
        ("near", "near_miss", [True, False], "but a near miss: 1 of 2 conditions hold, and only one is lacking, “"),
        ("far", "no_member", [False, False], "Profile far is no member of Repeat buyers: 0 of 2 conditions hold."),
        ("slipped", "ends_with_next_build", [True, False], "the next full build ends that"),
        ("waiting", "enters_with_next_build", [True, True], "the next full build lets it in"),
        ("stranger", "anonymous", [True, True], "it is anonymous, which the audience is not for"),
        ("absent", "not_considered", [], "the audience doesn't look at it, having no row of it"),
    ],
)
def test_everybody_is_told_how_they_stand(
    why: Command, name: str, state: str, holds: list[bool], sentence: str
) -> None:
    """The state, which conditions hold, and the first sentence are those of the person that was made."""
    told = standing(why, name)
    assert told["state"] == state
    assert [condition["holds"] for condition in told["conditions"]] == holds
    assert sentence in told["sentences"][0]
    assert sentence in why("repeat_buyers", name).out


def test_what_cant_be_told_of_a_condition_counts_as_no(why: Command) -> None:
    """A null condition doesn't hold, and is told as unknown."""
    assert [condition["is_known"] for condition in standing(why, "far")["conditions"]] == [True, False]
    assert "nothing is known, which counts as no" in why("repeat_buyers", "far").out


def test_a_guard_that_holds_is_told_with_its_figures(settings: Settings, why: Command) -> None:
    """With the guard closed, who doesn't qualify stays by it, and who does stays out by it."""
    latest = (
        "where audience = 'repeat_buyers' and entry_type = 'guard' and generation ="
        " (select max(generation) from work_audiences.audience_log where entry_type = 'guard'"
        " and audience = 'repeat_buyers')"
    )
    closed = "is_open = false, reasons = 'changes_too_much', figures = '7 would enter and 9 leave of 20'"
    execute(settings, f"update work_audiences.audience_log set {closed} {latest}")
    try:
        assert standing(why, "slipped")["state"] == "held_by_guard"
        assert standing(why, "waiting")["state"] == "kept_out_by_guard"
        assert standing(why, "member")["state"] == "member"
        told = why("repeat_buyers", "slipped").out
        assert "only because its guard is closed: 1 of 2 conditions hold." in told
        assert "7 would enter and 9 leave of 20" in told
    finally:
        execute(
            settings, f"update work_audiences.audience_log set is_open = true, reasons = null, figures = null {latest}"
        )


def test_the_history_is_told_under_former_ids_too(why: Command) -> None:
    """Entries and exits come in order with their causes, a merge between them; a former id finds the person."""
    member = standing(why, "former")
    assert [(change["profile_id"], change["cause"]) for change in member["history"]] == [
        ("former", "first_run"),
        ("member", "condition"),
    ]
    told = why("repeat_buyers", "former").out
    assert "Profile former has become part of profile member." in told
    assert told.index("2026-03-20") < told.index("profile former became part of this one") < told.index("What may be")
    near = standing(why, "near")
    assert [(change["change_type"], change["conditions"]) for change in near["history"]] == [
        ("entered", "has_bought_twice"),
        ("left", "has_kept_what_was_bought"),
    ]
    assert "no longer holds" in why("repeat_buyers", "near").out


def test_the_last_line_says_whether_they_are_delivered_to(why: Command) -> None:
    """A channel needs a permission and a contact point; who lacks both or membership is told so, with the record."""
    told = standing(why, "member")
    contacts = {contact["channel"]: contact for contact in told["contacts"]}
    assert [name for name, contact in contacts.items() if contact["is_deliverable"]] == ["email"]
    assert (contacts["sms"]["reason"], contacts["sms"]["record_id"]) == ("withdrawn", "C-2")
    assert contacts["push"]["reason"] == "never_asked"
    lines = why("repeat_buyers", "member").out.strip().splitlines()
    assert lines[-1].startswith("Delivered by E-mail, wherever a sync takes this audience. Not by others: ")
    assert "Text message: took the consent back, and no telephone number" in lines[-1]
    last = why("repeat_buyers", "near").out.strip().splitlines()[-1]
    assert last.startswith("Not delivered, being no member; nor would a member be: ")


def test_the_value_is_masked_wherever_it_stands(why: Command) -> None:
    """Found by an address in another spelling, its owner is told without it, also where a record is called so."""
    for more in ([], ["--json"]):
        done = why("repeat_buyers", MAIL.upper(), *more)
        assert done.code == 0, done.error
        assert "w***@made.example" in done.out
        assert "wanda" not in done.out.lower()


def test_what_ended_by_time_alone_is_told(settings: Settings, why: Command) -> None:
    """A member whose condition ended before the clock is told when it did, and that the next build ends it."""
    execute(
        settings,
        "insert into work_audiences.aud_recent_buyers (profile_id, has_bought_in_30_days, has_bought_in_30_days__until)"
        " values ('near', false, timestamp '2026-04-15')",
        "insert into work_audiences.audience_members (audience, profile_id, purpose, qualified_at, entered_at,"
        " expires_at) values ('recent_buyers', 'near', 'advertising', timestamp '2026-03-15', timestamp '2026-03-16',"
        " timestamp '2026-04-15')",
    )
    told = why("recent_buyers", "near").out
    assert "A condition ended by time alone on 2026-04-15: the next build ends the membership." in told
    assert "ended by time alone on 2026-04-15" in told


def test_without_an_audience_every_one_is_told(settings: Settings, why: Command) -> None:
    """One line an audience, the memberships counted."""
    names = [str(name) for (name,) in rows(settings, "select audience from work_audiences.audience_definitions")]
    told = json.loads(why("member", "--json").out)["audiences"]
    assert sorted(audience["audience"] for audience in told) == sorted(names)
    assert f"Profile member is in 1 of {len(names):,} audiences." in why("member").out


def test_members_of_the_company_are_told_as_the_tables_say(settings: Settings, why: Command) -> None:
    """Of a member of each audience that was built, every condition is told as audience_evidence holds it."""
    members = rows(
        settings,
        "select audience, min(profile_id) from work_audiences.audience_members"
        " where profile_id not in ('member', 'near', 'slipped') group by audience",
    )
    assert members
    for audience, profile_id in members:
        told = json.loads(why(str(audience), str(profile_id), "--json").out)["audiences"][0]
        evidence = rows(
            settings,
            "select condition, is_met from work_audiences.audience_evidence"
            f" where audience = '{audience}' and profile_id = '{profile_id}'",
        )
        assert told["state"] == "member"
        assert {(condition["name"], condition["holds"]) for condition in told["conditions"]} == set(evidence)


def test_what_is_not_there_is_a_sentence(why: Command) -> None:
    """An unknown audience lists what there is, an unknown person is told so, an audience alone asks for somebody."""
    unknown = why("repeat_byers", "member")
    assert (unknown.code, unknown.out) == (1, "")
    assert "No audience is called 'repeat_byers'. Near are repeat_buyers" in unknown.error
    assert "recent_buyers" in unknown.error
    assert (
        "Nothing in the warehouse is called nobody@nowhere.example"
        in why("repeat_buyers", "nobody@nowhere.example").error
    )
    assert "repeat_buyers is an audience: name somebody after it." in why("Repeat buyers").error
    assert why("aud_repeat_buyers", "member").code == 0
