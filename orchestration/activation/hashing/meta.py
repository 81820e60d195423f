"""Meta's rules, for Custom Audiences: by the normaliser of facebook_business; what it refuses is None.

Everything is hashed. Names and cities are so without punctuation, as Meta's page says and its normaliser leaves to the
caller, cities without blanks and digits too; of a postcode counts what stands before a dash; a phone number is hashed
without its plus.
"""

import unicodedata
from collections.abc import Mapping
from importlib.metadata import version

from facebook_business.adobjects.serverside.normalize import Normalize

from orchestration.activation.hashing.texts import (
    e164,
    hashed,
    is_anything,
    is_country,
    is_email,
    is_postcode,
    is_word,
)

# What the hashes depend on.
RULES: Mapping[str, str] = {name: version(name) for name in ("facebook_business", "phonenumbers")}


def email(value: str | None) -> str | None:
    """Hash of an e-mail address."""
    return hashed(value, is_email, lambda text: Normalize.normalize_field("em", text))


def phone(value: str | None, country: str | None = None) -> str | None:
    """Hash of a phone number with its country code, digits alone; a number without one is one of `country`."""
    return hashed(value, is_anything, lambda text: Normalize.normalize_field("ph", e164(text, country)))


def first_name(value: str | None) -> str | None:
    """Hash of a given name."""
    return hashed(_unpunctuated(value), is_word, lambda text: Normalize.normalize_field("fn", text))


def last_name(value: str | None) -> str | None:
    """Hash of a family name."""
    return hashed(_unpunctuated(value), is_word, lambda text: Normalize.normalize_field("ln", text))


def city(value: str | None) -> str | None:
    """Hash of a city."""
    return hashed(_unpunctuated(value), is_word, lambda text: Normalize.normalize_field("ct", text))


def postcode(value: str | None) -> str | None:
    """Hash of a postcode."""
    return hashed(value, is_postcode, lambda text: Normalize.normalize_field("zp", text))


def country(value: str | None) -> str | None:
    """Hash of a country, ISO 3166-1 alpha-2."""
    return hashed(value, is_country, lambda text: Normalize.normalize_field("country", text))


def _unpunctuated(value: str | None) -> str | None:
    # Before all else: the library takes for a hash, and leaves as it is, what without its dashes looks like one.
    if not isinstance(value, str):
        return None
    return "".join(sign for sign in value if not unicodedata.category(sign).startswith("P"))
