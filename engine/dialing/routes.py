"""A campaign's, or a destination's, use of a gateway that serves others: given up when all its numbers fail alike.  Pure.

A carrier that lost its routes says «no such number» of every number, and a list would be burned in seconds.  A bad list
or a barred destination fails while the trunk serves others; that must not cost the others anything.
"""

from __future__ import annotations

from engine.dialing.health import CAMPAIGN, CONGESTED, GROUP, GatewayHealth, Keys
from engine.dialing.tallies import Streak

DOUBTFUL = 6  # numbers in a row that fail alike: no longer believed of the numbers
LOST = 16  # the same: the use of the gateway is given up
ALIKE = 0.85  # share of the calls placed since the first
LEFT_FIRST_S = 15.0
LEFT_MOST_S = 120.0
PROBE_PATIENCE_S = 60.0
GROUP_DIGITS = 5  # of a number, that say where it goes: country and area or operator
MOST_ROUTES = 5_000


def keys_of(campaign_id: int, digits: str) -> Keys:
    """What a call has in common with others."""
    return (CAMPAIGN, campaign_id), (GROUP, digits[:GROUP_DIGITS])


class Route:
    """The calls of one campaign, or to one destination, by one gateway."""

    def __init__(self) -> None:
        self.kind = ""  # how they fail: cause and status
        self.reopens_m: float | None = None  # given up until then, and then tried with single calls
        self._streak = Streak()
        self._numbers: set[str] = set()
        self._left_s = LEFT_FIRST_S
        self._probe_m: float | None = None

    @property
    def is_lost(self) -> bool:
        return self.reopens_m is not None

    @property
    def is_doubtful(self) -> bool:
        return self.is_lost or self._streak.counts(DOUBTFUL, ALIKE)

    def room(self, now_m: float) -> int | None:
        """How many calls it may be given now; None: any number."""
        if self.reopens_m is None:
            return None
        is_out = self._probe_m is not None and now_m - self._probe_m < PROBE_PATIENCE_S
        return int(now_m >= self.reopens_m and not is_out)

    def claimed(self, now_m: float) -> None:
        """A call was claimed for it: while it is given up, that is its probe."""
        if self.is_lost:
            self._probe_m = now_m

    def placed(self) -> None:
        self._streak.placed()

    def good(self, placed_m: float) -> None:
        """A phone rang: what failed before were the numbers."""
        self._streak.good(placed_m)
        if not self._streak.faults:
            self._numbers.clear()
            self.kind, self.reopens_m, self._probe_m = "", None, None
            self._left_s = LEFT_FIRST_S

    def bad(self, number: str, kind: str, now_m: float, placed_m: float) -> bool:
        """A number failed without ringing; True when this gave the route up."""
        self._probe_m = None
        if self.is_lost:
            self._left_s = min(LEFT_MOST_S, self._left_s * 2)
            self.reopens_m = now_m + self._left_s
            return False
        if kind != self.kind:
            self.kind = kind
            self._streak.forget()
            self._numbers.clear()
        if number in self._numbers:
            return False
        self._numbers.add(number)
        self._streak.fault(placed_m)
        if self._streak.counts(LOST, ALIKE):
            self.reopens_m = now_m + self._left_s
        return self.is_lost


class Routes:
    """All routes by one gateway."""

    def __init__(self, health: GatewayHealth) -> None:
        self._health = health
        self._routes: dict[tuple[str, object], Route] = {}

    def _serves_others(self, key: tuple[str, object], now_m: float) -> bool:
        return self._health.serves_others(key, now_m) and self._health.fault_share(now_m) < CONGESTED

    def of(self, keys: Keys) -> list[Route]:
        if not self._routes:  # nothing failed lately: asked several times a call
            return []
        return [self._routes[key] for key in keys if key in self._routes]

    def is_doubtful(self, keys: Keys) -> bool:
        """Whether «no such number» is not to be believed now."""
        return any(route.is_doubtful for route in self.of(keys))

    def lost(self, key: tuple[str, object]) -> Route | None:
        """The route, if it was given up."""
        route = self._routes.get(key)
        return route if route is not None and route.is_lost else None

    def claimed(self, keys: Keys, now_m: float) -> None:
        for route in self.of(keys):
            route.claimed(now_m)

    def placed(self, keys: Keys) -> None:
        for route in self.of(keys):
            route.placed()

    def good(self, keys: Keys, placed_m: float) -> None:
        for route in self.of(keys):
            route.good(placed_m)

    def bad(
        self, keys: Keys, number: str, kind: str, now_m: float, placed_m: float, is_trunks: bool
    ) -> list[tuple[str, object]]:
        """A call failed without ringing; the routes that were given up by it.

        What is the trunk's fault counts only while the trunk serves others, and does not fail them alike.
        """
        lost = []
        for key in keys:
            if is_trunks and not self._serves_others(key, now_m):
                continue
            if len(self._routes) > MOST_ROUTES:
                self._routes = {key: route for key, route in self._routes.items() if route.is_lost}
            if self._routes.setdefault(key, Route()).bad(number, kind, now_m, placed_m):
                lost.append(key)
        return lost
