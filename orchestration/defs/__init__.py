"""Dagster's definitions: thin shells over the libraries beside this folder."""
