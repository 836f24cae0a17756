"""Sending: lets committed calls out, one tick after another, as the limits permit.

One sender a switch: a switch that takes nothing more must not hold up the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Sequence
from typing import Protocol

from engine.dialing.calls import Call, CallTable
from engine.dialing.lanes import GatewayLane, Lanes
from engine.errors import SwitchUnavailable
from engine.esl.checks import BadCommand
from engine.esl.replies import Reply
from engine.wake import to_beat

log = logging.getLogger(__name__)

TICK_S = 0.01
IDLE_S = 2.0  # looks again although nobody said that a call waits
MAX_TICK = 200
# A switch that has not answered for so long (stopped, or over its head) is sent nothing more: what piles up
# before it would be carried out all at once when it wakes, above its rate, and hold all channels until then.
PATIENCE_S = 1.0
# One that stood still for so long (suspended, paused with its machine) may find on waking that a ring time-out has run out,
# before it reads that the phone rang meanwhile: it then says that nothing came back.
STOOD_STILL_S = 3.0
ANSWER_S = 10.0  # what the switch is given to say that it took the command


class Poster(Protocol):
    """The part of a link that a sender needs."""

    def post(
        self,
        frames: Sequence[bytes],
        on_reply: Callable[[int, object], None] | None = None,
        timeout_s: float | None = None,
    ) -> None: ...

    def waiting_s(self, now_s: float) -> float: ...


class Sender:
    """Hands the ready calls of one switch over."""

    def __init__(
        self,
        switch_id: int,
        lanes: Lanes,
        calls: CallTable,
        on_sent: Callable[[list[Call]], None],
        on_refused: Callable[[Call, object], None],
        on_unsendable: Callable[[Call, str], None],
        kept: Callable[[str], Container[str]] = lambda prompt: (),
    ) -> None:
        self.switch_id = switch_id
        self.lanes = lanes
        self.calls = calls
        self.on_sent = on_sent
        self.on_refused = on_refused
        self.on_unsendable = on_unsendable
        self.kept = kept  # codecs besides PCMA and PCMU that a prompt is kept in
        self._turn = 0
        self._doubts_m = 0.0

    def step(self, link: Poster, now_m: float) -> int:
        """One tick: how many calls left.  Permits are taken before the words are said.

        A call whose rules no longer hold (window closed, campaign paused) has been taken
        out of its trunk already, or is skipped here and stays for whoever clears the trunk.
        """
        waited_s = link.waiting_s(now_m)
        if waited_s > PATIENCE_S:
            if waited_s > STOOD_STILL_S and now_m >= self._doubts_m:
                self._doubts_m = now_m + STOOD_STILL_S
                for silent in self.calls.ringing_unknown(self.switch_id):
                    silent.is_doubtful = True
            return 0
        batch: list[Call] = []
        frames: list[bytes] = []
        trunks = [
            t
            for t in self.lanes.trunks.values()
            if t.switch.id == self.switch_id and t.ready and not t.is_shut and now_m < t.switch.until_m
        ]
        if not trunks:
            return 0
        self._turn += 1
        first = self._turn % len(trunks)
        for trunk in trunks[first:] + trunks[:first]:
            switch, gateway = trunk.switch, trunk.gateway
            permits = min(trunk.permits(now_m), MAX_TICK)
            while permits > 0:
                call = trunk.pop(now_m)
                if call is None:
                    break
                frame = self._frame(call, gateway)
                if frame is None:
                    continue
                gateway.limiter.take(now_m)
                switch.limiter.take(now_m)
                for limiter in call.run.limiters:
                    limiter.take(now_m)
                call.run.sent.append(now_m)
                call.is_sent = True
                call.sent_m = now_m
                batch.append(call)
                frames.append(frame)
                permits -= 1
        if not batch:
            return 0
        self.on_sent(batch)
        try:
            link.post(frames, self._reply_handler(batch), ANSWER_S)
        except SwitchUnavailable as error:
            # Nothing was sent (the link promises that), so these may go out again.
            for call in batch:
                self.on_refused(call, error)
            return 0
        return len(batch)

    def next_in(self, now_m: float) -> float:
        """Seconds until calls may leave: at least a tick, and at most about `IDLE_S`, also when nothing waits.

        Who is held up by a rate leaves with the next ones that wait, as far as the rate lets them go together.
        """
        waits = [
            trunk.next_in(now_m)
            for trunk in self.lanes.trunks.values()
            if trunk.switch.id == self.switch_id and trunk.ready
        ]
        return min(IDLE_S, max(TICK_S, min(waits))) if waits else to_beat(IDLE_S)

    def _frame(self, call: Call, gateway: GatewayLane) -> bytes | None:
        try:
            template = call.run.template(
                gateway.id,
                gateway.name,
                gateway.ptime_ms,
                gateway.caller_id,
                call.prompt,
                gateway.keys == "voice",
                gateway.codecs,
                self.kept,
            )
            return template.render(call.uuid, call.attempt_id, gateway.dialled(call.digits))
        except BadCommand as error:
            log.error("action=originate_refused attempt=%d error=%r", call.attempt_id, str(error))
            call.run.waiting -= 1
            self.on_unsendable(call, str(error))
            return None

    def _reply_handler(self, batch: list[Call]) -> Callable[[int, object], None]:
        def on_reply(index: int, outcome: object) -> None:
            if isinstance(outcome, Reply) and outcome.is_ok:
                return
            self.on_refused(batch[index], outcome)

        return on_reply
