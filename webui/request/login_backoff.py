"""Ever longer waits for a user name whose password is being guessed.  Pure; time is an argument."""

from __future__ import annotations

FREE_FAILURES = 5
LONGEST_MS = 15 * 60_000
KEPT = 10_000  # names; beyond them the oldest are forgotten


class Backoff:
    """Counts failures by name.  After the fifth the name waits 2 s, then 4, 8 … up to a quarter of an hour."""

    def __init__(self) -> None:
        self._failures: dict[str, tuple[int, int]] = {}  # name -> (failures, closed until)

    def closed_until(self, name: str, now: int) -> int | None:
        """Until when no password of this name is looked at; None: it may be tried."""
        until = self._failures.get(name, (0, 0))[1]
        return until if until > now else None

    def failed(self, name: str, now: int) -> None:
        failures = self._failures.pop(name, (0, 0))[0] + 1
        over = failures - FREE_FAILURES
        wait = min(LONGEST_MS, 1000 * 2 ** min(over, 20)) if over > 0 else 0
        self._failures[name] = (failures, now + wait)
        while len(self._failures) > KEPT:
            del self._failures[next(iter(self._failures))]

    def succeeded(self, name: str) -> None:
        self._failures.pop(name, None)
