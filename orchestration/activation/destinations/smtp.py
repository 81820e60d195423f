"""The destination `smtp`: one letter per row, by a mail server.

    connections:
      letters:
        type: smtp
        host: mail.example.com
        user: shop
        password_env: MAIL_PASSWORD
        sender: Shop <news@shop.example.com>
        subject: "{{ first_name }}, your points expire"
        template: letters/points.html
        list_unsubscribe: https://shop.example.com/unsubscribe?token={{ token }}

A letter can't be taken back and isn't sent twice: one whose answer was lost is left open. A row to remove asks nothing.
"""

import re
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, field_validator, model_validator

from orchestration.activation.connections import Connection, Secrets, VariableName, WrongConnectionError
from orchestration.activation.destinations.addresses import plain_host
from orchestration.activation.destinations.http import cleaned
from orchestration.activation.destinations.http_config import VISIBLE, host_of_name
from orchestration.activation.destinations.protocol import (
    Answered,
    Batch,
    BatchDestination,
    BatchRefusedError,
    Catalogue,
    DeliveryClass,
    Destination,
    Limits,
    NotAllowedError,
    Operation,
    Row,
    RowAnswer,
    Target,
    TryLaterError,
    UnsureError,
)
from orchestration.activation.destinations.smtp_letter import (
    LetterWriter,
    Template,
    UnsendableError,
    checked_link,
    mailbox,
)
from orchestration.activation.destinations.smtp_server import NOT_LET_IN, MailServer, Reply, Security
from orchestration.activation.destinations.tls import trust

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")
# The letter is larger than the server takes.
_TOO_LARGE = 552


class Config(Connection):
    """What the connection to a mail server says."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: str = Field(description="the mail server")
    port: int = Field(587, ge=1, le=65535)
    security: Security = Field(
        "starttls", description="starttls, tls from the first byte, or none on hosts of your own"
    )
    user: str | None = Field(None, description="who logs in; default: nobody")
    password_env: VariableName | None = Field(None, description="variable of the user's password")
    sender: str = Field(description="whom letters are from, `Shop <news@shop.example.com>` say")
    reply_to: str | None = Field(None, description="whom answers go to; default: the sender")
    subject: str = Field(min_length=1, max_length=500, description="may hold {{ field }}")
    template: Path = Field(description="file of the body, .html or .txt, from the project's folder")
    list_unsubscribe: tuple[str, ...] = Field((), description="https:// or mailto: addresses, with {{ field }}")
    to_field: str = Field("email", description="the field that holds the address")
    ca_file: Path | None = Field(None, description="PEM file of the authorities to trust; default: the public ones")
    allowed_private_hosts: tuple[str, ...] = Field((), description="hosts of your own that may go without TLS")

    @field_validator("list_unsubscribe", mode="before")
    @classmethod
    def _are_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("list_unsubscribe")
    @classmethod
    def _are_links(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(checked_link, value))

    @field_validator("sender", "reply_to")
    @classmethod
    def _is_mailbox(cls, value: str | None) -> str | None:
        if value is not None:
            mailbox(value)
        return value

    @field_validator("subject")
    @classmethod
    def _is_one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("must be one line of printable characters")
        return Template(value).text

    @model_validator(mode="after")
    def _is_safe(self) -> "Config":
        if (self.user is None) != (self.password_env is None):
            raise ValueError("user and password_env belong together")
        if self.user is not None and not VISIBLE.fullmatch(self.user):
            raise ValueError("user must be visible ASCII characters")
        own = {host_of_name(name) for name in self.allowed_private_hosts} | _LOOPBACK
        if self.security == "none" and plain_host(self.host) not in own:
            raise ValueError("security none is for this machine and for allowed_private_hosts: say starttls or tls")
        return self


def open_destination(config: Config, target: Target, secrets: Secrets) -> Destination:
    """A mail server for one run; raise `WrongConnectionError` where a secret or a file is missing or wrong."""
    context = None if config.security == "none" else trust(config.ca_file)
    server = MailServer(config.host, config.port, config.security, context, config.timeout_seconds)
    if config.user is not None and config.password_env is not None:
        password = secrets.get(config.password_env)
        if not VISIBLE.fullmatch(password.get_secret_value()):
            raise WrongConnectionError(f"{config.password_env} must be visible ASCII characters in one line.")
        server.log_in_as(config.user, password)
    writer = LetterWriter(
        config.sender, config.reply_to, config.subject, config.template, config.list_unsubscribe, config.to_field
    )
    return Letters(config.host, server, writer)


class Letters(BatchDestination):
    """Sends one letter per row."""

    delivery_class = DeliveryClass.SIDE_EFFECT
    limits = Limits(max_rows=1)

    def __init__(self, host: str, server: MailServer, writer: LetterWriter) -> None:
        self._host, self._server, self._writer = host, server, writer

    def catalogue(self) -> Catalogue:
        """The fields that the letter needs; others are not sent."""
        return Catalogue(required=self._writer.fields)

    def problems(self, row: Row) -> str | None:
        if row.operation is Operation.REMOVE:
            return None
        try:
            self._writer.check(row)
        except UnsendableError as error:
            return str(error)
        return None

    def send(self, batch: Batch) -> Answered:
        if len(batch.rows) > 1:
            raise BatchRefusedError("Letters are sent one by one; nothing was sent.")
        row = batch.rows[0]
        if row.operation is Operation.REMOVE:
            return Answered([RowAnswer(row.seq, "noop")])
        try:
            letter = self._writer.write(row)
        except UnsendableError as error:
            return Answered([RowAnswer(row.seq, "invalid", message=str(error))])
        return self._answer(row, self._server.hand_over(letter))

    def close(self) -> None:
        self._server.close()

    def _answer(self, row: Row, reply: Reply) -> Answered:
        code = reply.code
        if reply.stage == "content" and 200 <= code < 300:
            return Answered([RowAnswer(row.seq)], code)
        if 400 <= code < 500:
            raise TryLaterError(f"{self._host} answers {code} and takes no letter now.", code)
        if code in NOT_LET_IN or (reply.stage == "sender" and 500 <= code < 600 and code != _TOO_LARGE):
            told = "check user, password and sender of the connection"
            raise NotAllowedError(f"{self._host} answers {code} and takes no letter from us: {told}.", code)
        if 500 <= code < 600:
            enhanced = _ENHANCED.match(reply.text)
            told = enhanced[0] if enhanced else str(code)
            return Answered([RowAnswer(row.seq, "rejected", told, cleaned(reply.text) or None)], code)
        if reply.stage == "content":
            raise UnsureError(f"{self._host} answers a letter with what is no SMTP, so it may be on its way.")
        raise TryLaterError(f"{self._host} answers with what is no SMTP, and no letter was handed over.")
