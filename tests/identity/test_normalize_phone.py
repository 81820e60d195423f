"""Telephone numbers: what SQL makes of them, against the library phonenumbers, on every engine."""

import random
import re
from collections.abc import Iterator
from functools import cache

import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from tests.identity.conftest import Normalised

COUNTRIES = [
    "DE", "AT", "CH", "FR", "IT", "ES", "PT", "NL", "BE", "GB", "IE", "DK", "SE", "NO", "FI", "PL", "CZ", "HU", "GR",
    "RO", "LT", "US", "CA", "RU", "UA", "JP", "CN", "IN", "BR", "AU", "TR", "AE", "SA", "MX", "ZA", "KR",
]  # fmt: skip
TYPES = [PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.TOLL_FREE, PhoneNumberType.SHARED_COST]
PHONE_TEXT = st.text("0123456789+()-./ x;=telph\u0660\uff10\u00a0#", max_size=24)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)

NUMBERS = {
    ("030 901820", "DE"): "+4930901820",
    ("+49 (0)30 / 90 18-20", None): "+4930901820",
    ("0049.30.901820", None): "+4930901820",
    ("tel:+49-30-901820;ext=12", None): "+4930901820",
    ("tel:030-901820;phone-context=+49", "FR"): "+4930901820",
    ("Tel. 030 901820 ext. 12", "DE"): "+4930901820",
    ("0151 23456789 (mobil)", "DE"): "+4915123456789",
    ("٠٣٠٩٠١٨٢٠", "DE"): "+4930901820",
    ("\uff0b\uff14\uff19\uff13\uff10\uff19\uff10\uff11\uff18\uff12\uff10", None): "+4930901820",
    ("\u202a+49 30 901820\u202c", "DE"): "+4930901820",
    ("030 901820", "de"): "+4930901820",
    ("4930901820.0", "GB"): None,
    ("06 1234567", "IT"): "+39061234567",
    ("+39 (0)6 1234567", None): "+39061234567",
    ("8 (495) 123-45-67", "RU"): "+74951234567",
    ("8~10 49 30 901820", "RU"): "+4930901820",
    ("06 1 234 5678", "HU"): "+3612345678",
    ("8 612 34567", "LT"): "+37061234567",
    ("1 (201) 555-0123", "US"): "+12015550123",
    ("011 49 30 901820", "US"): "+4930901820",
    ("0011 49 30 901820", "AU"): "+4930901820",
    ("0 15 11 96123-4567", "BR"): "+5511961234567",
    ("+52 55 1234 5678", None): "+525512345678",
    # A mobile with its calling code, or a number of Leer without its trunk prefix? Nobody knows.
    ("491701234567", "DE"): None,
    ("030 901820", None): None,
    ("030 901820", "XX"): None,
    ("1-800-FLOWERS", "US"): None,
    ("4.93090182E+11", "DE"): None,
    ("030 901820 oder 030 901821", "DE"): None,
    ("n/a", "DE"): None,
    ("0000000000", "DE"): None,
    ("", "DE"): None,
    (None, "DE"): None,
}


@cache
def read(text: str, country: str | None) -> str | None:
    """E.164 of what phonenumbers takes for a valid number."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def valid_number(country: str, dice: random.Random) -> PhoneNumber:
    """A valid number of the country: an example of a kind of number with other last digits."""
    examples = [found for kind in TYPES if (found := phonenumbers.example_number_for_type(country, kind))]
    while True:
        example = dice.choice(examples)
        digits = phonenumbers.national_significant_number(example)
        kept = dice.randint(1, len(digits) - 2)
        changed = digits[:kept] + "".join(dice.choice("0123456789") for _ in digits[kept:])
        number = phonenumbers.parse(f"+{example.country_code}{changed}")
        if phonenumbers.is_valid_number(number):
            return number


def notations(number: PhoneNumber, country: str, dice: random.Random) -> Iterator[str]:
    """The ways to write a number that its country's people, forms and exports know."""
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    digits, code = phonenumbers.national_significant_number(number), number.country_code
    metadata = PhoneMetadata.metadata_for_region(country)
    trunk = (metadata and metadata.national_prefix) or ""
    yield from (national, international, f" {national} ", f"{national} ext. 12", f"{international} x34")
    yield phonenumbers.format_number(number, PhoneNumberFormat.E164)
    yield phonenumbers.format_number(number, PhoneNumberFormat.RFC3966)
    yield phonenumbers.format_out_of_country_calling_number(number, "FR")
    yield f"00{code}{digits}"
    yield re.sub(r"[ -]+", dice.choice(["", " ", "-", ".", "/", " - "]), national)
    yield re.sub(r"[ -]+", dice.choice(["", " ", "-", ".", "/", " - "]), international)
    yield from (f"({trunk}{digits[:3]}) {digits[3:]}", f"{trunk}{digits[:2]}/{digits[2:]}", f"{trunk}{digits}")
    yield f"+{code} ({digits[:2]}) {digits[2:]}"
    if trunk:
        yield from (f"+{code} ({trunk}){digits[:2]} {digits[2:]}", f"+{code} {trunk}{digits}")


def test_examples(normalised: Normalised) -> None:
    """Each notation that people write gives its number, and what is no number, or could be two, is null."""
    assert dict(zip(NUMBERS, normalised.phones(list(NUMBERS)), strict=True)) == NUMBERS


def test_agreement_with_phonenumbers(normalised: Normalised) -> None:
    """Of 10,000 numbers in every notation at least 99 % come out as phonenumbers reads them, and none as another."""
    dice = random.Random(20_260_305)
    truth: dict[tuple[str, str | None], str] = {}
    while len(truth) < 10_000:
        country = dice.choice(COUNTRIES)
        number = valid_number(country, dice)
        for text in dice.sample(list(notations(number, country, dice)), 6):
            known = None if text.startswith(("+", "tel:")) and dice.random() < 0.5 else country
            truth[text, known] = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    found = dict(zip(truth, normalised.phones(list(truth)), strict=True))
    valid = {value: expected for value in truth if (expected := read(*value))}
    assert len(valid) > 9_500
    agreeing = sum(found[value] == expected for value, expected in valid.items())
    assert agreeing / len(valid) >= 0.99
    wrong = {value: got for value, got in found.items() if got and got not in (truth[value], valid.get(value))}
    assert wrong == {}


def test_mistyped_and_misplaced_numbers(normalised: Normalised) -> None:
    """A wrong digit or a wrong country never makes another valid number than phonenumbers reads."""
    dice = random.Random(7)
    values: dict[tuple[str, str | None], None] = {}
    while len(values) < 2_000:
        country = dice.choice(COUNTRIES)
        text = dice.choice(list(notations(valid_number(country, dice), country, dice)))
        place = dice.randrange(len(text))
        mistyped = text[:place] + dice.choice(["", "0", "1", "8", "9"]) + text[place + dice.randrange(2) :]
        values[mistyped, country] = None
        values[text, dice.choice(COUNTRIES)] = None
    found = dict(zip(values, normalised.phones(list(values)), strict=True))
    wrong = {value: got for value, got in found.items() if got and (seen := read(*value)) and got != seen}
    assert wrong == {}


@pytest.mark.timeout(60)
@settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.one_of(PHONE_TEXT, ANY_TEXT), st.sampled_from([*COUNTRIES, None, "", "D'E", "%"])),
        min_size=1,
        max_size=200,
    )
)
def test_hostile_text(normalised: Normalised, values: list[tuple[str, str | None]]) -> None:
    """Nothing raises, the engines agree, and a number that was normalised stays, whatever its country."""
    numbers = [number for number in normalised.phones(values) if number]
    assert all(re.fullmatch(r"\+[1-9][0-9]{4,17}", number) for number in numbers)
    again: list[tuple[str | None, str | None]] = [(number, None) for number in numbers]
    again += [(number, country) for number, (_, country) in zip(numbers, values, strict=False)]
    if again:
        assert normalised.phones(again) == [number for number, _ in again]
