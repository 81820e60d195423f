"""The tables that know of a person, and the columns that are read of each."""

Table = tuple[str, str]

# Of orders, tickets and deals so many are told.
SHOWN = 5

_CONTACT_POINTS: Table = ("pii", "contact_points")
VALUES: Table = ("pii", "identifier_values")
PROFILES: Table = ("profiles", "profiles")
EVENTS: Table = ("profiles", "events")
PRODUCTS: Table = ("profiles", "products")
CAMPAIGNS: Table = ("profiles", "campaign_performance")
CARTS: Table = ("profiles", "carts")
ITEMS: Table = ("profiles", "cart_items")
ATTRIBUTES: Table = ("staging", "stg_partner__attributes")
LICENCES: Table = ("staging", "stg_partner__licences")

# What is read of each table. Those of LISTS have a profile_id, and an order to be told in.
LISTS: dict[str, tuple[Table, str, str]] = {
    "contact_points": (
        _CONTACT_POINTS,
        "contact_type, contact_value, contact_source, data_party, validity, lost_reason, record_count, is_primary,"
        " first_seen_at, last_seen_at",
        "contact_type, is_primary desc, last_seen_at desc, contact_value",
    ),
    "permissions": (
        ("consent", "permissions"),
        "purpose, channel, legal_basis, reason, is_allowed, stated_at, valid_until",
        "purpose, channel",
    ),
    "orders": (
        ("profiles", "orders"),
        "order_source, order_id, order_channel, order_status, currency, line_count, total_amount, refunded_amount,"
        " net_project_amount, is_valid, ordered_at",
        "ordered_at desc, order_source, order_id",
    ),
    "tickets": (
        ("profiles", "tickets"),
        "ticket_id, ticket_channel, category, priority, ticket_status, resolution, csat_score, is_open, opened_at,"
        " solved_at",
        "is_open desc, opened_at desc, ticket_id",
    ),
    "deals": (
        ("profiles", "deals"),
        "deal_id, deal_stage, outcome_reason, currency, deal_amount, probability, is_open, is_won, expected_close_date,"
        " opened_at, closed_at",
        "is_open desc, opened_at desc, deal_id",
    ),
    "audiences": (("audiences", "audience_members"), "audience, purpose", "audience"),
    "segments": (
        ("profiles", "third_party_segments"),
        "provider, taxonomy, label, confidence, is_current, observed_at, expires_at",
        "is_current desc, confidence desc, provider, taxonomy, label",
    ),
    "stages": (
        ("profiles", "profile_lifecycle"),
        "stage_number, lifecycle_stage, trigger_type, is_current, valid_from, valid_to",
        "stage_number desc",
    ),
}
COUNTED = ("orders", "tickets", "deals")
SEEDS: dict[str, tuple[Table, str]] = {
    "purposes": (("reference", "purposes"), "purpose, title"),
    "channels": (("reference", "channels"), "channel, title"),
}
EVENT = "event_source, event_id, session_id, object_id, data_party, channel, event_type, event_name, currency"
EVENT += ", event_amount, occurred_at"
CART = "cart_id, cart_status, currency, quantity, cart_amount, cart_project_amount, changed_at"
OTHERS: dict[Table, str] = {
    PROFILES: (
        "profile_id, acquisition_campaign, acquisition_medium, acquisition_source, age_band, average_csat_score,"
        " average_order_amount, city, contract_monthly_amount, country, email_clicked_count_90d,"
        " email_opened_count_90d, email_sent_count_90d, favourite_category, first_seen_at, has_unsubscribed,"
        " is_known, language, last_ordered_at, last_seen_at, lead_source, crm_lifecycle_stage, loyalty_enrolled_at,"
        " loyalty_tier, net_revenue_amount, open_cart_amount, open_deal_count, open_ticket_count, order_count,"
        " owner_id, payment_methods, running_contract_count, session_count, session_count_30d,"
        " sms_clicked_count_90d, sms_sent_count_90d, store_order_count"
    ),
    EVENTS: EVENT,
    PRODUCTS: "product_id, product_name",
    CAMPAIGNS: "campaign_id, campaign_name",
    CARTS: CART,
    ITEMS: "cart_id, product_id, quantity, price_amount, currency",
    VALUES: "identifier_key, identifier_type, identifier_value",
    ATTRIBUTES: "provider, id_type, id_value, attribute, attribute_value, observed_at, expires_at",
    LICENCES: "provider, purpose, valid_from, valid_until",
}


# Names of columns that hold decimals end so; Postgres gives decimals as text.
DECIMALS = ("_amount", "quantity", "probability", "confidence", "_score", "_rate", "_share")


def needed() -> dict[Table, set[str]]:
    """Every table, and the columns that it must have."""
    columns = {table: listed for table, listed, _ in LISTS.values()} | dict(SEEDS.values()) | OTHERS
    return {table: set(listed.split(", ")) for table, listed in columns.items()}
