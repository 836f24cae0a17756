"""The reaper: ends what no event will end.

Every call has a time by which it must have ended.  Past it the switch is
asked, and only what it says counts: alive calls are ended there by us, dead
ones are settled by what is known of them.  Nothing is dialled again because of
its age alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from engine.dialing.calls import Call, CallTable
from engine.dialing.desk import Desk
from engine.errors import SwitchUnavailable
from engine.esl import answers, commands

log = logging.getLogger(__name__)

ASK_S = 5.0
AGAIN_S = 5.0  # between killing a call and asking after it again


class Asker(Protocol):
    """The part of a link that the reaper needs."""

    def api(self, frame: bytes, timeout_s: float | None = None) -> str: ...


# The switch's own record of a call that ended, if it is to be had.
FindRecord = Callable[[Call], bool]


class Reaper:
    """Looks after overdue calls; `settle_from_record` ends a call from the switch's record, if there is one."""

    def __init__(
        self,
        calls: CallTable,
        desk: Desk,
        link_of: Callable[[int], Asker | None],
        settle_from_record: FindRecord,
        clock: Callable[[], tuple[int, float]],
    ) -> None:
        self.calls = calls
        self.desk = desk
        self.link_of = link_of
        self.settle_from_record = settle_from_record
        self.clock = clock

    def step(self) -> int:
        """Handle the calls that are overdue now; how many were looked at.

        1. an originate that failed and whose hang-up event did not come: its job's word ends it;
        2. otherwise the switch is asked; 3. alive: it is killed and asked after again;
        4. gone: its record ends it, or else it is unknown.
        """
        _, now_m = self.clock()
        overdue = self.calls.overdue(now_m)
        for call in overdue:
            if call.job_cause is not None:
                self.desk.settle_job(call)
            else:
                self._ask(call)
        return len(overdue)

    def _ask(self, call: Call) -> None:
        link = self.link_of(call.switch_id)
        if link is None:  # the switch is away: recovery asks when it is back
            self.calls.watch(call, self.clock()[1] + AGAIN_S)
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
            return  # an event ended it while we asked
        call.asked += 1
        if is_alive:
            log.warning("action=overdue_alive attempt=%d asked=%d", call.attempt_id, call.asked)
            self.calls.watch(call, self.clock()[1] + AGAIN_S)
        elif call.asked == 1:
            # It ended a moment ago, or its events are still on the way: look once more.
            self.calls.watch(call, self.clock()[1] + 1.0)
        elif not self.settle_from_record(call):
            log.warning("action=overdue_gone attempt=%d", call.attempt_id)
            self._settle_without_record(call)

    def _settle_without_record(self, call: Call) -> None:
        """The switch does not know it (any more), and has no record of it.

        One that was answered was partly heard.  Of one that was handed over and of
        which nothing was ever heard we cannot tell whether the phone rang.
        """
        self.desk.settle_lost(call, "reaper")
