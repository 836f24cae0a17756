"""Pacing: how many calls may leave now.  Pure; the clock is an argument.

Carriers count in a rolling second, so no rolling second may hold more than
the cap: the limiter remembers the instants of its last `cap` permits and lets
the next one out only when the oldest of them is more than a second old.
Within the second the permits are spread (a bucket of a few), so that the
traffic is smooth below 100 ms.
"""

from __future__ import annotations

import math
from collections import deque

# Two calls that leave a second apart may arrive at the carrier closer together: the window is longer than a second by
# the variation of the delay.
WINDOW_MARGIN_S = 0.006
# The even spacing belongs to a slightly longer window.  With one length for both, a burst would repeat a window later,
# as soon as the window opens again, and so on for ever; that cost 8 % of the rate.  The difference leaves each window
# a little more room, in which a burst spreads out within some seconds.
SPACING_MARGIN_S = 0.012
# How far the bucket may run ahead, as a share of a second's permits: this makes up for late ticks and keeps a burst
# below 100 ms of traffic.
BURST_SHARE = 0.09
# Calls wait for each other to leave together, which needs fewer wake-ups: so many at most, and those of about this time.
TOGETHER = 7
TOGETHER_S = 0.14


class RateLimiter:
    """At most `cps` permits in any rolling second, spread evenly.

    A rate below one a second means one permit in 1/cps seconds.
    """

    def __init__(self, cps: float) -> None:
        self._sent: deque[float] = deque()
        self._earliest = -math.inf  # when the bucket would be full again at the even rate
        self.set_rate(cps)

    def set_rate(self, cps: float) -> None:
        """Change the rate; what was already let out keeps counting."""
        if not cps > 0:
            raise ValueError("a rate is above zero")
        self.cps = cps
        self._cap = max(1, math.floor(cps))
        span_s = max(1.0, self._cap / cps)
        self._window = span_s + WINDOW_MARGIN_S
        self._gap = (span_s + SPACING_MARGIN_S) / self._cap
        self._together = max(1, min(TOGETHER, int(self._cap * TOGETHER_S)))
        least = self._together + 1 if self._together > 1 else 1  # what overflows a full bucket is lost
        self._burst = max(least, math.ceil(self._cap * BURST_SHARE))

    @property
    def cap(self) -> int:
        """Permits in a window."""
        return self._cap

    def available(self, now: float) -> int:
        """How many permits could be taken at `now` (seconds, monotonic)."""
        self._forget(now)
        by_window = self._cap - len(self._sent)
        ahead = (now - self._earliest) / self._gap
        by_spread = self._burst if ahead >= self._burst else max(0, math.floor(ahead + 1e-9))
        return max(0, min(by_window, by_spread))

    def take(self, now: float, permits: int = 1) -> None:
        """Take permits that `available` granted at the same `now`."""
        self._earliest = max(self._earliest, now - self._burst * self._gap) + permits * self._gap
        self._sent.extend([now] * permits)

    def next_in(self, now: float, wanted: int = 1) -> float:
        """Seconds until `wanted` permits can be taken together, or as many of them as can wait without loss; 0: now.

        That is at most what the window has room for.
        """
        self._forget(now)
        together = max(1, min(wanted, self._together))
        by_window = self._sent[0] + self._window - now if len(self._sent) >= self._cap else 0.0
        return max(0.0, by_window, self._earliest + together * self._gap - now)

    def use(self, now: float) -> float:
        """The share of the permits that was taken in the window that ends `now`."""
        self._forget(now)
        return len(self._sent) / self._cap

    def expected(self, now: float, horizon_s: float) -> int:
        """About how many permits there will be within the next `horizon_s` seconds."""
        return max(1, math.ceil(self.available(now) + horizon_s / self._gap))

    def _forget(self, now: float) -> None:
        edge = now - self._window
        sent = self._sent
        while sent and sent[0] <= edge:
            sent.popleft()


class Seats:
    """Places for calls that are up or on their way; a share can be kept for urgent ones."""

    def __init__(self, limit: int, reserve: int = 0) -> None:
        self.limit = limit
        self.reserve = min(reserve, max(0, limit - 1))
        self.used = 0

    def free(self, urgent: bool = False) -> int:
        """Seats that may be taken now; the reserve is for urgent calls only."""
        return max(0, self.limit - (0 if urgent else self.reserve) - self.used)

    def take(self) -> None:
        self.used += 1

    def give(self) -> None:
        if self.used <= 0:
            raise RuntimeError("a seat was given back that nobody held")
        self.used -= 1
