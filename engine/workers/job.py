"""What a worker is asked to do, what it may take for it, and how it can fail."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from engine.errors import BadInput

MB = 1_000_000


class Lane(StrEnum):
    """Which workers a job waits for: those of one lane are never held by jobs of the other."""

    LONG = "long"  # lists that are checked, sounds: one at a time for an account
    BEHIND = "behind"  # lists that come in, when nobody waits before a page: one at a time for an account
    QUICK = "quick"  # what somebody waits for in front of a page


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may take; a worker that takes more is ended."""

    memory: int | None = 800 * MB  # bytes of address space beside the code that was loaded; None: any
    cpu_s: int = 60
    wall_s: float = 120.0  # of waiting for its answers; what is done with them between does not count
    file_bytes: int = 0  # the largest file that it may write; 0: none
    answer_bytes: int = 64 * MB  # of one answer
    answers: int = 10_000_000


@dataclass(frozen=True, slots=True)
class Job:
    """A function, ``"module:function"``, that only the worker imports.

    It takes JSON values and returns an `Answer` or yields them.  `words` are handed to the module's
    ``prepare(*words)``, once in each worker, before the limits are set.  An idle worker of a job that is
    `kept` waits for as long as it takes; others go after a minute.
    """

    target: str
    limits: Limits = Limits()
    lane: Lane = Lane.LONG
    words: tuple[str, ...] = ()
    kept: bool = False


class Answer(NamedTuple):
    """What comes back: a JSON value, and bytes beside it."""

    value: Any
    data: bytes = b""


class End(StrEnum):
    """Why a worker was ended before it had answered."""

    MEMORY = "memory"
    TIME = "time"
    SIZE = "size"
    CRASH = "crash"


class WorkerEnded(BadInput):
    """A worker was ended over what it was given; the log has the reason."""


class QueueFull(BadInput):
    """So much waits already that no more is taken."""

    http_status = 429


def refusal(end: End, what: str) -> WorkerEnded:
    """What people are told when a worker was ended over `what`."""
    if end is End.MEMORY:
        return WorkerEnded("%(what)s cannot be read: it takes more memory than one file may.", what=what)
    if end is End.TIME:
        return WorkerEnded("%(what)s cannot be read: it takes longer than one file may.", what=what)
    if end is End.SIZE:
        return WorkerEnded(
            "%(what)s cannot be read: what comes out of it is larger than it may be.", what=what
        )
    return WorkerEnded("%(what)s cannot be read: it is damaged in a way that ends the reading.", what=what)
