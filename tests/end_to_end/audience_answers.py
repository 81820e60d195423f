"""Who belongs to each shipped audience, reckoned in plain Python from what landed; days are those of UTC."""

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from orchestration.simulation.countries import CITIES, CITIES_EACH, CODES, PLACES
from tests.end_to_end.landed_facts import Facts, Record

DELIVERED = {"AT", "BE", "CH", "DE", "ES", "FR", "GB", "IT", "NL", "PL", "SE", "US"}


class Answers:
    """The members of each audience, by its name: `answers.of("lapsed_vip")`."""

    def __init__(self, facts: Facts, rates: Path) -> None:
        self.facts = facts
        with rates.open(encoding="utf-8", newline="") as file:
            self.rates = sorted(
                (row["currency"], row["valid_from"], row["project_currency_rate"]) for row in csv.DictReader(file)
            )

    def of(self, name: str) -> set[str]:
        """Profiles that belong to it."""
        members: Callable[[], set[str]] = getattr(self, name)
        return members()

    def days_ago(self, days: int) -> datetime:
        """When that day began."""
        return self.facts.now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)

    @cached_property
    def purchases(self) -> dict[str, list[Record]]:
        """Valid purchases by customer."""
        found = defaultdict(list)
        for order in self.facts.orders:
            if order["profile"] in self.facts.customers:
                found[order["profile"]].append(order)
        return found

    @cached_property
    def revenue(self) -> dict[str, Decimal]:
        """What is left of them after refunds, in euro; what has no rate or no total counts for nothing."""
        refunds: Counter = Counter()
        for row in self.facts.rows("commerce.refunds"):
            refunds[row["order_id"]] += row["amount"] or 0
        found: dict[str, Decimal] = defaultdict(Decimal)
        for profile, orders in self.purchases.items():
            for order in orders:
                refunded = refunds[order["id"]] if order["source"] == "stg_commerce__orders" else 0
                rate = self._rate(order["currency"], order["at"])
                if rate is not None and order["total"] is not None:
                    found[profile] += (order["total"] - refunded) * rate
        return found

    def _rate(self, currency: str | None, moment: datetime) -> Decimal | None:
        day = moment.date().isoformat()
        held = [rate for code, since, rate in self.rates if code == currency and since <= day]
        return Decimal(held[-1]) if held else None

    @cached_property
    def last_purchase(self) -> dict[str, datetime]:
        """When each customer bought last."""
        return {profile: max(order["at"] for order in orders) for profile, orders in self.purchases.items()}

    def _open_tickets(self) -> Iterator[tuple[str, str]]:
        for row in self.facts.rows("support.tickets"):
            profile = self.facts.whose.get(("stg_support__tickets", row["ticket_id"]))
            if profile in self.facts.customers and not row["solved_at"] and row["status"] not in ("solved", "closed"):
                yield profile, row["category"]

    def lapsed_vip(self) -> set[str]:
        """Bought twice, 500 left, quiet for 90 days, nothing waits at support."""
        waiting = {profile for profile, _ in self._open_tickets()}
        return {
            profile
            for profile, orders in self.purchases.items()
            if len(orders) >= 2 and self.revenue[profile] >= 500
            if self.last_purchase[profile] < self.days_ago(90) and profile not in waiting
        }

    def repeat_buyers(self) -> set[str]:
        """Bought twice and kept something."""
        return {profile for profile, orders in self.purchases.items() if len(orders) >= 2 and self.revenue[profile] > 0}

    def recent_buyers(self) -> set[str]:
        """Bought in the last 30 days."""
        return {profile for profile, moment in self.last_purchase.items() if moment >= self.days_ago(30)}

    def viewed_not_bought(self) -> set[str]:
        """Three views of one category in 14 days, and nothing of it bought; anonymous people too."""
        since = self.days_ago(14)
        categories = {row["product_id"]: row["category"] for row in self.facts.rows("commerce.products")}
        views: Counter = Counter()
        for event in self.facts.events:
            if event["name"] == "Product Viewed" and event["profile"] and event["at"] >= since:
                properties = event["properties"]
                category = categories.get(properties.get("product_id")) or properties.get("category")
                views[event["profile"], category] += 1
        bought = {
            (order["profile"], category)
            for order in self.facts.orders
            if order["at"] >= since
            for category in order["categories"]
        }
        return {profile for (profile, category), count in views.items() if count >= 3 and category} - {
            profile for profile in self._profiles(views) if self._all_bought(profile, views, bought)
        }

    @staticmethod
    def _profiles(views: Counter) -> set[str]:
        return {profile for profile, _ in views}

    @staticmethod
    def _all_bought(profile: str, views: Counter, bought: set[tuple[str, str]]) -> bool:
        wanted = [category for (who, category), count in views.items() if who == profile and count >= 3 and category]
        return all((profile, category) in bought for category in wanted)

    def near_store(self) -> set[str]:
        """Live in a city with a store within 10 km; the store's place as it landed, the city's from the simulation."""
        places = {
            (CODES[city // CITIES_EACH].as_py(), CITIES[city].as_py()): PLACES[city] for city in range(len(CITIES))
        }
        stores = [(float(row["latitude"]), float(row["longitude"])) for row in self.facts.rows("pos.stores")]
        rows = self.facts.warehouse.execute("select profile_id, country, city from work_profiles.profiles").fetchall()
        return {
            profile
            for profile, country, city in rows
            if profile in self.facts.customers and (country, city) in places
            if min(_flat_km(places[country, city], store) for store in stores) <= 10
        } - self.open_complaint()

    def cart_abandoned(self) -> set[str]:
        """Left a full cart four hours ago or more, and bought nothing since."""
        carts: dict[str, list[Record]] = defaultdict(list)
        for event in self.facts.events:
            if cart := event["properties"].get("cart_id"):
                carts[cart].append(event)
        ordered = {order["cart_id"] for order in self.facts.rows("commerce.orders")}
        last: dict[str, datetime] = {}
        for cart, events in carts.items():
            named = [event for event in events if event["profile"]]
            owner = max(named, key=lambda event: event["at"])["profile"] if named else None
            changed = max(event["at"] for event in events)
            left = _left(events)
            is_taken = cart in ordered or any(
                left & set(order["products"]) and changed <= order["at"] < changed + timedelta(days=7)
                for order in self.purchases.get(owner, [])
                if order["source"] == "stg_pos__transactions"
            )
            is_expired = changed < self.facts.now - timedelta(days=30)
            if owner in self.facts.customers and left and not is_taken and not is_expired:
                last[owner] = max(changed, last.get(owner, changed))
        return {
            profile
            for profile, changed in last.items()
            if changed <= self.facts.now - timedelta(hours=4)
            if profile not in self.last_purchase or self.last_purchase[profile] < changed
        } - self.open_complaint()

    def open_complaint(self) -> set[str]:
        """A complaint waits at support."""
        return {profile for profile, category in self._open_tickets() if category == "complaint"}

    def contract_renewal(self) -> set[str]:
        """A running contract ends within 60 days, and none before it has."""
        today, found = self.facts.now.date(), set()
        for row in self.facts.rows("crm.contracts"):
            contact = row["contact_id"]
            if row["_source_instance"] != "main":
                contact = f"{row['_source_instance']}/{contact}"
            runs = row["status"] == "active" and row["start_date"] <= today <= row["end_date"]
            if runs and row["end_date"] <= today + timedelta(days=60):
                found.add(self.facts.whose.get(("stg_crm__contacts", contact)))
        return found & self.facts.customers

    def segment_prospects(self) -> set[str]:
        """Outdoor people by a provider that may be used for advertising, who never bought, where we deliver."""
        now = self.facts.now
        licensed = {
            row["provider"]
            for row in self.facts.rows("partner.licences")
            if row["purpose"] == "advertising"
            if (row["valid_from"] or now) <= now and (row["valid_until"] is None or row["valid_until"] > now)
        }
        labels = {
            (row["provider"], row["segment_id"]): (row["taxonomy"], row["label"])
            for row in self.facts.rows("dmp.segments")
        }
        tables = {"cookie_id": "stg_dmp__cookies", "device_id": "stg_dmp__devices"}
        outdoor = set()
        for row in self.facts.rows("dmp.segment_memberships"):
            kind = labels.get((row["provider"], row["segment_id"]))
            if kind not in (("interest", "hiking"), ("interest", "camping")) or row["observed_at"] is None:
                continue
            latest = row["observed_at"] + timedelta(days=90)
            expires = min(row["expires_at"] or latest, latest)
            if row["provider"] in licensed and expires > now and (row["confidence"] or 0) >= Decimal("0.6"):
                outdoor.add(self.facts.whose.get((tables[row["id_type"]], row["id_value"])))
        buyers = {order["profile"] for order in self.facts.orders}
        countries = dict(
            self.facts.warehouse.execute("select profile_id, country from work_profiles.profiles").fetchall()
        )
        return {profile for profile in outdoor - buyers - {None} if countries[profile] in DELIVERED}

    def at_risk_high_value(self) -> set[str]:
        """500 left, quiet for 45 days, no visit for 30, no lapsed VIP."""
        visitors = {
            event["profile"]
            for event in self.facts.events
            if event["name"] in ("page", "screen", "Product Viewed") and event["at"] >= self.days_ago(30)
        }
        valuable = {profile for profile, amount in self.revenue.items() if amount >= 500}
        quiet = {profile for profile, moment in self.last_purchase.items() if moment < self.days_ago(45)}
        return (valuable & quiet) - visitors - self.lapsed_vip() - self.open_complaint()


def _left(events: list[Record]) -> set[str]:
    """Products that were put into a cart oftener than taken out."""
    left: Counter = Counter()
    for event in events:
        sign = {"Product Added": 1, "Product Removed": -1}.get(event["name"], 0)
        left[event["properties"].get("product_id")] += sign * _number(event["properties"].get("quantity"))
    return {product for product, count in left.items() if product and count > 0}


def _number(value: object) -> int:
    """One piece where none can be read."""
    return int(str(value)) if str(value).isdigit() else 1


def _flat_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Two places near each other lie on a map."""
    north, east = one[0] - other[0], (one[1] - other[1]) * math.cos(math.radians(one[0]))
    return math.hypot(north, east) * 111.19
