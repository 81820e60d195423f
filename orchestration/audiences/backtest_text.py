"""The back-test of an audience, printed for people, and as JSON for programs."""

from rich.console import Console

from orchestration.audiences.backtest import Backtest, Day
from orchestration.audiences.words import condition_in_words, guard_reasons_in_words, title_of
from orchestration.identity.explain_words import counted, printable
from orchestration.profiles.person import Fact
from orchestration.profiles.records import as_json
from orchestration.terminal import number_table

_KNOWN = {
    False: "Each day knows what had landed by then",
    True: "Each day knows what had happened by then, whenever it landed; what has no time of its own is as it is now",
}


def show_backtest(screen: Console, test: Backtest) -> None:
    """Print a back-test: a sentence and a line per day, the shares of its conditions, and guards that would close."""
    title = title_of({"title": test.title, "audience": test.name})
    for day in test.days:
        count = counted(day.member_count, "member")
        _say(screen, f"{title} would have had {count} on {_date(day)}.", "bold")
    _say(screen, f"{_KNOWN[test.with_hindsight]}; the definition is that of now. The live tables are untouched.", "dim")
    screen.print(_sizes(test))
    screen.print(_reach(test))
    screen.print(_conditions(test))
    for day in test.days:
        if day.guard and not day.guard.is_open:
            reasons = guard_reasons_in_words(day.guard.reasons)
            _say(
                screen,
                f"On {_date(day)} its guard would have closed, with {counted(day.funnel.qualified_count, 'profile')}"
                f" qualified: {reasons} ({day.guard.figures}).",
                "yellow",
            )
    _say(screen, f"{sum(day.seconds for day in test.days):.1f} s", "dim")


def backtest_record(test: Backtest) -> str:
    """The back-test as JSON."""
    told = {
        "audience": test.name,
        "with_hindsight": test.with_hindsight,
        "days": [_record(day) for day in test.days],
    }
    return as_json(told)


def _record(day: Day) -> Fact:
    guard = day.guard
    return {
        "moment": day.moment.replace(tzinfo=None),
        "member_count": day.member_count,
        "qualified_count": day.funnel.qualified_count,
        "entered_count": day.entered_count,
        "left_count": day.left_count,
        "built_count": day.built_count,
        "guard": guard and {"is_open": guard.is_open, "reasons": guard.reasons, "figures": guard.figures},
        "considered_count": day.funnel.base_count,
        "conditions": [
            {"condition": step.condition, "met_count": step.alone_count, "only_missing_count": step.lacking_count}
            for step in day.funnel.steps
        ],
        "reach": [reach._asdict() | {"reasons": dict(reach.reasons)} for reach in day.reach],
        "seconds": round(day.seconds, 2),
    }


def _sizes(test: Backtest) -> object:
    columns = ("day", "members", "entered", "left", "as built then", "seconds")
    rows = [
        (_date(day), day.member_count, day.entered_count, day.left_count, day.built_count, day.seconds)
        for day in test.days
    ]
    return number_table("Members", columns, rows)


def _reach(test: Backtest) -> object:
    channels = [reach.title for reach in test.days[0].reach]
    rows = [(title, *(day.reach[place].deliverable_count for day in test.days)) for place, title in enumerate(channels)]
    return number_table("Members with a contact point and a permission", ("channel", *map(_date, test.days)), rows)


def _conditions(test: Backtest) -> object:
    rows: list[tuple[object, ...]] = []
    for place, step in enumerate(test.days[0].funnel.steps):
        shares = [
            f"{100 * day.funnel.steps[place].alone_count / day.funnel.base_count:.1f} %"
            if day.funnel.base_count
            else "-"
            for day in test.days
        ]
        rows.append((condition_in_words(step.condition, test.declaration), *shares))
    rows.append(("profiles looked at", *(day.funnel.base_count for day in test.days)))
    return number_table("Share of profiles that meet each condition", ("condition", *map(_date, test.days)), rows)


def _date(day: Day) -> str:
    is_midnight = not (day.moment.hour or day.moment.minute)
    return f"{day.moment:%Y-%m-%d}" if is_midnight else f"{day.moment:%Y-%m-%d %H:%M} UTC"


def _say(screen: Console, text: str, style: str = "") -> None:
    screen.print(printable(text), style=style, markup=False, soft_wrap=True)
