"""The salt of identifier keys: filled once, and refused when it would change."""

import hashlib

import pytest

from orchestration.landing import ensure_salt
from orchestration.settings import Settings, SettingsError
from orchestration.warehouse import Warehouse, open_warehouse
from tests.conftest import LandingFolder, SettingsFactory

SECRET = "correct horse battery staple"
SALT = "select salt, secret_fingerprint, origin from raw_onefolk.identifier_salt"


def with_secret(settings: Settings, secret: str | None) -> Settings:
    """The same project with another secret."""
    return type(settings)(**(settings.model_dump() | {"secret": secret}))


def ensure(settings: Settings, secret: str | None) -> None:
    """Fill or check the salt."""
    with open_warehouse(settings) as warehouse:
        ensure_salt(with_secret(settings, secret), warehouse)


def make_identifiers(warehouse: Warehouse, check: str) -> None:
    """Tables of an identity room that was built before."""
    warehouse.execute("create schema work_identity")
    warehouse.execute("create table work_identity.identifiers as select 'k' as identifier_key")
    warehouse.execute(
        "create table work_identity.identity_runs as"
        f" select 'old' as salt_fingerprint, cast('2026-01-01' as timestamp) as started_at"
        f" union all select '{check}', cast('2026-02-01' as timestamp)"
    )


def test_salt_is_random_without_a_secret_and_stays(landing: LandingFolder) -> None:
    """Without a secret the salt is drawn once, differs between warehouses, and never changes."""
    landing.land()
    rows = landing.rows(SALT)
    assert len(rows) == 1
    assert len(rows[0][0]) == 64
    assert rows[0][1:] == (None, "random")
    landing.land()
    assert landing.rows(SALT) == rows


def test_salt_comes_from_the_secret_and_gives_it_away_to_nobody(landing: LandingFolder) -> None:
    """The same secret gives the same salt in every warehouse; neither it nor a quick hash of it is stored."""
    landing.land()
    with open_warehouse(landing.settings) as warehouse:
        warehouse.execute("delete from raw_onefolk.identifier_salt")
    ensure(landing.settings, SECRET)
    rows = landing.rows(SALT)
    with open_warehouse(landing.settings) as warehouse:
        warehouse.execute("delete from raw_onefolk.identifier_salt")
    ensure(landing.settings, SECRET)
    assert landing.rows(SALT) == rows
    assert rows[0][2] == "environment"
    assert SECRET not in repr(rows)
    assert rows[0][0] != rows[0][1]
    assert hashlib.sha256(SECRET.encode()).hexdigest() not in repr(rows)


@pytest.mark.parametrize(
    ("first", "later", "sentence"),
    [
        (SECRET, "another secret of 16", "ONEFOLK_SECRET is not the one"),
        (SECRET, None, "ONEFOLK_SECRET is missing"),
        (None, SECRET, "ONEFOLK_SECRET is set, but"),
    ],
)
def test_a_lost_or_changed_secret_is_refused(
    make_settings: SettingsFactory, first: str | None, later: str | None, sentence: str
) -> None:
    """A secret that is lost, new or another one stops landing with a sentence that does not repeat it."""
    settings = make_settings("duckdb")
    LandingFolder(with_secret(settings, first)).land()
    with pytest.raises(SettingsError) as error:
        LandingFolder(with_secret(settings, later)).land()
    assert sentence in str(error.value)
    assert not [secret for secret in (first, later) if secret and secret in str(error.value)]
    LandingFolder(with_secret(settings, first)).land()


def test_a_lost_salt_is_refused_where_identifiers_exist(landing: LandingFolder) -> None:
    """An empty salt table beside identifiers is refused, unless the secret gives back the salt they were made with."""
    settings = landing.settings
    LandingFolder(with_secret(settings, SECRET)).land()
    ((salt,),) = landing.rows("select salt from raw_onefolk.identifier_salt")
    with open_warehouse(settings) as warehouse:
        make_identifiers(warehouse, hashlib.md5(f"onefolk salt check{salt}".encode()).hexdigest())
        warehouse.execute("drop table raw_onefolk.identifier_salt")
    for wrong in (None, "another secret of 16"):
        with pytest.raises(SettingsError, match="would change every identifier key"):
            LandingFolder(with_secret(settings, wrong)).land()
    assert landing.rows("select count(*) from raw_onefolk.identifier_salt") == [(0,)]
    LandingFolder(with_secret(settings, SECRET)).land()
    assert landing.rows("select salt from raw_onefolk.identifier_salt") == [(salt,)]
