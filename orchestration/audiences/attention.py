"""What somebody should look at first: closed guards, audiences without members or reach, sudden changes."""

from collections.abc import Iterator
from typing import NamedTuple

from orchestration.audiences.report import AudienceReport, Report
from orchestration.audiences.words import condition_in_words, guard_reasons_in_words, reason_in_words, title_of
from orchestration.identity.explain_words import counted
from orchestration.profiles.lines import BAD
from orchestration.profiles.words import day_of

# A change is sudden where it is larger than this share of the members, in an audience that is not tiny.
_SUDDEN_SHARE, _LEAST_MEMBERS = 0.3, 20


class Notice(NamedTuple):
    """One thing to look at: the audience's key and title, how bad it is, and what it is, in sentences."""

    audience: str
    title: str
    tone: str
    text: str


def notices(report: Report) -> list[Notice]:
    """What needs attention, the worst first."""
    found = [notice for audience in report.audiences for notice in _notices(audience)]
    return sorted(found, key=lambda notice: notice.tone != BAD)


def _notices(audience: AudienceReport) -> Iterator[Notice]:
    title = title_of(audience.definition)
    guard = audience.guard
    if guard and not guard.is_open:
        yield Notice(audience.name, title, BAD, _closed(audience))
    elif guard and guard.is_overridden:
        told = guard_reasons_in_words(guard.reasons)
        yield Notice(audience.name, title, "", f"Its guard was overridden by name: {told} ({guard.figures}).")
    if not audience.member_count:
        yield Notice(audience.name, title, BAD, f"It has no member. {_emptiest(audience)}".strip())
    elif (reach := audience.best_reach) and not reach.deliverable_count:
        why = f"; mostly: {reason_in_words(reach.reasons[0][0])}" if reach.reasons else ""
        text = f"None of its {counted(audience.member_count, 'member')} may be contacted on any channel it is for{why}."
        yield Notice(audience.name, title, BAD, text)
    if text := _sudden(audience):
        yield Notice(audience.name, title, "", text)


def closed_since(audience: AudienceReport) -> str:
    """The day since which the guard has been closed."""
    since = None
    for size in reversed(audience.sizes):
        if size["is_open"]:
            break
        since = size["measured_at"]
    return day_of(since)


def _closed(audience: AudienceReport) -> str:
    guard = audience.guard
    assert guard is not None, "only a guard closes"
    return (
        f"Its guard is closed since {closed_since(audience)}: {guard_reasons_in_words(guard.reasons)}"
        f" ({guard.figures}). It keeps the {counted(guard.member_count, 'member')} it had; {guard.candidate_count:,}"
        " meet every condition now."
    )


def _emptiest(audience: AudienceReport) -> str:
    """The condition that fewest meet."""
    if not audience.funnel or not audience.funnel.steps:
        return ""
    if audience.funnel.qualified_count:
        return "People meet every condition, but its guard is closed."
    fewest = min(audience.funnel.steps, key=lambda step: step.alone_count)
    count = f"{fewest.alone_count:,} of {audience.funnel.base_count:,}" if fewest.alone_count else "Nobody"
    name = condition_in_words(fewest.condition, audience.declaration)
    return f"{count} meet{'' if fewest.alone_count else 's'} “{name}”."


def _sudden(audience: AudienceReport) -> str:
    """The last change, where it was large; empty where it was not, or everybody entered for the first time."""
    run = audience.last_run
    if run is None or len(audience.sizes) < 2:
        return ""
    entered, left = int(run["entered_count"]), int(run["left_count"])
    before = int(run["member_count"]) - entered + left
    if max(before, audience.member_count) < _LEAST_MEMBERS or entered + left <= _SUDDEN_SHARE * before:
        return ""
    why = " Its definition changed." if run["definition"] != audience.sizes[-2]["definition"] else ""
    of_them = f"of {counted(before, 'member')} before"
    return f"On {day_of(run['measured_at'])} {entered:,} entered and {left:,} left, {of_them}.{why}"
