"""The engine's place in the queue for a processor: a call that leaves 20 ms late is missing from its second.

Two requests to the system, each granted or not: a higher priority (root, CAP_SYS_NICE or RLIMIT_NICE), and short turns.
Linux (6.12 and newer) lets a program that asks for short turns begin sooner when it wakes; it gets no larger share.
https://docs.kernel.org/scheduler/sched-eevdf.html
"""

from __future__ import annotations

import ctypes
import logging
import os
import platform
from contextlib import suppress

log = logging.getLogger(__name__)

FIRST = -5  # nice
TURN_NS = 100_000  # the shortest that the kernel takes
# The numbers of sched_setattr(2), which older C libraries have no function for.
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}


class _Attributes(ctypes.Structure):
    """`struct sched_attr` of sched_setattr(2)."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),  # 0: SCHED_OTHER
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64),  # ns of one turn
        ("deadline", ctypes.c_uint64),
        ("period", ctypes.c_uint64),
    )


def go_first() -> None:
    """Ask for the place of a process that handles calls; call it before threads begin, which inherit it."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, min(FIRST, os.getpriority(os.PRIO_PROCESS, 0)))
    number = _SCHED_SETATTR.get(platform.machine())
    if number is None:
        return
    wanted = _Attributes(
        size=ctypes.sizeof(_Attributes), nice=os.getpriority(os.PRIO_PROCESS, 0), runtime=TURN_NS
    )
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(ctypes.c_long(number), 0, ctypes.byref(wanted), 0):
        log.info("action=short_turns_refused error=%r", os.strerror(ctypes.get_errno()))
