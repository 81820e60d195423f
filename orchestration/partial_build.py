"""A build of a part of the project, with dbt's own arguments and dbt's own lines on the screen."""

from collections.abc import Sequence

from orchestration.build_state import build_ended, build_started, is_green, require_landed
from orchestration.lock import writing
from orchestration.project import DbtError, build
from orchestration.settings import Settings
from orchestration.terminal import error_console


def build_part(settings: Settings, arguments: Sequence[str]) -> None:
    """Run `dbt build` with further arguments; raise `DbtError` when anything failed.

    A part that is green leaves a green build green, and makes no other one so.
    """
    screen = error_console()
    with writing(settings, "onefolk build " + " ".join(arguments), say=lambda text: screen.print(text, style="yellow")):
        require_landed(settings)
        was_green = is_green(settings)
        build_started(settings)
        try:
            build(settings, *arguments)
        except DbtError:
            build_ended(settings, green=False)
            raise
        if was_green:
            build_ended(settings, green=True)
