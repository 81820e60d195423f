"""What audiences declare, and why one must not be built as it stands: one sentence per problem."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestration.activation.syncs import explained

_FACETS = {"value": None, "since": "timestamp", "until": "timestamp"}


class Guards(BaseModel):
    """`config.meta.audience.guards`: what closes the guard of an audience, so that it keeps the members it had."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_members: int | None = Field(None, ge=0)
    max_members: int | None = Field(None, ge=0)
    max_change_share: float | None = Field(None, ge=0)
    max_unreachable_share: float | None = Field(None, ge=0, le=1)
    max_data_age_hours: dict[str, float] = Field(default_factory=dict)
    excludes: tuple[str, ...] = ()


class Audience(BaseModel):
    """`config.meta.audience` of an audience model: what its members may be used for, and who answers for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    title: str | None = Field(None, min_length=1)
    channel: str | None = Field(None, pattern=r"^[a-z][a-z0-9_]*$")
    includes_anonymous: bool = False
    guards: Guards = Field(default_factory=lambda: Guards.model_validate({}))


def audience_models(models: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The audience models of a manifest by the names of their audiences."""
    return {
        model["name"].removeprefix("aud_"): model
        for model in models
        if model["fqn"][1] == "audiences" and model["name"].startswith("aud_")
    }


def audience_problems(
    models: Iterable[Mapping[str, Any]],
    *,
    listed: Sequence[str],
    known: Mapping[str, Sequence[str]],
    raw_tables: Sequence[str],
) -> Iterator[str]:
    """Why audiences must not be built: no or an unknown purpose, no condition, one that isn't boolean, a wrong list.

    `listed` is the var `audiences`; `known` holds the purposes and channels of consent.
    """
    audiences = audience_models(models)
    for model in audiences.values():
        yield from _problems(f"Audience {model['name']}", model, audiences, known, raw_tables)
    for name in sorted(set(audiences) - set(listed)):
        yield f"Audience aud_{name} is not in the list `audiences` of dbt_project.yml; listed are {any_of(listed)}."
    for name in sorted(set(listed) - set(audiences)):
        yield (
            f"The list `audiences` of dbt_project.yml names {name}, but models/audiences/aud_{name}.sql is not there;"
            f" there are {any_of(sorted(audiences))}."
        )
    for name, count in Counter(listed).items():
        if count > 1:
            yield f"The list `audiences` of dbt_project.yml names {name} {count} times: name it once."


def unknown_values(where: str, known: Mapping[str, Sequence[str]], declared: Any) -> Iterator[str]:
    """What a declaration names, of purposes and channels, that consent doesn't know."""
    for name, values in known.items():
        value = getattr(declared, name)
        if value is not None and value not in values:
            yield f"{where} has the unknown {name} {value!r}; known are {any_of(values)}."


def unknown_guards(allowed: str, listed: Sequence[str]) -> Iterator[str]:
    """What a run is told to let through, and no audience is called."""
    for name in filter(None, allowed.split(",")):
        if name not in listed:
            yield f"There is no guard of {name!r} to allow: audiences are {any_of(listed)}."


def any_of(names: Sequence[str]) -> str:
    """Names in a sentence."""
    return ", ".join(names) or "none so far"


def _problems(
    where: str,
    model: Mapping[str, Any],
    audiences: Mapping[str, Any],
    known: Mapping[str, Sequence[str]],
    raw_tables: Sequence[str],
) -> Iterator[str]:
    meta = model["config"].get("meta") or {}
    if (declared := meta.get("audience")) is None:
        purposes = any_of(known["purpose"])
        yield f"{where} has no config.meta.audience: it needs a purpose, one of {purposes}, and an owner."
    else:
        try:
            audience = Audience.model_validate(declared)
        except ValidationError as error:
            yield f"{where}: {explained(error, 'audience', Audience)}"
        else:
            yield from unknown_values(where, known, audience)
            yield from _guard_problems(where, audience.guards, audiences, raw_tables)
    yield from _column_problems(where, model)


def _guard_problems(
    where: str, guards: Guards, audiences: Mapping[str, Any], raw_tables: Sequence[str]
) -> Iterator[str]:
    if guards.min_members is not None and guards.max_members is not None and guards.min_members > guards.max_members:
        yield f"{where}: min_members is {guards.min_members}, more than max_members, {guards.max_members}."
    for other in guards.excludes:
        if other not in audiences or where == f"Audience aud_{other}":
            yield f"{where} excludes {other!r}, which is no other audience; there are {any_of(sorted(audiences))}."
    for table in guards.max_data_age_hours:
        if table not in raw_tables:
            yield f"{where}: max_data_age_hours names {table!r}; raw tables are {any_of(raw_tables)}."


def _column_problems(where: str, model: Mapping[str, Any]) -> Iterator[str]:
    """A condition is a boolean column; the contract of the model makes dbt see to it that the table is so."""
    columns = {name: str(column.get("data_type") or "").lower() for name, column in model["columns"].items()}
    conditions = [name for name, kind in columns.items() if kind == "boolean" and "__" not in name]
    if not (model["config"].get("contract") or {}).get("enforced"):
        yield f"{where} has no enforced contract: say `contract: {{enforced: true}}` in config, and list its columns."
    if "profile_id" not in columns:
        yield f"{where} lists no column profile_id."
    if not conditions:
        yield f"{where} lists no condition, a boolean column of its own; without one it has no members."
    for name, kind in columns.items():
        if name == "profile_id" or name in conditions:
            continue
        facet = re.fullmatch(r"(\w+?)__(\w+)", name)
        if not facet:
            yield f"{where}: {name} is {kind or 'untyped'}, but a condition is boolean."
        elif facet[1] not in conditions or facet[2] not in _FACETS:
            yield (
                f"{where}: {name} says nothing of a condition: it is named <condition>__value, __since or __until;"
                f" conditions are {any_of(conditions)}."
            )
        elif (wanted := _FACETS[facet[2]]) and kind != wanted:
            yield f"{where}: {name} is {kind or 'untyped'}, but must be a {wanted}."
