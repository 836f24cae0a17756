"""E-mail by SMTP: one connection for a batch, STARTTLS or TLS from the start."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

from engine.errors import BadInput
from engine.sentences import kept
from engine.services.outbox.deliveries import Outcome
from engine.store.tables.support import Delivery
from engine.text import one_line

TIMEOUT_S = 20.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Mail:
    """The sender of e-mail.

    `url`: ``smtp://[USER:PASSWORD@]HOST[:PORT]`` (port 587; STARTTLS where the
    server offers it, and always before a password leaves for another machine),
    or ``smtps://…`` (port 465, TLS from the start).
    """

    def __init__(self, url: str, sender: str, context: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise BadInput("AVANAK_SMTP_URL: expected smtp://USER:PASSWORD@HOST:PORT or smtps://…")
        if "@" not in sender:
            raise BadInput("AVANAK_MAIL_FROM: an address like service@example.com is needed to send e-mail.")
        self._host = parts.hostname
        self._is_tls = parts.scheme == "smtps"
        try:
            self._port = parts.port or (465 if self._is_tls else 587)
        except ValueError as error:
            raise BadInput("AVANAK_SMTP_URL: the port is a number up to 65535.") from error
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = sender
        self._context = context or ssl.create_default_context()

    def send(self, items: Sequence[Delivery]) -> Iterator[Outcome]:
        """Send the messages; the outcome of each.  Blocks on the network."""
        try:
            server = self._connect()
        except (smtplib.SMTPException, OSError) as error:
            for item in items:
                yield Outcome(item.id, kept("the mail server cannot be used: %(why)s", why=_said(error)))
            return
        try:
            for index, item in enumerate(items):
                try:
                    server.send_message(self._message(item))
                    yield Outcome(item.id)
                except smtplib.SMTPRecipientsRefused as error:
                    code, answer = next(iter(error.recipients.values()))
                    yield Outcome(item.id, f"{code} {_decoded(answer)}", is_final=code >= 500)
                except smtplib.SMTPResponseException as error:
                    yield Outcome(item.id, _said(error), is_final=error.smtp_code >= 500)
                    with suppress(smtplib.SMTPException):
                        server.rset()
                except ValueError as error:  # no letter can be made of it; the others are sent
                    yield Outcome(item.id, _said(error), is_final=True)
                except (smtplib.SMTPException, OSError) as error:  # the line is gone, for the rest as well
                    for left in items[index:]:
                        yield Outcome(left.id, kept("the mail server went away: %(why)s", why=_said(error)))
                    return
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()

    def _connect(self) -> smtplib.SMTP:
        if self._is_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=TIMEOUT_S, context=self._context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)
        try:
            server.ehlo()
            if not self._is_tls and server.has_extn("starttls"):
                server.starttls(context=self._context)
                server.ehlo()
            elif not self._is_tls and self._user and self._host not in _LOOPBACK:
                raise smtplib.SMTPException("it offers no STARTTLS, and a password is not sent in the clear")
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, item: Delivery) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = item.address
        # On one line, and nothing in it that the library would decode: a decoded line break would begin a header.
        subject = one_line(item.subject or item.text.partition("\n")[0][:100])
        message["Subject"] = subject.replace("=?", "= ?")
        message["Date"] = formatdate(item.created_at / 1000)
        # The same message keeps its id over all tries, so that one that came through twice is shown once.
        digest = hashlib.sha256(f"{item.id}/{item.key}".encode()).hexdigest()[:32]
        message["Message-ID"] = f"<{digest}@{self._sender.rpartition('@')[2].rstrip('>')}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(item.text)
        return message


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_decoded(error.smtp_error)}"
    return str(error) or type(error).__name__


def _decoded(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
