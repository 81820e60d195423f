"""How the sending of a run goes: what is answered, why it stopped, how often a batch is tried, and how it waits."""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orchestration.activation.destinations.protocol import Answer, Answered, Row, SendError, UnsureError

_SHORTEST_PAUSE, _FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5, 60.0


@dataclass
class Sending:
    """How a run's sending went: why it stopped, if it did, and how many rows were answered."""

    stopped: str | None = None
    done: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stop(self, why: str) -> None:
        """Send nothing more; the first reason is kept."""
        with self._lock:
            self.stopped = self.stopped or why

    def add(self, count: int) -> None:
        """So many more rows have their outcome."""
        with self._lock:
            self.done += count


@dataclass
class Tries:
    """How often a batch was tried, how often its answer was lost, and how many seconds were waited."""

    count: int = 0
    unsure: int = 0
    waited: float = 0.0

    def next_pause(self, asked: float | None, patience: float) -> float | None:
        """Seconds until the next try, as asked or twice as long each time, with some chance; None beyond patience."""
        self.count += 1
        backed_off = min(_FIRST_PAUSE * 2**self.count, _LONGEST_PAUSE) * random.uniform(0.5, 1.0)
        pause = backed_off if asked is None else max(asked, _SHORTEST_PAUSE)
        if self.waited + pause > patience:
            return None
        self.waited += pause
        return pause


def too_large(row: Row, limit: int) -> str | None:
    """Why a row is more than a destination takes, in a sentence; None where it isn't."""
    size = sum(len(str(value)) + len(name) + 6 for name, value in row.payload.items())
    return f"The row has about {size:,} bytes, and {limit:,} are allowed." if size > limit else None


def asked(ask: Callable[[], Answer], rows: Sequence[Row]) -> Answer:
    """What a destination says of rows; raise `UnsureError` where its module fails, or speaks of other rows."""
    try:
        answer = ask()
    except SendError:
        raise
    except Exception as error:
        # What it says may hold values of rows.
        raise UnsureError(f"The destination's module failed with {type(error).__name__}") from error
    if isinstance(answer, Answered) and sorted(told.seq for told in answer.rows) != [row.seq for row in rows]:
        raise UnsureError("The answer is not about the rows that were sent")
    return answer
