"""Joins the legs of secure calls: rings the second when the first has answered, and lets them hear each other.

What to do is read from the store each time, and every step may be repeated after a crash: the second leg is queued in the
transaction that records it, and the switch is asked whether two calls are joined before they are.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from engine.errors import AvanakError
from engine.esl import commands
from engine.services.campaigns import quick_sends, secure_calls
from engine.services.campaigns.secure_calls import PLACED_WITHIN_MS, Leg, Pair
from engine.services.compliance.policy import Policy
from engine.store.threads import read
from engine.store.writer import Writer

log = logging.getLogger(__name__)

STEP_S = 0.2
EVERY_S = 1.0  # between two looks while no secure call is open; a first leg rings longer than that


class Switch(Protocol):
    """The part of a link that joining needs."""

    def api(self, frame: bytes) -> str: ...


class Joining:
    """Handles the secure calls whose first leg is on a switch of this engine."""

    def __init__(
        self,
        links: Mapping[int, Switch],
        name_of: Callable[[int], str],
        writer: Writer,
        wake: Callable[[], None],
        policy: Policy,
    ) -> None:
        self._links = links  # by switch, while it is up
        self._name_of = name_of
        self._writer = writer
        self._wake = wake  # wakes the claimer for the second leg
        self._policy = policy

    def step(self, now: int) -> float | None:
        """Bring each open call one step further; seconds until the next look, None for the usual time."""
        pairs = read(secure_calls.open_pairs)
        for pair in pairs:
            try:
                self._further(pair, now)
            except AvanakError as error:  # a switch or the database is away: try again in a moment
                log.warning("action=secure_call_waits call=%d reason=%r", pair.id, str(error))
        return STEP_S if pairs else None

    def _further(self, pair: Pair, now: int) -> None:
        first, second = pair.first, pair.second
        if first.is_over and (second is None or second.is_over):
            self._writer.call(lambda: secure_calls.over(pair.id, now))
        elif second is None:
            self._ring_second(pair, now)
        elif first.is_over:
            self._end(second, now)
        elif second.is_over:
            self._end(first, now)
        elif pair.state == "second" and first.is_there and second.is_there:
            self._join(pair.id, first, second, now)
        elif not second.uuid and now - pair.waits_since > PLACED_WITHIN_MS:
            self._end(second, now)

    def _ring_second(self, pair: Pair, now: int) -> None:
        if pair.state != "first":
            self._end(pair.first, now)  # the second may not be rung
        elif pair.first.is_there and pair.first.switch_id in self._links:
            name = self._name_of(pair.first.switch_id)
            if self._writer.call(lambda: secure_calls.ring_second(pair.id, name, now, self._policy)):
                self._wake()

    def _join(self, call_id: int, first: Leg, second: Leg, now: int) -> None:
        link = self._links.get(first.switch_id)
        if link is None:
            return
        if link.api(commands.partner(first.uuid)).strip() != second.uuid:
            answer = link.api(commands.bridge(first.uuid, second.uuid)).strip()
            if not answer.startswith("+OK"):
                log.warning("action=secure_call_not_joined call=%d answer=%r", call_id, answer[:100])
                return
        self._writer.call(lambda: secure_calls.joined(call_id, now))

    def _end(self, leg: Leg, now: int) -> None:
        """End a leg whose partner is gone: take it out of the queue or hang it up, repeated until it is over."""
        if self._writer.call(lambda: quick_sends.withdraw(leg.recipient_id, now)):
            return
        link = self._links.get(leg.switch_id)
        if link is not None and leg.uuid:
            link.api(commands.uuid_kill(leg.uuid, "NORMAL_CLEARING"))
