"""Onefolk's tests: dbt reads `generic`, `singular` and `fixtures`, pytest the other folders."""
