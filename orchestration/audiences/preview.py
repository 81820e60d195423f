"""An audience before it ships: who would be in it, of what readers see now. Nothing is built and nothing written."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestration.audiences.compiling import Compiled, CompiledAudience, TrialError, compile_audiences
from orchestration.audiences.declarations import Audience, any_of, audience_problems
from orchestration.audiences.desk import Considered, Desk, open_desk
from orchestration.audiences.funnel import Funnel, read_funnel
from orchestration.audiences.reach import Reach
from orchestration.audiences.trial import Verdict, bring_members, bring_permissions, trial_guard, trial_reach
from orchestration.profiles.facts import read_facts
from orchestration.profiles.masking import mask
from orchestration.profiles.person import Fact
from orchestration.project import project_vars, seed_rows
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import quoted

EXAMPLES = 10
_SHORT_ID = 8
_EXAMPLE = ("profile_id", "country", "city", "last_ordered_at")


@dataclass(frozen=True)
class Preview:
    """An audience as it would be: judged by `clock`, in `seconds`.

    `unknown` counts by condition the profiles of which it can't be told; `left_out_count` the anonymous ones that meet
    every condition of an audience for customers; `problems` say why a build would refuse it as it stands.
    """

    name: str
    audience: CompiledAudience
    declared: Audience | None
    clock: datetime
    funnel: Funnel
    unknown: Mapping[str, int]
    left_out_count: int
    reach: Sequence[Reach]
    guard: Verdict | None
    examples: Sequence[Fact]
    problems: Sequence[str]
    seconds: float

    @property
    def member_count(self) -> int:
        """How many would be members."""
        return self.funnel.qualified_count


def preview_audience(settings: Settings, name: str, project_dir: Path = PROJECT_DIR) -> Preview:
    """Compile an audience, built before or not, and count it on what readers see; `TrialError` where that can't be."""
    started_at = time.monotonic()
    with open_desk(settings) as desk:
        clock = desk.clock()
        key = name.strip().removeprefix("aud_")
        compiled = compile_audiences(settings.at(clock), desk.tables, audiences=[key], project_dir=project_dir)
        audience = found_audience(compiled, key)
        desk.bring_people()
        rows = desk.consider(audience, "considered")
        bring_members(desk)
        declared = declared_audience(audience)
        reach, guard = [], None
        if declared:
            bring_permissions(desk, declared.purpose)
            members = f"select profile_id from {rows.relation} where {rows.qualified}"
            reach = trial_reach(desk, members, compiled.parts)
            guard = trial_guard(desk, key, declared, rows, compiled.parts)
        names = list(rows.conditions)
        return Preview(
            name=key,
            audience=audience,
            declared=declared,
            clock=clock,
            funnel=read_funnel(desk.paper, rows.relation, names, rows.eligible),
            unknown=_unknown(desk, rows),
            left_out_count=_left_out(desk, rows),
            reach=reach,
            guard=guard,
            examples=_examples(desk, rows),
            problems=[*_problems(compiled, audience, rows)],
            seconds=time.monotonic() - started_at,
        )


def found_audience(compiled: Compiled, name: str) -> CompiledAudience:
    """The audience of a name; `TrialError` that lists what there is where the project has none."""
    if name in compiled.audiences:
        return compiled.audiences[name]
    near = get_close_matches(name, compiled.known, n=1, cutoff=0.6)
    meant = f" Did you mean {near[0]}?" if near else ""
    raise TrialError(
        f"There is no audience {name!r}: models/audiences/ has {any_of(compiled.known)}.{meant} An audience is a file"
        " models/audiences/aud_<name>.sql."
    )


def declared_audience(audience: CompiledAudience) -> Audience | None:
    """What an audience declares; None where its declaration is missing or wrong."""
    try:
        return Audience.model_validate(audience.declared)
    except ValidationError:
        return None


def _problems(compiled: Compiled, audience: CompiledAudience, rows: Considered) -> Sequence[str]:
    """Why a build would refuse the audience as it stands, in a sentence each."""
    config = {"contract": {"enforced": audience.is_contracted}}
    known = {name: [row[name] for row in seed_rows("consent", f"{name}s")] for name in ("purpose", "channel")}
    given = project_vars()
    model = _node(audience.name, config | {"meta": {"audience": audience.declared}}, audience.columns)
    others = [_node(other, {}, {}) for other in compiled.known if other != audience.name]
    listed = given.get("audiences") or []
    found = audience_problems([model, *others], listed=listed, known=known, raw_tables=given.get("raw_tables") or [])
    where = f"Audience aud_{audience.name}"
    problems = [problem for problem in found if re.match(rf"{where}\b", problem)]
    listed_columns = set(audience.columns)
    if missing := [name for name in rows.conditions if name not in listed_columns]:
        problems.append(f"{where} has conditions that its YAML doesn't list: {', '.join(missing)}.")
    if rows.doubles:
        problems.append(f"{where} has {rows.doubles:,} rows too many: a row per profile, and none without.")
    return problems


def _node(name: str, config: Mapping[str, Any], columns: Mapping[str, Any]) -> dict[str, Any]:
    """An audience as a manifest holds it."""
    model = f"aud_{name}"
    return {"name": model, "fqn": ["onefolk", "audiences", model], "config": config, "columns": columns}


def _unknown(desk: Desk, rows: Considered) -> dict[str, int]:
    sums = ", ".join(f"count(*) - count({quoted(name)})" for name in rows.conditions)
    counts = desk.paper.rows(f"select {sums} from {rows.relation} where {rows.eligible}")[0]
    return {name: int(count) for name, count in zip(rows.conditions, counts, strict=True)}


def _left_out(desk: Desk, rows: Considered) -> int:
    everybody = rows.qualified.replace(f"({rows.eligible})", f"not ({rows.eligible})", 1)
    return int(desk.paper.rows(f"select count(*) from {rows.relation} where {everybody}")[0][0])


def _examples(desk: Desk, rows: Considered) -> list[Fact]:
    """A few members: short ids, where they live, what decided; masked, though readers' tables hold no direct values."""
    values = {name: facets["value"] for name, facets in rows.conditions.items() if "value" in facets}
    columns = [f"people.{name}" for name in _EXAMPLE] + [f"considered.{quoted(value)}" for value in values.values()]
    found = read_facts(
        desk.paper,
        f"select {', '.join(columns)} from {rows.relation} as considered"
        " inner join people on considered.profile_id = people.profile_id"
        f" where considered.profile_id in (select profile_id from {rows.relation} where {rows.qualified})"
        f" order by people.profile_id limit {EXAMPLES}",
        ", ".join([*_EXAMPLE, *values]),
    )
    return [
        {"profile_id": fact["profile_id"][:_SHORT_ID]}
        | {name: fact[name] for name in _EXAMPLE[1:]}
        | {"values": {name: _masked(fact[name]) for name in values if fact[name] is not None}}
        for fact in found
    ]


def _masked(value: Any) -> Any:
    """A value that looks like an address or a telephone number, masked."""
    looks_private = isinstance(value, str) and ("@" in value or re.search(r"\+?\d[\d ()/-]{8,}\d", value))
    is_a_moment = isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d\b", value)
    return mask("", value) if looks_private and not is_a_moment else value
