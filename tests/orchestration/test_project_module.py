"""The dbt project as Python sees it: parsed when it must be, refused with sentences, built without the secret."""

import copy
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from orchestration.project import (
    DbtError,
    ManifestError,
    PublicColumn,
    PublicTable,
    build,
    check_manifest,
    is_parsed,
    load_manifest,
    manifest_path,
    parse,
    prepare,
    public_tables,
)
from orchestration.settings import PROJECT_DIR, Settings, load_settings
from orchestration.warehouse import open_duckdb

PURPOSES = "purpose,legal_basis\nmarketing,consent\nservice,contract\n"
PROJECT = """
name: scratch
version: "1.0"
profile: onefolk
flags: {send_anonymous_usage_stats: false}
vars:
  audiences: [buyers]
models:
  scratch: {audiences: {+schema: audiences}, profiles: {+schema: profiles}}
"""


@pytest.fixture(autouse=True)
def _own_target(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scratch projects write their manifest into their own folder."""
    monkeypatch.delenv("DBT_TARGET_PATH", raising=False)


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of two models, one of them an audience, parsed by dbt."""
    folder = tmp_path_factory.mktemp("parsed") / "project"
    (folder / "models/audiences").mkdir(parents=True)
    (folder / "models/profiles").mkdir()
    (folder / "seeds/consent").mkdir(parents=True)
    shutil.copy(PROJECT_DIR / "profiles.yml", folder)
    (folder / "dbt_project.yml").write_text(PROJECT)
    (folder / "seeds/consent/purposes.csv").write_text(PURPOSES)
    (folder / "seeds/consent/channels.csv").write_text("channel\nemail\nsms\n")
    (folder / "models/profiles/profiles.sql").write_text(
        "select '{{ env_var('ONEFOLK_SECRET', 'no secret') }}' as told"
    )
    (folder / "models/audiences/aud_buyers.sql").write_text(
        "select told as profile_id, true as has_bought from {{ ref('profiles') }}"
    )
    (folder / "models/models.yml").write_text(
        "models:\n  - name: aud_buyers\n"
        "    config: {contract: {enforced: true}, meta: {audience: {purpose: marketing, owner: Shop}}}\n"
        "    columns:\n      - {name: profile_id, data_type: text}\n      - {name: has_bought, data_type: boolean}\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DBT_TARGET_PATH", raising=False)
        with pytest.raises(DbtError, match="run `dbt parse` first"):
            load_manifest(folder)
        parse(load_settings(home=folder.parent / "home", target="duckdb"), folder)
    return folder


@pytest.fixture
def project(parsed: Path, tmp_path: Path) -> Path:
    """A copy of that project, as new and old as the first."""
    return Path(shutil.copytree(parsed, tmp_path / "project"))


def model(room: str, name: str, meta: dict[str, Any], access: str = "protected") -> dict[str, Any]:
    """A model's node of a manifest."""
    return {
        "resource_type": "model",
        "name": name,
        "fqn": ["onefolk", room, name],
        "access": access,
        "description": f"One row per {name}.",
        "config": {"meta": meta},
        "columns": {"id": {"name": "id", "data_type": "text", "description": "The id."}},
    }


def audience(name: str, declared: dict[str, Any] | None) -> dict[str, Any]:
    """The node of an audience with one condition."""
    node = model("audiences", name, {"key": ["profile_id"], "audience": declared})
    node["config"]["contract"] = {"enforced": True}
    types = {"profile_id": "text", "has_bought": "boolean"}
    return node | {"columns": {column: {"name": column, "data_type": kind} for column, kind in types.items()}}


def manifest() -> dict[str, Any]:
    """A manifest without a fault: an audience, its sync, and public tables of several rooms."""
    nodes = {
        "aud_buyers": audience("aud_buyers", {"purpose": "marketing", "owner": "CRM"}),
        "audience_members": model("audiences", "audience_members", {"key": ["id"]}, "public"),
        "profiles": model("profiles", "profiles", {"key": ["id"]}, "public"),
        "contact_points": model("pii", "contact_points", {"key": ["id"]}, "public"),
        "stg_crm__contacts": model("staging", "stg_crm__contacts", {"key": ["id"]}, "public"),
        "sync_files__buyers": model("activation", "sync_files__buyers", {"key": ["id"]}, "public"),
        "int_profiles": model("profiles", "int_profiles", {}),
    }
    exposure = {
        "name": "buyers",
        "config": {
            "meta": {"activation": {"connection": "files", "object": "buyers", "key": ["id"], "purpose": "marketing"}}
        },
        "depends_on": {"nodes": ["model.onefolk.sync_files__buyers"]},
    }
    dashboard = {"name": "dashboard", "config": {"meta": {}}, "depends_on": {"nodes": ["model.onefolk.profiles"]}}
    return {
        "nodes": {f"model.onefolk.{name}": node for name, node in nodes.items()},
        "exposures": {"exposure.onefolk.buyers": exposure, "exposure.onefolk.dashboard": dashboard},
    }


def problems(project: Path, wrong: dict[str, Any]) -> list[str]:
    """The sentences that a manifest is refused with."""
    with pytest.raises(ManifestError) as raised:
        check_manifest(wrong, project)
    return raised.value.problems


def test_only_public_models_of_published_rooms_are_published() -> None:
    """Public tables are the public models of identity, profiles, consent and audiences, with key, columns and words."""
    columns = (PublicColumn("id", "text", "The id."),)
    assert public_tables(manifest()) == [
        PublicTable("profiles", "profiles", ("id",), columns, "One row per profiles."),
        PublicTable("audiences", "audience_members", ("id",), columns, "One row per audience_members."),
    ]


def test_a_sound_manifest_passes(project: Path) -> None:
    """An audience and a sync with known purposes, and a dashboard, may be built."""
    check_manifest(manifest(), project)


@pytest.mark.parametrize(
    ("audience", "told"),
    [
        (None, "aud_buyers has no config.meta.audience: it needs a purpose, one of marketing, service, and an owner"),
        ({"purpose": "spying", "owner": "CRM"}, "unknown purpose 'spying'; known are marketing, service"),
        ({"purpose": "service", "owner": "CRM", "channel": "fax"}, "unknown channel 'fax'; known are email, sms"),
        ({"owner": "CRM"}, "audience.purpose is missing"),
        ({"purpose": "marketing"}, "audience.owner is missing"),
        (
            {"purpose": "marketing", "owner": "CRM", "color": 1},
            "audience.color is not known; allowed are purpose, owner",
        ),
    ],
)
def test_an_audience_without_a_known_purpose_is_refused(project: Path, audience: Any, told: str) -> None:
    """An audience must say who answers for it and what for, and the sentence says which purposes there are."""
    wrong = manifest()
    wrong["nodes"]["model.onefolk.aud_buyers"]["config"]["meta"]["audience"] = audience
    assert [told in problem for problem in problems(project, wrong)] == [True]


@pytest.mark.parametrize(
    ("activation", "told"),
    [
        ({"purpose": "spying"}, "Sync buyers has the unknown purpose 'spying'; known are marketing, service"),
        ({"purpose": None}, "Sync buyers: activation.purpose is None"),
        ({"channel": "fax"}, "Sync buyers has the unknown channel 'fax'; known are email, sms"),
        ({"mode": "wish"}, "Sync buyers: activation.mode is 'wish'"),
    ],
)
def test_a_sync_without_a_known_purpose_is_refused(project: Path, activation: dict[str, Any], told: str) -> None:
    """A sync must say what its rows are used for and be deliverable as declared."""
    wrong = manifest()
    wrong["exposures"]["exposure.onefolk.buyers"]["config"]["meta"]["activation"].update(activation)
    assert [told in problem for problem in problems(project, wrong)] == [True]


def test_a_sync_model_behind_a_plain_exposure_is_refused(project: Path) -> None:
    """An exposure of a sync model without meta is refused rather than left out in silence."""
    wrong = manifest()
    wrong["exposures"]["exposure.onefolk.buyers"]["config"]["meta"] = {}
    assert "activation.connection is missing" in problems(project, wrong)[0]


def test_every_problem_gets_its_sentence(project: Path) -> None:
    """Files and list of audiences must agree, public tables have keys, and all problems are told at once."""
    wrong = manifest()
    node = wrong["nodes"].pop("model.onefolk.aud_buyers")
    wrong["nodes"]["model.onefolk.aud_others"] = copy.deepcopy(node) | {"name": "aud_others"}
    wrong["nodes"]["model.onefolk.profiles"]["config"]["meta"] = {}
    told = problems(project, wrong)
    assert told == [
        "Audience aud_others is not in the list `audiences` of dbt_project.yml; listed are buyers.",
        "The list `audiences` of dbt_project.yml names buyers, but models/audiences/aud_buyers.sql is not there;"
        " there are others.",
        "Public table profiles.profiles has no key: name its key columns in config.meta.key.",
    ]


def test_without_purposes_nothing_is_allowed(project: Path) -> None:
    """A missing seed of purposes allows no audience and no sync."""
    (project / "seeds/consent/purposes.csv").unlink()
    assert all("known are none so far" in problem for problem in problems(project, manifest()))


def test_the_manifest_is_parsed_anew_only_when_it_must_be(project: Path, make_settings: Any, tmp_path: Path) -> None:
    """`dbt parse` runs when the manifest is missing or a file is newer or gone, and dbt's own words come through."""
    settings = make_settings("duckdb", tmp_path)
    assert is_parsed(project)
    written = manifest_path(project).stat().st_mtime_ns
    assert "model.scratch.aud_buyers" in prepare(settings, project)["nodes"]
    assert manifest_path(project).stat().st_mtime_ns == written
    (project / "models/profiles/more.sql").write_text("select * from {{ ref('nowhere') }}")
    assert not is_parsed(project)
    with pytest.raises(DbtError, match="depends on a node named 'nowhere'"):
        parse(settings, project)
    (project / "models/profiles/more.sql").unlink()
    assert not is_parsed(project)
    os.utime(manifest_path(project))
    assert is_parsed(project)
    assert not settings.warehouse_path.exists()


def test_the_manifest_follows_dbts_target_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """DBT_TARGET_PATH moves the manifest, absolute or from the project's folder."""
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "elsewhere"))
    assert manifest_path() == tmp_path / "elsewhere/manifest.json"
    monkeypatch.setenv("DBT_TARGET_PATH", "made")
    assert manifest_path(tmp_path) == tmp_path / "made/manifest.json"


def test_dbt_builds_with_the_clock_and_without_the_secret(
    project: Path,
    make_settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A build checks first, streams dbt's lines, never hands dbt the secret, and raises when a node fails."""
    monkeypatch.setenv("ONEFOLK_SECRET", "a secret of some length")
    settings: Settings = make_settings("duckdb", tmp_path)
    build(settings, "--exclude", "purposes", "channels", project_dir=project)
    assert "Completed successfully" in capfd.readouterr().out
    assert "a secret of some length" not in json.dumps(load_manifest(project))
    with open_duckdb(settings.warehouse_path, settings, read_only=True) as warehouse:
        assert warehouse.rows("select told from main_profiles.profiles") == [("no secret",)]
    (project / "seeds/consent/purposes.csv").write_text("purpose\nservice\n")
    os.utime(manifest_path(project))
    with pytest.raises(ManifestError, match="unknown purpose 'marketing'; known are service"):
        build(settings, project_dir=project)
