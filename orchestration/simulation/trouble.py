"""Rows that break the contract: keys that are missing, dates that never were, text in numbers, broken JSON."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.simulation.columns import Dice, Numbers, either
from orchestration.simulation.rates import Rates

IMPOSSIBLE_DATE = "2026-02-30"
TEXT_IN_NUMBER = "twelve"

# Of each table that suffers: its key, and a date and a number that may be spoilt.
BREAKABLE: Mapping[str, tuple[str, str | None, str | None]] = {
    "crm.contacts": ("contact_id", "birth_date", None),
    "crm.deals": ("deal_id", "expected_close_date", "amount"),
    "crm.activities": ("activity_id", "occurred_at", "duration_s"),
    "support.tickets": ("ticket_id", "opened_at", "csat_score"),
    "commerce.customers": ("shop_customer_id", "created_at", None),
    "commerce.orders": ("order_id", "ordered_at", "total"),
    "commerce.order_lines": ("order_id", None, "quantity"),
    "commerce.payments": ("payment_id", "paid_at", "amount"),
    "pos.transactions": ("transaction_id", "occurred_at", "total"),
    "pos.transaction_lines": ("transaction_id", None, "unit_price"),
    "pos.loyalty_members": ("loyalty_id", "birth_date", None),
    "engagement.messages": ("message_id", "sent_at", None),
    "engagement.message_events": ("event_id", "occurred_at", None),
    "consent.records": ("consent_id", "collected_at", None),
    "ads.spend": ("campaign_id", "date", "cost"),
    "dmp.cookies": ("cookie_id", None, None),
    "dmp.segment_memberships": ("id_value", None, None),
}


def broken_rows(
    dice: Dice, rates: Rates, name: str, table: Mapping[str, pa.Array], uid: Numbers
) -> dict[str, pa.Array]:
    """The table with some of its rows spoilt; `uid` tells its rows apart."""
    rows = dict(table)
    if name not in BREAKABLE or not len(uid):
        return rows
    key, date_column, number_column = BREAKABLE[name]
    spoils = (
        (key, rates.missing_key, None),
        (date_column, rates.impossible_date, IMPOSSIBLE_DATE),
        (number_column, rates.text_in_number, TEXT_IN_NUMBER),
    )
    for column, share, value in spoils:
        if column:
            mask = dice.happens(f"{name} {column} {value}", share, uid)
            rows[column] = either(mask, value, rows[column]) if mask.any() else rows[column]
    return rows


def broken_lines(dice: Dice, rates: Rates, lines: pa.Array, uid: Numbers) -> pa.Array:
    """JSON lines of events, some of them spoilt in one of four ways."""
    spoils = (
        ("missing key", rates.missing_key, lambda line: '{"message_id":null' + line[line.index(",") :]),
        ("impossible date", rates.impossible_date, _with_impossible_date),
        (
            "text in number",
            rates.text_in_number,
            lambda line: line.replace('"quantity":', f'"quantity":"{TEXT_IN_NUMBER}","was":'),
        ),
        ("broken JSON", rates.broken_json, lambda line: line[: len(line) * 2 // 3] + "\n"),
    )
    spoilt: dict[int, str] = {}
    for name, share, spoil in spoils:
        for row in np.flatnonzero(dice.happens(f"event {name}", share, uid)).tolist():
            spoilt[row] = spoil(lines[row].as_py())
    if not spoilt:
        return lines
    mask = np.zeros(len(lines), dtype=bool)
    mask[list(spoilt)] = True
    return pc.replace_with_mask(lines, pa.array(mask), pa.array([spoilt[row] for row in sorted(spoilt)], pa.string()))


def _with_impossible_date(line: str) -> str:
    head, _, tail = line.partition('"timestamp":"')
    return f'{head}"timestamp":"{IMPOSSIBLE_DATE}{tail[10:]}'
