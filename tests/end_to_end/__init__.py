"""Whole cycles through the command line."""
