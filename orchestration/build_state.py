"""Whether the work schemas hold a green build: what has not been proved is not published."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse


class NotGreenError(RuntimeError):
    """The last build did not end green; the message says so and what to do."""


class NotLandedError(RuntimeError):
    """There is nothing to build from; the message says what to do."""


def require_landed(settings: Settings) -> None:
    """Raise `NotLandedError` where landing has never made the raw tables."""
    is_there = settings.target == "postgres" or settings.warehouse_path.exists()
    if is_there:
        with open_warehouse(settings) as warehouse:
            is_there = bool(warehouse.columns("raw_onefolk", "files"))
    if not is_there:
        raise NotLandedError("Nothing has landed yet, so there are no raw tables: run `onefolk land` first.")


def build_started(settings: Settings) -> None:
    """From here on the work schemas are in motion, until a complete build ends green."""
    _write(settings, "running")


def build_ended(settings: Settings, *, green: bool) -> None:
    """Remember how a build of everything ended."""
    _write(settings, "green" if green else "failed")


def is_green(settings: Settings) -> bool:
    """Whether the last build of everything ended green, and nothing failed since."""
    return _read(settings).get("outcome") == "green"


def require_green(settings: Settings) -> None:
    """Raise `NotGreenError` unless the last build ended green."""
    state = _read(settings)
    outcome = state.get("outcome")
    if outcome == "green":
        return
    if outcome is None:
        told = "Nothing has been built yet"
    elif outcome == "running":
        told = f"The last build, begun {state['at']}, did not come to its end"
    else:
        told = f"The last build failed at {state['at']}"
    raise NotGreenError(f"{told}; readers keep what they have. Run `onefolk build`, then publish.")


def _path(settings: Settings) -> Path:
    return settings.home / f"build.{settings.target}.{settings.schema_prefix or 'main'}.json"


def _read(settings: Settings) -> dict[str, str]:
    try:
        found = json.loads(_path(settings).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(settings: Settings, outcome: str) -> None:
    path = _path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {"outcome": outcome, "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")}
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(state))
    os.replace(temporary, path)
