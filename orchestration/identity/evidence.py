"""What the evaluation measures, fetched from the warehouse and the truth; values of identifiers stay in scratch."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.identity.evaluate import Evidence, measure
from orchestration.identity.scores import Evaluation
from orchestration.identity.truth import TruthError, read_truth
from orchestration.lock import BusyError, reading
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, duckdb_connection, open_warehouse, quoted


class NothingBuiltError(RuntimeError):
    """The warehouse holds no identity graph; the message says what to do first."""


_NOTHING_BUILT = "There is no identity graph to look at: `onefolk run` lands the files and builds it."

# The scratch tables: their columns, and the query of the warehouse that fills them.
_TABLES = {
    "forms": (
        "identifier_type text, identifier_value text, identifier_key text",
        "select distinct identifier_type, identifier_value, identifier_key from {forms}"
        " where identifier_key is not null",
    ),
    "placed": (
        "identifier_key text, identifier_type text, profile_id text",
        "select identifier_key, identifier_type, profile_id from {identifiers}",
    ),
    "seen": (
        "record_source text, record_id text, identifier_key text",
        "select distinct door.record_source, door.record_id, forms.identifier_key from {door} as door"
        " inner join {forms} as forms on door.identifier_type = forms.identifier_type"
        " and door.raw_value = forms.raw_value and door.country = forms.country"
        " where door.data_party = 'first' and forms.identifier_key is not null",
    ),
}

_NUMBERED = """
create table numbered as
    select
        row_number() over (order by identifier_key) - 1 as identifier,
        identifier_key,
        coalesce(placed.identifier_type, forms.identifier_type) as identifier_type,
        case forms.identifier_type when 'email' then lower(forms.identifier_value) else forms.identifier_value end
            as identifier_value,
        case when placed.profile_id is not null then dense_rank() over (order by placed.profile_id) end as profile
    from forms
    full join placed using (identifier_key);
create table record_numbers as
    select row_number() over () as record, record_source, record_id
    from (select distinct record_source, record_id from seen)
"""
_IDENTIFIERS = "select identifier, identifier_type, profile from numbered order by identifier"
_OWNERS = """
    select numbered.identifier, truth_owners.person_id as person
    from numbered
    inner join truth_owners
        on numbered.identifier_type = truth_owners.identifier_type
        and numbered.identifier_value = truth_owners.identifier_value
"""
_RECORDS = """
    select record_numbers.record, numbered.identifier
    from seen
    inner join numbered on seen.identifier_key = numbered.identifier_key
    inner join record_numbers
        on seen.record_source = record_numbers.record_source and seen.record_id = record_numbers.record_id
"""


def evaluate(settings: Settings, truth: Path) -> Evaluation:
    """Measure the built identity graph against the truth in a folder.

    Raises `TruthError` or `NothingBuiltError` with a sentence, and `BusyError` while somebody writes to the warehouse.
    """
    evidence = read_evidence(settings, truth)
    with _scratch(settings) as scratch:
        return measure(evidence, scratch)


def read_evidence(settings: Settings, truth: Path) -> Evidence:
    """Fetch what is measured; raises as `evaluate` does. The warehouse is held only while it is read."""
    with _scratch(settings) as scratch:
        read_truth(truth, scratch)
        with _built(settings) as warehouse:
            _fetch(settings, warehouse, scratch)
        scratch.execute(_NUMBERED)
        tables = [scratch.execute(sql).to_arrow_table() for sql in (_IDENTIFIERS, _OWNERS, _RECORDS)]
    evidence = Evidence(*tables)
    if not evidence.identifiers.num_rows:
        raise NothingBuiltError(_NOTHING_BUILT)
    if not evidence.owners.num_rows:
        raise TruthError(
            f"None of the warehouse's {evidence.identifiers.num_rows:,} identifiers is in {truth}: that is the truth"
            " about another company. Name the right folder with --truth."
        )
    return evidence


@contextmanager
def _built(settings: Settings) -> Iterator[Warehouse]:
    """The warehouse, with nobody writing to it meanwhile."""
    if settings.target == "duckdb" and not settings.warehouse_path.is_file():
        raise NothingBuiltError(_NOTHING_BUILT)
    with reading(settings), ExitStack() as stack:
        try:
            warehouse = stack.enter_context(open_warehouse(settings, read_only=True))
        except duckdb.IOException as error:
            raise BusyError(f"The warehouse is open elsewhere: {error}") from None
        yield warehouse


def _fetch(settings: Settings, warehouse: Warehouse, scratch: duckdb.DuckDBPyConnection) -> None:
    places = {
        "door": (settings.work_schema("pii"), "identity_door"),
        "forms": (settings.work_schema("pii"), "identifier_forms"),
        "identifiers": (settings.work_schema("identity"), "identifiers"),
    }
    if not all(warehouse.columns(*place) for place in places.values()):
        raise NothingBuiltError(_NOTHING_BUILT)
    names = {name: quoted(*place) for name, place in places.items()}
    for table, (columns, query) in _TABLES.items():
        scratch.execute(f"create table {table} ({columns})")
        for batch in warehouse.batches(query.format(**names)):
            scratch.register("batch", pa.Table.from_batches([batch]))
            scratch.execute(f"insert into {table} by name select * from batch")
            scratch.unregister("batch")


@contextmanager
def _scratch(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database in memory; what doesn't fit goes to a folder of the home and leaves with it."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".evaluate_", dir=settings.home) as folder,
        duckdb_connection(":memory:", settings) as scratch,
    ):
        scratch.execute(f"set temp_directory = '{folder}'")
        yield scratch
