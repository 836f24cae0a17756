"""After a crash of anything: what became of the attempts that have not ended.

Asked whenever a switch is reached (at start, and after each loss of the
connection).  For every attempt of that switch that has not ended:

1. the switch restarted since (its ``Core-UUID`` differs): its call is gone.  Its record ends
   it; without one, an answered call was partly heard, and of the rest nobody can say (policy);
2. alive in ``show channels``: adopted;
3. ended in our absence: the switch's own call record ends it;
4. none of these, twice, with time in between for what was still on its way: it never
   reached the switch, and its recipient goes back to the queue.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import gevent

from engine.dialing.calls import Call, CallTable
from engine.dialing.desk import Desk
from engine.dialing.lanes import Lanes
from engine.dialing.run import CampaignRun, build_run
from engine.esl import answers, commands
from engine.esl.events import HangupComplete
from engine.store.models import Attempt, Campaign, Message, Recipient

log = logging.getLogger(__name__)

# A command that the switch had in its buffer when the connection died may
# still be carried out, and a record is written a moment after its call has
# left the list of channels.
SETTLE_DOWN_S = 2.5

# The switch's records of calls by uuid: those of `uuids` that have one.
Records = Callable[[Iterable[str]], dict[str, HangupComplete]]
Api = Callable[[bytes], str]


def read_open_attempts(switch_id: int) -> list[tuple[Attempt, Recipient]]:
    """Attempts of a switch that have not ended, with their recipients; inside a connection."""
    attempts = list(Attempt.select().where(Attempt.switch_id == switch_id, Attempt.state != "ended"))
    found: dict[int, Recipient] = {}
    ids = [attempt.recipient_id for attempt in attempts]
    for at in range(0, len(ids), 500):
        for recipient in Recipient.select().where(Recipient.id.in_(ids[at : at + 500])):
            found[recipient.id] = recipient
    return [(attempt, found[attempt.recipient_id]) for attempt in attempts if attempt.recipient_id in found]


def read_campaign_row(campaign_id: int) -> Campaign:
    """A campaign's row with its message; inside a connection."""
    return (
        Campaign.select(Campaign, Message)
        .join(Message, "LEFT OUTER JOIN")
        .where(Campaign.id == campaign_id)
        .get()
    )


class Recovery:
    """Brings this engine's books and one switch's calls together again."""

    def __init__(
        self,
        lanes: Lanes,
        calls: CallTable,
        desk: Desk,
        runs: Callable[[int], CampaignRun | None],
        read: Callable[[Callable[[], object]], object],
        clock: Callable[[], tuple[int, float]],
    ) -> None:
        self.lanes = lanes
        self.calls = calls
        self.desk = desk
        self.runs = runs  # of campaigns that are being dialled
        self.read = read  # runs a function with a connection, off the hub
        self.clock = clock
        self._idle_runs: dict[int, CampaignRun] = {}

    def run(self, switch_id: int, core_uuid: str, api: Api, records: Records) -> dict[str, int]:
        """Recover one switch's attempts; how many went which way.

        Raises SwitchUnavailable when the switch goes away meanwhile: nothing has been decided
        then that is not true, and the next connection begins anew.
        """
        rows = self.read(lambda: read_open_attempts(switch_id))
        assert isinstance(rows, list)
        for attempt, recipient in rows:
            self._know(attempt, recipient)
        # Calls that only wait in front of a trunk have not been the switch's affair yet.
        mine = [call for call in self.calls.on_switch(switch_id) if call.is_sent]
        tally = dict.fromkeys(("adopted", "recorded", "lost", "unsent"), 0)
        self._end_with_switch([call for call in mine if call.core_uuid != core_uuid], records, tally)
        suspects = [call for call in mine if call.core_uuid == core_uuid]
        suspects = self._sort(suspects, api, records, tally)
        if suspects:
            gevent.sleep(SETTLE_DOWN_S)
            for call in self._sort(suspects, api, records, tally):
                self._end_unheard(call, tally)
        log.info(
            "action=recovered switch=%d adopted=%d recorded=%d lost=%d unsent=%d",
            switch_id,
            tally["adopted"],
            tally["recorded"],
            tally["lost"],
            tally["unsent"],
        )
        return tally

    def _know(self, attempt: Attempt, recipient: Recipient) -> None:
        """Take an attempt that an earlier engine left open into memory, with its seats."""
        if self.calls.get(attempt.uuid) is not None:
            return
        trunk_is_known = (
            attempt.gateway_id in self.lanes.gateways and attempt.switch_id in self.lanes.switches
        )
        if not trunk_is_known:
            log.error("action=attempt_without_trunk attempt=%d gateway=%d", attempt.id, attempt.gateway_id)
            return
        call = Call(
            uuid=attempt.uuid,
            attempt_id=attempt.id,
            recipient_id=recipient.id,
            digits=recipient.number.removeprefix("+"),
            prompt=recipient.prompt,
            tries=recipient.tries,
            free_tries=recipient.free_tries,
            recipient_state=recipient.state,
            run=self._run_of(attempt.campaign_id),
            switch_id=attempt.switch_id,
            gateway_id=attempt.gateway_id,
            created_at=attempt.created_at,
            core_uuid=attempt.core_uuid,
            is_sent=True,
            sent_m=self.clock()[1],
            answered_at=attempt.answered_at,
        )
        self.calls.add(call)
        self.lanes.take_seat(call)

    def _run_of(self, campaign_id: int) -> CampaignRun:
        """The campaign's rules, also when it is not being dialled (paused with calls up)."""
        run = self.runs(campaign_id) or self._idle_runs.get(campaign_id)
        if run is None:
            run = build_run(self.read(lambda: read_campaign_row(campaign_id)))
            run.may_dial = False
            self._idle_runs[campaign_id] = run
        return run

    def _end_with_switch(self, gone: list[Call], records: Records, tally: dict[str, int]) -> None:
        found = records([call.uuid for call in gone]) if gone else {}
        for call in gone:
            if call.uuid in found:
                self.desk.settle_hangup(call, found[call.uuid], "record")
                tally["recorded"] += 1
            else:
                self.desk.settle_lost(call, "recovery")
                tally["lost"] += 1

    def _sort(self, suspects: list[Call], api: Api, records: Records, tally: dict[str, int]) -> list[Call]:
        """Adopt the living, settle the recorded; those of which neither is true."""
        alive = {channel.uuid for channel in answers.read_channels(api(commands.show_channels()))}
        ended = [call for call in suspects if call.uuid not in alive]
        found = records([call.uuid for call in ended]) if ended else {}
        left: list[Call] = []
        _, now_m = self.clock()
        for call in suspects:
            if self.calls.get(call.uuid) is not call:
                continue  # its events came while we asked
            if call.uuid in alive:
                self._adopt(call, now_m)
                tally["adopted"] += 1
            elif call.uuid in found:
                self.desk.settle_hangup(call, found[call.uuid], "record")
                tally["recorded"] += 1
            else:
                left.append(call)
        return left

    def _adopt(self, call: Call, now_m: float) -> None:
        """It lives: follow it to its end, which is no later than that of a call begun now."""
        longest = call.run.ring_timeout_s + call.run.max_length_s
        self.calls.watch(call, now_m + longest + self.desk.reaper_grace_s)

    def _end_unheard(self, call: Call, tally: dict[str, int]) -> None:
        """Neither alive nor recorded, on a switch that has not restarted."""
        if call.answered_at is not None:
            self.desk.settle_lost(call, "recovery")
            tally["lost"] += 1
        else:
            self.desk.settle_unsent(call, "recovery")
            tally["unsent"] += 1
