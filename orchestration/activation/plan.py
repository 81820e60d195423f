"""The plan of a delivery: how the rows wanted differ from the rows delivered last."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from orchestration.activation.errors import DeliveryError
from orchestration.activation.syncs import Sync
from orchestration.warehouse import DuckDBWarehouse, quoted


@dataclass(frozen=True)
class Plan:
    """Rows to add, to change and to remove at the destination."""

    added: int
    changed: int
    removed: int

    @property
    def is_empty(self) -> bool:
        """Whether the destination holds what it should already."""
        return not (self.added or self.changed or self.removed)


NOTHING = Plan(0, 0, 0)


def check_keys(warehouse: DuckDBWarehouse, sync: Sync, wanted: Path) -> None:
    """Raise `DeliveryError` when keys are null or occur twice; it holds counts only, for a key may be personal."""
    key = ", ".join(quoted(name) for name in sync.key)
    null = " or ".join(f"{quoted(name)} is null" for name in sync.key)
    rows = f"read_parquet({_literal(wanted)})"
    nulls = warehouse.rows(f"select count(*) from {rows} where {null}")[0][0]
    twice = f"select {key} from {rows} where not ({null}) group by {key} having count(*) > 1"
    repeated = warehouse.rows(f"select count(*) from ({twice}) as repeated")[0][0]
    if nulls or repeated:
        found = [f"{nulls} rows without a key"] * bool(nulls) + [f"{repeated} keys more than once"] * bool(repeated)
        raise DeliveryError(
            f"{sync.model} has {' and '.join(found)} (key: {', '.join(sync.key)}), so nothing was delivered:"
            " make the model one row per key."
        )


def plan(warehouse: DuckDBWarehouse, sync: Sync, wanted: Path, delivered: Path | None) -> Plan:
    """Compare fingerprints of rows, key by key; without an earlier delivery under the same key every row is new."""
    before = _columns(warehouse, delivered) if delivered else {}
    after = _columns(warehouse, wanted)
    if delivered is None or any(before.get(name) != after[name] for name in sync.key):
        return Plan(warehouse.rows(f"select count(*) from read_parquet({_literal(wanted)})")[0][0], 0, 0)
    same_key = " and ".join(f"wanted.{quoted(name)} = delivered.{quoted(name)}" for name in sync.key)
    found = warehouse.rows(
        f"with wanted as ({_fingerprints(sync, after, wanted)}),"
        f" delivered as ({_fingerprints(sync, before, delivered)})"
        " select"
        " count(*) filter (where delivered.fingerprint is null),"
        " count(*) filter (where wanted.fingerprint <> delivered.fingerprint),"
        " count(*) filter (where wanted.fingerprint is null)"
        f" from wanted full join delivered on {same_key}"
    )
    return Plan(*found[0])


def _fingerprints(sync: Sync, names: Iterable[str], rows: Path) -> str:
    key = ", ".join(quoted(name) for name in sync.key)
    return f"select {key}, hash({', '.join(map(quoted, names))}) as fingerprint from read_parquet({_literal(rows)})"


def _columns(warehouse: DuckDBWarehouse, rows: Path) -> dict[str, str]:
    found = warehouse.rows(f"describe select * from read_parquet({_literal(rows)})")
    return {name: data_type for name, data_type, *_ in found}


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
