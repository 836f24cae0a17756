"""Counting what became of calls: in a sliding window, and in a row.  Pure; instants are monotonic seconds."""

from __future__ import annotations

from collections import deque

WINDOW_S = 20.0


class Window:
    """Calls placed, failed by the trunk and gone well in the last 20 s, in buckets of a second."""

    def __init__(self) -> None:
        self._buckets: deque[list[int]] = deque()  # [second, placed, faults, good]

    def add(self, now_m: float, placed: int = 0, faults: int = 0, good: int = 0) -> None:
        second = int(now_m)
        if not self._buckets or self._buckets[-1][0] != second:
            self._buckets.append([second, 0, 0, 0])
            self._forget(now_m)
        bucket = self._buckets[-1]
        bucket[1] += placed
        bucket[2] += faults
        bucket[3] += good

    def sums(self, now_m: float) -> tuple[int, int, int]:
        """Calls (placed or ended, whichever is more), faults and good ones."""
        self._forget(now_m)
        placed = sum(bucket[1] for bucket in self._buckets)
        faults = sum(bucket[2] for bucket in self._buckets)
        good = sum(bucket[3] for bucket in self._buckets)
        return max(placed, faults + good), faults, good

    def clear(self) -> None:
        self._buckets.clear()

    def _forget(self, now_m: float) -> None:
        while self._buckets and self._buckets[0][0] <= now_m - WINDOW_S:
            self._buckets.popleft()


class Streak:
    """Faults behind which no call that was placed later went well.

    Calls that were placed before a trunk died go on ending well for a while, and say nothing of it; faults come at once
    and answers late, so faults are measured by the calls that were placed since the first of them.
    """

    def __init__(self) -> None:
        self.faults = 0
        self._placed = 0
        self._from_m: float | None = None

    def placed(self) -> None:
        """A call was handed over."""
        self._placed += self._from_m is not None

    def fault(self, placed_m: float) -> None:
        """A call that was placed at `placed_m` failed by the trunk."""
        if self._from_m is None:
            self._from_m, self._placed = placed_m, 1
        self.faults += 1

    def good(self, placed_m: float) -> None:
        """A call that was placed at `placed_m` went well."""
        if self._from_m is not None and placed_m >= self._from_m:
            self.forget()

    def counts(self, faults: int, share: float) -> bool:
        """Whether there are so many, and they are such a share of the calls placed since the first."""
        return self.faults >= faults and self.faults >= share * self._placed

    def forget(self) -> None:
        self._from_m = None
        self.faults = self._placed = 0
