"""A gateway and a clock, for the tests of its health."""

from __future__ import annotations

import itertools

from engine.dialing.health import (
    CAMPAIGN,
    GROUP,
    Breaker,
    GatewayHealth,
    Keys,
)

FRESH = itertools.count(9_000_000)
KEYS: Keys = ((CAMPAIGN, 1), (GROUP, "98912"))
OTHER: Keys = ((CAMPAIGN, 2), (GROUP, "98912"))
ELSEWHERE: Keys = ((CAMPAIGN, 1), (GROUP, "98935"))


class Lab:
    """A gateway and a clock; calls end a tenth of a second after they were placed unless told otherwise."""

    def __init__(self, now: float = 1000.0) -> None:
        self.health = GatewayHealth()
        self.now = now

    def call(
        self, fails: bool, keys: Keys = KEYS, number: str = "", step_s: float = 0.05, **more: bool
    ) -> None:
        self.now += step_s
        number = number or str(next(FRESH))
        self.health.placed(number, keys, self.now)
        if fails:
            self.health.fault(number, keys, self.now + 0.1, self.now, **more)
        else:
            self.health.sign(self.now + 0.1)
            self.health.good(number, keys, self.now + 0.1, self.now)

    def calls(self, count: int, fails: bool, **more) -> None:
        for _ in range(count):
            self.call(fails, **more)

    def later(self, seconds: float) -> None:
        """Time passes, a tick each half second."""
        for _ in range(round(seconds * 2)):
            self.now += 0.5
            self.health.tick(self.now)

    def probing(self) -> GatewayHealth:
        self.calls(18, fails=True)
        self.later(4.5)
        assert self.health.state is Breaker.PROBING
        return self.health
