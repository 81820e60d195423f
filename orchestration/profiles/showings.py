"""The log of who saw a person's values in the clear: written before anything is shown, and only ever added to."""

import getpass
import os
import uuid
from datetime import UTC, datetime

from orchestration.landing import ensure_tables, load_own_tables
from orchestration.lock import BusyError, writing
from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse, quoted

_TABLE = "profile_showings"
_WAIT_SECONDS = 5.0


class ShowingError(RuntimeError):
    """Values must not be shown, because it can't be logged that they were; the message says why."""


def log_showing(settings: Settings, profile_id: str, command: str) -> None:
    """Log that the values of a profile are about to be shown, and by which command; `command` holds no value.

    Raise `ShowingError` where that is not possible: then nothing may be shown.
    """
    try:
        if settings.target == "duckdb":
            with writing(settings, "onefolk profile --show-pii", wait_seconds=_WAIT_SECONDS):
                _append(settings, profile_id, command)
        else:
            _append(settings, profile_id, command)
    except BusyError as error:
        raise _refusal(str(error)) from None
    except Exception as error:
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise _refusal(reason[0]) from error


def _append(settings: Settings, profile_id: str, command: str) -> None:
    own = next(table for table in load_own_tables() if table.table == _TABLE)
    row = {
        "showing_id": uuid.uuid4().hex,
        "profile_id": profile_id,
        "os_user": os_user(),
        "command": command,
        "shown_at": datetime.now(UTC).replace(tzinfo=None),
    }
    with open_warehouse(settings) as warehouse:
        if not set(row) <= set(warehouse.columns(own.schema, own.table)):
            ensure_tables(warehouse, [], [own])
        columns = ", ".join(map(quoted, row))
        places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        warehouse.execute(
            f"insert into {quoted(own.schema, own.table)} ({columns}) values ({places})", list(row.values())
        )


def os_user() -> str:
    """Who runs this process, as the operating system knows them; never only what the environment claims."""
    if not hasattr(os, "getuid"):
        return getpass.getuser()
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _refusal(reason: str) -> ShowingError:
    return ShowingError(
        f"Nothing is shown, because it can't be logged who sees it: {reason.rstrip('.')}."
        " Without --show-pii the values are masked, and nothing needs to be logged."
    )
