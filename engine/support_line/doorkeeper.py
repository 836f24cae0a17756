"""Protects agents' telephones on one switch: addresses that guess passwords are refused, and staff are alerted."""

from __future__ import annotations

import logging

from engine.esl import support_line as commands
from engine.esl.events import Event
from engine.esl.link import Link
from engine.services.support_line import attendance
from engine.store.writer import Writer
from engine.support_line.guesses import Guesses

log = logging.getLogger(__name__)

PROFILE = "agents"
APART_S = 2.0  # between two reloads of the switch's lists


class Doorkeeper:
    """Between begin and end of one connection."""

    def __init__(self, switch: str, link: Link, writer: Writer) -> None:
        self._switch, self._link, self._writer = switch, link, writer
        self._guesses = Guesses()
        self._told: list[str] | None = None  # the networks that the switch refuses; None: unknown
        self._told_m = 0.0

    def wrong(self, event: Event, now: int, now_m: float) -> None:
        """``sofia::register_failure``: a telephone gave a wrong password, in a registration or a call."""
        if event.get("profile-name") != PROFILE:
            return
        found = self._guesses.wrong(event.get("network-ip") or "", now_m)
        if found is None:
            return
        log.warning(  # %r: text from a stranger
            "action=telephones_refused switch=%s network=%s seconds=%d step=%d user=%r",
            self._switch, found.network, found.seconds, found.step, (event.get("to-user") or "")[:20],
        )  # fmt: skip
        self.step(now_m)
        self._writer.call(lambda: attendance.guessed(found.network, found.seconds, now))

    def step(self, now_m: float) -> None:
        """Send the switch the refused networks, when they have changed."""
        refused = self._guesses.refused(now_m)
        if refused == self._told or (self._told is not None and now_m < self._told_m + APART_S):
            return
        self._link.post(commands.refuse(refused))
        self._told, self._told_m = refused, now_m
