"""Text messages by SMPP 3.4: ``smpp://USER:PASSWORD@HOST:PORT`` binds as a transmitter and waits for the answer to each part."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from urllib.parse import unquote, urlsplit

from smpplib import client as smpp_client
from smpplib import consts, exceptions, gsm

from engine.services.outbox.text_providers import TIMEOUT_S, line_of
from engine.services.outbox.texts import TextSent
from engine.store.tables.texts import TextMessage

logging.getLogger("smpp").setLevel(logging.CRITICAL)  # it would log whole numbers and texts
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
                    source_addr_ton=consts.SMPP_TON_ALNUM if not line_of(item, self).isdigit() else 0,
                    source_addr=line_of(item, self),
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
