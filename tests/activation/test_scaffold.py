"""A sync that is begun by a command fits at once, and nothing that was there is lost."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.activation.errors import DeliveryError
from orchestration.activation.scaffold import scaffold
from orchestration.activation.syncs import load_sync
from orchestration.settings import PROJECT_DIR

MANIFEST: dict[str, Any] = {
    "nodes": {
        "model.onefolk.aud_vip": {
            "name": "aud_vip",
            "resource_type": "model",
            "config": {"meta": {"audience": {"purpose": "marketing"}}},
        },
        "seed.onefolk.purposes": {"name": "purposes", "resource_type": "seed", "config": {"meta": {}}},
    }
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The YAML that a project has before."""
    room = tmp_path / "models" / "activation"
    room.mkdir(parents=True)
    for name in ("_activation__models.yml", "_activation__exposures.yml"):
        shutil.copyfile(PROJECT_DIR / "models" / "activation" / name, room / name)
    return tmp_path


def named(project: Path, section: str) -> dict[str, Any]:
    """The entries of a section of the room's YAML, by their names."""
    path = project / "models" / "activation" / f"_activation__{section}.yml"
    return {entry["name"]: entry for entry in yaml.safe_load(path.read_text())[section]}


@pytest.mark.parametrize(
    ("more", "key", "meta"),
    [
        ({}, "email", {"mode": "mirror", "purpose": "order_service"}),
        (
            {"audience": "vip", "channel": "sms", "connection": "shop_crm"},
            "phone",
            {"mode": "audience", "purpose": "marketing", "channel": "sms", "audience": "vip"},
        ),
    ],
)
def test_what_is_written_is_a_sync(project: Path, more: dict[str, Any], key: str, meta: dict[str, Any]) -> None:
    """Model, YAML, exposure and test agree with each other and load as a sync; what was there stands as it did."""
    before = {section: named(project, section) for section in ("models", "exposures")}
    texts = {path: path.read_text() for path in (project / "models" / "activation").iterdir()}
    written = scaffold(MANIFEST, "crm", "best_people", project=project, **more)
    assert {path.name for path in written} == {
        "_activation__models.yml",
        "_activation__exposures.yml",
        "sync_crm__best_people.sql",
        "sync_crm__best_people_is_permitted.sql",
    }
    for section, entries in before.items():
        after = named(project, section)
        assert {name: after[name] for name in entries} == entries
        assert len(after) == len(entries) + 1
    assert all(path.read_text().startswith(text.rstrip()) for path, text in texts.items())
    model, exposure = named(project, "models")["sync_crm__best_people"], named(project, "exposures")["crm_best_people"]
    node = {"name": model["name"], "columns": {column["name"]: column for column in model["columns"]}}
    sync = load_sync(
        {"nodes": {"model.onefolk.sync_crm__best_people": node}},
        {**exposure, "depends_on": {"nodes": ["model.onefolk.sync_crm__best_people"]}},
    )
    found = {name: getattr(sync, name) for name in meta}
    assert (sync.connection, sync.object, sync.key, found) == (
        more.get("connection", "crm"),
        "best_people",
        (key,),
        meta,
    )
    assert sync.personal == {key: key}
    sql = (project / "models" / "activation" / "sync_crm__best_people.sql").read_text()
    assert all(name in sql for name in node["columns"])
    assert "{{ ref('sync_crm__best_people') }}" in written[-1].read_text()
    with pytest.raises(DeliveryError, match=r"already, and nothing was written"):
        scaffold(MANIFEST, "crm", "best_people", project=project, **more)


@pytest.mark.parametrize(
    ("names", "more", "told"),
    [
        (("CRM", "people"), {}, "'CRM' can't be the destination"),
        (("crm", "a__b"), {}, "'a__b' can't be the object"),
        (("crm", "../x"), {}, "can't be the object"),
        (("crm", "people"), {"audience": "nobody"}, "There is no audience 'nobody'; there are vip"),
        (("crm", "people"), {"audience": "vip", "channel": "push"}, "say email, sms, phone"),
        (("hubspot", "contacts"), {}, "nothing was written"),
    ],
)
def test_what_can_not_be_begun_is_told(project: Path, names: tuple[str, str], more: dict[str, str], told: str) -> None:
    """A wrong name, an unknown audience or an entry that is there already is a sentence, and leaves no file."""
    before = sorted(project.rglob("*"))
    texts = [path.read_bytes() for path in before if path.is_file()]
    with pytest.raises(DeliveryError, match=told):
        scaffold(MANIFEST, *names, project=project, **more)
    assert sorted(project.rglob("*")) == before
    assert [path.read_bytes() for path in before if path.is_file()] == texts
