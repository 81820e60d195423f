"""What keeps a delivery from happening."""


class DeliveryError(RuntimeError):
    """Nothing was delivered and the destination holds what it held; the message says why and what to do."""
