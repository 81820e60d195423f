"""What MetricFlow answers is what SQL written by hand says of the published tables, on both engines."""

import csv
import math
import re
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.metrics import MetricsError, prepare_mf
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import open_duckdb, open_warehouse
from tests.conftest import SettingsFactory
from tests.end_to_end.company import environment, onefolk, run
from tests.end_to_end.metric_questions import (
    FEW_PEOPLE,
    MONTH,
    QUESTIONS,
    THEIR_ANSWER,
    THEIR_METRICS,
    Question,
)

# By what one groups by: each number.
Answer = dict[tuple[str, ...], dict[str, float | None]]

EXAMPLES = re.findall(
    r"^uv run onefolk (mf query .+)$",
    (PROJECT_DIR / "models" / "profiles" / "metrics.md").read_text(encoding="utf-8"),
    flags=re.MULTILINE,
)


@pytest.fixture(params=["duckdb_company", "postgres_company"], ids=["duckdb", "postgres"])
def company_settings(request: pytest.FixtureRequest) -> Settings:
    """The company, once per engine."""
    settings: Settings = request.getfixturevalue(request.param)
    return settings


def by_hand(settings: Settings, question: Question) -> Answer:
    """The answer of the SQL, on what readers see."""
    names = (*question.by, *question.metrics)
    served = settings.target == "duckdb"
    opened = open_duckdb(settings.serve_path, settings, read_only=True) if served else open_warehouse(settings)
    with opened as tables:
        rows = tables.rows(f"select {', '.join(names)} from ({question.sql}) as answer")
    return answer(question.by, [dict(zip(names, row, strict=True)) for row in rows])


def by_metricflow(settings: Settings, folder: Path, question: Question) -> Answer:
    """The answer of `onefolk mf query`."""
    written = folder / "answer.csv"
    asked = ("--metrics", ",".join(question.metrics), "--group-by", ",".join(question.by), *question.more)
    run(settings, "mf", "query", "--quiet", "--csv", str(written), *asked)
    with written.open(encoding="utf-8", newline="") as lines:
        return answer(question.by, list(csv.DictReader(lines)))


def answer(by: Sequence[str], rows: list[dict[str, Any]]) -> Answer:
    """Rows by what they are grouped by; a group that stands twice is no answer."""
    found: Answer = {}
    for row in rows:
        # Of a month its day: engines write midnight in different ways.
        group = tuple("" if row[name] is None else str(row[name])[: 10 if name == MONTH else None] for name in by)
        assert group not in found, f"{group} stands twice"
        numbers = ((name, value) for name, value in row.items() if name not in by)
        found[group] = {name: None if value in (None, "") else float(value) for name, value in numbers}
    return found


def assert_same(one: Answer, other: Answer) -> None:
    """Fail with the first number that differs."""
    assert one.keys() == other.keys()
    for group, numbers in one.items():
        assert numbers.keys() == other[group].keys()
        for name, number in numbers.items():
            there = other[group][name]
            if number is None or there is None:
                assert number is there, f"{name} of {group}: {number} and {there}"
            else:
                assert math.isclose(number, there, rel_tol=1e-9), f"{name} of {group}: {number} and {there}"


@pytest.mark.parametrize("name", QUESTIONS)
def test_metrics_are_what_sql_says(name: str, company_settings: Settings, tmp_path: Path) -> None:
    """Each metric by each dimension is the number of a query written by hand, on both engines."""
    expected = by_hand(company_settings, QUESTIONS[name])
    assert_same(by_metricflow(company_settings, tmp_path, QUESTIONS[name]), expected)
    assert any(number for numbers in expected.values() for number in numbers.values())


def test_metrics_of_a_few_people(make_settings: SettingsFactory, tmp_path: Path) -> None:
    """Who comes back on day 90 is retained, on day 91 not; a month without an order says 0, and averages nothing."""
    settings = make_settings("duckdb")
    settings.home.mkdir()
    with duckdb.connect(str(settings.serve_path)) as connection:
        connection.execute(FEW_PEOPLE)
    assert_same(by_metricflow(settings, tmp_path, Question((MONTH,), THEIR_METRICS, "")), THEIR_ANSWER)


def test_the_company_has_what_makes_metrics_wrong(duckdb_company: Settings) -> None:
    """The answers above were put to the test: empty months, customers who never bought, returns, orders of nobody."""
    months = by_hand(duckdb_company, QUESTIONS["months"])
    assert any(numbers["orders"] == 0 and numbers["days"] for numbers in months.values())
    countries = by_hand(duckdb_company, QUESTIONS["countries"]).values()
    assert any((numbers["customers"] or 0) > (numbers["active_customers"] or 0) for numbers in countries)
    with open_duckdb(duckdb_company.serve_path, duckdb_company, read_only=True) as served:
        returns, nobodys, cancelled = served.rows(
            "select count(case when is_valid and refunded_amount > 0 and currency = 'EUR' then 1 end),"
            " count(case when is_valid and profile_id is null then 1 end), count(case when not is_valid then 1 end)"
            " from profiles.orders"
        )[0]
    assert returns
    assert nobodys
    assert cancelled


def test_the_definitions_are_valid(company_settings: Settings) -> None:
    """MetricFlow finds nothing wrong in the definitions, and each runs on the published tables."""
    said = run(company_settings, "mf", "validate-configs", "--show-all").stdout
    assert said.count("ERRORS: 0, FUTURE_ERRORS: 0, WARNINGS: 0") == 6, said


@pytest.mark.parametrize("example", EXAMPLES)
def test_worked_examples_run(example: str, company_settings: Settings) -> None:
    """Each command of the documentation has an answer."""
    said = run(company_settings, *shlex.split(example), "--quiet").stdout
    assert len(said.strip().splitlines()) > 2, said


def test_there_are_three_examples() -> None:
    """The documentation shows three queries."""
    assert len(EXAMPLES) == 3


def test_readers_disturb_no_build(duckdb_company: Settings) -> None:
    """Metrics are answered while the warehouse is held by its writer, and what readers see stays as it is."""
    before = duckdb_company.serve_path.read_bytes()
    with open_warehouse(duckdb_company):
        run(duckdb_company, "mf", "query", "--metrics", "revenue")
    assert duckdb_company.serve_path.read_bytes() == before


def test_nothing_is_sent(duckdb_company: Settings, tmp_path: Path) -> None:
    """`onefolk mf` calls nobody, where MetricFlow's own command line would ask for a newer version of itself."""
    own = "import sys; from dbt_metricflow.cli.main import cli; cli(sys.argv[1:])"
    for command, calls in (
        (onefolk(duckdb_company, "mf", "list", "metrics"), False),
        ([sys.executable, "-c", own, "list", "metrics"], True),
    ):
        with _proxy() as (address, called):
            proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), address)
            # Where a newer version was asked for lately, the answer is remembered in the folder of temporary files.
            asked = environment(duckdb_company) | proxies | prepare_mf(duckdb_company)
            asked |= {"TMPDIR": str(tmp_path), "no_proxy": "", "NO_PROXY": ""}
            asked |= {} if calls else {"ONEFOLK_TARGET": "duckdb"}
            done = subprocess.run(command, cwd=PROJECT_DIR, env=asked, capture_output=True, text=True)
        assert "revenue" in done.stdout, done.stdout + done.stderr
        assert called.is_set() is calls


@contextmanager
def _proxy() -> Iterator[tuple[str, threading.Event]]:
    """The address of a proxy that lets nothing through, and whether anybody called."""
    called = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                called.set()
                caller.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}", called
        finally:
            server.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=10)


def test_a_prefix_has_its_own_metrics(duckdb_company: Settings, tmp_path: Path) -> None:
    """Each prefix asks its own published tables, whichever prefix dbt parsed the project with."""
    prefixed = duckdb_company.model_copy(update={"schema_prefix": "eu_"})
    found = Path(prepare_mf(prefixed)["DBT_PROJECT_DIR"]) / "target" / "semantic_manifest.json"
    assert set(re.findall(r'"schema_name": "(\w+)"', found.read_text(encoding="utf-8"))) == {"eu_profiles"}


def test_what_is_not_there_is_said(make_settings: SettingsFactory, duckdb_company: Settings) -> None:
    """Before anything is published, and of a metric that nobody defined, a sentence tells what to do."""
    with pytest.raises(MetricsError, match=r"Nothing is published at .*serve\.duckdb so far"):
        prepare_mf(make_settings("duckdb"))
    refused = run(duckdb_company, "mf", "query", "--metrics", "revenu", check=False)
    assert refused.returncode == 1
    assert "Suggestions:" in refused.stdout + refused.stderr
