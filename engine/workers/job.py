"""A worker's job: what to do, within which limits, and how it can fail."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from engine.errors import BadInput

MB = 1_000_000


class Lane(StrEnum):
    """The lane of a job: each lane has workers of its own, so that jobs of one never hold up another."""

    LONG = "long"  # lists that are checked, sounds: one at a time for an account
    BEHIND = "behind"  # lists that are imported in the background: one at a time for an account
    QUICK = "quick"  # what somebody waits for at a page
    SPEECH = "speech"  # texts to speak: one at a time for an account


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a job; a worker that exceeds them is killed."""

    memory: int | None = 800 * MB  # bytes of address space besides the loaded code; None: no limit
    cpu_s: int = 60
    wall_s: float = 120.0  # of waiting for answers, without the time that the caller spends on them
    file_bytes: int = 0  # the largest file that it may write; 0: none
    answer_bytes: int = 64 * MB  # of one answer
    answers: int = 10_000_000


@dataclass(frozen=True, slots=True)
class Job:
    """A function, ``"module:function"``, that only the worker imports.

    It takes JSON values and returns an `Answer` or yields several.  The module's ``prepare(*words)`` is called once in each
    worker, before the limits are set.  An idle worker of a `kept` job stays; others end after a minute.
    """

    target: str
    limits: Limits = Limits()
    lane: Lane = Lane.LONG
    words: tuple[str, ...] = ()
    kept: bool = False


class Answer(NamedTuple):
    """An answer: a JSON value, with bytes beside it."""

    value: Any
    data: bytes = b""


class End(StrEnum):
    """Why a worker was ended before it had answered."""

    MEMORY = "memory"
    TIME = "time"
    SIZE = "size"
    CRASH = "crash"


class WorkerEnded(BadInput):
    """A worker was killed, or crashed, on its input; the log has the reason."""


class QueueFull(BadInput):
    """Too many jobs wait already; try again after `wait_s`."""

    http_status = 429
    wait_s = 60


def refusal(end: End, what: str) -> WorkerEnded:
    """The sentence for people when a worker was killed while reading `what`."""
    if end is End.MEMORY:
        return WorkerEnded("%(what)s cannot be read: it takes more memory than one file may.", what=what)
    if end is End.TIME:
        return WorkerEnded("%(what)s cannot be read: it takes longer than one file may.", what=what)
    if end is End.SIZE:
        return WorkerEnded(
            "%(what)s cannot be read: what comes out of it is larger than it may be.", what=what
        )
    return WorkerEnded("%(what)s cannot be read: it is damaged in a way that ends the reading.", what=what)
