"""Pauses a campaign when its calls could reach people but its message could not."""

from __future__ import annotations

import logging

import gevent

from engine.dialing.calls import Call
from engine.dialing.lanes import Lanes
from engine.errors import AvanakError
from engine.services.campaigns import campaigns, why
from engine.store.writer import Writer

log = logging.getLogger(__name__)


class Pausing:
    """Stops a campaign in memory at once, and writes the pause in the background."""

    def __init__(self, lanes: Lanes, writer: Writer) -> None:
        self._lanes = lanes
        self._writer = writer

    def prompt_missing(self, call: Call) -> None:
        """Pause because the switch has no file for the message, rather than ring people for nothing."""
        self._stop(call, why.PROMPT_MISSING)

    def recordings_cut(self, call: Call) -> None:
        """Pause because the switch cannot store recordings, rather than ask people to speak for nothing."""
        self._stop(call, why.RECORDINGS_CUT)

    def _stop(self, call: Call, code: str) -> None:
        if not call.run.may_dial:
            return
        switch = self._lanes.switches[call.switch_id].name
        call.run.may_dial = False
        gevent.spawn(self._pause, call.run.id, why.sentence(code, {"switch": switch}).kept())

    def _pause(self, campaign_id: int, reason: str) -> None:
        try:
            self._writer.call(lambda: campaigns.pause_unless_ended(campaign_id, reason))
        except AvanakError as error:
            log.error("action=pause_failed campaign=%d error=%r", campaign_id, str(error))
