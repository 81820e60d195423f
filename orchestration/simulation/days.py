"""The demo company's days: every table's rows that arrive between two days, spoilt here and there."""

from collections.abc import Iterator

import pyarrow as pa

from orchestration.simulation import (
    catalogue,
    commerce,
    consent,
    crm,
    dmp,
    engagement,
    governance,
    partners,
    stores,
    support,
)
from orchestration.simulation.columns import Rows
from orchestration.simulation.rates import Rates
from orchestration.simulation.shopping import FOLLOW_UP_DAYS, Daybook
from orchestration.simulation.trouble import broken_rows
from orchestration.simulation.web import LATE_DAYS, event_lines
from orchestration.simulation.world import make_world
from orchestration.simulation.writing import LINES, Table


class DemoCompany:
    """One demo company; ask for its days in any pieces, the earlier ones first."""

    def __init__(self, people: int, seed: int, rates: Rates) -> None:
        self.world = make_world(people, seed, rates)
        self._daybook = Daybook(self.world)

    def tables(self, first: int, last: int) -> Iterator[tuple[str, Table]]:
        """Names and rows of what arrives from the first to the last day."""
        world = self.world
        self._daybook.forget(first - FOLLOW_UP_DAYS)
        for name, (rows, uid) in self._rows(first, last):
            source, _, table = name.partition(".")
            yield name, broken_rows(world.dice, world.rates, f"{source.partition('@')[0]}.{table}", rows, uid)
        yield "events.events", {LINES: event_lines(world, self._daybook.visits(first - LATE_DAYS, last), first, last)}

    def truth_of_orders(self, first: int, last: int) -> list[dict[str, pa.Array]]:
        """Who placed the orders and bought in the stores on these days."""
        purchases, _ = stores.store_purchases(self.world, self._daybook, first, last)
        return [
            commerce.truth_rows(self.world, self._daybook.visits(first, last)),
            stores.truth_rows(self.world, purchases),
        ]

    def _rows(self, first: int, last: int) -> Iterator[tuple[str, Rows]]:
        world = self.world
        yield from crm.crm_tables(world, first, last).items()
        yield "commerce.customers", commerce.customer_rows(world, first, last)
        yield "commerce.products", catalogue.product_rows(world.catalogue, first, last)
        visits = self._daybook.visits(first - FOLLOW_UP_DAYS, last)
        yield from commerce.commerce_rows(world, visits, first, last).items()
        yield "pos.stores", catalogue.store_rows(first, last)
        yield "pos.loyalty_members", stores.member_rows(world, first, last)
        yield from stores.store_tables(world, stores.store_purchases(world, self._daybook, first, last)).items()
        yield "engagement.campaigns", catalogue.campaign_rows(first, last)
        yield from engagement.message_tables(world, first, last).items()
        yield "ads.spend", engagement.spend_rows(world, first, last)
        yield "social.interactions", support.interaction_rows(world, first, last)
        yield "support.tickets", support.ticket_rows(world, first, last)
        yield "consent.records", consent.consent_rows(world, first, last)
        yield "privacy.requests", governance.request_rows(world, first, last)
        yield "steward.identity_overrides", governance.override_rows(world, first, last)
        yield from dmp.dmp_tables(world, first, last).items()
        yield from partners.partner_tables(world, first, last).items()
