"""E-mail addresses: one form on every engine, and providers' spellings in the match key alone."""

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.identity.conftest import Normalised

# Postgres can't store the character zero; nothing else is off limits.
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
NEARLY_ADDRESSES = st.from_regex(
    r"[<\"' ]?(mailto:)?[a-zÀ-ɏ+.'\u200b\u0301]{1,9}@{1,2}[a-z.\-À-Ͽ]{1,9}[>\"'. ?]?", fullmatch=True
)

ADDRESSES = {
    "  Ada.Lovelace@Example.COM\t": "ada.lovelace@example.com",
    "\u00a0\u3000ada@example.com\u2003": "ada@example.com",
    "\ufeffada\u200b@example.com": "ada@example.com",
    "Ada Lovelace <ADA@example.com>": "ada@example.com",
    "<ada@example.com>": "ada@example.com",
    '"Lovelace, Ada" <mailto:ada@example.com>;': "ada@example.com",
    "mailto:ada@example.com?subject=Hello": "ada@example.com",
    "'ada@example.com'": "ada@example.com",
    "ada@example.com.": "ada@example.com",
    "O'Brien+news@mail.example.co.uk": "o'brien+news@mail.example.co.uk",
    "ZOË@EXÄMPLE.DE": "zoë@exämple.de",
    "ZOE\u0308@example.de": "zoë@example.de",
    "ΑΔΑ@ΠΑΡΆΔΕΙΓΜΑ.GR": "αδα@παράδειγμα.gr",
    "ИВАН@ПРИМЕР.РФ": "иван@пример.рф",
    "İREM@example.com.tr": "irem@example.com.tr",
    "ada@xn--exmple-cua.xn--p1ai": "ada@xn--exmple-cua.xn--p1ai",
    f"{'a' * 242}@example.com": f"{'a' * 242}@example.com",
}
NO_ADDRESSES = [
    "", " ", "ada", "@example.com", "ada@", "ada@example", "ada@@example.com", "ada@example@com", "ada lovelace@x.de",
    "ada@exam ple.com", "ada@.com", "ada@example..com", "ada@10.0.0.12", "ada@exa_mple.com", "a@b.c", "n/a", "null",
    "ada@example.com, bob@example.com", "<ada@example.com> <bob@example.com>", f"{'a' * 243}@example.com", None,
]  # fmt: skip
MATCH_KEYS = {
    "Ada.Love.Lace+shop@googlemail.com": "adalovelace@gmail.com",
    "adalovelace@gmail.com": "adalovelace@gmail.com",
    "+shop@gmail.com": "+shop@gmail.com",
    "ada.l+x@outlook.com": "ada.l@outlook.com",
    "ada.l+x+y@hotmail.com": "ada.l@hotmail.com",
    "ada+x@fastmail.com": "ada@fastmail.com",
    "ada+x@me.com": "ada@icloud.com",
    "ada+x@protonmail.com": "ada@proton.me",
    "ada.l+x@example.com": "ada.l+x@example.com",
    "no address": None,
}


def test_addresses_are_found_in_what_surrounds_them(normalised: Normalised) -> None:
    """An address comes out bare, in small letters and NFC, whatever its script and the database's locale."""
    found = normalised.emails(list(ADDRESSES))
    assert dict(zip(ADDRESSES, (email for email, _ in found), strict=True)) == ADDRESSES


def test_what_is_no_address_is_null(normalised: Normalised) -> None:
    """No at sign or two, no local part, no dot in the domain, a space, over 254 characters: null."""
    found = normalised.emails(NO_ADDRESSES)
    assert {value: email for value, (email, _) in zip(NO_ADDRESSES, found, strict=True) if email} == {}


def test_provider_rules_touch_the_match_key_alone(normalised: Normalised) -> None:
    """Spellings of one mailbox share a match key; the address keeps its dots and tag."""
    found = normalised.emails(list(MATCH_KEYS))
    assert dict(zip(MATCH_KEYS, (key for _, key in found), strict=True)) == MATCH_KEYS
    assert found[0][0] == "ada.love.lace+shop@googlemail.com"


@pytest.mark.timeout(60)
@settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(ANY_TEXT, NEARLY_ADDRESSES), min_size=1, max_size=200))
def test_hostile_text(normalised: Normalised, values: list[str]) -> None:
    """Nothing raises, the engines agree, and normalising a normalised address or key changes nothing."""
    emails = [email for email, _ in normalised.emails(values) if email]
    keys = [key for _, key in normalised.emails(values) if key]
    if emails:
        assert [email for email, _ in normalised.emails(emails)] == emails
        assert [key for _, key in normalised.emails(keys)] == keys
    for email in emails:
        local_part, domain = email.split("@")
        assert local_part
        assert "." in domain
        assert len(email) <= 254
        assert unicodedata.is_normalized("NFC", email)
