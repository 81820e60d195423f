"""What the engine would make of an audience that is tried out: its reach and its guard, by the engine's own rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestration.audiences.declarations import Audience
from orchestration.audiences.desk import Considered, Desk
from orchestration.audiences.reach import Reach
from orchestration.audiences.words import NEVER_ASKED
from orchestration.project import seed_rows
from orchestration.warehouse import literal, quoted

# What a guard may look at that readers don't see.
NOT_JUDGED = ("max_data_age_hours",)
_NOBODY = (0, 0, 0, 0)


@dataclass(frozen=True)
class Verdict:
    """What the guard would say: the reasons and figures that close it, else none; `not_judged` are guards left out.

    Beside it how many members are published now, and how many would enter and leave.
    """

    reasons: str | None
    figures: str | None
    before_count: int
    entering_count: int
    leaving_count: int
    not_judged: Sequence[str]

    @property
    def is_open(self) -> bool:
        """Whether entries and exits would be let through."""
        return self.reasons is None


def bring_permissions(desk: Desk, purpose: str) -> None:
    """Lay what may be done for a purpose on the desk, as `permissions`."""
    columns = ("profile_id", "purpose", "channel", "reason", "is_allowed")
    place = desk.place("consent", "permissions", columns)
    desk.bring(
        "permissions", f"select profile_id, channel, reason, is_allowed from {place} where purpose = {literal(purpose)}"
    )


def bring_members(desk: Desk) -> None:
    """Lay the published members of all audiences on the desk, as `members`."""
    place = desk.place("audiences", "audience_members", ("audience", "profile_id"))
    desk.bring("members", f"select audience, profile_id from {place}")


def trial_reach(desk: Desk, members: str, parts: Mapping[str, str]) -> list[Reach]:
    """The reach of the profiles of a query, channel by channel; after `bring_people` and `bring_permissions`."""
    channels = seed_rows("consent", "channels")
    listed = ", ".join(f"({literal(row['channel'])}, {literal(row['contact_type'])})" for row in channels)
    outcomes = f"""
        select
            channels.channel,
            {parts["has_contact_point"]} as is_contactable,
            coalesce(permissions.is_allowed, false) as is_permitted,
            coalesce(permissions.reason, {literal(NEVER_ASKED)}) as reason
        from people as profiles
        cross join (values {listed}) as channels(channel, contact_type)
        left join permissions
            on profiles.profile_id = permissions.profile_id and channels.channel = permissions.channel
        where profiles.profile_id in ({members})
    """
    counts = {
        str(channel): (int(members), int(contactable), int(permitted), int(both))
        for channel, members, contactable, permitted, both in desk.paper.rows(
            "select channel, count(*), count(*) filter (is_contactable), count(*) filter (is_permitted),"
            f" count(*) filter (is_contactable and is_permitted) from ({outcomes}) as outcomes group by channel"
        )
    }
    reasons: dict[str, list[tuple[str, int]]] = {}
    for channel, reason, count in desk.paper.rows(
        f"select channel, reason, count(*) from ({outcomes}) as outcomes where not is_permitted"
        " group by channel, reason order by channel, count(*) desc, reason"
    ):
        reasons.setdefault(str(channel), []).append((str(reason), int(count)))
    return [
        Reach(name, row["title"], *counts.get(name, _NOBODY), reasons=reasons.get(name, []))
        for row in channels
        if (name := row["channel"])
    ]


def trial_guard(desk: Desk, name: str, audience: Audience, rows: Considered, parts: Mapping[str, str]) -> Verdict:
    """What the guard would say of the rows of an audience; after `bring_people` and `bring_members`."""
    members = f"select profile_id from {rows.relation} where {rows.qualified}"
    before = f"select profile_id from members where audience = {literal(name)}"
    contact_types = {row["channel"]: row["contact_type"] for row in seed_rows("consent", "channels")}
    contact_type = _value(contact_types.get(audience.channel or ""))
    counts = desk.paper.rows(f"""
        select
            (select count(*) from ({members})),
            (select count(*) from ({before})),
            (select count(*) from ({members} except {before})),
            (select count(*) from ({before} except {members})),
            (
                select count(*) from people as profiles
                cross join (select cast({contact_type} as text)) as channels(contact_type)
                where profiles.profile_id in ({members}) and not ({parts["has_contact_point"]})
            )
    """)[0]
    candidates, were, entering, leaving, unreachable = (int(count) for count in counts)
    guards = audience.guards
    figures: dict[str, tuple[object, str]] = {
        "audience": (name, "text"),
        "candidate_count": (candidates, "bigint"),
        "before_count": (were, "bigint"),
        "entering_count": (entering, "bigint"),
        "leaving_count": (leaving, "bigint"),
        "unreachable_count": (unreachable, "bigint"),
        "min_member_count": (guards.min_members, "bigint"),
        "max_member_count": (guards.max_members, "bigint"),
        "max_change_share": (guards.max_change_share, "numeric(28, 6)"),
        "max_unreachable_share": (guards.max_unreachable_share, "numeric(28, 6)"),
        "overlapping": (_overlapping(desk, members, guards.excludes), "text"),
        "stale": (None, "text"),
    }
    judged = ", ".join(f"cast({_value(value)} as {kind}) as {quoted(key)}" for key, (value, kind) in figures.items())
    found = desk.paper.rows(f"with judged as (select {judged}) {parts['guard_reasons']}")
    reasons, told = (found[0][1], found[0][2]) if found else (None, None)
    not_judged = [guard for guard in NOT_JUDGED if getattr(guards, guard)]
    return Verdict(reasons, told, were, entering, leaving, not_judged)


def _overlapping(desk: Desk, members: str, excluded: Sequence[str]) -> str | None:
    """How many are in audiences that this one excludes, in the words of the engine."""
    if not excluded:
        return None
    others = ", ".join(map(literal, excluded))
    counts = desk.paper.rows(
        f"select audience, count(*) from members where audience in ({others}) and profile_id in ({members})"
        " group by audience order by audience"
    )
    return "; ".join(f"{count} are also in {other}" for other, count in counts) or None


def _value(value: object) -> str:
    return "null" if value is None else literal(str(value))
