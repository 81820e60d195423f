"""What a change of the project does to each audience, in counts, and what of it is too much."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestration.audiences.reach import Reach

# Whether somebody may belong at all comes before the conditions.
NOT_LOOKED_AT, ANONYMOUS = "not_considered", "anonymous"


@dataclass(frozen=True)
class Limits:
    """From where on a change is too much: the share of members that enter or leave, 0 to 1, and members afterwards."""

    max_change_share: float | None = 0.2
    max_members: int | None = None


@dataclass(frozen=True)
class Side:
    """An audience in one of the two states: how many members, and their reach by channel."""

    member_count: int = 0
    reach: Sequence[Reach] = ()


@dataclass(frozen=True)
class AudienceDiff:
    """An audience that may have changed. `kind` is new, removed, changed or broken; `error` says why it is broken.

    `left_by` counts by condition those who leave and don't meet it any more, `entered_by` those who enter and didn't;
    one person may count for several. `files` and `settings` are what changed of it.
    """

    name: str
    kind: str
    before: Side = Side()
    after: Side = Side()
    entered_count: int = 0
    left_count: int = 0
    entered_by: Sequence[tuple[str, int]] = ()
    left_by: Sequence[tuple[str, int]] = ()
    files: Sequence[str] = ()
    settings: Sequence[str] = ()
    error: str | None = None

    @property
    def share(self) -> float | None:
        """Entries and exits as a share of the members before; None where there were none."""
        were = self.before.member_count
        return (self.entered_count + self.left_count) / were if were else None


@dataclass(frozen=True)
class Diff:
    """Every audience that may have changed since `against`; `upstream` are changed files that only a build can judge.

    `unchanged` names the audiences whose SQL and settings are the same.
    """

    against: str
    clock: datetime
    audiences: Sequence[AudienceDiff] = ()
    unchanged: Sequence[str] = ()
    upstream: Sequence[str] = ()
    breaches: Sequence[str] = ()


def breaches_of(audience: AudienceDiff, limits: Limits) -> list[str]:
    """Why a change of an audience is too much, in a sentence each; one that can't be read always is."""
    if audience.error:
        return [f"Audience {audience.name}: {audience.error}"]
    found = []
    share, most = audience.share, limits.max_change_share
    if share is not None and most is not None and share > most:
        found.append(
            f"Audience {audience.name}: {audience.entered_count:,} would enter and {audience.left_count:,} leave of"
            f" {audience.before.member_count:,}, {share:.0%}, and at most {most:.0%} may change."
        )
    if limits.max_members is not None and audience.after.member_count > limits.max_members:
        found.append(
            f"Audience {audience.name}: {audience.after.member_count:,} members, and at most {limits.max_members:,} are"
            " allowed."
        )
    return found
