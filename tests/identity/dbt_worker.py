"""A process that runs one dbt command after another: many small builds, and dbt starts once.

Each line of its input is a JSON object with `arguments`, `parse` and `environment`; each line of its output says which
nodes failed, with their messages.
"""

import json
import os
import sys
from typing import Any

STOPPED = ("error", "fail", "skipped", "runtime error")


def main() -> None:
    """Answer line by line until the input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    # What dbt itself prints is no answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    from dbt.cli.main import dbtRunner

    manifests: dict[str, Any] = {}
    for line in sys.stdin:
        request = json.loads(line)
        os.environ.update(request["environment"])
        # Variables are read while dbt parses, so each choice of them has a manifest of its own.
        variables = json.dumps(request["parse"])
        if variables not in manifests:
            manifests[variables] = dbtRunner().invoke(["parse", *request["parse"]]).result
        done = dbtRunner(manifest=manifests[variables]).invoke(request["arguments"])
        if request["environment"]["ONEFOLK_TARGET"] == "duckdb":
            # Whoever asked opens the file next.
            from dbt.adapters.duckdb.connections import DuckDBConnectionManager

            DuckDBConnectionManager.close_all_connections()
        found = getattr(done.result, "results", None) or []
        failed = {one.node.name: str(one.message) for one in found if str(one.status) in STOPPED}
        if done.exception or manifests[variables] is None:
            failed["dbt"] = f"{type(done.exception).__name__}: {done.exception}"
        answers.write(json.dumps(failed) + "\n")


if __name__ == "__main__":
    main()
