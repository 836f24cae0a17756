"""How a gateway is doing: slower when it is congested, off when it is dead, probed until it is back.  Pure.

What counts are the ends of its calls in a sliding window: the carrier's fault
or not.  Congestion halves the rate, good ends let it climb again; a trunk on
which nearly everything fails is left alone and tried with single calls.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum

WINDOW_S = 20.0
ENOUGH = 8  # ends in the window below which nothing is concluded
CONGESTED = 0.25  # share of carrier's faults that halves the rate
GOOD = 0.10  # share below which the rate climbs
DEAD = 0.85  # share that opens the breaker
STREAK = (
    25  # faults that open it at once when they are such a share of the calls placed since the first of them
)
HALVE_EVERY_S = 2.0
CLIMB_A_SECOND = 0.08  # of the full rate
FLOOR = 0.05
OPEN_FIRST_S = 5.0
OPEN_MOST_S = 60.0
PROBES = 3  # good ends that close it again


class Breaker(StrEnum):
    CLOSED = "closed"  # in use
    OPEN = "open"  # left alone until `reopens_m`
    PROBING = "probing"  # single calls show whether it is back


class GatewayHealth:
    """Watches one gateway; instants are monotonic seconds."""

    def __init__(self) -> None:
        self.factor = 1.0  # share of its rate that it is given
        self.state = Breaker.CLOSED
        self.reopens_m = 0.0
        self._ends: deque[tuple[float, bool]] = deque()
        self._faults = 0
        # Since the first fault behind which no call that was placed later went well: when that call was
        # placed, and how many were placed and failed since.
        self._bad_from_m: float | None = None
        self._bad_placed = 0
        self._bad_faults = 0
        self._open_s = OPEN_FIRST_S
        self._good_probes = 0
        self._probing_from_m = 0.0
        self._probe_out_m: float | None = None
        self._changed_m = 0.0

    @property
    def is_failing(self) -> bool:
        """Whether a carrier's fault on it says something of the trunk rather than of the number."""
        return self.state is not Breaker.CLOSED or self.factor < 1.0

    @property
    def fault_share(self) -> float:
        """The share of the ends in the window that were the carrier's fault."""
        return self._faults / len(self._ends) if self._ends else 0.0

    def placed(self) -> None:
        """A call was handed over for it."""
        self._bad_placed += self._bad_from_m is not None

    def note(self, is_fault: bool, now_m: float, placed_m: float | None = None) -> None:
        """A call on it that was placed at `placed_m` (default: just now) ended: by the carrier's fault, or not.

        Calls that were placed before a trunk died go on ending well for a while, and say nothing of it.
        """
        placed_m = now_m if placed_m is None else placed_m
        if is_fault:
            if self._bad_from_m is None:
                self._bad_from_m, self._bad_placed = placed_m, 1
            self._bad_faults += 1
        elif self._bad_from_m is not None and placed_m >= self._bad_from_m:
            self._forget_bad()
        self._ends.append((now_m, is_fault))
        self._faults += is_fault
        self._forget(now_m)
        if self.state is Breaker.PROBING:
            if placed_m >= self._probing_from_m:
                self._probed(is_fault, now_m)
        elif self.state is Breaker.CLOSED and len(self._ends) >= ENOUGH:
            share = self.fault_share
            if share >= DEAD or self._bad_faults >= max(STREAK, DEAD * self._bad_placed):
                self._open(now_m)
            elif share >= CONGESTED and now_m - self._changed_m >= HALVE_EVERY_S:
                self.factor = max(FLOOR, self.factor / 2)
                self._changed_m = now_m

    def tick(self, now_m: float) -> None:
        """Time passes: climb, or begin to probe."""
        self._forget(now_m)
        if self.state is Breaker.OPEN and now_m >= self.reopens_m:
            self.state = Breaker.PROBING
            self._good_probes = 0
            self._probing_from_m = now_m
            self._probe_out_m = None
        elif self.state is Breaker.CLOSED and self.factor < 1.0 and now_m > self._changed_m:
            is_good = self.fault_share < GOOD or len(self._ends) < ENOUGH
            if is_good:
                self.factor = min(1.0, self.factor + CLIMB_A_SECOND * min(1.0, now_m - self._changed_m))
                self._changed_m = now_m

    def room(self, now_m: float) -> int | None:
        """How many calls it may be given now; None: as many as its limits permit."""
        if self.state is Breaker.CLOSED:
            return None
        if self.state is Breaker.OPEN:
            return 0
        # A probe whose end never came must not keep the gateway shut.
        if self._probe_out_m is not None and now_m - self._probe_out_m < OPEN_MOST_S:
            return 0
        return 1

    def probe_sent(self, now_m: float) -> None:
        """A call was claimed for it while it is probed."""
        if self.state is Breaker.PROBING:
            self._probe_out_m = now_m

    def _probed(self, is_fault: bool, now_m: float) -> None:
        self._probe_out_m = None
        if is_fault:
            self._open_s = min(OPEN_MOST_S, self._open_s * 2)
            self._open(now_m)
            return
        self._good_probes += 1
        if self._good_probes >= PROBES:
            self.state = Breaker.CLOSED
            self.factor = FLOOR * 2
            self._changed_m = now_m
            self._open_s = OPEN_FIRST_S
            self._ends.clear()
            self._faults = 0

    def _open(self, now_m: float) -> None:
        self.state = Breaker.OPEN
        self.reopens_m = now_m + self._open_s
        self._ends.clear()
        self._faults = 0
        self._forget_bad()

    def _forget_bad(self) -> None:
        self._bad_from_m = None
        self._bad_placed = self._bad_faults = 0

    def _forget(self, now_m: float) -> None:
        while self._ends and self._ends[0][0] <= now_m - WINDOW_S:
            self._faults -= self._ends.popleft()[1]
