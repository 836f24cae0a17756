"""Looking for what others wrote into the database: by one loop, which wakes those that would look for the same."""

from __future__ import annotations

from collections.abc import Callable

from engine.clock import monotonic_s
from engine.loops import Loop
from engine.store.changes import Changes
from engine.wake import Wake

UNSEEN_S = 2.0  # the longest time between two looks
TELL_S = 0.9  # the shortest between two wakings of those who listen


class News:
    """Wakes loops when the database may hold something new; one of them looks, the others need not.

    While nothing happens (`is_quiet`) a step would find what it found: it is left out until something was written.
    """

    def __init__(self, is_quiet: Callable[[], bool]) -> None:
        self._is_quiet = is_quiet
        self._changes = Changes(UNSEEN_S)
        self._listening: list[Wake] = []
        self._told_m = 0.0

    def looking(self, step: Callable[[], object]) -> Callable[[], object]:
        """`step` of the loop that looks: it is made, and the listening ones are woken, when there may be something."""

        def look() -> object:
            now_m, was_quiet = monotonic_s(), self._is_quiet()
            if was_quiet and not self._changes.may_be_new(now_m):
                return None
            said = step()
            if was_quiet and now_m - self._told_m > TELL_S:
                self._told_m = now_m
                for wake in self._listening:
                    wake.set()
            return said

        return look

    def listening(self, name: str, step: Callable[[], object], every_s: float) -> Loop:
        """A loop that steps every `every_s`, and while nothing happens only when there may be something."""
        wake = Wake()
        self._listening.append(wake)

        def run() -> object:
            said = step()
            return said if said or not self._is_quiet() else 2 * UNSEEN_S

        return Loop(name, run, every_s, wake=wake)
