"""Syncs, plans and outcomes, printed for people."""

from collections.abc import Collection, Sequence

from rich.console import Console
from rich.markup import escape

from orchestration.activation.destinations.protocol import DeliveryClass
from orchestration.activation.ledger import Run
from orchestration.activation.rehearsal import Rehearsal
from orchestration.activation.running import SyncRun
from orchestration.activation.service import ResultRow, Standing
from orchestration.audiences.words import reason_in_words
from orchestration.identity.explain_words import counted, printable
from orchestration.profiles.masking import mask
from orchestration.terminal import facts_table, number_table

# What each outcome says, in the words of those who ask.
OUTCOMES = {
    "ok": "taken",
    "noop": "was so already",
    "invalid": "not sent: our data is wrong",
    "rejected": "refused by the destination",
    "suppressed": "not sent: not permitted",
    "held_out": "not sent: held out",
    "capped": "not sent: contacted often enough",
    "ambiguous": "may have been sent",
    "superseded": "not sent: another row has the key",
    "deferred": "not sent yet",
}
_STATUS = {
    "done": "done",
    "stopped": "stopped",
    "guarded": "held by its guard",
    "waiting": "the destination works on it",
    "sending": "did not come to its end",
    "planning": "plans",
    "failed": "failed",
    "given_up": "gave up before it sent anything",
}
_CLASSES = {
    DeliveryClass.UPSERT: "sent twice it is the same",
    DeliveryClass.KEYED_EVENT: "sent twice under one key it counts once",
    DeliveryClass.SIDE_EFFECT: "each is a message",
}


def show_list(screen: Console, standings: Sequence[Standing], unconnected: Collection[str] = ()) -> None:
    """A line per sync; `unconnected` are named below, for their connection is not declared."""
    rows = [
        (
            standing.sync.name,
            *_last(standing.last_run),
            standing.held,
            standing.due,
            standing.dead,
            standing.ambiguous,
        )
        for standing in standings
        if standing.sync.name not in unconnected
    ]
    columns = ("sync", "last run", "", "held", "due", "dead", "doubt")
    table = number_table(counted(len(rows), "sync"), columns, rows)
    # A name is typed by whoever reads it here.
    table.columns[0].no_wrap, table.columns[0].overflow = True, "fold"
    table.columns[0].min_width = max((len(row[0]) for row in rows), default=0)
    screen.print(table)
    if unconnected:
        _say(screen, f"Not connected yet: {', '.join(sorted(unconnected))}.", "dim")


def show_rehearsal(screen: Console, found: Rehearsal) -> None:
    """What a run would do."""
    sync, counts = found.sync, found.counts
    _say(screen, f"{sync.name} would {_deeds(found)}.", "bold")
    if found.resumes:
        _say(screen, f"Before that it would end run {found.resumes[:8]}, which did not come to its end.", "yellow")
    for told in found.preparations:
        _say(screen, f"Before that it would {told}.", "cyan")
    if found.breach:
        _say(screen, f"Its guard would hold that: {found.breach}. To let it through once: --allow-guard", "yellow")
    facts = {
        "to add": counts.added,
        "to change": counts.changed,
        "to remove": counts.removed,
        "held by the destination now": counts.held,
        "wanted": counts.wanted,
    }
    facts |= {OUTCOMES[name]: count for name, count in counts.ended.items()}
    if counts.waiting:
        facts["failed before, not due yet"] = counts.waiting
    screen.print(facts_table("Rows", facts))
    if found.suppressed:
        rows = [(reason_in_words(reason), count) for reason, count in found.suppressed]
        screen.print(
            number_table(f"Members of {sync.audience} who are left out by {sync.channel}", ("why", "members"), rows)
        )
    for example in found.examples:
        told = ", ".join(f"{name}={value!r}" for name, value in example["payload"].items())
        _say(screen, f"  {example['operation']:<7} {told}", "dim")
    _say(screen, "Nothing was sent. Values are masked.", "dim")


def _deeds(found: Rehearsal) -> str:
    rows = found.counts.planned
    if not rows:
        return "send nothing: the destination holds what it should"
    calls = counted(found.calls, "request")
    if found.limits is None:
        return f"write {counted(found.counts.wanted, 'row')} as a whole set, {counted(rows, 'row')} of it new or gone"
    most = f"of at most {counted(found.limits.max_rows, 'row')}" if found.limits.max_rows > 1 else "of one row each"
    return f"send {counted(rows, 'row')} in {calls} {most} ({_CLASSES[found.delivery_class]})"


def show_run(screen: Console, run: SyncRun) -> None:
    """How a run ended."""
    resumed = ", taken up where it had ended" if run.was_resumed else ""
    style = "" if run.status == "done" else "yellow"
    _say(screen, f"{run.sync}: {_STATUS[run.status]}{resumed}. {_outcomes(run)}", style)
    if run.message:
        _say(screen, f"  {run.message}", "yellow")


def _outcomes(run: SyncRun) -> str:
    if not run.planned:
        return "Nothing was to be sent."
    told = [f"{count:,} {OUTCOMES[name]}" for name, count in sorted(run.outcomes.items(), key=lambda one: -one[1])]
    return f"{counted(run.planned, 'row')}: {', '.join(told)}."


def show_results(
    screen: Console, run: Run, counts: Sequence[tuple[str, str, int]], rows: Sequence[ResultRow], *, shows_values: bool
) -> None:
    """What became of the rows of a run."""
    began = run.started_at[:16].replace("T", " ")
    _say(screen, f"Run {run.run_id[:8]} of {run.sync}, {began} UTC: {_STATUS[run.status]}.", "bold")
    if run.message:
        _say(screen, run.message, "yellow")
    table = [(OUTCOMES[outcome], code or "-", count) for outcome, code, count in counts]
    screen.print(number_table(counted(run.planned_count, "planned row"), ("outcome", "code", "rows"), table))
    if rows:
        shown = [
            (
                row.key if shows_values else mask("", row.key),
                (row.profile_id or "-")[:8],
                row.operation,
                row.outcome,
                row.code or "-",
                printable(row.message or "-") if shows_values else "-",
            )
            for row in rows
        ]
        names = ("key", "profile", "operation", "outcome", "code", "what was said")
        screen.print(number_table("Rows that did not simply arrive", names, shown))
        if not shows_values:
            _say(screen, "Keys are masked, and what the destination said is left out: --show-pii shows both.", "dim")


def _last(run: Run | None) -> tuple[str, str]:
    """When the last run began, and how it ended."""
    return (run.started_at[5:16].replace("T", " "), _STATUS[run.status]) if run else ("never", "")


def _say(screen: Console, text: str, style: str = "") -> None:
    screen.print(escape(printable(text)), style=style, soft_wrap=True)
