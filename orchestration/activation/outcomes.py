"""What became of deliveries, brought from the ledger into raw tables, where the next cycle reads it."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from orchestration.activation.ledger import Ledger, open_ledger
from orchestration.activation.ledger.ledger import stamp
from orchestration.landing.contract import REGISTER_SCHEMA, load_own_tables
from orchestration.project import project_vars
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, literal, quoted

_TYPES = {"text": pa.string(), "bigint": pa.int64(), "timestamp": pa.timestamp("us")}
_RUN_SQL = (
    "select run_id, sync, connection, object, mode, purpose, channel, trigger, status, message, planned_count,"
    " wanted_count, as_of, started_at, ended_at from sync_run where run_id = ?"
)
_RESULT_SQL = (
    "select run_id, seq, profile_id, operation, outcome, code, decided_at from sync_result"
    " where run_id = ? order by seq"
)


def bring_outcomes(settings: Settings, warehouse: Warehouse) -> int:
    """Bring every run that ended and is not in the warehouse yet; how many. Killed in between, a run comes again whole.

    What the ledger need not keep any longer goes from it afterwards.
    """
    if not _has_ledger(settings, warehouse):
        return 0
    with open_ledger(settings) as ledger:
        # A run that found nothing to do is no news.
        ledger.store.execute("update sync_run set is_published = 1 where status = 'done' and planned_count = 0")
        ended = ledger.store.rows(
            "select run_id, personal_fields from sync_run where ended_at is not null and is_published = 0"
            " order by ended_at"
        )
        for run_id, fields in ended:
            with warehouse.transaction():
                for table, rows in (
                    ("sync_runs", iter([ledger.store.rows(_RUN_SQL, [run_id])])),
                    ("sync_results", ledger.store.pages(_RESULT_SQL, [run_id])),
                    ("sync_fields", iter([[(run_id, *field) for field in json.loads(fields or "[]")]])),
                ):
                    place = quoted(REGISTER_SCHEMA, table)
                    warehouse.execute(f"delete from {place} where run_id = {literal(run_id)}")
                    for page in rows:
                        _append(warehouse, table, page)
            ledger.store.execute("update sync_run set is_published = 1 where run_id = ?", [run_id])
        forget_old(ledger)
        return len(ended)


def forget_old(ledger: Ledger) -> None:
    """Drop what was said of rows, their payloads and contacts, after the days of the var `ledger_retention_days`."""
    days = int(project_vars().get("ledger_retention_days") or 30)
    before = stamp(ledger.now() - timedelta(days=days))
    old = "select run_id from sync_run where is_published = 1 and ended_at < ?"
    with ledger.store.transaction():
        for table in ("sync_plan", "sync_batch", "sync_result"):
            ledger.store.execute(f"delete from {table} where run_id in ({old})", [before])
        ledger.store.execute("delete from contact_log where sent_at < ?", [before])


def _has_ledger(settings: Settings, warehouse: Warehouse) -> bool:
    if settings.target == "duckdb":
        return settings.ledger_path.exists()
    return bool(warehouse.columns(settings.ledger_schema, "sync_run"))


def _append(warehouse: Warehouse, table: str, rows: Sequence[Sequence[Any]]) -> None:
    columns = next(own.columns for own in load_own_tables() if own.table == table)
    if not rows:
        return
    arrays = [
        pa.array(list(_typed(cells, kind)), _TYPES[kind])
        for cells, kind in zip(zip(*rows, strict=True), columns.values(), strict=True)
    ]
    warehouse.append(REGISTER_SCHEMA, table, pa.table(arrays, names=list(columns)).to_reader())


def _typed(cells: Sequence[Any], kind: str) -> Iterator[Any]:
    for cell in cells:
        if kind == "timestamp" and cell is not None:
            yield datetime.fromisoformat(cell).astimezone(UTC).replace(tzinfo=None)
        else:
            yield cell
