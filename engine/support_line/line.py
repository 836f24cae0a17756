"""The support line of one engine: each switch that has the queue, while it is connected.

Events come in order and are worked off by one greenlet per switch; the dialplan's questions are answered after the
commit.  `step` runs twice a second: agents, call-backs, announcements.
"""

from __future__ import annotations

import logging

from engine.clock import monotonic_s, wall_ms
from engine.errors import AvanakError
from engine.esl import commands
from engine.esl.events import Event
from engine.esl.link import Link
from engine.store.writer import Writer
from engine.support_line.queue_switch import QueueSwitch
from engine.support_line.spoken import Clips
from engine.support_line.telephones import Telephones
from engine.wake import Wake

log = logging.getLogger(__name__)

STEP_S = 0.5
IDLE_S = 2.0  # wait while no switch has the queue; `wake` ends it


class SupportLine:
    """All switches with the queue; the switchboard passes on connections and events."""

    def __init__(self, writer: Writer, own_numbers: tuple[str, ...]) -> None:
        """`own_numbers`: the support line's own numbers, which are not called back."""
        self._writer = writer
        self._own_numbers = own_numbers
        self._telephones = Telephones()
        self.switches: dict[int, QueueSwitch] = {}
        self.wake = Wake()  # set when a switch with the queue comes, so that its first step runs at once

    def switch_up(self, switch_id: int, name: str, link: Link, core_uuid: str) -> None:
        """A connection is up.  Where mod_callcenter is not loaded there is no support line."""
        if link.api(commands.module_exists("mod_callcenter")).strip() != "true":
            return
        prompts = link.api(commands.global_variable("avanak_prompts_dir")).strip()
        recordings = link.api(commands.global_variable("avanak_recordings_dir")).strip()
        switch = QueueSwitch(
            switch_id, name, core_uuid, link, self._writer, Clips(prompts), recordings, self._own_numbers,
            self._telephones,
        )  # fmt: skip
        switch.begin()
        self.switches[switch_id] = switch
        self.wake.set()
        log.info("action=support_line_up switch=%s", name)

    def switch_down(self, switch_id: int) -> None:
        """The connection has ended."""
        switch = self.switches.pop(switch_id, None)
        if switch is not None:
            switch.end()
            self._telephones.forget(switch_id)

    def on_event(self, switch_id: int, event: Event) -> bool:
        """Take an event; True if it was for the support line only."""
        switch = self.switches.get(switch_id)
        return switch is not None and switch.on_event(event)

    def step(self) -> float:
        """Step each switch and return the seconds until the next step; an error of one switch does not affect the others."""
        for switch in list(self.switches.values()):
            try:
                switch.step(wall_ms(), monotonic_s())
            except AvanakError as error:
                log.warning("action=support_step_failed switch=%s error=%r", switch.name, str(error))
        return STEP_S if self.switches else IDLE_S

    def stop(self) -> None:
        """End all."""
        for switch_id in list(self.switches):
            self.switch_down(switch_id)
