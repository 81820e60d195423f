"""The funnel of an audience: how many meet each of its conditions, and which single one keeps most people out."""

from collections.abc import Sequence
from typing import NamedTuple

from orchestration.warehouse import Warehouse, quoted


class Step(NamedTuple):
    """A condition in a funnel: how many meet it, how many it and all before it, and how many lack nothing but it."""

    condition: str
    alone_count: int
    met_count: int
    lacking_count: int


class Funnel(NamedTuple):
    """How many profiles an audience looks at, and its conditions in their order; each but the last narrows the next."""

    base_count: int
    steps: list[Step]

    @property
    def qualified_count(self) -> int:
        """How many meet every condition; nobody where there is none."""
        return self.steps[-1].met_count if self.steps else 0


def all_met(conditions: Sequence[str]) -> str:
    """The test, in SQL, that every condition holds; null is false, and without a condition nobody qualifies."""
    return " and ".join(f"coalesce({quoted(name)}, false)" for name in conditions) or "1 = 0"


def read_funnel(warehouse: Warehouse, relation: str, conditions: Sequence[str], only: str = "") -> Funnel:
    """Count the funnel of an audience's table over those of its rows for which the test `only` holds."""
    met = {name: f"coalesce({quoted(name)}, false)" for name in conditions}
    sums = ["count(*)"]
    for place, name in enumerate(conditions):
        before = [met[other] for other in conditions[: place + 1]]
        others = [met[other] for other in conditions if other != name]
        for holding in ([met[name]], before, [*others, f"not {met[name]}"]):
            sums.append(f"sum(case when {' and '.join(holding)} then 1 else 0 end)")
    where = f" where {only}" if only else ""
    counts = [int(count or 0) for count in warehouse.rows(f"select {', '.join(sums)} from {relation}{where}")[0]]
    steps = [Step(name, *counts[1 + 3 * place : 4 + 3 * place]) for place, name in enumerate(conditions)]
    return Funnel(counts[0], steps)
