"""The current use of gateways: CPS against their cap, calls against their channels, answer rate.

Only reads; inside a connection.  Without a running engine nothing is known, and the values are None.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.services.trunks import gateways
from engine.store.sql import execute
from engine.store.tables.core import Gateway

RATE_MS = 10_000  # the window for calls a second
ANSWERS_MS = 300_000  # the window for the answer rate
MOST_ATTEMPTS = 10_000  # at most so many of the newest attempts are read

# Parameters: start of the CPS window (ms), how many of the newest attempts, start of the answer-rate window (ms).
_NEWEST = """
SELECT gateway_id, SUM(CASE WHEN created_at > ? THEN 1 ELSE 0 END),
       SUM(CASE WHEN state = 'ended' THEN 1 ELSE 0 END),
       SUM(CASE WHEN state = 'ended' AND answered_at IS NOT NULL THEN 1 ELSE 0 END)
FROM (SELECT gateway_id, created_at, state, answered_at FROM attempt ORDER BY id DESC LIMIT ?) AS newest
WHERE created_at > ? GROUP BY gateway_id
"""


@dataclass(frozen=True, slots=True)
class TrunkLoad:
    """The use of one gateway; None: not known."""

    row: Gateway
    calls_up: int | None
    cps: float | None
    answered_share: float | None  # of the calls that ended in the window; None: no call did

    @property
    def cps_share(self) -> float:
        """Used share of its CPS, 0 to 1."""
        return min(1.0, (self.cps or 0.0) / self.row.cps) if self.row.cps else 0.0

    @property
    def channels_share(self) -> float:
        """Used share of its channels, 0 to 1."""
        return min(1.0, (self.calls_up or 0) / self.row.channels) if self.row.channels else 0.0


def loads(now: int, is_alive: bool) -> list[TrunkLoad]:
    """All gateways in the order in which they are tried; `is_alive`: an engine runs."""
    rows = gateways.all_gateways()
    if not is_alive:
        return [TrunkLoad(row, None, None, None) for row in rows]
    up = gateways.calls_on()
    found = {
        int(gateway_id): (int(lately), int(ended), int(answered))
        for gateway_id, lately, ended, answered in execute(
            _NEWEST, [now - RATE_MS, MOST_ATTEMPTS, now - ANSWERS_MS]
        )
    }
    loads_ = []
    for row in rows:
        lately, ended, answered = found.get(int(row.id), (0, 0, 0))
        share = answered / ended if ended else None
        loads_.append(TrunkLoad(row, up.get(int(row.id), 0), lately / (RATE_MS / 1000), share))
    return loads_
