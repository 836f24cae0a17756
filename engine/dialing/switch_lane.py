"""A switch with its limits, as far as the dialling needs it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from engine.dialing.late_reports import LateReports
from engine.dialing.pacing import RateLimiter, Seats

# A switch with a less idle processor than this (percent, averaged by FreeSWITCH) gets fewer calls after each
# heartbeat, before its audio suffers, but never less than the floor.  Above it the rate climbs back.
IDLE_ENOUGH = 15.0
IDLE_FLOOR = 0.2
IDLE_CLIMB = 0.25
LEAST_CPS = 0.5


@dataclass(slots=True)
class SwitchLane:
    """A switch that this engine owns, since its last start."""

    id: int
    name: str
    core_uuid: str
    limiter: RateLimiter
    seats: Seats
    is_up: bool = False
    is_embedded: bool = False
    is_draining: bool = False
    is_paused: bool = False  # by an admin at the switch itself (`fsctl pause`)
    reports: LateReports = field(default_factory=LateReports)
    refused_m: float = -math.inf  # when it last refused a call because of its own limits
    full_cps: float = 1.0  # its rate while its processor is idle enough
    idle_factor: float = 1.0
    idle_cpu: float = 100.0
    since_at: int = 0  # when it last went up or down (ms)
    until_m: float = math.inf  # nothing may be sent there later (the end of our lease, monotonic)

    @property
    def takes_calls(self) -> bool:
        """Whether calls may be handed to it: it is neither drained nor paused, and can write their records."""
        return not (self.is_draining or self.is_paused or self.reports.are_late)

    def heard_idle(self, idle_cpu: float | None) -> None:
        """Take over how idle the switch's processor is (percent, from a heartbeat): slow down when it is busy.

        The rate falls by at most a half each time and climbs by a quarter, because the figure is an average of the
        last half minute and does not include calls that were just placed.
        """
        if idle_cpu is None:
            return
        self.idle_cpu = idle_cpu
        if idle_cpu < IDLE_ENOUGH:
            self.idle_factor = max(IDLE_FLOOR, self.idle_factor * max(0.5, idle_cpu / IDLE_ENOUGH))
        else:
            self.idle_factor = min(1.0, self.idle_factor + IDLE_CLIMB)
        self._pace()

    def permit(self, full_cps: float) -> None:
        """Take over the rate that the switch permits while its processor is idle enough."""
        self.full_cps = full_cps
        self._pace()

    def begin_slowly(self) -> None:
        """Go on at the lowest rate; heartbeats let it climb."""
        self.idle_factor = IDLE_FLOOR
        self._pace()

    def _pace(self) -> None:
        self.limiter.set_rate(max(LEAST_CPS, self.full_cps * self.idle_factor))
