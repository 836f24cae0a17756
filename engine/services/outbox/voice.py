"""Voice calls through our own engine: a message is spoken, and a quick send of the house account carries it.

The call is placed in the transaction that marks the message, so a crash in
between calls nobody twice; whether it was heard is read from the quick send.
A call that could not be begun for a while (no switch is up) is taken back and
tried again later, so that it is shown, and nobody is rung hours late.

Customers' telephones are rung as others are: in the hours of the kind, not when they are on a
do-not-call list, a few times a day, and with the priority of an ordinary campaign.  Our own
staff, who are called when the service is down, come first and at any hour.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.errors import AvanakError
from engine.sentences import Word, kept
from engine.services.accounts import accounts
from engine.services.campaigns import quick_sends
from engine.services.compliance.do_not_call import as_integer
from engine.services.compliance.policy import Policy
from engine.services.numbering import numbers
from engine.services.numbering.numbers import NormalNumber
from engine.services.numbering.reasons import Reason
from engine.services.outbox import deliveries
from engine.services.outbox.deliveries import Outcome
from engine.states import DeliveryState, MessageKind, RecipientState
from engine.store import do_not_call
from engine.store.tables.support import Delivery
from engine.store.threads import read, write

# From a text and a language to the name of the stored prompt and its length in ms.
Speak = Callable[[str, str], tuple[str, int]]
STAFF = quick_sends.QuickOptions(
    priority=quick_sends.OTP_PRIORITY, kind=MessageKind.EMERGENCY, ring_timeout_s=40
)
ORDINARY = quick_sends.QuickOptions(priority=0, kind=MessageKind.SERVICE, ring_timeout_s=40)
INCIDENT = quick_sends.QuickOptions(priority=0, kind=MessageKind.EMERGENCY, ring_timeout_s=40)
DAY_MS = 86_400_000
TO_A_NUMBER, OF_AN_ACCOUNT = 5, 20  # calls a day
WAITS_MS = 10 * 60_000  # for a call to begin
MAX_SPOKEN = 700  # characters: about a minute and a half; the rest is read on the panel
_SENTENCE_END = re.compile(r"[.!?؟؛\n]")
_READ_ON = {"fa": "ادامه این پیام در پنل شما آمده است.", "en": "The rest of this message is on your panel."}
_GOING_ON = (
    RecipientState.PENDING,
    RecipientState.CLAIMED,
    RecipientState.IN_CALL,
    RecipientState.RETRY_WAIT,
)


class VoiceLine:
    """The sender of voice calls; `wake` tells the dialer that there is something to call."""

    def __init__(self, speak: Speak, wake: Callable[[], None], policy: Policy) -> None:
        self._speak = speak
        self._wake = wake
        self._policy = policy

    def step(self, now: int, limit: int) -> int:
        """Check on placed calls, then place those that are due; how many.  Not inside a transaction."""
        write(lambda: self._follow(now))
        due = read(lambda: list(_due(now, limit)))
        for row in due:
            self._place(row, now)
        if due:
            self._wake()
        return len(due)

    def _place(self, row: Delivery, now: int) -> None:
        opens = read(lambda: opens_at(row, now, self._policy))
        if opens > now:
            write(lambda: Delivery.update(next_at=opens).where(Delivery.id == row.id, _WAITS).execute())
            return
        try:
            prompt, length_ms = self._speak(spoken_text(row.text, row.language), row.language)
        except AvanakError as error:
            sentence = kept("the message could not be spoken: %(why)s", why=error)
            write(lambda: _refused(row, sentence, now))
            return

        def work() -> None:
            if _take(row, now):
                number = numbers.normalise(row.address)
                if isinstance(number, Reason):
                    deliveries.settle(Outcome(row.id, number.sentence.kept(), is_final=True), now)
                    return
                why_not = barred(row, number, now)
                if why_not:
                    deliveries.settle(Outcome(row.id, why_not, is_final=True), now)
                    return
                house_id = int(accounts.house().id)
                options = options_of(row)
                recipient_id = quick_sends.send(
                    house_id, number, prompt, options, now, self._policy, message_ms=length_ms
                )
                Delivery.update(recipient_id=recipient_id).where(Delivery.id == row.id).execute()

        try:
            write(work)
        except AvanakError as error:
            sentence = kept("the call could not be placed: %(why)s", why=error)
            write(lambda: _refused(row, sentence, now))

    @staticmethod
    def _follow(now: int) -> None:
        """Settle the messages whose call has ended."""
        rows = Delivery.select().where(
            Delivery.state == DeliveryState.CALLING, Delivery.recipient_id.is_null(False)
        )
        for row in list(rows):
            call = quick_sends.state_of(int(row.recipient_id or 0))
            if now - row.next_at >= WAITS_MS and quick_sends.withdraw(call.recipient_id, now):
                minutes = WAITS_MS // 60_000
                deliveries.settle(
                    Outcome(row.id, kept("no call could be begun for %(n)s minutes", n=minutes)), now
                )
            elif call.state not in _GOING_ON:
                heard = call.state == RecipientState.DELIVERED
                error = (
                    "" if heard else kept("the call ended: %(end)s", end=Word(call.disposition or call.state))
                )
                deliveries.settle(Outcome(row.id, error), now)


def options_of(row: Delivery) -> quick_sends.QuickOptions:
    """How the call of a message is placed."""
    if row.account_id is None:
        return STAFF
    return INCIDENT if row.is_urgent else ORDINARY


def opens_at(row: Delivery, now: int, policy: Policy) -> int:
    """When the telephone of a message may be rung: now, or when the hours of its kind begin."""
    if row.account_id is None:
        return now
    return policy.hours.allowed(options_of(row).kind).next_open(now, policy.zone)


def barred(row: Delivery, number: NormalNumber, now: int) -> str:
    """Why a customer's telephone is not rung (any more today), a kept sentence; else empty.  Inside a transaction."""
    if row.account_id is None:
        return ""
    listed = (do_not_call.EVERYBODY, int(row.account_id))
    if do_not_call.find(listed, [as_integer(number.e164)]):
        return kept("the number is on a do-not-call list")
    lately = Delivery.select().where(
        Delivery.channel == "voice",
        Delivery.id != row.id,
        Delivery.recipient_id.is_null(False),
        Delivery.next_at > now - DAY_MS,
    )
    if lately.where(Delivery.address == row.address).count() >= TO_A_NUMBER:
        return kept("the number was rung %(n)s times in 24 hours", n=TO_A_NUMBER)
    if lately.where(Delivery.account_id == row.account_id).count() >= OF_AN_ACCOUNT:
        return kept("the account's telephones were rung %(n)s times in 24 hours", n=OF_AN_ACCOUNT)
    return ""


def spoken_text(text: str, language: str) -> str:
    """What a call says of a message: all of it, or its first sentences and where the rest is."""
    text = text.strip()
    if len(text) <= MAX_SPOKEN:
        return text
    ends = [found.end() for found in _SENTENCE_END.finditer(text[:MAX_SPOKEN])]
    end = ends[-1] if ends else text.rfind(" ", 0, MAX_SPOKEN)
    return f"{text[: end if end > 0 else MAX_SPOKEN].strip()} {_READ_ON['en' if language == 'en' else 'fa']}"


_WAITS = Delivery.state == DeliveryState.WAITING


def _due(now: int, limit: int) -> list[Delivery]:
    return list(
        Delivery.select()
        .where(Delivery.channel == "voice", Delivery.state == DeliveryState.WAITING, Delivery.next_at <= now)
        .order_by(Delivery.is_urgent.desc(), Delivery.next_at)
        .limit(limit)
    )


def _take(row: Delivery, now: int) -> bool:
    changed = (
        # `next_at` is the deadline for the call to begin.
        Delivery.update(state=DeliveryState.CALLING, tries=Delivery.tries + 1, recipient_id=None, next_at=now)
        .where(Delivery.id == row.id, Delivery.state == DeliveryState.WAITING, Delivery.next_at <= now)
        .execute()
    )
    return bool(changed)


def _refused(row: Delivery, sentence: str, now: int) -> None:
    if _take(row, now):
        deliveries.settle(Outcome(row.id, sentence), now)
