"""Codes spoken in a call, and how often strangers may trigger such calls.

A code proves that somebody can answer a phone: for the mobile of a new account, a forgotten password, or a contact
address.  A request can name any number, so calls are capped per number, account, network and overall, each
further call waits longer, and at night only numbers typed in the requesting session are rung.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.errors import AvanakError, BadInput
from engine.fold import digits_in
from engine.sentences import Sentence
from engine.services.accounts import accounts
from engine.services.campaigns import quick_sends
from engine.services.compliance.policy import Policy
from engine.services.numbering.numbers import NormalNumber
from engine.states import AttemptState, RecipientState
from engine.store.database import take_turns
from engine.store.tables.core import Attempt, Recipient
from engine.store.tables.customers import MobileCode

log = logging.getLogger(__name__)

CODE_DIGITS = 5
CODE_LIVES_MS = 5 * 60_000  # the phone rings for up to half a minute, and people look for a pen
MAX_WRONG = 5
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
FIRST_WAIT_MS, LONGEST_WAIT_MS = 60_000, HOUR_MS  # between two calls; it doubles
# Per day, whoever asks; for a network per hour too.
TO_A_NUMBER, OF_AN_ACCOUNT, OF_A_NETWORK, OF_A_NETWORK_AN_HOUR = 5, 8, 20, 10
_TURN = 823404  # any number, as long as all processes agree on it
NIGHT_SHARE = 10  # the share of the overall cap that may ring outside the hours of service messages

# (code, language) -> name of a stored prompt that speaks it; `services.messages.otp_prompt.prompt_for_code`.
Speak = Callable[[str, str], str]
Write = Callable[[Callable[[], Any]], Any]


class Purpose(StrEnum):
    """What a code is for; its own codes count for each."""

    MOBILE = "mobile"  # of a new account
    PASSWORD = "password"  # noqa: S105 - a forgotten one, of a person
    ADDRESS = "address"  # of notices


@dataclass(frozen=True, slots=True)
class Asker:
    """Who requests a call: the network, and whether the number was typed in the same session."""

    network: str = ""
    typed_it_here: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What a code is about: an account, and the person or address of it (0: none)."""

    purpose: Purpose
    account_id: int
    of_id: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A requested call; `code` is for installations whose switch rings nobody."""

    recipient_id: int
    code: str


class TooSoon(AvanakError):
    """Requested again too soon or too often; try again after `wait_s`."""

    exit_status = 2
    http_status = 429

    def __init__(self, sentence: Sentence, wait_ms: int) -> None:
        self.wait_s = max(1, -(-wait_ms // 1000))
        super().__init__(sentence, wait=self.wait_s)


def send(
    subject: Subject,
    number: NormalNumber,
    asker: Asker,
    now: int,
    speak: Speak,
    write: Write,
    policy: Policy,
    language: str = "fa",
) -> Sent:
    """Call a number and speak a new code, which replaces earlier ones.

    1. note the code (hashed) within the caps, 2. make the prompt, 3. put the call in front of the queue, for the
    house account.  Not inside a transaction: `write` runs each step in one of its own.  Wake the dialer afterwards.
    Raises TooSoon.
    """
    code_id, code = write(lambda: note(subject, number.e164, asker, now, policy))
    prompt = speak(code, language)

    def call() -> int:
        options = quick_sends.QuickOptions(priority=quick_sends.OTP_PRIORITY, max_length_s=60)
        recipient_id = quick_sends.send(accounts.house().id, number, prompt, options, now, policy)
        MobileCode.update(recipient_id=recipient_id).where(MobileCode.id == code_id).execute()
        return recipient_id

    recipient_id = int(write(call))
    log.info(
        "action=code_sent purpose=%s account=%d of=%d recipient=%d",
        subject.purpose.value,
        subject.account_id,
        subject.of_id,
        recipient_id,
    )
    return Sent(recipient_id, code)


def check_asker(asker: Asker, now: int, policy: Policy) -> None:
    """Raise TooSoon for the limits of the asker, not those of the number; reads only."""
    _check_hours(asker, now, policy)
    _check_all(now, policy)
    in_network = _calls(MobileCode.network == asker.network, now) if asker.network else []
    lately = [at for at in in_network if at > now - HOUR_MS]
    if len(lately) >= OF_A_NETWORK_AN_HOUR:
        raise TooSoon(_FROM_HERE, lately[-OF_A_NETWORK_AN_HOUR] + HOUR_MS - now)
    if len(in_network) >= OF_A_NETWORK:
        raise TooSoon(_FROM_HERE, in_network[-OF_A_NETWORK] + DAY_MS - now)


_FROM_HERE = Sentence("Too many calls were asked for from here; try again in %(wait)s s.")
_AGAIN = Sentence("Another call can be asked for in %(wait)s s.")
_TODAY = Sentence("This number has been called too often today; try again in %(wait)s s.")
_ACCOUNT = Sentence("This account has asked for too many calls today; try again in %(wait)s s.")
_ALL = Sentence("Too many calls are asked for just now; try again in %(wait)s s.")
_NIGHT = Sentence(
    "At this hour only a number that was typed here just now is called; try again in %(wait)s s."
)


def wait_ms(calls: int) -> int:
    """The wait after so many calls in a day before another may be requested: 1 min, 2, 4 … an hour."""
    return min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** min(calls - 1, 10)) if calls > 0 else 0


def note(subject: Subject, mobile: str, asker: Asker, now: int, policy: Policy) -> tuple[int, str]:
    """In a transaction: store a new code for a number (or the stand-in for an address) within the caps; (id, code).

    Raises TooSoon.
    """
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    take_turns(_TURN)  # of several web processes each would count the calls before those of the others
    check_asker(asker, now, policy)
    to_number = _calls(MobileCode.mobile == mobile, now)
    of_account = _calls(MobileCode.account_id == subject.account_id, now)
    for calls in (to_number, of_account):
        ready_at = calls[-1] + wait_ms(len(calls)) if calls else now
        if ready_at > now:
            raise TooSoon(_AGAIN, ready_at - now)
    if len(to_number) >= TO_A_NUMBER:
        raise TooSoon(_TODAY, to_number[-TO_A_NUMBER] + DAY_MS - now)
    if len(of_account) >= OF_AN_ACCOUNT:
        raise TooSoon(_ACCOUNT, of_account[-OF_AN_ACCOUNT] + DAY_MS - now)
    salt = secrets.token_hex(16)
    made = MobileCode.create(
        account_id=subject.account_id,
        purpose=subject.purpose.value,
        of_id=subject.of_id,
        mobile=mobile,
        network=asker.network[:64],
        salt=salt,
        code_hash=_hash(salt, code),
        created_at=now,
        expires_at=now + CODE_LIVES_MS,
    )
    return int(made.id), code


def _calls(which: Any, now: int) -> list[int]:
    """When calls of the last day were requested, oldest first."""
    rows = MobileCode.select(MobileCode.created_at).where(which, MobileCode.created_at > now - DAY_MS)
    return sorted(int(row.created_at) for row in rows)


def _check_hours(asker: Asker, now: int, policy: Policy) -> None:
    if not asker.typed_it_here and not policy.hours.service.is_open(now, policy.zone):
        raise TooSoon(_NIGHT, policy.hours.service.next_open(now, policy.zone) - now)


def _check_all(now: int, policy: Policy) -> None:
    an_hour = policy.code_calls_an_hour
    cap = an_hour if policy.hours.service.is_open(now, policy.zone) else max(1, an_hour // NIGHT_SHARE)
    lately = (
        MobileCode.select(MobileCode.created_at)
        .where(MobileCode.created_at > now - HOUR_MS)
        .order_by(MobileCode.created_at.desc())
        .limit(cap)
    )
    times = [int(row.created_at) for row in lately]
    if len(times) >= cap:
        raise TooSoon(_ALL, times[-1] + HOUR_MS - now)


def take(subject: Subject, mobile: str, code: str, now: int) -> bool:
    """Whether the code is the last one spoken to this number for the subject; a match uses it up.

    Inside a transaction.  Returns False for a wrong code instead of raising, because the attempt is counted and
    must be committed.  Raises BadInput when no code is valid any more.
    """
    take_turns(_TURN)  # guesses are counted one by one
    row = _last(subject)
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise BadInput("The code has expired; ask for another call.")
    if row.wrong >= MAX_WRONG:
        raise BadInput("The code was wrong too often; ask for another call.")
    digits = digits_in(code)
    if not hmac.compare_digest(_hash(row.salt, digits), row.code_hash) or row.mobile != mobile:
        MobileCode.update(wrong=MobileCode.wrong + 1).where(MobileCode.id == row.id).execute()
        log.info("action=code_wrong purpose=%s account=%d", subject.purpose.value, subject.account_id)
        return False
    used = MobileCode.update(used_at=now).where(MobileCode.id == row.id, MobileCode.used_at.is_null())
    return bool(used.execute())


class Stage(StrEnum):
    """The state of a call."""

    NONE = "none"  # nobody asked for one (lately)
    WAITING = "waiting"  # it is about to be placed
    RINGING = "ringing"
    ANSWERED = "answered"  # the code is being spoken
    HEARD = "heard"
    MISSED = "missed"  # `disposition` says why


@dataclass(frozen=True, slots=True)
class CallState:
    """The state of the last call for a subject, and in how many seconds another may be requested."""

    stage: Stage
    disposition: str = ""
    again_in_s: int = 0

    @property
    def is_going_on(self) -> bool:
        return self.stage in (Stage.WAITING, Stage.RINGING, Stage.ANSWERED)


def state_of(subject: Subject, now: int) -> CallState:
    """The last call for a subject; only reads."""
    row = _last(subject)
    if row is None or row.created_at <= now - HOUR_MS:
        return CallState(Stage.NONE)
    ready = [
        calls[-1] + wait_ms(len(calls))
        for calls in (
            _calls(MobileCode.mobile == row.mobile, now),
            _calls(MobileCode.account_id == subject.account_id, now),
        )
        if calls
    ]
    again_in_s = max(0, -(-(max(ready, default=now) - now) // 1000))
    call = Recipient.get_or_none(Recipient.id == row.recipient_id) if row.recipient_id else None
    if call is None:
        return CallState(Stage.WAITING, "", again_in_s)
    if call.state == RecipientState.DELIVERED:
        return CallState(Stage.HEARD, call.disposition, again_in_s)
    if call.state in (RecipientState.PENDING, RecipientState.CLAIMED, RecipientState.RETRY_WAIT):
        return CallState(Stage.WAITING, "", again_in_s)
    if call.state == RecipientState.IN_CALL:
        attempt = Attempt.get_or_none(Attempt.id == call.attempt_id)
        is_answered = attempt is not None and attempt.state == AttemptState.ANSWERED
        return CallState(Stage.ANSWERED if is_answered else Stage.RINGING, "", again_in_s)
    return CallState(Stage.MISSED, call.disposition or str(call.state), again_in_s)


def _last(subject: Subject) -> MobileCode | None:
    row: MobileCode | None = (
        MobileCode.select()
        .where(
            MobileCode.account_id == subject.account_id,
            MobileCode.purpose == subject.purpose.value,
            MobileCode.of_id == subject.of_id,
        )
        .order_by(MobileCode.id.desc())
        .first()
    )
    return row


def _hash(salt: str, code: str) -> str:
    # A code has 17 bits and lives five minutes: the limit of attempts guards it, the hash the database's readers.
    # A slow hash would hold up the writer, and 17 bits would still be searched in no time.
    return hmac.digest(bytes.fromhex(salt), code.encode(), "sha256").hex()
