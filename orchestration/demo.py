"""The demo company of the first command: where its files go, and what it must not be mixed with."""

from typing import TYPE_CHECKING

from orchestration.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from orchestration.simulation import SimulationSummary


def demo_settings() -> Settings:
    """The environment for the demo; refused where it would mix people that never were with a company's own."""
    settings = load_settings()
    own = settings.home / "landing"
    if settings.landing_dir != own:
        raise SettingsError(
            f"ONEFOLK_LANDING is {str(settings.landing_dir)!r}, but the demo writes its files into {own}. Unset"
            " ONEFOLK_LANDING, or do it in two steps: `onefolk simulate --out <folder>`, then `onefolk run`."
        )
    is_ours = (settings.home / "truth").is_dir()
    has_files = own.is_dir() and any(path.is_file() for path in own.rglob("*"))
    if has_files and not is_ours:
        raise SettingsError(
            f"{own} holds files that the demo did not write. Set ONEFOLK_HOME to another folder, so that your company"
            " and the demo's are never mixed."
        )
    return settings


def simulate_demo(settings: Settings, *, people: int, days: int, seed: int) -> "SimulationSummary":
    """Write the files of the demo company; the same ones every time."""
    from orchestration.progress import report
    from orchestration.simulation import simulate

    report("simulate", detail=f"{people:,} people, {days} days")
    try:
        return simulate(people=people, days=days, seed=seed, out=settings.home)
    except ValueError as error:
        raise SettingsError(f"{error} Set ONEFOLK_HOME to another folder for the demo.") from None
