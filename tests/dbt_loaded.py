"""What the process loads from which dbt commands are forked, so that none of them does."""

from importlib import import_module

from dbt.contracts.graph.manifest import Manifest

for name in ("dbt.cli.main", "dbt.task.build", "dbt.adapters.duckdb", "dbt.adapters.postgres"):
    import_module(name)
# The first reading of a manifest makes its readers, which takes longer than the reading.
Manifest.from_msgpack(Manifest().to_msgpack())
