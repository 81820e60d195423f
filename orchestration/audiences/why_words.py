"""Why somebody is in an audience or not, in sentences and lines."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from orchestration.audiences.standing import Asked, Condition, Contact, Standing, State
from orchestration.audiences.words import (
    cause_in_words,
    condition_in_words,
    of,
    permission_in_words,
    permission_reason,
    reason_in_words,
    title_of,
    value_in_words,
)
from orchestration.profiles.lines import BAD, GOOD, QUIET, Line, Section
from orchestration.profiles.person import Fact
from orchestration.profiles.words import day_of, kind_in_words, told, word

_NO_POINT = {"email": "no e-mail address that can be used", "phone": "no telephone number", "device": "no device"}


def name_of(asked: Asked) -> str:
    """Who was asked about, as the beginning of a sentence."""
    if asked.value is None:
        return f"Profile {asked.profile_id}"
    kind = kind_in_words(asked.kind)
    return f"{kind[:1].upper()}{kind[1:]} {asked.value}"


def answer(asked: Asked, standing: Standing, now: datetime) -> Iterator[str]:
    """Whether, since when, until when and why, in a few sentences."""
    conditions, lacking = standing.conditions or (), standing.lacking
    met = (
        f"{of(len(conditions) - len(lacking), len(conditions), 'condition')} hold{'s' if len(conditions) == 1 else ''}"
    )
    what_holds = _all(len(conditions)) if not lacking else met
    if not conditions:
        what_holds = "the audience doesn't look at it"
    near = condition_in_words(lacking[0].name, standing.declaration) if lacking else ""
    title = title_of(standing.definition)
    told = {
        State.MEMBER: f"is a member of {title}: {what_holds}",
        State.HELD: f"is a member of {title} only because its guard is closed: {what_holds}",
        State.ENDING: f"is still a member of {title}, but {what_holds}: the next full build ends that",
        State.ANONYMOUS: f"is no member of {title}: it is anonymous, which the audience is not for; {what_holds}",
        State.ABSENT: f"is no member of {title}: the audience doesn't look at it, having no row of it",
        State.KEPT_OUT: f"is no member of {title} only because its guard is closed: {what_holds}",
        State.ENTERING: f"is no member of {title} yet, but {what_holds}: the next full build lets it in",
        State.NEAR: f"is no member of {title}, but a near miss: {met}, and only one is lacking, “{near}”",
        State.FAR: f"is no member of {title}: {met}"
        if len(conditions) > 1
        else f"is no member of {title}: its condition doesn't hold",
    }[standing.state]
    yield f"{name_of(asked)} {told}."
    yield from _times(standing, now)
    if guard := standing.guard and standing.guard.sentence():
        yield guard


def _all(count: int) -> str:
    return (
        "its only condition holds"
        if count == 1
        else "both conditions hold"
        if count == 2
        else f"all {count:,} conditions hold"
    )


def _times(standing: Standing, now: datetime) -> Iterator[str]:
    """Since when and until when somebody belongs."""
    member = standing.membership
    if member is None:
        return
    entered, qualified, expires = member["entered_at"], member["qualified_at"], member["expires_at"]
    since = f"It entered on {day_of(entered)}"
    if qualified and qualified.date() != entered.date():
        since += f", and qualifies since {day_of(qualified)}"
    yield f"{since}."
    if expires and expires <= now:
        yield f"A condition ended by time alone on {day_of(expires)}: the next build ends the membership."
    elif expires:
        yield f"It ends on {day_of(expires)} by time alone, unless something happens."


def conditions(standing: Standing, now: datetime) -> Section:
    """The conditions in the order of the audience, each with what decided."""
    lines = [_condition(condition, standing, now) for condition in standing.conditions or ()]
    return Section("conditions", "Conditions", lines, "" if lines else "None can be told.")


def _condition(condition: Condition, standing: Standing, now: datetime) -> Line:
    since, until = condition.since, condition.until
    value = value_in_words(condition.value)
    times = [f"since {day_of(since)}" if since and condition.holds else f"last on {day_of(since)}" if since else ""]
    if until:
        times.append(f"{'until' if until > now else 'ended by time alone on'} {day_of(until)}")
    name = condition_in_words(condition.name, standing.declaration)
    how = told(
        word(condition.name) if name.lower() != word(condition.name) else "", f"value {value}" if value else "", *times
    )
    if condition.holds is None:
        return Line(name, told("nothing is known, which counts as no", how), "not known", BAD)
    return Line(name, how, "holds" if condition.holds else "doesn't hold", GOOD if condition.holds else BAD)


def history(asked: Asked, standing: Standing) -> Section:
    """When and why it entered and left, and when other profiles became part of it."""
    lines: list[tuple[datetime | None, Line]] = []
    for change in standing.history:
        then = (
            ""
            if change["profile_id"] == asked.profile_id
            else f"as profile {change['profile_id']}, now part of this one"
        )
        line = Line(
            "Entered" if change["change_type"] == "entered" else "Left",
            told(cause_in_words(change, standing.declaration), then),
            day_of(change["occurred_at"]),
            GOOD if change["change_type"] == "entered" else QUIET,
        )
        lines.append((change["occurred_at"], line))
    if standing.history:
        lines += [(former["ended_at"], _merge(former)) for former in asked.former]
    ordered = [line for _, line in sorted(lines, key=lambda pair: pair[0] or datetime.min)]
    return Section("history", "History", ordered, "" if ordered else "It never was in this audience.")


def _merge(former: Fact) -> Line:
    return Line(
        "Became one", f"profile {former['profile_id']} became part of this one", day_of(former["ended_at"]), QUIET
    )


def contacts(standing: Standing) -> Section:
    """What may be done for the purpose of the audience, channel by channel, and the record that decided."""
    purpose, basis = standing.purpose["title"], word(standing.purpose["legal_basis"])
    lines = [
        Line(
            contact.title,
            told(
                contact.point or _NO_POINT.get(contact.contact_type, "no contact point"),
                permission_in_words(contact.permission),
            ),
            "yes" if contact.is_deliverable else "no",
            GOOD if contact.is_deliverable else QUIET,
        )
        for contact in standing.contacts
    ]
    rests = f", which rests on {basis}" if basis else ""
    return Section(
        "contacts", f"What may be done, for {purpose}{rests}", lines, "" if lines else "There is no channel."
    )


def verdict(standing: Standing) -> str:
    """Whether the person will be delivered to for this audience, on which channels, and why not on others."""
    wanted = standing.wanted_contacts
    good = [contact.title for contact in wanted if contact.is_deliverable]
    meant = ", which the audience is meant for" if standing.definition["channel"] and len(wanted) == 1 else ""
    if standing.membership is None:
        if good:
            return f"Not delivered, being no member; a member would be delivered to by {_listed(good)}{meant}."
        return f"Not delivered, being no member; nor would a member be: {_obstacles(wanted)}."
    if not good:
        return f"Not delivered, on any channel that the audience is for: {_obstacles(wanted)}."
    bad = [contact for contact in wanted if not contact.is_deliverable]
    not_by = f" Not by others: {_obstacles(bad)}." if bad else ""
    return f"Delivered by {_listed(good)}{meant}, wherever a sync takes this audience.{not_by}"


def _obstacles(contacts: Iterable[Contact]) -> str:
    """Why not, the channels of one reason together."""
    reasons: dict[str, list[str]] = {}
    for contact in contacts:
        reasons.setdefault(_obstacle(contact), []).append(contact.title)
    return "; ".join(f"{_listed(titles)}: {reason}" for reason, titles in reasons.items()) or "there is no channel"


def _obstacle(contact: Contact) -> str:
    parts = []
    if contact.permission is None or not contact.permission["is_allowed"]:
        parts.append(reason_in_words(permission_reason(contact.permission)))
    if contact.point is None:
        parts.append(_NO_POINT.get(contact.contact_type, "no contact point"))
    return ", and ".join(parts)


def _listed(titles: Iterable[str]) -> str:
    return ", ".join(titles)


def line_of(standing: Standing) -> Line:
    """One audience in one line."""
    count = len(standing.conditions or ())
    met = f"{of(count - len(standing.lacking), count, 'condition')} hold{'s' if count == 1 else ''}"
    member, near = standing.membership, standing.lacking
    figure = {
        State.MEMBER: "member",
        State.HELD: "member, held by the guard",
        State.ENDING: "member, ends with the next build",
        State.ANONYMOUS: "anonymous",
        State.ABSENT: "not looked at",
        State.KEPT_OUT: "kept out by the guard",
        State.ENTERING: "enters with the next build",
        State.NEAR: "near miss",
        State.FAR: "no member",
    }[standing.state]
    if member is not None:
        ends = f"until {day_of(member['expires_at'])}" if member["expires_at"] else ""
        reached = [contact.title for contact in standing.wanted_contacts if contact.is_deliverable]
        how = told(
            f"since {day_of(member['entered_at'])}",
            ends,
            f"delivered by {_listed(reached)}" if reached else "not delivered",
        )
        return Line(title_of(standing.definition), how, figure, GOOD)
    lacking = f"lacks “{condition_in_words(near[0].name, standing.declaration)}”" if len(near) == 1 else ""
    how = told(met if count else "", lacking)
    return Line(title_of(standing.definition), how, figure, "" if standing.state is State.NEAR else QUIET)
