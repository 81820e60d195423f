"""A mail server: connections that are verified and kept, and one letter handed over at a time."""

import re
import smtplib
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from orchestration.activation.destinations.addresses import kind_of
from orchestration.activation.destinations.protocol import NotAllowedError, SendError, TryLaterError, UnsureError
from orchestration.activation.destinations.smtp_letter import Letter

Security = Literal["starttls", "tls", "none"]
# Letters after which a connection is made anew; servers end long ones.
_LETTERS = 100
NOT_LET_IN = frozenset((530, 534, 535, 538))


@dataclass(frozen=True, slots=True)
class Reply:
    """The last thing that a server said of a letter, and what it was said to; `text` may hold personal data."""

    stage: Literal["sender", "recipient", "content"]
    code: int
    text: str


class MailServer:
    """Hands letters over, from several threads at once, each on a connection of its own."""

    def __init__(
        self, host: str, port: int, security: Security, context: ssl.SSLContext | None, timeout: float
    ) -> None:
        self._host, self._port, self._security = host, port, security
        self._context, self._timeout = context, timeout
        self._login: Callable[[smtplib.SMTP], object] | None = None
        # What we call ourselves is looked up once, since that may take long.
        self._own_name = smtplib.SMTP().local_hostname
        self._lock = threading.Lock()
        self._idle: list[tuple[smtplib.SMTP, int]] = []

    def log_in_as(self, user: str, password: SecretStr) -> None:
        """Say who we are on every connection."""
        self._login = lambda smtp: smtp.login(user, password.get_secret_value())

    def hand_over(self, letter: Letter) -> Reply:
        """What the server says of a letter; raise a `SendError` where it didn't say it to the end."""
        smtp, count = self._take()
        is_usable, is_handed = False, False
        try:
            reply = _announce(smtp, letter)
            if reply is None:
                is_handed = True
                smtp.send(re.sub(rb"(?m)^\.", b"..", letter.content) + b".\r\n")
                reply = _reply("content", *smtp.getreply())
            is_usable = 200 <= reply.code < 600 and reply.code != 421 and count < _LETTERS
        # The errors of smtplib are errors of the system too.
        except OSError:
            if is_handed:
                told = (
                    f"The connection to {self._host} ended after the letter was handed over, so it may be on its way."
                )
                raise UnsureError(told) from None
            raise TryLaterError(f"The connection to {self._host} ended before a letter was handed over.") from None
        finally:
            if is_usable:
                with self._lock:
                    self._idle.append((smtp, count + 1))
            else:
                smtp.close()
        return reply

    def close(self) -> None:
        """Take leave on every connection."""
        with self._lock:
            idle, self._idle = self._idle, []
        for smtp, _ in idle:
            try:
                smtp.quit()
            except OSError:
                smtp.close()

    def _take(self) -> tuple[smtplib.SMTP, int]:
        """A connection, and how many letters it has taken with the next."""
        while True:
            with self._lock:
                if not self._idle:
                    break
                smtp, count = self._idle.pop()
            try:
                if smtp.rset()[0] == 250:
                    return smtp, count
            except OSError:
                pass
            smtp.close()
        return self._connected(), 1

    def _connected(self) -> smtplib.SMTP:
        smtp: smtplib.SMTP | None = None
        try:
            smtp = self._opened()
            self._introduce(smtp)
            return smtp
        except (OSError, SendError) as error:
            if smtp:
                smtp.close()
            found = error if isinstance(error, SendError) else self._error(error)
        raise found

    def _opened(self) -> smtplib.SMTP:
        place = (self._host, self._port, self._own_name)
        if self._security == "tls":
            return smtplib.SMTP_SSL(*place, timeout=self._timeout, context=self._context)
        return smtplib.SMTP(*place, self._timeout)

    def _introduce(self, smtp: smtplib.SMTP) -> None:
        if self._security == "none" and not _is_near(smtp):
            raise NotAllowedError(f"{self._host} is at a public address: set security to starttls or tls.")
        smtp.ehlo_or_helo_if_needed()
        if self._security == "starttls":
            if not smtp.has_extn("starttls"):
                raise NotAllowedError(f"{self._host} offers no STARTTLS, and no letter goes without: try security tls.")
            smtp.starttls(context=self._context)
            smtp.ehlo_or_helo_if_needed()
        if self._login:
            try:
                self._login(smtp)
            finally:
                # What smtplib remembers.
                smtp.user = smtp.password = ""

    def _error(self, error: OSError) -> SendError:
        if isinstance(error, ssl.SSLCertVerificationError):
            return NotAllowedError(
                f"The certificate of {self._host} is not to be trusted: name the file of its authority as ca_file."
            )
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return NotAllowedError(f"{self._host} lets nobody log in here: leave out user, or check port and security.")
        if isinstance(error, smtplib.SMTPResponseException) and 500 <= error.smtp_code < 600:
            told = "check user, password and host of the connection"
            return NotAllowedError(f"{self._host} answers {error.smtp_code} and doesn't let us in: {told}.")
        return TryLaterError(f"{self._host} can't be reached, or isn't ready; nothing was sent.")


def _is_near(smtp: smtplib.SMTP) -> bool:
    return smtp.sock is not None and kind_of(smtp.sock.getpeername()[0]) in ("loopback", "private")


def _announce(smtp: smtplib.SMTP, letter: Letter) -> Reply | None:
    """Say from whom and to whom; None if the server waits for the content."""
    if letter.needs_utf8 and not smtp.has_extn("smtputf8"):
        return Reply("recipient", 553, "5.6.7 The server takes no address beyond ASCII.")
    code, text = smtp.mail(letter.sender, ("SMTPUTF8", "BODY=8BITMIME") if letter.needs_utf8 else ())
    if code != 250:
        return _reply("sender", code, text)
    code, text = smtp.rcpt(letter.recipient)
    if code not in (250, 251):
        return _reply("recipient", code, text)
    code, text = smtp.docmd("DATA")
    return None if code == 354 else _reply("recipient", code, text)


def _reply(stage: Literal["sender", "recipient", "content"], code: int, text: bytes) -> Reply:
    return Reply(stage, code, text.decode("utf-8", errors="replace"))
