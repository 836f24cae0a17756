"""A name server for tests whose answers come late: every name is 127.0.0.1, for a second.

It runs as a process of its own on port 53, the only one that the C library asks, of an address of loopback that nobody
else has, and prints ``HOST address`` when it is ready.  ``--late-ms FILE`` names a file with the delay in milliseconds,
read at each question, so that a test can change it; ``--log FILE`` gets a line for each question.
"""

from __future__ import annotations

import argparse
import heapq
import random
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
A, IN = 1, 1
TTL_S = 1


def answer(question: bytes) -> bytes:
    """The answer to one question (RFC 1035): an address for A, nothing for all else."""
    end = 12
    while question[end]:
        end += question[end] + 1
    end += 5
    kind, _ = struct.unpack_from("!HH", question, end - 4)
    found = kind == A
    head = question[:2] + struct.pack("!HHHHH", 0x8580, 1, int(found), 0, 0)
    record = struct.pack("!HHHIH4s", 0xC00C, A, IN, TTL_S, 4, socket.inet_aton("127.0.0.1")) if found else b""
    return head + question[12:end] + record


def serve(late_ms: Path, log: Path) -> None:
    """Answer until the process is ended."""
    waiting: list[tuple[float, bytes, tuple[str, int]]] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as names, log.open("a", buffering=1) as told:
        names.bind((f"127.53.{random.randrange(256)}.{random.randrange(1, 255)}", 53))
        sys.stdout.write(f"HOST {names.getsockname()[0]}\n")
        sys.stdout.flush()
        while True:
            wait_s = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
            if select.select([names], [], [], wait_s)[0]:
                question, who = names.recvfrom(2048)
                told.write(f"{time.time():.3f} {question[12:60]!r}\n")
                due = time.monotonic() + int(late_ms.read_text()) / 1000
                heapq.heappush(waiting, (due, answer(question), who))
            while waiting and waiting[0][0] <= time.monotonic():
                _, reply, who = heapq.heappop(waiting)
                names.sendto(reply, who)


@dataclass(frozen=True)
class Names:
    """The running name server."""

    host: str
    folder: Path

    def be_late(self, ms: int) -> None:
        """From the next question on."""
        (self.folder / "late_ms").write_text(str(ms))

    @property
    def asked(self) -> int:
        """How many questions came."""
        path = self.folder / "asked"
        return len(path.read_text().splitlines()) if path.exists() else 0


@contextmanager
def running_names(folder: Path) -> Iterator[Names]:
    """Start it; its files are in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "late_ms").write_text("0")
    command = [sys.executable, "-m", "tests.freeswitch.late_names", "--late-ms", str(folder / "late_ms"),
               "--log", str(folder / "asked")]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        word, _, host = process.stdout.readline().partition(" ")
        assert word == "HOST", "the name server did not start"
        yield Names(host.strip(), folder)
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--late-ms", type=Path, required=True)
    options.add_argument("--log", type=Path, required=True)
    given = options.parse_args()
    serve(given.late_ms, given.log)
