"""The engine asks for its place in the queue for a processor, and goes on without it."""

import os
import platform
import re
import resource
import subprocess
import sys

from engine import priority

TELLS = """
import os
from engine import priority
{before}
before = os.getpriority(os.PRIO_PROCESS, 0)
priority.go_first()
print(before, os.getpriority(os.PRIO_PROCESS, 0))
if os.path.exists("/proc/self/sched"):
    print(open("/proc/self/sched").read())
"""


def told(before: str = "") -> tuple[int, int, str]:
    """The niceness before and after, and what Linux says of the process's turns; in a process of its own."""
    words = [sys.executable, "-c", TELLS.format(before=before)]
    first, _, sched = subprocess.run(words, capture_output=True, text=True, check=True).stdout.partition("\n")
    was, now = map(int, first.split())
    return was, now, sched


def may_go_first() -> bool:
    return os.geteuid() == 0 or 20 - resource.getrlimit(resource.RLIMIT_NICE)[0] <= priority.FIRST


def test_goes_before_other_programs_where_it_may():
    was, now, _ = told()
    assert now == (min(was, priority.FIRST) if may_go_first() else was)


def test_goes_on_where_it_may_not():
    drop = "os.setresuid(65534, 65534, 65534)" if os.geteuid() == 0 else ""
    was, now, _ = told(f"import resource; resource.setrlimit(resource.RLIMIT_NICE, (0, 0)); {drop}")
    assert now == was


def test_asks_for_short_turns():
    """Linux shows them in `sched` and lets a program choose since 6.12; an older kernel leaves everything as it was."""
    release = tuple(map(int, platform.release().split(".")[:2]))
    found = re.search(r"se\.slice\s*:\s*(\d+)", told()[2])
    turn_ns = int(found[1]) if found else None
    assert (turn_ns == priority.TURN_NS) == (release >= (6, 12) and turn_ns is not None)
