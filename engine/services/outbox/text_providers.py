"""Who carries text messages: an SMSC (``smpp.py``), or a provider by HTTP.

``https://USER:TOKEN@HOST/PATH`` is asked with ``POST`` and JSON ``{"id", "to", "from", "text"}`` and the token as bearer;
2xx is taken, 4xx refused, but 408, 425 and 429, which are later, as every 5xx is.  The id is the same in every try.
What became of a text it posts to ``/text-receipts`` of the web UI.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol
from urllib.parse import unquote, urlsplit

import requests

from engine.errors import BadInput
from engine.sentences import kept
from engine.services.outbox.smpp import Smpp, SmppReceipts
from engine.services.outbox.texts import TIMEOUT_S, TextCarrier, TextSent, line_of
from engine.store.tables.texts import TextMessage

LATER = frozenset((408, 425, 429))


class ReceiptSource(Protocol):
    """Where receipts come from; `step` hands on (a part's id, its final word)."""

    def step(self, take: Callable[[str, str], None]) -> None: ...


class Http:
    """A provider by HTTP."""

    def __init__(self, url: str, lines: tuple[str, ...]) -> None:
        parts = urlsplit(url)
        self._url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self._token = unquote(parts.password or "")
        self.lines = lines

    def send(self, items: Sequence[TextMessage]) -> Iterator[TextSent]:
        """Send the texts; what became of each."""
        with requests.Session() as session:
            if self._token:
                session.headers["Authorization"] = f"Bearer {self._token}"
            for item in items:
                yield self._one(session, item)

    def _one(self, session: requests.Session, item: TextMessage) -> TextSent:
        content = {
            "id": item.recipient_id,
            "to": item.number,
            "from": line_of(item, self),
            "text": item.text,
        }
        try:
            answer = session.post(self._url, json=content, timeout=(5.0, TIMEOUT_S), allow_redirects=False)
        except requests.ConnectTimeout:
            return TextSent(item.recipient_id, "later", error=kept("the provider cannot be reached"))
        except requests.RequestException as error:
            if "NewConnectionError" in repr(error):  # nothing was sent
                return TextSent(item.recipient_id, "later", error=kept("the provider cannot be reached"))
            return TextSent(item.recipient_id, "unknown", error=kept("the provider did not answer"))
        if answer.ok and answer.status_code < 300:
            return TextSent(item.recipient_id, "taken", answer.text[:100])
        again = answer.status_code in LATER or answer.status_code >= 500
        return TextSent(
            item.recipient_id,
            "later" if again else "refused",
            error=kept("the provider refused it: %(code)s", code=f"HTTP {answer.status_code}"),
        )


def provider_of(url: str, lines: str) -> TextCarrier | None:
    """The provider of the settings; None when texts are off.  BadInput never shows a password."""
    if not url:
        return None
    words = tuple(lines.split())
    if not words:
        raise BadInput("AVANAK_SMS_LINES names no line that texts come from.")
    scheme = urlsplit(url).scheme
    if scheme == "smpp":
        return Smpp(url, words)
    if scheme in ("http", "https"):
        return Http(url, words)
    raise BadInput("AVANAK_SMS_URL begins with smpp://, https:// or http://.")


def receiver_of(url: str) -> ReceiptSource | None:
    """Where receipts are fetched; None where they are posted to us, and when texts are off."""
    if urlsplit(url).scheme != "smpp":
        return None
    return SmppReceipts(url)
