"""Tunes a process that handles calls: garbage collection, thread switching, the C allocator."""

from __future__ import annotations

import ctypes
import gc
import sys

COLLECT_EVERY = 50_000  # new objects between two collections of the youngest generation
TURN_S = 0.0002
ARENAS = 2
_M_ARENA_MAX = -8  # glibc's malloc.h


def tune() -> None:
    """Tune this process; call it after the imports.

    Calls, events and rows of lists come and go by the hundred thousand and hold no cycles.  With Python's default
    thresholds the collector walks over the live ones again and again for nothing (a quarter of the time of reading a list).

    A thread that reads a list gives way after a fifth of a millisecond instead of five, because the hub and the writer need
    a turn after every wait for a socket or a disk.

    With glibc's arena per thread, memory that SQLite frees in one thread is not reused by another, and the process grows
    for hours; with two arenas it stops growing (docs/performance.md).
    """
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY)
    sys.setswitchinterval(TURN_S)
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):  # other C libraries have no arenas
        mallopt(_M_ARENA_MAX, ARENAS)
