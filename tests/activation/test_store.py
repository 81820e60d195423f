"""The two stores of the ledger take the same values and give them back."""

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


def test_values_come_back_as_they_were(engine_settings: Settings) -> None:
    """Whatever a text holds, it is inserted and read as it is, and in pages as at once."""
    rows = [("email", f"p{number:06}", "now", text, text * 2) for number, text in enumerate(NASTY * 300)]
    read = f"select {', '.join(COLUMNS)} from contact_log order by profile_id"
    with open_ledger(engine_settings) as ledger:
        with ledger.store.transaction():
            ledger.store.insert("contact_log", COLUMNS, iter(rows))
        assert ledger.store.rows(read) == rows
        assert [row for page in ledger.store.pages(read) for row in page] == rows


def test_null_stays_null(engine_settings: Settings) -> None:
    """What is not known is null, which is another thing than an empty text, and numbers are numbers."""
    columns = ("sync", "row_key", "version", "key_fields", "last_outcome", "fail_count", "is_dead", "provider_id")
    with open_ledger(engine_settings) as ledger:
        ledger.store.insert("sync_state", columns, [("s", "a", 2**40, "{}", "ok", 0, 1, None)])
        ledger.store.insert("sync_state", columns, [("s", "b", -1, "{}", "ok", 0, 0, "")])
        found = ledger.store.rows("select version, is_dead, provider_id from sync_state order by row_key")
    assert found == [(2**40, 1, None), (-1, 0, "")]
