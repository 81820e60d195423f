"""What a change of the project does to audiences: both states counted on the same data."""

import re
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from orchestration.audiences.compiling import Compiled, CompiledAudience, TrialError, compile_audiences
from orchestration.audiences.desk import Considered, Desk, open_desk
from orchestration.audiences.differences import ANONYMOUS, NOT_LOOKED_AT, AudienceDiff, Diff, Limits, Side, breaches_of
from orchestration.audiences.history import Then, copy_then, look_back
from orchestration.audiences.preview import declared_audience
from orchestration.audiences.trial import bring_permissions, trial_reach
from orchestration.progress import report
from orchestration.project import manifest_path, project_vars
from orchestration.scratch import scratch_folder
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import quoted

_PROJECT_FILE = "dbt_project.yml"


def diff_audiences(settings: Settings, against: str, limits: Limits, project_dir: Path = PROJECT_DIR) -> Diff:
    """Compare audiences of the project as it lies there with those where the work since `against` began.

    Raises `TrialError` where either state can't be read.
    """
    then = look_back(project_dir, against)
    with open_desk(settings) as desk, scratch_folder(settings.home / "diffs") as folder:
        clock = desk.clock()
        before, after = _both(settings.at(clock), desk, then, folder)
        were, are = (
            _listed(compiled, where) for compiled, where in ((before, folder / "project"), (after, project_dir))
        )
        desk.bring_people()
        report("compare", 0, len(are))
        found, unchanged = [], []
        for place, name in enumerate(sorted({*were, *are})):
            report("compare", place, len({*were, *are}), name)
            one, other = were.get(name), are.get(name)
            if one and other and _says(one) == _says(other):
                unchanged.append(name)
            else:
                found.append(_compared(desk, name, one, other, (before, after), then))
        upstream = _upstream(then, [*were.values(), *are.values()])
        broken = [sentence for audience in found for sentence in breaches_of(audience, limits)]
        return Diff(then.name, clock, found, unchanged, upstream, broken)


def _both(settings: Settings, desk: Desk, then: Then, folder: Path) -> tuple[Compiled, Compiled]:
    """The audiences of both states, compiled side by side."""
    report("compile", 0, 2)
    target = folder / "target"
    target.mkdir()
    parsed = manifest_path(then.project_dir).with_name("partial_parse.msgpack")
    if parsed.is_file():
        # Then dbt reads only what differs.
        shutil.copy(parsed, target)
    copy = copy_then(then, folder / "project")
    with ThreadPoolExecutor(2) as both:
        old = both.submit(
            compile_audiences, settings, desk.tables, project_dir=copy, target_path=target, inlines_audiences=True
        )
        new = both.submit(
            compile_audiences, settings, desk.tables, project_dir=then.project_dir, inlines_audiences=True
        )
        after = new.result()
        try:
            before = old.result()
        except TrialError as error:
            raise TrialError(f"The project as of {then.name} can't be read: {error}") from None
    return before, after


def _listed(compiled: Compiled, project_dir: Path) -> dict[str, CompiledAudience]:
    """The audiences that a build of the project would build."""
    listed = project_vars(project_dir).get("audiences") or []
    return {name: audience for name, audience in compiled.audiences.items() if name in listed}


def _says(audience: CompiledAudience) -> tuple[Any, ...]:
    """All that decides who is in an audience and may be contacted."""
    declared = audience.declared or {}
    seeds = [
        (name, (audience.project_dir / seed["path"]).read_bytes()) for name, seed in sorted(audience.seeds.items())
    ]
    return audience.sql, audience.error, *(declared.get(name) for name in _SETTINGS), seeds


_SETTINGS = ("purpose", "channel", "includes_anonymous")


def _compared(
    desk: Desk,
    name: str,
    before: CompiledAudience | None,
    after: CompiledAudience | None,
    compiled: tuple[Compiled, Compiled],
    then: Then,
) -> AudienceDiff:
    files = sorted(then.changed & {*(before.files if before else ()), *(after.files if after else ())})
    told: dict[str, Any] = {"files": files, "settings": [*_settings(before, after), *_vars(then, before, after)]}
    kind = "changed" if before and after else "new" if after else "removed"
    try:
        rows_after = desk.consider(after, "considered_after") if after else None
    except TrialError as error:
        return AudienceDiff(name, "broken", error=str(error), **told)
    try:
        rows_before = desk.consider(before, "considered_before") if before else None
    except TrialError as error:
        return AudienceDiff(name, "broken", error=f"It can't be compared, for before the change: {error}", **told)
    were, are = _members(rows_before), _members(rows_after)
    entering, leaving = f"{are} except {were}", f"{were} except {are}"
    return AudienceDiff(
        name,
        kind,
        _side(desk, before, were, compiled[0].parts),
        _side(desk, after, are, compiled[1].parts),
        _count(desk, entering),
        _count(desk, leaving),
        _failing(desk, entering, rows_before),
        _failing(desk, leaving, rows_after),
        **told,
    )


def _members(rows: Considered | None) -> str:
    if rows is None:
        return "select profile_id from people where 1 = 0"
    return f"select profile_id from {rows.relation} where {rows.qualified}"


def _count(desk: Desk, profiles: str) -> int:
    return int(desk.paper.rows(f"select count(*) from ({profiles})")[0][0])


def _side(desk: Desk, audience: CompiledAudience | None, members: str, parts: Mapping[str, str]) -> Side:
    declared = declared_audience(audience) if audience else None
    if declared is None:
        return Side(_count(desk, members))
    bring_permissions(desk, declared.purpose)
    return Side(_count(desk, members), trial_reach(desk, members, parts))


def _failing(desk: Desk, profiles: str, rows: Considered | None) -> list[tuple[str, int]]:
    """By condition how many of some profiles don't meet it, in the order of the conditions."""
    if rows is None:
        return []
    there = "considered.profile_id is not null"
    tests = ["considered.profile_id is null", f"{there} and not ({rows.eligible})"]
    tests += [f"{there} and ({rows.eligible}) and not coalesce({quoted(name)}, false)" for name in rows.conditions]
    counts = desk.paper.rows(
        f"select {', '.join(f'count(*) filter ({test})' for test in tests)}"
        f" from ({profiles}) as asked left join {rows.relation} as considered using (profile_id)"
    )[0]
    names = [NOT_LOOKED_AT, ANONYMOUS, *rows.conditions]
    return [(name, int(count)) for name, count in zip(names, counts, strict=True) if count]


def _settings(before: CompiledAudience | None, after: CompiledAudience | None) -> list[str]:
    """What differs of what is declared, such as `purpose marketing → analytics`."""
    if not before or not after:
        return []
    one, other = before.declared or {}, after.declared or {}
    return [
        f"{name} {one.get(name, '-')} → {other.get(name, '-')}"
        for name in _SETTINGS
        if one.get(name) != other.get(name)
    ]


def _vars(then: Then, before: CompiledAudience | None, after: CompiledAudience | None) -> list[str]:
    """The changed vars of the project that the files of an audience name."""
    if not before or not after or _PROJECT_FILE not in then.changed:
        return []
    one, other = project_vars(before.project_dir), project_vars(after.project_dir)
    texts = "".join((after.project_dir / path).read_text(encoding="utf-8") for path in after.files)
    return [
        f"var {name} {one.get(name, '-')} → {other.get(name, '-')}"
        for name in sorted({*one, *other})
        if one.get(name) != other.get(name) and re.search(rf"""['"]{re.escape(name)}['"]""", texts)
    ]


def _upstream(then: Then, audiences: Sequence[CompiledAudience]) -> list[str]:
    """What audiences read that changed too, but is published as it was: a build shows what it does."""
    judged = {path for audience in audiences for path in audience.files} | {_PROJECT_FILE}
    read = {path for audience in audiences for path in audience.upstream_files}
    return sorted((then.changed & read) - judged)
