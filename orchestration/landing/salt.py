"""The salt of identifier keys: filled once, refused when it would change, since every key would change with it."""

import hashlib
import secrets

from orchestration.landing.contract import REGISTER_SCHEMA
from orchestration.settings import Settings, SettingsError
from orchestration.warehouse import Warehouse, quoted

_SALT_TABLE = quoted(REGISTER_SCHEMA, "identifier_salt")


def ensure_salt(settings: Settings, warehouse: Warehouse) -> None:
    """Fill `raw_onefolk.identifier_salt` once; raise `SettingsError` when the secret is lost or another one."""
    secret = settings.secret.get_secret_value() if settings.secret else None
    rows = warehouse.rows(f"select secret_fingerprint, origin from {_SALT_TABLE}")
    if len(rows) > 1:
        raise SettingsError(
            "raw_onefolk.identifier_salt has more than one row: keep the one that identifier keys were made with."
        )
    if rows:
        _check(secret, *rows[0])
        return
    salt = _slow_hash(secret, "onefolk identifier salt") if secret else secrets.token_hex(32)
    _refuse_new_keys(settings, warehouse, salt if secret else None)
    fingerprint = _slow_hash(secret, "onefolk secret fingerprint") if secret else None
    warehouse.execute(
        f"insert into {_SALT_TABLE} (salt, secret_fingerprint, origin, created_at) values ($1, $2, $3, $4)",
        [salt, fingerprint, "environment" if secret else "random", settings.clock.replace(tzinfo=None)],
    )


def _check(secret: str | None, fingerprint: str | None, origin: str) -> None:
    if origin == "environment" and secret is None:
        raise SettingsError(
            "ONEFOLK_SECRET is missing, but the identifier keys of this warehouse were made with one: set it to the"
            " same value as before."
        )
    if origin == "environment" and _slow_hash(str(secret), "onefolk secret fingerprint") != fingerprint:
        raise SettingsError(
            "ONEFOLK_SECRET is not the one that the identifier keys of this warehouse were made with, and every key"
            " would change: set it to the same value as before."
        )
    if origin != "environment" and secret is not None:
        raise SettingsError(
            "ONEFOLK_SECRET is set, but the identifier keys of this warehouse were made with a random salt, and every"
            " key would change: unset it, or start with an empty warehouse."
        )


def _refuse_new_keys(settings: Settings, warehouse: Warehouse, salt: str | None) -> None:
    """A warehouse that has identifiers but no salt may only get back the salt that they were made with."""
    identity = settings.work_schema("identity")
    if not warehouse.columns(identity, "identifiers"):
        return
    if not warehouse.rows(f"select 1 from {quoted(identity, 'identifiers')} limit 1"):
        return
    if salt is not None and _check_of(salt) == _newest_check(warehouse, identity):
        return
    raise SettingsError(
        f"raw_onefolk.identifier_salt is empty, but {identity}.identifiers has rows, and a new salt would change every"
        " identifier key: restore the table from a backup, or set ONEFOLK_SECRET to the value it was made from."
    )


def _check_of(salt: str) -> str:
    return hashlib.md5(f"onefolk salt check{salt}".encode(), usedforsecurity=False).hexdigest()


def _newest_check(warehouse: Warehouse, identity: str) -> str | None:
    columns = warehouse.columns(identity, "identity_runs")
    if "salt_fingerprint" not in columns:
        return None
    moments = [name for name, data_type in columns.items() if data_type.lower().startswith("timestamp")]
    order = f" order by {quoted(moments[0])} desc" if moments else ""
    rows = warehouse.rows(f"select salt_fingerprint from {quoted(identity, 'identity_runs')}{order} limit 1")
    return str(rows[0][0]) if rows else None


def _slow_hash(secret: str, label: str) -> str:
    """Slow on purpose: a leaked warehouse must not give the secret away to guessing."""
    return hashlib.scrypt(secret.encode(), salt=label.encode(), n=2**14, r=8, p=1).hex()
