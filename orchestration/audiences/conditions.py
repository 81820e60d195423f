"""The conditions of audiences: which columns of a table they are, and what the YAML beside it says of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from orchestration.audiences.declarations import Audience, Guards, audience_models
from orchestration.project import DbtError, load_manifest

FACETS = ("value", "since", "until")


@dataclass(frozen=True)
class Declaration:
    """What the YAML of an audience says: its conditions in a sentence each, and what closes its guard."""

    conditions: Mapping[str, str] = field(default_factory=dict)
    guards: Guards = field(default_factory=lambda: Guards.model_validate({}))


def condition_columns(columns: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The conditions of an audience's table, given its columns and types: each with the columns that tell more of it.

    In the order of the table, by the rules of the macros `condition_columns` and `condition_facets`.
    """
    conditions = [name for name, kind in columns.items() if kind.lower() in ("boolean", "bool") and "__" not in name]
    return {
        condition: {facet: name for facet in FACETS if (name := f"{condition}__{facet}") in columns}
        for condition in conditions
    }


def declarations() -> dict[str, Declaration]:
    """What is declared of each audience, as dbt read it last, which is how it was built; nothing where it hasn't."""
    try:
        nodes = load_manifest()["nodes"].values()
    except DbtError:
        return {}
    models = audience_models(node for node in nodes if node["resource_type"] == "model")
    found = {}
    for name, model in models.items():
        told = {str(column["name"]): str(column.get("description") or "") for column in model["columns"].values()}
        try:
            audience = Audience.model_validate((model["config"].get("meta") or {}).get("audience"))
        except ValidationError:
            # Such an audience is refused before a build; what is told here is of an earlier one.
            found[name] = Declaration(told)
        else:
            found[name] = Declaration(told, audience.guards)
    return found
