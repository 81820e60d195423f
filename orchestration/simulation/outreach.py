"""Campaigns and what comes of them: messages, reactions, advertising spend, social interactions, and support tickets."""

import numpy as np
import pyarrow as pa

from orchestration.simulation.catalogue import CAMPAIGN_NAMES, CHANNELS, campaign_ids
from orchestration.simulation.columns import (
    DAY_SECONDS, Columns, Numbers, Stream, amounts, constant, dates, days_of, either, generator, joined, moments,
    numerals, picked, rows_of, seconds, stacked,
)
from orchestration.simulation.commerce import Rows, user_ids
from orchestration.simulation.consent import marketing_allowed
from orchestration.simulation.notations import JUNK_EMAILS, typed_emails, with_junk
from orchestration.simulation.world import World

REACTION_DAYS = 5  # reactions come at most so many days after the message
_REACTIONS = ("delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "replied")
_SHARES = (0.96, 0.32, 0.06, 0.03, 0.001, 0.006, 0.004)
_PLATFORMS = ("google", "meta", "tiktok")
_TOPICS = ("delivery", "returns", "invoice", "product question", "account", "complaint")


def message_tables(world: World, first: int, last: int) -> dict[str, Rows]:
    """`engagement.messages` of these days, and the reactions that arrive in them."""
    messages = stacked([_draw_messages(world, day) for day in range(max(first - REACTION_DAYS, 0), last + 1)])
    return {
        "engagement.messages": _message_rows(world, rows_of(messages, messages["day"] >= first)),
        "engagement.message_events": _reaction_rows(world, messages, first, last),
    }


def _draw_messages(world: World, day: int) -> Columns:
    """Whom the running campaign addresses on its first and third day: people who granted it, and a few who had not."""
    rng, people = generator(world.seed, Stream.OUTREACH, day), world.people
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
        "uid": np.int64(day) << 24 | np.arange(len(person)), "person": person, "day": np.full(len(person), day),
        "campaign": np.full(len(person), campaign), "channel": np.full(len(person), CHANNELS.index(channel)),
    }


def _message_ids(uid: Numbers) -> pa.Array:
    return joined("MSG", numerals(uid >> 24, 4), "-", numerals(uid & 0xFFFFFF, 6))


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
        parts.append({"uid": uid[found], "kind": np.full(int(found.sum()), kind), "occurred": _sent(messages)[found] + delay})
    reactions = stacked(parts)
    day = days_of(reactions["occurred"])
    rows = rows_of(reactions, (day >= first) & (day <= last))
    is_click = rows["kind"] == 2
    url = joined("https://shop.outfitters.example/c/", picked(CAMPAIGN_NAMES, (rows["uid"] >> 24) // 6 % 7))
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


def _acting(world: World, stream: Stream, per_day: float, first: int, last: int, known: Numbers) -> Columns:
    """People who do something on these days, of those who are known by then."""
    parts = []
    for day in range(first, last + 1):
        chance = generator(world.seed, stream, 1_000_000 + day).random(world.people.count)
        person = np.flatnonzero((chance < per_day) & (known <= day))
        uid = np.int64(day) << 24 | np.arange(len(person))
        parts.append({"uid": uid, "person": person, "day": np.full(len(person), day)})
    return stacked(parts)


def interaction_rows(world: World, first: int, last: int) -> Rows:
    """`social.interactions`; few name a user of ours."""
    rows = _acting(world, Stream.OUTREACH, world.rates.social_per_day, first, last, np.zeros(world.people.count))
    dice, uid, person = world.dice, rows["uid"], rows["person"]
    names_user = (world.people.shop_day[person] <= rows["day"]) & dice.happens("social login", 0.3, person)
    return {
        "interaction_id": joined("SOC", numerals(uid >> 24, 4), "-", numerals(uid & 0xFFFFFF, 5)),
        "platform": picked(("instagram", "facebook", "tiktok", "youtube"), dice.below("platform", 4, person)),
        "handle": joined("@walker_", numerals(person * 3 + 1000)),
        "user_id": either(names_user, user_ids(person), None),
        "type": picked(("like", "comment", "share", "follow", "mention"), dice.below("interaction", 5, uid)),
        "campaign_id": either(uid % 2 == 0, campaign_ids(rows["day"] // 6), None),
        "occurred_at": moments(seconds(rows["day"], dice.below("social hour", 80_000, uid))),
    }, uid


def ticket_rows(world: World, first: int, last: int) -> Rows:
    """`support.tickets`: each when it was opened; a contact of the second CRM instance is named with its instance."""
    rows = _acting(world, Stream.SUPPORT, world.rates.tickets_per_day, first, last, world.people.known_day)
    dice, people, rates, uid, person = world.dice, world.people, world.rates, rows["uid"], rows["person"]
    contact = world.contacts.first_of_person[person]
    exists = (contact >= 0) & (world.contacts.created_day[contact] <= rows["day"]) & dice.happens("linked", 0.7, uid)
    email = typed_emails(dice, uid, rates.untidy_email, people.email(person, rows["day"]))
    email = with_junk(dice, uid, rates.junk_email, email, JUNK_EMAILS)
    topic = dice.below("topic", len(_TOPICS), uid)
    opened = seconds(rows["day"], 7 * 3600 + dice.below("ticket hour", 50_000, uid))
    replied = opened + 600 + dice.below("reply", 20_000, uid)
    is_solved = dice.happens("solved", 0.85, uid)
    score = numerals(1 + np.minimum(dice.below("score", 7, uid), 4))
    text = joined("Hello, I have a question about ", picked(_TOPICS, topic), ". My name is ",
                  people.first_name.take(pa.array(person)), ".")
    return {
        "ticket_id": joined("T", numerals(uid >> 24, 4), "-", numerals(uid & 0xFFFFFF, 5)),
        "contact_id": either(exists, world.contacts.scoped_ids(np.maximum(contact, 0)), None),
        "requester_email": email,
        "channel": picked(("email", "chat", "phone", "web"), dice.below("ticket channel", 4, uid)),
        "category": picked(_TOPICS, topic),
        "priority": picked(("low", "normal", "normal", "high"), dice.below("priority", 4, uid)),
        "status": either(is_solved, "solved", "open"),
        "subject": joined("Question: ", picked(_TOPICS, topic)),
        "body": text,
        "opened_at": moments(opened),
        "first_reply_at": moments(replied),
        "solved_at": moments(replied + 3600, ~is_solved),
        "resolution": either(is_solved, picked(("answered", "refunded", "replaced"), uid % 3), None),
        "csat_score": either(is_solved & dice.happens("rates", 0.4, uid), score, None),
    }, uid
