"""Destinations: each knows how to bring rows to one kind of place, and what was brought there last."""
