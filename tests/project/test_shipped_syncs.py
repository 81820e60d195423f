"""The syncs that come with the project fit the destinations that they go to."""

from pathlib import Path

import pytest
import yaml

from orchestration.activation.syncs import load_syncs
from orchestration.activation.validation import problems_of
from orchestration.settings import load_settings
from tests.project.house import Manifest


def test_syncs_to_klaviyo_fit(manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every shipped sync to Klaviyo has an object, a mode, a key and fields that Klaviyo takes."""
    monkeypatch.setenv("KLAVIYO_KEY", "pk_none")
    settings = load_settings(home=tmp_path, target="duckdb", connections=tmp_path / "connections.yml")
    connection = {"type": "klaviyo", "key_env": "KLAVIYO_KEY"}
    settings.connections_path.write_text(yaml.safe_dump({"connections": {"klaviyo": connection}}))
    syncs = [sync for sync in load_syncs(manifest) if sync.connection == "klaviyo"]
    objects = {"profiles", "list_repeat_buyers", "suppressions", "event_cart_abandoned"}
    assert {sync.object for sync in syncs} == objects
    assert [told for sync in syncs for told in problems_of(settings, sync)] == []
