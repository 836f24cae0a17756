"""Loops: steps that run again and again, each loop in a greenlet of its own.

A loop is a value that says what to do and how often; `Loops` runs several.  A step that fails is logged and run again, so
no loop ends because of an error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import gevent

from engine.errors import AvanakError
from engine.wake import Wake, to_beat

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Loop:
    """One step and its interval.

    `step` may return True to run again at once, or the seconds to wait this time instead of `every_s`.
    `stops_early`: the loop ends when stopping begins; the others go on until the end.
    `wake`: a flag that ends the wait early.
    `begins_after_s`: how long the first step waits.
    """

    name: str
    step: Callable[[], object]
    every_s: float
    stops_early: bool = False
    wake: Wake | None = None
    begins_after_s: float = 0.0


class Loops:
    """Runs loops between `start` and `stop`."""

    def __init__(self, loops: Sequence[Loop]) -> None:
        self._loops = loops
        self._running: dict[Loop, gevent.Greenlet] = {}
        self._is_stopping = False

    def start(self) -> None:
        self._is_stopping = False
        self._running = {loop: gevent.spawn(self._run, loop) for loop in self._loops}

    def stop_early(self, timeout_s: float) -> None:
        """End the loops that stop early, each after the step that it is in."""
        self._is_stopping = True
        ending = [loop for loop in self._running if loop.stops_early]
        for loop in ending:
            if loop.wake is not None:
                loop.wake.set()
        gevent.joinall([self._running[loop] for loop in ending], timeout=timeout_s)

    def stop(self) -> None:
        """End all loops at once, even within a step."""
        gevent.killall(list(self._running.values()))
        self._running = {}

    def _run(self, loop: Loop) -> None:
        if loop.begins_after_s:
            gevent.sleep(loop.begins_after_s)
        while not (self._is_stopping and loop.stops_early):
            said: object = None
            try:
                said = loop.step()
            except (AvanakError, OSError) as error:
                log.warning("action=step_failed step=%s error=%r", loop.name, str(error))
            except Exception:
                log.exception("action=step_failed step=%s", loop.name)
            if said is True:
                continue
            wait_s = to_beat(said if isinstance(said, float) else loop.every_s)
            if loop.wake is None:
                gevent.sleep(wait_s)
            else:
                loop.wake.wait(wait_s)
                loop.wake.clear()
