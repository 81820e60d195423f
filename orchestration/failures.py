"""Errors as the command line tells them: our own are sentences, of others the traceback is kept in a file."""

import re
import traceback
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir

from orchestration.settings import SettingsError, load_settings


def is_sentence(error: BaseException) -> bool:
    """Whether an error was raised by this project on purpose: its message says what is wrong and what to do."""
    return type(error).__module__.split(".")[0] == __package__


def without_colours(text: str) -> str:
    """The text without the escape sequences that colour it on a terminal."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def write_traceback(error: BaseException) -> Path:
    """Keep the traceback of an error beside the logs of the commands; the file."""
    try:
        folder = load_settings().dagster_home / "command_logs"
        folder.mkdir(parents=True, exist_ok=True)
    except (SettingsError, OSError):
        folder = Path(gettempdir())
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-error.log"
    path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return path
