"""Audiences: what their YAML declares, and what must not be built as declared."""
