"""Klaviyo's lists and suppressions: who is on one is as the model says, and who unsubscribed stays so."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from orchestration.activation.conformance import Bench, check, laws_of
from orchestration.activation.connections import WrongConnectionError
from orchestration.activation.destinations.protocol import (
    Accepted,
    Batch,
    BatchRefusedError,
    Destination,
    NotAllowedError,
    Operation,
    Target,
    UnsureError,
)
from orchestration.activation.withdrawals import bring_all_withdrawals, bring_withdrawals
from orchestration.cli import app
from tests.activation.klaviyo_account import AT, UNSUBSCRIBED, Profile
from tests.activation.klaviyo_bench import (
    EVENTS,
    PROFILES,
    SUPPRESSIONS,
    VIP,
    declared,
    good_row,
    judged,
    members_of,
    opened,
    outcomes,
    rows_of,
    sent,
)
from tests.activation.klaviyo_peer import KEY, KlaviyoPeer
from tests.activation.test_conformance import nobody
from tests.conftest import LandingFolder, environment_of


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[KlaviyoPeer]:
    """An account whose every exchange is judged."""
    with judged(monkeypatch) as account:
        yield account


def named(count: int, first: int = 0) -> list[dict[str, Any]]:
    """So many e-mails."""
    return [{"email": f"p{n}@shop.example"} for n in range(first, first + count)]


# Lists


@pytest.fixture
def bench(peer: KlaviyoPeer) -> Bench:
    """A list of an account."""

    def answering(trouble: str) -> Destination:
        destination = opened(peer, VIP)
        peer.befall(trouble)
        return destination

    return Bench(
        open=lambda: opened(peer, VIP),
        row=lambda n: {"email": f"p{n}@shop.example", "external_id": f"x{n}"},
        key=("email",),
        taken=lambda: members_of(peer.account),
        down=lambda: opened(peer, VIP, prepared=False, url=f"http://127.0.0.1:{nobody()}"),
        cut=lambda: answering("cut"),
        garbage={name: partial(answering, name) for name in ("html", "nothing", "half", "list", "inner", "strangers")},
        fields={"text": "external_id"},
        secrets=(KEY,),
    )


@pytest.mark.parametrize("law", laws_of(Bench))
def test_lists_keep_the_law(law: str, bench: Bench) -> None:
    """Lists keep the laws of destinations."""
    check(law, bench)


def test_a_list_is_told_of_and_then_made_once(peer: KlaviyoPeer) -> None:
    """A list that is missing is shown first, made by its name alone, and found by whoever comes later."""
    peer.account.put_list("Onefolk: vip2")
    destination = opened(peer, VIP, prepared=False)
    assert list(destination.preparations()) == ["create the list 'Onefolk: vip'"]
    assert {seen.method for seen in peer.seen} == {"GET"}
    destination.prepare()
    opened(peer, VIP)
    [call] = peer.calls("/lists", method="POST")
    assert call.body == {"data": {"type": "list", "attributes": {"name": "Onefolk: vip"}}}
    assert not opened(peer, VIP, prepared=False).preparations()
    assert len(peer.account.lists) == 2


def test_a_list_that_is_there_is_taken_by_its_id(peer: KlaviyoPeer) -> None:
    """A list that the connection names is used, and one that isn't there is told of."""
    number = peer.account.put_list("Newsletter")
    destination = opened(peer, VIP, lists={"list_vip": number})
    assert outcomes(sent(destination, rows_of(named(2)))) == ["ok", "ok"]
    assert len(members_of(peer.account, "Newsletter")) == 2
    with pytest.raises(NotAllowedError, match="no list Lxyz, which lists names"):
        opened(peer, VIP, lists={"list_vip": "Lxyz"})
    peer.befall(400)
    with pytest.raises(NotAllowedError, match="refuses to make the list"):
        opened(peer, VIP)
    with pytest.raises(NotAllowedError, match="make it first"):
        sent(opened(peer, VIP, prepared=False), rows_of(named(1)))


def test_who_comes_is_imported_and_who_leaves_is_taken_off(peer: KlaviyoPeer) -> None:
    """Adds take one job, removals a look-up a hundred and a request a thousand; profiles stay, and what they hold."""
    there = peer.account.put(email="p7@shop.example", first_name="Ann", phone_number="+15005550006")
    peer.account.put(email="nobody@shop.example", first_name="Not on the list")
    destination = opened(peer, VIP)
    rows = named(2_500)
    rows[7] |= {"phone_number": None, "external_id": None}
    assert set(outcomes(sent(destination, rows_of(rows)))) == {"ok"}
    assert len(members_of(peer.account)) == 2_500
    assert len(peer.calls("/profile-bulk-import-jobs")) == 1
    assert there.attributes == {"email": "p7@shop.example", "first_name": "Ann", "phone_number": "+15005550006"}
    answers = sent(destination, rows_of([*named(2_400), {"email": "nobody@shop.example"}], Operation.REMOVE))
    assert outcomes(answers) == ["ok"] * 2_400 + ["noop"]
    assert [one["email"] for one in members_of(peer.account)] == [one["email"] for one in named(100, 2_400)]
    assert [len(seen.profiles) for seen in peer.calls("/relationships/profiles")] == [1_000, 1_000, 400]
    assert len(peer.calls("/profiles", method="GET")) == 25
    assert len(peer.account.profiles) == 2_501
    assert outcomes(sent(destination, rows_of([{"email": "no address"}], Operation.REMOVE))) == ["noop"]


@pytest.mark.parametrize("key", ["phone_number", "external_id"])
def test_lists_go_by_other_keys_too(peer: KlaviyoPeer, key: str) -> None:
    """People come and leave by phone or by an id of another system as well."""
    rows = [{key: f"+1500555000{n}"} for n in range(5)]
    destination = opened(peer, Target("list_vip", mode="audience", key=(key,), kinds={key: "text"}))
    assert outcomes(sent(destination, rows_of(rows, key=key))) == ["ok"] * 5
    assert outcomes(sent(destination, rows_of(rows[:3], Operation.REMOVE, key=key))) == ["ok"] * 3
    assert len(members_of(peer.account)) == 2


def test_each_request_of_a_batch_but_the_first_waits_for_its_turn(peer: KlaviyoPeer) -> None:
    """A batch that takes several requests asks for a turn before each further one."""
    turns: list[int] = []
    target = Target("list_vip", mode="audience", key=("email",), kinds={"email": "text"}, turn=lambda: turns.append(1))
    destination = opened(peer, target)
    sent(destination, rows_of(named(250)))
    before, seen = len(turns), len(peer.seen)
    sent(destination, rows_of(named(250), Operation.REMOVE))
    assert len(peer.seen) - seen == 4
    assert len(turns) - before == 3


# Suppressions


def test_suppressions_are_made_by_hundreds(peer: KlaviyoPeer) -> None:
    """An address is suppressed by a job that is asked after; who isn't there is made, and suppressed."""
    destination = opened(peer, SUPPRESSIONS)
    assert destination.limits.max_rows == 100
    there = peer.account.put(email="p1@shop.example", first_name="Ann")
    batch = Batch("sync", "suppressions", "batch", rows_of(named(100)))
    answer = destination.send(batch)
    assert isinstance(answer, Accepted)
    assert isinstance(opened(peer, SUPPRESSIONS).poll(answer.job_id, batch), Accepted)
    told = opened(peer, SUPPRESSIONS).poll(answer.job_id, batch)
    assert not isinstance(told, Accepted)
    assert set(outcomes(told.rows)) == {"ok"}
    assert {one.email["can_receive_email_marketing"] for one in peer.account.profiles.values()} == {False}
    assert there.attributes["first_name"] == "Ann"
    [call] = peer.calls("/profile-suppression-bulk-create-jobs")
    assert call.body["data"]["type"] == "profile-suppression-bulk-create-job"
    assert call.profiles[0] == {"type": "profile", "attributes": {"email": "p0@shop.example"}}
    with pytest.raises(BatchRefusedError):
        destination.send(Batch("sync", "suppressions", "batch", rows_of(named(101))))


def test_what_a_job_skipped_is_looked_at(peer: KlaviyoPeer) -> None:
    """Where a job skipped some, each address is looked up: who may still be written to is rejected, and nobody else."""
    destination = opened(peer, SUPPRESSIONS)
    batch = Batch("sync", "suppressions", "batch", rows_of([{"email": "P0@shop.example"}, *named(2, 1)]))
    answer = destination.send(batch)
    assert isinstance(answer, Accepted)
    job = peer.account.jobs[answer.job_id]
    job.skipped, job.polls_left = 1, 0
    left = peer.account.find({"email": "p1@shop.example"})
    assert left is not None
    left.email = left.email | {"suppression": [], "can_receive_email_marketing": True}
    told = destination.poll(answer.job_id, batch)
    assert not isinstance(told, Accepted)
    assert outcomes(told.rows) == ["ok", "rejected", "ok"]
    assert told.rows[1].code == "skipped"


def test_who_leaves_stays_suppressed_unless_the_connection_lifts(peer: KlaviyoPeer) -> None:
    """A permission that comes back lifts nothing unless it is declared; then only what was suppressed by hand."""
    destination = opened(peer, SUPPRESSIONS)
    sent(destination, rows_of(named(2)))
    seen = len(peer.seen)
    answers = sent(destination, rows_of(named(2), Operation.REMOVE))
    assert {(one.outcome, one.code) for one in answers} == {("noop", "stays_suppressed")}
    assert len(peer.seen) == seen
    bounced = peer.account.put(email="p2@shop.example")
    bounced.email = bounced.email | {
        "suppression": [{"reason": "HARD_BOUNCE", "timestamp": AT}], "can_receive_email_marketing": False,
    }  # fmt: skip
    lifting = opened(peer, SUPPRESSIONS, lifts_suppressions=True)
    assert outcomes(sent(lifting, rows_of(named(3), Operation.REMOVE))) == ["ok"] * 3
    told = [one.email["can_receive_email_marketing"] for one in peer.account.profiles.values()]
    assert told == [True, True, False]
    [call] = peer.calls("/profile-suppression-bulk-delete-jobs")
    assert call.body["data"]["type"] == "profile-suppression-bulk-delete-job"
    assert outcomes(sent(lifting, rows_of([{"email": "no address"}], Operation.REMOVE))) == ["noop"]


@pytest.mark.parametrize("code", ["cancelled", "job_gone"])
def test_a_suppression_that_ended_badly_is_sent_again(peer: KlaviyoPeer, code: str) -> None:
    """Of a job that was cancelled, or that is known no more, every address is rejected, which tries it again."""
    destination = opened(peer, SUPPRESSIONS)
    batch = Batch("sync", "suppressions", "batch", rows_of(named(2)))
    answer = destination.send(batch)
    assert isinstance(answer, Accepted)
    if code == "cancelled":
        peer.account.jobs[answer.job_id].status, peer.account.jobs[answer.job_id].polls_left = "cancelled", 0
    else:
        del peer.account.jobs[answer.job_id]
    told = destination.poll(answer.job_id, batch)
    assert not isinstance(told, Accepted)
    assert {(one.outcome, one.code) for one in told.rows} == {("rejected", code)}


@pytest.mark.parametrize("trouble", ["html", "nothing", "half", "list", "inner", "strangers", "cut"])
def test_garbage_is_no_suppression(peer: KlaviyoPeer, trouble: str) -> None:
    """Garbage in place of an answer, to the job's start or to a question after it, suppresses nobody in our books."""
    destination = opened(peer, SUPPRESSIONS)
    batch = Batch("sync", "suppressions", "batch", rows_of(named(2)))
    peer.befall(trouble)
    with pytest.raises(UnsureError):
        destination.send(batch)
    answer = destination.send(batch)
    assert isinstance(answer, Accepted)
    peer.befall_reads(trouble)
    with pytest.raises(UnsureError):
        destination.poll(answer.job_id, batch)


def test_one_address_that_is_refused_is_rejected_alone(peer: KlaviyoPeer) -> None:
    """A refused request of many is halved by the engine; of one address it is that one's."""
    destination = opened(peer, SUPPRESSIONS)
    peer.befall(400, 400)
    with pytest.raises(BatchRefusedError):
        sent(destination, rows_of(named(2)))
    [told] = sent(destination, rows_of(named(1)))
    assert (told.outcome, told.code) == ("rejected", "told_to")
    assert destination.problems(rows_of([{"email": "no address"}])[0]) is not None


# Consent


def unsubscribed(peer: KlaviyoPeer) -> Profile:
    """Somebody who unsubscribed from e-mail and from text messages."""
    found = peer.account.put(email="ann@shop.example", phone_number="+15005550006", external_id="x1")
    found.email = copy.deepcopy(UNSUBSCRIBED)
    found.sms = {
        "can_receive_sms_marketing": False, "consent": "UNSUBSCRIBED", "consent_timestamp": "2026-08-31T09:00:00+00:00",
    }  # fmt: skip
    return found


def test_nothing_that_we_send_subscribes_anybody_again(peer: KlaviyoPeer) -> None:
    """Whoever unsubscribed stays so: imported, on a list and off it, with events, suppressed and lifted."""
    ann = unsubscribed(peer)
    row = good_row(1) | {"email": "ann@shop.example", "cart_id": "c1"}
    name = [{"email": "ann@shop.example"}]
    opened_vip = opened(peer, VIP)
    for destination, rows in (
        (opened(peer, PROFILES), rows_of([row])),
        (opened_vip, rows_of(name)),
        (opened(peer, EVENTS), rows_of([row])),
        (opened_vip, rows_of(name, Operation.REMOVE)),
        (opened(peer, PROFILES), rows_of(name, Operation.REMOVE)),
    ):
        assert outcomes(sent(destination, rows)) == ["ok"]
        assert ann.email == UNSUBSCRIBED
        assert ann.sms["consent"] == "UNSUBSCRIBED"
    assert outcomes(sent(opened(peer, SUPPRESSIONS), rows_of(name))) == ["ok"]
    lifting = opened(peer, SUPPRESSIONS, lifts_suppressions=True)
    assert outcomes(sent(lifting, rows_of(name, Operation.REMOVE))) == ["ok"]
    assert ann.email == UNSUBSCRIBED


def connected(landing: LandingFolder, peer: KlaviyoPeer) -> None:
    """Declare the account as a connection of the project."""
    landing.settings.home.mkdir(parents=True, exist_ok=True)
    told = {"connections": {"shop": declared(peer)}}
    landing.settings.connections_path.write_text(yaml.safe_dump(told))


def test_unsubscribes_land_as_records_of_consent(duckdb_landing: LandingFolder, peer: KlaviyoPeer) -> None:
    """Who unsubscribed or complained is landed as revoked consent, by channel and purpose; bounces and ours are not."""
    connected(duckdb_landing, peer)
    unsubscribed(peer)
    for reason, name in (("SPAM_COMPLAINT", "bob"), ("HARD_BOUNCE", "eve"), ("USER_SUPPRESSED", "kim")):
        one = peer.account.put(email=f"{name}@shop.example")
        one.email = one.email | {"suppression": [{"reason": reason, "timestamp": AT}]}
    for n in range(230):
        peer.account.put(email=f"p{n}@shop.example")
    count, path = bring_withdrawals(duckdb_landing.settings, "shop")
    assert path is not None
    assert path.parent == duckdb_landing.settings.landing_dir / "consent@shop" / "records"
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert count == len(records) == 6
    assert sorted(one.name for one in path.parent.iterdir()) == [".asked", path.name]
    found = {(one["id_type"], one["id_value"], one["channel"], one["purpose"], one["collected_at"]) for one in records}
    assert found == {
        ("email", "ann@shop.example", "email", "marketing", "2026-08-30T10:00:00+00:00"),
        ("email", "ann@shop.example", "email", "customer_survey", "2026-08-30T10:00:00+00:00"),
        ("phone", "+15005550006", "sms", "marketing", "2026-08-31T09:00:00+00:00"),
        ("phone", "+15005550006", "sms", "customer_survey", "2026-08-31T09:00:00+00:00"),
        ("email", "bob@shop.example", "email", "marketing", AT),
        ("email", "bob@shop.example", "email", "customer_survey", AT),
    }
    assert {(one["status"], one["legal_basis"], one["source"]) for one in records} == {
        ("revoked", "consent", "klaviyo")
    }
    duckdb_landing.land()
    counts = "count(*), count(distinct consent_id), min(_source_instance)"
    assert duckdb_landing.rows(f"select {counts} from raw_consent.records") == [(6, 6, "shop")]


def test_what_was_brought_is_not_asked_for_again(duckdb_landing: LandingFolder, peer: KlaviyoPeer) -> None:
    """A second time it asks for what changed since an hour before the last; where nothing did, no file is written."""
    connected(duckdb_landing, peer)
    unsubscribed(peer)
    first, path = bring_withdrawals(duckdb_landing.settings, "shop")
    assert first == 4
    assert bring_withdrawals(duckdb_landing.settings, "shop") == (0, None)
    assert path is not None
    first_stamp, stamp = path.stem.removeprefix("withdrawals-"), (path.parent / ".asked").read_text(encoding="utf-8")
    assert stamp >= first_stamp
    last = datetime.strptime(first_stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    asked = peer.seen[-1].path
    since = datetime.fromisoformat(asked.split("filter=greater-than(updated,")[1].split(")")[0])
    assert (last - since).total_seconds() == 3_600
    (path.parent / ".asked").write_text("no time", encoding="utf-8")
    assert bring_withdrawals(duckdb_landing.settings, "shop")[0] == 4
    again, _ = bring_withdrawals(duckdb_landing.settings, "shop", since=datetime(2026, 8, 1, tzinfo=UTC))
    assert again == 4


def test_a_large_account_is_asked_in_parts(duckdb_landing: LandingFolder, peer: KlaviyoPeer) -> None:
    """What takes too long to tell is left to the next times, which go on from there until all is known."""
    connected(duckdb_landing, peer)
    wanted = set()
    for n in range(350):
        one = peer.account.put(email=f"p{n}@shop.example", phone_number=f"+4915755{n:06}")
        one.updated = f"2026-08-{1 + n // 20:02}T10:00:00+00:00"
        if n % 100 == 7:
            wanted.add(f"+4915755{n:06}")
            one.sms = {"can_receive_sms_marketing": False, "consent": "UNSUBSCRIBED", "consent_timestamp": one.updated}
    rounds, found = 0, set()
    while (rounds := rounds + 1) < 50:
        asked = duckdb_landing.settings.landing_dir / "consent@shop" / "records" / ".asked"
        before = asked.read_text(encoding="utf-8") if asked.exists() else ""
        _, path = bring_withdrawals(duckdb_landing.settings, "shop", longest=0 if rounds < 20 else 60)
        if path:
            found |= {json.loads(line)["id_value"] for line in path.read_text(encoding="utf-8").splitlines()}
        if rounds > 20:
            break
        assert asked.read_text(encoding="utf-8") >= before
    assert found == wanted


def test_a_cycle_asks_whoever_tells_and_stops_for_nobody(
    duckdb_landing: LandingFolder, peer: KlaviyoPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every connection that tells is asked; one that can't be is named in a sentence, and the others are landed."""
    unsubscribed(peer)
    told = {
        "shop": declared(peer), "gone": declared(peer, key_env="KLAVIYO_NONE"), "hook": {"type": "webhook"},
        "down": declared(peer, url=f"http://127.0.0.1:{nobody()}"), "drop": {"type": "files"},
    }  # fmt: skip
    duckdb_landing.settings.home.mkdir(parents=True, exist_ok=True)
    duckdb_landing.settings.connections_path.write_text(yaml.safe_dump({"connections": told}))
    problems = bring_all_withdrawals(duckdb_landing.settings)
    assert [one.split(" is not known: ")[0].split()[-1] for one in problems] == ["down", "gone", "hook"]
    assert "KLAVIYO_NONE" in problems[1]
    assert [path.name for path in duckdb_landing.settings.landing_dir.iterdir()] == ["consent@shop"]
    duckdb_landing.settings.connections_path.write_text("connections: 5")
    [problem] = bring_all_withdrawals(duckdb_landing.settings)
    assert "must hold" in problem


def test_the_command_tells_what_it_brought(
    duckdb_landing: LandingFolder, peer: KlaviyoPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`onefolk sync unsubscribes` names the file and how many records are in it, or why it couldn't ask."""
    connected(duckdb_landing, peer)
    unsubscribed(peer)
    for name, value in environment_of(duckdb_landing.settings).items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(app, ["sync", "unsubscribes", "shop"])
    assert (done.exit_code, "4 records of consent in" in done.output) == (0, True), done.output
    assert "Nothing new" in CliRunner().invoke(app, ["sync", "unsubscribes", "shop"]).output
    peer.befall_reads(403)
    refused = CliRunner().invoke(app, ["sync", "unsubscribes", "shop"])
    assert refused.exit_code == 1
    assert "profiles:read" in refused.output


def test_only_an_account_that_tells_is_asked(duckdb_landing: LandingFolder) -> None:
    """A connection of another type is told apart in a sentence."""
    with pytest.raises(WrongConnectionError, match="of type files, which tells no unsubscribes"):
        bring_withdrawals(duckdb_landing.settings, "files")
