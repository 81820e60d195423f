"""What is told of a person, part by part, in the order of use."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from orchestration.identity.explain_words import counted, period, reason_in_words
from orchestration.profiles.dealings import cart, deals, orders, tickets
from orchestration.profiles.lines import BAD, GOOD, QUIET, Line, Section
from orchestration.profiles.person import Fact, Person
from orchestration.profiles.words import (
    day_of,
    kind_in_words,
    money,
    number,
    party,
    share,
    source,
    stage_of,
    told,
    value_of,
    word,
)

_LOST = {
    "other_party": "our own source says otherwise",
    "less_trusted_source": "a more trusted source says otherwise",
    "stated_less_often": "another is stated more often",
    "seen_later": "another came first",
    "seen_earlier": "another is newer",
}
_SHOWN_POINTS, _SHOWN_CLAIMS, _SHOWN_IDENTIFIERS = 4, 8, 40


def headline(person: Person) -> Iterator[tuple[str, str]]:
    """The few numbers that one wants to know first, with their names."""
    facts = person.facts
    yield "Net revenue", money(facts["net_revenue_amount"] or Decimal(), person.currency)
    yield "Orders", number(facts["order_count"] or 0)
    yield "Last order", day_of(facts["last_ordered_at"])
    yield "Open cart", money(facts["open_cart_amount"], person.currency) if facts["open_cart_amount"] else "none"
    yield "Open tickets", number(facts["open_ticket_count"] or 0)
    yield "Open deals", number(facts["open_deal_count"] or 0)


def sections(person: Person) -> list[Section]:
    """Every part but the timeline and the identity, in the order of use."""
    makers: tuple[Callable[[Person], Section], ...] = (
        _contact,
        _consent,
        orders,
        cart,
        tickets,
        deals,
        _audiences,
        _habits,
        _stages,
        _claims,
    )
    return [maker(person) for maker in makers]


def identity(person: Person) -> Section:
    """The identifiers, by type."""
    lines = [
        Line(
            kind_in_words(identifier.identifier_type),
            value_of(identifier.value),
            period(identifier.first_seen_at, identifier.last_seen_at),
        )
        for identifier in person.identifiers[:_SHOWN_IDENTIFIERS]
    ]
    count = len(person.identifiers)
    more = f"and {count - len(lines):,} more" if count > len(lines) else ""
    refused = ", ".join(f"{count:,} because {_reason(reason)}" for reason, count in person.refused.most_common())
    note = f"{counted(sum(person.refused.values()), 'link')} not accepted: {refused}." if refused else ""
    told_of = "; ".join(part for part in (more, note) if part)
    return Section("identity", counted(count, "identifier"), lines, told_of)


def _reason(reason: str) -> str:
    return reason_in_words(reason).rpartition(" (")[0]


def _contact(person: Person) -> Section:
    lines, left = [], 0
    for kind in ("email", "phone", "first_name", "last_name", "address", "birth_date"):
        points = list(person.points(kind))
        lines += [_point(point) for point in points[:_SHOWN_POINTS]]
        left += len(points[_SHOWN_POINTS:])
    note = f"and {left:,} older ones" if left else "" if lines else "No way to reach them is known."
    return Section("contact", "Contact", lines, note)


def _point(point: Fact) -> Line:
    is_good, seen = point["is_primary"], f"seen {day_of(point['last_seen_at'])}"
    state = "" if is_good else _LOST.get(str(point["lost_reason"]), str(point["lost_reason"] or point["validity"]))
    if point["validity"] != "valid":
        state = str(point["validity"])
    how = told(
        kind_in_words(point["contact_type"]), source(point["contact_source"]), party(point["data_party"]), seen, state
    )
    tone = GOOD if is_good else BAD if point["validity"] != "valid" else QUIET
    return Line(value_of(point["contact_value"]), how, "", tone)


def _consent(person: Person) -> Section:
    channels = [str(channel["channel"]) for channel in person.channels]
    lines, unknown = [], []
    for purpose in person.purposes:
        rows = [row for row in person.permissions if row["purpose"] == purpose["purpose"]]
        said = {str(row["channel"]): bool(row["is_allowed"]) for row in rows}
        if not rows:
            unknown.append(str(purpose["title"]))
            continue
        marks = tuple((channel, said.get(channel)) for channel in dict.fromkeys([*channels, *said]))
        lines.append(Line(str(purpose["title"]), _basis(rows), "", GOOD if any(said.values()) else QUIET, marks))
    if unknown:
        lines.append(Line(", ".join(unknown), "nothing known, so not allowed", "", QUIET))
    note = "Allowed is only what is marked; where nothing is known, the answer is no."
    return Section("consent", "Consent", lines, note if len(lines) > bool(unknown) else "")


def _basis(rows: Sequence[Fact]) -> str:
    """What the permissions of one purpose rest on, and until when; where none is left, why."""
    allowed = [row for row in rows if row["is_allowed"]] or rows
    bases = sorted({word(row["legal_basis"]) for row in allowed if row["legal_basis"]})
    reasons = sorted({word(row["reason"]) for row in allowed if not row["is_allowed"]})
    stated = max((row["stated_at"] for row in allowed if row["stated_at"]), default=None)
    ends = min((row["valid_until"] for row in allowed if row["valid_until"]), default=None)
    since = f"said {day_of(stated)}" if stated else ""
    return told(", ".join(bases), ", ".join(reasons), since, f"until {day_of(ends)}" if ends else "")


def _audiences(person: Person) -> Section:
    lines = [Line(word(found["audience"]).capitalize(), f"for {word(found['purpose'])}") for found in person.audiences]
    return Section("audiences", "Audiences", lines, "" if lines else "In no audience now.")


def _habits(person: Person) -> Section:
    facts = person.facts

    def several(pattern: str, *names: str) -> str:
        return pattern.format(*(number(facts[name] or 0) for name in names))

    found: list[tuple[str, Any]] = [
        ("Loyalty", facts["loyalty_tier"] and f"{facts['loyalty_tier']}, since {day_of(facts['loyalty_enrolled_at'])}"),
        ("Likes", word(facts["favourite_category"])),
        ("Pays by", word(facts["payment_methods"])),
        ("Average order", facts["order_count"] and money(facts["average_order_amount"], person.currency)),
        (
            "Sessions",
            facts["session_count"]
            and several("{} in all, {} in the last 30 days", "session_count", "session_count_30d"),
        ),
        (
            "E-mails",
            facts["email_sent_count_90d"]
            and several(
                "{} sent in 90 days, {} opened, {} clicked",
                "email_sent_count_90d",
                "email_opened_count_90d",
                "email_clicked_count_90d",
            ),
        ),
        (
            "Text messages",
            facts["sms_sent_count_90d"]
            and several("{} sent in 90 days, {} clicked", "sms_sent_count_90d", "sms_clicked_count_90d"),
        ),
        ("Unsubscribed", "yes" if facts["has_unsubscribed"] else ""),
        ("Satisfaction", facts["average_csat_score"] and f"{number(facts['average_csat_score'])} of 5"),
        (
            "Came by",
            told(*(word(facts[f"acquisition_{name}"]) for name in ("source", "medium", "campaign")))
            or facts["lead_source"],
        ),
        ("Sales owner", facts["owner_id"]),
    ]
    lines = [Line(name, told(value)) for name, value in found if value]
    return Section("habits", "Habits", lines, "" if lines else "Too little is known.")


def _stages(person: Person) -> Section:
    lines = [
        Line(
            word(stage["lifecycle_stage"]).capitalize(),
            told(f"by {stage['trigger_type']}" if stage["trigger_type"] else ""),
            f"since {day_of(stage['valid_from'])}"
            if stage["is_current"]
            else period(stage["valid_from"], stage["valid_to"]),
            GOOD if stage["is_current"] else QUIET,
        )
        for stage in person.stages
    ]
    crm = person.facts["crm_lifecycle_stage"]
    note = f"The CRM says: {word(crm)}." if crm and word(crm) != stage_of(person) else ""
    return Section("stages", "Lifecycle", lines, note if lines else "No stage is told.")


def _claims(person: Person) -> Section:
    """What others claim: data providers, third party, and partners, second party."""
    holding = [claim for claim in reversed(person.segments) if claim["is_current"]]
    # Of several claims that say the same the surest is told.
    current = {(claim["taxonomy"], claim["label"], claim["provider"]): claim for claim in holding}
    said = [claim for claim in person.attributes if claim["is_current"]]
    lines = [
        Line(
            f"{word(claim['attribute']).capitalize()}: {claim['attribute_value']}",
            told(
                "second party",
                claim["provider"],
                f"licensed for {', '.join(claim['purposes'])}" if claim["purposes"] else "no licence now",
            ),
            f"until {day_of(claim['expires_at'])}",
            "" if claim["purposes"] else QUIET,
        )
        for claim in said
    ] + [
        Line(
            f"{word(claim['taxonomy']).capitalize()}: {claim['label']}",
            told("third party", claim["provider"], f"{share(claim['confidence'])} sure"),
            f"until {day_of(claim['expires_at'])}",
        )
        for claim in reversed(current.values())
    ]
    gone = len(person.segments) - len(holding) + len(person.attributes) - len(said)
    more = len(lines) - _SHOWN_CLAIMS
    notes = [f"and {more:,} more" if more > 0 else "", f"{counted(gone, 'expired claim')} not shown" if gone else ""]
    note = "; ".join(part for part in notes if part) if lines or gone else "Nobody else tells us anything."
    return Section("claims", "What others claim", lines[:_SHOWN_CLAIMS], note)
