"""Recovery after any crash: finds out what became of the attempts that have not ended.

It runs whenever a switch is reached (at start, and after each loss of the connection), while dialling on it goes on.
For every attempt that was handed to that switch before this connection and has not ended:

1. alive: adopted, and followed to its end;
2. ended in our absence: settled by the switch's own call record;
3. the switch restarted since (its ``Core-UUID`` differs) and has no record: the call was lost.  Nobody knows
how much was heard, or whether it rang: it is ``unknown`` (the campaign's policy);
4. none of these, after the switch has answered promptly for a while (so that buffered commands have run) and its
records have had time to arrive: it never reached the switch, and its recipient goes back to the queue.

If a switch has no records, 4 cannot be distinguished from a call that ended unseen, so it is ``unknown`` too.
Every step may be interrupted and repeated.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import gevent
from gevent.pool import Pool

from engine.call_end import CallEnd
from engine.clock import monotonic_s
from engine.dialing.call_events import CallEventHandler
from engine.dialing.calls import Call, CallTable
from engine.dialing.campaign_run import CampaignRun
from engine.dialing.cdr import Records
from engine.dialing.lanes import GatewayLane, Lanes
from engine.dialing.pacing import RateLimiter, Seats
from engine.dialing.running_campaigns import RunningCampaigns, read_campaigns
from engine.dialing.switch_lane import SwitchLane
from engine.errors import AvanakError
from engine.esl import answers, commands
from engine.store.tables.core import Attempt, Recipient

log = logging.getLogger(__name__)

# How long the switch must answer promptly before «it knows nothing of this call» is believed.  A command
# may stand in its buffers, or be in the middle of being carried out, when the connection is new.
SETTLE_DOWN_S = 2.5
SETTLE_DOWN_PER_CALL_S = 0.002  # a switch that was stopped has so many commands to work off
PROMPT_S = 0.5
PROBE_S = 0.25
RETRY_S = 1.0
ASK_AT_ONCE = 32

Api = Callable[[bytes], str]


@dataclass(slots=True)
class Tally:
    """How many attempts a recovery ended in which way."""

    adopted: int = 0
    recorded: int = 0
    lost: int = 0
    unsent: int = 0
    seconds: float = 0.0
    suspects: set[str] = field(default_factory=set)


def read_open_attempts(switch_id: int) -> list[tuple[Attempt, Recipient]]:
    """Attempts of a switch that have not ended, with their recipients; inside a connection."""
    attempts = list(Attempt.select().where(Attempt.switch_id == switch_id, Attempt.state != "ended"))
    found: dict[int, Recipient] = {}
    ids = [attempt.recipient_id for attempt in attempts]
    for at in range(0, len(ids), 500):
        for recipient in Recipient.select().where(Recipient.id.in_(ids[at : at + 500])):
            found[recipient.id] = recipient
    return [(attempt, found[attempt.recipient_id]) for attempt in attempts if attempt.recipient_id in found]


class Recovery:
    """Reconciles the open attempts with the calls on the switches."""

    def __init__(
        self,
        lanes: Lanes,
        calls: CallTable,
        call_events: CallEventHandler,
        running_campaigns: RunningCampaigns,
        read: Callable[[Callable[[], object]], object],
        clock: Callable[[], tuple[int, float]],
        wait_s: float,
    ) -> None:
        self.lanes = lanes
        self.calls = calls
        self.call_events = call_events
        self.running_campaigns = running_campaigns
        self.read = read  # runs a function with a connection, off the hub
        self.clock = clock
        self.wait_s = wait_s  # how long calls wait for a switch that is away
        self.suspects: dict[int, set[str]] = {}  # switch id -> calls that a recovery is asking about
        self.last: dict[int, Tally] = {}

    # -- knowing ------------------------------------------------------------------------

    def learn(self, switch_id: int, only: set[int] | None = None) -> int:
        """Take the open attempts of a switch into memory, with their seats; return how many were new.

        Call it before events of the switch are handled and before anything is dialled there.
        `only` names attempts by id (all with None).  Raises StoreUnavailable.
        """
        rows = self.read(lambda: read_open_attempts(switch_id))
        assert isinstance(rows, list)
        rows = [row for row in rows if only is None or row[0].id in only]
        missing = {
            row[0].campaign_id for row in rows if self.running_campaigns.run_of(row[0].campaign_id) is None
        }
        if missing:
            found = self.read(lambda: read_campaigns(sorted(missing)))
            assert isinstance(found, list)
            for campaign in found:
                self.running_campaigns.keep_idle(self.running_campaigns.build(campaign))
        new = 0
        for attempt, recipient in rows:
            run = self.running_campaigns.run_of(attempt.campaign_id)
            if run is not None and self.calls.get(attempt.uuid) is None:
                self._know(attempt, recipient, run)
                new += 1
        if new:
            log.info("action=attempts_learned switch=%d attempts=%d", switch_id, new)
        return new

    def _know(self, attempt: Attempt, recipient: Recipient, run: CampaignRun) -> None:
        call = Call(
            uuid=attempt.uuid,
            attempt_id=attempt.id,
            recipient_id=recipient.id,
            digits=recipient.number.removeprefix("+"),
            prompt=recipient.prompt,
            tries=recipient.tries,
            uncounted_tries=recipient.uncounted_tries,
            first_fault_at=recipient.first_fault_at,
            recipient_state=recipient.state,
            run=run,
            switch_id=attempt.switch_id,
            gateway_id=attempt.gateway_id,
            created_at=attempt.created_at,
            core_uuid=attempt.core_uuid,
            is_sent=True,  # whatever the row says: only the switch can tell that it was not sent
            answered_at=attempt.answered_at,
        )
        self._ensure_lanes(call)
        self.calls.add(call)
        self.lanes.take_seat(call)
        self.calls.watch(call, self.clock()[1] + self.wait_s)

    def _ensure_lanes(self, call: Call) -> None:
        """Make lanes also for a gateway or switch that is no longer dialled on, so that its seats are counted."""
        if call.gateway_id not in self.lanes.gateways:
            self.lanes.gateways[call.gateway_id] = GatewayLane(
                call.gateway_id, f"gone-{call.gateway_id}", RateLimiter(1), Seats(1), (), 0, 1, "", 20, True,
                "-",
            )  # fmt: skip
        if call.switch_id not in self.lanes.switches:
            self.lanes.switches[call.switch_id] = SwitchLane(
                call.switch_id, f"gone-{call.switch_id}", "", RateLimiter(1), Seats(1)
            )

    # -- asking the switch ---------------------------------------------------------------

    def run(
        self,
        switch_id: int,
        core_uuid: str,
        api: Api,
        records: Records,
        before_m: float,
        is_up: Callable[[], bool] = lambda: True,
    ) -> Tally:
        """Recover the calls of a switch that were handed over before `before_m`; return what became of them.

        Goes on until every call has been decided or `is_up` says that the connection has ended.  Failed questions are
        asked again.
        """
        mine = [c for c in self.calls.on_switch(switch_id) if c.is_sent and c.sent_m < before_m]
        tally = Tally(suspects={call.uuid for call in mine})
        self.last[switch_id] = tally
        self.suspects[switch_id] = tally.suspects
        began_m = monotonic_s()
        try:
            while is_up():
                try:
                    self._decide(mine, core_uuid, api, records, tally)
                    break
                except AvanakError as error:
                    log.warning("action=recovery_again switch=%d reason=%r", switch_id, str(error))
                    gevent.sleep(RETRY_S)
        finally:
            if self.suspects.get(switch_id) is tally.suspects:
                del self.suspects[switch_id]
        tally.seconds = monotonic_s() - began_m
        if mine:
            log.info(
                "action=recovered switch=%d adopted=%d recorded=%d lost=%d unsent=%d open=%d seconds=%.1f",
                switch_id, tally.adopted, tally.recorded, tally.lost, tally.unsent, len(tally.suspects),
                tally.seconds,
            )  # fmt: skip
        return tally

    def _decide(self, mine: list[Call], core_uuid: str, api: Api, records: Records, tally: Tally) -> None:
        """1. decide live and recorded calls at once; 2. wait; 3. ask for each of the others by its id."""
        self._look(self._open(mine, tally), core_uuid, api, records, tally)
        waits_m = monotonic_s() + self.wait_s
        gone: int | None = None  # the mark at which the remaining calls were no longer on the switch
        while left := self._open(mine, tally):
            self._settle_down(api, SETTLE_DOWN_S + SETTLE_DOWN_PER_CALL_S * len(left))
            alive = self._exist([call for call in left if call.core_uuid == core_uuid], api)
            # The records are read after the list of live calls, so that no call is missed between the two.
            gone = records.mark() if gone is None else gone
            are_complete = records.are_complete(gone)
            found = records.find([call.uuid for call in left if call.uuid not in alive])
            if are_complete is False and monotonic_s() >= waits_m:
                log.error("action=records_do_not_come calls=%d waited_s=%g", len(left), self.wait_s)
                are_complete = None
            for call in self._open(mine, tally):
                if call.uuid in alive:
                    self._adopt(call, False, tally)
                elif call.uuid in found:
                    self._settle(call, found[call.uuid], tally)
                elif are_complete is not False:
                    self._end_unheard(call, core_uuid, bool(are_complete), tally)

    def _open(self, mine: list[Call], tally: Tally) -> list[Call]:
        """The undecided calls: events may have ended some meanwhile."""
        left = [c for c in mine if c.uuid in tally.suspects and self.calls.get(c.uuid) is c]
        tally.suspects.intersection_update([call.uuid for call in left])
        return left

    def _look(self, suspects: list[Call], core_uuid: str, api: Api, records: Records, tally: Tally) -> None:
        """Adopt live calls and settle recorded ones."""
        if not suspects:
            return
        alive = {channel.uuid: channel for channel in answers.read_channels(api(commands.show_channels()))}
        are_complete = records.are_complete(records.mark())
        found = records.find([call.uuid for call in suspects if call.uuid not in alive])
        for call in self._open(suspects, tally):
            if call.uuid in alive:
                self._adopt(call, alive[call.uuid].callstate == "ACTIVE", tally)
            elif call.uuid in found:
                self._settle(call, found[call.uuid], tally)
            elif call.core_uuid != core_uuid and are_complete is not False:
                self._end_unheard(call, core_uuid, bool(are_complete), tally)

    def _settle_down(self, api: Api, seconds: float) -> None:
        """Return when the switch has answered promptly for `seconds` without a break."""
        since_m = asked_m = monotonic_s()
        while asked_m - since_m < seconds:
            gevent.sleep(PROBE_S)
            asked_m = monotonic_s()
            api(commands.clock())
            if monotonic_s() - asked_m > PROMPT_S:
                since_m = monotonic_s()  # it was delayed: its buffered commands start only now

    def _exist(self, suspects: list[Call], api: Api) -> set[str]:
        """Those of the calls that exist on the switch, by its own table, which is never out of date.

        The first failure is raised and nothing more is asked: with a lost switch, thousands of questions would each
        fail and hold the engine up for many seconds.
        """
        failed: list[AvanakError] = []

        def ask(call: Call) -> bool:
            if failed:
                return False
            try:
                return answers.read_exists(api(commands.uuid_exists(call.uuid)))
            except AvanakError as error:
                failed.append(error)
                return False

        told = Pool(ASK_AT_ONCE).map(ask, suspects)
        if failed:
            raise failed[0]
        return {call.uuid for call, is_alive in zip(suspects, told, strict=True) if is_alive}

    # -- deciding -------------------------------------------------------------------------

    def _adopt(self, call: Call, is_answered: bool, tally: Tally) -> None:
        """Follow a live call to its end, which comes no later than that of a call begun now."""
        wall, now_m = self.clock()
        if is_answered and call.answered_at is None:
            # The record has the exact time; that it was answered must survive the switch.
            self.call_events.on_answer(call.uuid, wall)
        longest = call.run.rules.max_length_s + (0 if call.answered_at else call.run.rules.ring_timeout_s)
        self.calls.watch(call, now_m + longest + self.call_events.reaper_grace_s)
        tally.suspects.discard(call.uuid)
        tally.adopted += 1

    def _settle(self, call: Call, record: CallEnd, tally: Tally) -> None:
        self.call_events.settle_hangup(call, record, "record")
        tally.suspects.discard(call.uuid)
        tally.recorded += 1

    def _end_unheard(self, call: Call, core_uuid: str, is_proof: bool, tally: Tally) -> None:
        """End a call that is neither alive nor recorded; `is_proof`: a call on the switch would have been recorded."""
        never_reached = call.core_uuid == core_uuid and call.answered_at is None and is_proof
        if never_reached:
            self.call_events.settle_unsent(call, "recovery")
            tally.unsent += 1
        else:
            self.call_events.settle_lost(call, "recovery")
            tally.lost += 1
        tally.suspects.discard(call.uuid)

    def give_up(self, switch_id: int) -> int:
        """End all open attempts of a switch that no longer exists as lost; return how many."""
        self.learn(switch_id)
        gone = self.calls.on_switch(switch_id)
        for call in gone:
            self.call_events.settle_lost(call, "recovery")
        if gone:
            log.warning("action=switch_given_up switch=%d attempts=%d", switch_id, len(gone))
        return len(gone)
