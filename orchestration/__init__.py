"""Onefolk's orchestration: landing, publishing, delivery, the demo company, and the Dagster code location over them."""
