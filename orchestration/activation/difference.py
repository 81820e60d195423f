"""The difference between what a sync wants and what its destination holds: in SQL, for a million rows as for ten."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from orchestration.activation.errors import DeliveryError
from orchestration.activation.snapshot import Snapshot
from orchestration.activation.syncs import Sync
from orchestration.warehouse import DuckDBWarehouse, literal, quoted

# By mode: what a row is that isn't held, one that is held otherwise, and one that is not wanted any more.
_OPERATIONS: dict[str, tuple[str | None, str | None, str | None]] = {
    "insert": ("add", None, None),
    "update": ("change", "change", None),
    "upsert": ("add", "change", None),
    "mirror": ("add", "change", "remove"),
    "append": ("add", None, None),
    "audience": ("add", "change", "remove"),
    "delete": ("remove", None, None),
}
# Rows that end in the plan already, since they can't be sent.
ENDED = ("invalid", "superseded", "held_out")
# What is known of rows that are held.
STATE_SCHEMA = pa.schema(
    [(name, pa.int64() if name in ("version", "is_dead") else pa.string()) for name in (
        "row_key", "profile_id", "fingerprint", "version", "key_fields", "provider_id", "last_outcome",
        "failed_fingerprint", "retry_at", "is_dead",
    )]
)  # fmt: skip
_PAGE = 20_000


@dataclass(frozen=True)
class Counts:
    """How many rows are held, wanted, and to be added, changed and removed; and how many can't be sent, by outcome."""

    held: int = 0
    wanted: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    waiting: int = 0
    ended: dict[str, int] = field(default_factory=dict)

    @property
    def planned(self) -> int:
        """How many rows are to be sent."""
        return self.added + self.changed + self.removed


def lay_out(paper: DuckDBWarehouse, sync: Sync, snapshot: Snapshot, held: Path) -> None:
    """Lay what is wanted, rendered as it would be sent, and what a file says is held, into `rendered` and `held`."""
    paper.execute("set preserve_insertion_order = false")
    rows = f"read_parquet({literal(str(snapshot.wanted))})"
    payload = _payload(sync.fields, snapshot.columns)
    key_fields = _payload({name: sync.fields[name] for name in sync.key}, snapshot.columns)
    texts = [f"cast({quoted(name)} as text)" for name in sync.key]
    key = texts[0] if len(texts) == 1 else f"cast(to_json([{', '.join(texts)}]) as text)"
    missing = " or ".join(f"{text} is null or {text} = ''" for text in texts)
    person = quoted("profile_id") if "profile_id" in snapshot.columns.names else "cast(null as text)"
    paper.execute(f"""
        create temp table rendered as
        select
            {key} as row_key, cast({person} as text) as profile_id, {missing} as is_missing,
            cast({key_fields} as text) as key_fields, cast({payload} as text) as payload
        from {rows}
    """)
    paper.execute(f"create temp view held as select * from read_parquet({literal(str(held))})")


def settle_wanted(paper: DuckDBWarehouse, held_out: Path | None) -> None:
    """Say of every rendered row how it would end: null for one to send; of several with one key the first counts."""
    left_out = f"profile_id in (select profile_id from read_parquet({literal(str(held_out))}))" if held_out else "1 = 0"
    # Who can't be told apart by the key is told apart by the profile.
    paper.execute(f"""
        create temp table wanted as
        select
            case
                when ending is null then row_key
                when ending = 'held_out' then row_key
                else coalesce(row_key, '') || '|' || coalesce(profile_id, '')
            end as row_key,
            profile_id, key_fields, payload, md5(payload) as fingerprint, ending
        from (
            select
                *,
                case
                    when is_missing then 'invalid'
                    when coalesce({left_out}, false) then 'held_out'
                    when row_number() over (partition by row_key order by is_missing, profile_id, payload) > 1
                        then 'superseded'
                end as ending
            from rendered
        ) as judged
    """)
    paper.execute("drop table rendered")


def difference(paper: DuckDBWarehouse, sync: Sync, now: str) -> Counts:
    """Compare `wanted` and `held` into a table `planned`, in the order of sending: removals first, then by key."""
    add, change, remove = _OPERATIONS[sync.mode]
    gone = (
        f"""
        union all
        select
            held.row_key, held.profile_id, '{remove}' as operation, 'gone ' || held.fingerprint as fingerprint,
            held.version, held.provider_id, held.key_fields, held.key_fields as payload, null as ending,
            held.failed_fingerprint, held.retry_at, held.is_dead, 0 as step
        from held left join (select row_key from wanted where ending is null) as wanted using (row_key)
        where held.fingerprint is not null and wanted.row_key is null
    """
        if remove
        else ""
    )
    operation = f"case when held.fingerprint is null then {_text(add)} else {_text(change)} end"
    paper.execute(f"""
        create temp table compared as
        select
            wanted.row_key, wanted.profile_id, {operation} as operation, wanted.fingerprint,
            coalesce(held.version, 0) as version, held.provider_id, wanted.key_fields,
            {"wanted.key_fields" if sync.mode == "delete" else "wanted.payload"} as payload, wanted.ending,
            held.failed_fingerprint, held.retry_at, held.is_dead, 1 as step
        from wanted left join held using (row_key)
        where
            (wanted.ending is null and {operation} is not null and held.fingerprint is distinct from wanted.fingerprint)
            or (
                wanted.ending is not null
                and (held.last_outcome, held.failed_fingerprint) is distinct from (wanted.ending, wanted.fingerprint)
            )
        {gone}
    """)
    # What failed with the same content waits for its time, or is dead.
    waits = (
        "coalesce(failed_fingerprint = fingerprint, false) and ending is null"
        f" and (is_dead = 1 or coalesce(retry_at > '{now}', false))"
    )
    paper.execute(f"""
        create temp table planned as
        select
            row_number() over (order by case when ending is null then step else -1 end, row_key, profile_id) as seq,
            coalesce(ending, operation) as operation, * exclude (step, operation)
        from compared where not ({waits})
    """)
    held = paper.rows("select count(*) from held where fingerprint is not null")[0][0]
    wanted = paper.rows("select count(*) from wanted where ending is null")[0][0]
    waiting = paper.rows(f"select count(*) from compared where {waits}")[0][0]
    paper.execute("drop table compared")
    by_end: dict[str, int] = dict(paper.rows("select operation, count(*) from planned group by 1"))
    return Counts(
        held, wanted, by_end.get("add", 0), by_end.get("change", 0), by_end.get("remove", 0), waiting,
        {name: by_end[name] for name in ENDED if name in by_end},
    )  # fmt: skip


def planned_rows(paper: DuckDBWarehouse, run_id: str, sync: Sync) -> Iterator[tuple[Any, ...]]:
    """The planned rows as the ledger keeps them, in their order.

    The key of a row's content grows with its version, so that content which returns is news to the destination.
    """
    cursor = paper.connection.execute(
        "select ? as run_id, seq, row_key, profile_id, operation, fingerprint,"
        " md5(concat_ws('\x1f', ?, row_key, operation, fingerprint, cast(version as text))) as idempotency_key,"
        " provider_id, key_fields, payload from planned order by seq",
        [run_id, sync.name],
    )
    while page := cursor.fetchmany(_PAGE):
        yield from page


def check_shape(sync: Sync, snapshot: Snapshot) -> None:
    """Raise where the sync needs a person's id that its model doesn't have."""
    needs = sync.holdout or sync.channel
    if needs and "profile_id" not in snapshot.columns.names:
        why = "leaves people out" if sync.holdout else f"reaches people by {sync.channel}"
        raise DeliveryError(f"{sync.model} has no column profile_id, but {sync.name} {why}: add it to the model.")


def _payload(fields: Any, columns: pa.Schema) -> str:
    parts = [f"{quoted(field)} := {_value(quoted(name), columns.field(name).type)}" for name, field in fields.items()]
    return f"to_json(struct_pack({', '.join(parts)}))"


def _value(column: str, kind: pa.DataType) -> str:
    return f"strftime({column}, '%Y-%m-%dT%H:%M:%S.%gZ')" if pa.types.is_timestamp(kind) else column


def _text(value: str | None) -> str:
    return "null" if value is None else f"'{value}'"
