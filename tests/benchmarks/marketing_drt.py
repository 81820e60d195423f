"""HubSpot and Klaviyo against drt: `uv run --group benchmarks python tests/benchmarks/marketing_drt.py`.

One table in Postgres, and an account of each vendor on loopback, made from its descriptions, which counts what it gets.
drt runs in two ways: as its documentation has it; and with all that it offers for the destination: its ledger of what
was delivered, by the row's content, its dead letters, a template that minds nulls, and, for HubSpot, job titles that
are filled only where they are empty. It skips a refused row rather than stop. Both tools run at any rate; the hours of
a million contacts are those that the vendor's limits make of the calls counted here.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse
from tests.benchmarks.delivery_work import TABLE, lay
from tests.benchmarks.drt_stage import databases, run_tool, write_drt
from tests.benchmarks.marketing_accounts import TYPED, Account, HubSpot, Klaviyo

ROWS, KILLED_AT = 2_000, 777
WAYS = ("drt as documented", "drt with its ledger", "ours")
PEOPLE = """
    select
        'profile-' || n as profile_id, 'person.' || n || '@shop.example' as email, 'Berlin' as city,
        'Buyer' as job_title, cast(n % 100 as bigint) as order_count
    from generate_series(0, {rows} - 1) as numbers(n)"""
# 1 % of the people.
CHANGED, FEW = f"update {TABLE} set city = {{}} where order_count = 7", ROWS // 100
EMAILS = [f"person.{n}@shop.example" for n in range(ROWS)]
REFUSED = (EMAILS[500], EMAILS[1500])

CONTENT = "{{ row.email }}|{{ row.city }}|{{ row.job_title }}|{{ row.order_count }}"
CONTACT = """{"email": "{{ row.email }}", "jobtitle": "{{ row.job_title }}", "onefolk_city": "{{ row.city%s }}",
  "onefolk_order_count": "{{ row.order_count }}"}"""
PROFILE = """{"city": {{ row.city | tojson_safe }}, "job_title": {{ row.job_title | tojson_safe }},
  "order_count": {{ row.order_count }}}"""
BEARER = {"type": "bearer", "token_env": "HUBSPOT_TOKEN"}
EVENT = {"endpoint": "event", "metric_name": "Cart Abandoned", "unique_id_field": "profile_id"}


@dataclass(frozen=True)
class Stage:
    """One tool set up on an untouched table and account, to bring one thing."""

    thing: str
    way: str
    settings: Settings
    folder: Path
    account: Any

    def run(self, *, dies: bool = False) -> list[Any]:
        """Run the tool to its end, or until the account kills it; the exchanges of it."""
        before, seen = len(self.account.seen), self.account.seen
        is_ours = self.way == "ours"
        module = ("marketing_work", self.thing) if is_ours else ("drt_at",)
        command = [sys.executable, "-m", f"tests.benchmarks.{module[0]}", *module[1:], self.account.peer.url]
        run_tool(
            command if is_ours else [*command, "run"], self.settings, self.folder,
            lambda process: setattr(seen, "victim", process),
            is_ours=is_ours, dies=dies, secrets=self.account.secrets,
        )  # fmt: skip
        return list(seen[before:])

    def change(self, city: str) -> None:
        """Give 1 % of the people another city, as SQL."""
        with open_warehouse(self.settings) as warehouse:
            warehouse.execute(CHANGED.format(city))

    @property
    def right(self) -> int:
        """How many people the account holds as the table first had them."""
        held = self.account.held()
        wanted = ((one, ("Berlin", str(n % 100))) for n, one in enumerate(EMAILS))
        return sum((held[one].city, held[one].order_count) == told for one, told in wanted if one in held)


def repeated(stage: Stage) -> tuple[str, ...]:
    """All people are new, and two are refused once; two more runs; then few change."""
    stage.account.refuse_once(*REFUSED)
    calls = [len(stage.run()) for _ in range(3)]
    lost = ROWS - stage.right
    stage.change("'Hamburg'")
    calls.append(len(stage.run()))
    assert sum(one.city == "Hamburg" for one in stage.account.held().values()) == FEW
    first, again, unchanged, changed = (f"{count:,}" for count in calls)
    return first, again, f"{lost:,}", unchanged, changed


def killed(stage: Stage) -> tuple[str, ...]:
    """Killed in the middle, and run again."""
    stage.run(dies=True)
    stage.run()
    return f"{stage.account.seen.written.total() - ROWS:,}", f"{ROWS - stage.right:,}"


def existing(stage: Stage) -> tuple[str, ...]:
    """The account has all people already, with a typed job title; of few the table knows no city."""
    stage.account.fill(EMAILS)
    stage.change("null")
    exchanges = stage.run()
    held = stage.account.held()
    typed = sum(one.job_title != TYPED for one in held.values())
    cities = [held[one].city for n, one in enumerate(EMAILS) if n % 100 == 7]
    wrong = [city for city in cities if city]
    told = f"{len(wrong):,}" + (f" ({wrong[0]})" if wrong else "")
    hours = stage.account.hours(exchanges, ROWS)
    time = f"{hours:,.1f} h" if hours >= 1 else f"{hours * 60:,.1f} min"
    return f"{len(exchanges):,}", time, f"{typed:,}", told


def events_killed(stage: Stage) -> tuple[str, ...]:
    """Events: killed in the middle, and run again."""
    stage.run(dies=True)
    stage.run()
    counted = stage.account.events()
    twice = counted.total() - len(counted)
    return f"{stage.account.seen.written.total() - ROWS:,}", f"{twice:,}", f"{ROWS - len(counted):,}"


Case = Callable[[Stage], tuple[str, ...]]
OF_PEOPLE: dict[Case, tuple[str, ...]] = {
    repeated: (
        "2,000 are new, two refused once: calls", "run again: calls", "lost after one more run",
        "that run, nothing having changed: calls", "20 changed: calls",
    ),
    killed: ("kill -9 at record 777, run again: written twice", "lost"),
    existing: (
        "2,000 there already: calls", "so 1,000,000 take", "typed job titles overwritten", "20 cities to empty: left",
    ),
}  # fmt: skip
OF_EVENTS: dict[Case, tuple[str, ...]] = {
    events_killed: ("2,000 events, kill -9 at 777, run again: sent twice", "counted twice", "lost")
}
THINGS: dict[str, tuple[Callable[[int], Account], dict[Case, tuple[str, ...]]]] = {
    "contacts": (HubSpot, OF_PEOPLE),
    "profiles": (Klaviyo, OF_PEOPLE),
    "events": (Klaviyo, OF_EVENTS),
}


def set_up(way: str, thing: str, settings: Settings, folder: Path) -> None:
    """Write the files of a tool."""
    if way == "ours":
        return
    has_ledger = way == WAYS[1]
    # 0 is how drt says that no pace is kept.
    options: dict[str, Any] = {"mode": "full", "on_error": "skip", "rate_limit": {"requests_per_second": 0}}
    if has_ledger:
        options |= {"idempotency_key": CONTENT, "dlq": {"enabled": True}}
    destination: dict[str, Any] = {"type": "klaviyo", "api_key_env": "KLAVIYO_KEY"}
    if thing == "contacts":
        destination = {"type": "hubspot", "object_type": "contacts", "id_property": "email", "auth": BEARER}
        destination["properties_template"] = CONTACT % (" or ''" if has_ledger else "")
        options |= {"write_policy_overrides": {"jobtitle": "fill_empty"}} if has_ledger else {}
    elif thing == "profiles":
        destination |= {"properties_template": PROFILE} if has_ledger else {}
    else:
        destination |= EVENT
    columns = "profile_id, email, city, job_title, order_count"
    model = f"select {columns if thing == 'events' else columns.removeprefix('profile_id, ')} from {TABLE}"
    write_drt(folder, settings, f"{model} order by email", destination, options, has_ledger=has_ledger)


@contextmanager
def stages(thing: str, way: str, make: Callable[[], tuple[Settings, Path]]) -> Iterator[Stage]:
    """A tool on an untouched table, in a new database, with a new account."""
    settings, folder = make()
    lay(settings, PEOPLE, ROWS)
    account = THINGS[thing][0](KILLED_AT)
    with account.peer:
        set_up(way, thing, settings, folder)
        yield Stage(thing, way, settings, folder, account)


def main() -> None:
    """Run every case on every tool, and print a table of each thing that is brought."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--things", nargs="+", choices=THINGS, default=list(THINGS))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    given = parser.parse_args()
    with databases() as make:
        for thing in given.things:
            found: dict[str, list[str]] = {}
            for way in given.ways:
                for case, names in THINGS[thing][1].items():
                    with stages(thing, way, make) as stage:
                        for name, told in zip(names, case(stage), strict=True):
                            found.setdefault(f"{case.__name__}: {name}", []).append(told)
            table = Table(thing, *given.ways)
            for name, told in found.items():
                table.add_row(name.split(": ", 1)[1], *told)
            Console(width=130).print(table)


if __name__ == "__main__":
    main()
