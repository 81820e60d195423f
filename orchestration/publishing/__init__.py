"""What readers see: after a green build the public tables are copied to stable names, whole or not at all."""

import time
from collections.abc import Sequence

from orchestration.progress import report
from orchestration.project import PublicTable
from orchestration.publishing import serve_file, stable_schemas
from orchestration.publishing.published import PublishedTable, PublishError, PublishReport
from orchestration.settings import Settings

__all__ = ["PublishError", "PublishReport", "PublishedTable", "publish"]


def publish(settings: Settings, tables: Sequence[PublicTable]) -> PublishReport:
    """Bring what readers see to the state of the last build; call it after a green one only.

    DuckDB: `serve.duckdb` is written anew and swapped, or left alone when nothing changed. Postgres: the rows that
    differ are written, and roles granted what they may read, in one transaction. Killed at any moment, readers see the
    earlier state or the new one. Raises `PublishError` when a table is not built or can't be brought to its new form,
    `GrantError` when personal data would stay open to others; then readers keep what they had.
    """
    if not tables:
        raise PublishError("There are no public tables to publish: the manifest names none.")
    started_at = time.monotonic()
    report("publish", 0, len(tables))
    engine = serve_file if settings.target == "duckdb" else stable_schemas
    published, changed, sentences = engine.publish(settings, tables)
    report("publish", len(tables), len(tables))
    return PublishReport(tuple(published), changed, time.monotonic() - started_at, sentences)
