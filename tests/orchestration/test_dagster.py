"""Dagster: one connected lineage from file to destination, runs that are started from outside, and tests that stop."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import dagster as dg
import pytest

from orchestration.build_state import NotGreenError, require_green
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import open_warehouse
from tests.activation.klaviyo_account import UNSUBSCRIBED
from tests.activation.klaviyo_bench import declared
from tests.activation.klaviyo_peer import KEY, KlaviyoPeer
from tests.conftest import environment_of, make_settings

PROJECT_FILES = ["models", "macros", "seeds", "tests/generic", "tests/singular", "tests/fixtures", "orchestration"]
PROJECT_FILES += ["dbt_project.yml", "profiles.yml", "pyproject.toml"]

Graph = Mapping[dg.AssetKey, dg.AssetSpec]


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """The code location as Dagster loads it."""
    settings = make_settings("duckdb", tmp_path_factory.mktemp("definitions"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment_of(settings).items():
            patch.setenv(name, value)
        from orchestration.definitions import defs
    return defs


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> Graph:
    """Every asset by its key."""
    return {spec.key: spec for spec in definitions.resolve_all_asset_specs()}


def test_every_job_is_there(definitions: dg.Definitions) -> None:
    """There are jobs for the cycle and each part of it, two schedules and a sensor for new files."""
    for name in ("cycle", "land", "build", "deliver", "send"):
        assert definitions.resolve_job_def(name).executor_def is dg.in_process_executor
    assert definitions.resolve_schedule_def("hourly_cycle").cron_schedule == "0 * * * *"
    assert definitions.resolve_schedule_def("due_deliveries").job_name == "send"
    assert definitions.resolve_sensor_def("new_files").job_name == "cycle"


def test_the_lineage_is_one_and_leads_from_every_file_to_the_destination(specs: Graph) -> None:
    """Whatever lands is upstream of what readers see or of a delivery, and nothing stands apart."""
    neighbours: dict[dg.AssetKey, set[dg.AssetKey]] = defaultdict(set)
    upstream = {key: {dep.asset_key for dep in spec.deps} for key, spec in specs.items()}
    for key, parents in upstream.items():
        for parent in parents:
            neighbours[key].add(parent)
            neighbours[parent].add(key)
    assert _reached(next(iter(specs)), neighbours) == set(specs)

    syncs = {key for key, spec in specs.items() if key.path[0] == "activation" and "file" in spec.kinds}
    assert syncs
    raw = {key for key in specs if key.path[0].startswith("raw_")}
    for sync in syncs:
        assert dg.AssetKey(["publishing", "public_tables"]) in upstream[sync]
        assert {key.path[0] for key in _reached(sync, upstream) & raw} >= {"raw_crm", "raw_commerce", "raw_events"}


def test_assets_are_grouped_by_source_and_room_and_described(specs: Graph) -> None:
    """Raw tables are grouped by source and the rest by room, each with a description from the YAML."""
    for key, spec in specs.items():
        assert spec.description, key
        if key.path[0].startswith("raw_"):
            assert spec.group_name == key.path[0]
    groups = {spec.group_name for spec in specs.values()}
    assert groups >= {"staging", "identity", "pii", "profiles", "consent", "audiences", "publishing", "activation"}


def test_one_writer_at_a_time(definitions: dg.Definitions) -> None:
    """Every step that holds the warehouse is in the pool of one; the one that sends lets go of it."""
    for node in definitions.resolve_job_def("cycle").all_node_defs:
        assert node.pools == (set() if node.name == "deliver_syncs" else {"duckdb_writer"}), node.name


def test_tests_of_dbt_are_checks(definitions: dg.Definitions) -> None:
    """Every data test of a table that dbt builds shows as a check of an asset."""
    from orchestration.project import load_manifest

    nodes = load_manifest()["nodes"].values()
    tests = {node["name"] for node in nodes if node["resource_type"] == "test" and node["depends_on"]["nodes"]}
    of_sources = {
        node["name"]
        for node in nodes
        if node["resource_type"] == "test"
        and all(parent.startswith("source.") for parent in node["depends_on"]["nodes"])
    }
    checks = {key.name for key in definitions.resolve_asset_graph().asset_check_keys}
    assert tests - of_sources <= checks


def test_what_people_withdrew_is_asked_for_before_files_are_landed(
    definitions: dg.Definitions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Landing asks destinations who unsubscribed and lands the answer; one that can't be asked stops nothing."""
    settings = make_settings("duckdb", tmp_path)
    for name, value in (environment_of(settings) | {"KLAVIYO_KEY": KEY}).items():
        monkeypatch.setenv(name, value)
    with KlaviyoPeer() as peer:
        peer.account.put(email="ann@shop.example").email = dict(UNSUBSCRIBED)
        told = {"shop": declared(peer), "gone": declared(peer, key_env="KLAVIYO_NONE")}
        settings.home.mkdir(parents=True, exist_ok=True)
        settings.connections_path.write_text(json.dumps({"connections": told}))
        with dg.DagsterInstance.ephemeral() as instance:
            landed = definitions.resolve_job_def("land").execute_in_process(instance=instance)
    assert landed.success
    [register] = landed.asset_materializations_for_node("land_files")[:1]
    assert "KLAVIYO_NONE" in str(register.metadata["sentences"].value)
    with open_warehouse(settings) as warehouse:
        found = warehouse.rows("select id_value, purpose, status from raw_consent.records order by purpose")
    assert found == [
        ("ann@shop.example", "customer_survey", "revoked"), ("ann@shop.example", "marketing", "revoked"),
    ]  # fmt: skip


def test_a_failing_test_stops_publishing_and_what_stands_on_it(tmp_path: Path) -> None:
    """When a test fails, readers keep what they have, and only syncs that stand on no failure are delivered."""
    project = tmp_path / "project"
    for name in PROJECT_FILES:
        if (PROJECT_DIR / name).is_dir():
            shutil.copytree(PROJECT_DIR / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (PROJECT_DIR / name).is_file():
            shutil.copyfile(PROJECT_DIR / name, project / name)
    broken = project / "tests" / "singular" / "profiles" / "nobody_is_known.sql"
    broken.parent.mkdir(parents=True, exist_ok=True)
    settings = make_settings("duckdb", tmp_path, as_of="2026-03-20T00:00:00Z")
    environment = environment_of(settings) | {"PYTHONPATH": str(project), "COLUMNS": "200", "NO_COLOR": "1"}

    def onefolk(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "orchestration.cli", *arguments]
        return subprocess.run(command, env=environment, cwd=project, capture_output=True, text=True, timeout=300)

    simulated = onefolk("simulate", "--people", "40", "--days", "10", "--seed", "3")
    assert simulated.returncode == 0, simulated.stderr
    for model, is_delivered in (("profiles", False), ("audience_reach", True)):
        broken.write_text(f"-- Fails if there is anybody.\nselect 1 as one\nfrom {{{{ ref('{model}') }}}}\n")
        done = onefolk("run")
        assert done.returncode == 1, done.stdout + done.stderr
        assert "nobody_is_known" in done.stderr
        assert "Traceback" not in done.stderr
        assert not settings.serve_path.exists()
        assert bool(list(settings.delivered_dir.rglob("*.parquet"))) == is_delivered, done.stderr
        assert ("Delivered, for nothing below it failed: files/repeat_buyers" in done.stderr) == is_delivered
        with pytest.raises(NotGreenError, match="failed"):
            require_green(settings)


def test_a_run_is_driven_through_graphql(tmp_path: Path) -> None:
    """The webserver and daemon start without a screen, and a run launched over GraphQL lands what is there."""
    settings = make_settings("duckdb", tmp_path)
    contacts = settings.landing_dir / "crm" / "contacts" / "first.csv"
    contacts.parent.mkdir(parents=True)
    contacts.write_text("contact_id,email\n1,ada@example.com\n2,grace@example.com\n")
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "ui", "--port", str(port)],
        env=environment_of(settings),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_for(server, "is at")
        assert _run_to_its_end(f"http://127.0.0.1:{port}/graphql", "land") == "SUCCESS"
    finally:
        server.terminate()
        ended = server.wait(60)
    assert ended == 0
    assert _landed(settings) == 2


def _reached(start: dg.AssetKey, edges: Mapping[dg.AssetKey, set[dg.AssetKey]]) -> set[dg.AssetKey]:
    seen, waiting = {start}, [start]
    while waiting:
        for other in edges.get(waiting.pop(), set()) - seen:
            seen.add(other)
            waiting.append(other)
    return seen


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(server: "subprocess.Popen[str]", words: str) -> None:
    lines: Iterator[str] = iter(server.stdout or [])
    for line in lines:
        if words in line:
            return
    pytest.fail("The UI ended before it answered.")


def _run_to_its_end(address: str, job: str) -> str:
    """Launch a job and wait for its last status."""
    listing = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"
    [repository] = _ask(address, listing)["repositoriesOrError"]["nodes"]
    selector = {
        "repositoryName": repository["name"],
        "repositoryLocationName": repository["location"]["name"],
        "jobName": job,
    }
    launching = (
        "mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {"
        " __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"
    )
    launched = _ask(address, launching, {"params": {"selector": selector, "runConfigData": {}}})["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    asking = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
    until = time.monotonic() + 120
    while time.monotonic() < until:
        status = str(_ask(address, asking, {"id": launched["run"]["runId"]})["runOrError"]["status"])
        if status in ("SUCCESS", "FAILURE", "CANCELED"):
            return status
        time.sleep(0.5)
    return "still running"


def _ask(address: str, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    request = Request(address, body, {"Content-Type": "application/json"})
    with build_opener(ProxyHandler({})).open(request, timeout=60) as answer:
        data: dict[str, Any] = json.load(answer)["data"]
    return data


def _landed(settings: Settings) -> int:
    from orchestration.warehouse import open_warehouse

    with open_warehouse(settings, read_only=True) as warehouse:
        return int(warehouse.rows("select count(*) from raw_crm.contacts")[0][0])
