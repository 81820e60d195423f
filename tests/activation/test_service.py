"""Between runs people try again, send again and settle what is in doubt; each does that to the rows meant alone."""

import copy
import json
from typing import ClassVar

import jsonschema
import pytest
import yaml

from orchestration.activation.connections import parse_connection
from orchestration.activation.destinations.protocol import DeliveryClass, NotAllowedError, UnsureError
from orchestration.activation.errors import DeliveryError
from orchestration.activation.ledger import open_ledger
from orchestration.activation.pace import Pace
from orchestration.activation.rehearsal import rehearse
from orchestration.activation.service import outcomes_by_code, resolve, result_rows, resync, retry, standing_of
from orchestration.activation.validation import json_schema, problems_of
from orchestration.build_state import build_ended
from orchestration.settings import PROJECT_DIR
from tests.activation.conftest import Desk, people
from tests.activation.peer import Peer


def test_retry_makes_dead_rows_due(desk: Desk) -> None:
    """A row that was given up is sent by the next run after a retry, without any change of it."""
    peer = Peer()
    peer.refused = {"p1@shop.example"}
    desk.put(people(3))
    for hours in (0, 2, 7, 25, 25, 25):
        desk.later(hours=hours)
        desk.run(peer)
    with open_ledger(desk.settings) as ledger:
        assert standing_of(ledger, desk.sync()).dead == 1
        assert retry(ledger, desk.sync()) == 1
    peer.refused = set()
    assert desk.run(peer).outcomes == {"ok": 1}
    with open_ledger(desk.settings) as ledger:
        standing = standing_of(ledger, desk.sync())
    assert (standing.held, standing.due, standing.dead) == (3, 0, 0)


def test_resync_sends_everything_again(desk: Desk) -> None:
    """What a destination lost is sent again, and who left meanwhile is removed all the same."""
    peer = Peer()
    desk.put(people(5))
    desk.run(peer)
    peer.table.clear()
    desk.put(people(4))
    with open_ledger(desk.settings) as ledger:
        assert resync(ledger, desk.sync()) == 5
    run = desk.run(peer)
    assert (run.counts.changed, run.counts.removed) == (4, 1)
    assert sorted(peer.table) == [f"p{n}@shop.example" for n in range(4)]
    with open_ledger(desk.settings) as ledger, pytest.raises(DeliveryError, match="sends each row once"):
        resync(ledger, desk.sync(mode="append"))


def test_what_is_in_doubt_is_settled_row_by_row(desk: Desk) -> None:
    """Said to have arrived, a message is not sent again; said not to have, it is, once; the others stay in doubt."""
    desk.connection |= {"caps": [{"messages": 9, "hours": 1}], "quiet_hours": {"start": 0, "end": 0}}
    peer = Peer(DeliveryClass.SIDE_EFFECT, after=lambda call, batch: UnsureError("Cut.") if call <= 3 else None)
    desk.put(people(3))
    desk.permit(["p0", "p1", "p2"])
    told = {"mode": "append", "channel": "email"}
    assert desk.run(peer, **told).outcomes == {"ambiguous": 3}
    sync = desk.sync(**told)
    with open_ledger(desk.settings) as ledger:
        assert resolve(ledger, sync, was_sent=True, keys=["p0@shop.example"]) == 1
        assert resolve(ledger, sync, was_sent=False, keys=["p1@shop.example"]) == 1
        assert standing_of(ledger, sync).ambiguous == 1
    assert desk.run(peer, **told).outcomes == {"ok": 1}
    assert desk.run(peer, **told).planned == 0
    assert [row.key["email"] for batch in peer.calls[3:] for row in batch.rows] == ["p1@shop.example"]


def test_results_tell_what_did_not_simply_arrive(desk: Desk) -> None:
    """Counts are by outcome and code, and rows those that somebody can do something about."""
    peer = Peer()
    peer.refused, peer.wrong = {"p1@shop.example"}, {"p2@shop.example"}
    desk.put(people(5))
    run = desk.run(peer)
    with open_ledger(desk.settings) as ledger:
        counts = outcomes_by_code(ledger, run.run_id)
        assert sorted(counts) == [("invalid", "invalid", 1), ("ok", "", 3), ("rejected", "bad", 1)]
        assert [row.key for row in result_rows(ledger, run.run_id, None, 10)] == ["p2@shop.example", "p1@shop.example"]
        assert [row.message for row in result_rows(ledger, run.run_id, "rejected", 10)] == ["It says no."]


def test_a_rehearsal_sends_and_remembers_nothing(desk: Desk) -> None:
    """It counts as a run would, shows masked rows, tells what its guard would hold, and assigns nobody to a holdout."""
    peer = Peer()
    desk.put(people(20))
    desk.run(peer)
    desk.put(people(4, p1="Köln"))
    calls = len(peer.calls)
    build_ended(desk.settings, green=True)
    found = rehearse(desk.settings, desk.sync())
    assert (found.counts.added, found.counts.changed, found.counts.removed) == (0, 1, 16)
    assert "16 of 20 rows would be removed" in (found.breach or "")
    assert found.calls == 2
    assert "p1@shop.example" not in str(found.examples)
    assert len(peer.calls) == calls
    rehearse(desk.settings, desk.sync(holdout={"name": "autumn", "share": 0.5}))
    assert desk.ledger("select count(*) from holdout_member") == [(0,)]


def test_a_sync_is_checked_against_what_its_destination_knows(desk: Desk) -> None:
    """Every problem is a sentence; without one there is none."""
    desk.put([])
    desk.run(Peer())
    assert problems_of(desk.settings, desk.sync()) == []
    hook = "{type: webhook, url: 'https://shop.example/people', upsert: true, mapping: {mail: $email}}"
    desk.settings.connections_path.write_text(f"connections: {{peer: {hook}}}")
    [told] = problems_of(desk.settings, desk.sync())
    assert "can't tell a removal from another row, so its mode can't be mirror" in told
    assert problems_of(desk.settings, desk.sync(mode="upsert")) == []
    desk.settings.connections_path.write_text("connections: {peer: {type: nowhere.at_all}}")
    [told] = problems_of(desk.settings, desk.sync())
    assert told.startswith("Sync peer_people: There is no destination 'nowhere.at_all'")


def test_what_is_missing_is_told_first_and_made_before_the_first_batch(desk: Desk) -> None:
    """A plan tells it and makes nothing; a run makes it once, before it sends, and sends nothing where that fails."""

    class Forgetful(Peer):
        fails = True
        made: ClassVar[list[int]] = []

        def preparations(self) -> list[str]:
            return ["make the property city (text)"]

        def prepare(self) -> None:
            if self.fails:
                raise NotAllowedError("It may not make properties.")
            self.made.append(len(self.calls))

    peer = Forgetful()
    desk.put(people(3))
    run = desk.run(peer)
    assert (run.status, run.message, run.outcomes) == ("stopped", "It may not make properties.", {"deferred": 3})
    peer.fails = False
    assert desk.run(peer).outcomes == {"ok": 3}
    assert desk.run(peer).planned == 0
    assert peer.made == [0], "nothing is made for a run that sends nothing"
    assert desk.sync().kinds == {"email": "text", "city": "text", "order_count": "number"}


def test_a_connection_may_have_several_rates() -> None:
    """Each window holds by itself: a burst of two, and three in a minute."""
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    connection = parse_connection(
        "peer",
        {"type": "webhook", "url": "https://a.example", "rate": [{"requests": 2}, {"requests": 3, "seconds": 60}]},
    )
    pace = Pace(connection.rate, clock=lambda: clock[0], sleep=sleep)
    sent = []
    for _ in range(4):
        assert pace.wait(100)
        sent.append(clock[0])
    assert sent == pytest.approx([0, 0, 1, 60])
    alone = {"type": "webhook", "url": "https://a.example", "rate": {"requests": 2}}
    assert parse_connection("peer", alone).rate == connection.rate[:1]


def test_editors_know_what_a_sync_may_say() -> None:
    """The schema that editors read is the declaration's own: what is shipped passes, and what a run refuses fails."""
    published = json.loads((PROJECT_DIR / "orchestration/activation/exposures.schema.json").read_text())
    assert published == json_schema(), "onefolk sync schema > orchestration/activation/exposures.schema.json"
    check = jsonschema.Draft202012Validator(published)
    shipped = yaml.safe_load((PROJECT_DIR / "models/activation/_activation__exposures.yml").read_text())
    assert not list(check.iter_errors(shipped))
    for change in ({"mode": "sideways"}, {"connexion": "crm"}, {"key": []}, {"guards": {"max_remove_share": 2}}):
        wrong = copy.deepcopy(shipped)
        wrong["exposures"][0]["config"]["meta"]["activation"].update(change)
        assert list(check.iter_errors(wrong)), change
