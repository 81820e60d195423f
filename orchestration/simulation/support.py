"""What people say to the company: support tickets, and interactions on social platforms."""

import numpy as np
import pyarrow as pa

from orchestration.simulation.catalogue import campaign_ids
from orchestration.simulation.columns import (
    Columns,
    Numbers,
    Rows,
    Stream,
    daily_ids,
    daily_uids,
    either,
    generator,
    joined,
    moments,
    numerals,
    picked,
    seconds,
    stacked,
)
from orchestration.simulation.ids import user_ids
from orchestration.simulation.notations import JUNK_EMAILS, typed_emails, with_junk
from orchestration.simulation.world import World

_TOPICS = ("delivery", "returns", "invoice", "product question", "account", "complaint")


def _acting(world: World, stream: Stream, per_day: float, first: int, last: int, known: Numbers) -> Columns:
    """People who do something on these days, of those who are known by then."""
    parts = []
    for day in range(first, last + 1):
        chance = generator(world.seed, stream, day).random(world.people.count)
        person = np.flatnonzero((chance < per_day) & (known <= day))
        uid = daily_uids(day, len(person))
        parts.append({"uid": uid, "person": person, "day": np.full(len(person), day)})
    return stacked(parts)


def interaction_rows(world: World, first: int, last: int) -> Rows:
    """`social.interactions`; few name a user of ours."""
    rows = _acting(world, Stream.SOCIAL, world.rates.social_per_day, first, last, np.zeros(world.people.count))
    dice, uid, person = world.dice, rows["uid"], rows["person"]
    names_user = (world.people.shop_day[person] <= rows["day"]) & dice.happens("social login", 0.3, person)
    return {
        "interaction_id": daily_ids("SOC", uid),
        "platform": picked(("instagram", "facebook", "tiktok", "youtube"), dice.below("platform", 4, person)),
        "handle": joined("@walker_", numerals(person * 3 + 1000)),
        "user_id": either(names_user, user_ids(person), None),
        "type": picked(("like", "comment", "share", "follow", "mention"), dice.below("interaction", 5, uid)),
        "campaign_id": either(uid % 2 == 0, campaign_ids(rows["day"] // 6), None),
        "occurred_at": moments(seconds(rows["day"], dice.below("social hour", 80_000, uid))),
    }, uid


def ticket_rows(world: World, first: int, last: int) -> Rows:
    """`support.tickets`: each when it was opened; a contact of the second CRM instance is named with its instance."""
    rows = _acting(world, Stream.TICKETS, world.rates.tickets_per_day, first, last, world.people.known_day)
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
    text = joined(
        "Hello, I have a question about ",
        picked(_TOPICS, topic),
        ". My name is ",
        people.first_name.take(pa.array(person)),
        ".",
    )
    return {
        "ticket_id": daily_ids("TK", uid),
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
