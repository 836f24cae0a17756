"""The dialer: claims, sends, follows and ends the calls of the switches that this engine owns.

The work is done by small parts with a `step` each; the loops here call them on time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import gevent

from engine.clock import both_clocks, monotonic_s, wall_ms
from engine.config import Settings
from engine.dialing.call_events import CallEventHandler
from engine.dialing.calls import Call, CallTable
from engine.dialing.cdr import FOLLOW_S, NoRecords, Records, SwitchRecords
from engine.dialing.claimer import SLOW_LOOK_S, Claimer
from engine.dialing.lanes import Lanes
from engine.dialing.news import News
from engine.dialing.pacing import RateLimiter, Seats
from engine.dialing.pausing import Pausing
from engine.dialing.reaper import Reaper
from engine.dialing.recovery import Recovery
from engine.dialing.release import UnsentCalls
from engine.dialing.rules.contact_gap import ContactRules
from engine.dialing.running_campaigns import RunningCampaigns, Wanted
from engine.dialing.sender import TICK_S, Poster, Sender
from engine.dialing.shares import GatewayParts
from engine.dialing.signs import Signs
from engine.dialing.switch_figures import SwitchFigures
from engine.dialing.switch_lane import SwitchLane
from engine.errors import SwitchUnavailable
from engine.esl import commands
from engine.loops import Loop, Loops
from engine.services.compliance.policy import Policy
from engine.services.messages.audio import kept_codecs
from engine.states import RecipientState
from engine.store.claims import ClaimHook, Rule, UndoHook
from engine.store.settles import Hook, Settle, Settler, write_answers, write_originated
from engine.store.threads import read
from engine.store.writer import Channel, Writer
from engine.wake import Wake

log = logging.getLogger(__name__)

SettledListener = Callable[[list[Settle]], None]

IDLE_S = 2.0  # between two looks after calls, while none is up
BOARD_S = 0.5  # a pause or a changed gateway takes effect within this time
CALLS_S = 0.5


class Dialer:
    """All dialing of one engine process."""

    def __init__(
        self,
        settings: Settings,
        policy: Policy,
        writer: Writer,
        hooks: Sequence[Hook] = (),
        rules: Sequence[Rule] = (),
        claim_hooks: Sequence[ClaimHook] = (),
        undo_hooks: Sequence[UndoHook] = (),
        on_settled: Sequence[SettledListener] = (),
        parts: GatewayParts | None = None,
    ) -> None:
        self.settings = settings
        self._zone = policy.zone
        self.writer = writer
        self.lanes = Lanes()
        self.switch_figures = SwitchFigures(self.lanes, settings.inbound_share)
        self.calls = CallTable()
        self.running_campaigns = RunningCampaigns(policy)
        self._wanted = Wanted()
        self.links: dict[int, Any] = {}  # switch id -> link, while recovered and up
        self.records: dict[int, Records] = {}  # switches that are ours -> their call records
        self._parts = parts or GatewayParts()
        self.contacts = ContactRules(policy.zone)
        self._settler = Settler([self.contacts.take_back, *hooks])
        self._originated: Channel[int] = Channel("originated", write_originated)
        self.call_events = CallEventHandler(
            self.lanes,
            self.calls,
            writer,
            Channel("settle", self._settler.write, self._after_settle),
            Channel("answer", write_answers),
            both_clocks,
            settings.job_grace_s,
            settings.reaper_grace_s,
            settings.heard_tolerance_ms,
            Pausing(self.lanes, writer),
        )
        undo = [self.contacts.take_back_claims, *undo_hooks]
        self.unsent = UnsentCalls(self.lanes, self.calls, writer, undo)
        self.claimer = Claimer(
            self.lanes,
            self.calls,
            self.running_campaigns,
            writer,
            policy.zone,
            [*rules, self.contacts.rule],
            [self.contacts.note_claims, *claim_hooks],
            lambda campaign_id: self.unsent.release(campaign_id=campaign_id),
        )
        self.recovery = Recovery(
            self.lanes,
            self.calls,
            self.call_events,
            self.running_campaigns,
            read,
            both_clocks,
            settings.switch_wait_s,
        )
        self.reaper = Reaper(
            self.calls,
            self.call_events,
            self.links.get,
            self.records_of,
            lambda call: call.uuid in self.recovery.suspects.get(call.switch_id, ()),
            self._away_s,
            lambda switch_id: self.lanes.switches[switch_id].reports.are_late,
            settings.switch_wait_s,
            both_clocks,
        )
        self.on_sending: list[Callable[[list[Call]], None]] = []  # just before the words are said
        self._on_settled = list(on_settled)  # on the hub, after the commit
        self._senders: dict[int, gevent.Greenlet] = {}
        self._claimed: dict[int, Wake] = {}  # by switch: wakes its sender
        self._recoveries: dict[int, gevent.Greenlet] = {}
        self._away_since_m: dict[int, float] = {}
        self._wake = Wake()
        self._look = Wake()
        self._is_stopping = False
        self._is_claiming = False
        self.news = News(self.is_quiet)
        signs = Signs(self.lanes, self.calls, self.links, monotonic_s)
        self._loops = Loops(
            (
                Loop("claim", self._claim, SLOW_LOOK_S, stops_early=True, wake=self._wake),
                Loop("refresh", self.news.looking(self.refresh), BOARD_S, stops_early=True, wake=self._look),
                Loop("look_after_calls", lambda: self._look_after_calls(signs), CALLS_S),
                Loop("follow_records", self._follow_records, FOLLOW_S),
            )
        )

    # -- life ---------------------------------------------------------------------------

    def start(self) -> None:
        """Begin the loops; switches are added as they come up."""
        self.refresh()
        self._loops.start()

    def stop(self, drain_s: float) -> bool:
        """Stop placing calls, release unsent ones, let calls in progress finish; return True if all did."""
        self._is_stopping = True
        for run in self.running_campaigns.runs.values():
            run.may_dial = False
        self._loops.stop_early(5)
        self.unsent.release()
        deadline = monotonic_s() + drain_s
        while len(self.calls) and monotonic_s() < deadline:
            gevent.sleep(0.05)
        left = len(self.calls)
        self._loops.stop()
        gevent.killall([*self._senders.values(), *self._recoveries.values()])
        self._save_records()
        if left:
            log.warning("action=stopped_with_calls_up calls=%d", left)
        return left == 0

    def hang_up_all(self) -> None:
        """End every call that is up (a second Ctrl-C)."""
        for switch_id, link in list(self.links.items()):
            for campaign_id in {call.run.id for call in self.calls.on_switch(switch_id)}:
                try:
                    link.api(commands.hupall_campaign(campaign_id), 5.0)
                except SwitchUnavailable as error:
                    log.warning("action=hang_up_failed switch=%d error=%r", switch_id, str(error))

    def wake(self) -> None:
        """Look at once, because something urgent was written."""
        self._look.set()
        self._wake.set()

    # -- switches -----------------------------------------------------------------------

    def add_switch(
        self, switch_id: int, name: str, is_embedded: bool, records: Records | None = None
    ) -> None:
        """Add a switch that this engine owns; calls are placed on it after `switch_up`.

        Attempts that an earlier engine left open there are known from now on and wait for the switch.
        """
        self.records[switch_id] = records or NoRecords()
        self._away_since_m[switch_id] = monotonic_s()
        if switch_id not in self.lanes.switches:
            self.lanes.switches[switch_id] = SwitchLane(
                switch_id, name, "", RateLimiter(1), Seats(1), is_embedded=is_embedded
            )
            self.lanes.connect()

    def switch_up(
        self, switch_id: int, link: Any, core_uuid: str, sessions_per_second: int, max_sessions: int
    ) -> None:
        """Handle a new connection: learn which calls are open there, then dial, and recover beside it.

        When it returns, events of the switch may be handled.  Raises StoreUnavailable.
        """
        lane = self.lanes.switches[switch_id]
        self.switch_figures.connected(lane, sessions_per_second, max_sessions)
        old_core, lane.core_uuid = lane.core_uuid, core_uuid
        self.refresh()
        if old_core != core_uuid:
            self.unsent.release(switch_id)  # they were claimed before the switch restarted
        while self._is_claiming:  # a claim that is being written is not in memory yet
            gevent.sleep(TICK_S)
        self.recovery.learn(switch_id)
        lane.since_at = wall_ms()
        lane.is_up = True
        self.links[switch_id] = link
        self._away_since_m.pop(switch_id, None)
        self.recover(switch_id)
        self._senders[switch_id] = gevent.spawn(self._send_loop, switch_id, link)

    def recover(self, switch_id: int) -> None:
        """Find out what became of all calls that were handed to a connected switch before now."""
        link = self.links[switch_id]
        running = self._recoveries.pop(switch_id, None)
        if running is not None:
            running.kill()
        self._recoveries[switch_id] = gevent.spawn(
            self.recovery.run,
            switch_id,
            self.lanes.switches[switch_id].core_uuid,
            link.api,
            self.records_of(switch_id),
            monotonic_s(),
            lambda: self.links.get(switch_id) is link,
        )

    def switch_down(self, switch_id: int) -> None:
        """Handle a lost connection: its calls wait for it, the others continue."""
        lane = self.lanes.switches[switch_id]
        lane.is_up = False
        lane.since_at = wall_ms()
        self.links.pop(switch_id, None)
        self._away_since_m.setdefault(switch_id, monotonic_s())
        for greenlets in (self._senders, self._recoveries):
            greenlet = greenlets.pop(switch_id, None)
            if greenlet is not None:
                greenlet.kill()
        self.unsent.release(switch_id)

    def permit(self, switch_id: int, until_m: float) -> None:
        """Set until when the lease of a switch holds (`until_m`, monotonic); nothing is sent there later."""
        if switch_id in self.lanes.switches:
            self.lanes.switches[switch_id].until_m = until_m

    def forget_switch(self, switch_id: int) -> None:
        """Forget a switch and its calls, which another engine serves from now on."""
        for call in self.calls.on_switch(switch_id):
            self.calls.remove(call.uuid)
            self.lanes.give_seat(call)
        self.records.pop(switch_id, None)
        self._away_since_m.pop(switch_id, None)

    def _send_loop(self, switch_id: int, link: Poster) -> None:
        sender = Sender(
            switch_id,
            self.lanes,
            self.calls,
            self._sent,
            self.call_events.on_refused,
            self.call_events.on_unsendable,
            partial(kept_codecs, self.settings.prompts_dir),
        )
        claimed = self._claimed[switch_id] = Wake()
        while not self._is_stopping:
            if not self.writer.fault:
                try:
                    sender.step(link, monotonic_s())
                except Exception:
                    # One bad batch must not stop the switch; the reaper asks about its calls.
                    log.exception("action=send_failed switch=%d", switch_id)
            # Until a call may leave, or the claimer has put one where none waited.
            claimed.wait(sender.next_in(monotonic_s()))
            claimed.clear()

    def _sent(self, batch: list[Call]) -> None:
        """Note calls that are about to be handed over.  From now on only the switch can tell that they were not."""
        now_m = monotonic_s()
        for listener in self.on_sending:
            listener(batch)
        for call in batch:
            call.run.waiting -= 1
            self.lanes.gateways[call.gateway_id].placed(call, now_m)
            self.calls.watch(call, now_m + call.run.rules.ring_timeout_s + self.settings.reaper_grace_s)
            self.writer.add(self._originated, call.attempt_id)

    # -- what is wanted -----------------------------------------------------------------

    def refresh(self) -> None:
        """Read from the store which campaigns run, and the limits of the gateways."""
        rows, gateways, draining = read(self._wanted.read)
        if self._is_stopping:
            return
        self._take_over(gateways)
        now_m = monotonic_s()
        for switch in self.lanes.switches.values():
            switch.is_draining = switch.id in draining
            if not switch.is_up:  # claims that were being written when it went away
                self.unsent.release(switch_id=switch.id)
        for trunk in list(self.lanes.trunks.values()):
            if trunk.ready and (trunk.is_shut or trunk.gateway.health.is_silent(now_m)):
                self.unsent.release(switch_id=trunk.switch.id, gateway_id=trunk.gateway.id)
            for campaign_id in trunk.given_up():
                self.unsent.release(trunk.switch.id, campaign_id, trunk.gateway.id)
        had = len(self.running_campaigns.runs)
        ended = self.running_campaigns.update(rows)
        if len(self.running_campaigns.runs) + len(ended) > had:
            self._wake.set()
        for run in ended:
            self.unsent.release(campaign_id=run.id)
        for run in self.running_campaigns.runs.values():
            if run.waiting and not (run.rules.windows.is_open(wall_ms(), self._zone) and run.shows_its_own):
                self.unsent.release(campaign_id=run.id)

    def is_quiet(self) -> bool:
        """Whether nothing can happen until somebody writes to the store: no call is up, and only quick sends may come."""
        return not len(self.calls) and self.running_campaigns.are_urgent

    def _take_over(self, rows: Sequence[Any]) -> None:
        """Take over the gateways as the store has them now."""
        changed = self.lanes.take_over(rows, self._parts.of, monotonic_s())
        for gateway_id in changed:  # calls that wait there may have to show another number
            for run in self.running_campaigns.runs.values():
                run.forget_templates()
            self.unsent.release(gateway_id=gateway_id)

    def _look_after_calls(self, signs: Signs) -> float | None:
        self.reaper.step()
        signs.step()
        return None if len(self.calls) else IDLE_S

    def _claim(self) -> float:
        self._is_claiming = True
        try:
            if self.claimer.step(wall_ms(), monotonic_s()):
                for claimed in self._claimed.values():
                    claimed.set()
        finally:
            self._is_claiming = False
        return self.claimer.next_in()

    def _after_settle(self, won: list[Settle]) -> None:
        for listener in self._on_settled:
            listener(won)
        ended = {self.running_campaigns.runs.get(campaign_id) for campaign_id in {i.campaign_id for i in won}}
        if any(run is not None and not run.live and not run.is_urgent for run in ended):
            self.news.tell()  # a campaign may be over
        for item in won:
            if item.next_state in (RecipientState.PENDING, RecipientState.RETRY_WAIT):
                run = self.running_campaigns.runs.get(item.campaign_id)
                if run is not None and item.next_at <= wall_ms():
                    run.next_look_m = 0.0

    def records_of(self, switch_id: int) -> Records:
        return self.records.get(switch_id) or NoRecords()

    def _follow_records(self) -> float | None:
        """Settle calls whose events were lost, from the switches' own records."""
        for records in list(self.records.values()):
            if isinstance(records, SwitchRecords):
                records.step()
        return None if len(self.calls) else IDLE_S

    def _save_records(self) -> None:
        for records in self.records.values():
            if isinstance(records, SwitchRecords):
                records.save_now()

    def _away_s(self, switch_id: int) -> float:
        """How long a switch has been away, in seconds; infinite for an unknown one."""
        since_m = self._away_since_m.get(switch_id)
        return float("inf") if since_m is None else monotonic_s() - since_m
