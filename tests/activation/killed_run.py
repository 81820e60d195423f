"""A run of a sync that kills its own process at a step: `python -m tests.activation.killed_run STEP NUMBER SYNC`.

Steps are the calls of the engine that a crash can come before or after, such as `before claim`; the number says at
which call of it. SYNC declares the sync in JSON; the environment says where the project is. The step
`none` kills nobody.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from orchestration.activation import engine
from orchestration.activation.destinations.webhook import Webhook
from orchestration.activation.engine import run_sync
from orchestration.activation.ledger import Ledger
from orchestration.activation.ledger.batches import Batches
from orchestration.settings import load_settings
from tests.activation.conftest import sync_of

# The calls between which a run can die; those inside of a transaction die before its end.
CALLS: dict[str, tuple[Any, str]] = {
    "acquire": (Ledger, "acquire"),
    "begin": (Ledger, "begin"),
    "plan": (engine, "batches_of"),
    "freeze": (Ledger, "freeze"),
    "open": (Batches, "open"),
    "claim": (Batches, "claim"),
    "send": (Webhook, "send"),
    "record": (Batches, "record"),
    "fold": (Batches, "_fold"),
    "settle": (Batches, "settle"),
    "end": (Ledger, "end"),
    "release": (Ledger, "release"),
}
STEPS = tuple(f"{moment} {call}" for call in CALLS for moment in ("before", "after"))


def main() -> None:
    """Run the sync that the arguments and the environment describe."""
    step, number = sys.argv[1], int(sys.argv[2])
    if step != "none":
        moment, _, name = step.partition(" ")
        place, attribute = CALLS[name]
        setattr(place, attribute, _deadly(getattr(place, attribute), moment, number))
    settings = load_settings()
    noon = datetime(2026, 9, 1, 12, tzinfo=UTC)
    run_sync(settings, sync_of(**json.loads(sys.argv[3])), now=lambda: noon, requires_green=False)


def _deadly(call: Callable[..., Any], moment: str, number: int) -> Callable[..., Any]:
    calls = [0]

    def wrapped(*values: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] == number and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*values, **named)
        if calls[0] == number and moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return wrapped


if __name__ == "__main__":
    main()
