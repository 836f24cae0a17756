"""Waking greenlets: a flag that one waits for, moments that many share, and giving way to others.

gevent's own `Event.wait(timeout)` raises and catches a `Timeout` whenever it runs out, tens of times a second, which costs
more than most steps of the waiting loops.
"""

from __future__ import annotations

import gevent
from gevent.hub import Waiter

from engine.clock import monotonic_s

BEATS_S = (5.0, 0.5)
_SOON_S = 1e-6  # above zero: a timer


def to_beat(wait_s: float) -> float:
    """About `wait_s`, rounded so that long waits end at the same moments: a wake-up costs more than a step."""
    for beat_s in BEATS_S:
        if wait_s >= beat_s:
            now_m = monotonic_s()
            return max(0.0, round((now_m + wait_s) / beat_s) * beat_s - now_m)
    return wait_s


def give_way() -> None:
    """Let everybody else have a turn, timers and sockets too.

    `gevent.sleep(0)` comes back as a callback, and gevent runs fifty callbacks before it looks at timers and sockets: who
    works 10 ms between two of them keeps these waiting for half a second.
    """
    gevent.sleep(_SOON_S)


class Wake:
    """Set by anybody on the hub's thread, waited for by one greenlet at a time."""

    def __init__(self) -> None:
        self._is_set = False
        self._waiter: Waiter | None = None

    @property
    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        """Let the waiting greenlet go on, or the next one that waits at once."""
        if self._is_set:
            return
        self._is_set = True
        if self._waiter is not None:
            gevent.get_hub().loop.run_callback(self._waiter.switch, None)

    def clear(self) -> None:
        self._is_set = False

    def wait(self, timeout_s: float) -> None:
        """Until it is set, `timeout_s` at most."""
        if self._is_set:
            return
        waiter = self._waiter = Waiter()
        timer = gevent.get_hub().loop.timer(max(0.0, timeout_s))
        timer.start(waiter.switch, None)
        try:
            waiter.get()
        finally:
            timer.close()
            self._waiter = None
