"""What the end of a call means and who is at fault: from answer, ringing, Q.850 reason and SIP status.  Pure.

FreeSWITCH takes its hang-up cause from the carrier's ``Reason: Q.850`` if there is one, else from the SIP status
(``sofia_glue_sip_cause_to_freeswitch``).  So a cause that is not that of the status is the carrier's own word, and is
more exact than the status.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from engine.call_end import SENT_CANCEL, CallEnd
from engine.states import Disposition

REDIRECTED = "REDIRECTED"  # our word for a 3xx: it is not followed
NO_MEDIA = "INCOMPATIBLE_DESTINATION"


class Fault(StrEnum):
    """Whose fault the end of an attempt was.  A phone that rang spends a try in any case."""

    NONE = "none"  # it was answered
    CALLEE = "callee"  # busy, away, refused: a try was spent
    NUMBER = "number"  # no such number: calling again is of no use
    CARRIER = "carrier"  # this trunk failed; another gateway may serve
    ACCOUNT = "account"  # this trunk does not take our account: nobody can be called by it
    OURS = "ours"  # throttled, killed, misconfigured by us


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an end means.  `has_rung` says that the phone rang, which spends a try."""

    disposition: Disposition
    fault: Fault
    has_rung: bool = False


# Every end is judged, and there are few verdicts: each is made once.
_verdict = cache(Verdict)

_D = Disposition
_BUSY = Verdict(_D.BUSY, Fault.CALLEE)
_SILENT = Verdict(_D.NO_ANSWER, Fault.CALLEE)
_REFUSED = Verdict(_D.REJECTED, Fault.CALLEE)
_UNWANTED = Verdict(_D.REJECTED, Fault.NUMBER)
_AWAY = Verdict(_D.UNREACHABLE, Fault.CALLEE)
_NO_SUCH = Verdict(_D.UNREACHABLE, Fault.NUMBER)
_TRUNK = Verdict(_D.CONGESTION, Fault.CARRIER)
_TRUNK_REFUSES = Verdict(_D.FAILED, Fault.CARRIER)
_NO_ACCOUNT = Verdict(_D.FAILED, Fault.ACCOUNT)
_OURS = Verdict(_D.FAILED, Fault.OURS)
_KILLED = Verdict(_D.CANCELLED, Fault.OURS)
_GONE = Verdict(_D.LOST, Fault.OURS)

# The account is not taken: 904 is FreeSWITCH's own word for a challenge that it could not answer.
ACCOUNT_STATUSES = frozenset((401, 407, 433, 436, 904))
# Unknown statuses are the trunk's, until they are known here: 5xx congestion, others a refusal.
BY_SIP_STATUS: dict[int, Verdict] = {
    404: _NO_SUCH,
    410: _NO_SUCH,
    484: _NO_SUCH,
    604: _NO_SUCH,
    480: _AWAY,
    486: _BUSY,
    600: _BUSY,
    603: _REFUSED,
    608: _REFUSED,
    607: _UNWANTED,
    408: _SILENT,
    487: _SILENT,
    429: _TRUNK,
}
# Statuses that say «no answer» of a phone that rang, and of a silent trunk otherwise.
_NEEDS_RINGING = frozenset((408, 487))
# What FreeSWITCH makes of a status without a Reason, where cause and status would say different things.
CAUSE_OF_STATUS: dict[int, str] = {
    400: "NORMAL_TEMPORARY_FAILURE",
    402: "CALL_REJECTED",
    403: "CALL_REJECTED",
    405: "SERVICE_UNAVAILABLE",
    408: "RECOVERY_ON_TIMER_EXPIRE",
    480: "NO_USER_RESPONSE",
    481: "NORMAL_TEMPORARY_FAILURE",
    482: "EXCHANGE_ROUTING_ERROR",
    483: "EXCHANGE_ROUTING_ERROR",
    485: "NO_ROUTE_DESTINATION",
    487: "ORIGINATOR_CANCEL",
}

BY_CAUSE: dict[str, Verdict] = {
    "USER_BUSY": _BUSY,
    "NO_ANSWER": _SILENT,
    "NO_USER_RESPONSE": _SILENT,
    "ALLOTTED_TIMEOUT": _SILENT,
    "ORIGINATOR_CANCEL": _SILENT,
    "PROGRESS_TIMEOUT": _SILENT,
    "RECOVERY_ON_TIMER_EXPIRE": _TRUNK,
    "CALL_REJECTED": _REFUSED,
    "REJECT_ALL": _REFUSED,
    "UNWANTED": _UNWANTED,
    "SUBSCRIBER_ABSENT": _AWAY,
    "USER_NOT_REGISTERED": _AWAY,
    "UNALLOCATED_NUMBER": _NO_SUCH,
    "NUMBER_CHANGED": _NO_SUCH,
    "INVALID_NUMBER_FORMAT": _NO_SUCH,
    "NO_ROUTE_DESTINATION": _NO_SUCH,
    "NORMAL_TEMPORARY_FAILURE": _TRUNK,
    "NORMAL_CIRCUIT_CONGESTION": _TRUNK,
    "SWITCH_CONGESTION": _TRUNK,
    "REQUESTED_CHAN_UNAVAIL": _TRUNK,
    "NETWORK_OUT_OF_ORDER": _TRUNK,
    "NO_ROUTE_TRANSIT_NET": _TRUNK,
    "EXCHANGE_ROUTING_ERROR": _TRUNK,
    "GATEWAY_DOWN": _TRUNK,
    "PROTOCOL_ERROR": _TRUNK,
    "SERVICE_UNAVAILABLE": _TRUNK,
    "SERVICE_NOT_IMPLEMENTED": _TRUNK_REFUSES,
    "FACILITY_REJECTED": _TRUNK_REFUSES,
    "FACILITY_NOT_SUBSCRIBED": _TRUNK_REFUSES,
    "FACILITY_NOT_IMPLEMENTED": _TRUNK_REFUSES,
    "OUTGOING_CALL_BARRED": _TRUNK_REFUSES,
    "BEARERCAPABILITY_NOTAUTH": _TRUNK_REFUSES,
    "BEARERCAPABILITY_NOTAVAIL": _TRUNK_REFUSES,
    "INCOMPATIBLE_DESTINATION": _TRUNK_REFUSES,
    "INVALID_GATEWAY": _TRUNK_REFUSES,
    "INVALID_PROFILE": _OURS,
    "INVALID_URL": _OURS,
    "CHAN_NOT_IMPLEMENTED": _OURS,
    # Of our own switch: sessions-per-second, max-sessions or a live
    # duplicate uuid (measured); of a carrier Q.850's 27, which says nothing.
    "DESTINATION_OUT_OF_ORDER": Verdict(_D.CONGESTION, Fault.OURS),
    "MANAGER_REQUEST": _KILLED,
    "SYSTEM_SHUTDOWN": _GONE,
    "CRASH": _GONE,
}

_ENDED_BY_US = frozenset(("MANAGER_REQUEST", "SYSTEM_SHUTDOWN", "CRASH"))
# Nothing came back from the carrier when our own patience ended with one of these.
_PATIENCE_ENDED = frozenset(
    ("NO_ANSWER", "NO_USER_RESPONSE", "PROGRESS_TIMEOUT", "ORIGINATOR_CANCEL", "ALLOTTED_TIMEOUT")
)
# Causes of an originate that never became a call.
_NO_CHANNEL = frozenset((
    "DESTINATION_OUT_OF_ORDER", "INVALID_GATEWAY", "GATEWAY_DOWN", "INVALID_PROFILE", "INVALID_URL",
    "CHAN_NOT_IMPLEMENTED", "INVALID_NUMBER_FORMAT",
))  # fmt: skip


def judge(end: CallEnd, is_route_doubtful: bool = False) -> Verdict:
    """What the end of an attempt means.

    1. an answer wins, whatever ended the call; 2. what we ended ourselves; 3. silence, a redirect and a refused
    account are the trunk's; 4. a Q.850 reason; 5. the SIP status; 6. the cause.
    On a route that seems lost (`is_route_doubtful`) «no such number» without ringing is not believed of the number.
    """
    found, has_rung = _judge(end), end.has_rung
    if is_route_doubtful and not has_rung and found.fault in (Fault.NUMBER, Fault.CALLEE):
        return _verdict(found.disposition, Fault.CARRIER, has_rung)
    return _verdict(found.disposition, found.fault, has_rung)


def judge_job(cause: str) -> Verdict:
    """What an originate's failure means of which neither event nor record came: it may have rung."""
    found = _by_cause(cause, has_rung=False)
    return replace(found, has_rung=cause not in _NO_CHANNEL)


def named(end: CallEnd) -> CallEnd:
    """The end with cause and status that say one thing.

    A redirect has our own word; a carrier that gives «normal clearing» as its reason to refuse says nothing by it.
    An answered call's refusal is that of a later INVITE; a 200 whose media could not be read was no answer, and no
    normal end.
    """
    if _is_redirect(end):
        return replace(end, cause=REDIRECTED)
    is_good = end.sip_status is not None and end.sip_status < 300
    if end.answered_at is not None:
        return end if is_good or end.sip_status is None else replace(end, sip_status=None)
    if not is_good:
        says_nothing = end.sip_status is not None and end.cause == "NORMAL_CLEARING"
        return replace(end, cause="NORMAL_UNSPECIFIED") if says_nothing else end
    return replace(end, sip_status=None, cause=NO_MEDIA if end.cause == "NORMAL_CLEARING" else end.cause)


def _judge(end: CallEnd) -> Verdict:
    if end.answered_at is not None:
        is_ours = end.fault == "prompt_missing" and not (end.heard_ms or end.vote or end.opted_out)
        return _OURS if is_ours else Verdict(Disposition.ANSWERED, Fault.NONE)
    if end.was_picked_up:  # a 200 whose media we could not agree to
        return _TRUNK_REFUSES
    if (
        end.closed_by != "recv_refuse" and end.cause in _ENDED_BY_US
    ):  # a carrier can send any number as its reason
        return BY_CAUSE[end.cause]
    status = end.sip_status
    if status is None or status < 300:
        if end.closed_by == SENT_CANCEL and not end.has_rung and end.cause in _PATIENCE_ENDED:
            return _TRUNK
        return _by_cause(end.cause, end.has_rung)
    if _is_redirect(end):
        return _TRUNK_REFUSES
    if status in ACCOUNT_STATUSES:
        return _NO_ACCOUNT
    told = BY_CAUSE.get(end.cause)
    if told and told.fault is not Fault.OURS and end.cause != CAUSE_OF_STATUS.get(status):
        return told
    if status in _NEEDS_RINGING and not end.has_rung:
        return _TRUNK
    if status == 403 and end.has_rung:  # a trunk that may not call does not ring
        return _REFUSED
    return BY_SIP_STATUS.get(status, _TRUNK if 500 <= status < 600 else _TRUNK_REFUSES)


def _is_redirect(end: CallEnd) -> bool:
    return end.sip_status is not None and 300 <= end.sip_status < 400 and end.answered_at is None


def _by_cause(cause: str, has_rung: bool) -> Verdict:
    """Judge a cause alone.  An unknown cause says nothing about a phone that did not ring."""
    return BY_CAUSE.get(cause, Verdict(Disposition.FAILED, Fault.CALLEE if has_rung else Fault.CARRIER))


def is_delivered(end: CallEnd, message_ms: int, share: float, tolerance_ms: int) -> bool:
    """Whether an answered call delivered its message: heard to the agreed point, or a key pressed.

    That the message reached its end is believed only of one whose length nobody knows.
    """
    if end.vote or end.opted_out:
        return True
    if message_ms <= 0:
        return end.finished
    return end.heard_ms > 0 and end.heard_ms >= share * message_ms - tolerance_ms
