"""The preview of an audience, printed for people, and as JSON for programs."""

from rich.console import Console

from orchestration.audiences.conditions import Declaration
from orchestration.audiences.preview import Preview
from orchestration.audiences.reach import Reach
from orchestration.audiences.words import (
    condition_in_words,
    guard_reasons_in_words,
    reason_in_words,
    title_of,
    value_in_words,
)
from orchestration.identity.explain_words import counted, printable
from orchestration.profiles.person import Fact
from orchestration.profiles.records import as_json
from orchestration.terminal import number_table, shown


def show_preview(screen: Console, preview: Preview) -> None:
    """Print a preview: size, conditions, reach, guard, examples, what is to be mended, and how long it took."""
    _say(screen, f"{_title(preview)}: {counted(preview.member_count, 'member')}.", "bold")
    _say(screen, f"As of {preview.clock:%Y-%m-%d %H:%M} UTC, of what readers see. Nothing was built.", "dim")
    if preview.left_out_count:
        count = counted(preview.left_out_count, "anonymous profile")
        _say(screen, f"{count} more would meet every condition, and the audience is not for them.")
    screen.print(_conditions(preview))
    if preview.reach:
        screen.print(_reach(preview))
    for sentence in _guard(preview):
        _say(screen, sentence)
    if preview.examples:
        screen.print(_examples(preview))
    for problem in preview.problems:
        _say(screen, f"To mend before it is built: {problem}", "yellow")
    _say(screen, f"{preview.seconds:.1f} s", "dim")


def preview_record(preview: Preview) -> str:
    """The preview as JSON."""
    guard = preview.guard
    declared = preview.declared
    told = {
        "audience": preview.name,
        "path": preview.audience.path,
        "as_of": preview.clock.replace(tzinfo=None),
        "purpose": declared and declared.purpose,
        "channel": declared and declared.channel,
        "considered_count": preview.funnel.base_count,
        "member_count": preview.member_count,
        "anonymous_left_out_count": preview.left_out_count,
        "conditions": [_condition(preview, place) for place in range(len(preview.funnel.steps))],
        "reach": [reach._asdict() | {"reasons": dict(reach.reasons)} for reach in preview.reach],
        "guard": guard
        and {
            "is_open": guard.is_open,
            "reasons": guard.reasons,
            "figures": guard.figures,
            "before_count": guard.before_count,
            "entering_count": guard.entering_count,
            "leaving_count": guard.leaving_count,
            "not_judged": list(guard.not_judged),
        },
        "examples": preview.examples,
        "problems": preview.problems,
        "seconds": round(preview.seconds, 2),
    }
    return as_json(told)


def reach_rows(reach: list[Reach]) -> list[tuple[object, ...]]:
    """A row per channel: contact point, permitted, both, and why the others may not."""
    return [
        (
            channel.title,
            channel.contactable_count,
            channel.permitted_count,
            channel.deliverable_count,
            ", ".join(f"{reason_in_words(reason)} {count:,}" for reason, count in channel.reasons[:3]) or "-",
        )
        for channel in reach
    ]


def _condition(preview: Preview, place: int) -> Fact:
    step = preview.funnel.steps[place]
    return {
        "condition": step.condition,
        "met_count": step.alone_count,
        "met_share": _share(step.alone_count, preview.funnel.base_count),
        "met_with_those_before_count": step.met_count,
        "only_missing_count": step.lacking_count,
        "unknown_count": preview.unknown[step.condition],
    }


def _conditions(preview: Preview) -> object:
    funnel = preview.funnel
    words = Declaration({name: column["description"] for name, column in preview.audience.columns.items()})
    most = max((step.lacking_count for step in funnel.steps), default=0)
    rows = [
        (
            condition_in_words(step.condition, words),
            step.alone_count,
            f"{100 * _share(step.alone_count, funnel.base_count):.1f} %",
            step.met_count,
            f"{step.lacking_count:,}{' ←' if most and step.lacking_count == most and len(funnel.steps) > 1 else ''}",
            preview.unknown[step.condition],
        )
        for step in funnel.steps
    ]
    title = f"Conditions, of {counted(funnel.base_count, 'profile')} looked at"
    return number_table(title, ("condition", "meet it", "share", "and all before", "lack only it", "not known"), rows)


def _reach(preview: Preview) -> object:
    declared = preview.declared
    meant = f", meant for {declared.channel}" if declared and declared.channel else ""
    title = f"Reach for {declared.purpose if declared else '-'}{meant}"
    columns = ("channel", "can be reached", "permitted", "both", "why not")
    return number_table(title, columns, reach_rows(list(preview.reach)))


def _guard(preview: Preview) -> list[str]:
    guard = preview.guard
    if guard is None:
        return []
    change = f"{guard.entering_count:,} would enter and {guard.leaving_count:,} leave of {guard.before_count:,} now"
    state = "open" if guard.is_open else f"closed: {guard_reasons_in_words(guard.reasons)} ({guard.figures})"
    left_out = f" Not judged here, for readers don't see it: {', '.join(guard.not_judged)}." if guard.not_judged else ""
    return [f"Its guard would be {state}; {change}.{left_out}"]


def _examples(preview: Preview) -> object:
    conditions = [name for name in preview.unknown if any(name in example["values"] for example in preview.examples)]
    rows = [
        (
            example["profile_id"],
            example["country"],
            example["city"],
            shown(example["last_ordered_at"]),
            *(value_in_words(example["values"].get(name)) or "-" for name in conditions),
        )
        for example in preview.examples
    ]
    return number_table(
        f"{counted(len(rows), 'example')}, masked", ("profile", "country", "city", "last order", *conditions), rows
    )


def _title(preview: Preview) -> str:
    title = preview.declared.title if preview.declared else None
    return title_of({"title": title, "audience": preview.name})


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0


def _say(screen: Console, text: str, style: str = "") -> None:
    screen.print(printable(text), style=style, markup=False, soft_wrap=True)
