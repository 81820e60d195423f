"""A small project around the helpers of audiences: hand-made events go in, what each helper says of them comes out."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import Row, literal, open_warehouse
from tests.dbt_commands import run_dbt

LOOK_BACK = 40
STORE_KM = 300
# The models under test; what they read stands in the schema `raw_values`.
UNDER_TEST = ("recent_events", "event_windows", "store_distances")
TABLES = {
    "events": "event_source text, event_id text, profile_id text, data_party text, category text, channel text,"
    " event_name text, occurred_at timestamp",
    "order_lines": "order_source text, order_id text, line_no integer, profile_id text, product_id text, category text,"
    " currency text, is_valid boolean, ordered_at timestamp",
    "event_properties": "event_id text, property_name text, property_value text",
    "profiles": "profile_id text, city_latitude numeric(28,6), city_longitude numeric(28,6)",
    "stores": "store_id text, latitude numeric(28,6), longitude numeric(28,6)",
    "moments": "moment timestamp",
}
# `plan` has no column: it is one of the listed properties of events.
PROJECT = f"""
name: onefolk
profile: onefolk
macro-paths: [{PROJECT_DIR / "macros"}]
vars:
  project_time_zone: UTC
  clock_skew_minutes: 60
  event_properties: [plan, tax]
  audience_event_days: {LOOK_BACK}
  audience_event_properties: [category, plan, channel]
  audience_store_km: {STORE_KM}
flags: {{send_anonymous_usage_stats: false}}
"""


def write_project(folder: Path, questions: dict[str, str]) -> Path:
    """A dbt project of the models under test and one table `<name>` per question, a query that calls helpers."""
    models = folder / "models"
    models.mkdir(parents=True)
    for name in UNDER_TEST:
        shutil.copy(PROJECT_DIR / "models" / "audiences" / f"{name}.sql", models)
    for name in TABLES:
        (models / f"{name}.sql").write_text(f"{{{{ config(materialized='view') }}}}\nselect * from raw_values.{name}\n")
    for name, sql in questions.items():
        (models / f"{name}.sql").write_text(sql)
    (folder / "dbt_project.yml").write_text(PROJECT)
    return folder


def fill(settings: Settings, tables: dict[str, Sequence[Row]]) -> None:
    """Put rows into the tables that the models read, in the order of their columns; others are empty."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with open_warehouse(settings) as warehouse:
        warehouse.execute("create schema raw_values")
        for name, columns in TABLES.items():
            warehouse.execute(f"create table raw_values.{name} ({columns})")
            if rows := tables.get(name):
                values = ", ".join(f"({', '.join(_literal(value) for value in row)})" for row in rows)
                warehouse.execute(f"insert into raw_values.{name} values {values}")


def _literal(value: Any) -> str:
    return "null" if value is None else literal(str(value))


def ask(settings: Settings, question: str, columns: str) -> list[Row]:
    """The rows of a question's table, with plain values; `columns` names them."""
    with open_warehouse(settings) as warehouse:
        return [
            tuple(_plain(value) for value in row)
            for row in warehouse.rows(f"select {columns} from work_main.{question}")
        ]


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value


def build(settings: Settings, folder: Path, time_zone: str) -> None:
    """Build every model with the days of this time zone."""
    zone = f"{{project_time_zone: {time_zone}}}"
    run_dbt(settings, "run", "--vars", zone, target_path=folder / "target", project_dir=folder)
