"""Identifiers are hashed as the companies' own packages hash them, and what can't be used becomes nothing."""

import hashlib
import unicodedata
from collections.abc import Callable
from types import ModuleType

import phonenumbers
import pytest
from facebook_business.adobjects.customaudience import CustomAudience
from facebook_business.adobjects.serverside.normalize import Normalize
from google.ads.datamanager_util.format import Encoding, Formatter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestration.activation.hashing import google, meta
from tests.activation.hashing_vectors import VECTORS

COMPANIES = {"google": google, "meta": meta}
RULES = ("email", "phone", "first_name", "last_name", "city", "postcode", "country")
PLAIN = {("google", "city"), ("google", "postcode"), ("google", "country")}
FORMATTER = Formatter()
KEYS = CustomAudience.Schema.MultiKeySchema

Rule = Callable[[str], str | None]


def sha256(text: str) -> str:
    """The hash as everybody computes it."""
    return hashlib.sha256(text.encode()).hexdigest()


def rule(company: str, name: str) -> Rule:
    """One of our rules."""
    return getattr(COMPANIES[company], name)  # type: ignore[no-any-return]


def unpunctuated(text: str) -> str:
    """What Meta's page asks of names and cities before anything else."""
    return "".join(sign for sign in text if unicodedata.category(sign)[0] != "P")


def answer(call: Callable[[], str | None]) -> str | None:
    """What a package says; None where it refuses."""
    try:
        return call()
    except (TypeError, ValueError):
        return None


def googles(name: str, text: str) -> str | None:
    """What Google's package makes of a text, called as its page says."""
    if name in ("city", "postcode", "country"):
        field = {"city": "city", "postcode": "postal_code", "country": "region_code"}[name]
        return answer(lambda: getattr(FORMATTER, f"process_{field}")(text))
    field = {"email": "email_address", "phone": "phone_number", "first_name": "given_name", "last_name": "family_name"}
    return answer(lambda: getattr(FORMATTER, f"process_{field[name]}")(text, Encoding.HEX))


def metas(name: str, text: str) -> str | None:
    """What Meta's package makes of a text."""
    short = {"email": "em", "phone": "ph", "first_name": "fn", "last_name": "ln", "city": "ct", "postcode": "zp"}
    said = unpunctuated(text) if name in ("first_name", "last_name", "city") else text
    return answer(lambda: Normalize.normalize_field(short.get(name, name), said))


THEIRS = {"google": googles, "meta": metas}

# What people write, and what goes wrong on the way.
SAID = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"[ \t]{0,2}[A-Za-z.+]{1,12}@(gmail\.com|GoogleMail\.com|shop\.example|x)[ \n]{0,2}", fullmatch=True),
    st.from_regex(r"[A-Za-zÄÖÜäöüßé\u0418\u0432\u03c3李 .'-]{1,20}", fullmatch=True),
    st.from_regex(r"(\+|00)?[0-9 ()/.-]{3,18}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9]{2,5}[ -]?[A-Za-z0-9]{0,5}", fullmatch=True),
    st.sampled_from(["DE", "gb", "XX", "UK", "deu", "5" * 64, "AB" * 32, "ab" * 16, "\ud800", "\x00", "\u200b"]),
)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("company", COMPANIES)
@given(text=SAID)
@example(text="\ud800nna@shop.example")
@example(text="-1")
@settings(max_examples=150, deadline=None)
def test_what_we_say_is_what_the_company_s_package_says(company: str, name: str, text: str) -> None:
    """Whatever is said, a rule gives what the company's own package gives, or nothing; it never raises."""
    found = rule(company, name)(text)
    if found is None:
        return
    if found == text.strip().lower() and len(found) == 64:
        return
    if name == "phone":
        text = phonenumbers.format_number(
            phonenumbers.parse("+" + text.strip()[2:] if text.strip().startswith("00") else text),
            phonenumbers.PhoneNumberFormat.E164,
        )
    assert found == THEIRS[company](name, text)
    is_plain = (company, name) in PLAIN
    assert is_plain or (len(found) == 64 and found == found.lower() and int(found, 16))


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("company", COMPANIES)
@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "\t\n",
        "\u3000",
        "-",
        "--",
        "...",
        "ab" * 16,
        "AB" * 20,
        "ab" * 28,
        "ab" * 48,
        "ab" * 64,
        "\ud800",
    ],
)
def test_nothing_comes_of_nothing(company: str, name: str, value: str | None) -> None:
    """What is empty, holds no letter and no digit, is broken or a hash that nobody compares, has no hash."""
    assert rule(company, name)(value) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("company", COMPANIES)
@pytest.mark.parametrize(
    ("name", "values"),
    [
        (
            "email",
            ["anna", "anna@", "@shop.example", "anna@shop", "a b@shop.example", "a@b@shop.example", "+4930123456"],
        ),
        ("phone", ["030 12345", "garbage", "anna@shop.example", "+999 1234567", "+49", "12", "1512 3456789", "٠٣٠"]),
        ("first_name", ["12", "&", "_"]),
        ("city", ["10115", "(1)"]),
        (
            "postcode",
            [
                "anna@shop.example",
                "+49 1512 3456789",
                "Berlin, 10115",
                "1" * 13,
                "- 1",
                "\uff11\uff10\uff11\uff11\uff15",
            ],
        ),
        ("country", ["Germany", "D", "49", "DE-BY", "??"]),
    ],
)
def test_what_is_no_such_thing_has_no_hash(company: str, name: str, values: list[str]) -> None:
    """A text that can't be what its column says becomes nothing, and no hash of garbage."""
    assert [rule(company, name)(value) for value in values] == [None] * len(values)


@pytest.mark.parametrize("name", ["first_name", "last_name", "city"])
def test_an_id_in_the_wrong_column_never_goes_plain(name: str) -> None:
    """Without its dashes a UUID looks like an MD5, which Meta's package would pass on as it is."""
    assert rule("meta", name)("550e8400-e29b-41d4-a716-446655440000") is None


@pytest.mark.parametrize("company", COMPANIES)
def test_numbers_are_no_texts(company: str) -> None:
    """A value that isn't a text has no hash, rather than an error in the middle of a list."""
    assert [rule(company, name)(4930123456) for name in RULES] == [None] * len(RULES)  # type: ignore[arg-type]


@pytest.mark.parametrize(("company", "name"), [(c, n) for c in COMPANIES for n in RULES if (c, n) not in PLAIN])
def test_a_hash_stays_as_it_is(company: str, name: str) -> None:
    """A SHA-256 that is given already is not hashed again, and comes in lower case."""
    given_already = sha256("anna@shop.example")
    assert rule(company, name)(f" {given_already.upper()} ") == given_already


@pytest.mark.parametrize(("company", "name"), sorted(PLAIN))
def test_where_plain_text_is_wanted_a_hash_is_none(company: str, name: str) -> None:
    """A hash in a column that goes plain says nothing."""
    assert rule(company, name)(sha256("berlin")) is None


@pytest.mark.parametrize(("company", "name", "value", "country", "expected"), VECTORS)
def test_others_find_the_same(company: str, name: str, value: str, country: str | None, expected: str) -> None:
    """Where another vendor's code follows the company's rules, its hashes are ours."""
    more = {"country": country} if country else {}
    assert getattr(COMPANIES[company], name)(value, **more) == expected


SAME: list[tuple[str, str, str, list[str]]] = [
    ("google", "email", "annaschmidt@gmail.com", ["Anna.Schmidt@Gmail.com", "a.n.n.aschmidt+shop.x@gmail.com\n"]),
    ("google", "email", "annaschmidt@googlemail.com", ["anna.schmidt+1+2@GOOGLEMAIL.COM"]),
    ("google", "email", "anna.schmidt+shop@web.example", [" Anna.Schmidt+Shop@WEB.example "]),
    ("google", "email", "jürgen@münchen.example", ["JÜRGEN@München.example"]),
    ("google", "phone", "+4915123456789", ["+49 1512 3456789", "(+49) 1512-345 6789", "+49 (0)1512 3456789"]),
    ("google", "phone", "+18003569377", ["+1 800 FLOWERS", "+1-800-356-9377"]),
    ("google", "first_name", "jürgen", ["Jürgen", " JÜRGEN "]),
    ("google", "last_name", "o'brien", ["O'Brien"]),
    ("google", "last_name", "straße", ["Straße"]),
    ("google", "first_name", "ольга", ["ОЛЬГА"]),
    ("meta", "email", "anna.schmidt@gmail.com", [" Anna.Schmidt@Gmail.com\n"]),
    ("meta", "phone", "4915123456789", ["+49 1512 3456789", "0049 1512 3456789", "+49 (0)1512 3456789"]),
    ("meta", "first_name", "annemarie", ["Anne-Marie", "ANNEMARIE"]),
    ("meta", "last_name", "obrien", ["O'Brien", "O\u2019Brien"]),
    ("meta", "city", "münchen", ["München", " MÜNCHEN 1"]),
    ("meta", "city", "frankfurtmain", ["Frankfurt (Main)", "frankfurt-main"]),
    ("meta", "city", "laquila", ["L'Aquila"]),
    ("meta", "postcode", "94016", ["94016-1234", " 94 016 "]),
    ("meta", "postcode", "sw1a1aa", ["SW1A 1AA"]),
    ("meta", "country", "de", ["DE", " De "]),
]  # fmt: skip


@pytest.mark.parametrize(("company", "name", "normal", "written"), SAME)
def test_one_person_written_differently_has_one_hash(company: str, name: str, normal: str, written: list[str]) -> None:
    """What the company takes for the same has the hash of its normal form, which is spelled out here."""
    assert [rule(company, name)(text) for text in (normal if name != "phone" else written[0], *written)] == (
        [sha256(normal)] * (len(written) + 1)
    )


def test_dots_and_plus_are_another_address_elsewhere() -> None:
    """Google joins spellings at Gmail only, and Meta none: elsewhere they are other people's."""
    assert google.email("a.b@web.example") != google.email("ab@web.example")
    assert google.email("ab+x@web.example") != google.email("ab@web.example")
    assert meta.email("a.b@gmail.com") != meta.email("ab@gmail.com")


def test_google_takes_places_plain() -> None:
    """City, postcode and country are not hashed for Google."""
    assert google.city(" St. Gallen ") == "st gallen"
    assert google.postcode(" SW1A 1AA ") == "SW1A 1AA"
    assert google.country(" de ") == "DE"


@pytest.mark.parametrize(
    ("said", "country", "number"),
    [
        ("01512 3456789", "DE", "+4915123456789"),
        ("01512 3456789", " de ", "+4915123456789"),
        ("0049 1512 3456789", "DE", "+4915123456789"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("(201) 555-0123", "US", "+12015550123"),
        ("011 49 1512 3456789", "US", "+4915123456789"),
        ("+44 20 7946 0018", "DE", "+442079460018"),
        ("06 69812345", "IT", "+390669812345"),
        ("٠١٥١٢٣٤٥٦٧٨٩", "DE", "+4915123456789"),
        ("01512 3456789", "Germany", None),
        ("01512 3456789", "", None),
        ("01512 3456789", "FR", None),
    ],
)
def test_a_number_is_read_as_of_its_country(said: str, country: str, number: str | None) -> None:
    """A number without country code is one of the person's country; Google hashes the plus, Meta doesn't."""
    assert google.phone(said, country) == (number and sha256(number))
    assert meta.phone(said, country) == (number and sha256(number.lstrip("+")))


@pytest.mark.parametrize(
    ("name", "key", "said"),
    [
        ("email", KEYS.email, " Anna.Schmidt@Shop.example "),
        ("phone", KEYS.phone, "+49 1512 3456789"),
        ("first_name", KEYS.fn, "Anne-Marie"),
        ("last_name", KEYS.ln, "O'Brien"),
        ("city", KEYS.ct, "Baden-Baden"),
        ("postcode", KEYS.zip, "94016-1234"),
        ("country", KEYS.country, "DE"),
    ],
)
def test_meta_s_code_for_customer_lists_finds_the_same(name: str, key: str, said: str) -> None:
    """Meta's package has a second way, for lists sent to its API: of plain Latin text it makes the same hash."""
    params = CustomAudience.format_params([key], [[said]], is_raw=True)
    assert params["payload"]["data"] == [[rule("meta", name)(said)]]


@pytest.mark.parametrize("company", COMPANIES.values(), ids=COMPANIES)
def test_rules_tell_their_versions(company: ModuleType) -> None:
    """What the hashes are made by is told, with its version."""
    assert all(version[0].isdigit() for version in company.RULES.values())
    assert len(company.RULES) == 2
