"""Tests of deliveries, and the real servers that they deliver to."""
