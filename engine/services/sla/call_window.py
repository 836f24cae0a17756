"""What calls reveal about a gateway or a switch: the shares of their ends in the last minute.

Pure: time is an argument (seconds on any clock that only goes forward).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from engine.sentences import kept
from engine.services.sla.flips import Health, is_switch
from engine.states import Disposition

WINDOW_S = 60.0
MIN_CALLS = 20  # fewer say nothing
BAD_SHARE = 0.95
# Ends in which the far side took part: the way there works.
REACHED = frozenset((Disposition.ANSWERED, Disposition.BUSY, Disposition.NO_ANSWER, Disposition.REJECTED))
CARRIER_FULL = frozenset((Disposition.CONGESTION,))
OUR_FAULT = frozenset((Disposition.FAILED, Disposition.LOST))


@dataclass(frozen=True, slots=True)
class Shares:
    """Ends in the window."""

    calls: int
    answered: float
    reached: float
    congestion: float
    faults: float


class CallWindow:
    """Ends of calls by component (``gateway/x``, ``switch/x``) over the last minute."""

    def __init__(self) -> None:
        self._ends: dict[str, deque[tuple[float, str, int]]] = {}

    def note(self, component: str, disposition: str, count: int, now: float) -> None:
        """`count` calls of a component ended so."""
        self._ends.setdefault(component, deque()).append((now, disposition, count))

    def shares(self, component: str, now: float) -> Shares:
        """Shares of the last minute; of no calls all are 0."""
        ends = self._ends.get(component)
        if not ends:
            return Shares(0, 0.0, 0.0, 0.0, 0.0)
        while ends and ends[0][0] <= now - WINDOW_S:
            ends.popleft()
        calls = sum(count for _, _, count in ends)

        def share(kinds: frozenset[Disposition]) -> float:
            return sum(count for _, word, count in ends if word in kinds) / calls if calls else 0.0

        return Shares(
            calls,
            share(frozenset((Disposition.ANSWERED,))),
            share(REACHED),
            share(CARRIER_FULL),
            share(OUR_FAULT),
        )

    def verdict(self, component: str, now: float) -> tuple[Health, str] | None:
        """Up or down with the reason; None while the calls say nothing.

        A gateway is down when 95 % of its calls end in congestion or a fault; a
        switch when 95 % end in a fault (a full carrier is not the switch's).
        """
        seen = self.shares(component, now)
        if seen.calls == 0:
            return None
        bad = seen.faults if is_switch(component) else seen.faults + seen.congestion
        if bad >= BAD_SHARE:
            if seen.calls < MIN_CALLS:
                return None
            return Health.DOWN, kept(
                "of the last %(n)s calls %(congested)s %% met congestion and %(failed)s %% failed",
                n=seen.calls,
                congested=round(seen.congestion * 100),
                failed=round(seen.faults * 100),
            )
        return Health.UP, ""

    def components(self) -> list[str]:
        """The components that calls were noted for."""
        return list(self._ends)
