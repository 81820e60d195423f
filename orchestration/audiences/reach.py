"""How many members of audiences may be contacted, channel by channel, and why the others may not."""

from collections import Counter
from typing import NamedTuple

from orchestration.audiences.words import permission_reason
from orchestration.project import seed_rows
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, literal, quoted

# What is needed to reach somebody, by the type of contact point, as the macro `has_contact_point` tells it.
_POINTS = {"email": "people.email_count > 0", "phone": "people.phone_count > 0", "device": "people.device_count > 0"}
_ANY = "people.email_count > 0 or people.phone_count > 0"


class Reach(NamedTuple):
    """One channel: members, those with a contact point, those who permit it, those with both; the others by reason."""

    channel: str
    title: str
    contact_type: str
    member_count: int
    contactable_count: int
    permitted_count: int
    deliverable_count: int
    reasons: list[tuple[str, int]]


class Reached(NamedTuple):
    """By audience, its reach on every channel, and how many people any of the channels that it is meant for reaches."""

    channels: dict[str, list[Reach]]
    people: dict[str, int]


def read_reach(settings: Settings, warehouse: Warehouse) -> Reached:
    """Count over what readers see; an audience without a member has no reach."""
    channels = seed_rows("consent", "channels")
    if not channels:
        return Reached({}, {})
    members = _members_by_channel(settings, warehouse, channels)
    rows = warehouse.rows(
        f"select audience, channel, reason, is_allowed, has_point, count(*) from ({members}) as members"
        " group by audience, channel, reason, is_allowed, has_point"
    )
    people = warehouse.rows(
        f"select audience, count(distinct profile_id) from ({members}) as members"
        " where is_allowed and has_point and is_wanted group by audience"
    )
    found: dict[str, list[Reach]] = {}
    for name in sorted({str(row[0]) for row in rows}):
        for channel in channels:
            mine = [row[2:] for row in rows if (row[0], row[1]) == (name, channel["channel"])]
            found.setdefault(name, []).append(_reach(channel, mine))
    return Reached(found, {str(name): int(count) for name, count in people})


def _reach(channel: dict[str, str], rows: list[tuple[str | None, bool | None, bool, int]]) -> Reach:
    """One channel of one audience, from its counts by reason, permission and contact point."""
    reasons: Counter[str] = Counter()
    for reason, is_allowed, _, count in rows:
        if not is_allowed:
            permission = None if is_allowed is None else {"reason": reason, "is_allowed": is_allowed}
            reasons[permission_reason(permission)] += count
    return Reach(
        channel["channel"],
        channel["title"],
        channel["contact_type"],
        sum(count for *_, count in rows),
        sum(count for _, _, has_point, count in rows if has_point),
        sum(count for _, is_allowed, _, count in rows if is_allowed),
        sum(count for _, is_allowed, has_point, count in rows if is_allowed and has_point),
        reasons.most_common(),
    )


def _members_by_channel(settings: Settings, warehouse: Warehouse, channels: list[dict[str, str]]) -> str:
    """SQL: one row per audience, member and channel."""
    audiences, consent = settings.stable_schema("audiences"), settings.stable_schema("consent")
    reason = "said.reason" if "reason" in warehouse.columns(consent, "permissions") else "cast(null as text)"
    listed = " union all ".join(
        f"select {literal(c['channel'])} as channel, {literal(c['contact_type'])} as contact_type" for c in channels
    )
    points = " ".join(f"when {literal(kind)} then {test}" for kind, test in _POINTS.items())
    return f"""
        select
            members.audience, members.profile_id, channels.channel, {reason} as reason, said.is_allowed,
            coalesce(definitions.channel = channels.channel, true) as is_wanted,
            coalesce(case channels.contact_type {points} else {_ANY} end, false) as has_point
        from {quoted(audiences, "audience_members")} as members
        inner join {quoted(audiences, "audience_definitions")} as definitions on members.audience = definitions.audience
        cross join ({listed}) as channels
        left join {quoted(settings.stable_schema("profiles"), "profiles")} as people
            on members.profile_id = people.profile_id
        left join {quoted(consent, "permissions")} as said
            on members.profile_id = said.profile_id
            and definitions.purpose = said.purpose
            and channels.channel = said.channel
    """
