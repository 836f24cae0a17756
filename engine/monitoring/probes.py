"""Synthetic calls: one a minute to each switch's echo extension, which rings nobody.

The call passes through the whole switch (event socket, session, dialplan, audio) and ends as soon as it is answered.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass

from engine.dialing.dialer import Dialer
from engine.errors import AvanakError
from engine.esl import commands
from engine.esl.events import Event, read_background_job
from engine.sentences import kept

log = logging.getLogger(__name__)

ANSWER_S = 10.0  # a probe without an answer for this long has failed


@dataclass(frozen=True, slots=True)
class Probed:
    """The result of a synthetic call."""

    switch_name: str
    at: int
    is_ok: bool
    took_ms: int
    answer: str


@dataclass(frozen=True, slots=True)
class _Waiting:
    switch_name: str
    at: int
    since_m: float


class Prober:
    """Sends probes and collects their results; time is an argument."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self._waiting: dict[str, _Waiting] = {}
        self._done: list[Probed] = []

    def send(self, now: int, now_m: float) -> None:
        """Send a synthetic call to each connected switch."""
        for switch_id, link in list(self._dialer.links.items()):
            name = self._dialer.lanes.switches[switch_id].name
            job = str(uuid.uuid4())
            self._waiting[job] = _Waiting(name, now, now_m)
            try:
                link.post([commands.probe(job)])
            except AvanakError as error:
                self._finish(job, False, error.sentence.kept(), now_m)

    def on_event(self, event: Event, now_m: float) -> bool:
        """Take a BACKGROUND_JOB event that ends a probe; return whether it was one."""
        if not self._waiting or event.job_uuid not in self._waiting:
            return False
        job = read_background_job(event)
        if job is None:
            return False
        self._finish(job.job_uuid, job.ok, job.body, now_m)
        return True

    def results(self, now_m: float) -> list[Probed]:
        """Return the probes that ended since the last call.  An overdue probe has failed."""
        for job, waiting in list(self._waiting.items()):
            if now_m - waiting.since_m > ANSWER_S:
                self._finish(job, False, kept("no answer within %(n)s s", n=round(ANSWER_S)), now_m)
        done, self._done = self._done, []
        return done

    def _finish(self, job: str, is_ok: bool, answer: str, now_m: float) -> None:
        waiting = self._waiting.pop(job)
        took_ms = round((now_m - waiting.since_m) * 1000)
        self._done.append(Probed(waiting.switch_name, waiting.at, is_ok, took_ms, answer))
        if not is_ok:
            log.warning("action=probe_failed switch=%s answer=%r", waiting.switch_name, answer)
