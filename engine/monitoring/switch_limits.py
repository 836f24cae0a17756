"""Asks the switches every few seconds for their limits, and whether they are paused: an admin may change them at any time.

A HEARTBEAT has them too, but only every 20 seconds, and by then a lowered limit has refused many calls.
"""

from __future__ import annotations

import logging

from engine.clock import monotonic_s
from engine.dialing.dialer import Dialer
from engine.errors import AvanakError
from engine.esl import commands
from engine.esl.answers import read_limit

log = logging.getLogger(__name__)

EVERY_S = 4.0


class SwitchLimits:
    """`ask` is a step of a loop."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer

    def ask(self) -> None:
        """Read what each connected switch permits now."""
        for switch in self._dialer.lanes.switches.values():
            if switch.reports.are_over(monotonic_s()):
                log.warning("action=reports_in_time switch=%s", switch.name)
                switch.begin_slowly()
        for switch_id, link in list(self._dialer.links.items()):
            try:
                sps, sessions, paused = link.apis(
                    commands.session_rate(), commands.max_sessions(), commands.is_paused()
                )
            except AvanakError as error:
                log.info("action=limits_not_asked switch=%d error=%r", switch_id, str(error))
                continue
            is_paused = paused.strip() == "true"
            permitted = read_limit(sps), read_limit(sessions)
            lane = self._dialer.lanes.switches.get(switch_id)
            if lane is not None and lane.is_paused != is_paused:
                log.warning("action=switch_paused switch=%s is_paused=%s", lane.name, is_paused)
                lane.is_paused = is_paused
            if permitted[0] and permitted[1]:
                self._dialer.switch_figures.permitted(switch_id, permitted[0], permitted[1])
