"""Addresses that try wrong passwords for agents' telephones: which are refused, and for how long.  Pure.

After ten wrong passwords within a minute an address is refused for a minute, the next time for two, up to an hour.  Only
addresses are refused: an extension that many addresses guess stays usable from its own.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, field

from engine.network import network_of

MOST = 10
WITHIN_S = 60.0
FIRST_S = 60.0
LONGEST_S = 3600.0
REMEMBERED_S = 3600.0  # within this time after a refusal the next one is a step longer
MOST_REFUSED = 124  # what the switch's list holds (freeswitch-conf/autoload_configs/acl.conf.xml)
MOST_KNOWN = 2_000


@dataclass(slots=True)
class _Guesser:
    wrong: list[float] = field(default_factory=list)  # the last ones, monotonic seconds
    step: int = 0
    until_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """An address was refused now, for the `step`-th time in a row."""

    network: str
    seconds: int
    step: int


class Guesses:
    """The wrong passwords on one switch."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Guesser] = OrderedDict()

    def wrong(self, address: str, now_m: float) -> Refusal | None:
        """Note a wrong password from an address; return the refusal that follows, if any."""
        network = refusable_network(address)
        if not network:
            return None
        one = self._known.setdefault(network, _Guesser())
        if now_m < one.until_m:
            return None
        self._known.move_to_end(network)
        if one.step and now_m > one.until_m + REMEMBERED_S:
            one.step = 0
        one.wrong = [at for at in one.wrong[1 - MOST :] if at > now_m - WITHIN_S] + [now_m]
        if len(one.wrong) < MOST:
            self._forget(now_m)
            return None
        seconds = min(LONGEST_S, FIRST_S * 2**one.step)
        one.wrong, one.step, one.until_m = [], one.step + 1, now_m + seconds
        return Refusal(network, int(seconds), one.step)

    def refused(self, now_m: float) -> list[str]:
        """The networks that are refused now; if there are too many, the latest ones."""
        found = [name for name, one in self._known.items() if now_m < one.until_m]
        return sorted(found[-MOST_REFUSED:])

    def _forget(self, now_m: float) -> None:
        while len(self._known) > MOST_KNOWN:
            oldest = next(iter(self._known))
            if now_m < self._known[oldest].until_m:
                self._known.move_to_end(oldest)
                return
            del self._known[oldest]


def refusable_network(address: str) -> str:
    """The network of an address for the switch's list (/32, IPv6 /64); empty if it is not an address."""
    try:
        return "" if "/" in address else str(ipaddress.ip_network(network_of(address)))
    except ValueError:
        return ""
