"""Roles: what the seed opens is there, stays open through a build, and values are for the few."""

from collections.abc import Iterator, Sequence

from orchestration.access.roles import ALL, Rule, load_rules
from orchestration.project import PUBLISHED_ROOMS
from tests.project.house import Manifest, models_of, public_models, room_of, sentence

# Who may read direct personal data, and of whom nothing is kept back.
READ_VALUES = frozenset({"service", "admin"})


def rule_violations(rules: Sequence[Rule], public: set[tuple[str, str]], kept: set[tuple[str, str]]) -> Iterator[str]:
    """Rows that open nothing, a table that a build would close again, or values to others than the few."""
    for rule in rules:
        where = f"{rule.role}: {rule.place} {rule.room}.{rule.table}"
        if rule.place == "published" and rule.room != ALL and rule.room not in PUBLISHED_ROOMS:
            yield f"{where}: no room that is published"
        if rule.place == "published" and rule.table != ALL and (rule.room, rule.table) not in public:
            yield f"{where}: no public table"
        if rule.place == "work" and rule.table != ALL and (rule.room, rule.table) not in kept:
            yield f"{where}: its model has no `grants=readers()`, so every build would close it"
        if rule.place != "published" and rule.role not in READ_VALUES:
            yield f"{where}: work and raw tables hold values, and are for {', '.join(sorted(READ_VALUES))}"


def test_the_seed_opens_what_is_there(manifest: Manifest) -> None:
    """Every row of the seed names a table that readers keep, and values are opened to the few only."""
    public = {(room_of(model), str(model["name"])) for model in public_models(manifest)}
    kept = {
        (room_of(model), str(model["name"])) for model in models_of(manifest) if "grants=readers()" in model["raw_code"]
    }
    assert not (found := list(rule_violations(load_rules(), public, kept))), sentence(found)


def test_the_checks_can_fail() -> None:
    """A row that names nothing, one that a build closes, and values for analysts are found."""
    rules = [
        Rule("analyst", "published", "pii", "contact_points"),
        Rule("service", "work", "pii", "contact_points"),
        Rule("analyst", "raw", ALL, ALL),
        Rule("admin", "work", ALL, ALL),
    ]
    assert len(list(rule_violations(rules, set(), set()))) == 4
    assert not list(rule_violations(rules[1:2], set(), {("pii", "contact_points")}))
