"""How a row becomes JSON: a tree without templates, whose texts that begin with $ name what of the row stands there.

    mapping:
      email: $email                 # the field `email` of the row
      ref: $key.customer_id         # a column of its key
      action: $operation            # add, change or remove
      event_id: $idempotency_key    # the same whenever the same content of the row is sent
      price: $$5                    # the text "$5"

A row to remove holds its key alone: what else the tree names is left out of it.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from orchestration.activation.destinations.protocol import Operation, Row

_KEY = "key."
_ABSENT = object()
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class MissingFieldError(Exception):
    """A row doesn't have what the mapping names; `field` is its name."""

    def __init__(self, field: str) -> None:
        super().__init__(f"The mapping needs {field}, which the row doesn't have.")
        self.field = field


def checked_mapping(tree: Any) -> Any:
    """The tree itself; raise `ValueError` with a sentence where it can't be used."""
    try:
        as_bytes(tree)
    except (TypeError, ValueError, RecursionError):
        raise ValueError("must hold what JSON can: put dates and other special values into quotes") from None
    if any(name in ("", "key", _KEY) for name in _names(tree)):
        raise ValueError("a text that begins with $ names a field, as $email or $key.email; write $$ for a plain $")
    return tree


def as_bytes(value: Any) -> bytes:
    """A value as compact JSON in UTF-8, decimals with all their digits; `TypeError` or `ValueError` where it can't be.

    A row's numbers that aren't whole come as decimals.
    """
    try:
        return _ENCODER.encode(value).encode()
    except TypeError:
        # The library has no way to write a number that is neither whole nor a float.
        return "".join(_parts(value)).encode()


def fields_of(tree: Any) -> list[str]:
    """Fields of the row that the tree names, each once."""
    reserved = ("operation", "idempotency_key")
    return list(dict.fromkeys(name for name in _names(tree) if name not in reserved and not name.startswith(_KEY)))


def tells_operation(tree: Any) -> bool:
    """Whether who reads the JSON can tell a row to remove from one to add."""
    return "operation" in _names(tree)


def render(tree: Any, row: Row) -> Any:
    """The row as the tree says; raise `MissingFieldError`."""
    rendered = _render(tree, row)
    return None if rendered is _ABSENT else rendered


def _render(tree: Any, row: Row) -> Any:
    if isinstance(tree, dict):
        inner = {name: _render(part, row) for name, part in tree.items()}
        return {name: part for name, part in inner.items() if part is not _ABSENT}
    if isinstance(tree, list):
        return [part for part in (_render(part, row) for part in tree) if part is not _ABSENT]
    if not isinstance(tree, str) or not tree.startswith("$"):
        return tree
    if tree.startswith("$$"):
        return tree[1:]
    return _value(tree[1:], row)


def _value(name: str, row: Row) -> Any:
    if name == "operation":
        return row.operation.value
    if name == "idempotency_key":
        return row.idempotency_key
    values, column = (row.key, name.removeprefix(_KEY)) if name.startswith(_KEY) else (row.payload, name)
    if column in values:
        return values[column]
    if row.operation is Operation.REMOVE:
        return _ABSENT
    raise MissingFieldError(column)


def _parts(value: Any) -> Iterator[str]:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("JSON has no number for what isn't one")
        yield format(value, "f")
    elif isinstance(value, dict):
        for number, (name, part) in enumerate(value.items()):
            yield f"{',' if number else '{'}{_ENCODER.encode(str(name))}:"
            yield from _parts(part)
        yield "}" if value else "{}"
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield "," if number else "["
            yield from _parts(part)
        yield "]" if value else "[]"
    else:
        yield _ENCODER.encode(value)


def _names(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for part in tree.values():
            yield from _names(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from _names(part)
    elif isinstance(tree, str) and tree.startswith("$") and not tree.startswith("$$"):
        yield tree[1:]
