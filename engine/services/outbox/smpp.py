"""Text messages by SMPP 3.4: ``smpp://USER:PASSWORD@HOST:PORT``.

Texts leave over a transmitter that is bound while there are some, and waits for the answer to each part.  Receipts
come over a connection of their own that stays bound, as a transceiver: some SMSCs do not take a receiver's answers.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from smpplib import client as smpp_client
from smpplib import consts, exceptions, gsm, smpp

from engine.clock import monotonic_s
from engine.sentences import kept
from engine.services.outbox.text_receipts import DELIVERED, REJECTED
from engine.services.outbox.texts import TIMEOUT_S, TextSent, line_of
from engine.store.tables.texts import TextMessage

log = logging.getLogger(__name__)
logging.getLogger("smpp").setLevel(logging.CRITICAL)  # it would log whole numbers and texts
_LATER = frozenset(
    (
        consts.SMPP_ESME_RTHROTTLED,
        consts.SMPP_ESME_RMSGQFUL,
        consts.SMPP_ESME_RSYSERR,
        consts.SMPP_ESME_RX_T_APPN,
    )
)
_ERRORS = (exceptions.ConnectionError, exceptions.PDUError, OSError)
_RECEIPT = 0x04  # in the esm_class of a deliver_sm
# The final words of a receipt's text, and the numbers of its `message_state`.
_WORDS = {
    "DELIVRD": DELIVERED, "EXPIRED": "expired", "DELETED": "deleted", "UNDELIV": "undeliverable", "UNKNOWN": "lost",
    "REJECTD": REJECTED,
}  # fmt: skip
_NUMBERS = {2: DELIVERED, 3: "expired", 4: "deleted", 5: "undeliverable", 7: "lost", 8: REJECTED}
_ID, _STAT = re.compile(rb"\bid:(\S+)", re.I), re.compile(rb"\bstat:([A-Za-z]+)", re.I)

_NOT_THERE = kept("the provider cannot be reached")

TakeReceipt = Callable[[str, str], None]


class _Account:
    """Where an SMSC is, and who we are there."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._at = (parts.hostname or "", parts.port or 2775)
        self._who = {
            "system_id": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
        }

    def connect(self) -> smpp_client.Client:
        """A connection that is not bound yet; raises `_ERRORS`."""
        client = smpp_client.Client(
            *self._at, timeout=TIMEOUT_S, allow_unknown_opt_params=True, logger_name="smpp"
        )
        try:
            client.connect()
        except exceptions.ConnectionError:
            client.disconnect()
            raise
        return client

    def bind(self, how: str) -> smpp_client.Client:
        """A connection that is bound as a ``transmitter`` or ``transceiver``; raises `_ERRORS`."""
        client = self.connect()
        try:
            getattr(client, f"bind_{how}")(**self._who)
        except _ERRORS:
            client.disconnect()
            raise
        return client


class Smpp:
    """An SMSC that takes texts."""

    def __init__(self, url: str, lines: tuple[str, ...]) -> None:
        self._account = _Account(url)
        self.lines = lines

    def send(self, items: Sequence[TextMessage]) -> Iterator[TextSent]:
        """Send the texts; what became of each."""
        left = list(items)
        try:
            client = self._account.bind("transmitter")
        except _ERRORS:
            yield from (TextSent(item.recipient_id, "later", error=_NOT_THERE) for item in left)
            return
        try:
            while left:
                sent = self._one(client, left.pop(0))
                yield sent
                if sent.what == "unknown":  # the connection is of no use any more
                    break
            yield from (TextSent(item.recipient_id, "later", error=_NOT_THERE) for item in left)
            if not left:
                client.unbind()
        except _ERRORS:
            pass  # what was sent was answered
        finally:
            client.disconnect()

    def _one(self, client: smpp_client.Client, item: TextMessage) -> TextSent:
        parts, coding, esm_class = gsm.make_parts(item.text)
        ids: list[str] = []
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
                    registered_delivery=1,  # a receipt of the end, good or bad
                )
                answer = _answer(client)
            except _ERRORS:
                return _sent(item, "unknown", ids, kept("the provider did not answer"))
            if answer.is_error():
                status = int(answer.status)
                what = "later" if status in _LATER and not place else "refused"
                return _sent(item, what, ids, kept("the provider refused it: %(code)s", code=f"{status:#x}"))
            ids.append((answer.message_id or b"").decode("ascii", "replace").rstrip("\0"))
        return _sent(item, "taken", ids)


class SmppReceipts:
    """Where an SMSC brings its receipts: one connection, kept from step to step."""

    PAUSE_S = 10.0  # before another connection is tried
    QUIET_S = 20.0  # after which we ask whether the other side is there

    def __init__(self, url: str, clock: Callable[[], float] = monotonic_s) -> None:
        self._account = _Account(url)
        self._clock = clock
        self._client: smpp_client.Client | None = None
        self._not_before = 0.0
        self._asked_at = 0.0

    def step(self, take: TakeReceipt) -> None:
        """Hand on what has come: (the part's id, its final word).

        The SMSC hears that a receipt arrived when `take` has come back; one that it could not write down comes again.
        """
        now = self._clock()
        try:
            if self._client is None:
                if now < self._not_before:
                    return
                self._client = self._account.bind("transceiver")
                self._asked_at = now
            self._client.set_message_received_handler(lambda pdu: _hand_on(pdu, take))
            self._client.poll()
            if now - self._asked_at >= self.QUIET_S:
                self._client.send_pdu(smpp.make_pdu("enquire_link", client=self._client))
                self._asked_at = now
        except _ERRORS as error:
            log.warning("action=text_receiver_lost error=%s", type(error).__name__)
            self.close()
            self._not_before = now + self.PAUSE_S

    def close(self) -> None:
        """Let the connection go."""
        if self._client is not None:
            self._client.disconnect()
            self._client = None


def _hand_on(pdu: Any, take: TakeReceipt) -> None:
    found = receipt_of(pdu)
    if found is not None:
        take(*found)


def receipt_of(pdu: Any) -> tuple[str, str] | None:
    """The id and final word of a ``deliver_sm``; None for what is none: a text from a person, a state on the way."""
    if not int(pdu.esm_class or 0) & _RECEIPT:
        return None
    text = pdu.short_message or pdu.message_payload or b""
    named, said = _ID.search(text), _STAT.search(text)
    name = pdu.receipted_message_id or (named[1] if named else b"")
    word = _NUMBERS.get(pdu.message_state) or (_WORDS.get(said[1].decode().upper()[:7]) if said else None)
    name = (name.decode("ascii", "replace") if isinstance(name, bytes) else str(name)).rstrip("\0")
    return (name, word) if name and word else None


def _answer(client: smpp_client.Client) -> Any:
    """The answer to what was sent; who asks meanwhile whether we are there is answered."""
    while True:
        answer = client.read_pdu()
        if answer.command == "submit_sm_resp":
            return answer
        if answer.command == "enquire_link":
            reply = smpp.make_pdu("enquire_link_resp", client=client)
            reply.sequence = answer.sequence
            client.send_pdu(reply)


def _sent(item: TextMessage, what: str, ids: Sequence[str], error: str = "") -> TextSent:
    return TextSent(
        item.recipient_id, what, ids[0] if ids else "", error, tuple(each for each in ids if each)
    )
