"""The ledger of deliveries: which run may write, what it planned, what was sent, and what became of every row."""

from orchestration.activation.ledger.ledger import Lease, Ledger, Run, open_ledger

__all__ = ["Lease", "Ledger", "Run", "open_ledger"]
