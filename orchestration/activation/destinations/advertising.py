"""The destination `advertising`: customer lists to upload at Google and Meta, hashed by their own rules.

    connections:
      advertising:
        type: advertising
        format: [google, meta]     # one or both
        place: sftp                # local (by default), s3 or sftp, as of `files`

A list per company, each in a folder `<object>_<format>`: a CSV with the company's headers, the same rows as Parquet,
and a manifest that counts who was left out: `denied` (not both signals granted) and `unusable` (nothing to be found
by). No file that stays holds more of a person than the list does; see `advertising_rows`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field, field_validator

from orchestration.activation.connections import Secrets, WrongConnectionError
from orchestration.activation.destinations import file_places
from orchestration.activation.destinations.advertising_rows import FORMATS, SIGNALS, Format, HashedRows, complaint
from orchestration.activation.destinations.file_formats import checksum, write_parquet
from orchestration.activation.destinations.files import FileDestination
from orchestration.activation.destinations.places import Place
from orchestration.activation.destinations.protocol import DeliveryClass, NotAllowedError, Target
from orchestration.activation.destinations.set_protocol import SetFacts

_ROWS = 50_000


class Config(file_places.Config):
    """Where the lists go, and whose they are."""

    format: tuple[Literal["google", "meta"], ...] = Field(min_length=1, description="google, meta, or a list of both")

    @field_validator("format", mode="before")
    @classmethod
    def _may_be_one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


def open_destination(config: Config, target: Target, secrets: Secrets) -> "AdvertisingDestination":
    """The lists of that name; `WrongConnectionError` where a library is missing, or the model is no customer list."""
    if target.kinds and (told := complaint(target.kinds, target.key)):
        raise WrongConnectionError(told)
    lists = []
    for name in dict.fromkeys(config.format):
        folder = f"{target.object}_{name}"
        lists.append(CustomerList(open_place(config, folder, target, secrets), folder, FORMATS[name]))
    return AdvertisingDestination(lists)


def open_place(config: Config, folder: str, target: Target, secrets: Secrets) -> Place:
    """A folder in the place of the connection."""
    return file_places.open_place(config, folder, secrets, target.home)


class CustomerList(FileDestination):
    """The list of one company: a set of files that is made of hashed rows, where the model's are not."""

    def __init__(self, place: Place, folder: str, form: Format) -> None:
        super().__init__(place, folder)
        self._form = form
        self._rows = HashedRows(form)
        self._about: dict[str, Any] = {}

    def holds(self, wanted: Path, rows: int, columns: pa.Schema, facts: SetFacts) -> bool:
        _check(columns, facts)
        # Hashes are dear and say nothing new where rows and rules are as they were.
        manifest = self.manifest() or {}
        self._about = self._made_of(wanted) | {"left_out": manifest.get("left_out")}
        try:
            is_counted = int(manifest["rows"]) + sum(manifest["left_out"].values()) == rows
        except (LookupError, TypeError, ValueError, AttributeError):
            return False
        return is_counted and self.is_as_declared(int(manifest["rows"]), self._rows.columns, _without_key(facts))

    def replace(self, wanted: Path, rows: int, columns: pa.Schema, at: datetime, facts: SetFacts) -> list[str]:
        _check(columns, facts)
        path = wanted.with_name(f"{self._form.name}.parquet")
        try:
            batches = pq.ParquetFile(wanted).iter_batches(_ROWS)
            count = write_parquet(path, self._rows.of(batches), self._rows.columns)
            self._about = self._made_of(wanted) | {"left_out": dict(self._rows.left_out)}
            return super().replace(path, count, self._rows.columns, at, _without_key(facts))
        finally:
            path.unlink(missing_ok=True)

    def head(self, rows: int, columns: pa.Schema, facts: SetFacts) -> dict[str, Any]:
        return super().head(rows, columns, facts) | self._about

    def _made_of(self, wanted: Path) -> dict[str, Any]:
        return {
            "format": self._form.name,
            "consent": dict.fromkeys(SIGNALS, "GRANTED"),
            "rules": self._rows.versions,
            "source_sha256": checksum(wanted),
        }


class AdvertisingDestination:
    """The same people as a list for each company."""

    delivery_class = DeliveryClass.UPSERT

    def __init__(self, lists: Sequence[CustomerList]) -> None:
        self._lists = lists

    def tidy(self) -> None:
        for customers in self._lists:
            customers.tidy()

    def holds(self, wanted: Path, rows: int, columns: pa.Schema, facts: SetFacts) -> bool:
        return all(customers.holds(wanted, rows, columns, facts) for customers in self._lists)

    def replace(self, wanted: Path, rows: int, columns: pa.Schema, at: datetime, facts: SetFacts) -> list[str]:
        written = []
        for customers in self._lists:
            if not customers.holds(wanted, rows, columns, facts):
                written += customers.replace(wanted, rows, columns, at, facts)
        return written

    def close(self) -> None:
        for customers in self._lists:
            customers.close()


def _check(columns: pa.Schema, facts: SetFacts) -> None:
    if told := complaint(columns.names, facts.key):
        raise NotAllowedError(told)


def _without_key(facts: SetFacts) -> SetFacts:
    """The rows of a list are told apart by nothing: its key stays here."""
    return replace(facts, key=())
