"""The environment of one Onefolk project, read once and checked, with a sentence for every wrong value."""

import os
import re
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_DIR = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """A value of the environment is wrong; the message says which, why, and what is allowed."""


class Settings(BaseSettings):
    """What the environment says, each as `ONEFOLK_<NAME>`; every value is optional."""

    model_config = SettingsConfigDict(env_prefix="ONEFOLK_", env_ignore_empty=True, frozen=True, extra="ignore")

    home: Path = Field(PROJECT_DIR / ".onefolk", description="folder of everything that Onefolk writes")
    landing: Path | None = Field(None, description="folder of the files to land; default: <home>/landing")
    connections: Path | None = Field(None, description="file of destinations; default: <home>/connections.yml")
    target: Literal["duckdb", "postgres"] = Field("duckdb", description="the warehouse: duckdb or postgres")
    postgres_host: str = Field("localhost", description="host name, or the folder of a Unix socket")
    postgres_port: int = Field(5432, ge=1, le=65535)
    postgres_user: str = "onefolk"
    postgres_password: SecretStr = SecretStr("")
    postgres_dbname: str = "onefolk"
    schema_prefix: str = Field("", description="put before every schema: one prefix per developer, CI run or tenant")
    role_prefix: str = Field("onefolk_", description="put before the roles of Postgres that may read; one per brand")
    as_of: datetime | None = Field(None, description="the one clock, ISO 8601; default: when the cycle starts")
    allowed_guards: str = Field("", description="audiences whose guard this run overrides, joined by commas")
    secret: SecretStr | None = Field(None, description="what the salt of identifier keys is derived from")
    memory_limit: str = Field("2GB", description="what DuckDB may use, such as 2GB or 800MB")
    threads: int = Field(2, ge=1, le=256, description="threads of dbt and of DuckDB")

    @field_validator("home", "landing", "connections", mode="after")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value and value.expanduser().absolute()

    @field_validator("schema_prefix")
    @classmethod
    def _is_prefix(cls, value: str) -> str:
        if not re.fullmatch(r"([a-z][a-z0-9_]{0,29})?", value):
            raise ValueError("must be up to 30 lower-case letters, digits and underscores, the first a letter")
        return value

    @field_validator("role_prefix")
    @classmethod
    def _names_roles(cls, value: str) -> str:
        if not re.fullmatch(r"(?!pg_)[a-z][a-z0-9_]{0,29}", value):
            raise ValueError("must be up to 30 lower-case letters, digits and underscores, the first a letter, not pg_")
        return value

    @field_validator("allowed_guards")
    @classmethod
    def _names_audiences(cls, value: str) -> str:
        if not re.fullmatch(r"([a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*)?", value):
            raise ValueError("must be names of audiences without aud_, joined by commas")
        return value

    @field_validator("memory_limit")
    @classmethod
    def _is_size(cls, value: str) -> str:
        if not re.fullmatch(r"\d+(\.\d+)?\s?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)", value):
            raise ValueError("must be a size with a unit, such as 2GB or 800MB")
        return value

    @field_validator("secret")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value and len(value.get_secret_value()) < 16:
            raise ValueError("must have at least 16 characters")
        return value

    @field_validator("as_of", mode="before")
    @classmethod
    def _is_moment(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("must be a moment in ISO 8601, such as 2026-09-01T06:00:00Z") from None

    @field_validator("as_of")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)

    @cached_property
    def landing_dir(self) -> Path:
        """Folder that new files arrive in."""
        return self.landing or self.home / "landing"

    @cached_property
    def clock(self) -> datetime:
        """The cycle's moment, in UTC; fixed when first asked for."""
        return self.as_of or datetime.now(UTC).replace(microsecond=0)

    def at(self, moment: datetime) -> "Settings":
        """The same, but with another moment as the clock."""
        moved = self.model_copy(update={"as_of": moment})
        # What was asked for already is copied along.
        moved.__dict__.pop("clock", None)
        return moved

    @property
    def warehouse_path(self) -> Path:
        """The DuckDB file that dbt builds in."""
        return self.home / "warehouse.duckdb"

    @property
    def serve_path(self) -> Path:
        """The DuckDB file that readers open; swapped after a green build."""
        return self.home / "serve.duckdb"

    @property
    def ledger_path(self) -> Path:
        """The SQLite file of the ledger of deliveries, beside a DuckDB warehouse."""
        return self.home / f"{self.schema_prefix}ledger.sqlite"

    @property
    def ledger_schema(self) -> str:
        """The schema of the ledger of deliveries on Postgres."""
        return f"{self.schema_prefix}onefolk_ledger"

    @property
    def connections_path(self) -> Path:
        """The file that names the destinations' connections."""
        # What is built under a prefix, to try it, must not be delivered to where the live rows go.
        return self.connections or self.home / f"{self.schema_prefix}connections.yml"

    @property
    def delivered_dir(self) -> Path:
        """Folder of the files that syncs deliver."""
        return self.home / "delivered"

    @property
    def dagster_home(self) -> Path:
        """Dagster's own storage: runs, events, schedules."""
        return self.home / "dagster"

    def work_schema(self, room: str) -> str:
        """Schema that dbt builds a room in."""
        return f"{self.schema_prefix}work_{room}"

    def stable_schema(self, room: str) -> str:
        """Schema that readers see a room in."""
        return f"{self.schema_prefix}{room}"

    def dbt_environment(self) -> dict[str, str]:
        """Variables that `profiles.yml` and the macros read, the clock among them; the secret is never one of them."""
        return {
            "ONEFOLK_HOME": str(self.home),
            "ONEFOLK_TARGET": self.target,
            "ONEFOLK_POSTGRES_HOST": self.postgres_host,
            "ONEFOLK_POSTGRES_PORT": str(self.postgres_port),
            "ONEFOLK_POSTGRES_USER": self.postgres_user,
            "ONEFOLK_POSTGRES_PASSWORD": self.postgres_password.get_secret_value(),
            "ONEFOLK_POSTGRES_DBNAME": self.postgres_dbname,
            "ONEFOLK_SCHEMA_PREFIX": self.schema_prefix,
            "ONEFOLK_AS_OF": self.clock.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "ONEFOLK_ALLOWED_GUARDS": self.allowed_guards,
            "ONEFOLK_MEMORY_LIMIT": self.memory_limit,
            "ONEFOLK_THREADS": str(self.threads),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }


def load_settings(**overrides: Any) -> Settings:
    """Read the environment; raise `SettingsError` with one sentence per wrong value."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        sentences = [_sentence(dict(found)) for found in error.errors()]
        raise SettingsError("\n".join(sentences)) from None


def _sentence(found: dict[str, Any]) -> str:
    name = "ONEFOLK_" + str(found["loc"][0]).upper()
    reason = str(found["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    reason = reason if reason.startswith("must") else f"must be {reason}"
    shown = "" if "SECRET" in name or "PASSWORD" in name else f" is {os.environ.get(name, found['input'])!r}, but it"
    return f"{name}{shown or ':'} {reason}."
