"""The call event handler: what the switch says about calls becomes answers and settles.

Handlers only record and enqueue: they never wait for database or socket.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import replace

from engine.call_end import RECORD_CUT, SENT_CANCEL, CallEnd, to_int
from engine.dialing.calls import Call, CallTable
from engine.dialing.causes import Fault, Verdict, is_delivered, judge, judge_job, named
from engine.dialing.lanes import Lanes
from engine.dialing.pausing import Pausing
from engine.dialing.retry import LOST, Next, Ways, after, after_unknown
from engine.dialing.routes import keys_of
from engine.esl.events import (
    BackgroundJob,
    Event,
    read_answered,
    read_background_job,
    read_hangup,
)
from engine.esl.replies import LinkBusy, LinkDown, Reply
from engine.services.messages.speech import length_of
from engine.states import Disposition, RecipientState
from engine.store.settles import Answer, Settle
from engine.store.writer import Channel, Writer

REFUSED_BY_SWITCH = "DESTINATION_OUT_OF_ORDER"  # it is at its sessions-per-second or max-sessions limit
CUT_IN_A_ROW = 3  # a campaign is paused after so many recordings that a full disk cut

log = logging.getLogger(__name__)


class CallEventHandler:
    """Follows the calls of this engine to their ends."""

    def __init__(
        self,
        lanes: Lanes,
        calls: CallTable,
        writer: Writer,
        settles: Channel[Settle],
        answers: Channel[Answer],
        clock: Callable[[], tuple[int, float]],
        job_grace_s: float,
        reaper_grace_s: float,
        heard_tolerance_ms: int,
        pausing: Pausing,
    ) -> None:
        self.lanes = lanes
        self.calls = calls
        self.writer = writer
        self.settles = settles
        self.answers = answers
        self.clock = clock  # (wall ms, monotonic s)
        self.job_grace_s = job_grace_s
        self.reaper_grace_s = reaper_grace_s
        self.heard_tolerance_ms = heard_tolerance_ms
        self.pausing = pausing
        self.ended = 0  # settles handed over since the start

    # -- what the switch says -----------------------------------------------------------

    def on_event(self, event: Event) -> None:
        """Handle an event of a subscription; ignore unknown ones."""
        name = event.name
        if name == "CHANNEL_HANGUP_COMPLETE":
            end = read_hangup(event)
            if end is not None:
                self._note_report(end, to_int(event.get("Event-Date-Timestamp")))
                self.on_hangup(end)
        elif name == "CHANNEL_ANSWER":
            answered = read_answered(event)
            if answered is not None:
                self.on_answer(answered.uuid, answered.at_ms)
        elif name == "BACKGROUND_JOB":
            job = read_background_job(event)
            if job is not None:
                self.on_job(job)

    def _note_report(self, end: CallEnd, reported_us: int | None) -> None:
        """Tell the switch's lane how late a call of ours was reported, by the switch's own clock."""
        call = self.calls.get(end.uuid)
        if call is not None and reported_us and end.ended_at is not None:
            late_ms = reported_us // 1000 - end.ended_at
            switch = self.lanes.switches[call.switch_id]
            if switch.reports.heard(late_ms, self.clock()[1]):
                log.error("action=reports_late switch=%s late_ms=%d", switch.name, late_ms)

    def on_answer(self, uuid: str, at_ms: int | None) -> None:
        call = self.calls.get(uuid)
        if call is None or call.answered_at is not None:  # not (or no longer) ours, or known
            return
        wall, now_m = self.clock()
        call.answered_at = at_ms or wall
        self.lanes.gateways[call.gateway_id].rings(call, now_m)
        self.calls.watch(call, now_m + call.run.rules.max_length_s + self.reaper_grace_s)
        self.writer.add(self.answers, Answer(call.attempt_id, call.recipient_id, call.answered_at))

    def on_hangup(self, end: CallEnd) -> None:
        call = self.calls.get(end.uuid)
        if call is not None:  # else it is not (or no longer) ours
            self.settle_hangup(call, end, "event")

    def on_job(self, job: BackgroundJob) -> None:
        """Handle the originate's own answer.  A success says nothing new; a failure may be all that comes.

        The hang-up event knows more (SIP status) and may come before or after, so a failure waits for it a little.
        """
        call = self.calls.get(job.job_uuid)
        if call is None or job.ok:
            return
        call.job_cause = job.cause or "NONE"
        self.calls.watch(call, self.clock()[1] + self.job_grace_s)

    def on_refused(self, call: Call, outcome: object) -> None:
        """Handle an originate that the switch refused, or did not answer in time.

        Only calls that certainly never reached the switch go back at once; for the rest the switch is asked.
        """
        if self.calls.get(call.uuid) is not call:
            return
        if isinstance(outcome, Reply):  # the switch itself said no
            end = CallEnd(call.uuid, REFUSED_BY_SWITCH)
            self._settle(call, end, judge_job(REFUSED_BY_SWITCH), "reply")
        elif isinstance(outcome, LinkBusy) or (isinstance(outcome, LinkDown) and not outcome.maybe_sent):
            self.settle_unsent(call, "engine")
        else:
            self.calls.watch(call, self.clock()[1])

    def on_unsendable(self, call: Call, _error: str) -> None:
        """Handle a call that can never be sent, because of an error of our own."""
        end = CallEnd(call.uuid, "INVALID_NUMBER_FORMAT")
        self._settle(call, end, Verdict(Disposition.FAILED, Fault.NUMBER), "engine")

    # -- ends ---------------------------------------------------------------------------

    def settle_hangup(self, call: Call, end: CallEnd, settled_by: str) -> None:
        """End `call` as the switch's hang-up event describes it."""
        if end.answered_at is None and call.answered_at is not None:
            end = replace(end, answered_at=call.answered_at)
        end = named(end)
        lane = self.lanes.gateways[call.gateway_id]
        found = judge(end, lane.routes.is_doubtful(keys_of(call.run.id, call.digits)))
        if end.redirected_to:
            log.warning(
                "action=redirect_not_followed attempt=%d sip=%s to=%s",
                call.attempt_id, end.sip_status, end.redirected_to,
            )  # fmt: skip
        if call.is_doubtful and end.closed_by == SENT_CANCEL and not found.has_rung:
            self.settle_lost(call, settled_by)  # its phone may have rung while the switch stood still
            return
        if found.fault is Fault.OURS and end.fault:
            self.pausing.prompt_missing(call)
        elif call.run.rules.record_s:
            self._look_at_recording(call, end)
        length_ms = (length_of(call.prompt) if call.prompt else None) or call.run.rules.message_ms
        delivered = found.fault is Fault.NONE and is_delivered(
            end, length_ms, call.run.rules.share, self.heard_tolerance_ms
        )
        self._settle(call, end, found, settled_by, delivered)

    def _look_at_recording(self, call: Call, end: CallEnd) -> None:
        """Log a recording that a full disk cut short; after several in a row, pause the campaign."""
        if end.fault == RECORD_CUT:
            call.run.cut_recordings += 1
            log.error(
                "action=recording_cut attempt=%d switch=%s record_ms=%d in_a_row=%d",
                call.attempt_id, self.lanes.switches[call.switch_id].name, end.record_ms, call.run.cut_recordings,
            )  # fmt: skip
            if call.run.cut_recordings >= CUT_IN_A_ROW:
                self.pausing.recordings_cut(call)
        elif end.record_ms:
            call.run.cut_recordings = 0

    def settle_job(self, call: Call) -> None:
        """End a call when only the failure of its background job is known."""
        cause = call.job_cause or "NONE"
        end = CallEnd(call.uuid, cause, answered_at=call.answered_at)
        self._settle(call, end, judge(end) if call.answered_at else judge_job(cause), "job")

    def settle_lost(self, call: Call, settled_by: str) -> None:
        """End a call that was lost with its switch, so that nobody knows whether it rang or how much was heard.

        The campaign's policy decides what follows.  Answered calls stay `answered`.
        """
        wall, _ = self.clock()
        following = after_unknown(call.tries, call.run.rules.policy, wall)
        if call.answered_at is None:
            self._finish(call, CallEnd(call.uuid), LOST, following, settled_by)
        else:
            end = CallEnd(call.uuid, "SYSTEM_SHUTDOWN", answered_at=call.answered_at)
            self._finish(call, end, Verdict(Disposition.ANSWERED, Fault.NONE), following, settled_by)

    def settle_unsent(self, call: Call, settled_by: str) -> None:
        """End an attempt that never reached its switch: the recipient is due again at once."""
        wall, _ = self.clock()
        following = Next(RecipientState.PENDING, wall, spent_try=False)
        found = Verdict(Disposition.CANCELLED, Fault.OURS)
        self._finish(call, CallEnd(call.uuid), found, following, settled_by)

    def _settle(
        self, call: Call, end: CallEnd, found: Verdict, settled_by: str, delivered: bool = False
    ) -> None:
        """End `call`: decide what follows and hand the settle to the writer."""
        wall, now_m = self.clock()
        lane = self.lanes.gateways[call.gateway_id]
        fails_for_all = lane.health.is_failing or end.is_unresolved  # without an address nobody was called
        ways = Ways(len(self.lanes.carrying(call)), fails_for_all, call.first_fault_at)
        following = after(
            found,
            delivered,
            call.tries,
            call.uncounted_tries,
            call.run.rules.policy,
            wall,
            random.random(),
            ways,
        )
        if end.cause == REFUSED_BY_SWITCH and found.fault is Fault.OURS:
            self.lanes.switches[call.switch_id].refused_m = now_m
        if found.fault is not Fault.OURS:
            lane.ended(call, end, judge(end), now_m)
        self._finish(call, end, found, following, settled_by)

    def _finish(self, call: Call, end: CallEnd, found: Verdict, following: Next, settled_by: str) -> None:
        if self.calls.remove(call.uuid) is None:
            return
        self.lanes.give_seat(call)
        self.ended += 1
        if end.ended_at is None:
            end = replace(end, ended_at=self.clock()[0])
        self.writer.add(
            self.settles,
            Settle(
                attempt_id=call.attempt_id,
                recipient_id=call.recipient_id,
                campaign_id=call.run.id,
                end=end,
                disposition=found.disposition,
                spent_try=following.spent_try,
                free_try=following.free_try,
                settled_by=settled_by,
                next_state=following.state,
                next_at=following.next_at,
                avoid_gateway_id=call.gateway_id if following.avoid_gateway else 0,
            ),
        )
        if not len(self.calls):
            self.writer.hurry()  # perhaps the last of a campaign, whose end is waited for
        if log.isEnabledFor(logging.DEBUG):
            log.debug(
                "action=settled attempt=%d campaign=%d disposition=%s cause=%s sip=%s rang=%s heard_ms=%d by=%s next=%s",
                call.attempt_id,
                call.run.id,
                found.disposition,
                end.cause,
                end.sip_status,
                found.has_rung,
                end.heard_ms,
                settled_by,
                following.state,
            )
