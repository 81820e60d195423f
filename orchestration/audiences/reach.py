"""How many members of audiences may be contacted, channel by channel, and why the others may not."""

from typing import NamedTuple

from orchestration.project import seed_rows
from orchestration.warehouse import Warehouse, quoted

REACH = "audience, channel, member_count, contactable_count, permitted_count, deliverable_count"
# The other counts of audience_reach are of members that may not, by reason.
_COUNT = "_count"


class Reach(NamedTuple):
    """One channel: members, those with a contact point, those who permit it, those with both; the others by reason."""

    channel: str
    title: str
    member_count: int
    contactable_count: int
    permitted_count: int
    deliverable_count: int
    reasons: list[tuple[str, int]]


def read_reach(warehouse: Warehouse, schema: str) -> dict[str, list[Reach]]:
    """By audience its channels, in the order of the seed `channels`; of reasons the commonest first."""
    titles = {row["channel"]: row["title"] for row in seed_rows("consent", "channels")}
    names = REACH.split(", ")
    reasons = [
        name for name in warehouse.columns(schema, "audience_reach") if name.endswith(_COUNT) and name not in names
    ]
    found: dict[str, list[Reach]] = {}
    for row in warehouse.rows(f"select {', '.join([*names, *reasons])} from {quoted(schema, 'audience_reach')}"):
        audience, channel, members, contactable, permitted, deliverable = row[: len(names)]
        told = [(name.removesuffix(_COUNT), int(count)) for name, count in zip(reasons, row[len(names) :], strict=True)]
        commonest = sorted((pair for pair in told if pair[1]), key=lambda pair: -pair[1])
        found.setdefault(audience, []).append(
            Reach(
                channel, titles.get(str(channel), str(channel)), members, contactable, permitted, deliverable, commonest
            )
        )
    order = list(titles)
    for channels in found.values():
        channels.sort(
            key=lambda reach: (order.index(reach.channel) if reach.channel in order else len(order), reach.channel)
        )
    return found
