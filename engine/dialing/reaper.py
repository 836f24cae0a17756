"""The reaper: ends calls for which no event will come.

Every call has a deadline.  After it the switch is asked, and only its answer counts: calls that are alive are hung up
there, others are settled by what is known of them.  Nothing is dialled again because of its age alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from engine.dialing.call_events import CallEventHandler
from engine.dialing.calls import Call, CallTable
from engine.dialing.cdr import Records
from engine.dialing.cdr_file import RecordsUnavailable
from engine.errors import SwitchUnavailable
from engine.esl import answers, commands

log = logging.getLogger(__name__)

ASK_S = 5.0
AGAIN_S = 5.0  # between killing a call and asking about it again
LOOK_TWICE_S = 2.5  # a delayed command may be running just now


class Asker(Protocol):
    """The part of a link that the reaper needs."""

    def api(self, frame: bytes, timeout_s: float | None = None) -> str: ...


class Reaper:
    """Looks after overdue calls."""

    def __init__(
        self,
        calls: CallTable,
        call_events: CallEventHandler,
        link_of: Callable[[int], Asker | None],
        records_of: Callable[[int], Records],
        is_suspect: Callable[[Call], bool],
        away_s: Callable[[int], float],
        reports_late: Callable[[int], bool],
        wait_s: float,
        clock: Callable[[], tuple[int, float]],
    ) -> None:
        self.calls = calls
        self.call_events = call_events
        self.link_of = link_of
        self.records_of = records_of
        self.is_suspect = is_suspect  # recovery is asking about it already
        self.away_s = away_s  # how long a switch has been away
        self.reports_late = reports_late  # whether a switch reports ends of calls only much later
        self.wait_s = wait_s  # how long its calls wait for it
        self.clock = clock

    def step(self) -> int:
        """Handle the calls that are overdue now; return how many there were.

        1. a failed originate without a hang-up event is ended by its record, or by the cause of its job;
        2. for other calls the switch is asked; 3. a call that is alive is killed and asked about again;
        4. a call that is gone is ended by its record, or is unknown; where reports come late its end is waited for;
        5. a switch that stays away too long is given up.
        """
        _, now_m = self.clock()
        overdue = self.calls.overdue(now_m)
        for call in overdue:
            if call.job_cause is not None:
                self._end(call, "job_only")
            elif self.is_suspect(call):
                self.calls.watch(call, now_m + AGAIN_S)
            else:
                self._ask(call)
        return len(overdue)

    def _ask(self, call: Call) -> None:
        link = self.link_of(call.switch_id)
        if link is None:
            self._wait_for_switch(call)
            return
        try:
            is_alive = answers.read_exists(link.api(commands.uuid_exists(call.uuid), ASK_S))
            if is_alive and call.asked:
                link.api(commands.uuid_kill(call.uuid), ASK_S)
        except SwitchUnavailable as error:
            log.warning("action=reaper_unanswered attempt=%d error=%r", call.attempt_id, str(error))
            self.calls.watch(call, self.clock()[1] + AGAIN_S)
            return
        if self.calls.get(call.uuid) is not call:
            return  # an event ended it meanwhile
        call.asked += 1
        if is_alive:
            log.warning("action=overdue_alive attempt=%d asked=%d", call.attempt_id, call.asked)
            self.calls.watch(call, self.clock()[1] + AGAIN_S)
        elif call.asked == 1:
            # It ended a moment ago and its events may still be on the way: check once more.
            self.calls.watch(call, self.clock()[1] + LOOK_TWICE_S)
        elif self.reports_late(call.switch_id):
            self.calls.watch(call, self.clock()[1] + AGAIN_S)
        else:
            self._end(call, "overdue_gone")

    def _wait_for_switch(self, call: Call) -> None:
        """Wait for a switch that is away: recovery asks when it is back, unless that takes too long."""
        left_s = self.wait_s - self.away_s(call.switch_id)
        if left_s > 0:
            self.calls.watch(call, self.clock()[1] + min(AGAIN_S, left_s))
        else:
            self._end(call, "switch_not_back")

    def _end(self, call: Call, why: str) -> None:
        """End a call by its record.  Without one, an answered call was partly heard, and for one without any event nobody
        can tell whether the phone rang.
        """
        try:
            found = self.records_of(call.switch_id).find([call.uuid])
        except RecordsUnavailable as error:
            log.warning("action=reaper_without_records attempt=%d error=%r", call.attempt_id, str(error))
            found = {}
        if self.calls.get(call.uuid) is not call:
            return
        if call.uuid in found:
            self.call_events.settle_hangup(call, found[call.uuid], "record")
        elif call.job_cause is not None:
            self.call_events.settle_job(call)
        else:
            log.warning("action=%s attempt=%d", why, call.attempt_id)
            self.call_events.settle_lost(call, "reaper")
