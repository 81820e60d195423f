"""What `onefolk evaluate` prints: shares, counts and types of identifiers; never a value of one."""

from rich.console import Console

from orchestration.identity.scores import Evaluation
from orchestration.terminal import facts_table, number_table, shown


def evaluation_summary(screen: Console, evaluation: Evaluation) -> None:
    """Print an evaluation as tables that fit a terminal of 80 characters."""
    shares = {
        "pairs": (evaluation.precision, evaluation.recall, evaluation.f1),
        "B-cubed": (evaluation.b_cubed_precision, evaluation.b_cubed_recall, evaluation.b_cubed_f1),
    }
    rows = [[name, *map(_share, values)] for name, values in shares.items()]
    screen.print(number_table("Identity against the truth", ["", "precision", "recall", "F1"], rows))
    screen.print(facts_table("Pairs and people", _facts(evaluation)))
    columns = ["type", "identifiers", "unknown", "wrongly joined", "missed"]
    counts = [
        [kind.identifier_type, kind.identifiers, kind.unknown, kind.wrongly_joined, kind.missed]
        for kind in evaluation.types
    ]
    foot = ["all", *(sum(int(str(row[place])) for row in counts) for place in range(1, 5))]
    screen.print(number_table("Identifiers", columns, counts, foot))
    screen.print("Unknown: not in the truth, such as junk addresses, and left out of every share.")
    screen.print("Wrongly joined: in one profile with an identifier that has no owner in common.")
    screen.print("Missed: another profile holds a part of what your own records join.")


def _facts(evaluation: Evaluation) -> dict[str, object]:
    return {
        "pairs in one profile": f"{shown(evaluation.predicted_pairs)}, of which {shown(evaluation.wrong_pairs)} wrong",
        "knowable pairs": f"{shown(evaluation.knowable_pairs)}, of which {shown(evaluation.missed_pairs)} missed",
        "profiles": evaluation.profiles,
        "over-merged": f"{shown(evaluation.over_merged_profiles)} profiles, which hold"
        f" {shown(evaluation.over_merged_people)} people",
        "split": f"{shown(evaluation.split_people)} people, whose knowable identifiers stand in several profiles",
        "largest profile": f"{shown(evaluation.largest_profile)} identifiers",
        "without a profile": f"{shown(evaluation.unplaced_identifiers)} identifiers",
    }


def _share(value: float | None) -> str:
    return shown(None) if value is None else f"{value:.4f}"
