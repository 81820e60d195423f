"""Lives of two people drawn at random: what they say, where, when, by which identifier, and what becomes of them.

Each life has its own values, so that many share one warehouse and none meets another. A life is raw rows per run, and
the keys of rows that are deleted before a run.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

SEED = int(os.environ.get("ONEFOLK_CONSENT_SEED", "20260411"))
START = datetime(2026, 3, 1, 6)
RUNS = tuple(START + timedelta(days=days) for days in (0, 20, 40, 60, 80))
Identifier = tuple[str, str]
Draw = Callable[[st.SearchStrategy[Any]], Any]

# What the draw chooses from: some of it means something, and some nothing.
PURPOSES = ("marketing", "marketing", "marketing", "Marketing", "order_service", "customer_survey", "advertising")
PURPOSES += (None, "heatmaps")  # type: ignore[assignment]
CHANNELS = ("email", "email", "email", "sms", "ads", "E-Mail", "EMAIL", None)
STATUSES = ("granted", "granted", "granted", "GRANTED", "denied", "revoked", "Revoked", "expired", "opt-in", None)
BASES = ("consent", "consent", "consent", None, "legitimate_interest", "magic")
REQUESTS = ("objection", "erasure", "Objection", "access", "portability")
CATEGORIES = ("Advertising", "advertising", "Analytics", "Functional", "C0004", "DataSharing", "Nonsense")
HOURS = (0, 1, 5, 24, 30 * 24)


@dataclass(frozen=True)
class Landed:
    """One version of a row as it landed; cells hold texts, moments, truth values and what is written as JSON."""

    table: str
    cells: Mapping[str, Any]
    loaded_at: datetime
    row_no: int

    @property
    def key(self) -> tuple[str, str]:
        """What later versions of the row share with it."""
        return (self.table, str(next(iter(self.cells.values()))))

    def raw(self, columns: Any) -> dict[str, str | None]:
        """The row of the raw table."""
        assert not set(self.cells) - set(columns), f"{self.table} has no {sorted(set(self.cells) - set(columns))}"
        return {name: _text(self.cells.get(name)) for name in columns}


@dataclass
class Life:
    """Two people who may turn out to be one: A has c1, s1, u1, e-mail a and phone 1, B has c2, e-mail b and phone 2."""

    name: str
    put: list[list[Landed]] = field(default_factory=lambda: [[] for _ in RUNS])
    deleted: list[list[tuple[str, str]]] = field(default_factory=lambda: [[] for _ in RUNS])
    count: int = 0

    def value(self, kind: str, short: str) -> str:
        """The value of an identifier of this life, normalised."""
        if kind == "email":
            return f"{self.name}-{short}@haus-post.de"
        if kind == "phone":
            return f"+4930{200_000 + int(self.name[1:]):06d}{short}"
        return f"{self.name}-{short}"

    def land(self, run: int, table: str, **cells: Any) -> None:
        """Land a row with the files of a run; its key comes first."""
        self.count += 1
        self.put[run].append(Landed(table, cells, RUNS[run], self.count))

    def new_key(self) -> str:
        """A key that no row of this life has."""
        return f"{self.name}-r{self.count}"

    def rows_at(self, run: int) -> list[Landed]:
        """The latest version of every row that is there in a run."""
        latest: dict[tuple[str, str], Landed] = {}
        for number in range(run + 1):
            for key in self.deleted[number]:
                latest.pop(key, None)
            latest |= {row.key: row for row in self.put[number]}
        return list(latest.values())


def _text(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, dict):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else value


def _before(draw: Draw, run: int) -> datetime:
    return RUNS[run] - timedelta(hours=draw(st.sampled_from(HOURS)))


def _anybody(draw: Draw, life: Life) -> Identifier:
    kinds = [("email", "a"), ("email", "a"), ("email", "b"), ("phone", "1"), ("phone", "2"), ("user_id", "u1")]
    kinds += [("crm_contact_id", "c1"), ("crm_contact_id", "c2"), ("anonymous_id", "x1"), ("email", "unseen")]
    kind, short = draw(st.sampled_from(kinds))
    return kind, life.value(kind, short)


def _record(draw: Draw, life: Life, run: int) -> None:
    kind, value = _anybody(draw, life)
    far = draw(st.sampled_from([None, None, None, 10, 25, 45, -400]))
    moment = draw(st.sampled_from([_before(draw, run), _before(draw, run), None, RUNS[run] + timedelta(days=30)]))
    life.land(
        run,
        "consent.records",
        consent_id=life.new_key(),
        id_type=kind,
        id_value=draw(st.sampled_from([value, f" {value} ", value.upper()])) if kind == "email" else value,
        purpose=draw(st.sampled_from(PURPOSES)),
        channel=draw(st.sampled_from(CHANNELS)),
        legal_basis=draw(st.sampled_from(BASES)),
        status=draw(st.sampled_from(STATUSES)),
        collected_at=moment,
        valid_until=None if far is None else RUNS[run] + timedelta(days=far),
    )


def _answer(draw: Draw, life: Life, run: int) -> None:
    key, channel = life.new_key(), draw(st.sampled_from(["email", "email", "Email", "sms", "push", "pigeon"]))
    email = draw(st.sampled_from(["a", "a", "b", None])) if channel in ("email", "Email") else None
    phone = draw(st.sampled_from(["1", "2"])) if channel == "sms" else None
    sent = _before(draw, run)
    life.land(
        run,
        "engagement.messages",
        message_id=key,
        channel=channel,
        recipient_email=email and life.value("email", email),
        recipient_phone=phone and life.value("phone", phone),
        user_id=life.value("user_id", "u1") if draw(st.booleans()) or not (email or phone) else None,
        sent_at=sent,
    )
    kinds = ["unsubscribed", "complained", "Unsubscribed", "bounced", "bounced", "delivered", "opened"]
    for number, kind in enumerate(draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=2))):
        life.land(
            run,
            "engagement.message_events",
            event_id=f"{key}-{number}",
            message_id=key,
            type=kind,
            occurred_at=sent + timedelta(minutes=number),
        )


def _request(draw: Draw, life: Life, run: int) -> None:
    kind, value = _anybody(draw, life)
    key, moment = life.new_key(), _before(draw, run)
    is_verified = draw(st.booleans())
    cells = {"type": draw(st.sampled_from(REQUESTS)), "id_type": kind, "id_value": value, "received_at": moment}
    life.land(run, "privacy.requests", request_id=key, **cells, verified_at=moment if is_verified else None)
    if run + 1 < len(RUNS) and draw(st.booleans()):
        life.deleted[draw(st.integers(run + 1, len(RUNS) - 1))].append(("privacy.requests", key))


def _banner(draw: Draw, life: Life, run: int) -> None:
    preferences = draw(st.dictionaries(st.sampled_from(CATEGORIES), st.sampled_from([True, True, False, "true", None])))
    life.land(
        run,
        "events.events",
        message_id=life.new_key(),
        type="track",
        event=draw(st.sampled_from(["Segment Consent Preference Updated"] * 4 + ["Product Viewed"])),
        user_id=life.value("user_id", "u1") if draw(st.booleans()) else None,
        anonymous_id=life.value("anonymous_id", "x1"),
        timestamp=_before(draw, run),
        context={"consent": {"categoryPreferences": draw(st.sampled_from([preferences, preferences, None]))}},
    )


def _opt_in(draw: Draw, life: Life, run: int) -> None:
    life.land(
        run,
        "commerce.customers",
        shop_customer_id=life.value("shop_customer_id", "s1"),
        email=life.value("email", draw(st.sampled_from(["a", "a", "b"]))),
        accepts_marketing=draw(st.sampled_from([True, True, False, None])),
        created_at=draw(st.sampled_from([START - timedelta(days=9), START + timedelta(days=25), None])),
        updated_at=RUNS[run],
    )


def _log_in(draw: Draw, life: Life, run: int) -> None:
    cells = {"user_id": life.value("user_id", "u1"), "anonymous_id": life.value("anonymous_id", "x1")}
    traits = {"email": life.value("email", draw(st.sampled_from(["a", "a", "b"])))}
    life.land(
        run, "events.events", message_id=life.new_key(), type="identify", **cells, timestamp=RUNS[run], traits=traits
    )


def _merge(draw: Draw, life: Life, run: int) -> None:
    cells = {"action": "force_link", "id_type_a": "email", "id_value_a": life.value("email", "a")}
    cells |= {"id_type_b": "email", "id_value_b": life.value("email", "b")}
    key, later = life.new_key(), draw(st.sampled_from([run, run, *range(run + 1, len(RUNS))]))
    life.land(run, "steward.identity_overrides", override_id=key, **cells, created_at=RUNS[run])
    if later != run:
        revoked = {"created_at": RUNS[run], "revoked_at": RUNS[later]}
        life.land(later, "steward.identity_overrides", override_id=key, **cells, **revoked)


def _contact(life: Life, run: int, short: str, email: str | None, phone: str | None) -> None:
    life.land(
        run,
        "crm.contacts",
        contact_id=life.value("crm_contact_id", short),
        email=email and life.value("email", email),
        phone=phone and life.value("phone", phone),
        first_name={"c1": "Anna", "c2": "Ben"}.get(short, "Cleo"),
        birth_date={"c1": "1980-01-01", "c2": "1990-02-02"}.get(short, "1970-03-03"),
        created_at=RUNS[run],
        updated_at=RUNS[run],
    )


def _number_given_on(draw: Draw, life: Life, run: int) -> None:
    _contact(life, run, "c1", "a", None)
    _contact(life, run, "c2", "b", "1")


def _gone(draw: Draw, life: Life, run: int) -> None:
    """The rows of A are deleted; perhaps they come back as somebody new, by e-mail in capitals or by telephone only."""
    keys = {row.key for rows in life.put[:run] for row in rows if row.key[1].endswith(("-c1", "-s1", "-o1", "-o2"))}
    life.deleted[run].extend(sorted(keys))
    if draw(st.booleans()):
        cells = (
            {"email": life.value("email", "a").upper()} if draw(st.booleans()) else {"phone": life.value("phone", "1")}
        )
        life.land(run, "crm.contacts", contact_id=life.value("crm_contact_id", "c9"), **cells, created_at=RUNS[run])


@st.composite
def lives(draw: Draw, name: str) -> Life:
    """One life: A and B, each from some run on, who bought twice; and up to a dozen things that happen."""
    life = Life(name)
    _contact(life, draw(st.sampled_from([0, 0, 0, 1])), "c1", "a", "1")
    _contact(life, draw(st.sampled_from([0, 0, 2])), "c2", "b", "2")
    for number, email in enumerate(["a", "a", "b", "b"], start=1):
        ordered = START - timedelta(days=number)
        cells = {"email": life.value("email", email), "status": "paid", "total": "50.00", "currency": "EUR"}
        life.land(0, "commerce.orders", order_id=f"{name}-o{number}", **cells, ordered_at=ordered, updated_at=ordered)
    often = [_record] * 8 + [_answer] * 4 + [_request] * 2 + [_banner] * 3
    seldom = [_opt_in, _log_in, _merge, _merge, _number_given_on, _gone]
    for _ in range(draw(st.integers(2, 12))):
        draw(st.sampled_from([*often, *seldom]))(draw, life, draw(st.integers(0, len(RUNS) - 1)))
    return life


def drawn(count: int) -> list[Life]:
    """So many lives, the same for the same seed (ONEFOLK_CONSENT_SEED)."""
    found: list[Life] = []

    @seed(SEED)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def draw_one(data: st.DataObject) -> None:
        found.append(data.draw(lives(f"w{len(found):04d}")))

    draw_one()
    return found
