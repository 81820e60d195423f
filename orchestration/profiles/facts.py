"""Rows of the warehouse by column, the same from both engines."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from orchestration.identity.explain import utc
from orchestration.profiles.person import Fact
from orchestration.profiles.tables import DECIMALS
from orchestration.warehouse import Warehouse


def read_facts(warehouse: Warehouse, sql: str, columns: str, parameters: Sequence[Any] = ()) -> list[Fact]:
    """The rows of a query whose columns are `a, b, c`; decimals as Decimal, times UTC without a zone."""
    names = columns.split(", ")
    return [dict(zip(names, map(_plain, names, row), strict=True)) for row in warehouse.rows(sql, parameters)]


def _plain(name: str, value: Any) -> Any:
    """A value as both engines give it: Postgres gives decimals as text, and times with a zone."""
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, str) and name.endswith(DECIMALS):
        return Decimal(value)
    return value
