"""A switch's own figures, taken over into its lane: calls a second, sessions, and how busy its processor is."""

from __future__ import annotations

import logging

from engine.dialing.lanes import URGENT_RESERVE, Lanes
from engine.dialing.switch_lane import SwitchLane
from engine.services.trunks.headroom import permitted_rate, permitted_sessions

log = logging.getLogger(__name__)


class SwitchFigures:
    """Sets the limits of switches; `inbound_share` of them is left to incoming calls."""

    def __init__(self, lanes: Lanes, inbound_share: float) -> None:
        self._lanes = lanes
        self._inbound_share = inbound_share

    def connected(self, lane: SwitchLane, sessions_per_second: int, max_sessions: int) -> None:
        """Set the limits that a switch tells when we connect."""
        lane.full_cps = permitted_rate(sessions_per_second, self._inbound_share)
        lane.idle_factor = 1.0
        lane.limiter.set_rate(lane.full_cps)
        self._limit_sessions(lane, max_sessions)

    def heartbeat(self, switch_id: int, idle_cpu: float | None, max_sessions: int | None) -> None:
        """Take over what a heartbeat tells: the idle share of the processor (percent) and the most sessions."""
        lane = self._lanes.switches.get(switch_id)
        if lane is None:
            return
        before = lane.idle_factor
        lane.heard_idle(idle_cpu)
        if lane.idle_factor != before:
            log.warning(
                "action=switch_rate switch=%s idle_cpu=%.1f share=%.2f cps=%.1f",
                lane.name, lane.idle_cpu, lane.idle_factor, lane.limiter.cps,
            )  # fmt: skip
        if max_sessions:
            self._limit_sessions(lane, max_sessions)

    def permitted(self, switch_id: int, sessions_per_second: int, max_sessions: int) -> None:
        """Set how many sessions a connected switch permits now (`fsctl sps`, `fsctl max_sessions`)."""
        lane = self._lanes.switches.get(switch_id)
        if lane is None or not lane.is_up:
            return
        full = permitted_rate(sessions_per_second, self._inbound_share)
        if full != lane.full_cps:
            log.warning("action=switch_limit switch=%s cps=%.1f was=%.1f", lane.name, full, lane.full_cps)
            lane.permit(full)
        self._limit_sessions(lane, max_sessions)

    def _limit_sessions(self, lane: SwitchLane, max_sessions: int) -> None:
        lane.seats.limit = permitted_sessions(max_sessions, self._inbound_share)
        lane.seats.reserve = int(lane.seats.limit * URGENT_RESERVE)
