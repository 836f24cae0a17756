"""Find the numbers that stand in a list twice, in little memory."""

from __future__ import annotations

import random
from array import array

_SHIFT = 24
"""The low bits of the product hardly depend on the multiplier and are thrown away."""


class SeenNumbers:
    """The numbers met so far and the line of each: an open-addressing table in two arrays.

    A million numbers take 25 MB where a dict takes over 100. The multiplier
    is drawn anew for each table, so nobody can write a list that makes it slow.
    """

    def __init__(self) -> None:
        self._bits = 12
        self._count = 0
        self._multiplier = random.getrandbits(31) | 1 << 31 | 1
        self._clear()

    def _clear(self) -> None:
        size = 1 << self._bits
        self._keys = array("Q", bytes(8 * size))
        self._lines = array("I", bytes(4 * size))

    def first_line(self, e164: str, line: int) -> int | None:
        """Remember a number at ``line``; return the line where it stood before, or None."""
        key = int(e164)
        keys = self._keys
        mask = len(keys) - 1
        slot = (key * self._multiplier >> _SHIFT) & mask
        while held := keys[slot]:
            if held == key:
                return self._lines[slot]
            slot = (slot + 1) & mask
        keys[slot] = key
        self._lines[slot] = line
        self._count += 1
        if self._count * 2 > len(keys):
            self._grow()
        return None

    def _grow(self) -> None:
        old_keys, old_lines = self._keys, self._lines
        self._bits += 1
        self._clear()
        keys, lines, mask = self._keys, self._lines, len(self._keys) - 1
        multiplier = self._multiplier
        for key, line in zip(old_keys, old_lines, strict=True):
            if key:
                slot = (key * multiplier >> _SHIFT) & mask
                while keys[slot]:
                    slot = (slot + 1) & mask
                keys[slot] = key
                lines[slot] = line
