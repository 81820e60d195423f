"""Masks: what is left of a value tells its kind, and never the value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.profiles.masking import HIDDEN, mask

KINDS = ("email", "phone", "first_name", "last_name", "address", "birth_date", "user_id", "cookie_id", "None")


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("email", "anna.berg@example.org", "a***@example.org"),
        ("email", "a@example.org", "***@example.org"),
        ("user_id", "anna.berg@example.org", "a***@example.org"),
        ("user_id", "@anna", "***a"),
        ("phone", "+491701234589", "+49 *** **89"),
        ("phone", "+12025550123", "+1 *** **23"),
        ("phone", "+420601234567", "+420 *** **67"),
        ("phone", "+49123", HIDDEN),
        ("phone", "extension 7", HIDDEN),
        ("first_name", "Anna-Maria", "A. M."),
        ("last_name", "von Berg", "v. B."),
        ("last_name", "Ö", HIDDEN),
        ("last_name", "J.", HIDDEN),
        ("last_name", "王", HIDDEN),
        ("first_name", "小明", HIDDEN),
        ("first_name", "Ильдар", "И."),
        ("address", "Main Street 1, 80331, München, DE", "***, DE"),
        ("address", "Main Street 1, München", HIDDEN),
        ("address", ", DE", HIDDEN),
        ("birth_date", "1980-02-29", HIDDEN),
        ("crm_contact_id", "C10499", "***9"),
        ("cookie_id", "ck_07913fd41c69d45d", "ck***5d"),
        ("user_id", "77", HIDDEN),
    ],
)
def test_masks_are_what_people_know(kind: str, value: str, expected: str) -> None:
    """Each kind of value has its mask, whatever the alphabet, and short values have nothing left."""
    assert mask(kind, value) == expected


@given(st.sampled_from(KINDS), st.text(min_size=1, max_size=40).filter(lambda value: set(value) - set("*")))
def test_no_mask_holds_the_value(kind: str, value: str) -> None:
    """Whatever stands in the value, it does not stand in its mask."""
    assert value not in mask(kind, value)
