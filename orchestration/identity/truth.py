"""The truth that the simulator writes: whose each identifier is, read into a scratch database."""

from pathlib import Path

import duckdb

_COLUMNS = {
    "identifiers": ("identifier_type", "identifier_value", "person_id", "household_id"),
    "people": ("person_id", "household_id"),
}


class TruthError(RuntimeError):
    """The truth is not there, or can't be read, or is another company's; the message says which and what to do."""


def read_truth(folder: Path, scratch: duckdb.DuckDBPyConnection) -> None:
    """Create `truth_owners` (identifier_type, identifier_value, person_id) from `identifiers.csv` and `people.csv`.

    One row per identifier and owner: its person, or everyone of its household where it names no person. E-mail
    addresses are in lower case. Raises `TruthError`.
    """
    for name in _COLUMNS:
        _read(folder, name, scratch)
    scratch.execute(
        """create table truth_owners as
        with named_owners as (
            select identifier_type, identifier_value, person_id from truth_identifiers where person_id is not null
            union all
            select shared.identifier_type, shared.identifier_value, people.person_id
            from truth_identifiers as shared
            inner join truth_people as people on shared.household_id = people.household_id
            where shared.person_id is null
        )
        select distinct
            identifier_type,
            case identifier_type when 'email' then lower(identifier_value) else identifier_value end
                as identifier_value,
            person_id
        from named_owners;
        drop table truth_identifiers;
        drop table truth_people"""
    )


def _read(folder: Path, name: str, scratch: duckdb.DuckDBPyConnection) -> None:
    path = folder / f"{name}.csv"
    if not path.is_file():
        raise TruthError(
            f"There is no truth to measure against: {path} is missing. `onefolk simulate` writes it beside the files to"
            " land; name another folder with --truth."
        )
    columns = ", ".join(f"nullif({column}, '') as {column}" for column in _COLUMNS[name])
    try:
        # An unreadable line is never quoted: it holds identifiers.
        scratch.execute(
            f"create table truth_{name} as select {columns} from read_csv($1, header = true, all_varchar = true)",
            [str(path)],
        )
    except duckdb.Error:
        raise TruthError(
            f"{path} can't be read: it must be a CSV file with the columns {', '.join(_COLUMNS[name])}. `onefolk"
            " simulate` writes one."
        ) from None
