"""What a dbt command is in the tests: a fork of a process that has dbt loaded, with a project that was parsed before.

A command has a process of its own, as at a terminal, but neither loads dbt (2 s) nor parses the project (9 s). dbt is
imported late: who asks for a command need not load it.
"""

import json
import os
from itertools import chain
from pathlib import Path
from typing import Any

STOPPED = ("error", "fail", "skipped", "runtime error")


def run(arguments: list[str], environment: dict[str, str], parsed: Path | None, database: str, folder: Path) -> None:
    """Run one command; `folder` gets `said.txt`, what it printed, and `answer.json`, how it ended.

    `parsed` is a manifest that dbt saved, of a project whose database is not necessarily called `database`. The answer
    has `returncode`, and in `failed` each node that failed and its message.
    """
    os.environ.clear()
    os.environ.update(environment)
    said = os.open(folder / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    from dbt.cli.main import dbtRunner

    manifest = _manifest(parsed, database) if parsed else None
    done = dbtRunner(manifest=manifest).invoke(arguments)
    found: Any = getattr(done.result, "results", None) or []
    failed = {one.node.name: str(one.message) for one in found if str(one.status) in STOPPED}
    if done.exception:
        failed["dbt"] = repr(done.exception)
    answer = {"returncode": 0 if done.success else 1, "failed": failed}
    (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")


def _manifest(parsed: Path, database: str) -> Any:
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    manifest: Any = Manifest.from_msgpack(parsed.read_bytes(), decoder=extended_mashumuro_decoder)
    for node in chain(manifest.nodes.values(), manifest.sources.values()):
        if node.relation_name:
            node.relation_name = node.relation_name.replace(f'"{node.database}"', f'"{database}"', 1)
        node.database = database
    manifest.build_flat_graph()
    return manifest
