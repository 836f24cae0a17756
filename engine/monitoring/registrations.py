"""Asks the switches every few seconds for the state of their gateways, so that a refused registration is shown."""

from __future__ import annotations

import logging

from engine.clock import wall_ms
from engine.dialing.dialer import Dialer
from engine.errors import AvanakError
from engine.esl import answers, commands
from engine.services.trunks import registrations
from engine.store.writer import Writer

log = logging.getLogger(__name__)


class RegistrationMonitor:
    """`ask` is a job."""

    def __init__(self, dialer: Dialer, writer: Writer) -> None:
        self._dialer = dialer
        self._writer = writer
        self._faults: dict[tuple[int, int], str] = {}  # (switch, gateway), for the log

    def ask(self) -> None:
        """Ask each connected switch about the gateways that it should have, and store the answers."""
        for switch_id, link in list(self._dialer.links.items()):
            switch = self._dialer.lanes.switches[switch_id]
            seen: dict[int, tuple[str, str, str]] = {}
            try:
                for gateway in list(self._dialer.lanes.gateways.values()):
                    if gateway.switch_name in ("", switch.name):
                        told = answers.read_gateway(link.api(commands.gateway_status(gateway.name)))
                        state = told.state if told else ""
                        fault = registrations.fault_of(state, told is not None and told.is_up)
                        host = told.host if told else ""
                        fault = self._tell(switch_id, gateway.id, state, fault, host)
                        seen[gateway.id] = state, fault, host
                        self._say(switch_id, switch.name, gateway.id, gateway.name, state, fault)
                self._writer.call(lambda: registrations.note(switch_id, seen, wall_ms()))  # noqa: B023 - run at once
            except AvanakError as error:
                log.warning("action=gateways_not_asked switch=%s error=%r", switch.name, str(error))

    def _tell(self, switch_id: int, gateway_id: int, state: str, fault: str, host: str) -> str:
        """Set the trunk's fault, so that a campaign can say why nobody is called; a fault of its name explains the others."""
        trunk = self._dialer.lanes.trunks.get((switch_id, gateway_id))
        if trunk is None:
            return fault
        sentence = registrations.sentence_of_fault(trunk.switch.name, state, fault)
        trunk.fault, trunk.host = sentence.kept() if sentence else "", host
        return trunk.name_fault if host and trunk.name_fault else fault

    def _say(
        self, switch_id: int, switch: str, gateway_id: int, gateway: str, state: str, fault: str
    ) -> None:
        """Log one line when it changes."""
        before = self._faults.get((switch_id, gateway_id), "")
        self._faults[switch_id, gateway_id] = fault
        if fault and fault != before:
            log.error(
                "action=gateway_fault switch=%s gateway=%s fault=%s state=%s", switch, gateway, fault, state
            )
        elif before and not fault:
            log.warning("action=gateway_back switch=%s gateway=%s state=%s", switch, gateway, state)
