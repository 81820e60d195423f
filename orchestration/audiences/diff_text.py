"""What a change does to audiences, printed for people, as a table for a pull request, and as JSON for programs."""

from collections.abc import Iterator, Sequence

from rich.console import Console

from orchestration.audiences.differences import ANONYMOUS, NOT_LOOKED_AT, AudienceDiff, Diff, Side
from orchestration.audiences.reach import Reach
from orchestration.identity.explain_words import counted, printable
from orchestration.profiles.person import Fact
from orchestration.profiles.records import as_json
from orchestration.profiles.words import word
from orchestration.terminal import number_table

_COLUMNS = ("audience", "before", "after", "in", "out", "changed", "may be contacted", "why")
_WORDS = {NOT_LOOKED_AT: "not looked at", ANONYMOUS: "anonymous"}


def show_diff(screen: Console, diff: Diff) -> None:
    """Print what changes, why, and what is beyond a limit."""
    if not diff.audiences:
        _say(screen, f"No audience changed since {diff.against}.", "bold")
    else:
        title = f"Audiences that changed since {diff.against}, as of {diff.clock:%Y-%m-%d %H:%M} UTC"
        screen.print(number_table(title, _COLUMNS[:-2], [_cells(audience)[:-2] for audience in diff.audiences]))
        for audience in diff.audiences:
            for sentence in _sentences(audience):
                _say(screen, sentence)
    for sentence in _notes(diff):
        _say(screen, sentence, "dim")
    for breach in diff.breaches:
        _say(screen, f"Beyond a limit: {breach}", "bold red")


def markdown(diff: Diff) -> str:
    """A heading, a table and the sentences, for the comment of a pull request."""
    lines = [f"### Audiences, against {_escaped(diff.against)}", ""]
    if diff.audiences:
        lines += [_row(_COLUMNS), _row("---" if place in (0, 7) else "---:" for place in range(len(_COLUMNS)))]
        lines += [_row(map(_escaped, _cells(audience))) for audience in diff.audiences]
        lines += ["", *(f"- {_escaped(text)}" for audience in diff.audiences for text in _sentences(audience))]
    else:
        lines.append("No audience changed.")
    lines += ["", *(f"{_escaped(note)}\n" for note in _notes(diff))]
    lines += [f"**Beyond a limit:** {_escaped(breach)}\n" for breach in diff.breaches]
    return "\n".join(lines).rstrip() + "\n"


def diff_record(diff: Diff) -> str:
    """The comparison as JSON."""
    told = {
        "against": diff.against,
        "as_of": diff.clock.replace(tzinfo=None),
        "audiences": [_record(audience) for audience in diff.audiences],
        "unchanged": diff.unchanged,
        "upstream_files": diff.upstream,
        "breaches": diff.breaches,
    }
    return as_json(told)


def _record(audience: AudienceDiff) -> Fact:
    return {
        "audience": audience.name,
        "kind": audience.kind,
        "before": _side(audience.before),
        "after": _side(audience.after),
        "entered_count": audience.entered_count,
        "left_count": audience.left_count,
        "change_share": None if audience.share is None else round(audience.share, 6),
        "entered_by": dict(audience.entered_by),
        "left_by": dict(audience.left_by),
        "files": audience.files,
        "settings": audience.settings,
        "error": audience.error,
    }


def _side(side: Side) -> Fact:
    return {
        "member_count": side.member_count,
        "reach": [reach._asdict() | {"reasons": dict(reach.reasons)} for reach in side.reach],
    }


def _cells(audience: AudienceDiff) -> Sequence[str]:
    """The cells of one audience, in the order of the columns."""
    why = ", ".join([*audience.settings, *audience.files]) or "another audience that it reads"
    if audience.kind == "broken":
        return (f"{audience.name} (broken)", "-", "-", "-", "-", "-", "-", why)
    share = "-" if audience.share is None else f"{100 * audience.share:.1f} %"
    name = audience.name if audience.kind == "changed" else f"{audience.name} ({audience.kind})"
    counts = (audience.before.member_count, audience.after.member_count, audience.entered_count, audience.left_count)
    return (name, *(f"{count:,}" for count in counts), share, "; ".join(_reach(audience)) or "-", why)


def _reach(audience: AudienceDiff) -> Iterator[str]:
    """Channel by channel, how many may be contacted and can be, before and after."""
    before, after = ({reach.channel: reach for reach in side.reach} for side in (audience.before, audience.after))
    for channel in {**before, **after}:
        one, other = before.get(channel), after.get(channel)
        yield f"{(other or one or _NOBODY).title} {_count(one)} → {_count(other)}"


_NOBODY = Reach("", "", 0, 0, 0, 0, [])


def _count(reach: Reach | None) -> str:
    return f"{(reach or _NOBODY).deliverable_count:,}"


def _sentences(audience: AudienceDiff) -> Iterator[str]:
    if audience.error:
        yield f"{audience.name}: {audience.error}"
        return
    reasons = [*audience.settings, *(f"{path} changed" for path in audience.files)]
    yield f"{audience.name}: {', '.join(reasons) or 'an audience that it reads changed'}."
    if audience.left_by:
        yield f"{audience.name}: who leaves, no longer meets {_listed(audience.left_by)}."
    if audience.entered_by:
        yield f"{audience.name}: who enters, didn't meet before {_listed(audience.entered_by)}."
    if moved := ", ".join(_reach(audience)):
        yield f"{audience.name}: may be contacted: {moved}."


def _listed(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{_WORDS.get(name) or word(name)} ({count:,})" for name, count in counts)


def _notes(diff: Diff) -> Iterator[str]:
    if diff.unchanged:
        yield f"{counted(len(diff.unchanged), 'audience')} unchanged."
    if diff.upstream:
        yield (
            "Changed as well, before the audiences, and not judged here, for readers see what was built before:"
            f" {', '.join(diff.upstream)}."
        )


def _row(cells: "Iterator[str] | Sequence[str]") -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Text that stays itself in a table of Markdown."""
    escaped = "".join(f"\\{sign}" if sign in "\\|*_`<>[]#" else sign for sign in text)
    return " ".join(escaped.split())


def _say(screen: Console, text: str, style: str = "") -> None:
    screen.print(printable(text), style=style, markup=False, soft_wrap=True)
