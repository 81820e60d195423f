"""What the steps of a run share: its one clock, the right to write, and dbt."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import cached_property
from importlib.metadata import version as installed_version
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource
from packaging.version import Version
from pydantic import PrivateAttr

from orchestration.access.roles import readers_environment
from orchestration.lock import writing
from orchestration.runs import ALLOWED_TAG, AS_OF_TAG, PURPOSE_TAG, alive
from orchestration.settings import PROJECT_DIR, Settings, load_settings

WRITER_POOL = "duckdb_writer"


class Cycle(dg.ConfigurableResource[Any]):
    """Held by a run from its first step to its last: nobody else writes, and every step sees the same clock."""

    _settings: Settings | None = PrivateAttr(default=None)
    _held: ExitStack = PrivateAttr(default_factory=ExitStack)

    @property
    def settings(self) -> Settings:
        """The environment, with the clock of this run."""
        if self._settings is None:
            raise RuntimeError("The settings of a cycle are known while a run holds it.")
        return self._settings

    def let_go(self) -> None:
        """Let others write from here on: what is left of the run needs the warehouse only now and then."""
        self._held.close()

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Cycle"]:
        """Wait for the warehouse, then set the clock: one that waited must not look at a past moment."""
        run, instance, log = context.run, context.instance, context.log
        if run is None or instance is None:
            raise RuntimeError("A cycle belongs to a run.")
        environment = load_settings()
        purpose = run.tags.get(PURPOSE_TAG) or f"run {run.run_id[:8]} of job {run.job_name}"
        with alive(environment, run.run_id), self._held:
            self._held.enter_context(writing(environment, purpose, say=lambda text: _tell(log, text)))
            given = instance.get_run_by_id(run.run_id) or run
            moment = given.tags.get(AS_OF_TAG) or _of_root(instance, given)
            told = {"as_of": moment, "allowed_guards": given.tags.get(ALLOWED_TAG)}
            settings = load_settings(**{name: value for name, value in told.items() if value})
            instance.add_run_tags(run.run_id, {AS_OF_TAG: settings.clock.isoformat()})
            self._settings = settings.model_copy(update={"as_of": settings.clock})
            yield self


def _tell(log: dg.DagsterLogManager | None, sentence: str) -> None:
    from orchestration.progress import report

    report("wait", detail=sentence)
    if log:
        log.info(sentence)


def _of_root(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str | None:
    """The clock of the run that this one tries again."""
    root = instance.get_run_by_id(run.root_run_id) if run.root_run_id else None
    return root.tags.get(AS_OF_TAG) if root else None


class Dbt(DbtCliResource):
    """dbt in a process that ends with ours, under an environment that the secret is never part of.

    The version comes from the installed package, and no second dbt is loaded into this process: both would cost
    seconds in every run, for row counts that the warehouse tells at once.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(installed_version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Any) -> Any:
        return None


def dbt_resource() -> Dbt:
    """dbt of this environment, for this project."""
    return Dbt(
        project_dir=str(PROJECT_DIR),
        profiles_dir=str(PROJECT_DIR),
        dbt_executable=sys.executable,
        global_config_flags=["-m", "orchestration.dbt_process"],
    )


@contextmanager
def dbt_environment(settings: Settings) -> Iterator[None]:
    """While a dbt process starts: what profiles and macros read, and not the secret."""
    ours = settings.dbt_environment() | readers_environment(settings)
    before = dict(os.environ)
    os.environ.pop("ONEFOLK_SECRET", None)
    os.environ.update(ours, ONEFOLK_PARENT=str(os.getpid()))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def clock_metadata(settings: Settings) -> dict[str, Any]:
    """The clock, as every asset shows it."""
    return {"as_of": dg.MetadataValue.timestamp(datetime.fromisoformat(settings.clock.isoformat()))}


def resources() -> dict[str, Any]:
    """The resources of the code location."""
    return {"cycle": Cycle(), "dbt": dbt_resource()}
