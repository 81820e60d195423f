"""A letter from a row: its address, its subject and its body, filled from a template without logic.

`{{ field }}` stands for a value of the row: escaped in an .html template, as it is in a .txt one and in the subject,
quoted in an address to unsubscribe at.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import quote

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from orchestration.activation.connections import WrongConnectionError
from orchestration.activation.destinations.protocol import Row
from orchestration.settings import PROJECT_DIR

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
# Line breaks, which would begin a header of their own, and whatever else has no place in a letter; a tab has.
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
# A longer line of a header breaks the standard of e-mail.
_LONGEST_LINK = 900


class UnsendableError(Exception):
    """A row can't become a letter; the message says why, without its values."""


class Template:
    """A text with placeholders; raise `ValueError` with a sentence for one that is no plain field."""

    def __init__(self, text: str) -> None:
        rest = _PLACEHOLDER.sub("", text)
        if "{{" in rest:
            shown = rest[rest.index("{{") :][:40].splitlines()[0]
            raise ValueError(f"{shown!r} is no placeholder: write {{{{ field }}}} with the name of one field")
        self.text = text
        self.fields = tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))

    def filled(self, values: Mapping[str, Any], escape: Callable[[str], str] = str) -> str:
        """The text with values; raise `UnsendableError`."""
        return _PLACEHOLDER.sub(lambda found: escape(text_of(values, found[1])), self.text)


class _Policy(EmailPolicy):
    """Links in headers stay whole: folded as other texts are, they would be encoded, which no mailbox reads."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name == "List-Unsubscribe":
            return f"{name}: {value}\r\n".replace(">, <", ">,\r\n <").encode("ascii")
        return super().fold_binary(name, value)


# Bodies are encoded in seven bits, which every server passes on as they are.
_POLICY = _Policy(linesep=SMTP.linesep, cte_type="7bit")


@dataclass(frozen=True)
class Letter:
    """What is handed to a server: from whom, to whom, and the bytes; `needs_utf8` if its address is beyond ASCII."""

    sender: str
    recipient: str
    content: bytes
    needs_utf8: bool


@dataclass(frozen=True)
class _Filled:
    address: ValidatedEmail
    subject: str
    body: str
    links: list[str]


class LetterWriter:
    """Writes the letters of one connection."""

    def __init__(
        self, sender: str, reply_to: str | None, subject: str, template: Path, links: tuple[str, ...], to_field: str
    ) -> None:
        self._from, self._reply_to = mailbox(sender), mailbox(reply_to) if reply_to else None
        self._to_field = to_field
        self._subject, self._links = Template(subject), tuple(map(Template, links))
        self._body, self._is_html = _read_template(template)

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that a letter needs."""
        templates = (self._subject, self._body, *self._links)
        return tuple(dict.fromkeys((self._to_field, *(name for each in templates for name in each.fields))))

    def check(self, row: Row) -> None:
        """Raise `UnsendableError` where the row can't become a letter."""
        self._filled(row.payload)

    def write(self, row: Row) -> Letter:
        """The letter of a row; raise `UnsendableError`."""
        filled = self._filled(row.payload)
        address = filled.address
        needs_utf8 = address.ascii_email is None
        message = EmailMessage(policy=_POLICY.clone(utf8=needs_utf8))
        message["From"] = self._from
        domain = address.domain if needs_utf8 else address.ascii_domain
        message["To"] = Address(username=address.local_part, domain=domain)
        if self._reply_to:
            message["Reply-To"] = self._reply_to
        message["Subject"] = filled.subject
        message["Date"] = format_datetime(datetime.now(UTC))
        # The same whenever the same content is sent, so that a provider's log can tell whether it was.
        message["Message-ID"] = f"<{row.idempotency_key}@{self._from.domain}>"
        if filled.links:
            message["List-Unsubscribe"] = ", ".join(f"<{link}>" for link in filled.links)
            if any(link.startswith("https:") for link in filled.links):
                message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(filled.body, subtype="html" if self._is_html else "plain", charset="utf-8")
        return Letter(self._from.addr_spec, address.ascii_email or address.normalized, message.as_bytes(), needs_utf8)

    def _filled(self, values: Mapping[str, Any]) -> "_Filled":
        address = self._recipient(values)
        subject = self._subject.filled(values)
        links = [link.filled(values, lambda value: quote(value, safe="")) for link in self._links]
        if any(len(link) > _LONGEST_LINK for link in links):
            raise UnsendableError(f"An address to unsubscribe at has more than {_LONGEST_LINK} characters.")
        return _Filled(address, subject, self._body.filled(values, html.escape if self._is_html else str), links)

    def _recipient(self, values: Mapping[str, Any]) -> ValidatedEmail:
        try:
            return checked_address(text_of(values, self._to_field))
        except ValueError:
            raise UnsendableError(f"Field {self._to_field} is no e-mail address.") from None


def text_of(values: Mapping[str, Any], name: str) -> str:
    """A value as a letter shows it; raise `UnsendableError` where there is none, or one that is no single line."""
    value = values.get(name)
    if value is None:
        raise UnsendableError(f"Field {name} has no value, and the letter needs one.")
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float | Decimal | date):
        raise UnsendableError(f"Field {name} is neither a text nor a number, a date or a truth.")
    text = str(value)
    if _CONTROL.search(text):
        raise UnsendableError(f"Field {name} holds a line break or another control character.")
    return text


def checked_address(text: str) -> ValidatedEmail:
    """An e-mail address by its form alone; raise `ValueError` where it is none."""
    try:
        return validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        raise ValueError("must be an e-mail address") from None


def mailbox(text: str) -> Address:
    """An own address, `Shop <mail@shop.example>` say; raise `ValueError` with a sentence."""
    name, address = parseaddr(text)
    found = checked_address(address)
    if _CONTROL.search(text) or found.ascii_email is None:
        raise ValueError("must be an e-mail address in one line, its part before the @ in ASCII")
    return Address(name, found.ascii_local_part or "", found.ascii_domain)


def checked_link(text: str) -> str:
    """An address to unsubscribe at, with placeholders; raise `ValueError` with a sentence."""
    Template(text)
    plain = _PLACEHOLDER.sub("x", text)
    if not plain.startswith(("https://", "mailto:")) or not re.fullmatch(r"[!-;=?-~]+", plain):
        raise ValueError("must begin with https:// or mailto: and hold no blank, no < and no >")
    return text


def _read_template(path: Path) -> tuple[Template, bool]:
    where = PROJECT_DIR / path.expanduser()
    if where.suffix not in (".html", ".txt"):
        raise WrongConnectionError(f"template {path} must be a file whose name ends in .html or .txt.")
    try:
        return Template(where.read_text(encoding="utf-8")), where.suffix == ".html"
    except UnicodeDecodeError:
        raise WrongConnectionError(f"template {path} must be text in UTF-8.") from None
    except OSError:
        raise WrongConnectionError(f"template {path} can't be read: give a path from the project's folder.") from None
    except ValueError as error:
        raise WrongConnectionError(f"template {path}: {error}.") from None
