"""Bounds of what people set, for services, forms and the command line.  Both ends are allowed."""

from __future__ import annotations

from typing import Any, NamedTuple


class Bounds(NamedTuple):
    """From `least` to `most`, both included."""

    least: float
    most: float

    def hold(self, value: Any) -> bool:
        """Whether a number is within the bounds."""
        return self.least <= value <= self.most

    def __str__(self) -> str:
        return f"{self.least:g} to {self.most:g}"


CPS = Bounds(0.01, 5000)  # calls begun in a second
CHANNELS = Bounds(1, 100_000)  # calls at once
WEIGHT = Bounds(1, 1000)  # share against others
PRIORITY = Bounds(0, 1000)
TRIES = Bounds(1, 20)
RETRY_AFTER_S = Bounds(0, 30 * 86_400)
RING_TIMEOUT_S = Bounds(5, 120)
RECORD_S = Bounds(0, 7200)  # and never longer than the installation's longest call
DELIVERED_SHARE = Bounds(0.01, 1)
COST_RIALS_A_MINUTE = Bounds(0, 10_000_000)
GAP_S = Bounds(0, 31_536_000)  # between two calls of an account to one number
CALLS_A_DAY = Bounds(0, 1000)  # of an account to one number; 0: no cap
