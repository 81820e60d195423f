"""`onefolk evaluate`: what it reads on both engines, what it prints, and what it says when it can't measure."""

import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from orchestration.failures import is_sentence
from orchestration.identity.evidence import NothingBuiltError, evaluate
from orchestration.identity.scores import Evaluation, TypeEvaluation
from orchestration.identity.summary import evaluation_summary
from orchestration.identity.truth import TruthError
from orchestration.lock import BusyError, writing
from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse
from tests.conftest import environment_of, make_settings

# By person: Ada stands in two profiles, Bob and Cyd in one; Dan is not in the truth.
FORMS = [  # type, as written, normalised, key, profile
    ("email", "Ada@Example.com", "ada@example.com", "k1", "p1"),
    ("crm_contact_id", "C1", "C1", "k2", "p1"),
    ("user_id", "U1", "U1", "k3", "p2"),
    ("email", "bob@example.com", "bob@example.com", "k4", "p3"),
    ("email", "cyd@example.com", "cyd@example.com", "k5", "p3"),
    ("phone", "0301234", "+49301234", "k6", "p3"),
    ("email", "dan@example.com", "dan@example.com", "k7", "p3"),
    ("email", "none@none.com", "none@none.com", "k8", None),
    ("email", "not an address", None, None, None),
]
DOOR = [  # record, type, as written, party
    ("r1", "email", "Ada@Example.com", "first"),
    ("r1", "crm_contact_id", "C1", "first"),
    ("r2", "crm_contact_id", "C1", "first"),
    ("r2", "user_id", "U1", "first"),
    ("r3", "email", "bob@example.com", "first"),
    ("r3", "phone", "0301234", "first"),
    ("r4", "email", "bob@example.com", "third"),
    ("r4", "user_id", "U1", "third"),
    ("r4", "email", "not an address", "third"),
]
TRUTH = """identifier_type,identifier_value,person_id,household_id,valid_from,valid_to
email,ADA@example.com,A,H1,2026-01-01,
crm_contact_id,C1,A,H1,2026-01-01,
user_id,U1,A,H1,2026-01-01,
email,bob@example.com,B,H2,2026-01-01,
email,cyd@example.com,C,H2,2026-01-01,
phone,+49301234,,H2,2026-01-01,
"""
PEOPLE = "person_id,household_id\nA,H1\nB,H2\nC,H2\n"


def write_truth(settings: Settings, identifiers: str = TRUTH, people: str = PEOPLE) -> Path:
    """The truth of the tiny company in its home; the folder."""
    folder = settings.home / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "identifiers.csv").write_text(identifiers)
    (folder / "people.csv").write_text(people)
    return folder


def write_warehouse(settings: Settings, *, is_empty: bool = False) -> None:
    """The three tables of the warehouse that are looked at."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with open_warehouse(settings) as warehouse:
        for statement in (
            "create schema work_pii",
            "create schema work_identity",
            "create table work_pii.identity_door (record_source text, record_id text, identifier_type text,"
            " raw_value text, country text, data_party text)",
            "create table work_pii.identifier_forms (identifier_type text, raw_value text, country text,"
            " identifier_value text, identifier_key text, rejected_reason text)",
            "create table work_identity.identifiers (identifier_key text, profile_id text, identifier_type text)",
        ):
            warehouse.execute(statement)
        if is_empty:
            return
        for record, kind, raw, party in DOOR:
            values = ["crm", record, kind, raw, "", party]
            warehouse.execute("insert into work_pii.identity_door values ($1, $2, $3, $4, $5, $6)", values)
        for kind, raw, value, key, profile in FORMS:
            values = [kind, raw, "", *(value or None, key or None)]
            warehouse.execute("insert into work_pii.identifier_forms values ($1, $2, $3, $4, $5, null)", values)
            if profile:
                values = [key, profile, kind]
                warehouse.execute("insert into work_identity.identifiers values ($1, $2, $3)", values)


def test_both_engines_tell_the_same_company(engine_settings: Settings) -> None:
    """What is read from the warehouse and the truth gives the numbers counted by hand, and their shares are printed."""
    folder = write_truth(engine_settings)
    write_warehouse(engine_settings)
    found = evaluate(engine_settings, folder)
    assert (found.predicted_pairs, found.wrong_pairs) == (4, 1), "only Bob and Cyd are a wrong pair"
    assert (found.knowable_pairs, found.missed_pairs) == (3, 2), "a chain of two records joins Ada; a third party none"
    assert (found.split_people, found.over_merged_people, found.profiles) == (1, 2, 3)
    assert (found.identifiers, found.unknown_identifiers, found.unplaced_identifiers) == (8, 2, 1)
    assert found.largest_profile == 4

    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "evaluate"],
        env=environment_of(engine_settings) | {"COLUMNS": "80", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    for expected in ("0.7500", "0.3333", "4, of which 1 wrong", "3, of which 2 missed", "crm_contact_id"):
        assert expected in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    for value in {raw for _, raw, *_ in FORMS} | {value for _, _, value, *_ in FORMS if value}:
        assert value not in done.stdout
    assert not list(engine_settings.home.glob(".evaluate_*")), "nothing is left behind"


def test_large_numbers_fit_the_terminal() -> None:
    """The tables of a company of millions fit a terminal of 80 characters, and no number is cut."""
    kinds = tuple(
        TypeEvaluation(kind, 9_999_999, 9_999_999, 9_999_999, 9_999_999) for kind in ("shop_customer_id",) * 5
    )
    big = 10**12
    found = Evaluation(big, big, big, big, 1.0, None, *[10**7] * 8, kinds)
    told = StringIO()
    evaluation_summary(Console(file=told, width=80), found)
    assert "…" not in told.getvalue()
    assert "49,999,995" in told.getvalue()


def test_no_truth_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a truth folder the command says which file is missing, what writes it, and which option names another."""
    from orchestration.cli import main

    monkeypatch.setenv("ONEFOLK_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["onefolk", "evaluate"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code == 1
    for expected in ("identifiers.csv", "`onefolk simulate`", "--truth"):
        assert expected in told


def test_a_truth_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    """A truth file without its columns, or that is no CSV, is named, and nothing of it is shown."""
    settings = make_settings("duckdb", tmp_path)
    for content in ("name\nada@example.com\n", TRUTH + 'email,"ada@example.com\n', "\x00\x01"):
        folder = write_truth(settings, identifiers=content)
        with pytest.raises(TruthError, match=r"identifiers\.csv can't be read") as raised:
            evaluate(settings, folder)
        assert "ada" not in str(raised.value)
        assert is_sentence(raised.value)


@pytest.mark.parametrize("built", ["no warehouse", "no tables", "nothing landed"])
def test_nothing_built_is_a_sentence(built: str, engine_settings: Settings) -> None:
    """Without a warehouse, without its tables, and with empty ones the answer is what to run first."""
    folder = write_truth(engine_settings)
    if built == "no tables":
        with open_warehouse(engine_settings) as warehouse:
            warehouse.execute("create schema work_pii")
    if built == "nothing landed":
        write_warehouse(engine_settings, is_empty=True)
    with pytest.raises(NothingBuiltError, match="`onefolk run`") as raised:
        evaluate(engine_settings, folder)
    assert is_sentence(raised.value)
    assert engine_settings.target == "postgres" or engine_settings.warehouse_path.exists() == (built != "no warehouse")


def test_the_truth_of_another_company_is_a_sentence(tmp_path: Path) -> None:
    """A truth that knows none of the identifiers is refused instead of measured."""
    settings = make_settings("duckdb", tmp_path)
    write_warehouse(settings)
    folder = write_truth(settings, identifiers=TRUTH.splitlines()[0] + "\nemail,eve@example.com,E,H9,2026-01-01,\n")
    with pytest.raises(TruthError, match="another company"):
        evaluate(settings, folder)


def test_while_somebody_writes_it_says_who(engine_settings: Settings) -> None:
    """While another process holds the warehouse the answer names it, and nothing half-built is measured."""
    folder = write_truth(engine_settings)
    write_warehouse(engine_settings)
    with writing(engine_settings, "a long build"), pytest.raises(BusyError, match="a long build"):
        evaluate(engine_settings, folder)
