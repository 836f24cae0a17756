"""Asking the switches whether phones ring, where a gateway has said nothing for many calls or is being probed.

Ringing sends us no event that we would read for every call: this asks only when it matters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.dialing.calls import CallTable
from engine.dialing.lanes import Lanes
from engine.esl import answers, commands

ASK_S = 5.0


class Signs:
    """`step` twice a second."""

    def __init__(
        self, lanes: Lanes, calls: CallTable, links: Mapping[int, Any], monotonic_s: Callable[[], float]
    ) -> None:
        self.lanes = lanes
        self.calls = calls
        self.links = links  # switch id -> link
        self.monotonic_s = monotonic_s

    def step(self) -> int:
        """How many calls were found ringing; SwitchUnavailable when a switch does not answer."""
        gateways = self.lanes.gateways
        quiet = {gateway.id for gateway in gateways.values() if gateway.health.wants_sign()}
        found = 0
        for switch_id, link in list(self.links.items()) if quiet else ():
            asked = [
                call
                for call in self.calls.ringing_unknown(switch_id)
                if call.gateway_id in quiet and gateways[call.gateway_id].health.wants_sign_of(call.sent_m)
            ]
            if not asked:
                continue
            channels = answers.read_channels(link.api(commands.show_channels(), ASK_S))
            ringing = {channel.uuid for channel in channels if channel.callstate in answers.RINGING_STATES}
            for call in asked:
                if call.uuid in ringing:
                    gateways[call.gateway_id].rings(call, self.monotonic_s())
                    found += 1
        return found
