"""How long a link counts, what a provider must bring, and whom a contested value follows."""

from tests.identity.graph_history import LAST, History
from tests.identity.graph_rows import RUN_DAYS

ANNA, DEVICE = "crm_contact_id c1", "device_id d"


def test_end_of_90_days(history: History) -> None:
    """What a provider saw counts on day 89, and no more on day 90 and 91; the cause of the split is that it expired."""
    together = dict(zip(RUN_DAYS, history.together("ending", ANNA, DEVICE), strict=True))
    assert together == {0: True, 20: True, 45: True, 89: True, 90: False, 91: False, 150: False}
    assert history.reasons(5, "ending", "email a", DEVICE) == {"expired"}
    assert {cause for _, cause in history.events(4, "ending")} - {"first_seen"} == {"expired"}
    assert not history.events(5, "ending")


def test_renewal(history: History) -> None:
    """Seen again on day 45, it counts on day 90 and 91, and ends before day 150."""
    together = dict(zip(RUN_DAYS, history.together("renewing", ANNA, DEVICE), strict=True))
    assert together == {0: True, 20: True, 45: True, 89: True, 90: True, 91: True, 150: False}


def test_end_of_395_days(history: History) -> None:
    """A browser of ours unseen for 395 days is nobody's any more, and is its person's again as soon as it is seen."""
    assert history.together("oldphone", "user_id u", "anonymous_id x") == [True, True, True, True, False, True, True]


def test_greatest_age(history: History) -> None:
    """760 days after it was first seen a device ends, however often it was seen since."""
    assert history.together("aging", "user_id u", DEVICE) == [True, True, True, True, False, False, False]


def test_confidence(history: History) -> None:
    """A provider's link counts from a confidence of 0.8."""
    assert history.together("sureness", ANNA, DEVICE)[0]
    assert not history.together("sureness", ANNA, "device_id e")[0]
    assert history.reasons(0, "sureness", "email a", "device_id e") == {"low_confidence"}


def test_consent_of_tomorrow(history: History) -> None:
    """Consent counts from the moment that it names, not from that when it landed, and until the moment it runs out."""
    assert history.together("futureyes", ANNA, DEVICE) == [False, False, False, True, True, False, False]
    assert history.reasons(1, "futureyes", "email a", DEVICE) == {"no_consent"}


def test_shared_device(history: History) -> None:
    """A device that two people log in on leaves them two, and follows the one with more evidence."""
    assert history.together("sharing", "user_id u1", DEVICE) == [True] * 7
    assert history.together("sharing", "user_id u1", "user_id u2") == [False] * 7
    assert history.reasons(0, "sharing", "user_id u2", DEVICE) == {"unique_limit"}


def test_two_users(history: History) -> None:
    """Two user ids with one e-mail address stay two people; the address goes with who used it in the newer month."""
    assert history.together("uniqueness", "user_id u1", "email a") == [True] * 7
    assert history.reasons(0, "uniqueness", "user_id u2", "email a") == {"unique_limit"}


def test_recycled_phone(history: History) -> None:
    """A phone number moves with the evidence of its new owner, and the old owner keeps theirs."""
    assert history.together("recycling", ANNA, "phone 1") == [True, True] + [False] * 5
    assert history.together("recycling", "crm_contact_id c2", "phone 1") == [False, False] + [True] * 5
    assert history.reasons(2, "recycling", ANNA, "phone 1") == {"contested_value"}
    assert "contested_value" in {cause for _, cause in history.events(2, "recycling")}


def test_recycled_phone_and_the_id(history: History) -> None:
    """The id of the old owner stays with them, and does not move with the number to the new one."""
    assert len({history.profile(run, "recycling", ANNA) for run in range(7)}) == 1


def test_household(history: History) -> None:
    """Two people known by different names keep apart though they share a number, which stays with one of them."""
    assert history.together("household", ANNA, "crm_contact_id c2") == [False] * 7
    assert history.together("household", "crm_contact_id c2", "phone 1") == [True] * 7
    assert history.reasons(0, "household", ANNA, "phone 1") == {"contested_value"}
    assert history.reasons(0, "household", "shop_customer_id s1", "phone 1") == {"contested_value"}


def test_policies(history: History) -> None:
    """A contested device follows the better evidence (strongest), the last sighting (latest), or nobody (ambiguous)."""
    places = {}
    for policy, snapshot in {"strongest": history.runs[LAST], **history.after}.items():
        profiles = {
            name: snapshot.profiles[history.one("sharing", name)] for name in ("user_id u1", "user_id u2", DEVICE)
        }
        places[policy] = [name for name in ("user_id u1", "user_id u2") if profiles[name] == profiles[DEVICE]]
        assert profiles["user_id u1"] != profiles["user_id u2"]
    assert places["strongest"] == places["again"] == ["user_id u1"]
    assert (places["latest"], places["ambiguous"]) == (["user_id u2"], [])


def test_policies_of_phones(history: History) -> None:
    """A disputed phone number follows the newest claim under strongest and latest, and nobody under ambiguous."""
    places = {}
    for policy in ("latest", "ambiguous"):
        profiles = history.after[policy].profiles
        phone = profiles[history.one("recycling", "phone 1")]
        places[policy] = [no for no in "12" if profiles[history.one("recycling", f"crm_contact_id c{no}")] == phone]
    assert places == {"latest": ["2"], "ambiguous": []}


def test_ugly_input(history: History) -> None:
    """No value, the same value twice, other alphabets, and nothing but blocked values: all that can be read stands."""
    profiles = {one: profile for one, profile in history.runs[0].profiles.items() if history.worlds["ugly"].owns(one)}
    assert len(profiles) == 9
    together = history.together("ugly", "user_id Ωмега", "anonymous_id 東京", "anonymous_id e\u0301t\u00e9'\"\\%_")
    assert together == [True] * 7
    assert history.together("ugly", ANNA, "email a", "phone 1") == [True] * 7
    assert history.together("ugly", "anonymous_id y", "device_id e") == [True] * 7
    assert history.profile(0, "ugly", "user_id =unknown") is None
    assert history.profile(0, "ugly", "anonymous_id =n/a") is None
    nobody = history.runs[0].keys["user_id", "unknown"]
    assert [reason for pair, reason in history.runs[0].links.items() if nobody in pair] == ["blocked_value"]
