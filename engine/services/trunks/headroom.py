"""Head-room of a switch: the part of its limits that the dialer may use; the rest is for inbound calls.  Pure."""

from __future__ import annotations

import math


def permitted_rate(sessions_per_second: int, inbound_share: float) -> float:
    """Calls a second that the dialer places on a switch, below the switch's own `sessions-per-second`.

    FreeSWITCH with the setting N admits N-1 (measured on 1.10.12), counts inbound
    calls too, and refuses what is above with DESTINATION_OUT_OF_ORDER.
    """
    return max(1.0, math.floor((sessions_per_second - 1) * (1 - inbound_share)))


def permitted_sessions(max_sessions: int, inbound_share: float) -> int:
    """Calls at once that the dialer places on a switch; the rest is head-room for inbound calls.

    At its `max-sessions` FreeSWITCH answers even OPTIONS with 503, and a
    carrier takes the whole trunk for dead.
    """
    return max(1, math.floor((max_sessions - 1) * (1 - inbound_share)))
