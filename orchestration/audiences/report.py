"""Every audience as readers see it: size, funnel, reach, changes and guard, in counts only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from orchestration.audiences.conditions import Declaration, condition_columns, declarations
from orchestration.audiences.funnel import Funnel, read_funnel
from orchestration.audiences.guards import Guard, read_guards
from orchestration.audiences.reach import REACH, Reach, read_reach
from orchestration.profiles.facts import read_facts
from orchestration.profiles.person import Fact
from orchestration.project import seed_rows
from orchestration.publishing.export import readers_view
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, quoted

# Changes are told of this many days.
DAYS = 28
SOON_DAYS = 7

_DEFINITION = (
    "audience, title, purpose, channel, owner, description, min_member_count, max_member_count, max_change_share,"
    " max_unreachable_share, is_for_anonymous"
)
_SIZE = (
    "audience, generation, definition, reasons, member_count, candidate_count, entered_count, left_count, is_open,"
    " is_overridden, measured_at"
)
_CHANGES = "audience, change_type, cause, occurred_at, people_count"
_OVERLAP = "audience, other_audience, shared_count, shared_share"
_NEEDED = {
    ("audiences", "audience_definitions"): _DEFINITION,
    ("audiences", "audience_members"): "audience, profile_id, expires_at",
    ("audiences", "audience_sizes"): _SIZE,
    ("audiences", "audience_changes"): "audience, change_type, cause, occurred_at",
    ("audiences", "audience_overlaps"): _OVERLAP,
    ("audiences", "audience_guards"): "audience, is_open",
    ("audiences", "audience_reach"): REACH,
    ("profiles", "profiles"): "profile_id, is_known",
}


class ReportError(RuntimeError):
    """There is no report to be made; the message says why, and what makes one possible."""


@dataclass(frozen=True)
class AudienceReport:
    """One audience.

    `sizes` are its runs that changed something, oldest first; `changes` counts of entries and exits by run and cause,
    newest first.
    """

    definition: Fact
    purpose: Mapping[str, str]
    declaration: Declaration
    guard: Guard | None
    member_count: int
    ending_count: int
    funnel: Funnel | None
    sizes: Sequence[Fact]
    changes: Sequence[Fact]
    reach: Sequence[Reach]
    last_generation: int

    @property
    def name(self) -> str:
        """Its key."""
        return str(self.definition["audience"])

    @property
    def last_run(self) -> Fact | None:
        """Its row of the last run in which any audience changed; None where this one didn't."""
        return self.sizes[-1] if self.sizes and self.sizes[-1]["generation"] == self.last_generation else None

    @property
    def best_reach(self) -> Reach | None:
        """The channel that it is meant for; where it doesn't say, the one that reaches most."""
        wanted = [reach for reach in self.reach if self.definition["channel"] in (None, reach.channel)]
        return max(wanted, key=lambda reach: reach.deliverable_count, default=None)

    def before(self, moment: datetime) -> int | None:
        """How many members it had at a moment; None where it was not there yet."""
        return next((int(size["member_count"]) for size in reversed(self.sizes) if size["measured_at"] <= moment), None)


@dataclass(frozen=True)
class Report:
    """All audiences by name, how many members two of them share, and the day that the data stands at."""

    day: date
    audiences: Sequence[AudienceReport]
    overlaps: Mapping[tuple[str, str], Fact]

    @property
    def moment(self) -> datetime:
        """The end of the day."""
        return datetime.combine(self.day, time.max)


def read_report(settings: Settings) -> Report:
    """Read what readers see, in one state; raise `ReportError` where the audiences are not published yet."""
    with readers_view(settings) as warehouse:
        return _Reader(settings, warehouse).report()


class _Reader:
    """Reads all audiences from what readers see."""

    def __init__(self, settings: Settings, warehouse: Warehouse) -> None:
        self.settings = settings
        self.warehouse = warehouse

    def report(self) -> Report:
        for (room, table), columns in _NEEDED.items():
            if not set(columns.split(", ")) <= set(self._columns(room, table)):
                raise ReportError(f"Readers don't see {room}.{table} yet, or an older one: `onefolk run` publishes it.")
        definitions = self._facts("audiences", "audience_definitions", _DEFINITION, "audience")
        sizes = self._facts("audiences", "audience_sizes", _SIZE, "audience, generation")
        day = self._day(sizes)
        members = self._members(day)
        changes = self._changes(day)
        guards = {g.audience: g for g in read_guards(self.warehouse, self.settings.stable_schema("audiences"))}
        reach = read_reach(self.warehouse, self.settings.stable_schema("audiences"))
        purposes = {row["purpose"]: row for row in seed_rows("consent", "purposes")}
        overlaps = self._facts("audiences", "audience_overlaps", _OVERLAP, "audience, other_audience")
        last = max((int(size["generation"]) for size in sizes), default=0)
        declared = declarations()
        audiences = []
        for definition in definitions:
            name, purpose = str(definition["audience"]), str(definition["purpose"])
            audiences.append(
                AudienceReport(
                    definition=definition,
                    purpose=purposes.get(purpose, {"title": purpose, "text": "", "legal_basis": ""}),
                    declaration=declared.get(name, Declaration()),
                    guard=guards.get(name),
                    member_count=members.get(name, (0, 0))[0],
                    ending_count=members.get(name, (0, 0))[1],
                    funnel=self._funnel(definition),
                    sizes=[size for size in sizes if size["audience"] == name],
                    changes=[change for change in changes if change["audience"] == name],
                    reach=reach.get(name, []),
                    last_generation=last,
                )
            )
        return Report(day, audiences, {(row["audience"], row["other_audience"]): row for row in overlaps})

    def _day(self, sizes: Sequence[Fact]) -> date:
        """The day of the last build: a build that changes no audience leaves no trace but in the calendar."""
        days = [size["measured_at"].date() for size in sizes]
        if "day_date" in self._columns("profiles", "days"):
            days += [
                day for (day,) in self.warehouse.rows(f"select max(day_date) from {self._place('profiles', 'days')}")
            ]
        return max(filter(None, days), default=self.settings.clock.date())

    def _members(self, day: date) -> dict[str, tuple[int, int]]:
        """By audience, how many members, and of how many a condition ends by itself soon."""
        soon = day + timedelta(days=SOON_DAYS)
        rows = self.warehouse.rows(
            f"select audience, count(*), sum(case when expires_at <= cast('{soon}' as timestamp) then 1 else 0 end)"
            f" from {self._place('audiences', 'audience_members')} group by audience"
        )
        return {str(name): (int(count), int(ending)) for name, count, ending in rows}

    def _changes(self, day: date) -> list[Fact]:
        start = day - timedelta(days=DAYS)
        return read_facts(
            self.warehouse,
            "select audience, change_type, cause, occurred_at, count(*)"
            f" from {self._place('audiences', 'audience_changes')} where occurred_at > cast('{start}' as timestamp)"
            " group by audience, change_type, cause, occurred_at"
            " order by occurred_at desc, audience, change_type, cause",
            _CHANGES,
        )

    def _funnel(self, definition: Fact) -> Funnel | None:
        """The funnel of an audience; None where its table is not published."""
        table = f"aud_{definition['audience']}"
        conditions = list(condition_columns(self._columns("audiences", table)))
        if not conditions:
            return None
        # Anonymous profiles are left out by the engine where the audience is not for them.
        known = f"profile_id in (select profile_id from {self._place('profiles', 'profiles')} where is_known)"
        only = "" if definition["is_for_anonymous"] else known
        return read_funnel(self.warehouse, self._place("audiences", table), conditions, only)

    def _columns(self, room: str, table: str) -> dict[str, str]:
        return self.warehouse.columns(self.settings.stable_schema(room), table)

    def _facts(self, room: str, table: str, columns: str, order: str) -> list[Fact]:
        return read_facts(self.warehouse, f"select {columns} from {self._place(room, table)} order by {order}", columns)

    def _place(self, room: str, table: str) -> str:
        return quoted(self.settings.stable_schema(room), table)
