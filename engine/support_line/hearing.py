"""Works off the support line's events of one connection in order, and repeats each until the database has taken it."""

from __future__ import annotations

import logging
from collections.abc import Callable

import gevent
from gevent.queue import Queue

from engine.clock import wall_ms
from engine.errors import AvanakError, StoreUnavailable
from engine.esl.events import Event

log = logging.getLogger(__name__)

RETRY_S = 0.3

Handle = Callable[[Event, int], None]


class Hearing:
    """Between the begin and the end of one connection."""

    def __init__(self, switch: str, handle: Handle) -> None:
        """`handle` is given an event and when it was heard; it may be given the same one again."""
        self._switch, self._handle = switch, handle
        self._heard: Queue[tuple[Event, int] | None] = Queue()
        self._is_over = False

    def put(self, event: Event) -> None:
        """Take an event.  Never waits."""
        self._heard.put((event, wall_ms()))

    def begin(self) -> None:
        """Start working off events."""
        gevent.spawn(self._work)

    def end(self) -> None:
        """Stop: no further event comes.  What the database does not take now is learned when the switch is asked again."""
        self._is_over = True
        self._heard.put(None)

    def _work(self) -> None:
        while (heard := self._heard.get()) is not None:
            while not self._handled(*heard) and not self._is_over:
                gevent.sleep(RETRY_S)

    def _handled(self, event: Event, at: int) -> bool:
        """Whether the event was handled; False while the database is away, because an end that is not stored would block an
        agent or a place for ever.
        """
        try:
            self._handle(event, at)
        except StoreUnavailable as error:
            log.warning("action=support_event_waits switch=%s error=%r", self._switch, str(error))
            return False
        except AvanakError as error:
            log.warning("action=support_event_failed switch=%s error=%r", self._switch, str(error))
        except Exception:
            log.exception("action=support_event_failed switch=%s event=%r", self._switch, event)
        return True
