"""Whether a switch reports the ends of calls late, because it cannot write their records.  Pure.

FreeSWITCH writes the record of a call before it reports the end, one call after the other, and tries for 2.5 s when the
disk takes nothing.  So a switch whose disk is full reports a call every 2.5 s, however many end.
"""

from __future__ import annotations

import math

LATE_MS = 2_000
IN_A_ROW = 2
OVER_S = 15.0  # without a late report, it is used again


class LateReports:
    """The reports of one switch; instants are monotonic seconds."""

    def __init__(self) -> None:
        self._in_a_row = 0
        self._last_m = -math.inf

    @property
    def are_late(self) -> bool:
        return self._in_a_row >= IN_A_ROW

    def heard(self, late_ms: int, now_m: float) -> bool:
        """Note how long after its end a call was reported; return whether reports are late from now on."""
        if late_ms < LATE_MS:
            self._in_a_row = 0
            return False
        self._last_m = now_m
        self._in_a_row += 1
        return self._in_a_row == IN_A_ROW

    def are_over(self, now_m: float) -> bool:
        """Whether they were late and none came for a while; they are not late any more then."""
        if not self.are_late or now_m - self._last_m < OVER_S:
            return False
        self._in_a_row = 0
        return True
