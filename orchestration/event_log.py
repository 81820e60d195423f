"""Dagster's event log on SQLite, with connections that stay open.

Dagster's own opens a new connection for every statement, compiles the statement anew, and waits for the disk at every
close: for a run of some hundred tables and tests that is longer than the run itself. Here a connection is kept per
file. A killed process loses nothing; after a power failure the last lines of the log may be missing.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.pool import QueuePool

# One file a run and one index: the UI may look at many runs, and files stay open for the last few only.
_OPEN_FILES = 16


class OpenEventLog(SqliteEventLogStorage):
    """The event log under `<DAGSTER_HOME>/events`."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "OpenEventLog":
        """The event log of the Dagster home that the configuration names."""
        folder = Path(config_value["base_dir"]) / "events"
        folder.mkdir(parents=True, exist_ok=True)
        return cls(base_dir=str(folder), inst_data=inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine(shard).connect() as connection, connection.begin():
            yield connection

    def _engine(self, shard: str) -> Engine:
        engines: OrderedDict[str, Engine] = self.__dict__.setdefault("_engines", OrderedDict())
        if shard not in engines:
            engines[shard] = self._opened(shard)
            if len(engines) > _OPEN_FILES:
                engines.popitem(last=False)[1].dispose()
        engines.move_to_end(shard)
        return engines[shard]

    def _opened(self, shard: str) -> Engine:
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=QueuePool,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
        )
        event.listen(engine, "connect", _without_waiting)
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        return engine


def _without_waiting(connection: Any, record: object) -> None:
    """Leave writing to the disk to the system: in SQLite's write-ahead mode the file stays whole whatever happens."""
    connection.execute("pragma synchronous = normal")
