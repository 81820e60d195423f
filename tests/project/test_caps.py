"""Caps: a file that can be read in one sitting."""

import re
from collections.abc import Iterator

from tests.project.house import files_under, sentence, text_of, without_comments

MODEL_LINES = 120
MODEL_REFS = 7
MACRO_LINES = 80
MODULE_LINES = 250


def length_violations(path: str, text: str, cap: int) -> Iterator[str]:
    """A file longer than its cap."""
    lines = len(text.splitlines())
    if lines > cap:
        yield f"{path}: {lines} lines, the cap is {cap}"


def ref_violations(path: str, sql: str) -> Iterator[str]:
    """A model that reads more than seven tables by name; a loop over a var counts once."""
    named = set(re.findall(r"\b(?:ref|source)\(([^)]*)\)", without_comments(sql)))
    if len(named) > MODEL_REFS:
        yield f"{path}: {len(named)} refs, the cap is {MODEL_REFS}"


def test_models_are_short() -> None:
    """A model has at most 120 lines and reads at most 7 tables."""
    found = []
    for path in files_under("models", ".sql"):
        text = text_of(path)
        found += [*length_violations(str(path), text, MODEL_LINES), *ref_violations(str(path), text)]
    assert not found, sentence(found)


def test_macros_and_data_tests_are_short() -> None:
    """A macro or a data test has at most 80 lines."""
    files = [*files_under("macros", ".sql"), *files_under("tests", ".sql")]
    found = [line for path in files for line in length_violations(str(path), text_of(path), MACRO_LINES)]
    assert not found, sentence(found)


def test_modules_are_short() -> None:
    """A Python module has at most 250 lines."""
    files = files_under("orchestration", ".py")
    assert files, "no module at all"
    found = [line for path in files for line in length_violations(str(path), text_of(path), MODULE_LINES)]
    assert not found, sentence(found)


def test_the_caps_can_fail() -> None:
    """A file one line too long and a model with one ref too many are found; commented refs don't count."""
    assert not list(length_violations("x", "line\n" * 80, 80))
    assert list(length_violations("x", "line\n" * 81, 80))
    refs = [f"{{{{ ref('table_{number}') }}}}" for number in range(8)]
    assert not list(ref_violations("x", "\n".join([*refs[:7], refs[0], "-- " + refs[7]])))
    assert list(ref_violations("x", "\n".join(refs)))
