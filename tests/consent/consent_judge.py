"""The judge: of all that was said, what holds now for each person, purpose and channel."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tests.consent.consent_draw import Identifier, Landed
from tests.consent.consent_oracle import CHANNELS, END, KNOWN, NO, PURPOSES, YES, Allowed, Memory, Said, statements

# Columns that name somebody, in tables of what people do.
DOING = {
    "crm.contacts": {"contact_id": "crm_contact_id", "email": "email", "phone": "phone"},
    "commerce.customers": {"shop_customer_id": "shop_customer_id", "email": "email"},
    "commerce.orders": {"email": "email"},
    "events.events": {"user_id": "user_id", "anonymous_id": "anonymous_id"},
    "engagement.messages": {"recipient_email": "email", "recipient_phone": "phone", "user_id": "user_id"},
}


def allowed(rows: Iterable[Landed], memory: Memory, now: datetime) -> Allowed:
    """Profile, purpose and channel of all that is allowed."""
    rows = list(rows)
    said = statements(rows)
    suppressed = _suppressed(rows, memory)
    unreachable = _unreachable(rows)
    found: Allowed = set()
    for profile, person in memory.people().items():
        for purpose, about in PURPOSES.items():
            for channel in CHANNELS:
                mine = [one for one in said if (one.purpose, one.channel) == (purpose, channel)]
                mine = [one for one in mine if one.identifier in person]
                words = _words(mine, person, memory, now, needs_consent=about["legal_basis"] == "consent")
                stands = about["legal_basis"] != "consent" and any(kind in KNOWN for kind, _ in person)
                is_allowed = all(word.holds(now) for word in words) if words else stands
                asked = [key for key in suppressed.get(profile, []) if not _lifted(key, mine, person, memory, now)]
                addresses = {one for one in person if one[0] == CHANNELS[channel]["contact_type"]}
                bounces = CHANNELS[channel]["is_ended_by_bounce"] == "true" and addresses and addresses <= unreachable
                if is_allowed and not asked and not bounces:
                    found.add((profile, purpose, channel))
    return found


def _heard(mine: Iterable[Said], now: datetime, *, needs_consent: bool) -> list[Said]:
    """What counts at all, by one identifier: where no consent is needed a no, and a yes that nothing has ended."""
    if needs_consent:
        return list(mine)
    ended = [
        one.at
        for one in mine
        if one.at and (one.kind == END or (one.kind == YES and one.at <= now and not one.holds(now)))
    ]
    return [
        one
        for one in mine
        if one.kind == NO or (one.holds(now) and (not ended or (one.at is not None and one.at > max(ended))))
    ]


def _is_early(one: Said, now: datetime) -> bool:
    return one.kind == YES and one.at is not None and one.at > now


def _words(
    mine: Sequence[Said], person: set[Identifier], memory: Memory, now: datetime, *, needs_consent: bool
) -> list[Said]:
    """The last word of each identifier, unless the person said something after it by what was theirs already."""
    heard = {
        one: _heard([said for said in mine if said.identifier == one], now, needs_consent=needs_consent)
        for one in person
    }
    since = {one: memory.owners[one][1] for one in person}
    by_person = [
        said.at
        for one, words in heard.items()
        for said in words
        if not _is_early(said, now) and said.at is not None and said.at >= since[one]
    ]
    found = []
    for one, words in heard.items():
        if words:
            word = max(words, key=lambda said: (not _is_early(said, now), said.order(now)))
            if not any(at >= since[one] and at > (word.at or datetime.min) for at in by_person):
                found.append(word)
    return found


def _suppressed(rows: Sequence[Landed], memory: Memory) -> dict[str, list[tuple[str, str]]]:
    """Which requests keep a profile from being used."""
    doing = {
        (kind, str(row.cells[column]).lower() if kind == "email" else str(row.cells[column]))
        for row in rows
        for column, kind in DOING.get(row.table, {}).items()
        if row.cells.get(column)
    }
    doing |= {("email", row.cells["traits"]["email"]) for row in rows if row.cells.get("traits")}
    found: dict[str, list[tuple[str, str]]] = {}
    for key, (named, _, remembered) in memory.asked.items():
        there = {one for one in remembered if one in memory.owners}
        sure = {one for one in there if one == named or one[0] != "phone"}
        homes = {memory.owners[one][0] for one in sure if one in doing}
        for one in there:
            owner = memory.owners[one][0]
            if one in sure or not homes - {owner}:
                found.setdefault(owner, []).append(key)
    return found


def _lifted(key: tuple[str, str], mine: Sequence[Said], person: set[Identifier], memory: Memory, now: datetime) -> bool:
    """Whether the person agreed after the request, by a record of consent that holds."""
    _, moment, remembered = memory.asked[key]
    since = {one: memory.owners[one][1] for one in person}
    all_theirs = max(since[one] for one in person & remembered)
    for one in person:
        records = [said for said in mine if said.identifier == one and said.is_record and not _is_early(said, now)]
        last = max(records, key=lambda said: said.order(now), default=None)
        if last is None or not last.holds(now) or last.at is None or last.at <= moment:
            continue
        if one in remembered or (last.at >= since[one] and last.at >= all_theirs):
            return True
    return False


def _unreachable(rows: Iterable[Landed]) -> set[Identifier]:
    """Addresses whose last message came back."""
    rows = list(rows)
    messages = {row.key[1]: row.cells for row in rows if row.table == "engagement.messages"}
    last: dict[tuple[Identifier, bool], datetime] = {}
    for row in rows:
        if row.table != "engagement.message_events":
            continue
        kind, message = row.cells["type"].lower(), messages[row.cells["message_id"]]
        if kind not in ("bounced", "delivered", "opened", "clicked"):
            continue
        for one in (("email", message["recipient_email"]), ("phone", message["recipient_phone"])):
            place = (one, kind == "bounced")
            last[place] = max(last.get(place, datetime.min), row.cells["occurred_at"])
    return {one for (one, is_bounce), at in last.items() if is_bounce and last.get((one, False), datetime.min) <= at}
