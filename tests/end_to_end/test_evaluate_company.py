"""`onefolk evaluate` on companies that were built: both engines measure the same identity graph."""

from pathlib import Path

import pytest

from orchestration.identity.evidence import evaluate
from orchestration.settings import Settings
from tests.end_to_end.company import run


def test_engines_measure_the_same(company: Path, duckdb_company: Settings, postgres_company: Settings) -> None:
    """The graph of one company measures the same on DuckDB and on Postgres, and most of its pairs are right."""
    on_duckdb, on_postgres = (evaluate(settings, company / "truth") for settings in (duckdb_company, postgres_company))
    assert on_duckdb.types == on_postgres.types
    counts = ("predicted_pairs", "wrong_pairs", "knowable_pairs", "missed_pairs", "profiles", "largest_profile")
    assert [getattr(on_duckdb, name) for name in counts] == [getattr(on_postgres, name) for name in counts]
    assert on_duckdb.f1 == on_postgres.f1
    assert on_duckdb.b_cubed_f1 == pytest.approx(on_postgres.b_cubed_f1)
    assert on_duckdb.precision is not None
    assert on_duckdb.recall is not None
    assert min(on_duckdb.precision, on_duckdb.recall) > 0.5


def test_the_command_prints_the_shares(company: Path, duckdb_company: Settings) -> None:
    """The command prints what was measured on a company that a cycle built, and leaves the company as it was."""
    before = sorted(path.name for path in duckdb_company.home.iterdir())
    said = run(duckdb_company, "evaluate", "--truth", str(company / "truth")).stdout
    found = evaluate(duckdb_company, company / "truth")
    for share in (found.precision, found.recall, found.f1, found.b_cubed_precision, found.b_cubed_recall):
        assert f"{share:.4f}" in said
    assert sorted(path.name for path in duckdb_company.home.iterdir()) == before
