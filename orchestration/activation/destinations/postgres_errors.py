"""What Postgres refuses, in sentences without values: its own sentences often quote the value that it can't read."""

import re
from collections.abc import Container

import psycopg2
from psycopg2 import errorcodes

from orchestration.activation.destinations.postgres_table import UnfitTableError
from orchestration.activation.destinations.protocol import (
    BatchRefusedError,
    NotAllowedError,
    TryLaterError,
    UnsureError,
)

# Classes and codes of SQLSTATE by whose fault they are. A trigger of the table's own raises P0001.
_ROWS = ("21", "22", "23", "44", "54", "42804", "P0001")
_NOT_ALLOWED = ("28", "42501", "25006", "3D000")
_LATER = ("08", "40", "53", "55", "57", "58", "XX")
# Somebody changed the table after it was looked at; the next attempt looks again.
_CHANGED = ("42P01", "42703", "42P10")
# While a transaction ends, these say for certain that it was undone.
_UNDONE = ("22", "23", "40", "44", "P0001")

_PLACE = re.compile(r"^COPY onefolk_rows_\d+, line \d+, column (.+?): ", re.MULTILINE)

# At the start of a connection there is no SQLSTATE, only a sentence.
_REFUSED = (
    (r"password authentication failed|no password supplied", "doesn't take the password of {user}: correct {secret}"),
    (r'role ".*" does not exist|is not permitted to log in', "doesn't know the user {user}, or lets it not log in"),
    (r'database ".*" does not exist', "doesn't exist: correct dbname, or make it"),
    (r"no pg_hba\.conf entry|authentication failed", "doesn't let {user} in from here: see its pg_hba.conf"),
    (r"permission denied for database", "doesn't let {user} connect: grant connect on it"),
    (
        r"does not support SSL|certificate verify failed|root certificate|server certificate",
        "can't be reached under the connection's sslmode and sslrootcert: the server has no or another certificate",
    ),
)


class RowsRefusedError(BatchRefusedError):
    """A row breaks a rule of the table; `code` is the SQLSTATE."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def connection_error(told: str, place: str, user: str, secret: str | None) -> Exception:
    """Why there is no connection."""
    for pattern, sentence in _REFUSED:
        if re.search(pattern, told):
            explained = sentence.format(user=user, secret=secret or "the password, which no password_env names")
            return NotAllowedError(f"The {place} {explained}.")
    return TryLaterError(f"The {place} can't be reached: {' '.join(told.split())[:300]}")


def statement_error(error: psycopg2.Error, table: str, columns: Container[str], *, lost: bool, ends: bool) -> Exception:
    """Why a transaction came to nothing, or, where it was about to end, that nobody knows whether it did."""
    code = error.pgcode or ""
    if ends and not code.startswith(_UNDONE):
        return UnsureError(f"The connection ended while a batch was written to {table}: it may be there, or not.")
    if lost or not code:
        return TryLaterError(f"The connection ended before a batch was written to {table}.")
    name = _name(code)
    if code.startswith(_ROWS):
        return RowsRefusedError(f"{table} refuses a row: {name}{_where(error, columns)}.", code)
    if code.startswith(_NOT_ALLOWED):
        return NotAllowedError(
            f"{table} can't be written: {name}. The user needs select, insert, update and delete on it, may have to see"
            " its schema, must be allowed temporary tables, and the server must take writes."
        )
    if code == "57014":
        return TryLaterError(f"Writing a batch to {table} took longer than the connection's timeout_seconds.")
    if code.startswith(_LATER):
        return TryLaterError(f"The database of {table} asks to try later: {name}.")
    if code in _CHANGED:
        return TryLaterError(f"{table} was changed meanwhile ({name}), so it is looked at anew.")
    if code == "3F000":
        return UnfitTableError(f"There is no schema for {table}: make it with `create schema`.")
    return UnfitTableError(f"{table} can't be written as it is: {name}.")


def _name(code: str) -> str:
    try:
        told: str = errorcodes.lookup(code)
    except KeyError:
        return f"SQLSTATE {code}"
    return f"{told.lower().replace('_', ' ')} (SQLSTATE {code})"


def _where(error: psycopg2.Error, columns: Container[str]) -> str:
    """The column and the constraint, which are names of the table's; never the sentence of the server."""
    column = error.diag.column_name
    if not column:
        # The place in a COPY stands beside the value, which may look like one.
        found = _PLACE.search(error.diag.context or "")
        column = found[1] if found and found[1] in columns else None
    constraint = error.diag.constraint_name
    return (f", column {column}" if column else "") + (f", constraint {constraint}" if constraint else "")
