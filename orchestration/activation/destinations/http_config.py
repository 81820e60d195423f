"""What the connection of an HTTP destination may say: who we are, whom we trust, and where requests may go."""

import re
from pathlib import Path

import httpx
from pydantic import ConfigDict, Field, field_validator, model_validator

from orchestration.activation.connections import Connection, VariableName
from orchestration.activation.destinations.addresses import plain_host

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What a header can hold: visible ASCII characters, with blanks inside.
VISIBLE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
# Headers that are the client's to set, and those that would hold a secret in plain sight.
_OURS = frozenset(
    (
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "idempotency-key",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-onefolk-signature",
    )
)
_SECRET = frozenset(("authorization", "proxy-authorization", "cookie"))


class HttpConnection(Connection):
    """What every HTTP connection may say beside where it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    headers: dict[str, str] = Field({}, description="plain headers of every request; never a secret")
    token_env: VariableName | None = Field(None, description="variable of a bearer token")
    basic_user: str | None = Field(None, description="user of basic authentication")
    basic_password_env: VariableName | None = Field(None, description="variable of the user's password")
    header_name: str | None = Field(None, description="header that a key is sent in, X-Api-Key say")
    header_value_env: VariableName | None = Field(None, description="variable of that key")
    signature_env: VariableName | None = Field(None, description="variable of the key that requests are signed with")
    ca_file: Path | None = Field(None, description="PEM file of the authorities to trust; default: the public ones")
    allowed_private_hosts: tuple[str, ...] = Field((), description="hosts of your own that may be private")
    max_response_bytes: int = Field(1_000_000, ge=1_000, le=50_000_000, description="what is read of an answer")

    @field_validator("headers")
    @classmethod
    def _are_plain(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            if not _TOKEN.fullmatch(name) or not VISIBLE.fullmatch(text):
                raise ValueError("a header has a name of letters and hyphens, and a value of visible ASCII characters")
            if name.lower() in _OURS:
                raise ValueError(f"{name} is set by the client: leave it out")
            if name.lower() in _SECRET:
                raise ValueError(f"{name} would be a secret in a file: use token_env, basic_user or header_value_env")
        return value

    @field_validator("header_name")
    @classmethod
    def _is_free(cls, value: str | None) -> str | None:
        if value and (not _TOKEN.fullmatch(value) or value.lower() in _OURS):
            raise ValueError("must be the name of a header that the client doesn't set itself")
        return value

    @field_validator("allowed_private_hosts")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            host_of_name(name)
        return value

    @model_validator(mode="after")
    def _has_one_identity(self) -> "HttpConnection":
        if (self.basic_user is None) != (self.basic_password_env is None):
            raise ValueError("basic_user and basic_password_env belong together")
        if self.basic_user is not None and (":" in self.basic_user or not self.basic_user.isprintable()):
            raise ValueError("basic_user must be printable and hold no colon")
        if (self.header_name is None) != (self.header_value_env is None):
            raise ValueError("header_name and header_value_env belong together")
        if sum(variable is not None for variable in (self.token_env, self.basic_user, self.header_name)) > 1:
            raise ValueError("say one of token_env, basic_user and header_name")
        return self


def host_of_name(name: str) -> str:
    """A host name as it is compared; raise `ValueError` with a sentence where it is none."""
    try:
        host = plain_host(name)
    except (httpx.InvalidURL, UnicodeError):
        host = ""
    if not host:
        raise ValueError("allowed_private_hosts must be names or addresses of hosts, without scheme, port or path")
    return host


def checked_url(url: str, allowed_private_hosts: tuple[str, ...]) -> httpx.URL:
    """An address that secrets and personal data may go to; raise `ValueError` with a sentence."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        raise ValueError("url must be an address such as https://crm.example.com/contacts") from None
    if parsed.scheme not in ("https", "http") or not parsed.host or parsed.fragment:
        raise ValueError("url must be an address such as https://crm.example.com/contacts")
    if parsed.userinfo:
        raise ValueError("url must hold no user and no password: use basic_user and basic_password_env")
    if parsed.scheme == "http" and plain_host(parsed.host) not in map(host_of_name, allowed_private_hosts):
        raise ValueError("url must begin with https://, unless its host is one of allowed_private_hosts")
    return parsed
