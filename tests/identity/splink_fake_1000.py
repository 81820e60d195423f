"""The thousand records of Splink's `fake_1000`, as contacts of a CRM."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

from orchestration.settings import PROJECT_DIR
from tests.identity.graph_rows import RUNS, World

FOLDER = PROJECT_DIR.parent / "shared" / "data" / "splink_fake_1000"


def clusters() -> dict[str, str]:
    """Record to person."""
    with (FOLDER / "fake_1000.csv").open(encoding="utf-8", newline="") as file:
        return {row["unique_id"]: row["cluster"] for row in csv.DictReader(file)}


def fake_1000(folder: Path = FOLDER) -> list[World]:
    """One world of all records, or none where the data is missing."""
    if not folder.exists():
        return []
    world, made_at = World("fake"), datetime(2025, 6, 1)
    with (folder / "fake_1000.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            made_at += timedelta(minutes=1)
            world.add(
                0,
                "crm.contacts",
                contact_id=row["unique_id"],
                first_name=row["first_name"] or None,
                last_name=row["surname"] or None,
                email=f"={row['email']}" if row["email"] else None,
                city=row["city"] or None,
                birth_date=row["dob"] or None,
                created_at=made_at,
                updated_at=min(made_at, RUNS[0]),
            )
    return [world]
