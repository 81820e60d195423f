"""One person, as those who serve them read it in a terminal."""

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orchestration.identity.explain_words import (
    counted,
    evidence_in_words,
    hold_in_words,
    printable,
    rule_in_words,
)
from orchestration.profiles.lines import BAD, GOOD, QUIET, Line, Section
from orchestration.profiles.person import Person
from orchestration.profiles.sections import headline, identity, sections
from orchestration.profiles.timeline import Day, Moment, days
from orchestration.profiles.words import found_by, kind_in_words, name_of, stage_of, subtitle, value_of

_TONES = {GOOD: "green", BAD: "red", QUIET: "dim", "": ""}
_MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "dim")}


def show_person(screen: Console, person: Person) -> None:
    """Print everything that is told of a person."""
    _header(screen, person)
    for section in sections(person):
        show_section(screen, section)
    show_section(screen, identity(person))
    _weakest(screen, person)
    _timeline(screen, person)


def _header(screen: Console, person: Person) -> None:
    title = Text(printable(name_of(person)), style="bold")
    if (stage := stage_of(person)) and person.facts["is_known"]:
        title.append(f"  {stage}", style="bold cyan")
    screen.print(title)
    notes = [" · ".join(subtitle(person)), f"Profile {person.profile_id}", found_by(person), person.subject.note]
    for note in filter(None, notes):
        screen.print(Text(printable(note), style="dim"))
    masked, clear = "Values are masked; --show-pii shows them, and logs it.", "Values are in the clear; that is logged."
    screen.print(Text(masked if person.is_masked else clear, style="dim" if person.is_masked else "red"))
    numbers = Table.grid(padding=(0, 3))
    names, values = zip(*headline(person), strict=True)
    numbers.add_row(*(Text(value, style="bold") for value in values))
    numbers.add_row(*(Text(name, style="dim") for name in names))
    screen.print(Padding(numbers, (1, 0, 0, 0)))


def show_section(screen: Console, section: Section) -> None:
    """Print one part of what is told, or its note where there is nothing."""
    if not section.lines:
        screen.print(Text(f"\n{section.title}  ", style="bold").append(printable(section.note), style="not bold dim"))
        return
    screen.print(Padding(Text(section.title, style="bold"), (1, 0, 0, 0)))
    screen.print(Padding(_lines(section.lines), (0, 0, 0, 2)))
    if section.note:
        screen.print(Padding(Text(printable(section.note), style="dim"), (0, 0, 0, 2)))


def _lines(lines: Iterable[Line]) -> Table:
    table = Table.grid(padding=(0, 2), expand=True)
    # What is copied from here is folded, not cut.
    table.add_column(ratio=2, overflow="fold")
    table.add_column(ratio=3, overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for line in lines:
        what = Text(printable(line.what), style=_TONES[line.tone])
        table.add_row(what, _how(line), Text(printable(line.figure)))
    return table


def _how(line: Line) -> RenderableType:
    how = Text(printable(line.how), style="dim")
    if not line.marks:
        return how
    marks = Text()
    for name, holds in line.marks:
        sign, style = _MARKS[holds]
        marks.append(f"{sign} {printable(name)}  ", style=style)
    return Group(marks, how)


def _weakest(screen: Console, person: Person) -> None:
    hold = person.hold
    told = Padding(Text("Weakest link", style="bold"), (1, 0, 0, 0))
    screen.print(told)
    if hold is None:
        screen.print("  Nothing links it: there is one identifier only.", style="dim")
        return
    a, b = (person.identifier(key) for key in (hold.link.key_a, hold.link.key_b))
    ends = " - ".join(f"{kind_in_words(end.identifier_type)} {value_of(end.value)}" for end in (a, b))
    text = Text(printable(ends), style="yellow")
    text.append(f"\n{rule_in_words(hold.link)}; {printable(evidence_in_words(hold.link))}", style="not yellow default")
    text.append(f"\nIt {hold_in_words(hold)}.", style="not yellow default dim")
    screen.print(Padding(text, (0, 0, 0, 2)))


def _timeline(screen: Console, person: Person) -> None:
    shown, count = len(person.events), person.counts["events"]
    title = f"Timeline, the last {shown:,} of {counted(count, 'event')}" if shown < count else "Timeline"
    screen.print(Padding(Text(f"{title} (UTC)", style="bold"), (1, 0, 0, 0)))
    if not person.events:
        screen.print("  Nothing has happened.", style="dim")
    for day in days(person.events):
        _day(screen, day)


def _day(screen: Console, day: Day) -> None:
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(width=5)
    table.add_column(width=9)
    table.add_column(ratio=1)
    table.add_column(justify="right", no_wrap=True)
    for moment in day.moments:
        what = Text(printable(moment.title)).append(_times(moment), style="bold")
        if moment.about:
            what.append(f"  {printable(moment.about)}", style="dim")
        figure = Text(printable(moment.amount)).append(f"  {printable(moment.source)}", style="dim")
        table.add_row(f"{moment.at:%H:%M}", Text(printable(moment.channel), style="cyan"), what, figure)
    screen.print(Padding(Text(f"{day.day:%A}, {day.day.isoformat()}", style="underline"), (0, 0, 0, 2)))
    screen.print(Padding(table, (0, 0, 0, 4)))


def _times(moment: Moment) -> str:
    return f" x{moment.times:,}" if moment.times > 1 else ""
