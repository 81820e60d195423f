"""All audiences as one page: a file without a script, that fetches nothing and holds no personal data."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from orchestration.audiences.attention import closed_since, notices
from orchestration.audiences.charts import HALF, HEIGHT, WIDTH, draw, spark
from orchestration.audiences.report import DAYS, SOON_DAYS, AudienceReport, Report
from orchestration.audiences.words import (
    cause_of_many,
    condition_in_words,
    description_of,
    guard_reasons_in_words,
    reason_in_words,
    title_of,
)
from orchestration.pages import render
from orchestration.profiles.words import NOTHING, day_of, word
from orchestration.publishing.export import whole_file

_SHOWN_CHANGES, _SHOWN_RUNS = 8, 12


class Cell(NamedTuple):
    """Two audiences: members that they share, the share of the row's, and that in words."""

    shared: str
    share: float
    hover: str


def write_report(report: Report, path: Path) -> None:
    """Write the page, whole or not at all; raise `ExportError` where that can't be done."""
    with whole_file(path) as partial:
        partial.write_text(page(report), encoding="utf-8")


def page(report: Report) -> str:
    """The page as HTML; every text in it is escaped."""
    titles = [title_of(audience.definition) for audience in report.audiences]
    return render(
        "orchestration.audiences",
        "report.html",
        day=report.day.isoformat(),
        made_at=datetime.now(UTC),
        days=DAYS,
        soon_days=SOON_DAYS,
        notices=notices(report),
        audiences=[_told(report, audience) for audience in report.audiences],
        titles=titles,
        matrix=[_row(report, audience) for audience in report.audiences],
        member_count=f"{sum(audience.member_count for audience in report.audiences):,}",
        size=(WIDTH, HEIGHT, HALF),
    )


def _told(report: Report, audience: AudienceReport) -> dict[str, Any]:
    """What the page tells of one audience, in words."""
    definition, guard, best = audience.definition, audience.guard, audience.best_reach
    before = audience.before(report.moment - timedelta(days=DAYS))
    run = audience.last_run if len(audience.sizes) > 1 else None
    since_run = int(run["entered_count"]) - int(run["left_count"]) if run else 0
    channels = {reach.channel: reach.title for reach in audience.reach}
    return {
        "name": audience.name,
        "title": title_of(definition),
        "description": description_of(definition),
        "purpose": audience.purpose,
        "basis": word(audience.purpose["legal_basis"]),
        "owner": definition["owner"] or NOTHING,
        "channel": channels.get(definition["channel"], definition["channel"]) or "any channel",
        "is_for_anonymous": definition["is_for_anonymous"],
        "members": f"{audience.member_count:,}",
        "ending": f"{audience.ending_count:,}",
        "since_run": _signed(since_run) if len(audience.sizes) > 1 else "new",
        "since_days": NOTHING if before is None else _signed(audience.member_count - before),
        "best": best,
        "best_count": f"{best.deliverable_count:,}" if best else NOTHING,
        "best_share": _share(best.deliverable_count, audience.member_count) if best else "",
        "guard": guard.state if guard else "open",
        "guard_reasons": guard_reasons_in_words(guard.reasons) if guard else "",
        "guard_figures": (guard.figures or "") if guard else "",
        "closed_since": closed_since(audience),
        "candidates": f"{guard.candidate_count:,}" if guard else NOTHING,
        "limits": list(_limits(audience)),
        "overridden": [day_of(size["measured_at"]) for size in audience.sizes if size["is_overridden"]],
        "chart": draw(audience.sizes, report.moment),
        "spark": spark(audience.sizes, report.moment),
        "runs": [_run(size) for size in reversed(audience.sizes[-_SHOWN_RUNS:])],
        "funnel": _funnel(audience),
        "misses": _misses(audience),
        "reach": [
            reach._asdict()
            | {
                "counts": [(f"{count:,}", _percent(count, reach.member_count)) for count in reach[3:6]],
                "why": ", ".join(f"{count:,} {reason_in_words(reason)}" for reason, count in reach.reasons),
            }
            for reach in audience.reach
        ],
        "changes": _changes(audience),
    }


def _funnel(audience: AudienceReport) -> list[dict[str, Any]]:
    """Bars from everybody whom the audience looks at to those who meet every condition."""
    funnel = audience.funnel
    if funnel is None:
        return []
    who = "Everybody, known or not" if audience.definition["is_for_anonymous"] else "All known people"
    bars = [{"words": who, "count": f"{funnel.base_count:,}", "percent": 100.0, "note": ""}]
    for place, step in enumerate(funnel.steps):
        bars.append(
            {
                "words": ("" if place == 0 else "and: ") + condition_in_words(step.condition, audience.declaration),
                "count": f"{step.met_count:,}",
                "percent": _percent(step.met_count, funnel.base_count),
                "note": f"{step.alone_count:,} meet it by itself" if place else "",
            }
        )
    return bars


def _misses(audience: AudienceReport) -> list[tuple[str, str]]:
    """The conditions that alone keep people out, and how many."""
    steps = audience.funnel.steps if audience.funnel and len(audience.funnel.steps) > 1 else []
    ordered = sorted((step for step in steps if step.lacking_count), key=lambda step: -step.lacking_count)
    return [(condition_in_words(step.condition, audience.declaration), f"{step.lacking_count:,}") for step in ordered]


def _limits(audience: AudienceReport) -> Iterator[str]:
    """What closes the guard, one sentence each."""
    definition, guards = audience.definition, audience.declaration.guards
    if definition["min_member_count"] is not None:
        yield f"At least {definition['min_member_count']:,} members"
    if definition["max_member_count"] is not None:
        yield f"At most {definition['max_member_count']:,} members"
    if definition["max_change_share"] is not None:
        yield f"At most {definition['max_change_share']:.0%} may enter or leave at once"
    if definition["max_unreachable_share"] is not None:
        yield f"At most {definition['max_unreachable_share']:.0%} without a way to reach them"
    for table, hours in guards.max_data_age_hours.items():
        yield f"{word(table.replace('.', ' '))} at most {hours:g} hours old"
    for other in guards.excludes:
        yield f"Nobody who is in “{word(other)}”"


def _run(size: dict[str, Any]) -> dict[str, str]:
    counts = {name: f"{int(size[name]):,}" for name in ("member_count", "entered_count", "left_count")}
    guard = "overridden" if size["is_overridden"] else "open" if size["is_open"] else "closed"
    return counts | {"day": f"{size['measured_at']:%Y-%m-%d %H:%M}", "guard": guard}


def _changes(audience: AudienceReport) -> list[tuple[str, str, str, bool]]:
    """The newest entries and exits: day, how many, why, and whether they entered."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for change in audience.changes:
        counts[day_of(change["occurred_at"]), change["change_type"], change["cause"]] += int(change["people_count"])
    newest = sorted(counts.items(), key=lambda pair: (pair[0][0], pair[1]), reverse=True)[:_SHOWN_CHANGES]
    return [
        (day, f"{count:,} {kind}", cause_of_many(kind, cause), kind == "entered")
        for (day, kind, cause), count in newest
    ]


def _row(report: Report, audience: AudienceReport) -> list[Cell | None]:
    """The audience beside each: None beside itself."""
    cells: list[Cell | None] = []
    for other in report.audiences:
        if other.name == audience.name:
            cells.append(None)
            continue
        shared = report.overlaps.get((audience.name, other.name))
        count, share = (int(shared["shared_count"]), float(shared["shared_share"])) if shared else (0, 0.0)
        own, theirs = title_of(audience.definition), title_of(other.definition)
        hover = f"{count:,} of {audience.member_count:,} in {own} are also in {theirs}"
        cells.append(Cell(f"{count:,}" if count else "", share, f"{hover}, {share:.0%}"))
    return cells


def _signed(count: int) -> str:
    return f"{count:+,}" if count else "0"


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def _share(part: int, whole: int) -> str:
    return f"{_percent(part, whole):.0f} %" if whole else ""
