"""Find the numbers that occur twice in a list, chunk by chunk, in little memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_Run = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]


class SeenNumbers:
    """The numbers met so far and the line of each, as a few sorted arrays that grow by merging.

    A million numbers take 12 MB and well under a second; a dict would take over 100 MB.  Sorting has no worst case
    that a hostile list could exploit.
    """

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    def duplicates(self, numbers: Sequence[int], lines: Sequence[int]) -> dict[int, int]:
        """Remember ``numbers`` (at ``lines``); return those met before, as position to first line."""
        keys, first, inverse = np.unique(np.array(numbers, np.int64), return_index=True, return_inverse=True)
        first_line = np.array(lines, np.int32)[first]
        is_new = np.ones(len(keys), bool)
        for run_keys, run_lines in self._runs:
            at = np.minimum(np.searchsorted(run_keys, keys), len(run_keys) - 1)
            is_known = run_keys[at] == keys
            first_line[is_known] = run_lines[at[is_known]]
            is_new &= ~is_known
        is_first_here = first[inverse] == np.arange(len(numbers))
        again = np.flatnonzero(~(is_new[inverse] & is_first_here))
        self._remember((keys[is_new], first_line[is_new]))
        return dict(zip(again.tolist(), first_line[inverse[again]].tolist(), strict=True))

    def _remember(self, run: _Run) -> None:
        """Add a run and merge it with the runs before it that are not twice as long, so that only few remain."""
        while self._runs and len(self._runs[-1][0]) <= 2 * len(run[0]):
            older = self._runs.pop()
            keys = np.concatenate((older[0], run[0]))
            order = np.argsort(keys, kind="stable")
            run = keys[order], np.concatenate((older[1], run[1]))[order]
        if len(run[0]):
            self._runs.append(run)
