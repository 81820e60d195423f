"""The numbers that say how right an identity graph is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TypeEvaluation:
    """Counts of identifiers of one type: all, not in the truth, in some wrong pair, in some missed pair."""

    identifier_type: str
    identifiers: int
    unknown: int
    wrongly_joined: int
    missed: int


@dataclass(frozen=True)
class Evaluation:
    """Counts, and shares from 0 to 1; a share is None where there is nothing that it could be a share of.

    A pair is two identifiers that the truth knows: predicted when one profile holds both, right when they share an
    owner, knowable when both are one person's alone and a chain of records that share such identifiers joins them.
    """

    predicted_pairs: int
    wrong_pairs: int
    knowable_pairs: int
    missed_pairs: int
    b_cubed_precision: float | None
    b_cubed_recall: float | None
    profiles: int
    over_merged_profiles: int
    over_merged_people: int
    split_people: int
    largest_profile: int
    identifiers: int
    unknown_identifiers: int
    unplaced_identifiers: int
    types: tuple[TypeEvaluation, ...]

    @property
    def precision(self) -> float | None:
        """Share of the predicted pairs that are right."""
        return _share(self.predicted_pairs - self.wrong_pairs, self.predicted_pairs)

    @property
    def recall(self) -> float | None:
        """Share of the knowable pairs that one profile holds."""
        return _share(self.knowable_pairs - self.missed_pairs, self.knowable_pairs)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall."""
        return _harmonic(self.precision, self.recall)

    @property
    def b_cubed_f1(self) -> float | None:
        """Harmonic mean of B-cubed precision and recall."""
        return _harmonic(self.b_cubed_precision, self.b_cubed_recall)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _harmonic(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return None
    return 2 * one * other / (one + other) if one + other else 0.0
