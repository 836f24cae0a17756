"""Notices what others wrote to the database: one loop looks, and wakes the loops that would look for the same."""

from __future__ import annotations

from collections.abc import Callable

from engine.clock import monotonic_s
from engine.loops import Loop
from engine.store.changes import Changes
from engine.wake import Wake

UNSEEN_S = 2.0  # the longest time between two looks
TELL_S = 0.9  # the shortest time between two wakings of the listening loops


class News:
    """Wakes loops when the database may hold something new, so that only one of them has to look.

    While nothing happens (`is_quiet`) a step would find nothing new, so it is skipped until something was written.
    """

    def __init__(self, is_quiet: Callable[[], bool]) -> None:
        self._is_quiet = is_quiet
        self._changes = Changes(UNSEEN_S)
        self._listening: list[Wake] = []
        self._told_m = 0.0

    def looking(self, step: Callable[[], object]) -> Callable[[], object]:
        """Wrap the `step` of the looking loop: it runs, and wakes the listening loops, when there may be something new."""

        def look() -> object:
            now_m, was_quiet = monotonic_s(), self._is_quiet()
            if was_quiet and not self._changes.may_be_new(now_m):
                return None
            said = step()
            if was_quiet and now_m - self._told_m > TELL_S:
                self._told_m = now_m
                self.tell()
            return said

        return look

    def tell(self) -> None:
        """Wake the listening loops."""
        for wake in self._listening:
            wake.set()

    def listening(self, name: str, step: Callable[[], object], every_s: float) -> Loop:
        """A loop that steps every `every_s`; while nothing happens, only when there may be something new."""
        wake = Wake()
        self._listening.append(wake)

        def run() -> object:
            said = step()
            return said if said or not self._is_quiet() else 2 * UNSEEN_S

        return Loop(name, run, every_s, wake=wake)
