"""What the status of an HTTP answer means to the engine, and how long it asks to wait."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from orchestration.activation.destinations.protocol import (
    BatchRefusedError,
    NotAllowedError,
    SendError,
    TryLaterError,
    UnsureError,
)

_REFUSED = frozenset((400, 409, 413, 422))
_NOT_ALLOWED = frozenset((401, 403))
# The request was not looked at; 302 and 303 may also follow work that was done.
_MOVED = frozenset((301, 307, 308))
_LATER = frozenset((408, 425, 429))
_NEVER = frozenset((501, 505))


def status_error(host: str, status: int, headers: Mapping[str, str]) -> SendError | None:
    """The error that a status stands for; None for a success."""
    if 200 <= status < 300:
        return None
    if status in _REFUSED:
        return BatchRefusedError(f"{host} answers {status}: something in the batch is wrong.", status)
    if status in _NOT_ALLOWED:
        return NotAllowedError(f"{host} answers {status}: check the secret of the connection and its rights.", status)
    if status in _MOVED:
        # Where it points to is the other side's text, and may hold a secret.
        told = "points elsewhere, which is never followed: put the final address into the connection"
        return NotAllowedError(f"{host} answers {status} and {told}.", status)
    if status in _LATER or (500 <= status < 600 and status not in _NEVER):
        return TryLaterError(f"{host} answers {status} and takes nothing now.", status, retry_after(headers))
    if 400 <= status < 600:
        return NotAllowedError(f"{host} answers {status}: check url and method of the connection.", status)
    told = "points elsewhere, which is never followed" if status < 400 else "which means nothing"
    return UnsureError(f"{host} answers {status}, {told}, so it may have taken what was sent.", status)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds `Retry-After` asks to wait, be it seconds or a date; None where it says nothing usable."""
    asked = headers.get("retry-after", "").strip()
    try:
        seconds = float(asked)
    except ValueError:
        moment = _moment(asked)
        if moment is None:
            return None
        # By the other side's clock, where it shows it.
        seconds = (moment - (_moment(headers.get("date", "")) or datetime.now(UTC))).total_seconds()
        return max(seconds, 0.0)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
