"""Divides shared limits between engines: a gateway's rate and channels, a campaign's and an account's limits.

Each engine gets a part by the number of its switches that are up.  An engine with too much shrinks first, waits until the
carrier's rolling second has passed and its calls have ended, and only then reports its smaller part; one with too little
gets what the others leave.  A dead engine's part stays taken until its calls have been adopted.  The limits of campaigns
and accounts are not a carrier's and follow the switches without that wait.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

from engine.clock import monotonic_s
from engine.dialing.dialer import Dialer
from engine.dialing.running_campaigns import read_gateways
from engine.dialing.shares import GatewayParts, Portion, part_of
from engine.loops import Loop, Loops
from engine.store import leases
from engine.store.leases import SwitchLease
from engine.store.tables.core import Gateway
from engine.store.threads import read
from engine.store.writer import Writer

log = logging.getLogger(__name__)

STEP_S = 1.0
# After this time a permit no longer counts at the carrier; the dialer takes over a new rate within 0.2 s.
ROLLING_S = 1.5


@dataclass(slots=True)
class Part:
    """What this engine may use of a gateway now, and the permits that the others assume it uses."""

    permits: int = 0
    channels: int = 0
    told_permits: int = 0
    shrunk_m: float = -math.inf


class GatewayShares:
    """Keeps this engine's parts; sets `granted` (of gateways) and the portion of the running campaigns."""

    def __init__(self, owner: str, writer: Writer, dialer: Dialer, granted: GatewayParts) -> None:
        self.owner = owner
        self.writer = writer
        self.dialer = dialer
        self._granted = granted
        self.parts: dict[int, Part] = {}
        self.of_switches = 0.0  # our part of the switches that are dialled on, 0 to 1
        self._loops = Loops([Loop("gateway_shares", lambda: self.step(monotonic_s()), STEP_S)])

    def start(self) -> None:
        self._granted.divide()
        self._loops.start()

    def stop(self) -> None:
        self._loops.stop()

    def step(self, now_m: float) -> None:
        """1. work out our parts; 2. shrink at once; 3. report what we use; 4. grow into what was granted."""
        gateways, switches = read(lambda: (read_gateways(), leases.switch_leases()))
        dialled = [switch for switch in switches if switch.is_dialled]
        ours = tuple(s.switch_id for s in dialled if s.owner == self.owner)
        self.of_switches = len(ours) / max(1, len(dialled))
        self.dialer.running_campaigns.divide(Portion(ours, tuple(s.switch_id for s in dialled)))
        wanted = {row.id: self._wanted(row, switches) for row in gateways}
        for row in gateways:
            self._shrink(row.id, *wanted[row.id], now_m)
        granted = self.writer.call(lambda: [self._tell(row, *wanted[row.id], now_m) for row in gateways])
        for row, (permits, channels) in zip(gateways, granted, strict=True):
            part = self.parts[row.id]
            part.told_permits = permits
            if (part.permits, part.channels) != (got := self._least(wanted[row.id], permits, channels)):
                log.info("action=gateway_part gateway=%s permits=%d channels=%d", row.name, *got)
            part.permits, part.channels = got
            self._apply(row.id)

    def _wanted(self, row: Gateway, switches: list[SwitchLease]) -> tuple[int, int]:
        able = [s for s in switches if s.is_dialled and row.switch_name in ("", s.name)]
        everyones = [s.switch_id for s in able]
        ours = [s.switch_id for s in able if s.owner == self.owner]
        return part_of(_permits(row), ours, everyones), part_of(row.channels, ours, everyones)

    def _shrink(self, gateway_id: int, permits: int, channels: int, now_m: float) -> None:
        part = self.parts.setdefault(gateway_id, Part())
        if permits < part.permits:
            part.permits, part.shrunk_m = permits, now_m
        part.channels = min(part.channels, channels)
        self._apply(gateway_id)

    def _tell(self, row: Gateway, permits: int, channels: int, now_m: float) -> tuple[int, int]:
        """Store what we use or want and return what is left for us; runs in the writer's thread."""
        part = self.parts[row.id]
        lane = self.dialer.lanes.gateways.get(row.id)
        if now_m - part.shrunk_m < ROLLING_S:
            permits = max(permits, part.told_permits)
        used = lane.seats.used if lane is not None else 0
        return leases.claim_share(
            row.id, self.owner, permits, max(channels, used), _permits(row), row.channels
        )

    @staticmethod
    def _least(wanted: tuple[int, int], permits: int, channels: int) -> tuple[int, int]:
        return min(wanted[0], permits), min(wanted[1], channels)

    def _apply(self, gateway_id: int) -> None:
        part = self.parts[gateway_id]
        self._granted.grant(gateway_id, part.permits, part.channels)
        if part.permits == 0:
            self.dialer.unsent.release(gateway_id=gateway_id)


def _permits(row: Gateway) -> int:
    """The whole permits of a gateway's window; a rate below one a second cannot be divided."""
    return max(1, math.floor(row.cps))
