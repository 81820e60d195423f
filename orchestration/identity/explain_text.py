"""Why identifiers are one person, as a person reads it in a terminal: a path, or a tree, and what was not accepted."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from orchestration.identity.explain import Explanation
from orchestration.identity.explain_words import (
    counted,
    evidence_in_words,
    hold_in_words,
    named,
    period,
    reason_in_words,
    rule_in_words,
    spaced,
)
from orchestration.identity.graph import Link, grown, strongest_tree, weakest, weakest_hold

_SHOWN_IDENTIFIERS, _SHOWN_REFUSED = 40, 12
_GUIDE_WIDTH, _LEAST_ROOM = 4, 60
_WEAKEST = "WEAKEST LINK  "


def show_explanation(screen: Console, explanation: Explanation) -> None:
    """Print the whole answer: about one subject its profile, about two what joins them or keeps them apart."""
    for subject in explanation.subjects:
        if subject.note:
            _print(screen, subject.note)
    if not explanation.is_one_profile:
        _two_profiles(screen, explanation)
    elif len({subject.key for subject in explanation.subjects}) == 2 and all(s.key for s in explanation.subjects):
        _one_profile(screen, explanation)
    else:
        _profile(screen, explanation)


def _one_profile(screen: Console, explanation: Explanation) -> None:
    """Two identifiers of one profile, and the path between them."""
    first, second = (_subject(explanation, place) for place in (0, 1))
    _print(screen, f"{first} and {second} are one person.", style="bold")
    _print(screen, _size(explanation, explanation.subjects[0].profile_id))
    path = explanation.path()
    if not path:
        _print(screen, "No accepted link joins them: the tables are of two builds, and `onefolk build` makes them one.")
        return
    _print(screen, f"\nThe strongest path of evidence between them has {counted(len(path), 'link')}:\n")
    _path(screen, explanation, path, explanation.root())


def _two_profiles(screen: Console, explanation: Explanation) -> None:
    """Two profiles: the refused links between them, and the path they would have made."""
    first, second = (_subject(explanation, place) for place in (0, 1))
    _print(screen, f"{first} and {second} are two people.", style="bold")
    for subject in explanation.subjects:
        _print(screen, _size(explanation, subject.profile_id))
    refused = explanation.refused_between()
    if refused:
        told = "Links that were not accepted, between the two or at an identifier that you named"
        _print(screen, f"\n{told} ({len(refused):,}):", style="bold")
        _refused(screen, explanation, refused)
    else:
        _print(screen, "\nNo evidence links the two profiles, nor was any refused.")
    would_be = explanation.would_be_path()
    if would_be:
        start, path = would_be
        count = sum(link.reason is not None for link in path)
        _print(screen, f"\nThey would be one person, had {counted(count, 'link')} been accepted:\n", style="bold")
        _path(screen, explanation, path, start)
    elif refused:
        _print(screen, "Even with all of them accepted the two would not be joined.")


def _profile(screen: Console, explanation: Explanation) -> None:
    """One profile as a tree of its strongest evidence, with what was refused around it."""
    profile_id = explanation.subjects[0].profile_id
    members = explanation.members(profile_id)
    root = explanation.root()
    if explanation.subjects[0].key:
        _print(screen, f"{_subject(explanation, 0)} is one of {counted(len(members), 'identifier')}.", style="bold")
    _print(screen, _size(explanation, profile_id))
    tree = strongest_tree(explanation.links)
    if tree:
        _tree(screen, explanation, tree, root)
        _weakest_of_tree(screen, explanation)
    else:
        _print(screen, f"\n{named(explanation.identifier(root))}: no link joins it with anything.")
    if explanation.refused:
        _print(screen, f"\nLinks that were not accepted ({len(explanation.refused):,}):", style="bold")
        _refused(screen, explanation, _nearest_first(explanation))
    else:
        _print(screen, "\nNo link at this profile was refused.")


def _tree(screen: Console, explanation: Explanation, tree: Sequence[Link], root: str) -> None:
    part = grown(tree, root, _SHOWN_IDENTIFIERS)
    weak = weakest(tree)
    _print(screen, "\nWhat holds it together, each identifier under the one that it is best linked to:\n")
    drawn = {root: Tree(_identifier(explanation, root), guide_style="dim")}
    for key, link in part:
        if link is not None:
            label = _identifier(explanation, key)
            label.append("\n")
            label.append_text(_evidence(link, is_weakest=link == weak))
            drawn[key] = drawn[link.other(key)].add(label)
    # A tree so deep that little room is left beside it is wider than the terminal instead.
    room = max(screen.width, _GUIDE_WIDTH * _depth(part) + _LEAST_ROOM)
    screen.print(drawn[root], width=room, crop=False)
    more = len(tree) + 1 - len(part)
    if more > 0:
        shown = f"The {len(part):,} that are best linked to the first are shown; {counted(more, 'identifier')} more"
        _print(screen, f"{shown} belong to the profile. Ask for one of them, or for two, to see why.")


def _depth(part: Sequence[tuple[str, Link | None]]) -> int:
    depth = {key: 0 for key, link in part if link is None}
    for key, link in part:
        if link is not None:
            depth[key] = depth[link.other(key)] + 1
    return max(depth.values())


def _weakest_of_tree(screen: Console, explanation: Explanation) -> None:
    hold = weakest_hold(explanation.links)
    if hold is None:
        return
    ends = " - ".join(named(explanation.identifier(key)) for key in (hold.link.key_a, hold.link.key_b))
    _print(screen, f"\nThe weakest link, {ends}, {hold_in_words(hold)}.")


def _path(screen: Console, explanation: Explanation, path: Sequence[Link], key: str) -> None:
    """A path from `key` on, an identifier and a link in turn."""
    accepted = [link for link in path if link.reason is None]
    weak = weakest(accepted) if len(accepted) > 1 and len(accepted) == len(path) else None
    screen.print(Text("  ") + _identifier(explanation, key), soft_wrap=True)
    for link in path:
        told = _evidence(link, is_weakest=link == weak)
        if link.reason is not None:
            told = Text("NOT ACCEPTED  ", style="bold red").append_text(_why_not(explanation, link)).append("\n") + told
        for line in told.split("\n"):
            screen.print(Text("    │ ", style="dim") + line, soft_wrap=True)
        key = link.other(key)
        screen.print(Text("  ") + _identifier(explanation, key), soft_wrap=True)


def _refused(screen: Console, explanation: Explanation, links: Sequence[Link]) -> None:
    for link in links[:_SHOWN_REFUSED]:
        a, b = (named(explanation.identifier(key)) for key in (link.key_a, link.key_b))
        screen.print(Text("  ").append(a, style="bold").append(" - ").append(b, style="bold"), soft_wrap=True)
        screen.print(Text("      ") + _why_not(explanation, link), soft_wrap=True)
        screen.print(Text("      ") + _evidence(link, is_weakest=False), soft_wrap=True)
    if len(links) > _SHOWN_REFUSED:
        reasons = Counter(str(link.reason) for link in links[_SHOWN_REFUSED:])
        told = ", ".join(f"{count:,} {spaced(reason)}" for reason, count in reasons.most_common())
        _print(screen, f"  and {len(links) - _SHOWN_REFUSED:,} more: {told}.")


def _why_not(explanation: Explanation, link: Link) -> Text:
    told = Text(reason_in_words(str(link.reason)), style="red")
    if link.cause_key:
        told.append(f"; what decided is {named(explanation.identifier(link.cause_key))}")
    return told


def _evidence(link: Link, *, is_weakest: bool) -> Text:
    told = Text(_WEAKEST if is_weakest else "", style="bold yellow")
    return told.append(f"{rule_in_words(link)}; {evidence_in_words(link)}", style="not bold default dim")


def _identifier(explanation: Explanation, key: str) -> Text:
    identifier = explanation.identifier(key)
    told = Text(named(identifier), style="bold")
    if identifier.record_count is not None:
        seen = period(identifier.first_seen_at, identifier.last_seen_at)
        told.append(f"  {counted(identifier.record_count, 'record')}, {seen}", style="not bold dim")
    return told


def _subject(explanation: Explanation, place: int) -> str:
    subject = explanation.subjects[place]
    return named(explanation.identifier(subject.key)) if subject.key else f"profile {subject.profile_id}"


def _size(explanation: Explanation, profile_id: str) -> str:
    members = explanation.members(profile_id)
    kinds = Counter(str(identifier.identifier_type) for identifier in members).most_common()
    keys = {identifier.key for identifier in members}
    links = counted(sum(link.key_a in keys for link in explanation.links), "link")
    told = ", ".join(f"{count:,} {kind}" for kind, count in kinds)
    return f"Profile {profile_id}: {counted(len(members), 'identifier')} ({told}), {links}."


def _nearest_first(explanation: Explanation) -> list[Link]:
    """Refused links at the identifier that was named, then those between two members, then the others."""
    named_key = explanation.subjects[0].key
    members = {identifier.key for identifier in explanation.members(explanation.subjects[0].profile_id)}
    return sorted(
        explanation.refused,
        key=lambda link: (named_key not in (link.key_a, link.key_b), not {link.key_a, link.key_b} <= members),
    )


def _print(screen: Console, text: str, style: str = "") -> None:
    screen.print(text, style=style, markup=False, soft_wrap=True)
