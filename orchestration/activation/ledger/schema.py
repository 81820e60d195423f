"""The tables of the ledger, the same in SQLite and in Postgres.

Law: every planned row ends with exactly one outcome, and the counts agree, or the run is not done. A person leaves by
`forget` (erasure: delete); payloads of rows that were taken are dropped at once, others after some days.
"""

import re

from orchestration.activation.ledger.store import Store

# What a row can end as. `deferred` was not sent and is planned again: the destination was closed, or asked to wait.
OUTCOMES = (
    "ok",
    "noop",
    "invalid",
    "rejected",
    "suppressed",
    "held_out",
    "capped",
    "ambiguous",
    "superseded",
    "deferred",
)

TABLES = {
    # Who may write for a sync; the fence grows with every holder, so that one who lost it can't write any more.
    "sync_lease": """
        sync text primary key, run_id text not null, fence bigint not null, owner text not null,
        expires_at text not null""",
    "sync_run": """
        run_id text primary key, sync text not null, connection text not null, object text not null, mode text not null,
        purpose text not null, channel text, trigger text not null, config_hash text not null, status text not null,
        planned_count bigint not null, wanted_count bigint not null, message text, as_of text not null,
        started_at text not null, frozen_at text, ended_at text, is_published integer not null,
        personal_fields text""",
    "sync_plan": """
        run_id text not null, seq bigint not null, row_key text not null, profile_id text, operation text not null,
        fingerprint text not null, idempotency_key text not null, provider_id text, key_fields text not null,
        payload text, primary key (run_id, seq)""",
    "sync_batch": """
        run_id text not null, batch_no bigint not null, first_seq bigint not null, last_seq bigint not null,
        state text not null, idempotency_key text not null, attempt integer not null, status_code integer, job_id text,
        message text, claimed_at text, ended_at text, primary key (run_id, batch_no)""",
    "sync_result": """
        run_id text not null, seq bigint not null, row_key text not null, profile_id text, operation text not null,
        outcome text not null, code text, message text, provider_id text, decided_at text not null,
        primary key (run_id, seq)""",
    # What the destination holds, as it said itself, and what is still owed to it.
    "sync_state": """
        sync text not null, row_key text not null, profile_id text, fingerprint text, version bigint not null,
        key_fields text not null, provider_id text, acknowledged_at text, last_outcome text not null,
        failed_fingerprint text, fail_count integer not null, retry_at text, is_dead integer not null,
        primary key (sync, row_key)""",
    "holdout_member": """
        holdout text not null, profile_id text not null, is_held_out integer not null, assigned_at text not null,
        primary key (holdout, profile_id)""",
    # One row per message that was sent or may have been: what caps count.
    "contact_log": """
        channel text not null, profile_id text not null, sent_at text not null, sync text not null,
        row_key text not null""",
}
_COLUMN = re.compile(r"(\w+) (text|bigint|integer)\b")
_INDEXES = (
    "create index if not exists contact_log_of_person on contact_log (channel, profile_id, sent_at)",
    "create index if not exists sync_run_of_sync on sync_run (sync, status)",
    "create index if not exists sync_batch_by_state on sync_batch (run_id, state)",
)


def create_tables(store: Store) -> None:
    """Make what is not there yet."""
    with store.transaction():
        for name, columns in TABLES.items():
            store.execute(f"create table if not exists {name} ({columns})")
            # A ledger of an earlier release lacks what came later; what came later may be null.
            there = store.columns(name)
            for column, kind in _COLUMN.findall(columns):
                if column not in there:
                    store.execute(f"alter table {name} add column {column} {kind}")
        for statement in _INDEXES:
            store.execute(statement)
