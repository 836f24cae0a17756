"""The measuring process of `bench hostile`, so that the attacker's work does not distort the measurement.

``python -m engine.bench.onlooker PORT PID COOKIES`` requests two pages five times a second, as a customer (COOKIES,
JSON) and as a visitor, and reads the memory of the web process PID and its workers, until its input ends.  Then it
prints the results as JSON.
"""

from __future__ import annotations

import engine.patch  # isort: skip  # noqa: F401 - first: what it shares with other benches is patched

import json
import sys
import threading
import time
from pathlib import Path

from gevent.fileobject import FileObjectThread

from engine.bench.attacks import Visitor
from engine.bench.web import memory_mb

PAUSE_S, LOOK_S = 0.2, 0.1
NO_ANSWER_S = 60.0  # a missing answer counts as this long


class Seen:
    """How long pages took (s), and the peak memory (MB)."""

    def __init__(self) -> None:
        self.pages: list[float] = []
        self.web_mb = self.workers_mb = 0.0
        self.over = threading.Event()

    def ask(self, who: Visitor, path: str) -> None:
        while not self.over.wait(PAUSE_S):
            began = time.monotonic()
            status = who.ask("GET", path)[0]
            self.pages.append(time.monotonic() - began if status == 200 else NO_ANSWER_S)

    def look(self, pid: int) -> None:
        while not self.over.wait(LOOK_S):
            try:
                self.web_mb = max(self.web_mb, memory_mb(pid, "VmRSS"))
                workers = sum(memory_mb(each, "VmRSS") for each in descendants(pid))
            except OSError:
                continue
            self.workers_mb = max(self.workers_mb, workers)


def descendants(pid: int) -> list[int]:
    """The child processes of a process, and their descendants."""
    found = children(pid)
    return found + [inner for each in found for inner in descendants(each)]


def children(pid: int) -> list[int]:
    try:
        return [
            int(each)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for each in (task / "children").read_text().split()
        ]
    except OSError:
        return []


def main() -> None:
    port, pid, cookies = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
    customer, stranger = Visitor(port, "203.0.113.2", cookies), Visitor(port, "203.0.113.3")
    seen = Seen()
    work = ((seen.ask, (customer, "/campaigns")), (seen.ask, (stranger, "/login")), (seen.look, (pid,)))
    threads = [threading.Thread(target=each, args=arguments, daemon=True) for each, arguments in work]
    for thread in threads:
        thread.start()
    FileObjectThread(sys.stdin.buffer, "rb", close=False).read()  # in a thread: the hub runs on
    seen.over.set()
    for thread in threads:
        thread.join(NO_ANSWER_S)
    json.dump({"pages": seen.pages, "web_mb": seen.web_mb, "workers_mb": seen.workers_mb}, sys.stdout)


if __name__ == "__main__":
    main()
