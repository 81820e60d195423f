"""A marketer's week with HubSpot and Klaviyo: whatever happens, both accounts hold what the models say at its end."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.settings import PROJECT_DIR, Settings
from tests.activation.hubspot_account import StaticList
from tests.activation.hubspot_peer import TOKEN, HubSpotPeer
from tests.activation.klaviyo_account import UNSUBSCRIBED
from tests.activation.klaviyo_peer import KEY, KlaviyoPeer
from tests.activation.test_conformance import nobody
from tests.end_to_end.company import environment, kill_tree, onefolk, run
from tests.end_to_end.hand_made import address
from tests.end_to_end.marketing_week import Week

pytestmark = pytest.mark.long

MONDAY = datetime(2026, 5, 4, tzinfo=UTC)
PEOPLE = ("ada", "ben", "cleo", "dan", "eve", "eva", "fay", "gil", "gus", "hal", "ivy", "jon", "kim")
OWN_LIST = "Onefolk: repeat_buyers"


def at(day: int, hour: float = 0) -> datetime:
    """An hour of a day of the week, 0 for Monday."""
    return MONDAY + timedelta(days=day, hours=hour)


@pytest.fixture
def week(duckdb_company: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Week]:
    """The company on Monday morning: its accounts hold things of others, and nothing of ours."""
    monkeypatch.setenv("HUBSPOT_TOKEN", TOKEN)
    monkeypatch.setenv("KLAVIYO_KEY", KEY)
    with HubSpotPeer() as hubspot, KlaviyoPeer(hang_seconds=20) as klaviyo:
        found = Week(duckdb_company, tmp_path, hubspot, klaviyo)
        for name in PEOPLE:
            found.records.contact(name, at(-3))
            found.records.consent(name, at(-3, 1))
        yield found


@dataclass
class Others:
    """What people typed into both accounts, which nobody but they may change."""

    contacts: dict[str, dict[str, str]]
    klaviyo_list: str

    @classmethod
    def in_accounts_of(cls, week: Week) -> "Others":
        """Type it in."""
        account, klaviyo = week.hubspot.account, week.klaviyo.account
        typed = [
            account.put("contacts", email=address("ada"), firstname="Adà (VIP!)", jobtitle="Chief of everything"),
            account.put("contacts", email="stranger@elsewhere.example", firstname="Nobody's business"),
        ]
        account.lists["900"] = StaticList("Fair in Leipzig", members=set(typed))
        stranger = klaviyo.put(email="stranger@elsewhere.example", first_name="Somebody")
        klaviyo.put(email=address("hal"), first_name="Hal")
        number = klaviyo.put_list("Fair in Leipzig")
        klaviyo.members[number][stranger.number] = None
        return cls({number: dict(account.records["contacts"][number]) for number in typed}, number)

    def are_untouched(self, week: Week) -> None:
        """Fail where any of it is not as it was typed."""
        account, klaviyo = week.hubspot.account, week.klaviyo.account
        for number, typed in self.contacts.items():
            assert account.records["contacts"][number].items() >= typed.items()
        assert account.lists["900"].members == set(self.contacts)
        stranger = klaviyo.find({"email": "stranger@elsewhere.example"})
        assert stranger
        assert (stranger.attributes["first_name"], stranger.properties) == ("Somebody", {})
        assert (stranger.email["consent"], stranger.email["suppression"]) == ("NEVER_SUBSCRIBED", [])
        assert list(klaviyo.members[self.klaviyo_list]) == [stranger.number]


def carts_of_monday(week: Week) -> None:
    """Who leaves what in the shop on Monday morning."""
    records = week.records
    for name, hour, more in (
        ("ada", 6, ""), ("ben", 7, ""), ("cleo", 5, ""), ("dan", 3, "-1"), ("dan", 7.5, "-2"), ("eve", 6.5, ""),
        ("fay", 7.75, ""), ("gil", 9, ""),
    ):  # fmt: skip
        browser = f"browser-{name}"
        records.identify(browser, name, at(0, hour - 0.2))
        put(week, browser, f"cart-{name}{more}", "PRD-0001", at(0, hour))
    records.receipt("cleo", "PRD-0001", at(0, 8))
    for cart in ("gus-1", "gus-2"):
        records.order("gus", cart, "PRD-0002", at(-2))


def put(week: Week, browser: str, cart: str, product: str, moment: datetime, event: str = "Product Added") -> None:
    """Something is put into a cart, or taken out."""
    more = {"cart_id": cart, "product_id": product, "price": 10, "quantity": 1, "currency": "EUR"}
    week.records.event(browser, event, moment, **more)


def test_both_accounts_hold_what_the_models_say(week: Week) -> None:
    """New members, leavers, a withdrawal, an unsubscribe, a merge, a repair, an outage, a kill: all is as it should be.

    A cart is told of once for each state that it is left in, unless it is bought, online or in a store.
    """
    others = Others.in_accounts_of(week)
    week.records.contact("ivy", at(-2), first_name="UNFIT")
    carts_of_monday(week)
    week.cycle(at(0, 12))
    first = [(address(name), f"cart-{name}", ["PRD-0001"]) for name in ("ada", "ben", "eve", "fay")]
    first += [(address("dan"), f"cart-dan-{number}", ["PRD-0001"]) for number in (1, 2)]
    assert week.events() == sorted(first)
    assert week.contacts() == week.wanted_contacts()
    assert {address("gus")} <= week.list_of_hubspot(OWN_LIST) == week.list_of_klaviyo(OWN_LIST)
    refused = week.wanted_profiles().keys() - week.profiles().keys()
    assert refused == {address("ivy")}
    others.are_untouched(week)

    # Both are down for an hour in which carts go on; then a run is killed while Klaviyo has an event in its hands.
    week.records.order("ben", "cart-ben", "PRD-0001", at(0, 13))
    put(week, "browser-ada", "cart-ada", "PRD-0001", at(0, 12.5), "Product Removed")
    put(week, "browser-ada", "cart-ada", "PRD-0003", at(0, 13))
    calls = week.calls()
    week.connect(*[f"http://127.0.0.1:{nobody()}"] * 2)
    week.cycle(at(0, 18), check=False)
    assert week.calls() == calls
    week.connect(week.hubspot.url, week.klaviyo.url)
    kill_with_an_event_in_flight(week)
    # Klaviyo still refuses Ivy, which a run says by its exit code.
    assert run(week.settings, "sync", "run", check=False).returncode == 1
    second = [(address("ada"), "cart-ada", ["PRD-0003"]), (address("gil"), "cart-gil", ["PRD-0001"])]
    assert week.events() == sorted([*first, *second])
    holds_the_models(week, but=address("ivy"))

    # Gus withdraws, Hal unsubscribes in Klaviyo, Jon objects, Ivy is mended, Kim comes, Eve and Eva are one.
    week.records.consent("gus", at(1, 8), "revoked")
    hal = week.klaviyo.account.find({"email": address("hal")})
    assert hal
    hal.email, hal.updated = unsubscribed(at(1, 8)), datetime.now(UTC).isoformat()
    week.records.objection("jon", at(1, 9))
    week.records.contact("ivy", at(1, 9))
    for cart in ("kim-1", "kim-2"):
        week.records.order("kim", cart, "PRD-0002", at(1, 9))
    week.records.merge("eve", "eva", at(1, 9))
    run(week.settings, "sync", "retry", "klaviyo_profiles")
    week.cycle(at(1, 12))
    assert {address("gus"), address("hal"), address("jon")} <= week.suppressed()
    assert address("kim") in week.list_of_hubspot(OWN_LIST)
    assert address("gus") not in week.list_of_hubspot(OWN_LIST) | week.list_of_klaviyo(OWN_LIST)
    assert address("jon") not in week.contacts()
    assert week.profiles()[address("ivy")]["first_name"] == "Ivy"
    assert len({address("eve"), address("eva")} & week.wanted_contacts().keys()) == 1
    assert hal.email["consent"] == "UNSUBSCRIBED"
    assert week.events() == sorted([*first, *second])
    holds_the_models(week)

    week.cycle(at(4, 12))
    assert week.events() == sorted([*first, *second])
    holds_the_models(week)
    others.are_untouched(week)
    calls = week.calls()
    run(week.settings, "sync", "run")
    assert week.calls() == calls, "nothing is left to do, and nothing is asked"


def holds_the_models(week: Week, but: str | None = None) -> None:
    """Both accounts are as the sync models say, to the row; `but` is whose profile Klaviyo refuses."""
    assert week.contacts() == week.wanted_contacts()
    members = {str(email) for (email,) in week.wanted("hubspot__list_repeat_buyers", "email")}
    assert week.list_of_hubspot(OWN_LIST) == members
    assert week.list_of_klaviyo(OWN_LIST) == members
    wanted = week.wanted_profiles()
    assert week.profiles() == {email: facts for email, facts in wanted.items() if email != but}
    assert week.suppressed() == {str(email) for (email,) in week.wanted("klaviyo__suppressions", "email")}


def kill_with_an_event_in_flight(week: Week) -> None:
    """Begin to send events, and kill it when Klaviyo took one and didn't answer."""
    before = len(week.klaviyo.calls("/events"))
    week.klaviyo.befall("hang")
    command = onefolk(week.settings, "sync", "run", "klaviyo_cart_abandoned")
    process = subprocess.Popen(command, cwd=PROJECT_DIR, env=environment(week.settings), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(week.klaviyo.calls("/events")) == before and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is None, "the run was over before an event was on its way"
    kill_tree(process)


def unsubscribed(moment: datetime) -> dict[str, Any]:
    """How Klaviyo tells of somebody who unsubscribed then."""
    told = moment.isoformat()
    return UNSUBSCRIBED | {"consent_timestamp": told, "suppression": [{"reason": "UNSUBSCRIBE", "timestamp": told}]}
