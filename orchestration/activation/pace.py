"""How fast a connection is asked: its rates, over all syncs of this process, and the pauses that it asks for."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from orchestration.activation.connections import Connection, Rate
from orchestration.activation.destinations.protocol import TryLaterError

_LOOK_EVERY = 1.0


class Pace:
    """One for a connection; every request waits its turn here."""

    def __init__(
        self,
        rates: Sequence[Rate] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._windows = [(rate, deque[float]()) for rate in rates]
        self._clock = clock
        self._sleep = sleep
        self._open_at = 0.0
        self._lock = threading.Lock()

    def wait(self, patience: float) -> bool:
        """Wait for a turn; False where that would take longer than `patience` seconds."""
        waited = 0.0
        while True:
            with self._lock:
                pause = self._pause()
                if pause <= 0:
                    for _, sent in self._windows:
                        sent.append(self._clock())
                    return True
            if waited + pause > patience:
                return False
            step = min(pause, _LOOK_EVERY)
            self._sleep(step)
            waited += step

    def close_for(self, seconds: float) -> None:
        """The destination asked to wait: nobody sends to it meanwhile."""
        with self._lock:
            self._open_at = max(self._open_at, self._clock() + seconds)

    def _pause(self) -> float:
        now = self._clock()
        pause = self._open_at - now
        for rate, sent in self._windows:
            while sent and sent[0] <= now - rate.seconds:
                sent.popleft()
            if len(sent) >= rate.requests:
                pause = max(pause, sent[0] + rate.seconds - now)
        return pause


_paces: dict[str, Pace] = {}
_paces_lock = threading.Lock()


def pace_of(name: str, connection: Connection) -> Pace:
    """The pace of a connection in this process; the same one for all its syncs."""
    key = f"{name} {connection.rate}"
    with _paces_lock:
        return _paces.setdefault(key, Pace(connection.rate))


def turn_of(name: str, connection: Connection) -> Callable[[], None]:
    """A function that waits for a turn of a connection; it raises `TryLaterError` where that is beyond its patience."""
    pace, patience = pace_of(name, connection), connection.patience_minutes * 60

    def turn() -> None:
        if not pace.wait(patience):
            raise TryLaterError(f"{name} asks to wait longer than a run may")

    return turn
