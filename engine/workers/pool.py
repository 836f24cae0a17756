"""Runs jobs in workers: waits for a turn, takes an idle worker or a new one, and passes on its answers."""

from __future__ import annotations

import atexit
import logging
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

from engine import errors
from engine.sentences import sentence_of
from engine.workers.job import Answer, Job, Lane, refusal
from engine.workers.process import Ended, Failed, Worker
from engine.workers.shared_places import SharedPlaces
from engine.workers.turns import Turns

log = logging.getLogger(__name__)

KEPT = 2  # idle workers of one kind of job

_turns = {
    Lane.LONG: Turns(2),
    Lane.BEHIND: Turns(2),
    Lane.QUICK: Turns(4, of_account=2),
    # Programs send several texts at once; each takes a second at most.
    Lane.SPEECH: Turns(2, most_waiting=10),
}
_idle: dict[Job, list[Worker]] = {}  # append and pop are atomic


def run(job: Job, *arguments: Any, account: int | None = None, what: str = "the file") -> Answer:
    """Do a job that gives one answer.

    `account` is whose work it is: the jobs of an account in one lane run one after the other.  `what` is the name of the
    input for people.  Raises WorkerEnded (BadInput) when it takes
    more than its limits or crashes, QueueFull, and the errors of ours that the job raises.
    """
    with closing(stream(job, *arguments, account=account, what=what)) as answers:
        answer = next(answers)
        for _ in answers:
            raise AssertionError(f"{job.target} gave a second answer")
        return answer


def stream(
    job: Job, *arguments: Any, account: int | None = None, what: str = "the file"
) -> Generator[Answer]:
    """Do a job that gives answers one by one; errors as with `run`.

    The turn is held until the iterator ends or is closed; each step may run in another thread.
    """
    with _turns[job.lane].turn(account):
        worker = _take(job)
        try:
            yield from worker.ask(arguments)
        except Ended as ended:
            log.error(
                "action=worker_ended job=%s account=%s end=%s what=%r detail=%r",
                job.target, account, ended.end, what, str(ended),
            )  # fmt: skip
            raise refusal(ended.end, what) from ended
        except Failed as failed:
            raise _error(failed) from None
        finally:
            _give_back(job, worker)


def share(folder: Path) -> None:
    """Share the turns of accounts with the other processes of a data folder.  Raises OSError."""
    for lane, turns in _turns.items():
        turns.share(SharedPlaces(folder, lane, turns.of_account))


def warm(job: Job) -> None:
    """Start an idle worker of a `kept` job, so that the first caller does not wait for it."""
    idle = _idle.setdefault(job, [])
    if not idle:
        idle.append(Worker(job))


def waiting(lane: Lane) -> int:
    """How many jobs of a lane wait for their turn."""
    return _turns[lane].waiting


def close(job: Job | None = None) -> None:
    """End the idle workers, of one kind of job or all."""
    for kind in [job] if job else list(_idle):
        idle = _idle.get(kind, [])
        while idle:
            idle.pop().end()


def _take(job: Job) -> Worker:
    idle = _idle.setdefault(job, [])
    while True:
        try:
            worker = idle.pop()
        except IndexError:
            return Worker(job)
        if worker.is_ready():
            return worker
        worker.end()


def _give_back(job: Job, worker: Worker) -> None:
    idle = _idle.setdefault(job, [])
    if worker.is_fit and len(idle) < KEPT:
        idle.append(worker)
    else:
        worker.end()
        if job.kept:
            warm(job)


def _error(failed: Failed) -> errors.AvanakError:
    """The error as it was raised in the worker."""
    kind = getattr(errors, failed.kind, errors.BadInput)
    found: errors.AvanakError = kind(sentence_of(failed.sentence))
    return found


atexit.register(close)
