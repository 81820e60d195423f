"""Connections: where destinations are and by which rules, from `connections.yml`; never a secret, only where one is.

    connections:
      crm:
        type: webhook
        url: https://crm.example.com/contacts
        token_env: CRM_TOKEN
        rate: {requests: 100, seconds: 10}

What ends in `_env` names a variable of the environment, which is read when something is sent.
"""

import os
import re
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError, field_validator

from orchestration.activation.errors import DeliveryError
from orchestration.settings import Settings

VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_BUILT_IN = ("advertising", "files", "hubspot", "klaviyo", "postgres", "smtp", "webhook")


class WrongConnectionError(DeliveryError):
    """A connection is missing or declared in a way that can't be used; the message says what is allowed."""


class Rate(BaseModel):
    """At most so many requests in so many seconds, over all syncs of the connection in this process."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests: int = Field(ge=1)
    seconds: float = Field(1.0, gt=0)


class Cap(BaseModel):
    """At most so many messages to a person in so many hours, over all syncs of the channel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    messages: int = Field(ge=1)
    hours: float = Field(gt=0)


class QuietHours(BaseModel):
    """No message between these hours of the person's own time zone, 21 to 8 say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: int = Field(ge=0, le=23)
    end: int = Field(ge=0, le=23)


class Connection(BaseModel):
    """What every connection may say; each kind of destination adds its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(description=f"{', '.join(_BUILT_IN)}, or the Python module of a destination of your own")
    rate: tuple[Rate, ...] = Field((), description="how many requests in how many seconds are allowed; may be several")
    concurrency: int = Field(2, ge=1, le=64, description="how many batches are sent at once")
    timeout_seconds: float = Field(30.0, gt=0, le=600, description="how long an answer is waited for")
    patience_minutes: float = Field(10.0, gt=0, le=720, description="how long a run waits for one that asks to wait")
    caps: tuple[Cap, ...] = Field((), description="how often one person may be contacted; messages need them")
    quiet_hours: QuietHours | None = Field(None, description="when nobody is contacted; messages need them")

    @field_validator("rate", mode="before")
    @classmethod
    def _are_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, dict | Rate) else value


class Secrets:
    """Secrets by the names of their variables, read late; shown nowhere."""

    def get(self, variable: str) -> SecretStr:
        """The value of a variable of the environment; raise where it isn't set."""
        value = os.environ.get(variable)
        if not value:
            raise WrongConnectionError(f"The environment has no {variable}, which a connection names: set it.")
        return SecretStr(value)


def is_connected(settings: Settings, name: str) -> bool:
    """Whether a connection is declared; syncs come with the project whose destination not everybody has."""
    return name == "files" or name in _declared(settings.connections_path)


def connection_names(settings: Settings) -> list[str]:
    """Names of the connections that are declared."""
    return sorted(_declared(settings.connections_path))


def load_connection(settings: Settings, name: str) -> Connection:
    """A connection by its name; `files`, below the home folder, needs no declaration."""
    declared = _declared(settings.connections_path)
    if name not in declared and name == "files":
        declared[name] = {"type": "files"}
    if name not in declared:
        there = ", ".join(sorted({*declared, "files"}))
        raise WrongConnectionError(
            f"There is no connection {name!r} in {settings.connections_path}; there are {there}."
        )
    return parse_connection(name, declared[name])


def parse_connection(name: str, declared: Any) -> Connection:
    """What a connection declares, checked by its kind; the message of an error never holds a value."""
    where = f"Connection {name}"
    if not _NAME.fullmatch(name):
        raise WrongConnectionError(f"{where}: a name is lower-case letters, digits and underscores.")
    if not isinstance(declared, dict) or not isinstance(declared.get("type"), str):
        raise WrongConnectionError(
            f"{where} has no type: say one of {', '.join(_BUILT_IN)}, or the module of your own."
        )
    kind = destination_module(declared["type"]).Config
    try:
        return kind.model_validate(declared)  # type: ignore[no-any-return]
    except ValidationError as error:
        told = [
            f"{'.'.join(map(str, found['loc'])) or 'it'}: {str(found['msg']).removeprefix('Value error, ')}"
            for found in error.errors()
        ]
        raise WrongConnectionError(f"{where} is declared wrongly: {'; '.join(told)}.") from None


def destination_module(kind: str) -> Any:
    """The module of a kind of destination: it has `Config`, a `Connection`, and `open_destination`."""
    name = f"orchestration.activation.destinations.{kind}" if kind in _BUILT_IN else kind
    try:
        module = import_module(name)
    except ImportError as error:
        raise WrongConnectionError(
            f"There is no destination {kind!r} ({error}): say one of {', '.join(_BUILT_IN)}, or a Python module."
        ) from None
    missing = [part for part in ("Config", "open_destination") if not hasattr(module, part)]
    if missing:
        raise WrongConnectionError(f"Module {name} is no destination: it has no {' and no '.join(missing)}.")
    return module


def _declared(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        raise WrongConnectionError(f"{path} can't be read: {error}") from None
    declared = content.get("connections") if isinstance(content, dict) else None
    if not isinstance(declared, dict):
        raise WrongConnectionError(f"{path} must hold `connections:`, and below it each connection by its name.")
    return dict(declared)
