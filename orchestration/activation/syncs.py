"""Syncs as declared: a dbt exposure beside the model that holds exactly the rows a destination should hold."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

ROOM = "activation"
_MODEL = re.compile(r"sync_(?P<destination>[a-z][a-z0-9_]*?)__(?P<object>[a-z][a-z0-9_]*)")

# What types of columns are to a destination; numeric(28,6) is a number too.
_KINDS = {
    "text": "text",
    "integer": "number",
    "bigint": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]


class SyncError(ValueError):
    """A sync is declared in a way that can't be delivered; the message says what is allowed."""


class SyncGuards(BaseModel):
    """From where on a plan is too much and is not sent, but for removals of people who no longer permit it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_remove_share: float = Field(0.3, ge=0, le=1, description="removals, as a share of what is held")
    max_change_share: float = Field(1.0, ge=0, description="changes, as a share of what is held")
    allow_empty: bool = Field(False, description="whether a model without rows empties the destination")


class Holdout(BaseModel):
    """A share of people who are left out, to measure what the others' messages do; the same ones every time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Name = Field(description="the experiment; syncs that name the same one leave the same people out")
    share: float = Field(gt=0, lt=1)


class Alerts(BaseModel):
    """From where on somebody should look."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reject_share: float = Field(0.02, ge=0, le=1, description="rows that were invalid or rejected, of those planned")
    count_share: float = Field(0.5, ge=0, description="how far the rows wanted may be from those of the last runs")
    max_age_hours: float = Field(48, gt=0, description="how long ago the last run may have been")


class Activation(BaseModel):
    """`config.meta.activation` of an exposure."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    connection: _Name = Field(description="where the rows go: a connection of connections.yml; files needs none")
    object: _Name = Field(description="what the destination calls the rows: a table, a list, the name of files")
    mode: Literal["insert", "update", "upsert", "mirror", "append", "audience", "delete"] = Field(
        "mirror", description="mirror: the destination holds the model's rows, and none that left"
    )
    key: tuple[_Name, ...] = Field(min_length=1, description="columns that tell the rows apart")
    fields: dict[_Name, str] | None = Field(
        None, description="columns that are sent, each with the destination's name; default: all but profile_id"
    )
    purpose: str = Field(min_length=1, description="what the rows are used for: a purpose of the seed `purposes`")
    channel: _Name | None = Field(None, description="how people are reached, such as email")
    audience: _Name | None = Field(None, description="whose members the rows are, so that a plan tells who is left out")
    formats: tuple[Literal["csv", "jsonl", "parquet"], ...] = Field(("csv", "parquet"), min_length=1)
    guards: SyncGuards = Field(default_factory=lambda: SyncGuards.model_validate({}))
    holdout: Holdout | None = None
    alerts: Alerts = Field(default_factory=lambda: Alerts.model_validate({}))
    on_ambiguous: Literal["hold", "resend", "reconcile"] = Field(
        "hold", description="what becomes of a message that may have been sent before a crash"
    )

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
    connection: str
    destination: str
    object: str
    mode: str
    key: tuple[str, ...]
    fields: Mapping[str, str]
    purpose: str
    channel: str | None
    audience: str | None
    formats: tuple[str, ...]
    guards: SyncGuards
    holdout: Holdout | None
    alerts: Alerts
    on_ambiguous: str
    model: str
    columns: Mapping[str, str]
    personal: Mapping[str, str]
    description: str = ""

    @property
    def kinds(self) -> dict[str, str]:
        """What each field is to the destination: text, number, boolean, date or timestamp."""
        return {field: kind_of(self.columns.get(name, "text")) for name, field in self.fields.items()}

    @property
    def key_fields(self) -> tuple[str, ...]:
        """What the destination calls the columns of the key."""
        return tuple(self.fields[name] for name in self.key)


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


def kind_of(data_type: str) -> str:
    """What a column of this type is to a destination."""
    return _KINDS.get(re.sub(r"\(.*", "", data_type), "number")


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
    models = _models(exposure)
    named = _MODEL.fullmatch(models[0]) if len(models) == 1 else None
    if not named or named["object"] != activation.object:
        found = ", ".join(models) or "nothing"
        expected = f"sync_{activation.connection}__{activation.object}"
        raise SyncError(f"{where} depends on {found}, but for its object it must depend on {expected} and only that.")
    model = manifest["nodes"].get(exposure["depends_on"]["nodes"][0])
    columns = {name: column.get("data_type") or "text" for name, column in model["columns"].items()} if model else {}
    fields = _fields(activation, columns)
    for told, names in (("key column", activation.key), ("field", fields)):
        if unknown := [name for name in names if columns and name not in columns]:
            there = ", ".join(columns)
            raise SyncError(f"{where}: {told} {', '.join(unknown)} is not in {models[0]}; it has {there}.")
    return Sync(
        name=exposure["name"],
        connection=activation.connection,
        destination=named["destination"],
        object=activation.object,
        mode=activation.mode,
        key=activation.key,
        fields=fields,
        purpose=activation.purpose,
        channel=activation.channel,
        audience=activation.audience,
        formats=activation.formats,
        guards=activation.guards,
        holdout=activation.holdout,
        alerts=activation.alerts,
        on_ambiguous=activation.on_ambiguous,
        model=models[0],
        columns=columns,
        personal={
            name: label
            for name, column in (model["columns"] if model else {}).items()
            if (label := (column.get("config") or {}).get("meta", {}).get("personal_data"))
        },
        description=exposure.get("description") or "",
    )


def _fields(activation: Activation, columns: Iterable[str]) -> dict[str, str]:
    """The columns that are sent and what the destination calls them; those of the key are always among them."""
    chosen = activation.fields or {name: name for name in columns if name != "profile_id"}
    return {name: name for name in activation.key if name not in chosen} | dict(chosen)


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
