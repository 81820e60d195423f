"""What a destination tells of people who want no more messages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Somebody wants no more marketing on a channel; `at` is when they said so, in ISO 8601.

    `person` is what the destination calls them; `id_type` is one of ours, `email` or `phone`.
    """

    person: str
    id_type: str
    id_value: str
    channel: str
    at: str
