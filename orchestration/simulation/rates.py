"""How often each thing happens in the demo company: documented constants, in two presets.

Shares are of what their comment names; `*_per_day` rates are means per person and day, `*_per_year` rates are hazards.
"""

from dataclasses import dataclass, field, fields, replace


def _trouble(share: float) -> float:
    """A rate of trouble, which the preset `adversarial` triples."""
    return field(default=share, metadata={"is_trouble": True})


@dataclass(frozen=True)
class Rates:
    """Every rate of the demo company; the defaults are the preset `standard`."""

    # Who there is.
    known_people: float = 0.72  # people who identify at some time; the others never do
    known_at_start: float = 0.82  # known people whom the company knew before the first day
    crm: float = 0.70  # known people with a CRM contact
    shop_account: float = 0.62  # known people with an account of the shop
    loyalty: float = 0.40  # known people in the loyalty programme
    business_contact: float = 0.15  # CRM contacts that belong to an account
    contract_at_start: float = 0.40  # such contacts of before the first day whose contract runs on that day
    gmail: float = 0.35  # people with a Gmail address
    mobile_phone: float = 0.85  # people with a mobile phone that they give
    birth_date_given: float = 0.75  # CRM contacts and loyalty members with a birth date
    leap_day_birth: float = 0.004  # people born on a 29 February

    # What they do; per person (visits, store) or known person (orders), skewed over people.
    visits_per_day: float = 1.3 / 180
    online_orders_per_day: float = 0.85 / 180
    store_purchases_per_day: float = 0.40 / 180
    login: float = 0.40  # visits of people with an account in which they log in
    cart_abandoned: float = 0.14  # visits without an order that leave a full cart behind
    cart_reset: float = 0.05  # visits without an order that fill a cart and empty it
    cart_bought_in_store: float = 0.12  # abandoned carts whose products the person then buys in a store
    order_by_phone: float = 0.07
    guest_order: float = 0.12  # orders of people with an account that they place without it
    coupon: float = 0.15
    refund: float = 0.06
    refund_partial: float = 0.40  # refunds of a part
    split_payment: float = 0.05
    order_cancelled: float = 0.02
    store_by_loyalty: float = 0.75  # purchases of members that show the loyalty card
    store_by_card: float = 0.62  # other purchases paid by card; the rest leaves nothing
    store_receipt_by_email: float = 0.04
    tickets_per_day: float = 0.05 / 180
    activities_per_day: float = 0.25 / 180  # calls, e-mails and meetings per CRM contact
    deals_per_day: float = 0.06 / 180  # per CRM contact with an account
    social_per_day: float = 0.04 / 180
    newsletter: float = 0.08  # people with consent whom one campaign addresses
    marketing_granted: float = 0.70  # known people who grant marketing by e-mail
    marketing_denied: float = 0.18
    consent_banner: float = 0.15  # browsers whose banner is answered
    consent_event: float = 0.04  # visits in which the preferences of consent are changed
    dmp_covered: float = 0.40  # browsers that the DMP knows
    dmp_segment: float = 0.28  # segments of four taxonomies that are told of a browser each time
    partner_covered: float = 0.10  # known people whom a partner knows
    privacy_request: float = 0.006  # known people, once in about 200 days
    steward_override: float = 0.01  # people with an account, once in about 200 days

    # How people change.
    email_change_per_year: float = _trouble(0.08)
    phone_change_per_year: float = _trouble(0.06)
    marriage_per_year: float = _trouble(0.05)
    consent_withdrawn_per_year: float = 0.15
    cookie_lifetime_days: int = 150  # until a browser gets a new anonymous id

    # Trouble with identity.
    contact_typo: float = _trouble(0.05)  # contacts with a second contact that is misspelt
    contact_changed_email: float = _trouble(0.50)  # changed addresses that become a second contact, not an update
    contact_married_name: float = _trouble(0.50)  # marriages that become a second contact, not an update
    contact_both_instances: float = _trouble(0.08)  # contacts that the other CRM instance has too
    contact_merged: float = _trouble(0.25)  # second contacts merged away later
    contact_deleted: float = _trouble(0.01)
    household_phone: float = _trouble(0.20)  # households with a landline that their contacts give
    shared_tablet: float = _trouble(0.20)  # households of several with one tablet
    tablet_use: float = _trouble(0.45)  # visits of such people on the tablet
    recycled_phone: float = _trouble(
        0.03
    )  # known people with a mobile phone who give up a number that somebody else gets
    junk_email: float = _trouble(0.010)  # contacts, guest orders and tickets with a junk address
    junk_phone: float = _trouble(0.015)
    support_address: float = _trouble(0.08)  # contacts that carry the one support address, up to some hundreds
    support_address_by_agent: float = _trouble(0.30)  # telephone orders that an agent places under that address
    gmail_alias: float = _trouble(0.30)  # Gmail people who use another spelling in the shop
    untidy_email: float = _trouble(0.05)  # addresses written with capitals or blanks
    consent_expiring: float = _trouble(0.03)  # grants that run out within about 200 days
    consent_contradictory: float = _trouble(0.02)  # grants contradicted by another record
    false_device_link: float = _trouble(0.02)  # probabilistic links between strangers

    # Trouble with events.
    late_event: float = _trouble(0.02)  # events that arrive hours or days later, out of order
    duplicate_event: float = _trouble(0.006)
    clock_skew: float = _trouble(0.01)
    future_event: float = _trouble(0.0008)

    # Rows that break the contract.
    missing_key: float = _trouble(0.001)
    impossible_date: float = _trouble(0.001)
    text_in_number: float = _trouble(0.001)
    broken_json: float = _trouble(0.001)


def _adversarial(standard: Rates) -> Rates:
    troubles = {item.name: getattr(standard, item.name) for item in fields(standard) if "is_trouble" in item.metadata}
    return replace(standard, **{name: min(0.9, 3 * share) for name, share in troubles.items()})


PRESETS = {"standard": Rates(), "adversarial": _adversarial(Rates())}
