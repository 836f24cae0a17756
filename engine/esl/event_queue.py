"""The events of one link that wait for their handler: a bounded queue and the loop that empties it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from gevent.event import Event as Flag

from engine.clock import monotonic_s
from engine.esl.events import Event
from engine.wake import give_way

log = logging.getLogger(__name__)

# A busy greenlet lets the others run after this time.
TURN_S = 0.01
SLOW_HANDLER_S = 0.25

OnEvent = Callable[[Event], None]


class EventQueue:
    """Events in the order of arrival: at most `max_events`, and at most about `max_bytes` together.

    One greenlet puts them in, one handles them; both belong to the hub of the link.
    """

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._arrived = Flag()
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: Event) -> bool:
        """Add an event; False, and nothing is added, when the queue is full."""
        if len(self._events) >= self._max_events or self._bytes > self._max_bytes:
            return False
        self._events.append(event)
        self._bytes += event.size
        self._arrived.set()
        return True

    def close(self) -> None:
        """Let ``handle_all`` return when it has handled what is queued.  May be called again."""
        self._is_closed = True
        self._arrived.set()

    def handle_all(self, on_event: OnEvent, where: str) -> None:
        """Call ``on_event`` for each event until the queue is closed and empty; `where` names the switch in the log.

        An exception of the handler is logged, and the next event follows.
        """
        turn_s = monotonic_s()
        while True:
            while self._events:
                event = self._events.popleft()
                self._bytes -= event.size
                before_s = monotonic_s()
                try:
                    on_event(event)
                except Exception:
                    log.exception("action=event_handler_failed switch=%s event=%r", where, event)
                now_s = monotonic_s()
                if (took_s := now_s - before_s) > SLOW_HANDLER_S:
                    log.warning("action=event_handler_slow switch=%s event=%r s=%.2f", where, event, took_s)
                if now_s - turn_s > TURN_S:
                    give_way()
                    turn_s = monotonic_s()
            if self._is_closed:
                return
            self._arrived.wait()
            self._arrived.clear()
