"""How a process that carries calls is set up: the collector of cycles, the threads' turns, the C allocator."""

from __future__ import annotations

import ctypes
import gc
import sys

COLLECT_EVERY = 50_000  # new objects between two looks at the young ones
TURN_S = 0.0002
ARENAS = 2
_M_ARENA_MAX = -8  # glibc's malloc.h


def tune() -> None:
    """Set this process up; call it when what it needs is imported.

    Calls, events and rows of lists come and go by the hundred thousand and hold no cycles: with Python's
    own thresholds the collector walks over the living ones again and again, in vain (a quarter of the
    time that reading a list takes).  And a thread that reads a list gives way after a fifth of a millisecond,
    not five: the hub and the writer ask for their turn after every wait for a socket or a disk.
    With an arena for each thread, as glibc has it, memory that SQLite gives back in one thread is not used by
    another, and the process grows for hours; with two it stops growing (docs/performance.md).
    """
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY)
    sys.setswitchinterval(TURN_S)
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):  # other C libraries have no arenas
        mallopt(_M_ARENA_MAX, ARENAS)
