"""The rows of a customer list: of those that permit it, and that can be matched, hashed under a company's own headers.

A model's columns are `email`, `phone`, `first_name`, `last_name`, `city`, `postcode` and `country`, any of them, and
the two signals `ad_user_data` (the company may have the data) and `ad_personalization` (it may choose advertising by
it), each true or false, or `granted` or `denied`. No signal is a no.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.activation.connections import WrongConnectionError

IDENTIFIERS = ("email", "phone", "first_name", "last_name", "city", "postcode", "country")
SIGNALS = ("ad_user_data", "ad_personalization")


@dataclass(frozen=True)
class Format:
    """How one company wants its list: the headers of its columns, and which of them count only together."""

    name: str
    headers: Mapping[str, str]
    together: tuple[str, ...]


FORMATS: Mapping[str, Format] = {
    # An address is matched by these four. The list has no column of consent: whoever is on it is said to permit both.
    "google": Format(
        "google",
        {
            "email": "Email",
            "phone": "Phone",
            "first_name": "First Name",
            "last_name": "Last Name",
            "country": "Country",
            "postcode": "Zip",
        },
        ("first_name", "last_name", "country", "postcode"),
    ),
    "meta": Format(
        "meta",
        {
            "email": "email",
            "phone": "phone",
            "first_name": "fn",
            "last_name": "ln",
            "city": "ct",
            "postcode": "zip",
            "country": "country",
        },
        ("first_name", "last_name"),
    ),
}


def complaint(names: Iterable[str], key: Iterable[str]) -> str | None:
    """Why a model of these columns is no customer list, in a sentence; None where it is one."""
    there = set(names)
    if missing := [name for name in SIGNALS if name not in there]:
        return f"A customer list needs the column {' and '.join(missing)}: nobody is on it who didn't agree to both."
    if not there & {"email", "phone", "last_name"}:
        return f"A customer list needs identifiers: one or more of the columns {', '.join(IDENTIFIERS)}."
    if unknown := sorted(there - {*IDENTIFIERS, *SIGNALS, *key, "profile_id"}):
        return (
            f"A customer list can't hold the column {', '.join(unknown)}: beside its key it has"
            f" {', '.join((*IDENTIFIERS, *SIGNALS))}."
        )
    return None


class HashedRows:
    """Turns rows of a model into those of one company's list; `left_out` counts the others, by reason.

    Raises `WrongConnectionError` where the company's library is missing.
    """

    def __init__(self, form: Format) -> None:
        self._form = form
        self._rules = _rules(form.name)
        self.left_out: Counter[str] = Counter()
        self.columns = pa.schema([(header, pa.string()) for header in form.headers.values()])

    @property
    def versions(self) -> dict[str, str]:
        """Of the libraries that the hashes are made by."""
        return dict(self._rules.RULES)

    def of(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The list's rows, a batch for each, in their order; `left_out` counts anew."""
        self.left_out = Counter(denied=0, unusable=0)
        for batch in batches:
            yield self._hashed(batch)

    def _hashed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        permitted = batch.filter(pc.and_(*(_is_granted(batch.column(name)) for name in SIGNALS)))
        hashed = {name: self._column(permitted, name) for name in self._form.headers}
        is_whole = _all(hashed[name].is_valid() for name in self._form.together)
        for name in self._form.together:
            hashed[name] = pc.if_else(is_whole, hashed[name], pa.scalar(None, pa.string()))
        is_usable = pc.or_(pc.or_(hashed["email"].is_valid(), hashed["phone"].is_valid()), is_whole)
        found = pa.record_batch([hashed[name] for name in self._form.headers], schema=self.columns).filter(is_usable)
        self.left_out["denied"] += batch.num_rows - permitted.num_rows
        self.left_out["unusable"] += permitted.num_rows - found.num_rows
        return found

    def _column(self, batch: pa.RecordBatch, name: str) -> pa.Array:
        rule = getattr(self._rules, name)
        if name not in batch.schema.names:
            return pa.nulls(batch.num_rows, pa.string())
        column = batch.column(name).cast(pa.string())
        if name != "phone":
            return _each(rule, column)
        countries: list[Any] = [None] * batch.num_rows
        if "country" in batch.schema.names:
            countries = batch.column("country").cast(pa.string()).to_pylist()
        return pa.array(map(rule, column.to_pylist(), countries), pa.string())


def _is_granted(column: pa.Array) -> pa.Array:
    """Where a signal says yes, in so many words."""
    if pa.types.is_boolean(column.type):
        return pc.fill_null(column, False)
    said = pc.utf8_lower(pc.utf8_trim_whitespace(column.cast(pa.string())))
    return pc.fill_null(pc.equal(said, "granted"), False)


def _each(rule: Callable[[str | None], str | None], column: pa.Array) -> pa.Array:
    """What a rule makes of a column, each value once: names and countries come again and again."""
    encoded = column.dictionary_encode()
    return pa.array(map(rule, encoded.dictionary.to_pylist()), pa.string()).take(encoded.indices)


def _all(masks: Iterable[pa.Array]) -> pa.Array:
    first, *rest = masks
    for mask in rest:
        first = pc.and_(first, mask)
    return first


def _rules(name: str) -> ModuleType:
    try:
        return import_module(f"orchestration.activation.hashing.{name}")
    except ImportError:
        raise WrongConnectionError(
            "Customer lists need the extra `advertising`: install onefolk[advertising]."
        ) from None
