"""What keeps a delivery from happening."""


class DeliveryError(RuntimeError):
    """Nothing was delivered and the destination holds what it held; the message says why and what to do."""


class LedgerError(DeliveryError):
    """The ledger can't be read or written; what was not recorded is sent again or held, never forgotten."""


class BusySyncError(DeliveryError):
    """Another run of the sync is alive; the message says which."""


class LostLeaseError(DeliveryError):
    """Another run took this sync over, so this one must not write any more."""
