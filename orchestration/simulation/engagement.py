"""Campaigns and what comes of them: messages, reactions and advertising spend."""

import numpy as np
import pyarrow as pa

from orchestration.simulation.catalogue import CAMPAIGN_NAMES, CHANNELS, campaign_ids
from orchestration.simulation.columns import (
    DAY_SECONDS,
    Columns,
    Numbers,
    Rows,
    Stream,
    amounts,
    constant,
    daily_ids,
    daily_uids,
    dates,
    day_of_uid,
    days_of,
    either,
    generator,
    joined,
    moments,
    numerals,
    picked,
    rows_of,
    seconds,
    stacked,
)
from orchestration.simulation.consent import marketing_allowed
from orchestration.simulation.ids import user_ids
from orchestration.simulation.world import World

REACTION_DAYS = 5  # reactions come at most so many days after the message
_REACTIONS = ("delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "replied")
_SHARES = (0.96, 0.32, 0.06, 0.03, 0.001, 0.006, 0.004)
_PLATFORMS = ("google", "meta", "tiktok")


def message_tables(world: World, first: int, last: int) -> dict[str, Rows]:
    """`engagement.messages` of these days, and the reactions that arrive in them."""
    messages = stacked([_draw_messages(world, day) for day in range(max(first - REACTION_DAYS, 0), last + 1)])
    return {
        "engagement.messages": _message_rows(world, rows_of(messages, messages["day"] >= first)),
        "engagement.message_events": _reaction_rows(world, messages, first, last),
    }


def _draw_messages(world: World, day: int) -> Columns:
    """Whom the running campaign addresses on its first and third day: people who granted it, and a few who had not."""
    rng, people = generator(world.seed, Stream.MESSAGES, day), world.people
    campaign, step = divmod(day, 6)
    channel = CHANNELS[campaign % len(CHANNELS)]
    sends = channel in ("email", "sms", "push") and step in (0, 2)
    chance = rng.random(people.count)
    is_addressed = (chance < world.rates.newsletter / 2) & (people.known_day <= day)
    is_addressed &= marketing_allowed(world, np.arange(people.count), day) | (chance < world.rates.newsletter * 0.01)
    if channel == "sms":
        is_addressed &= people.first_phone >= 0
    if channel == "push":
        is_addressed &= people.shop_day <= day
    person = np.flatnonzero(is_addressed & sends)
    return {
        "uid": daily_uids(day, len(person)),
        "person": person,
        "day": np.full(len(person), day),
        "campaign": np.full(len(person), campaign),
        "channel": np.full(len(person), CHANNELS.index(channel)),
    }


def _message_ids(uid: Numbers) -> pa.Array:
    return daily_ids("MSG", uid)


def _sent(messages: Columns) -> Numbers:
    return seconds(messages["day"], 7 * 3600 + messages["uid"] % 3600)


def _message_rows(world: World, messages: Columns) -> Rows:
    people, person, day = world.people, messages["person"], messages["day"]
    channel = messages["channel"]
    by_email = np.isin(channel, [number for number, name in enumerate(CHANNELS) if name == "email"])
    by_sms = channel == CHANNELS.index("sms")
    return {
        "message_id": _message_ids(messages["uid"]),
        "campaign_id": campaign_ids(messages["campaign"]),
        "channel": picked(CHANNELS, channel),
        "recipient_email": either(by_email, people.email(person, day), None),
        "recipient_phone": either(by_sms, picked(people.mobile_e164, people.phone(person, day)), None),
        "user_id": either(people.shop_day[person] <= day, user_ids(person), None),
        "sent_at": moments(_sent(messages)),
    }, messages["uid"]


def _reaction_rows(world: World, messages: Columns, first: int, last: int) -> Rows:
    dice, uid = world.dice, messages["uid"]
    parts = []
    for kind, share in enumerate(_SHARES):
        found = dice.happens(_REACTIONS[kind], share, uid)
        delay = 5 if kind in (0, 3) else 60 + dice.below(f"delay {kind}", (REACTION_DAYS - 1) * DAY_SECONDS, uid[found])
        parts.append(
            {"uid": uid[found], "kind": np.full(int(found.sum()), kind), "occurred": _sent(messages)[found] + delay}
        )
    reactions = stacked(parts)
    day = days_of(reactions["occurred"])
    rows = rows_of(reactions, (day >= first) & (day <= last))
    is_click = rows["kind"] == 2
    url = joined("https://shop.outfitters.example/c/", picked(CAMPAIGN_NAMES, day_of_uid(rows["uid"]) // 6 % 7))
    return {
        "event_id": joined("EV-", _message_ids(rows["uid"]), "-", numerals(rows["kind"])),
        "message_id": _message_ids(rows["uid"]),
        "type": picked(_REACTIONS, rows["kind"]),
        "url": either(is_click, url, None),
        "occurred_at": moments(rows["occurred"]),
    }, rows["uid"] * 8 + rows["kind"]


def spend_rows(world: World, first: int, last: int) -> Rows:
    """`ads.spend`: each platform's two ads of the campaign that runs."""
    day = np.repeat(np.arange(first, last + 1), 6)
    slot = np.arange(len(day)) % 6
    uid = day * 6 + slot
    impressions = 4000 + world.dice.below("impressions", 20_000, uid)
    clicks = (impressions * (0.004 + 0.02 * world.dice.uniform("clicks", uid))).astype(np.int64)
    name = picked(CAMPAIGN_NAMES, day // 6 % len(CAMPAIGN_NAMES))
    return {
        "platform": picked(_PLATFORMS, slot // 2),
        "campaign_id": campaign_ids(day // 6),
        "ad_id": joined("AD", numerals(slot + 1)),
        "date": dates(day),
        "impressions": numerals(impressions),
        "clicks": numerals(clicks),
        "cost": amounts(clicks * (30 + slot * 7)),
        "currency": constant("EUR", len(day)),
        "utm_source": picked(_PLATFORMS, slot // 2),
        "utm_medium": constant("cpc", len(day)),
        "utm_campaign": name,
    }, uid
