"""Who carries text messages: an SMSC by SMPP 3.4, or a provider by HTTP.

``smpp://USER:PASSWORD@HOST:PORT`` binds as a transmitter and waits for the answer to each part.
``https://USER:TOKEN@HOST/PATH`` is asked with ``POST`` and JSON ``{"id", "to", "from", "text"}`` and the token as bearer;
2xx is taken, 4xx refused, but 408, 425 and 429, which are later, as every 5xx is.  The id is the same in every try.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from urllib.parse import unquote, urlsplit

import requests
from smpplib import client as smpp_client
from smpplib import consts, exceptions, gsm

from engine.errors import BadInput
from engine.services.outbox.texts import TextCarrier, TextSent
from engine.store.tables.texts import TextMessage

logging.getLogger("smpp").setLevel(logging.CRITICAL)  # it would log whole numbers and texts
TIMEOUT_S = 10.0
LATER = frozenset((408, 425, 429))
_FULL = frozenset((consts.SMPP_ESME_RTHROTTLED, consts.SMPP_ESME_RMSGQFUL))


class Smpp:
    """An SMSC."""

    def __init__(self, url: str, lines: tuple[str, ...]) -> None:
        parts = urlsplit(url)
        self._at = (parts.hostname or "", parts.port or 2775)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self.lines = lines

    def send(self, items: Sequence[TextMessage]) -> Iterator[TextSent]:
        """Send the texts; what became of each."""
        left = list(items)
        try:
            client = smpp_client.Client(
                *self._at, timeout=TIMEOUT_S, allow_unknown_opt_params=True, logger_name="smpp"
            )
            client.connect()
            client.bind_transmitter(system_id=self._user, password=self._password)
        except (exceptions.ConnectionError, exceptions.PDUError, OSError) as error:
            yield from (TextSent(item.recipient_id, "later", error=f"the SMSC: {error}") for item in left)
            return
        try:
            while left:
                sent = self._one(client, left.pop(0))
                yield sent
                if sent.what == "unknown":  # the connection is of no use any more
                    break
            yield from (
                TextSent(item.recipient_id, "later", error="the connection was lost") for item in left
            )
            if not left:
                client.unbind()
        except (exceptions.ConnectionError, exceptions.PDUError, OSError):
            pass  # what was sent was answered
        finally:
            client.disconnect()

    def _one(self, client: smpp_client.Client, item: TextMessage) -> TextSent:
        parts, coding, esm_class = gsm.make_parts(item.text)
        found = ""
        for place, part in enumerate(parts):
            try:
                client.send_message(
                    source_addr_ton=consts.SMPP_TON_ALNUM if not _line(item, self).isdigit() else 0,
                    source_addr=_line(item, self),
                    dest_addr_ton=consts.SMPP_TON_INTL,
                    dest_addr_npi=consts.SMPP_NPI_ISDN,
                    destination_addr=item.number.removeprefix("+"),
                    short_message=part,
                    data_coding=coding,
                    esm_class=esm_class,
                )
                answer = client.read_pdu()
                while answer.command != "submit_sm_resp":
                    answer = client.read_pdu()
            except (exceptions.ConnectionError, exceptions.PDUError, OSError) as error:
                return TextSent(item.recipient_id, "unknown", found, f"no answer: {type(error).__name__}")
            if answer.is_error():
                status = int(answer.status)
                what = "later" if status in _FULL and not place else "refused"
                return TextSent(item.recipient_id, what, found, f"the SMSC refused it: {status:#x}")
            found = found or (answer.message_id or b"").decode("ascii", "replace").rstrip("\0")
        return TextSent(item.recipient_id, "taken", found)


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
            "from": _line(item, self),
            "text": item.text,
        }
        try:
            answer = session.post(self._url, json=content, timeout=(5.0, TIMEOUT_S), allow_redirects=False)
        except requests.ConnectTimeout:
            return TextSent(item.recipient_id, "later", error="cannot connect")
        except requests.ConnectionError as error:
            refused = "NewConnectionError" in repr(error)  # nothing was sent
            return TextSent(item.recipient_id, "later" if refused else "unknown", error=type(error).__name__)
        except requests.RequestException as error:
            return TextSent(item.recipient_id, "unknown", error=type(error).__name__)
        if answer.ok and answer.status_code < 300:
            return TextSent(item.recipient_id, "taken", answer.text[:100])
        again = answer.status_code in LATER or answer.status_code >= 500
        return TextSent(
            item.recipient_id, "later" if again else "refused", error=f"HTTP {answer.status_code}"
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


def _line(item: TextMessage, provider: TextCarrier) -> str:
    return item.line or provider.lines[0]
