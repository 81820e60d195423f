"""The two stores of the ledger take the same values and give them back."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.activation.ledger import open_ledger
from orchestration.settings import Settings

COLUMNS = ("channel", "profile_id", "sent_at", "sync", "row_key")
NASTY = (
    "",
    " ",
    "\\N",
    "\\.",
    "a\tb",
    "a\nb",
    "a\r\nb",
    "\\",
    "a\\tb",
    'quoted "so"',
    "it's, 'so'",
    "%s ? {}",
    "Zoë 李 🙂",
)


def test_values_come_back_as_they_were(engine_settings: Settings, tmp_path: Path) -> None:
    """Whatever a text holds, it is inserted and read as it is, and in pages as at once."""
    rows = [("email", f"p{number:06}", "now", text, text * 2) for number, text in enumerate(NASTY * 300)]
    read = f"select {', '.join(COLUMNS)} from contact_log order by profile_id"
    with open_ledger(engine_settings) as ledger:
        with ledger.store.transaction():
            ledger.store.insert("contact_log", COLUMNS, iter(rows))
        assert ledger.store.rows(read) == rows
        assert [row for page in ledger.store.pages(read) for row in page] == rows
        texts = pa.schema([(name, pa.string()) for name in COLUMNS])
        chosen = f"select {', '.join(COLUMNS)} from contact_log where channel = ? order by profile_id"
        place = tmp_path / "exported.parquet"
        ledger.store.export(chosen, ["email"], texts, place)
        assert [tuple(row.values()) for row in pq.read_table(place).to_pylist()] == rows
        ledger.store.export(chosen, ["it's %s?"], texts, place)
        assert pq.read_table(place).num_rows == 0
    assert {path.suffix for path in tmp_path.iterdir()} & {".csv"} == set()


def test_null_stays_null(engine_settings: Settings, tmp_path: Path) -> None:
    """What is not known is null, which is another thing than an empty text, and numbers are numbers."""
    columns = ("sync", "row_key", "version", "key_fields", "last_outcome", "fail_count", "is_dead", "provider_id")
    with open_ledger(engine_settings) as ledger:
        ledger.store.insert("sync_state", columns, [("s", "a", 2**40, "{}", "ok", 0, 1, None)])
        ledger.store.insert("sync_state", columns, [("s", "b", -1, "{}", "ok", 0, 0, "")])
        read = "select version, is_dead, provider_id from sync_state order by row_key"
        found = ledger.store.rows(read)
        kinds = pa.schema([("version", pa.int64()), ("is_dead", pa.int64()), ("provider_id", pa.string())])
        ledger.store.export(read, [], kinds, tmp_path / "exported.parquet")
    assert found == [(2**40, 1, None), (-1, 0, "")]
    exported = pq.read_table(tmp_path / "exported.parquet").to_pylist()
    assert [tuple(row.values()) for row in exported] == found
