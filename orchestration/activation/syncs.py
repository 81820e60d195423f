"""Syncs as declared: a dbt exposure beside the model that holds exactly the rows a destination should hold."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

ROOM = "activation"

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]


class SyncError(ValueError):
    """A sync is declared in a way that can't be delivered; the message says what is allowed."""


class Activation(BaseModel):
    """`config.meta.activation` of an exposure."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    connection: Literal["files"] = Field(description="where the rows go: files, written under <home>/delivered/files")
    object: _Name = Field(description="what the destination calls the rows; the name of the folder and of the files")
    mode: Literal["mirror"] = Field("mirror", description="mirror: the destination holds the model's rows, no others")
    key: tuple[_Name, ...] = Field(min_length=1, description="columns that tell the rows apart")
    purpose: str = Field(min_length=1, description="what the rows are used for: a purpose of the seed `purposes`")
    channel: _Name | None = Field(None, description="how people are reached, such as email")
    formats: tuple[Literal["csv", "parquet"], ...] = Field(("csv", "parquet"), min_length=1)

    @field_validator("formats")
    @classmethod
    def _holds_parquet(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "parquet" not in value:
            raise ValueError("must include parquet, which the next delivery is compared with")
        return tuple(sorted(set(value)))


@dataclass(frozen=True)
class Sync:
    """One sync: the model, and where, how and for which purpose its rows are delivered."""

    name: str
    destination: str
    object: str
    mode: str
    key: tuple[str, ...]
    purpose: str
    channel: str | None
    formats: tuple[str, ...]
    model: str
    columns: tuple[str, ...]
    description: str = ""


def sync_exposures(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The exposures that are syncs: those that say so in their meta, and those of a `sync_` model, which have to."""
    return [
        exposure
        for _, exposure in sorted(manifest["exposures"].items())
        if "activation" in _meta(exposure) or any(model.startswith("sync_") for model in _models(exposure))
    ]


def load_syncs(manifest: dict[str, Any]) -> list[Sync]:
    """Every sync of the project, by name; raise `SyncError` for the first that is declared wrongly."""
    syncs = [load_sync(manifest, exposure) for exposure in sync_exposures(manifest)]
    for sentence in rivals(syncs):
        raise SyncError(sentence)
    return syncs


def rivals(syncs: Sequence[Sync]) -> Iterator[str]:
    """A sentence per model with several syncs, each of which would remove what the other delivered."""
    for model, count in sorted(Counter(sync.model for sync in syncs).items()):
        if count > 1:
            yield f"Model {model} has {count} syncs; it may have one, for each owns the whole delivered set."


def load_sync(manifest: dict[str, Any], exposure: dict[str, Any]) -> Sync:
    """One sync from its exposure; raise `SyncError` with a sentence when meta and model do not fit."""
    where = f"Sync {exposure['name']}"
    try:
        activation = Activation.model_validate(_meta(exposure).get("activation") or {})
    except ValidationError as error:
        raise SyncError(f"{where}: {explained(error, 'activation', Activation)}") from None
    expected = f"sync_{activation.connection}__{activation.object}"
    if _models(exposure) != [expected]:
        found = ", ".join(_models(exposure)) or "nothing"
        raise SyncError(f"{where} depends on {found}, but for its object it must depend on {expected} and only that.")
    model = manifest["nodes"].get(exposure["depends_on"]["nodes"][0])
    columns = tuple(model["columns"]) if model else ()
    unknown = [name for name in activation.key if columns and name not in columns]
    if unknown:
        raise SyncError(f"{where}: key column {', '.join(unknown)} is not in {expected}; it has {', '.join(columns)}.")
    return Sync(
        name=exposure["name"],
        destination=activation.connection,
        object=activation.object,
        mode=activation.mode,
        key=activation.key,
        purpose=activation.purpose,
        channel=activation.channel,
        formats=activation.formats,
        model=expected,
        columns=columns,
        description=exposure.get("description") or "",
    )


def explained(error: ValidationError, prefix: str, model: type[BaseModel]) -> str:
    """What is wrong with a part of meta, a sentence per value, each saying what is allowed."""
    sentences = []
    for found in error.errors():
        name = ".".join(str(part) for part in (prefix, *found["loc"]))
        reason = str(found["msg"]).removeprefix("Value error, ")
        if found["type"] == "extra_forbidden":
            reason = f"is not known; allowed are {', '.join(_inner(model, found['loc']).model_fields)}"
        elif found["type"] == "missing":
            reason = "is missing"
        else:
            reason = f"is {found['input']!r}: {reason[0].lower()}{reason[1:]}"
        sentences.append(f"{name} {reason}.")
    return " ".join(sentences)


def _inner(model: type[BaseModel], place: tuple[int | str, ...]) -> type[BaseModel]:
    """The model that a value stands in: the outer one, or one that a field of it holds."""
    for part in place[:-1]:
        held = model.model_fields[str(part)].annotation
        if not (isinstance(held, type) and issubclass(held, BaseModel)):
            break
        model = held
    return model


def _models(exposure: dict[str, Any]) -> list[str]:
    return [name.rsplit(".", 1)[-1] for name in exposure["depends_on"]["nodes"]]


def _meta(exposure: dict[str, Any]) -> dict[str, Any]:
    return (exposure.get("config") or {}).get("meta") or exposure.get("meta") or {}
