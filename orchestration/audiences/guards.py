"""The guards of audiences, as the last build judged them."""

from dataclasses import dataclass
from datetime import datetime

from orchestration.warehouse import Warehouse, quoted

_COLUMNS = "audience, reasons, figures, candidate_count, member_count, is_open, is_overridden, judged_at"


@dataclass(frozen=True)
class Guard:
    """Whether an audience's entries and exits are let through, and what speaks against it."""

    audience: str
    reasons: str | None
    figures: str | None
    candidate_count: int
    member_count: int
    is_open: bool
    is_overridden: bool
    judged_at: datetime

    @property
    def state(self) -> str:
        """In a word."""
        return "overridden" if self.is_overridden else "open" if self.is_open else "closed"

    def sentence(self) -> str | None:
        """What a person should know of it; nothing where it is open by itself."""
        if self.is_overridden:
            return f"The guard of audience {self.audience} was overridden ({self.reasons}): {self.figures}."
        if self.is_open:
            return None
        return (
            f"Audience {self.audience} keeps the {self.member_count:,} members it had, for its guard closed"
            f" ({self.reasons}): {self.figures}. To let it through once: onefolk run --allow-guard {self.audience}"
        )


def read_guards(warehouse: Warehouse, schema: str) -> list[Guard]:
    """The guards in a schema of audiences, by audience; none where it has no such table yet."""
    if not warehouse.columns(schema, "audience_guards"):
        return []
    rows = warehouse.rows(f"select {_COLUMNS} from {quoted(schema, 'audience_guards')} order by audience")
    return [Guard(*row) for row in rows]
