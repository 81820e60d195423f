"""What people withdrew at a destination, brought into the landing folder, where the next cycle ends the permission."""

import csv
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.activation.connections import Secrets, WrongConnectionError, load_connection
from orchestration.settings import PROJECT_DIR, Settings

_STAMP = "%Y%m%dT%H%M%SZ"
_PREFIX = "withdrawals-"
# Everything is asked for at first; later a little more than is new, for clocks differ and a source may lag.
_BEGINNING, _OVERLAP = datetime(2000, 1, 1, tzinfo=UTC), timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Somebody wants no more marketing on a channel: by which identifier, and when they said so."""

    person: str
    id_type: str
    id_value: str
    channel: str
    at: str


def bring_withdrawals(settings: Settings, name: str, *, since: datetime | None = None) -> tuple[int, Path | None]:
    """Write what people withdrew at a connection as records of consent; how many, and the file, which is None for none.

    Without `since` it asks for what came after the last file that lies there. A record that comes again says the same
    under the same id. Raises a `SendError` where the destination doesn't tell.
    """
    connection = load_connection(settings, name)
    if connection.type != "klaviyo":
        raise WrongConnectionError(f"Connection {name} is of type {connection.type}, which tells no unsubscribes here.")
    from orchestration.activation.destinations.klaviyo_unsubscribes import withdrawals

    folder = settings.landing_dir / f"consent@{name}" / "records"
    begun = datetime.now(UTC)
    found = withdrawals(name, connection, Secrets(), since or _last(folder))  # type: ignore[arg-type]
    records = {record["consent_id"]: record for one in found for record in _records(one, connection.type)}
    if not records:
        return 0, None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{_PREFIX}{begun.strftime(_STAMP)}.jsonl"
    unfinished = path.with_name(f"{path.name}.tmp")
    with unfinished.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records.values())
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return len(records), path


def _records(one: Withdrawal, source: str) -> Iterable[dict[str, str]]:
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
    """When it was asked last, a little earlier."""
    stamps = [path.name[len(_PREFIX) :].split(".")[0] for path in folder.glob(f"{_PREFIX}*.jsonl")]
    moments = []
    for stamp in stamps:
        try:
            moments.append(datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC))
        except ValueError:
            continue
    return max(moments) - _OVERLAP if moments else _BEGINNING
