"""Quick sends and spoken codes of the web service: one call to one number, at once."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.agreement.dates import ascii_digits
from engine.errors import BadInput, NotFound
from engine.services.accounts import accounts, permissions
from engine.services.accounts.token_scopes import Scope
from engine.services.campaigns import quick_history, quick_sends, start_checks
from engine.services.campaigns.quick_sends import OTP_PRIORITY, QuickOptions, QuickState
from engine.services.compliance import regions, traffic_caps
from engine.services.compliance.regions import NoRegion
from engine.services.messages import library, otp_prompt
from engine.services.messages.speech import DEFAULT_VOICE, SpeechUnavailable
from engine.services.money import ledger, pricing
from engine.services.numbering.numbers import NormalNumber, display, normalise
from engine.states import Disposition, RecipientState
from engine.store.threads import read, write
from webui.api.rest.messages import LEAST_MS, checked_text, local_time, seconds, spoken_number, with_number
from webui.api.rest.methods import Asked, Method, Param, boolean, field, instant, whole
from webui.api.rest.refusals import (
    EMPTY_TEXT,
    NO_RECORDING,
    NOT_SPOKEN,
    RECORD_LENGTH,
    SPEECH_FAILED,
    SUCCESS,
    UNKNOWN_ERROR,
    WRONG_MESSAGE,
    WRONG_NUMBER,
    Refused,
)
from webui.request.context import web
from webui.request.services import speak_once

VOTE_KEYS = "1234567890"
RECORD_S, MOST_RECORD_S = 30, 120  # of an answer: usual, longest
LENGTHS_S = (120, 240, 480)  # of a call: few, so that sends share their standing campaigns
AGAIN_MS = 60_000  # within this time the same text to the same number counts as a repetition
CODE_DIGITS = range(4, 9)
NO_APPROVAL, TOO_SOON = 0, -11
CODE_LENGTH = -5
OTP = QuickOptions(priority=OTP_PRIORITY, max_length_s=60)

# The `reason` of GetQuickSend: Asterisk's numbers for the end of an originate.
NONE_YET, NO_ANSWER, RINGING, ANSWERED, BUSY, NOT_REACHED = 0, 1, 3, 4, 5, 8
_REASONS: dict[str, tuple[int, str]] = {
    "": (NONE_YET, "Cancelled"),
    Disposition.ANSWERED: (ANSWERED, "Answered"),
    Disposition.BUSY: (BUSY, "Busy"),
    Disposition.NO_ANSWER: (NO_ANSWER, "NoAnswer"),
    Disposition.REJECTED: (BUSY, "Rejected"),
    Disposition.UNREACHABLE: (NOT_REACHED, "Unreachable"),
    Disposition.CONGESTION: (NOT_REACHED, "Congestion"),
    Disposition.FAILED: (NOT_REACHED, "Failed"),
    Disposition.CANCELLED: (NONE_YET, "Cancelled"),
    Disposition.LOST: (NONE_YET, "Unknown"),
}


@dataclass(frozen=True, slots=True)
class Sound:
    """What a quick send plays: a stored prompt, its length, and the message it belongs to."""

    prompt: str
    length_ms: int
    message_id: int


def quick_send(asked: Asked) -> dict[str, Any]:
    """Send a message of the gallery to a number."""
    number, account_id = number_of(asked["Number"]), asked.account_id

    def sound() -> Sound:
        row = library.get(asked["MessageID"], account_id)
        start_checks.check_approved(row)
        return Sound(row.prompt, row.duration_ms, int(row.id))

    return _send(asked, number, sound)


def quick_send_text(asked: Asked) -> dict[str, Any]:
    """Speak a text to a number; only accounts that may skip approval can do this."""
    account_id, now, number = asked.account_id, asked.now, number_of(asked["Number"])
    text = checked_text(asked["Text"])
    if not read(lambda: accounts.has_grant(account_id, permissions.OWN_VOICE)):
        raise Refused(NO_APPROVAL, "Message_ApprovalNotAllowed")
    whole_text = with_number(text, spoken_number(asked["CallFromMobile"]))
    made, keep = speak_once(account_id, whole_text, DEFAULT_VOICE, now)
    if made.duration_ms < LEAST_MS:
        raise Refused(WRONG_MESSAGE, "Message_TooShort")

    def sound() -> Sound:
        # First: it makes others of the account wait, so that two of them cannot both be the first.
        message_id = keep()
        if quick_history.is_repeated(account_id, number.e164, made.prompt, now - AGAIN_MS):
            raise Refused(TOO_SOON, "Send_RepeatedTooSoon")
        return Sound(made.prompt, made.duration_ms, message_id)

    def charge(recipient_id: int) -> None:
        ledger.charge_synthesis(account_id, text.strip(), f"quick/{recipient_id}", now)

    return _send(asked, number, sound, charge)


def _send(
    asked: Asked,
    number: NormalNumber,
    sound: Callable[[], Sound],
    also: Callable[[int], None] = lambda recipient_id: None,
) -> dict[str, Any]:
    """Put a call at the front of the queue; `sound` and `also` run in the same transaction."""
    account_id, now, policy = asked.account_id, asked.now, web().policy
    longest = policy.max_call_s
    record_s = record_seconds(asked)

    def work() -> dict[str, Any]:
        played = sound()
        needed = seconds(played.length_ms) + 15 + (10 if asked["Vote"] else 0) + record_s
        options = QuickOptions(
            vote_keys=VOTE_KEYS if asked["Vote"] else "",
            gateways=regions.gateways_of(account_id, asked["ServerID"]),
            max_length_s=next((each for each in LENGTHS_S if needed <= each <= longest), longest),
            record_s=record_s,
        )
        recipient_id = quick_sends.send(
            account_id, number, played.prompt, options, now, policy, played.length_ms
        )
        also(recipient_id)
        price = pricing.price_of(account_id, now)
        return {
            "QuickSendID": recipient_id,
            "MessageID": played.message_id,
            "MessageLength": seconds(played.length_ms),
            "CreditDecrease_InSeconds": seconds(played.length_ms),
            "CreditDecrease_InPulses": price.pulses(played.length_ms),
            "CreditDecrease_InPrice": price.of_call(played.length_ms, number.kind == "mobile"),
            "Status": SUCCESS,
        }

    found: dict[str, Any] = write(work)
    return found


def send_code(asked: Asked) -> dict[str, Any]:
    """Send a code that is spoken twice, digit by digit; only this answer contains it."""
    number, account_id, now = number_of(asked["Number"]), asked.account_id, asked.now
    code = _code(asked["Length"], asked["OptionalCode"])
    folder, policy, region = web().settings.prompts_dir, web().policy, asked["ServerID"]
    prompt, length_ms = web().apart(lambda: otp_prompt.prompt_for_code(code, "fa", prompts_dir=folder))

    def work() -> int:
        gateways = regions.gateways_of(account_id, region)
        options = QuickOptions(priority=OTP.priority, max_length_s=OTP.max_length_s, gateways=gateways)
        return quick_sends.send(account_id, number, prompt, options, now, policy, message_ms=length_ms)

    return {"ErrorCode": 0, "QuickSendID": write(work), "GeneratedCode": code}


def one(asked: Asked) -> dict[str, Any] | None:
    """The state of a quick send; None when the account has none with that id."""
    try:
        state = read(lambda: quick_sends.state_of(asked["QuickSendID"], asked.account_id))
    except NotFound:
        return None
    reason, word = _outcome(state)
    return {
        "reason": reason,
        "status": word,
        "dst": display(state.number),
        "starttime": local_time(state.started_at),
        "Id": state.recipient_id,
        "subscribeid": state.recipient_id,
        "duration": seconds(state.heard_ms),
        "vote": int(state.vote) if state.vote.isdigit() else -1,
    }


def statistics(asked: Asked) -> dict[str, Any]:
    """The totals of quick sends and codes of a period."""
    found = read(lambda: quick_history.tally(asked.account_id, asked["StartDateTime"], asked["EndDateTime"]))
    ended = found.by_disposition
    return {
        "Status": SUCCESS,
        "TotalCount": found.total,
        "WaitingCount": found.waiting,
        "DeliveredCount": found.delivered,
        "AnsweredCount": found.delivered + ended.get(Disposition.ANSWERED, 0),
        "BusyCount": ended.get(Disposition.BUSY, 0) + ended.get(Disposition.REJECTED, 0),
        "NoAnswerCount": ended.get(Disposition.NO_ANSWER, 0),
        "FailedCount": sum(
            ended.get(each, 0)
            for each in (
                Disposition.UNREACHABLE, Disposition.CONGESTION, Disposition.FAILED,
                Disposition.CANCELLED, Disposition.LOST,
            )
        ),
        "TotalDuration": seconds(found.heard_ms),
        "TotalPrice": found.price,
    }  # fmt: skip


def number_of(text: str, wrong: int = WRONG_NUMBER) -> NormalNumber:
    """Parse a number; Refused when it cannot be called."""
    area = web().settings.default_area_code or None
    found = normalise(text, default_area=area)
    if not isinstance(found, NormalNumber) and read(traffic_caps.opens_abroad):
        found = normalise(text, default_area=area, allow_abroad=True)
    if not isinstance(found, NormalNumber):
        raise Refused(wrong, "Number_Invalid")
    return found


def _outcome(state: QuickState) -> tuple[int, str]:
    """`reason` and `status` of a quick send."""
    if state.state == RecipientState.IN_CALL:
        return ANSWERED, "InCall"
    if state.state == RecipientState.CLAIMED:
        return RINGING, "Calling"
    if state.state in (RecipientState.PENDING, RecipientState.RETRY_WAIT):
        return NONE_YET, "Waiting"
    if state.state == RecipientState.EXCLUDED:
        return NONE_YET, "Excluded"
    return _REASONS[state.disposition]


def record_seconds(asked: Asked) -> int:
    """How long the answer is recorded, in seconds; 0: not at all."""
    if not asked["RecordVoice"]:
        return 0
    if not read(lambda: accounts.has_grant(asked.account_id, permissions.RECORDING)):
        raise Refused(NO_RECORDING)
    wanted = asked["RecordVoiceDuration"] or RECORD_S
    if not 1 <= wanted <= MOST_RECORD_S:
        raise Refused(RECORD_LENGTH)
    return int(wanted)


def _code(length: int, own: str) -> str:
    """The client's own code, or a random one of `length` digits."""
    digits = ascii_digits(own).strip()
    if digits.strip("0"):
        if not (digits.isascii() and digits.isdigit() and len(digits) in CODE_DIGITS):
            raise Refused(CODE_LENGTH, "Code_LengthNotAllowed")
        return digits
    if length not in CODE_DIGITS:
        raise Refused(CODE_LENGTH, "Code_LengthNotAllowed")
    return f"{secrets.randbelow(10**length):0{length}d}"


_NUMBER = Param("Number", wrong=WRONG_NUMBER)
_SERVER = Param("ServerID", whole, 0)
RECORD = (Param("RecordVoice", boolean, False), Param("RecordVoiceDuration", whole, 0, RECORD_LENGTH))
_HOW = (Param("Vote", boolean, False), _SERVER, *RECORD)
_SENT = field(
    "QuickSendID", MessageID=0, MessageLength=0, CreditDecrease_InSeconds=0, CreditDecrease_InPulses=0,
    CreditDecrease_InPrice=0, Status="",
)  # fmt: skip
METHODS = (
    Method(
        "QuickSend", Scope.SENDS_WRITE, "campaign.change", quick_send, _SENT,
        (Param("MessageID", whole, wrong=WRONG_MESSAGE), _NUMBER, *_HOW),
        ((NoRegion, UNKNOWN_ERROR), (NotFound, WRONG_MESSAGE)),
    ),
    Method(
        "QuickSendWithTTS", Scope.SENDS_WRITE, "campaign.change", quick_send_text, _SENT,
        (Param("Text", wrong=EMPTY_TEXT), _NUMBER, *_HOW, Param("CallFromMobile", default="")),
        ((SpeechUnavailable, NOT_SPOKEN), (NoRegion, UNKNOWN_ERROR), (BadInput, SPEECH_FAILED)),
    ),
    Method(
        "SendOTP", Scope.CODES_WRITE, "campaign.change", send_code,
        lambda code, word: {"ErrorCode": code, "QuickSendID": None, "GeneratedCode": None},
        (Param("Length", whole, wrong=CODE_LENGTH), _NUMBER, Param("OptionalCode", default="0"), _SERVER),
    ),
    Method(
        "GetQuickSend", Scope.SENDS_READ, "campaign.view", one,
        lambda code, word: {"reason": code, "status": word, "dst": "", "starttime": "", "Id": code,
                            "subscribeid": code, "duration": 0, "vote": -1},
        (Param("QuickSendID", whole),),
    ),
    Method(
        "GetQuickSendStatistics", Scope.SENDS_READ, "campaign.view", statistics, field("ErrorCode", Status=""),
        (Param("StartDateTime", instant), Param("EndDateTime", instant)),
    ),
)  # fmt: skip
