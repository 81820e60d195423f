"""Delivery: what each destination should hold, as syncs declare it, and the steps that bring it there."""

from orchestration.activation.deliver import Delivery, deliver
from orchestration.activation.errors import DeliveryError
from orchestration.activation.syncs import Sync, SyncError, load_syncs

__all__ = ["Delivery", "DeliveryError", "Sync", "SyncError", "deliver", "load_syncs"]
