"""From hang-up cause and SIP status to what it means and who is at fault.  Pure.

FreeSWITCH's causes are those of Q.850 with its own additions
(``switch_types.h``); a SIP status is more exact where the switch folds
several into one cause, so it is asked first.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.states import Disposition


class Fault(StrEnum):
    """Who must answer for an ended attempt; only the callee's end spends a try."""

    NONE = "none"  # it was answered
    CALLEE = "callee"  # busy, away, refused: a try was spent
    NUMBER = "number"  # no such number: calling again is of no use
    CARRIER = "carrier"  # this trunk failed; another gateway may serve, no try is spent
    OURS = "ours"  # throttled, killed, misconfigured by us: no try is spent


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an end means."""

    disposition: Disposition
    fault: Fault


_D = Disposition
BY_SIP_STATUS: dict[int, Verdict] = {
    404: Verdict(_D.UNREACHABLE, Fault.NUMBER),
    410: Verdict(_D.UNREACHABLE, Fault.NUMBER),
    484: Verdict(_D.UNREACHABLE, Fault.NUMBER),
    604: Verdict(_D.UNREACHABLE, Fault.NUMBER),
    480: Verdict(_D.UNREACHABLE, Fault.CALLEE),
    486: Verdict(_D.BUSY, Fault.CALLEE),
    600: Verdict(_D.BUSY, Fault.CALLEE),
    603: Verdict(_D.REJECTED, Fault.CALLEE),
    408: Verdict(_D.NO_ANSWER, Fault.CALLEE),
    487: Verdict(_D.NO_ANSWER, Fault.CALLEE),
    # The trunk refuses us: credentials, permission, an unpaid bill.
    401: Verdict(_D.FAILED, Fault.CARRIER),
    402: Verdict(_D.FAILED, Fault.CARRIER),
    403: Verdict(_D.FAILED, Fault.CARRIER),
    407: Verdict(_D.FAILED, Fault.CARRIER),
    488: Verdict(_D.FAILED, Fault.CARRIER),
    606: Verdict(_D.FAILED, Fault.CARRIER),
    429: Verdict(_D.CONGESTION, Fault.CARRIER),
    500: Verdict(_D.CONGESTION, Fault.CARRIER),
    501: Verdict(_D.CONGESTION, Fault.CARRIER),
    502: Verdict(_D.CONGESTION, Fault.CARRIER),
    503: Verdict(_D.CONGESTION, Fault.CARRIER),
    504: Verdict(_D.CONGESTION, Fault.CARRIER),
}

_BUSY = Verdict(_D.BUSY, Fault.CALLEE)
_SILENT = Verdict(_D.NO_ANSWER, Fault.CALLEE)
_REFUSED = Verdict(_D.REJECTED, Fault.CALLEE)
_AWAY = Verdict(_D.UNREACHABLE, Fault.CALLEE)
_NO_SUCH = Verdict(_D.UNREACHABLE, Fault.NUMBER)
_TRUNK = Verdict(_D.CONGESTION, Fault.CARRIER)
_TRUNK_REFUSES = Verdict(_D.FAILED, Fault.CARRIER)
_OURS = Verdict(_D.FAILED, Fault.OURS)
_KILLED = Verdict(_D.CANCELLED, Fault.OURS)
_ENDED = Verdict(_D.FAILED, Fault.CALLEE)

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
    "INTERWORKING": _TRUNK,
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
    "INVALID_GATEWAY": Verdict(_D.FAILED, Fault.CARRIER),
    "INVALID_PROFILE": _OURS,
    "INVALID_URL": _OURS,
    "CHAN_NOT_IMPLEMENTED": _OURS,
    # Without a SIP status: sessions-per-second, max-sessions or a live
    # duplicate uuid on our own switch (measured); with one, BY_SIP_STATUS decides.
    "DESTINATION_OUT_OF_ORDER": Verdict(_D.CONGESTION, Fault.OURS),
    "MANAGER_REQUEST": _KILLED,
    "SYSTEM_SHUTDOWN": Verdict(_D.LOST, Fault.OURS),
    "CRASH": Verdict(_D.LOST, Fault.OURS),
    # Said of calls that nobody answered, these tell nothing of success.
    "NORMAL_CLEARING": _ENDED,
    "NORMAL_UNSPECIFIED": _ENDED,
    "NONE": _ENDED,
}


def verdict(cause: str, sip_status: int | None, answered: bool) -> Verdict:
    """What the end of an attempt means.

    `answered` wins: an answered call is the callee's, whatever ended it.
    An unknown cause is taken for the callee's end, so that it cannot loop for nothing.
    """
    if answered:
        return Verdict(Disposition.ANSWERED, Fault.NONE)
    if cause == "MANAGER_REQUEST":
        return _KILLED
    if sip_status is not None and sip_status >= 400:
        by_status = BY_SIP_STATUS.get(sip_status)
        if by_status is not None:
            return by_status
        if sip_status < 600 and sip_status >= 500:
            return _TRUNK
    return BY_CAUSE.get(cause, _ENDED)


def is_delivered(
    heard_ms: int, message_ms: int, share: float, tolerance_ms: int, finished: bool, key: str
) -> bool:
    """Whether an answered call delivered its message: heard to the agreed point, or a key pressed.

    `finished` is the dialplan's own word that the message reached its end.
    """
    if key or finished:
        return True
    needed = share * message_ms - tolerance_ms
    return message_ms > 0 and heard_ms > 0 and heard_ms >= needed
