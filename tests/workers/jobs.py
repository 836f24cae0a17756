"""Jobs that misbehave, for the tests of the workers: each is imported by a worker alone."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Iterator
from pathlib import Path

from engine.errors import Conflict
from engine.workers.job import Answer

prepared: list[str] = []


def prepare(*words: str) -> None:
    """Remember the words."""
    prepared.extend(words)


def echo(value: object) -> Answer:
    return Answer(value, b"as it was")


def who(*_: object) -> Answer:
    return Answer(
        {"pid": os.getpid(), "nice": os.nice(0), "words": prepared, "environment": sorted(os.environ)}
    )


def count(to: int) -> Iterator[Answer]:
    for number in range(to):
        yield Answer(number)


def take_memory(mb: int) -> Answer:
    return Answer(len(bytearray(mb * 1_000_000)))


def keep_memory(mb: int) -> Answer:
    prepared.append("x" * mb * 1_000_000)
    return Answer(os.getpid())


def abort(*_: object) -> Answer:
    ctypes.CDLL(None).abort()
    return Answer(None)


def loop() -> Answer:
    while True:
        pass


def sleep() -> Answer:
    time.sleep(600)
    return Answer(None)


def dribble() -> Iterator[Answer]:
    """Always another answer, each in time."""
    while True:
        time.sleep(0.1)
        yield Answer(0)


def much(mb: int) -> Answer:
    return Answer(None, bytes(mb * 1_000_000))


def write(path: str, size: int) -> Answer:
    Path(path).write_bytes(bytes(size))
    return Answer(None)


def refuse() -> Answer:
    raise Conflict("The file is of yesterday: 100 % of it.")


def fail() -> Answer:
    raise ZeroDivisionError("a secret of ours")


def hold(path: str) -> Answer:
    """Until somebody removes the file; say that it has begun by another."""
    Path(path + ".begun").touch()
    while Path(path).exists():
        time.sleep(0.005)
    return Answer(None)
