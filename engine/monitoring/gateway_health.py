"""Report the health of gateways as this engine sees it: a log line for each change, and rows for the pages."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from engine.dialing.health import Breaker
from engine.dialing.lanes import GatewayLane, Lanes
from engine.services.trunks import gateway_health
from engine.store.writer import Writer

log = logging.getLogger(__name__)

WRITE_MS = 5_000  # written at least this often, to stay current


@dataclass(slots=True)
class _Told:
    """What was last reported of a gateway."""

    state: Breaker = Breaker.CLOSED
    factor: float = 1.0
    cps: float = 0.0
    since_at: int = 0
    at: int = 0


class GatewayHealthMonitor:
    """`step` once a second."""

    def __init__(self, engine: str, lanes: Lanes, writer: Writer) -> None:
        self._engine = engine
        self._lanes = lanes
        self._writer = writer
        self._told: dict[int, _Told] = {}

    def step(self, now: int, now_m: float) -> None:
        """Report what changed since the last step; instants are ms and monotonic seconds."""
        rows = [row for gateway in self._lanes.gateways.values() if (row := self._look(gateway, now, now_m))]
        if rows:
            self._writer.call(lambda: gateway_health.note(rows))

    def _look(self, gateway: GatewayLane, now: int, now_m: float) -> dict[str, Any] | None:
        """Return the row of a gateway, or None if nothing changed."""
        told = self._told.setdefault(gateway.id, _Told(since_at=now))
        health = gateway.health
        state, factor, cps = health.state, health.factor, gateway.full_cps * health.factor
        is_same = (told.state, told.factor, told.cps) == (state, factor, cps)
        if is_same and now - told.at < WRITE_MS:
            return None
        self._log(gateway, told, cps, now_m)
        if told.state is not state or (told.factor < 1.0) is not (factor < 1.0):
            told.since_at = now
        told.state, told.factor, told.cps, told.at = state, factor, cps, now
        reopens_at = now + round((health.reopens_m - now_m) * 1000) if health.is_shut else None
        return {
            "gateway_id": gateway.id,
            "engine": self._engine,
            "state": str(state),
            "factor": factor,
            "cps": cps,
            "fault_share": health.fault_share(now_m),
            "reopens_at": reopens_at,
            "since_at": told.since_at,
            "at": now,
        }

    @staticmethod
    def _log(gateway: GatewayLane, told: _Told, cps: float, now_m: float) -> None:
        """Write one line when a gateway gets worse, or recovers."""
        health = gateway.health
        if told.state is not health.state and health.state is Breaker.REFUSED:
            log.error("action=gateway_refuses_account gateway=%s", gateway.name)
        elif told.state is not health.state and health.state is Breaker.NO_CODEC:
            log.error("action=gateway_no_codec gateway=%s offered=%s", gateway.name, ",".join(gateway.codecs))
        elif told.state is not health.state:
            log.warning(
                "action=gateway_breaker gateway=%s old=%s new=%s", gateway.name, told.state, health.state
            )
        elif health.factor < told.factor:
            log.warning(
                "action=gateway_slowed gateway=%s share=%.2f cps=%.1f faults=%.2f",
                gateway.name, health.factor, cps, health.fault_share(now_m),
            )  # fmt: skip
        elif health.factor == 1.0 > told.factor:
            log.info("action=gateway_at_full_rate gateway=%s cps=%.1f", gateway.name, cps)
