"""A few rounds of the kill matrix: one for each delivery class on each ledger."""

from tests.end_to_end.kill_matrix import rounds


def test_no_law_is_broken_by_a_kill() -> None:
    """Killed at any step, no row is lost, no message doubled, and every planned row has one outcome."""
    found = list(rounds(6, seed=7))
    assert [one.broken for one in found] == [[]] * 6
    assert sum(len(one.kills) for one in found) >= 4, "rounds without a kill prove nothing"
