"""The macros of normalisation as views on both engines: put values in, and read what comes out."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import open_warehouse
from tests.conftest import SettingsFactory, environment_of, make_settings
from tests.identity.graph_history import SECRET, History, live_on_both

MODELS = {
    "numbers": """{{ config(materialized='view') }}
        {{ normalize_phone('raw_values.phones', ref('calling_codes'), ref('numbering_plans')) }}
    """,
    "addresses": """{{ config(materialized='view') }}
        with addresses as (
            select raw_value, {{ normalize_email('raw_value') }} as email from raw_values.emails
        )
        select addresses.raw_value, addresses.email, {{ email_match_key('addresses.email', 'rules') }} as match_key
        from addresses
        left join {{ ref('email_provider_rules') }} as rules on {{ email_domain('addresses.email') }} = rules.domain
    """,
}
PROJECT = """
name: onefolk
profile: onefolk
macro-paths: [{macros}]
vars: {{project_time_zone: UTC}}
flags: {{send_anonymous_usage_stats: false}}
"""


@dataclass
class Normalised:
    """The views on every engine; each call asks them all, and they must agree."""

    engines: list[Settings]

    def phones(self, values: Sequence[tuple[str | None, str | None]]) -> list[str | None]:
        """E.164 or None per (text, country)."""
        sql = "select raw_value, country, normalized_value from work_main.numbers"
        found = self._ask("phones", ["raw_value", "country"], values, sql)
        return [found[raw_value, country][0] for raw_value, country in values]

    def emails(self, values: Sequence[str | None]) -> list[tuple[str | None, str | None]]:
        """Address and match key per text."""
        sql = "select raw_value, email, match_key from work_main.addresses"
        found = self._ask("emails", ["raw_value"], [(value,) for value in values], sql)
        return [(found[(value,)][0], found[(value,)][1]) for value in values]

    def _ask(
        self, table: str, names: list[str], values: Sequence[tuple[str | None, ...]], sql: str
    ) -> dict[tuple[str | None, ...], tuple[str | None, ...]]:
        keys = list(dict.fromkeys(values))
        columns = [pa.array([key[position] for key in keys], pa.string()) for position in range(len(names))]
        answers = []
        for settings in self.engines:
            with open_warehouse(settings) as warehouse:
                warehouse.execute(f"delete from raw_values.{table}")
                warehouse.append("raw_values", table, pa.table(columns, names=names).to_reader())
                rows = warehouse.rows(sql)
            assert len(rows) == len(keys)
            answers.append({tuple(row[: len(names)]): tuple(row[len(names) :]) for row in rows})
        differing = {key: [answer[key] for answer in answers] for key in keys if len({a[key] for a in answers}) > 1}
        assert not differing, "the engines disagree"
        return answers[0]


@pytest.fixture(scope="session")
def normalised(tmp_path_factory: pytest.TempPathFactory, postgres_settings_factory: SettingsFactory) -> Normalised:
    """The seeds and views, built by dbt on DuckDB and Postgres."""
    folder = tmp_path_factory.mktemp("normalised")
    (folder / "models").mkdir()
    for name, sql in MODELS.items():
        (folder / "models" / f"{name}.sql").write_text(sql)
    (folder / "dbt_project.yml").write_text(PROJECT.format(macros=PROJECT_DIR / "macros"))
    # dbt writes what it compiles beside the target folder of a seed that it was given by an absolute path.
    shutil.copytree(PROJECT_DIR / "seeds" / "reference", folder / "seeds")
    engines = [make_settings("duckdb", folder), postgres_settings_factory(folder)]
    for settings in engines:
        _build(settings, folder)
    return Normalised(engines)


def _build(settings: Settings, folder: Path) -> None:
    settings.home.mkdir(exist_ok=True)
    with open_warehouse(settings) as warehouse:
        warehouse.execute("create schema raw_values")
        warehouse.execute("create table raw_values.phones (raw_value text, country text)")
        warehouse.execute("create table raw_values.emails (raw_value text)")
    seeds = "+numbers +addresses"
    command = [str(Path(sys.executable).parent / "dbt"), "build", "--select", *seeds.split(), "--quiet"]
    command += ["--project-dir", str(folder), "--profiles-dir", str(PROJECT_DIR)]
    command += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    done = subprocess.run(command, env=environment_of(settings), cwd=folder, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"dbt build failed:\n{done.stdout[-8000:]}\n{done.stderr[-2000:]}")


@pytest.fixture(scope="session")
def histories(
    tmp_path_factory: pytest.TempPathFactory, postgres_settings_factory: SettingsFactory
) -> dict[str, History]:
    """Engine to the history that it lived through; builds are dear, so all laws look at one."""
    folders = {engine: tmp_path_factory.mktemp(f"history_{engine}") for engine in ("duckdb", "postgres")}
    return live_on_both(
        {
            "duckdb": make_settings("duckdb", folders["duckdb"], secret=SECRET),
            "postgres": postgres_settings_factory(folders["postgres"], secret=SECRET),
        }
    )


@pytest.fixture(params=["duckdb", "postgres"])
def history(request: pytest.FixtureRequest, histories: dict[str, History]) -> History:
    """The history of one engine."""
    return histories[request.param]
