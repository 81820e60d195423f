"""Portability: common SQL first; a database's quirk lives in macros/adapters."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.house import bare_sql, files_under, matches, sentence, text_of, without_comments

# What one of our databases lacks, or reads otherwise, and what to write instead.
FORBIDDEN_SQL = {
    r"\bqualify\b": "row_number() in a CTE, filtered in the next",
    r"\bdistinct\s+on\b": "row_number() in a CTE, filtered in the next",
    r"\bfilter\s*\(\s*where\b": "sum(case when ... then 1 else 0 end)",
    r"::": "cast(... as ...)",
    r"\bi?like\s+any\b|\bilike\b|\bsimilar\s+to\b": "lower(...) like ...",
    r"\bgroup\s+by\s+all\b": "the columns",
    r"\border\s+by\s+all\b": "the columns",
    r"\b(?:join\s+\S+(?:\s+as\s+\w+)?\s+using)\s*\(": "on ...",
    r"\bnatural\s+(?:\w+\s+)?join\b": "on ...",
    r"\basof\s+(?:\w+\s+)?join\b": "row_number() in a CTE",
    r"\blateral\b": "a macro of macros/adapters",
    r"\bselect\s+\*\s+(?:exclude|except|replace)\b": "the columns",
    r"\bcurrent_(?:date|time|timestamp)\b|\blocaltime(?:stamp)?\b": "as_of() or today(): one clock",
    r"\b(?:now|getdate|sysdate|clock_timestamp|today)\s*\(\s*\)": "as_of() or today(): one clock",
    r"\b(?:try_cast|pg_input_is_valid|safe_cast)\s*\(": "try_to()",
    r"\b(?:max_by|min_by|arg_max|arg_min|any_value)\s*\(": "row_number() in a CTE, filtered in the next",
    r"\b(?:json_extract\w*|jsonb?_\w+)\s*\(|->": "json_text(), in staging",
    r"\bunnest\s*\(|\bgenerate_series\s*\(": "a macro of macros/adapters",
    r"\b(?:string_agg|listagg|group_concat|array_agg|list)\s*\(": "dbt.listagg()",
    r"\bregexp_\w+\s*\(": "a macro of macros/adapters",
    r"\b(?:date_?diff|date_?add|date_sub|date_part|strftime|strptime|to_char)\s*\(": "dbt.datediff() and its kin",
    r"\b(?:random|uuid|gen_random_uuid|setseed)\s*\(": "a key made of the row",
    r"\bbool_(?:or|and)\s*\(": "max(case when ... then 1 else 0 end) = 1",
}
# What a macro outside macros/adapters may not ask, and a model never.
FORBIDDEN_JINJA = {
    r"\btarget\s*\.\s*(?:type|name)\b|\btarget\s*\[": "adapter.dispatch in macros/adapters",
    r"\badapter\s*\.\s*type\b": "adapter.dispatch in macros/adapters",
    r"\brun_started_at\b|\bmodules\s*\.\s*datetime\s*\.\s*\w+\s*\.\s*(?:now|utcnow|today)\b": "clock(): one clock",
}
# The one macro that may ask when the run started.
THE_CLOCK = Path("macros/project/clock.sql")
# These say in which words a database answers, or run statements of their own, one per database.
ADAPTERS = ("macros/adapters",)


def sql_violations(path: str, sql: str) -> Iterator[str]:
    """Words of SQL that not every database understands."""
    bare = bare_sql(sql)
    for pattern, instead in FORBIDDEN_SQL.items():
        for line, found in matches(pattern, bare):
            yield f"{path}:{line}: `{' '.join(found.split())}`; write {instead}"


def jinja_violations(path: str, sql: str) -> Iterator[str]:
    """Questions after the database's name, or the clock, in Jinja."""
    for pattern, instead in FORBIDDEN_JINJA.items():
        for line, found in matches(pattern, without_comments(sql)):
            yield f"{path}:{line}: `{found}`; use {instead}"


def _files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in files_under(folder, ".sql")]
    return [path for path in found if not any(path.is_relative_to(adapters) for adapters in ADAPTERS)]


def test_models_and_macros_use_common_sql() -> None:
    """No word of SQL that one of our databases lacks, outside macros/adapters."""
    found = [line for path in _files("models", "macros", "tests") for line in sql_violations(str(path), text_of(path))]
    assert not found, sentence(found)


def test_nothing_asks_which_database_this_is() -> None:
    """Zero `target.type`: what differs is dispatched, in macros/adapters; and one clock."""
    files = [path for path in _files("models", "macros", "tests") if path != THE_CLOCK]
    assert not (found := [line for path in files for line in jinja_violations(str(path), text_of(path))]), sentence(
        found
    )


@pytest.mark.parametrize(
    "sql",
    [
        "select x from y qualify row_number() over () = 1",
        "select distinct on (x) x from y",
        "select count(*) filter (where x > 1) from y",
        "select x::text from y",
        "select x from y where z ilike 'a%'",
        "select x, count(*) from y group by all",
        "select x from y inner join z using (x)",
        "select current_timestamp as loaded_at",
        "select now() as loaded_at",
        "select x from y where d = current_date",
        "select unnest(x) as z from y",
        "select x -> 'a' as z from y",
        "select\n    try_cast(x as date) as z from y",
    ],
)
def test_the_sql_can_fail(sql: str) -> None:
    """Each forbidden word is found, and is not in comments, text and Jinja."""
    assert list(sql_violations("x", sql))
    quoted = sql.replace("'", "")
    assert not list(sql_violations("x", f"-- {quoted!r}".replace("\\n", " ")))
    assert not list(sql_violations("x", f"select '{quoted}' as sentence".replace("\n", " ")))
    assert not list(sql_violations("x", "{# " + sql + " #}"))


def test_the_jinja_can_fail() -> None:
    """A question after the target is found; the same words in a comment are not."""
    assert list(jinja_violations("x", "{% if target.type == 'duckdb' %}"))
    assert list(jinja_violations("x", "{{ run_started_at }}"))
    assert not list(jinja_violations("x", "-- no target.type here\n{# nor target.type #}"))
    assert not list(sql_violations("x", "select sum(x) filtered from y where a = 'it''s -- now()'"))
