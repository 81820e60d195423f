"""Whether the work schemas hold a green build: what has not been proved is not published."""

import json
import os
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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


def build_ended(settings: Settings, *, green: bool, sound: Collection[str] = ()) -> None:
    """Remember how a build of everything ended; of a failed one, the models of syncs that stand on no failure."""
    _write(settings, "green" if green else "failed", sound)


def is_green(settings: Settings) -> bool:
    """Whether the last build of everything ended green, and nothing failed since."""
    return _read(settings).get("outcome") == "green"


def sound_models(settings: Settings) -> list[str]:
    """Models of syncs that may be delivered although the last build failed, for they stand on no failure."""
    state = _read(settings)
    return list(state.get("sound") or []) if state.get("outcome") == "failed" else []


def require_green(settings: Settings, model: str | None = None) -> None:
    """Raise `NotGreenError` unless the last build ended green, or nothing failed that a sync's model stands on."""
    state = _read(settings)
    outcome = state.get("outcome")
    if outcome == "green" or (model and model in sound_models(settings)):
        return
    if outcome is None:
        told = "Nothing has been built yet"
    elif outcome == "running":
        told = f"The last build, begun {state['at']}, did not come to its end"
    else:
        told = f"The last build failed at {state['at']}" + (f", below {model}" if model and state.get("sound") else "")
    raise NotGreenError(f"{told}; readers keep what they have. Run `onefolk build`, then publish.")


def _path(settings: Settings) -> Path:
    return settings.home / f"build.{settings.target}.{settings.schema_prefix or 'main'}.json"


def _read(settings: Settings) -> dict[str, Any]:
    try:
        found = json.loads(_path(settings).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(settings: Settings, outcome: str, sound: Collection[str] = ()) -> None:
    path = _path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    state = {"outcome": outcome, "at": moment, "sound": sorted(sound)}
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(state))
    os.replace(temporary, path)
