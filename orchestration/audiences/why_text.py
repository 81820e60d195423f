"""Why somebody is in an audience or not, printed for people, and as JSON for programs."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console

from orchestration.audiences.standing import Asked, Contact, Standing
from orchestration.audiences.why_words import answer, conditions, contacts, history, line_of, name_of, verdict
from orchestration.audiences.words import condition_in_words, description_of, permission_reason, title_of
from orchestration.identity.explain_words import printable
from orchestration.profiles.lines import Section
from orchestration.profiles.person import Fact
from orchestration.profiles.records import as_json
from orchestration.profiles.text import show_section


def show_standing(screen: Console, asked: Asked, standing: Standing, now: datetime) -> None:
    """Print how somebody stands in one audience; the last line says whether they will be delivered to."""
    first, *others = answer(asked, standing, now)
    _print(screen, first, "bold")
    for sentence in (*others, asked.note, description_of(standing.definition)):
        _print(screen, sentence, "dim" if sentence not in others else "")
    for section in (conditions(standing, now), history(asked, standing), contacts(standing)):
        show_section(screen, section)
    screen.print()
    _print(screen, verdict(standing), "bold green" if standing.is_delivered else "bold")


def show_standings(screen: Console, asked: Asked, standings: Sequence[Standing]) -> None:
    """Print how somebody stands in every audience, one line each, memberships first."""
    members = [standing for standing in standings if standing.membership is not None]
    _print(screen, f"{name_of(asked)} is in {len(members):,} of {len(standings):,} audiences.", "bold")
    _print(screen, asked.note, "dim")
    ordered = sorted(standings, key=lambda standing: (standing.membership is None, len(standing.lacking)))
    show_section(screen, Section("audiences", "Audiences", [line_of(standing) for standing in ordered]))


def as_records(asked: Asked, standings: Sequence[Standing], now: datetime) -> str:
    """JSON: who was asked about, masked, and each audience with its conditions, history, contacts and the sentences."""
    told = {
        "profile_id": asked.profile_id,
        "identifier": asked.value and {"identifier_type": asked.kind, "identifier_value": asked.value},
        "note": asked.note or None,
        "former_profile_ids": [former["profile_id"] for former in asked.former],
        "audiences": [_record(asked, standing, now) for standing in standings],
    }
    return as_json(told)


def _record(asked: Asked, standing: Standing, now: datetime) -> Fact:
    member = standing.membership
    guard = standing.guard
    return {
        "audience": standing.definition["audience"],
        "title": title_of(standing.definition),
        "purpose": standing.definition["purpose"],
        "state": standing.state.value,
        "is_member": member is not None,
        **{name: member and member[name] for name in ("qualified_at", "entered_at", "expires_at")},
        "guard": guard and {"state": guard.state, "reasons": guard.reasons, "figures": guard.figures},
        "conditions": [
            condition._asdict()
            | {"holds": bool(condition.holds), "is_known": condition.holds is not None}
            | {"description": condition_in_words(condition.name, standing.declaration)}
            for condition in standing.conditions or ()
        ],
        "history": standing.history,
        "contacts": [_contact(contact) for contact in standing.contacts],
        "is_delivered": standing.is_delivered,
        "sentences": [*answer(asked, standing, now), verdict(standing)],
    }


def _contact(contact: Contact) -> Fact:
    permission = contact.permission or {}
    return {
        "channel": contact.channel,
        "contact_point": contact.point,
        "is_allowed": bool(permission.get("is_allowed")),
        "reason": permission_reason(contact.permission),
        **{name: permission.get(name) for name in ("record_source", "record_id", "stated_at", "valid_until")},
        "is_deliverable": contact.is_deliverable,
    }


def _print(screen: Console, text: str, style: str = "") -> None:
    if text:
        screen.print(printable(text), style=style, markup=False, soft_wrap=True)
