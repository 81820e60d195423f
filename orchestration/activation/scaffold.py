"""A sync to begin with: the model, its YAML, its exposure, and a test, for its author to go on with."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from orchestration.activation.errors import DeliveryError
from orchestration.settings import PROJECT_DIR

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# By channel, the column of the door that people are told by.
_KEYS = {"email": "email", "sms": "phone", "phone": "phone"}

_OF_MEMBERS = """\
-- One row per member of {audience} who may be reached by {channel} for {purpose}.
{{{{ config(access='public') }}}}

with rows_to_hold as (
    select
        profile_id,
        {key}
    from {{{{ ref('activation_door') }}}}
    where audience = '{audience}' and channel = '{channel}' and {key} is not null
)

select * from rows_to_hold
"""
_OF_CUSTOMERS = """\
-- One row per customer who may be served: what {destination} shows of them.
{{{{ config(access='public') }}}}

with rows_to_hold as (
    select
        profile_id,
        {key},
        lifecycle_stage,
        order_count,
        net_revenue_amount,
        last_ordered_at
    from {{{{ ref('activation_customers') }}}}
)

select * from rows_to_hold
"""
_FACTS = """\
      - {name: lifecycle_stage, data_type: text, description: "Stage, as in profiles."}
      - {name: order_count, data_type: integer, description: "Orders."}
      - {name: net_revenue_amount, data_type: "numeric(28,6)", description: "What was bought and kept."}
      - {name: last_ordered_at, data_type: timestamp, description: "Last purchase, UTC."}
"""
_MODEL_YAML = """
  - name: {model}
    description: >
      {grain}
    config:
      contract: {{enforced: true}}
      meta: {{key: [profile_id]}}
    data_tests: [{{is_key: {{arguments: {{columns: [profile_id]}}}}}}]
    columns:
      - {{name: profile_id, data_type: text, description: "Profile."}}
      - {{name: {key}, data_type: text, description: "Primary {key}.", config: {{meta: {{personal_data: {key}}}}}}}
{facts}"""
_EXPOSURE_YAML = """
  - name: {destination}_{object}
    type: application
    label: {label}
    description: >
      {grain}
    owner: {{name: Marketing, email: marketing@example.com}}
    depends_on: [ref('{model}')]
    config:
      meta:
        erasure: rebuild
        retention_days: 30
        activation:
          connection: {connection}
          object: {object}
          mode: {mode}
          key: [{key}]
          purpose: {purpose}
{reach}"""
_TEST = """\
-- Fails if {model} holds somebody without a permission for {purpose}{on_channel}.
select held.profile_id
from {{{{ ref('{model}') }}}} as held
left join {{{{ ref('permissions') }}}} as permissions
    on
        held.profile_id = permissions.profile_id
        and permissions.purpose = '{purpose}'{and_channel}
        and permissions.is_allowed
where permissions.profile_id is null
"""


def scaffold(
    manifest: Mapping[str, Any],
    destination: str,
    object_name: str,
    *,
    audience: str | None = None,
    channel: str = "email",
    connection: str | None = None,
    project: Path = PROJECT_DIR,
) -> list[Path]:
    """Write the files of a new sync, of an audience's members or else of customers; the paths that were written.

    Raises `DeliveryError` where a name can't be one, there is no such audience, or a file is there already.
    """
    for told, name in (("destination", destination), ("object", object_name), ("connection", connection or "x")):
        if not _NAME.fullmatch(name) or len(name) > 40:
            raise DeliveryError(f"{name!r} can't be the {told}: use lower-case letters, digits and single underscores.")
    if channel not in _KEYS:
        raise DeliveryError(f"Members are told by an address, and {channel!r} has none: say {', '.join(_KEYS)}.")
    model = f"sync_{destination}__{object_name}"
    purpose = _purpose(manifest, audience) if audience else "order_service"
    key = _KEYS[channel] if audience else "email"
    grain = (
        f"One row per member of {audience} who may be reached by {channel} for {purpose}."
        if audience
        else f"One row per customer who may be served: what {destination} shows of them."
    )
    values = {
        "model": model,
        "destination": destination,
        "object": object_name,
        "connection": connection or destination,
        "audience": audience,
        "channel": channel,
        "purpose": purpose,
        "key": key,
        "grain": grain,
        "label": f"{object_name.replace('_', ' ').capitalize()} of {destination}",
        "mode": "audience" if audience else "mirror",
        "facts": "" if audience else _FACTS,
        "reach": f"          channel: {channel}\n          audience: {audience}\n" if audience else "",
        "on_channel": f" by {channel}" if audience else "",
        "and_channel": f"\n        and permissions.channel = '{channel}'" if audience else "",
    }
    room = project / "models" / "activation"
    begun = {
        room / f"{model}.sql": _OF_MEMBERS if audience else _OF_CUSTOMERS,
        project / "tests" / "singular" / "activation" / f"{model}_is_permitted.sql": _TEST,
    }
    if there := [path.relative_to(project).as_posix() for path in begun if path.exists()]:
        raise DeliveryError(f"There is {', '.join(there)} already, and nothing was written: choose another object.")
    grown = {
        room / "_activation__models.yml": ("models", _MODEL_YAML.format(**values)),
        room / "_activation__exposures.yml": ("exposures", _EXPOSURE_YAML.format(**values)),
    }
    texts = {path: _grown(path, *more) for path, more in grown.items()}
    texts |= {path: text.format(**values) for path, text in begun.items()}
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)


def _grown(path: Path, section: str, entry: str) -> str:
    """The text of a YAML file with one more entry at the end of its section; raise where that can't simply be added."""
    text = path.read_text(encoding="utf-8") if path.is_file() else f"version: 2\n\n{section}:\n"
    grown = f"{text.rstrip()}\n{entry}"
    before, after = yaml.safe_load(text), yaml.safe_load(grown)
    [added] = yaml.safe_load(f"{section}:\n{entry}")[section]
    known = list(before.get(section) or [])
    if after != {**before, section: [*known, added]} or added["name"] in [one["name"] for one in known]:
        told = f"{path.name} has {added['name']} already, or doesn't end with its {section}"
        raise DeliveryError(f"{told}; nothing was written: add it by hand.")
    return grown


def _purpose(manifest: Mapping[str, Any], audience: str) -> str:
    """What an audience was declared for."""
    purposes = {
        node["name"].removeprefix("aud_"): node["config"]["meta"]["audience"]["purpose"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and "audience" in (node["config"].get("meta") or {})
    }
    if audience not in purposes:
        raise DeliveryError(
            f"There is no audience {audience!r}; there are {', '.join(sorted(purposes)) or 'none yet'}."
        )
    return str(purposes[audience])
