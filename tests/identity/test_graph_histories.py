"""People who meet and part: what becomes of their ids, and which cause the events name."""

from tests.identity.graph_history import History
from tests.identity.graph_stories import HUB_SIZE

ANNA, BEN = "crm_contact_id c1", "crm_contact_id c2"


def ids(history: History, world: str, named: str) -> list[str | None]:
    """Per run the profile id of an identifier."""
    return [history.profile(run, world, named) for run in range(len(history.runs))]


def test_revoked_steward_link(history: History) -> None:
    """A steward's link joins two people and, revoked, gives each their id back."""
    anna, ben = ids(history, "steward", ANNA), ids(history, "steward", BEN)
    assert history.together("steward", "email a", "email b") == [False, True, True, False, False, False, False]
    assert len({anna[0], ben[0]}) == 2
    assert {anna[1], ben[1]} < {anna[0], ben[0]}
    assert (anna[3:], ben[3:]) == ([anna[0]] * 4, [ben[0]] * 4)
    assert history.events(1, "steward") == {("forced", "steward_link")}
    assert history.events(3, "steward") == {("restored", "evidence_gone")}


def test_corrected_email(history: History) -> None:
    """A wrong e-mail address joins two people and, corrected, gives each their id back."""
    anna, ben = ids(history, "correction", ANNA), ids(history, "correction", BEN)
    assert history.together("correction", ANNA, BEN) == [False, True, False, False, False, False, False]
    assert (anna[2:], ben[2:]) == ([anna[0]] * 5, [ben[0]] * 5)
    assert history.events(1, "correction") == {("merged", "same_record")}
    assert history.events(2, "correction") == {("restored", "evidence_gone")}


def test_consent(history: History) -> None:
    """Consent joins a provider's device to a person, withdrawn parts them, and given again joins them again."""
    anna, device = ids(history, "asking", ANNA), ids(history, "asking", "device_id d")
    assert history.together("asking", ANNA, "device_id d") == [False, True, False, True, True, True, True]
    assert device[2] == device[0]
    assert anna[2] == anna[0]
    assert anna[3] == anna[1]
    assert history.reasons(0, "asking", "email a", "device_id d") == {"no_consent"}
    assert history.events(1, "asking") == {("merged", "third_party_record")}
    assert history.events(2, "asking") == {("restored", "no_consent")}
    assert history.events(3, "asking") == {("merged", "third_party_record")}


def test_split(history: History) -> None:
    """A split leaves the id with the part that holds what it was minted for, and only with that."""
    anna, shop = ids(history, "parting", ANNA), ids(history, "parting", "shop_customer_id s1")
    assert anna[0] == shop[0]
    assert set(anna) == {anna[0]}
    assert set(shop[1:]) == {shop[1]} != {shop[0]}
    assert history.profile(1, "parting", "email a") == anna[0]
    assert history.profile(1, "parting", "email b") == shop[1]
    assert history.events(1, "parting") == {("split", "evidence_gone"), ("minted", "first_seen")}


def test_leaving(history: History) -> None:
    """Who is not seen any more is retired and stands for nobody; back, they get another id, which the old one finds."""
    anna = ids(history, "leaving", ANNA)
    assert anna[2:4] == [None, None]
    assert anna[4] not in (None, anna[0])
    assert history.events(2, "leaving") == {("retired", "no_longer_seen")}
    assert history.events(4, "leaving") == {("minted", "first_seen")}
    for run in (2, 6):
        [row] = history.runs[run].rows("profile_id_map", profile_id=anna[0])
        assert (row["live_profile_id"], row["is_ambiguous"]) == (anna[run], False)


def test_returning(history: History) -> None:
    """Who was retired, came back as part of another person and parted from them gets a new id, not the retired one."""
    anna = ids(history, "returning", ANNA)
    assert anna[1] is None
    assert anna[2] == history.profile(0, "returning", "email a")
    assert anna[3] not in (None, anna[0], anna[2])


def test_ambiguous(history: History) -> None:
    """An id that was merged away says that it is ambiguous when its people went different ways afterwards."""
    ben, email = ids(history, "tearing", BEN), ids(history, "tearing", "email b")
    assert ben[0] == email[0]
    assert history.together("tearing", ANNA, BEN, "email b")[1]
    assert ben[2] != email[2]
    gone = ben[0] if ben[0] not in (ben[2], email[2]) else None
    if gone:
        [row] = history.runs[2].rows("profile_id_map", profile_id=gone)
        assert (row["live_profile_id"], row["is_ambiguous"]) == (None, True)


def test_force_split(history: History) -> None:
    """A force_split holds over three parallel paths, says so on each link that it cuts, and ends when it is revoked."""
    customer = "shop_customer_id s1"
    assert history.together("splitting", ANNA, customer) == [True, False, False, False, True, True, True]
    pairs = [(ANNA, "email a"), (customer, "email a"), (ANNA, "phone 1"), (customer, "phone 1"), (customer, "email b")]
    pairs += [(ANNA, "phone 2"), ("loyalty_id l1", "phone 2"), ("loyalty_id l1", "email b")]
    reasons = [reason for a, b in pairs for reason in history.reasons(1, "splitting", a, b)]
    assert reasons.count("forced_split") == 3
    assert set(reasons) == {None, "forced_split"}
    assert ("forced", "forced_split") in history.events(1, "splitting")
    assert set(ids(history, "splitting", ANNA) + ids(history, "splitting", customer)[:1]) == {
        history.profile(6, "splitting", ANNA)
    }


def test_contradiction(history: History) -> None:
    """Of two decisions about the same two identifiers, in whichever order they name them, the latest wins."""
    assert history.together("contradiction", "email a", "email b") == [False, False, False, True, True, True, True]


def test_block(history: History) -> None:
    """A value that a steward blocks links nobody and is nobody's, until the block is revoked."""
    assert history.together("blocking", ANNA, BEN) == [True, False, False, True, True, True, True]
    assert history.profile(1, "blocking", "email a") is None
    assert history.reasons(1, "blocking", ANNA, "email a") == {"blocked_value"}
    assert "blocked_value" in {cause for _, cause in history.events(1, "blocking")}


def test_link_through_the_unseen(history: History) -> None:
    """A steward's links to an identifier that no record holds yet hold: they are accepted, and join whom they name."""
    assert history.together("unseen", ANNA, BEN) == [False, True, True, True, True, True, True]
    assert history.reasons(1, "unseen", "email a", "loyalty_id l1") == {None}
    assert history.events(1, "unseen") == {("forced", "steward_link")}


def test_support_address(history: History) -> None:
    """An address on 500 records joins nobody: whom it joined while few had it part, and the reason is its degree."""
    people = [f"crm_contact_id c{number}" for number in range(500)]
    assert history.together("support", *people[:20])[0]
    profiles = {history.profile(1, "support", one) for one in people}
    assert len(profiles) == 500
    assert None not in profiles
    assert all(history.reasons(1, "support", one, "email desk") == {"degree_limit"} for one in people)
    assert ("split", "degree_limit") in history.events(1, "support")
    rejected = history.runs[1].rows("identity_links_rejected", rejected_reason="degree_limit")
    assert {row["cause_key"] for row in rejected} == {history.runs[1].keys[history.one("support", "email desk")]}


def test_size_limit(history: History) -> None:
    """A profile over the limit stays who it was, and the links of the newest load say which value was the cause."""
    old = ["user_id u", *(f"anonymous_id x{number}" for number in range(HUB_SIZE))]
    new = [f"anonymous_id x{number}" for number in range(HUB_SIZE, 2 * HUB_SIZE)]
    assert history.together("giant", *old) == [True] * 7
    assert len(set(ids(history, "giant", "user_id u"))) == 1
    hub = history.runs[2].keys[history.one("giant", "user_id u")]
    for run in (2, 6):
        rejected = history.runs[run].rows("identity_links_rejected", rejected_reason="size_limit")
        assert len(rejected) == HUB_SIZE
        assert {row["cause_key"] for row in rejected} == {hub}
        assert len({history.profile(run, "giant", one) for one in new}) == HUB_SIZE
    assert history.events(2, "giant") == {("minted", "first_seen")}
