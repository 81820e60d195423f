"""People who are left out to measure the others: assigned once, the same ones for every sync that names the holdout."""

from pathlib import Path

import pyarrow as pa

from orchestration.activation.errors import DeliveryError
from orchestration.activation.ledger import Ledger
from orchestration.activation.snapshot import Snapshot
from orchestration.activation.syncs import Sync
from orchestration.warehouse import DuckDBWarehouse, literal

# Parts that a person's hash falls into, so that a share is kept to a millionth.
_PARTS = 1_000_000


def held_out_people(
    paper: DuckDBWarehouse, ledger: Ledger, sync: Sync, snapshot: Snapshot, folder: Path, *, assigns: bool
) -> Path:
    """A file of the profiles that are held out, after everybody new was assigned, where that is wanted.

    An assignment is of an id and stays; ids that became one person have the assignment that was made first. Whether a
    new id is held out hangs on its hash with the name of the holdout alone, so that it is no accident of a run.
    """
    holdout = sync.holdout
    if holdout is None:
        raise DeliveryError(f"Sync {sync.name} has no holdout.")
    rows = ledger.store.rows(
        "select profile_id, is_held_out, assigned_at from holdout_member where holdout = ?", [holdout.name]
    )
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    table = pa.table(
        [pa.array(columns[0], pa.string()), pa.array(columns[1], pa.int64()), pa.array(columns[2], pa.string())],
        names=["profile_id", "is_held_out", "assigned_at"],
    )
    paper.connection.register("_assigned", table)
    # By live id the assignment that was made first, of all ids that the person ever had.
    paper.execute(f"""
        create temp table assigned as
        select profile_id, arg_min(is_held_out, assigned_at || origin) as is_held_out
        from (
            select
                coalesce(ids.live_profile_id, members.profile_id) as profile_id, members.profile_id as origin,
                members.is_held_out, members.assigned_at
            from _assigned as members
            left join read_parquet({literal(str(snapshot.live_ids))}) as ids using (profile_id)
        ) as followed
        group by profile_id
    """)
    paper.connection.unregister("_assigned")
    chosen = (
        f"md5_number_lower(concat_ws('\x1f', '{holdout.name}', profile_id)) % {_PARTS} < {holdout.share * _PARTS:.0f}"
    )
    newcomers = paper.rows(
        f"select profile_id, cast({chosen} as integer) from (select distinct profile_id from rendered"
        " where profile_id is not null) as people where profile_id not in (select profile_id from assigned)"
    )
    if assigns:
        _assign(ledger, holdout.name, newcomers)
    path = folder / "held_out.parquet"
    paper.execute(
        "copy (select profile_id from assigned where is_held_out = 1 union all"
        f" select profile_id from (select distinct profile_id from rendered where profile_id is not null) as people"
        f" where profile_id not in (select profile_id from assigned) and {chosen})"
        f" to {literal(str(path))} (format parquet)"
    )
    return path


def _assign(ledger: Ledger, holdout: str, newcomers: list[tuple[str, int]]) -> None:
    now = ledger.stamp()
    with ledger.store.transaction():
        # Another sync of the holdout may have assigned some meanwhile.
        rows = ledger.store.rows("select profile_id from holdout_member where holdout = ?", [holdout])
        known = {profile_id for (profile_id,) in rows}
        ledger.store.insert(
            "holdout_member",
            ("holdout", "profile_id", "is_held_out", "assigned_at"),
            [(holdout, person, is_out, now) for person, is_out in newcomers if person not in known],
        )
