"""What comes before the companies' own rules: whether there is anything to hash, and phone numbers as E.164."""

import re
from collections.abc import Callable

import phonenumbers

_HASH = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
# MD5, SHA-1 and their like: no company compares them, and a hash of them means nothing.
_OTHER_HASHES = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{96}|[0-9a-f]{128}", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_POSTCODE = re.compile(r"[0-9a-z](?:[0-9a-z -]{0,10}[0-9a-z])?", re.IGNORECASE)
_COUNTRY = re.compile(r"[a-z]{2}", re.IGNORECASE)


def hashed(value: str | None, is_good: Callable[[str], bool], rule: Callable[[str], str | None]) -> str | None:
    """What a rule makes of a value, or the SHA-256 that it is already; None where it isn't good or the rule refuses."""
    text = value.strip() if isinstance(value, str) else ""
    return text.lower() if _HASH.fullmatch(text) else plain(text, is_good, rule)


def plain(value: str | None, is_good: Callable[[str], bool], rule: Callable[[str], str | None]) -> str | None:
    """What a rule makes of a value; None where it is empty, a hash, not good, or the rule refuses it."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or _HASH.fullmatch(text) or _OTHER_HASHES.fullmatch(text) or not is_good(text):
        return None
    try:
        return rule(text) or None
    except (TypeError, ValueError):
        # What the companies' libraries raise for a value that they don't take; their words may hold the value.
        return None


def is_email(text: str) -> bool:
    """Whether it has the form of an e-mail address; no more can be said without writing to it."""
    return bool(_EMAIL.fullmatch(text))


def is_word(text: str) -> bool:
    """Whether there is a letter in it, of any alphabet: a name of dashes is none."""
    return any(letter.isalpha() for letter in text)


def is_postcode(text: str) -> bool:
    """Whether it may be a postcode of any country; what stands in the wrong column is none."""
    return bool(_POSTCODE.fullmatch(text))


def is_country(text: str) -> bool:
    """Whether it has the form of ISO 3166-1 alpha-2."""
    return bool(_COUNTRY.fullmatch(text))


def is_anything(text: str) -> bool:
    """Whether the rule itself decides: always."""
    return True


def e164(text: str, country: str | None) -> str | None:
    """A phone number with its country code, `+4915112345678`; without one it is read as of `country` (ISO 3166-1).

    None where it is no number that exists there. Two noughts are a plus where no country says otherwise.
    """
    if not country and text.startswith("00"):
        text = f"+{text[2:]}"
    try:
        number = phonenumbers.parse(text, country.strip().upper() if country else None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
