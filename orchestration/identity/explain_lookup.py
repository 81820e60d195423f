"""What a person wrote, found in the warehouse: an identifier as text, its key, or a profile id, also a former one."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from orchestration.identity.explain_words import printable
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, quoted

_SHOWN_CHOICES, _SHOWN_CHARACTERS = 8, 100
_DECORATION = re.compile(r"\(0\)|[\s()./\-]")
_REJECTED = {
    "blocked_value": "it is blocked, because it stands for nobody or for many people, so it never joins anyone",
    "unreadable": "it can't be read as what it should be, so it never joins anyone",
    "unknown_type": "no row of seeds/identity/identifier_types.csv says how to read its type, so it never joins anyone",
}


class ExplainError(RuntimeError):
    """The question can't be answered; the message says why, and what to ask instead; it may hold the value."""


class Subject(NamedTuple):
    """What one argument stands for: a profile, and the identifier that was named; None where the profile itself was.

    `note` is a sentence that the reader should know, such as that a profile was merged into another; or empty.
    """

    profile_id: str
    key: str | None
    note: str = ""


class _Form(NamedTuple):
    identifier_type: str
    raw_value: str | None
    value: str | None
    key: str | None
    reason: str | None


class Tables:
    """The tables of the identity graph, quoted for SQL."""

    def __init__(self, settings: Settings) -> None:
        identity = settings.work_schema("identity")
        self.identifiers = quoted(identity, "identifiers")
        self.links = quoted(identity, "identity_links")
        self.rejected = quoted(identity, "identity_links_rejected")
        self.former = (identity, "profile_id_map")
        self.forms = quoted(settings.work_schema("pii"), "identifier_forms")
        self.blocked = (settings.work_schema("reference"), "blocked_identifier_values")


def find(warehouse: Warehouse, tables: Tables, text: str) -> Subject:
    """The one thing that `text` stands for; raise `ExplainError` where there is none, or more than one."""
    if not text.strip():
        raise ExplainError("Nothing was named: write an identifier, such as a phone number, or a profile_id.")
    if "\0" in text or not _is_text(text):
        raise ExplainError("What was named is no readable text (UTF-8 without zero bytes).")
    forms = _best(_forms(warehouse, tables, text, None), text)
    prefix, rest = _parted(text)
    asked = text
    if not any(form.reason is None for form in forms) and prefix and rest:
        typed = _best(_forms(warehouse, tables, rest, prefix), rest)
        if typed:
            forms, asked = typed, rest
    usable = {(form.identifier_type, form.key): form for form in forms if form.reason is None and form.key}
    if len(usable) > 1:
        raise ExplainError(_choose(asked, list(usable.values())))
    for form in usable.values():
        return _placed(warehouse, tables, form)
    found = _by_key(warehouse, tables, text.strip())
    if found:
        return found
    if forms:
        raise ExplainError(_why_unused(warehouse, tables, asked, forms))
    raise ExplainError(_not_found(warehouse, tables, text))


def spellings(text: str) -> list[str]:
    """What the normalised value of `text` may be: itself, trimmed, as an e-mail address, as an international phone."""
    trimmed = text.strip()
    found = [text, trimmed]
    if "@" in trimmed:
        bare = re.sub(r"^[^<]*<([^<>]*)>$", r"\1", trimmed).strip()
        found.append(unicodedata.normalize("NFC", re.sub(r"^mailto:", "", bare, flags=re.IGNORECASE).lower()))
    digits = _DECORATION.sub("", unicodedata.normalize("NFKC", trimmed))
    digits = re.sub(r"^00(?=\d)", "+", digits)
    if re.fullmatch(r"\+\d{5,15}", digits):
        found.append("+" + "".join(str(unicodedata.digit(digit)) for digit in digits[1:]))
    return list(dict.fromkeys(found))


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(text: str) -> str:
    """What was asked for, as it stands in a sentence."""
    text = text.strip()
    return printable(text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…")


def _parted(text: str) -> tuple[str, str]:
    """The type and the value of `type:value`."""
    prefix, _, rest = text.strip().partition(":")
    return prefix.strip().lower(), rest.strip()


def _forms(warehouse: Warehouse, tables: Tables, text: str, identifier_type: str | None) -> list[_Form]:
    tried = spellings(text)
    places = ", ".join(f"${number}" for number in range(1, len(tried) + 1))
    of_type = f" and identifier_type = ${len(tried) + 1}" if identifier_type else ""
    rows = warehouse.rows(
        "select distinct identifier_type, raw_value, identifier_value, identifier_key, rejected_reason"
        f" from {tables.forms} where (raw_value in ({places}) or identifier_value in ({places})){of_type}",
        [*tried, identifier_type] if identifier_type else tried,
    )
    return sorted((_Form._make(row) for row in rows), key=lambda form: tuple(part or "" for part in form))


def _best(forms: Sequence[_Form], text: str) -> list[_Form]:
    """The forms of the first spelling that names something usable, else of the first that is there at all."""
    by_spelling = [[form for form in forms if text in (form.raw_value, form.value)] for text in spellings(text)]
    used = [found for found in by_spelling if any(form.reason is None for form in found)]
    return next(iter(used or [found for found in by_spelling if found]), [])


def _choose(text: str, forms: Sequence[_Form]) -> str:
    kinds = [form.identifier_type for form in forms]
    # One text of one type is several values where a phone was written in several countries.
    choices = [f"{f.identifier_type}:{text.strip() if kinds.count(f.identifier_type) == 1 else f.value}" for f in forms]
    more = f" or {len(choices) - _SHOWN_CHOICES:,} others" if len(choices) > _SHOWN_CHOICES else ""
    listed = " or ".join(printable(choice) for choice in choices[:_SHOWN_CHOICES])
    return f"{_shown(text)} is more than one identifier. Write which one: {listed}{more}."


def _placed(warehouse: Warehouse, tables: Tables, form: _Form) -> Subject:
    rows = warehouse.rows(f"select profile_id from {tables.identifiers} where identifier_key = $1", [form.key])
    if not rows or rows[0][0] is None:
        raise ExplainError(
            f"{form.identifier_type} {printable(form.value or '')} is known, but no profile holds it: it was not seen"
            " for longer than its type allows, or every record that holds it was set aside."
        )
    return Subject(str(rows[0][0]), form.key)


def _by_key(warehouse: Warehouse, tables: Tables, text: str) -> Subject | None:
    text = text.lower()
    rows = warehouse.rows(f"select profile_id from {tables.identifiers} where identifier_key = $1", [text])
    if rows:
        return Subject(str(rows[0][0]), text)
    if warehouse.rows(f"select profile_id from {tables.identifiers} where profile_id = $1 limit 1", [text]):
        return Subject(text, None)
    if "live_profile_id" in warehouse.columns(*tables.former):
        former = f"select live_profile_id, is_ambiguous from {quoted(*tables.former)} where profile_id = $1"
        for live, is_ambiguous in warehouse.rows(former, [text]):
            if live is not None:
                return Subject(str(live), None, f"Profile {text} has become part of profile {live}.")
            if is_ambiguous:
                raise ExplainError(
                    f"Profile {text} was split, so it stands for no single profile any more. Ask for one of its"
                    " identifiers; identity_events says where each of them went."
                )
            raise ExplainError(f"Profile {text} was a profile once, but nothing of it is left to explain.")
    unused = (
        "select distinct identifier_type, raw_value, identifier_value, identifier_key, rejected_reason"
        f" from {tables.forms} where identifier_key = $1"
    )
    forms = [_Form._make(row) for row in warehouse.rows(unused, [text])]
    if forms and forms[0].reason is None:
        return _placed(warehouse, tables, forms[0])
    if forms:
        raise ExplainError(_why_unused(warehouse, tables, text, forms))
    return None


def _why_unused(warehouse: Warehouse, tables: Tables, text: str, forms: Sequence[_Form]) -> str:
    sentences: dict[str, None] = {}
    for form in forms:
        why = _REJECTED.get(form.reason or "", f"it is not used ({form.reason})")
        if form.reason == "blocked_value" and (listed := _listed_reason(warehouse, tables, form)):
            why += f" (the list of blocked values says: {listed})"
        sentences[f"{_shown(text)} is written as {form.identifier_type}, but {why}."] = None
    return "\n".join(sentences)


def _listed_reason(warehouse: Warehouse, tables: Tables, form: _Form) -> str | None:
    """What the list of blocked values says about a value."""
    if not {"match", "value", "reason"} <= set(warehouse.columns(*tables.blocked)):
        return None
    rows = warehouse.rows(
        f"select reason from {quoted(*tables.blocked)} where identifier_type in ('any', $1)"
        " and (match = 'exact' and lower($2) = value or match = 'pattern' and lower($2) like value)"
        " order by match, value",
        [form.identifier_type, form.value],
    )
    return str(rows[0][0]) if rows else None


def _not_found(warehouse: Warehouse, tables: Tables, text: str) -> str:
    rows = warehouse.rows(f"select distinct identifier_type from {tables.identifiers} order by identifier_type")
    kinds = [str(kind) for (kind,) in rows]
    prefix, rest = _parted(text)
    if prefix in kinds and rest:
        return (
            f"No {prefix} in the warehouse is called {_shown(rest)}. Write it as a source holds it, a phone with its"
            " country (+49 ...)."
        )
    return (
        f"Nothing in the warehouse is called {_shown(text)}. Write the value as a source holds it, a phone"
        f" with its country (+49 ...), or a profile_id. The types are: {', '.join(kinds) or 'none yet'}."
    )
