"""Delivery: what each destination should hold, as syncs declare it, and the steps that bring it there."""

from orchestration.activation.errors import DeliveryError
from orchestration.activation.syncs import Sync, SyncError, load_syncs

__all__ = ["DeliveryError", "Sync", "SyncError", "load_syncs"]
