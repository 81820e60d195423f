"""What somebody had to do with us: orders, carts, tickets and deals."""

from orchestration.identity.explain_words import counted
from orchestration.profiles.lines import BAD, GOOD, QUIET, Line, Section
from orchestration.profiles.person import Person
from orchestration.profiles.words import day_of, money, number, share, told, word


def orders(person: Person) -> Section:
    """The last orders, and what all of them brought."""
    facts = person.facts
    lines = [
        Line(
            str(order["order_id"]),
            told(
                day_of(order["ordered_at"]),
                word(order["order_channel"]),
                word(order["order_status"]),
                f"{money(order['refunded_amount'], order['currency'])} back" if order["refunded_amount"] else "",
            ),
            money(order["total_amount"], order["currency"]),
            "" if order["is_valid"] else QUIET,
        )
        for order in person.orders
    ]
    net = money(facts["net_revenue_amount"], person.currency)
    valid = counted(int(facts["order_count"] or 0), "order")
    stores = f", {facts['store_order_count']:,} of them in stores" if facts["store_order_count"] else ""
    note = f"{valid}{stores}: {net} net of refunds. Cancelled ones count for nothing." if lines else "Never bought."
    return Section("orders", _last("Orders", person, "orders"), lines, note)


def cart(person: Person) -> Section:
    """What lies in carts and was not bought."""
    lines = []
    for found in person.carts:
        how = told(found["cart_status"], f"changed {day_of(found['changed_at'])}")
        lines.append(Line("Cart", how, money(found["cart_amount"], found["currency"])))
        for item in found["items"]:
            name = str(item["product_name"] or item["product_id"])
            lines.append(
                Line(f"{number(item['quantity'])} x {name}", "", money(item["price_amount"], item["currency"]), QUIET)
            )
    return Section("cart", "Open cart", lines, "" if lines else "Nothing lies in a cart.")


def tickets(person: Person) -> Section:
    """Tickets, open ones first."""
    lines = [
        Line(
            word(ticket["category"] or "Ticket").capitalize(),
            told(
                day_of(ticket["opened_at"]),
                word(ticket["ticket_channel"]),
                f"{ticket['priority']} priority" if ticket["priority"] else "",
                word(ticket["resolution"]),
                f"rated {ticket['csat_score']} of 5" if ticket["csat_score"] else "",
                ticket["ticket_id"],
            ),
            word(ticket["ticket_status"] or ("open" if ticket["is_open"] else "solved")),
            BAD if ticket["is_open"] else "",
        )
        for ticket in person.tickets
    ]
    return Section("tickets", _last("Tickets", person, "tickets"), lines, "" if lines else "Never asked for help.")


def deals(person: Person) -> Section:
    """Deals, open ones first, and the running contracts."""
    lines = [
        Line(
            word(deal["deal_stage"] or "Deal").capitalize(),
            told(
                f"opened {day_of(deal['opened_at'])}",
                f"expected {day_of(deal['expected_close_date'])}" if deal["is_open"] else "",
                f"chance {share(deal['probability'])}" if deal["is_open"] and deal["probability"] else "",
                word(deal["outcome_reason"]),
                deal["deal_id"],
            ),
            money(deal["deal_amount"], deal["currency"]),
            GOOD if deal["is_won"] else "" if deal["is_open"] else QUIET,
        )
        for deal in person.deals
    ]
    facts = person.facts
    monthly = money(facts["contract_monthly_amount"], person.currency)
    running = (
        f"{counted(facts['running_contract_count'], 'running contract')}, {monthly} a month."
        if facts["running_contract_count"]
        else ""
    )
    return Section("deals", _last("Deals", person, "deals"), lines, running or ("" if lines else "No deal."))


def _last(title: str, person: Person, name: str) -> str:
    """The title, and how many of them are told where not all are."""
    shown, count = len(getattr(person, name)), person.counts[name]
    return f"{title}, the last {shown:,} of {count:,}" if shown < count else title
