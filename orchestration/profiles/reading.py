"""One person, read from the warehouse: found as `onefolk explain` finds, then every table that knows of them."""

from collections import Counter
from datetime import datetime
from typing import Any

import yaml

from orchestration.identity.explain import Explanation, check_built, evidence_around, looking_into
from orchestration.identity.explain_lookup import ExplainError, Tables
from orchestration.profiles.facts import read_facts
from orchestration.profiles.person import Fact, Person
from orchestration.profiles.tables import (
    ATTRIBUTES,
    CAMPAIGNS,
    CART,
    CARTS,
    COUNTED,
    EVENT,
    EVENTS,
    ITEMS,
    LICENCES,
    LISTS,
    OTHERS,
    PRODUCTS,
    PROFILES,
    SEEDS,
    SHOWN,
    VALUES,
    Table,
    needed,
)
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import Warehouse, quoted


def read_person(settings: Settings, asked: str, *, events: int) -> Person:
    """Find one person by an identifier, a key or a profile id, and read what is known, with the last `events` events.

    Raise `ExplainError` where nobody or more than one is found or a table is missing, `BusyError` while somebody writes
    on DuckDB. The values are in it: show it masked.
    """
    with looking_into(settings) as warehouse:
        explanation = evidence_around(settings, warehouse, [asked])
        check_built(settings, warehouse, needed())
        return _Reader(settings, warehouse, explanation.subjects[0].profile_id).person(explanation, events)


class _Reader:
    """Reads the tables of one profile from an open warehouse."""

    def __init__(self, settings: Settings, warehouse: Warehouse, profile_id: str) -> None:
        self.settings = settings
        self.warehouse = warehouse
        self.profile_id = profile_id

    def person(self, explanation: Explanation, events: int) -> Person:
        lists: dict[str, Any] = {name: self._list(*listed, name in COUNTED) for name, listed in LISTS.items()}
        seeds: dict[str, Any] = {
            name: self._facts(f"select {cs} from {self._place(table)}", cs) for name, (table, cs) in SEEDS.items()
        }
        counts = {name: self._count(LISTS[name][0]) for name in COUNTED} | {"events": self._count(EVENTS)}
        members = sorted(
            explanation.members(self.profile_id), key=lambda member: (str(member.identifier_type), member.key)
        )
        return Person(
            subject=explanation.subjects[0],
            currency=_project_currency(),
            facts=self._profile(),
            carts=self._carts(),
            events=self._events(events),
            attributes=self._attributes(),
            counts=counts,
            identifiers=members,
            links=explanation.links,
            refused=Counter(str(link.reason) for link in explanation.refused),
            raw_forms=self._raw_forms(),
            **lists,
            **seeds,
        )

    def _profile(self) -> Fact:
        columns = ", ".join(self.warehouse.columns(self.settings.work_schema("profiles"), "profiles"))
        found = self._facts(f"select {columns} from {self._place(PROFILES)} where profile_id = $1", columns, mine=True)
        if not found:
            raise ExplainError(
                f"profiles.profiles doesn't hold profile {self.profile_id} yet: the identity graph is newer."
                " `onefolk build` makes them one."
            )
        return found[0]

    def _list(self, table: Table, columns: str, order: str, is_cut: bool) -> list[Fact]:
        cut = f" limit {SHOWN}" if is_cut else ""
        sql = f"select {columns} from {self._place(table)} where profile_id = $1 order by {order}{cut}"
        return self._facts(sql, columns, mine=True)

    def _events(self, limit: int) -> list[Fact]:
        """The last events, what each is about by its name where the warehouse has one."""
        columns = ", ".join(f"events.{name}" for name in EVENT.split(", "))
        sql = f"""
            select {columns}, coalesce(products.product_name, campaigns.campaign_name) as object_name
            from {self._place(EVENTS)} as events
            left join {self._place(PRODUCTS)} as products
                on events.event_source = 'events' and events.object_id = products.product_id
            left join {self._place(CAMPAIGNS)} as campaigns
                on events.event_source <> 'events' and events.object_id = campaigns.campaign_id
            where events.profile_id = $1
            order by events.occurred_at desc, events.event_source, events.event_id
            limit {int(limit)}
        """
        return self._facts(sql, f"{EVENT}, object_name", mine=True)

    def _carts(self) -> list[Fact]:
        carts = self._facts(
            f"select {CART} from {self._place(CARTS)}"
            " where profile_id = $1 and cart_status in ('open', 'abandoned') order by changed_at desc, cart_id",
            CART,
            mine=True,
        )
        columns = "cart_id, product_id, product_name, quantity, price_amount, currency"
        items = self._facts(
            f"select items.cart_id, items.product_id, products.product_name, items.quantity, items.price_amount,"
            f" items.currency from {self._place(ITEMS)} as items"
            f" inner join {self._place(CARTS)} as carts on items.cart_id = carts.cart_id and carts.profile_id = $1"
            f" left join {self._place(PRODUCTS)} as products on items.product_id = products.product_id"
            " where items.quantity > 0 order by items.cart_id, items.product_id",
            columns,
            mine=True,
        )
        return [cart | {"items": [i for i in items if i["cart_id"] == cart["cart_id"]]} for cart in carts]

    def _attributes(self) -> list[Fact]:
        """What partners say of an identifier of the profile, the newest of a kind, and what they license it for now."""
        columns = "provider, attribute, attribute_value, observed_at, expires_at"
        stated = self._facts(
            f"""
            select distinct said.provider, said.attribute, said.attribute_value, said.observed_at, said.expires_at
            from {self._place(ATTRIBUTES)} as said
            inner join {self._place(VALUES)} as known
                on said.id_type = known.identifier_type
                and (said.id_value = known.identifier_value or lower(said.id_value) = known.identifier_value)
            inner join {self._place(("identity", "identifiers"))} as identifiers
                on known.identifier_key = identifiers.identifier_key
            where identifiers.profile_id = $1
            order by said.observed_at desc, said.provider, said.attribute, said.attribute_value
            """,
            columns,
            mine=True,
        )
        newest = {(said["provider"], said["attribute"]): said for said in reversed(stated)}
        licences = self._facts(
            f"select {OTHERS[LICENCES]} from {self._place(LICENCES)} order by provider, purpose", OTHERS[LICENCES]
        )
        now = self.settings.clock.replace(tzinfo=None)
        licensed = [found for found in licences if _holds(found["valid_from"], found["valid_until"], now)]
        return [
            said
            | {
                "is_current": _holds(None, said["expires_at"], now),
                "purposes": [found["purpose"] for found in licensed if found["provider"] == said["provider"]],
            }
            for said in reversed(newest.values())
        ]

    def _raw_forms(self) -> tuple[str, ...]:
        """Every way in which a source wrote an identifier of the profile."""
        tables = Tables(self.settings)
        sql = f"""
            select distinct forms.raw_value from {tables.forms} as forms
            inner join {tables.identifiers} as identifiers on forms.identifier_key = identifiers.identifier_key
            where identifiers.profile_id = $1 and forms.raw_value is not null
        """
        return tuple(sorted(str(form) for (form,) in self.warehouse.rows(sql, [self.profile_id])))

    def _count(self, table: Table) -> int:
        counting = f"select count(*) from {self._place(table)} where profile_id = $1"
        return int(self.warehouse.rows(counting, [self.profile_id])[0][0])

    def _facts(self, sql: str, columns: str, *, mine: bool = False) -> list[Fact]:
        return read_facts(self.warehouse, sql, columns, [self.profile_id] if mine else [])

    def _place(self, table: Table) -> str:
        return quoted(self.settings.work_schema(table[0]), table[1])


def _holds(start: datetime | None, end: datetime | None, now: datetime) -> bool:
    return (start is None or start <= now) and (end is None or now < end)


def _project_currency() -> str:
    declared = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))
    return str((declared.get("vars") or {}).get("project_currency") or "")
