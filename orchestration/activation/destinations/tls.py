"""Whose certificates are trusted."""

import ssl
from pathlib import Path

import httpx

from orchestration.activation.connections import WrongConnectionError
from orchestration.settings import PROJECT_DIR


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Verified TLS: by the authorities of a file, from the project's folder, and else by the public ones."""
    if ca_file is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=PROJECT_DIR / ca_file.expanduser())
    except OSError:
        raise WrongConnectionError(f"ca_file {ca_file} can't be read: it must be a PEM file of certificates.") from None
