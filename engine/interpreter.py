"""How Python's own machinery is set in the processes that carry calls: the collector of cycles, the threads' turns."""

from __future__ import annotations

import gc
import sys

COLLECT_EVERY = 50_000  # new objects between two looks at the young ones
TURN_S = 0.0002


def tune() -> None:
    """Set this process up; call it when what it needs is imported.

    Calls, events and rows of lists come and go by the hundred thousand and hold no cycles: with Python's
    own thresholds the collector walks over the living ones again and again, in vain (a quarter of the
    time that reading a list takes).  And a thread that reads a list gives way after a fifth of a millisecond,
    not five: the hub and the writer ask for their turn after every wait for a socket or a disk.
    """
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY)
    sys.setswitchinterval(TURN_S)
