"""The gate before messages: permission at the last moment, how often a person is contacted, and at which hours."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import pytz

from orchestration.activation.connections import Connection, WrongConnectionError
from orchestration.activation.destinations.protocol import Operation, Row, RowAnswer
from orchestration.activation.ledger import Ledger
from orchestration.activation.ledger.ledger import stamp
from orchestration.activation.permission import Readers
from orchestration.activation.syncs import Sync
from orchestration.project import project_zone


class Gate(Protocol):
    """Decides of each row, right before it is sent, whether it may be."""

    def judge(self, row: Row) -> RowAnswer | None:
        """The outcome of a row that may not be sent now; None lets it through, and counts it as a contact."""

    def take_back(self, rows: Sequence[Row]) -> None:
        """Nothing was sent after all."""


class OpenGate:
    """For destinations where a row is no message: permission was asked when the plan was made, and is at the next."""

    def judge(self, row: Row) -> RowAnswer | None:
        """Every row may pass."""
        return None

    def take_back(self, rows: Sequence[Row]) -> None:
        """Nothing was counted."""


class MessageGate:
    """For messages: each is a row of the contact log before it is sent, so that a crash can only count too many."""

    def __init__(self, ledger: Ledger, sync: Sync, connection: Connection, readers: Readers) -> None:
        if not sync.channel:
            raise WrongConnectionError(
                f"Sync {sync.name} sends messages, but says no channel: name one in config.meta.activation.channel."
            )
        if not connection.caps or connection.quiet_hours is None:
            raise WrongConnectionError(
                f"Connection {sync.connection} sends messages, so it must say how often a person may be contacted and"
                " when not: declare caps, such as [{messages: 3, hours: 168}], and quiet_hours, such as"
                " {start: 21, end: 8}."
            )
        self._ledger = ledger
        self._sync = sync
        self._channel = sync.channel
        self._caps = connection.caps
        self._quiet = connection.quiet_hours
        self._readers = readers
        self._zone = project_zone().key
        self._lock = threading.Lock()

    def judge(self, row: Row) -> RowAnswer | None:
        """Suppressed where it isn't permitted any more, deferred at quiet hours, capped beyond a cap."""
        if row.operation == Operation.REMOVE:
            return None
        with self._lock:
            is_allowed = bool(row.profile_id) and self._readers.allows(str(row.profile_id))
            country = self._readers.country(str(row.profile_id)) if is_allowed else None
        if not is_allowed:
            return RowAnswer(row.seq, "suppressed", "not_permitted", f"{self._channel} is not permitted now")
        now = self._ledger.now()
        if zone := self._quiet_zone(country, now):
            return RowAnswer(row.seq, "deferred", "quiet_hours", f"It is night in {zone}")
        return self._reserve(row, now)

    def take_back(self, rows: Sequence[Row]) -> None:
        """Take the rows out of the contact log."""
        for row in rows:
            self._ledger.store.execute(
                "delete from contact_log where channel = ? and sync = ? and row_key = ?",
                [self._channel, self._sync.name, row.idempotency_key],
            )

    def _reserve(self, row: Row, now: datetime) -> RowAnswer | None:
        own = [self._channel, row.profile_id, self._sync.name, row.idempotency_key]
        with self._ledger.store.transaction():
            for cap in self._caps:
                since = stamp(now - timedelta(hours=cap.hours))
                count = self._ledger.store.rows(
                    "select count(*) from contact_log where channel = ? and profile_id = ? and sent_at > ?"
                    " and not (sync = ? and row_key = ?)",
                    [self._channel, row.profile_id, since, self._sync.name, row.idempotency_key],
                )[0][0]
                if count >= cap.messages:
                    told = f"{count} messages in {cap.hours:g} hours, and {cap.messages} are allowed"
                    return RowAnswer(row.seq, "capped", "capped", told)
            self._ledger.store.execute(
                "delete from contact_log where channel = ? and profile_id = ? and sync = ? and row_key = ?", own
            )
            self._ledger.store.execute(
                "insert into contact_log (channel, profile_id, sync, row_key, sent_at) values (?, ?, ?, ?, ?)",
                [*own, stamp(now)],
            )
        return None

    def _quiet_zone(self, country: str | None, now: datetime) -> str | None:
        """A time zone of the person's country in which it is night; of a country with several all must be awake."""
        for name in pytz.country_timezones.get(country or "", [self._zone]):
            hour = now.astimezone(ZoneInfo(name)).hour
            start, end = self._quiet.start, self._quiet.end
            is_quiet = start <= hour < end if start <= end else hour >= start or hour < end
            if is_quiet and start != end:
                return str(name)
        return None
