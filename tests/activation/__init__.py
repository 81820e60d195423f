"""The delivery engine and its destinations."""
