"""How a SQL file reads: its grain first, its last CTE last, and words for names."""

import re
from collections.abc import Iterator

from tests.project.house import Manifest, bare_sql, files_under, matches, models_of, sentence, text_of, where


def text_violations(path: str, sql: str) -> Iterator[str]:
    """How a model's text may not begin, end or abbreviate."""
    lines = [line for line in sql.splitlines() if line.strip()]
    if not lines or not re.match(r"-- One row( per |: )\S", lines[0]):
        yield f"{path}:1: the first line is the grain: `-- One row per ...`"
    if not lines or not re.fullmatch(r"select \* from [a-z]\w+", lines[-1].strip()):
        yield f"{path}: the last line is `select * from <last CTE>`"
    yield from alias_violations(path, sql)


def alias_violations(path: str, sql: str) -> Iterator[str]:
    """One-letter aliases of tables and columns."""
    bare = bare_sql(sql)
    for line, found in matches(r"\bas\s+[a-z]\b(?!\s*\()|\b(?:from|join)\s+\w[\w.]*\s+[a-z]\b(?!\w)", bare):
        yield f"{path}:{line}: `{found}` is a one-letter alias"


def test_models_open_with_their_grain_and_close_with_their_last_cte(manifest: Manifest) -> None:
    """The first line of a model says what a row is; the last reads `select * from <last CTE>`."""
    found = [line for model in models_of(manifest) for line in text_violations(where(model), model["raw_code"])]
    assert not found, sentence(found)


def test_aliases_are_words() -> None:
    """No one-letter alias in macros and data tests either."""
    files = [*files_under("macros", ".sql"), *files_under("tests", ".sql")]
    found = [line for path in files for line in alias_violations(str(path), text_of(path))]
    assert not found, sentence(found)


def test_data_tests_open_with_the_law_they_guard() -> None:
    """A data test begins `-- Fails if ...`."""
    found = [
        f"{path}:1: opens with its law: `-- Fails if ...`"
        for path in files_under("tests/singular", ".sql")
        if not text_of(path).startswith("-- Fails if ")
    ]
    assert not found, sentence(found)


def test_the_texts_can_fail() -> None:
    """Missing grain, missing last line and short aliases are found."""
    good = (
        "-- One row per link.\nwith links as (select x as y_id from {{ ref('a') }} as joined)\n\nselect * from links\n"
    )
    assert not list(text_violations("x", good))
    assert len(list(text_violations("x", good.replace("One row per", "Links")))) == 1
    assert len(list(text_violations("x", good.replace("select * from", "select y_id from")))) == 1
    assert len(list(text_violations("x", good.replace("as joined", "as j")))) == 1
    assert len(list(text_violations("x", good.replace("as joined", "j")))) == 1
