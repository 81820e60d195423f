"""What people withdrew at a destination, brought into the landing folder, where the next cycle ends the permission."""

import csv
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.activation.connections import (
    Secrets,
    WrongConnectionError,
    connection_names,
    destination_module,
    load_connection,
)
from orchestration.activation.destinations.protocol import SendError
from orchestration.activation.destinations.withdrawal import Withdrawal
from orchestration.activation.errors import DeliveryError
from orchestration.activation.pace import turn_of
from orchestration.settings import PROJECT_DIR, Settings

_STAMP = "%Y%m%dT%H%M%SZ"
# When it was asked last stands beside what was brought; landing passes over what begins with a dot.
_ASKED = ".asked"
# Everything is asked for at first; later a little more than is new, for clocks differ and a source may lag.
_BEGINNING, _OVERLAP = datetime(2000, 1, 1, tzinfo=UTC), timedelta(hours=1)

# Seconds that a cycle waits for a large account to tell all that changed; the next one goes on from there.
_LONGEST = 60.0


def bring_all_withdrawals(settings: Settings) -> list[str]:
    """Write what people withdrew at every connection that tells; a sentence for each that couldn't be asked."""
    problems = []
    try:
        names = connection_names(settings)
    except DeliveryError as error:
        return [str(error)]
    for name in names:
        try:
            if hasattr(destination_module(load_connection(settings, name).type), "withdrawals"):
                bring_withdrawals(settings, name)
        except (DeliveryError, SendError) as error:
            problems.append(f"What people withdrew at {name} is not known: {error}")
    return problems


def bring_withdrawals(
    settings: Settings, name: str, *, since: datetime | None = None, longest: float = _LONGEST
) -> tuple[int, Path | None]:
    """Write what people withdrew at a connection as records of consent; how many, and their file, None for none.

    Without `since` it asks for what came since it asked last. What takes longer than `longest` seconds to tell is left
    to the next time. A record that comes again says the same under the same id. Raises a `SendError` where the
    destination doesn't tell.
    """
    connection = load_connection(settings, name)
    module = destination_module(connection.type)
    if not hasattr(module, "withdrawals"):
        raise WrongConnectionError(f"Connection {name} is of type {connection.type}, which tells no unsubscribes here.")
    folder = settings.landing_dir / f"consent@{name}" / "records"
    begun = datetime.now(UTC)
    found, reached = _within(
        module.withdrawals(connection, turn_of(name, connection), Secrets(), since or _last(folder)), longest
    )
    records = {record["consent_id"]: record for one in found for record in _records(one, connection.type)}
    stamp = (reached or begun).strftime(_STAMP)
    path = folder / f"withdrawals-{begun.strftime(_STAMP)}.jsonl"
    if records:
        _write(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records.values()))
    _write(folder / _ASKED, stamp)
    return len(records), path if records else None


def _within(told: Iterator[Withdrawal | datetime], longest: float) -> tuple[list[Withdrawal], datetime | None]:
    """What is told within so many seconds, and up to which moment that is all; None where nothing is left to tell."""
    ends_at, found = time.monotonic() + longest, []
    for one in told:
        if isinstance(one, Withdrawal):
            found.append(one)
        elif time.monotonic() > ends_at:
            return found, one
    return found, None


def _write(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.tmp")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _records(one: Withdrawal, source: str) -> Iterator[dict[str, str]]:
    for purpose in _ended_purposes():
        yield {
            "consent_id": f"{one.person}-{one.channel}-{purpose}-{one.at}",
            "id_type": one.id_type,
            "id_value": one.id_value,
            "purpose": purpose,
            "channel": one.channel,
            "legal_basis": "consent",
            "status": "revoked",
            "collected_at": one.at,
            "source": source,
        }


def _ended_purposes() -> list[str]:
    """Purposes that an unsubscribe ends, as the seed has them."""
    with (PROJECT_DIR / "seeds" / "consent" / "purposes.csv").open(encoding="utf-8", newline="") as file:
        return [row["purpose"] for row in csv.DictReader(file) if row["is_ended_by_unsubscribe"].lower() == "true"]


def _last(folder: Path) -> datetime:
    """When it was asked last, a little earlier; the beginning where nobody knows."""
    try:
        told = (folder / _ASKED).read_text(encoding="utf-8")
        return datetime.strptime(told, _STAMP).replace(tzinfo=UTC) - _OVERLAP
    except (OSError, ValueError):
        return _BEGINNING
