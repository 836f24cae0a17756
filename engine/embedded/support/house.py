"""The support line of one embedded switch: its channels, their timers, and which of them are joined."""

from __future__ import annotations

import heapq
import logging
import time
import uuid as uuids
from collections.abc import Callable
from functools import partial
from inspect import GEN_CREATED, getgeneratorstate
from typing import TYPE_CHECKING

from engine.embedded.broadcast import broadcast
from engine.embedded.dialstring import parse_leg
from engine.embedded.event_templates import Header
from engine.embedded.recording import write_recording
from engine.embedded.records import Rung
from engine.embedded.support import applications, far_end
from engine.embedded.support.book import Book
from engine.embedded.support.callcenter import CallCenter
from engine.embedded.support.channels import Channel, HungUp, Task, Transferred
from engine.embedded.support.persons import APART_MS, KEY_MS, Caller, Telephone
from engine.embedded.support.plan import Plan

if TYPE_CHECKING:
    from engine.embedded.switch import Switch

log = logging.getLogger(__name__)

CONTEXT = "avanak_support"
CALL_BACK, PRESSED = "call-back", "pressed"  # in the far-end log, instead of a campaign
_TIMEOUT_S = 60
Done = Callable[[str, Channel | None], None]


class SupportHouse:
    """The support line; a switch with a support number has one."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        options = switch.options
        self.speed = options.speed
        self.prompts = switch.prompts
        self.globals = {
            "avanak_prompts_dir": str(options.prompts or "/var/lib/avanak/prompts"),
            "avanak_recordings_dir": str(options.recordings or "/var/lib/avanak/recordings"),
        }
        self.plan = Plan.read(options.dialplan / "support", self.globals)
        self.book = Book(options.book)
        self.center = CallCenter(self)
        self.channels: dict[str, Channel] = {}
        self.telephones: dict[str, Telephone] = {}
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._timer_number = 0

    # -- time -------------------------------------------------------------------------------

    def quick(self, ms: float) -> float:
        """Seconds for `ms` of people and sounds, at the speed of this switch."""
        return ms / self.speed

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        self._timer_number += 1
        heapq.heappush(self._timers, (time.monotonic() + seconds, self._timer_number, what))

    def dues(self) -> list[float]:
        """The time of the monotonic clock when the next action is due, as a list; empty: none."""
        return [self._timers[0][0]] if self._timers else []

    def run_timers(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2]()

    # -- events -----------------------------------------------------------------------------

    def fire(self, event: str, headers: list[Header], subclass: str = "") -> None:
        """Send an event to its subscribers."""
        switch = self._switch
        broadcast(switch.rendering, switch.events.subscribers.get(event, ()), event, headers, subclass)

    def custom(self, subclass: str, headers: list[Header]) -> None:
        self.fire("CUSTOM", [("Event-Subclass", subclass), *headers], subclass)

    # -- a channel ----------------------------------------------------------------------------

    def ring(self, number: str, words: list[str]) -> Channel:
        """Let somebody ring the support line; `words` describe the caller (`Caller.parse`)."""
        person = Caller.parse(words)
        channel = Channel(str(uuids.uuid4()), number, "support_in", is_inbound=True)
        channel.person = person
        channel.talk_s = person.talk_s
        self.begin(channel, applications.run(self, channel, "support_in"))
        self.after(person.patience_s / self.speed, lambda: self._loses_patience(channel))
        return channel

    def _loses_patience(self, channel: Channel) -> None:
        if channel.peer is None:
            self.end(channel, "NORMAL_CLEARING")

    def begin(self, channel: Channel, task: Task) -> None:
        self.channels[channel.uuid] = channel
        self.fire("CHANNEL_CREATE", channel.headers())
        channel.task = task
        self.resume(channel, "")

    def resume(self, channel: Channel, why: str) -> None:
        """Resume the channel's task with the event `why`; a task that has not begun is started."""
        while not channel.ended_us and channel.task is not None:
            try:
                begins = getgeneratorstate(channel.task) == GEN_CREATED
                wait = next(channel.task) if begins else channel.task.send(why)
            except Transferred as to:
                channel.task, why = applications.run(self, channel, str(to)), ""
                continue
            except HungUp as over:
                self.end(channel, str(over))
                return
            except StopIteration:
                self.end(channel, "NORMAL_CLEARING")
                return
            channel.wait += 1
            if wait is not None:
                self.after(wait / 1000, partial(self._timed, channel, channel.wait))
            return

    def _timed(self, channel: Channel, number: int) -> None:
        if channel.wait == number:
            self.resume(channel, "time")

    def soon(self, channel: Channel, why: str) -> None:
        """Resume a channel at the next turn of the loop."""
        self.after(0, lambda: self.resume(channel, why))

    def go(self, channel: Channel, extension: str) -> None:
        """Transfer a channel to an extension; its task and its talk end."""
        self._part(channel)
        if channel.task is not None:
            channel.task.close()
        channel.task = applications.run(self, channel, extension)
        self.soon(channel, "")

    def answered(self, channel: Channel) -> None:
        if not channel.answered_us:
            channel.answered_us = time.time_ns() // 1000
            self.fire("CHANNEL_ANSWER", channel.headers())

    def heard(self, channel: Channel, path: str) -> None:
        """The person hears a prompt and may press keys."""
        keys = channel.person.hears(path)
        if keys:
            self.after(self.quick(KEY_MS) / 1000, lambda: self.press(channel, keys))

    def press(self, channel: Channel, keys: str) -> None:
        """Press keys one after the other."""
        if keys and not channel.ended_us:
            self.fire("DTMF", [*channel.headers(), ("DTMF-Digit", keys[0])])
            channel.keys.append(keys[0])
            self.resume(channel, "key")
            self.after(self.quick(APART_MS) / 1000, lambda: self.press(channel, keys[1:]))

    def end(self, channel: Channel, cause: str) -> None:
        """Hang up, from either side."""
        if channel.ended_us:
            return
        channel.ended_us, channel.cause = time.time_ns() // 1000, cause
        self.channels.pop(channel.uuid, None)
        self.fire("CHANNEL_HANGUP", channel.end_headers())
        self.fire("CHANNEL_HANGUP_COMPLETE", channel.end_headers())
        if channel.recording is not None:
            path, since_us = channel.recording
            write_recording(path, int((channel.ended_us - since_us) / 1000 * self.speed))
        self._part(channel)
        if channel.task is not None:
            channel.task.close()
        self.report(channel, cause)

    def end_soon(self, channel: Channel, cause: str) -> None:
        """As `end`, but at the next turn of the loop, for callers that run inside a task."""
        self.after(0, lambda: self.end(channel, cause))

    def end_all(self, cause: str) -> None:
        """Hang up all channels."""
        for channel in list(self.channels.values()):
            self.end(channel, cause)

    def _part(self, channel: Channel) -> None:
        peer, channel.peer = channel.peer, None
        if peer is not None:
            peer.peer = None
            self.soon(peer, "peer")

    # -- two of them ---------------------------------------------------------------------------

    def dial(self, text: str, more: dict[str, str], caller: str, done: Done) -> Channel | None:
        """Ring a telephone, ``{variables}user/EXTENSION@…`` or ``{…}sofia/gateway/NAME/NUMBER``.

        `done` is called with SUCCESS and the channel when it is answered (and confirmed), or with the cause of the
        failure; never before this function returns.
        """
        variables, endpoint = parse_leg(text)
        timeout_ms = 1000 * int(variables.get("originate_timeout") or _TIMEOUT_S)
        kind, _, rest = endpoint.partition("/")
        number = rest.partition("@")[0] if kind == "user" else rest.rpartition("/")[2]
        leg = Channel(
            variables.get("origination_uuid") or str(uuids.uuid4()), number, number, is_inbound=False
        )
        leg.variables |= {**more, **variables, "caller_id_number": caller}
        leg.done = done
        if leg.uuid in self.channels:
            self.report(leg, "DESTINATION_OUT_OF_ORDER")
            return None
        if kind == "user":
            phone = self.telephones.setdefault(number, Telephone())
            if phone.does == "away":
                self.report(leg, "USER_NOT_REGISTERED")
                return None
            self.begin(leg, far_end.telephone(self, leg, phone, timeout_ms))
            return leg
        leg.gateway = rest.split("/")[1]
        gateway = self._switch.gateways.get(leg.gateway)
        if gateway is None or not gateway.up:
            self.report(leg, "INVALID_GATEWAY" if gateway is None else "GATEWAY_DOWN")
            return None
        fate = gateway.decide(number, self._switch.people.fate(number, gateway.answer_rate))
        self.begin(leg, far_end.callee(self, leg, fate, timeout_ms))
        return leg

    def report(self, leg: Channel, cause: str) -> None:
        """Report the result to whoever rang the channel, once."""
        done, leg.done = leg.done, None
        if done is not None:
            self.after(0, lambda: self._tell(done, leg, cause))

    @staticmethod
    def _tell(done: Done, leg: Channel, cause: str) -> None:
        if cause == "SUCCESS" and not leg.ended_us:
            done(cause, leg)
        else:
            done(leg.cause or cause, None)

    def join(self, first: Channel, second: Channel) -> None:
        """Connect two channels: run what the first one's dialplan does before a bridge, and write the far-end log."""
        if first.ended_us:
            self.end_soon(second, "ORIGINATOR_CANCEL")
            return
        words = first.variables.get("execute_on_pre_bridge")
        if words:
            applications.at_once(self, first, words)
        if second.variables.get("group_confirm_key"):
            self._note(second, PRESSED)
        first.peer, second.peer = second, first
        for one, other in ((first, second), (second, first)):
            if one.talk_s:
                self.after(one.talk_s / self.speed, partial(self._has_talked, one, other))

    def _has_talked(self, one: Channel, other: Channel) -> None:
        if one.peer is other:
            self.end(one, "NORMAL_CLEARING")

    def originate(self, argument: str, done: Callable[[str], None]) -> None:
        """``originate {…}ENDPOINT EXTENSION XML avanak_support``: the dialplan runs after the answer."""
        leg_words, extension, _, _ = argument.rsplit(" ", 3)

        def told(cause: str, leg: Channel | None) -> None:
            if leg is None:
                done(f"-ERR {cause}\n")
                return
            done(f"+OK {leg.uuid}\n")
            self.go(leg, extension)

        self.dial(leg_words, {}, "", told)

    # -- the far end's log ---------------------------------------------------------------------

    def rang(self, leg: Channel) -> None:
        """Write to the far-end log that a telephone behind a gateway rings."""
        self._note(leg, CALL_BACK)

    def _note(self, leg: Channel, what: str) -> None:
        now_ms = time.time_ns() // 1_000_000
        core = self._switch.core_uuid
        self._switch.rung_log.add(Rung(now_ms, leg.uuid, "", what, leg.number, leg.gateway, core).line())
