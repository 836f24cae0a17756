"""Fair shares: what is free, and how it is divided between accounts and campaigns.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Way = tuple[int, int]  # (gateway id, switch id): a trunk
CHUNKS = 100  # a round's places are given in about so many parts
LARGEST_CHUNK = 16
UNLIMITED = 1_000_000
MOST_OWED = 50  # places that somebody who could not be served is owed at most


def part_of(total: int, ours: Sequence[int], everyones: Sequence[int]) -> int:
    """Our part of `total` by switches (ids): equal parts; what does not divide goes to the lowest ids."""
    if not ours:
        return 0
    part, rest = divmod(total, len(everyones))
    order = sorted(everyones)
    return sum(part + (order.index(switch_id) < rest) for switch_id in ours)


@dataclass(frozen=True, slots=True)
class Portion:
    """How much of what all engines may use together is this engine's: by its switches (ids) among all that are dialled on."""

    ours: tuple[int, ...] = ()
    everyones: tuple[int, ...] = ()

    def of_count(self, total: int | None) -> int | None:
        """Our part of so many calls at once.  Without a switch nothing is dialled, and nothing divided."""
        if total is None or not self.ours:
            return total
        return part_of(total, self.ours, self.everyones)

    def of_rate(self, cps: float | None) -> float | None:
        """Our part of so many calls a second."""
        if cps is None or not self.ours:
            return cps
        return cps * len(self.ours) / len(self.everyones)


WHOLE = Portion()  # one engine has all of all


@dataclass(slots=True)
class Places:
    """How many further calls gateways and switches have places for; what is taken from one trunk is gone for all.

    A gateway that is on several switches has its places once, and so has a switch with several gateways.
    """

    gateways: dict[int, int]
    switches: dict[int, int]

    def free(self, way: Way) -> int:
        return min(self.gateways.get(way[0], 0), self.switches.get(way[1], 0))

    def take(self, way: Way, places: int = 1) -> None:
        self.gateways[way[0]] -= places
        self.switches[way[1]] -= places

    def total(self, ways: Iterable[Way]) -> int:
        """The most that could be taken by these ways together."""
        usable = [way for way in ways if self.free(way) > 0]
        return min(
            sum(self.gateways[gateway] for gateway in {way[0] for way in usable}),
            sum(self.switches[switch] for switch in {way[1] for way in usable}),
        )

    def copy(self) -> Places:
        return Places(dict(self.gateways), dict(self.switches))


@dataclass(frozen=True, slots=True)
class Demand:
    """A campaign that could use up to `want` places, by its ways only.

    Its account has a weight of its own, and may get `account_want` over all its campaigns.
    """

    campaign_id: int
    account_id: int
    weight: int
    want: int
    ways: tuple[Way, ...]
    account_weight: int = 1
    account_want: int = UNLIMITED


class FairShares:
    """Gives the next places to the account that had least for its weight, and in it to such a campaign.

    What was given is remembered from round to round, so that weights hold too where a round has fewer
    places than there are campaigns.  Who comes anew begins where the others stand: nobody saves up.
    """

    def __init__(self) -> None:
        self._accounts: dict[int, float] = {}  # places had, divided by the weight
        self._campaigns: dict[int, float] = {}

    def divide(self, places: Places, demands: Sequence[Demand]) -> dict[int, int]:
        """Places for each campaign (left out: none).  Nobody gets more than it wants, or than its ways have."""
        left = places.copy()
        hungry: dict[int, list[Demand]] = {}
        for demand in demands:
            if demand.want > 0:
                hungry.setdefault(demand.account_id, []).append(demand)
        weights = {key: max(demand.account_weight for demand in group) for key, group in hungry.items()}
        most = {key: min(demand.account_want for demand in group) for key, group in hungry.items()}
        self._accounts = _level(self._accounts, weights)
        self._campaigns = _level(
            self._campaigns, {d.campaign_id: d.weight for group in hungry.values() for d in group}
        )
        ways = {way for group in hungry.values() for demand in group for way in demand.ways}
        is_alone = sum(map(len, hungry.values())) == 1  # and need not be given its places part by part
        chunk = UNLIMITED if is_alone else max(1, min(LARGEST_CHUNK, left.total(ways) // CHUNKS))
        given: dict[int, int] = {}
        while hungry:
            account_id = min(hungry, key=self._accounts.__getitem__)
            group = hungry[account_id]
            demand = min(group, key=lambda demand: self._campaigns[demand.campaign_id])
            way = max(demand.ways, key=left.free, default=None)
            had = given.get(demand.campaign_id, 0)
            part = min(chunk, demand.want - had, most[account_id], left.free(way)) if way else 0
            if way is None or part <= 0:
                group.remove(demand)
                if not group:
                    del hungry[account_id]
                continue
            left.take(way, part)
            most[account_id] -= part
            given[demand.campaign_id] = had + part
            self._accounts[account_id] += part / weights[account_id]
            self._campaigns[demand.campaign_id] += part / demand.weight
        return given


def _level(had: dict[int, float], weights: dict[int, int]) -> dict[int, float]:
    """What those who want something now have had: newcomers the least of the others; nobody is owed too much."""
    known = {key: had[key] for key in weights if key in had}
    least, most = min(known.values(), default=0.0), max(known.values(), default=0.0)
    # Only differences count: calculated from the least, the figures stay small.
    return {
        key: max(known.get(key, least), most - MOST_OWED / weight) - least for key, weight in weights.items()
    }


class GatewayParts:
    """What of each gateway this engine may use: all of it, until `divide`; from then on what was granted."""

    def __init__(self) -> None:
        self._granted: dict[int, tuple[int, int]] | None = None

    def divide(self) -> None:
        """Other engines may use the gateways too: nothing is ours that was not granted."""
        self._granted = {}

    def grant(self, gateway_id: int, permits: int, channels: int) -> None:
        """So many calls a second and at once are ours now."""
        assert self._granted is not None
        self._granted[gateway_id] = (permits, channels)

    def of(self, row: Any) -> tuple[float, int]:
        """The rate and the channels of a gateway (its row) that this engine may use; (0, 0): none now."""
        if self._granted is None:
            return row.cps, row.channels
        permits, channels = self._granted.get(row.id, (0, 0))
        # The whole is the whole, also when it is no whole number.
        return (row.cps if permits >= int(row.cps) and permits else float(permits)), channels
