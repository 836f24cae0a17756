"""Which switches this engine owns, when several engines share a database.

An engine dials on a switch only while it holds the lease, by its own monotonic clock and with a margin: an engine that was
stopped, cut off or starved stops dialling before another may begin.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from engine.clock import monotonic_s
from engine.errors import AvanakError
from engine.loops import Loop, Loops
from engine.store import leases
from engine.store.leases import LEASE_MS, SwitchLease
from engine.store.threads import read
from engine.store.writer import Writer

log = logging.getLogger(__name__)

STEP_S = 0.5
RENEW_S = 2.0
MARGIN_S = 2.0  # between our last command and the first that another engine may send
TAKE_GAP_S = 0.4  # wait for each switch held already, so that free switches spread over the engines
SHUN_S = 10.0  # a switch that we gave to another engine is not taken back for this long


class LeaseKeeper:
    """Acquires, renews and gives up leases; calls `on_gained(id)` and `on_lost(id)`, which must not wait."""

    def __init__(
        self,
        owner: str,
        name: str,
        writer: Writer,
        on_gained: Callable[[int], None],
        on_lost: Callable[[int], None],
        on_renewed: Callable[[int, float], None],
    ) -> None:
        self.owner = owner
        self.name = name
        self.writer = writer
        self.wanted: dict[int, str] = {}  # switch id -> name
        self.busy: set[int] = set()  # switches that are being given up
        self.held: dict[int, float] = {}  # switch id -> until when, by our clock, it is surely ours
        self._on_gained = on_gained
        self._on_lost = on_lost
        self._on_renewed = on_renewed
        self._renew_m = 0.0
        self._take_m = 0.0
        self._shunned: dict[int, float] = {}
        self._loops = Loops([Loop("leases", self.step, STEP_S)])

    def start(self, wanted: dict[int, str]) -> None:
        self.wanted = wanted
        self._loops.start()

    def stop(self) -> None:
        """Release everything, so that another engine can continue at once."""
        self._loops.stop()
        self.held.clear()
        try:
            self.writer.call(lambda: leases.leave(self.owner))
        except AvanakError as error:
            log.warning("action=leases_not_given_up error=%r", str(error))

    def step(self) -> None:
        """1. renew; 2. drop what was lost; 3. take a free switch; 4. hand one to an engine that has fewer.

        A lease that could not be renewed in time is dropped, whatever else fails.
        """
        try:
            self._look_round(monotonic_s())
        finally:
            self.drop_expired(monotonic_s())

    def _look_round(self, now_m: float) -> None:
        self.drop_expired(now_m)
        if now_m - self._renew_m >= RENEW_S:
            self._renew(now_m)
        free = [lease for lease in read(leases.switch_leases) if self._is_free(lease, now_m)]
        if free and now_m >= self._take_m:
            self._take(free[0].switch_id)
        elif not free:
            self._level()

    def drop_expired(self, now_m: float) -> None:
        """Stop using switches whose lease could not be renewed in time."""
        for switch_id in [key for key, until_m in self.held.items() if now_m >= until_m]:
            log.error("action=lease_expired switch=%d owner=%s", switch_id, self.owner)
            self._lose(switch_id)

    def _renew(self, now_m: float) -> None:
        names = list(self.wanted.values())
        still = self.writer.call(lambda: leases.renew(self.owner, self.name, names))
        self._renew_m = now_m
        for switch_id in list(self.held):
            if switch_id in still:
                self._hold(switch_id, now_m)
            else:
                log.error("action=lease_lost switch=%d owner=%s", switch_id, self.owner)
                self._lose(switch_id)

    def _take(self, switch_id: int) -> None:
        now_m = monotonic_s()
        if self.writer.call(lambda: leases.acquire(switch_id, self.owner)):
            log.info("action=lease_taken switch=%d owner=%s", switch_id, self.owner)
            self._hold(switch_id, now_m)
            self._take_m = now_m + TAKE_GAP_S * len(self.held)
            self._on_gained(switch_id)

    def _level(self) -> None:
        """Hand one switch to an engine that can serve it and holds at least two fewer."""
        if len(self.held) < 2:
            return
        engines, rows = read(lambda: (leases.live_engines(), leases.switch_leases()))
        numbers = {owner: sum(row.owner == owner for row in rows) for owner in engines if owner != self.owner}
        for owner, number in sorted(numbers.items(), key=lambda item: item[1]):
            for switch_id in sorted(self.held, reverse=True):
                if len(self.held) - number >= 2 and self.wanted[switch_id] in engines[owner]:
                    log.info("action=lease_handed_on switch=%d to=%s", switch_id, owner)
                    self._shunned[switch_id] = monotonic_s() + SHUN_S
                    self._lose(switch_id)
                    return

    def _is_free(self, lease: SwitchLease, now_m: float) -> bool:
        is_ours = lease.owner == self.owner and lease.switch_id not in self.held  # of our predecessor
        return (
            lease.switch_id in self.wanted
            and lease.switch_id not in self.held
            and lease.switch_id not in self.busy
            and (not lease.owner or is_ours)
            and self._shunned.get(lease.switch_id, 0.0) <= now_m
        )

    def _hold(self, switch_id: int, since_m: float) -> None:
        until_m = since_m + LEASE_MS / 1000 - MARGIN_S
        self.held[switch_id] = until_m
        self._on_renewed(switch_id, until_m)

    def _lose(self, switch_id: int) -> None:
        del self.held[switch_id]
        self._on_renewed(switch_id, 0.0)
        self._on_lost(switch_id)
