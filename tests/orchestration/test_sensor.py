"""The sensor for new files: complete files start one cycle, a file still being written starts none."""

from pathlib import Path

import dagster as dg
import pytest

from orchestration.landing import land, load_contract
from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse
from tests.conftest import environment_of, make_settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty home that the environment names."""
    settings = make_settings("duckdb", tmp_path)
    settings.landing_dir.mkdir(parents=True)
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    return settings


def asked(cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    """What the sensor answers, given what it remembered."""
    from orchestration.defs.sensors import new_files

    with dg.DagsterInstance.ephemeral() as instance, dg.build_sensor_context(instance, cursor=cursor) as context:
        answer = new_files(context)
    assert isinstance(answer, dg.SensorResult | dg.SkipReason)
    return answer


def test_new_files_start_one_cycle(home: Settings) -> None:
    """Files start a cycle once; more files start another; landed ones none."""
    assert isinstance(asked(None), dg.SkipReason)

    owners = home.landing_dir / "crm" / "owners"
    owners.mkdir(parents=True)
    (owners / "one.csv").write_text("owner_id,name\n1,Ada\n")
    first = asked(None)
    assert isinstance(first, dg.SensorResult)
    assert len(first.run_requests or []) == 1
    assert isinstance(asked(first.cursor), dg.SkipReason)

    (owners / "two.csv").write_text("owner_id,name\n2,Ben\n")
    second = asked(first.cursor)
    assert isinstance(second, dg.SensorResult)
    assert second.cursor != first.cursor

    with open_warehouse(home) as warehouse:
        land(home, warehouse, load_contract())
    assert isinstance(asked(second.cursor), dg.SkipReason)


def test_a_file_being_written_starts_nothing(home: Settings) -> None:
    """A file with the ending of a half one waits, and nothing starts for it."""
    owners = home.landing_dir / "crm" / "owners"
    owners.mkdir(parents=True)
    (owners / "one.csv.part").write_text("owner_id,na")
    assert isinstance(asked(None), dg.SkipReason)
