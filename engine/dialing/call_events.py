"""The desk: what the switch says about calls becomes answers and settles.

Handlers only record and enqueue: they never wait for database or socket.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable

from engine.dialing.calls import Call, CallTable
from engine.dialing.causes import Fault, Verdict, is_delivered, verdict
from engine.dialing.lanes import Lanes
from engine.dialing.retry import LOST, Next, after, after_cut_off, after_unknown
from engine.esl.events import (
    BackgroundJob,
    Event,
    HangupComplete,
    read_answered,
    read_background_job,
    read_hangup,
)
from engine.esl.replies import LinkBusy, LinkDown
from engine.services.messages.speech import length_of
from engine.states import Disposition, RecipientState
from engine.store.settles import Answer, Settle
from engine.store.writer import Channel, Writer

log = logging.getLogger(__name__)


class Desk:
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
        on_prompt_missing: Callable[[Call], None],
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
        self.on_prompt_missing = on_prompt_missing
        self.ended = 0  # settles handed over since the start
        self.strangers = 0  # events of calls that are not (or no longer) ours

    # -- what the switch says -----------------------------------------------------------

    def on_event(self, event: Event) -> None:
        """Any event of a subscription; unknown ones are none of the desk's business."""
        name = event.name
        if name == "CHANNEL_HANGUP_COMPLETE":
            hangup = read_hangup(event)
            if hangup is not None:
                self.on_hangup(hangup)
        elif name == "CHANNEL_ANSWER":
            answered = read_answered(event)
            if answered is not None:
                self.on_answer(answered.uuid, answered.at_ms)
        elif name == "BACKGROUND_JOB":
            job = read_background_job(event)
            if job is not None:
                self.on_job(job)

    def on_answer(self, uuid: str, at_ms: int | None) -> None:
        call = self.calls.get(uuid)
        if call is None:
            self.strangers += 1
            return
        if call.answered_at is not None:
            return
        wall, now_m = self.clock()
        call.answered_at = at_ms or wall
        self.calls.watch(call, now_m + call.run.max_length_s + self.reaper_grace_s)
        self.writer.add(self.answers, Answer(call.attempt_id, call.recipient_id, call.answered_at))

    def on_hangup(self, hangup: HangupComplete) -> None:
        call = self.calls.get(hangup.uuid)
        if call is None:
            self.strangers += 1
            return
        self.settle_hangup(call, hangup, "event")

    def on_job(self, job: BackgroundJob) -> None:
        """The originate's own answer: a success says nothing new, a failure may be all that comes.

        The hang-up event knows more (SIP status), and may come before or after; it is
        waited for a little.
        """
        call = self.calls.get(job.job_uuid)
        if call is None or job.ok:
            return
        call.job_cause = job.cause or "NONE"
        self.calls.watch(call, self.clock()[1] + self.job_grace_s)

    def on_refused(self, call: Call, outcome: object) -> None:
        """The switch did not take the originate, or did not say so in time.

        Only what surely never reached it goes back at once; of the rest the switch is asked.
        """
        if self.calls.get(call.uuid) is not call:
            return
        if hasattr(outcome, "is_ok"):  # the switch itself said no
            cause = "DESTINATION_OUT_OF_ORDER"
            self.settle(call, verdict(cause, None, False), cause, "reply")
        elif isinstance(outcome, LinkBusy) or (isinstance(outcome, LinkDown) and not outcome.maybe_sent):
            self.settle_unsent(call, "engine")
        else:
            self.calls.watch(call, self.clock()[1])

    def on_unsendable(self, call: Call, _error: str) -> None:
        """Nothing was sent, and sending again would fail again: a fault of our own making."""
        self.settle(call, Verdict(Disposition.FAILED, Fault.NUMBER), "INVALID_NUMBER_FORMAT", "engine")

    # -- ends ---------------------------------------------------------------------------

    def settle_hangup(self, call: Call, hangup: HangupComplete, settled_by: str) -> None:
        """End `call` by the switch's own account of it."""
        answered_at = hangup.answered_at or call.answered_at
        cause = hangup.cause or "NONE"
        found = verdict(cause, hangup.sip_status, answered_at is not None)
        if hangup.fault == "prompt_missing":
            found = Verdict(Disposition.FAILED, Fault.OURS)
            self.on_prompt_missing(call)
        key = hangup.vote or ("11" if hangup.opted_out else "")
        delivered = found.fault is Fault.NONE and is_delivered(
            hangup.heard_ms,
            (length_of(call.prompt) if call.prompt else None) or call.run.message_ms,
            call.run.share,
            self.heard_tolerance_ms,
            hangup.finished,
            key,
        )
        self.settle(
            call,
            found,
            cause,
            settled_by,
            delivered=delivered,
            answered_at=answered_at,
            ended_at=hangup.hangup_at,
            sip_status=hangup.sip_status,
            heard_ms=hangup.heard_ms,
            vote=hangup.vote or "",
            opted_out=hangup.opted_out,
            record_ms=hangup.record_ms,
        )

    def settle_job(self, call: Call) -> None:
        """End a call that only its background job's failure is known of."""
        cause = call.job_cause or "NONE"
        self.settle(call, verdict(cause, None, call.answered_at is not None), cause, "job")

    def settle_lost(self, call: Call, settled_by: str) -> None:
        """End a call that its switch took along: how much was heard, or whether it rang, nobody can say.

        The campaign's policy decides; answered ones stay `answered` in the books.
        """
        if call.answered_at is None:
            self.settle_unknown(call, settled_by)
            return
        wall, _ = self.clock()
        self._finish(
            call,
            Verdict(Disposition.ANSWERED, Fault.NONE),
            after_cut_off(call.tries, call.run.policy, wall),
            "SYSTEM_SHUTDOWN",
            settled_by,
            ended_at=wall,
            answered_at=call.answered_at,
        )

    def settle_unknown(self, call: Call, settled_by: str) -> None:
        """End a call of which nobody can say what became of it; the campaign's policy decides."""
        wall, _ = self.clock()
        self._finish(
            call,
            LOST,
            after_unknown(call.free_tries, call.run.policy, wall),
            "",
            settled_by,
            ended_at=wall,
            answered_at=call.answered_at,
        )

    def settle_unsent(self, call: Call, settled_by: str) -> None:
        """End an attempt that never reached its switch: the recipient is due again at once."""
        wall, _ = self.clock()
        following = Next(RecipientState.PENDING, wall, spent_try=False)
        self._finish(
            call, Verdict(Disposition.CANCELLED, Fault.OURS), following, "", settled_by, ended_at=wall
        )

    def settle(
        self,
        call: Call,
        found: Verdict,
        cause: str,
        settled_by: str,
        *,
        delivered: bool = False,
        answered_at: int | None = None,
        ended_at: int | None = None,
        sip_status: int | None = None,
        heard_ms: int = 0,
        vote: str = "",
        opted_out: bool = False,
        record_ms: int = 0,
    ) -> None:
        """End `call`: decide what follows and hand the settle to the writer."""
        wall, now_m = self.clock()
        health = self.lanes.gateways[call.gateway_id].health
        following = after(
            found,
            delivered,
            call.tries,
            call.free_tries,
            call.run.policy,
            wall,
            random.random(),
            health.is_failing,
        )
        if found.fault is not Fault.OURS:
            health.note(found.fault is Fault.CARRIER, now_m, call.sent_m)
        self._finish(
            call,
            found,
            following,
            cause,
            settled_by,
            ended_at=ended_at or wall,
            answered_at=answered_at,
            sip_status=sip_status,
            heard_ms=heard_ms,
            vote=vote,
            opted_out=opted_out,
            record_ms=record_ms,
        )

    def _finish(
        self,
        call: Call,
        found: Verdict,
        following: Next,
        cause: str,
        settled_by: str,
        *,
        ended_at: int,
        answered_at: int | None = None,
        sip_status: int | None = None,
        heard_ms: int = 0,
        vote: str = "",
        opted_out: bool = False,
        record_ms: int = 0,
    ) -> None:
        if self.calls.remove(call.uuid) is None:
            return
        self.lanes.give_seat(call)
        self.ended += 1
        self.writer.add(
            self.settles,
            Settle(
                attempt_id=call.attempt_id,
                recipient_id=call.recipient_id,
                campaign_id=call.run.id,
                ended_at=ended_at,
                answered_at=answered_at,
                disposition=found.disposition,
                hangup_cause=cause[:40],
                sip_status=sip_status,
                heard_ms=heard_ms,
                vote=vote[:4],
                opted_out=opted_out,
                spent_try=following.spent_try,
                free_try=following.free_try,
                settled_by=settled_by,
                next_state=following.state,
                next_at=following.next_at,
                avoid_gateway_id=call.gateway_id if following.avoid_gateway else 0,
                record_ms=record_ms,
            ),
        )
        if log.isEnabledFor(logging.DEBUG):
            log.debug(
                "action=settled attempt=%d campaign=%d disposition=%s cause=%s sip=%s heard_ms=%d by=%s next=%s",
                call.attempt_id,
                call.run.id,
                found.disposition,
                cause,
                sip_status,
                heard_ms,
                settled_by,
                following.state,
            )
