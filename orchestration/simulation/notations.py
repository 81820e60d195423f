"""Telephone numbers in the notations of twenty countries, e-mail addresses as people type them, and junk."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.simulation.columns import Dice, Numbers, either, joined, numerals, picked
from orchestration.simulation.countries import COUNTRIES

SUPPORT_ADDRESS = "support@northwind-outfitters.example"
JUNK_EMAILS = ("test@test.com", "null", "n/a", "none@none.com", "asdf@asdf", "unknown", "noreply@example.com", "-")
JUNK_PHONES = ("0000000000", "n/a", "null", "123456", "+49", "1111111111", "unknown", "+0000000000")

_CALLING_CODES = pa.array([country.calling_code for country in COUNTRIES])
_IS_NORTH_AMERICAN = np.array([country.calling_code == "1" for country in COUNTRIES])
# Dialling abroad starts with 00 everywhere but in North America and, where a carrier's code follows it, in Brazil.
_DIALS_DOUBLE_ZERO = np.array([country.code not in ("US", "BR") for country in COUNTRIES])
_IS_FRENCH = np.array([country.code in ("FR", "BE") for country in COUNTRIES])
_IS_GERMAN = np.array([country.code in ("DE", "AT") for country in COUNTRIES])
_IS_BRAZILIAN = np.array([country.code == "BR" for country in COUNTRIES])


def national_numbers(country: Numbers, slot: Numbers, *, is_landline: bool) -> pa.Array:
    """National significant numbers, one for each slot of a country, never twice for fewer than a million slots."""
    prefixes: list[str] = []
    first, count, width = [], [], []
    for entry in COUNTRIES:
        chosen = (entry.landline_prefix,) if is_landline else entry.mobile_prefixes
        first.append(len(prefixes))
        count.append(len(chosen))
        width.append(entry.landline_digits if is_landline else entry.mobile_digits)
        prefixes.extend(chosen)
    limits = 10 ** np.array(width)[country]
    # The factor has no divisor in common with a power of ten: different slots get different digits.
    digits = slot * 7_919_337 % limits
    prefix = np.array(first)[country] + (slot + slot // limits) % np.array(count)[country]
    padded = pc.utf8_lpad(numerals(digits), 8, "0")
    trimmed = [pc.utf8_slice_codeunits(padded, 8 - size) for size in (6, 7, 8)]
    sizes = np.array(width)[country]
    tail = either(sizes == 6, trimmed[0], either(sizes == 7, trimmed[1], trimmed[2]))
    return joined(picked(prefixes, prefix), tail)


def e164(country: Numbers, national: pa.Array) -> pa.Array:
    """Numbers in E.164."""
    return joined("+", picked(_CALLING_CODES, country), national)


def international(dice: Dice, row: Numbers, country: Numbers, national: pa.Array) -> pa.Array:
    """Numbers with their country's calling code, written in four ways: readable without knowing the country."""
    style = dice.below("international notation", 4, row)
    calling = picked(_CALLING_CODES, country)
    plain = joined("+", calling, national)
    spaced = joined("+", calling, " ", _grouped(national, " "))
    dashed = joined("+", calling, "-", _grouped(national, "-"))
    double_zero = joined("00", calling, national)
    can_double_zero = (style == 3) & _DIALS_DOUBLE_ZERO[country]
    return either(style == 1, spaced, either(style == 2, dashed, either(can_double_zero, double_zero, plain)))


def any_notation(dice: Dice, row: Numbers, country: Numbers, national: pa.Array, *, is_landline: bool) -> pa.Array:
    """Numbers as people of their country write them: half national, half international."""
    trunks = [entry.trunk if is_landline else entry.mobile_trunk for entry in COUNTRIES]
    trunk = picked(trunks, country)
    compact = joined(trunk, national)
    grouped = joined(trunk, _grouped(national, " "))
    hyphened = joined(trunk, _grouped(national, "-"))
    pairs = pc.replace_substring_regex(compact, r"^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$", r"\1.\2.\3.\4.\5")
    slashed = joined(trunk, pc.replace_substring_regex(national, r"^(\d{3,4}?)(\d{7})$", r"\1/\2"))
    american = pc.replace_substring_regex(national, r"^(\d{3})(\d{3})(\d{4})$", r"(\1) \2-\3")
    brazilian = pc.replace_substring_regex(national, r"^(\d\d)(\d{4,5})(\d{4})$", r"(\1) \2-\3")
    bracketed = either(
        np.array([trunk != "" for trunk in trunks])[country] & ~_IS_NORTH_AMERICAN[country],
        joined("+", picked(_CALLING_CODES, country), " (", trunk, ") ", _grouped(national, " ")),
        compact,
    )
    local = either(_IS_GERMAN[country], slashed, hyphened)
    for mask, text in ((_IS_FRENCH, pairs), (_IS_NORTH_AMERICAN, american), (_IS_BRAZILIAN, brazilian)):
        local = either(mask[country], text, local)
    style = dice.below("notation", 8, row)
    chosen = international(dice, row, country, national)
    for number, text in ((0, compact), (1, grouped), (2, local), (3, bracketed), (4, local)):
        chosen = either(style == number, text, chosen)
    return chosen


def typed_emails(dice: Dice, row: Numbers, share: float, email: pa.Array) -> pa.Array:
    """Addresses as typed: some in capitals, some with blanks around."""
    is_untidy = dice.happens("untidy email", share, row)
    style = dice.below("untidy style", 3, row)
    untidy = either(style == 0, pc.utf8_upper(email), either(style == 1, joined(" ", email, " "), pc.utf8_title(email)))
    return either(is_untidy, untidy, email)


def with_junk(dice: Dice, row: Numbers, share: float | Numbers, values: pa.Array, pool: tuple[str, ...]) -> pa.Array:
    """Values, some replaced by what people type to get past a form."""
    is_junk = dice.happens("junk " + pool[0], share, row)
    if not is_junk.any():
        return values
    return either(is_junk, picked(pool, dice.below("which junk", len(pool), row)), values)


def misspelt(text: pa.Array) -> pa.Array:
    """Text with its second and third letter swapped, or the last one doubled when it is short."""
    swapped = pc.replace_substring_regex(text, r"^(.)(.)(.)", r"\1\3\2")
    doubled = pc.replace_substring_regex(text, r"(.)$", r"\1\1")
    return pc.if_else(pc.equal(swapped, text), doubled, swapped)


def misspelt_email(email: pa.Array) -> pa.Array:
    """Addresses with a letter too many."""
    return pc.replace_substring(email, "@", "n@", max_replacements=1)


def _grouped(national: pa.Array, separator: str) -> pa.Array:
    return pc.replace_substring_regex(national, r"^(\d{3})(\d{3})(\d+)$", rf"\1{separator}\2{separator}\3")
