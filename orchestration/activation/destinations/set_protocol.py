"""What a destination of whole sets is to the engine: files, say, where every delivery replaces all rows at once."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from orchestration.activation.destinations.protocol import DeliveryClass

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class SetFacts:
    """What a whole set says of itself beside its rows: the sync that it is of, and the formats that it comes in."""

    sync: str
    purpose: str
    channel: str | None
    mode: str
    key: tuple[str, ...]
    formats: tuple[str, ...]


@runtime_checkable
class SetDestination(Protocol):
    """Holds one whole set of rows, which is replaced at once. Made for one run of one sync, closed at its end.

    In a run: `tidy`, then `replace` unless it `holds`. Killed at any moment, readers find the earlier set or the new
    one. All may raise a `SendError`; whatever it says, `replace` may be called again.
    """

    delivery_class: DeliveryClass

    def tidy(self) -> None:
        """Remove what a killed delivery left."""

    def holds(self, wanted: Path, rows: int, columns: "pa.Schema", facts: SetFacts) -> bool:
        """Whether the set is these rows, a Parquet file, and unaltered; it needs no ledger."""

    def replace(self, wanted: Path, rows: int, columns: "pa.Schema", at: datetime, facts: SetFacts) -> list[str]:
        """Make the rows of a Parquet file the set; where what was written is now.

        Other formats are written beside `wanted` first, in a folder that is the caller's to guard and to empty.
        """

    def close(self) -> None:
        """Let go of connections."""
