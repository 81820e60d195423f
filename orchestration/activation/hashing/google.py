"""Google's rules, for Customer Match: by the Formatter of google-ads-datamanager-util; what it refuses is None.

Names, e-mail and phone are hashed; city, postcode and country go plain, as Google wants them. Of an address at Gmail
the dots before the @ go, and what stands behind a plus; the plus of a phone number is hashed with it.
"""

from collections.abc import Mapping
from importlib.metadata import version

from google.ads.datamanager_util.format import Encoding, Formatter

from orchestration.activation.hashing.texts import (
    e164,
    hashed,
    is_anything,
    is_country,
    is_email,
    is_postcode,
    is_word,
    plain,
)

# What the hashes depend on.
RULES: Mapping[str, str] = {name: version(name) for name in ("google-ads-datamanager-util", "phonenumbers")}
_FORMATTER = Formatter()


def email(value: str | None) -> str | None:
    """Hash of an e-mail address."""
    return hashed(value, is_email, lambda text: _FORMATTER.process_email_address(text, Encoding.HEX))


def phone(value: str | None, country: str | None = None) -> str | None:
    """Hash of a phone number as E.164, `+` included; a number without country code is one of `country`."""

    def rule(text: str) -> str | None:
        number = e164(text, country)
        return _FORMATTER.process_phone_number(number, Encoding.HEX) if number else None

    return hashed(value, is_anything, rule)


def first_name(value: str | None) -> str | None:
    """Hash of a given name."""
    return hashed(value, is_word, lambda text: _FORMATTER.process_given_name(text, Encoding.HEX))


def last_name(value: str | None) -> str | None:
    """Hash of a family name."""
    return hashed(value, is_word, lambda text: _FORMATTER.process_family_name(text, Encoding.HEX))


def city(value: str | None) -> str | None:
    """A city, plain: lower case, no punctuation."""
    return plain(value, is_word, _FORMATTER.process_city)


def postcode(value: str | None) -> str | None:
    """A postcode, plain."""
    return plain(value, is_postcode, _FORMATTER.process_postal_code)


def country(value: str | None) -> str | None:
    """A country, plain: ISO 3166-1 alpha-2 in upper case."""
    return plain(value, is_country, _FORMATTER.process_region_code)
