"""The embedded switch itself: calls, timers, limits, and the events that they cause.

Single-threaded: ``server`` calls it with commands and with the time.  All output goes to the queues of listeners and to
the two logs, which ``server`` writes at the end of each turn of its loop.
"""

from __future__ import annotations

import heapq
import logging
import random
import time
import uuid as uuid_module
from collections.abc import Callable, Iterable
from typing import ClassVar

from engine.embedded.calls import CAUSES, Call
from engine.embedded.carriers import fate_of
from engine.embedded.dialstring import PROBE, Refused, parse_originate
from engine.embedded.event_templates import BYE_RECEIVED, RINGING_DUMP, RUNNING_DUMP
from engine.embedded.gateways import Gateway
from engine.embedded.limits import Limits, up_time
from engine.embedded.options import EmbeddedOptions
from engine.embedded.people import REFUSALS, Habits, People
from engine.embedded.prompts import Prompts
from engine.embedded.publisher import Publisher
from engine.embedded.recording import write_recording
from engine.embedded.records import AppendFile, Rung, cdr_line
from engine.embedded.rendering import Rendering
from engine.embedded.support.house import CONTEXT, SupportHouse
from engine.embedded.talk import NO_ROUTE, TALK_MS, Step, names_a_message, plan_application, plan_message

log = logging.getLogger(__name__)

# Timers are rounded to a grid, so that one wake-up serves all calls that are due in it.  FreeSWITCH's grid is 20 ms.
GRID_S = 0.01


class Switch:
    """State of one embedded switch between its start and its end (one ``core_uuid``)."""

    def __init__(self, options: EmbeddedOptions) -> None:
        self.options = options
        self.core_uuid = str(uuid_module.uuid4())
        self.rendering = Rendering(self.core_uuid)
        self.events = Publisher(self.rendering)
        self.people = People(options.seed, Habits.parse(options.people))
        self.gateways = {one.name: one for one in map(Gateway.parse, options.gateways)}
        self.prompts = Prompts(options.prompts, int(options.message_seconds * 1000))
        self.rung_log = AppendFile(options.log)
        self.cdr = AppendFile(options.cdr)
        self.calls: dict[str, Call] = {}
        self.limits = Limits(options.sps, options.max_sessions, time.monotonic())
        self.is_paused = False  # fsctl pause
        self.idle_cpu = 98.7  # percent, as in HEARTBEAT
        self._timers: list[tuple[float, int, Call]] = []
        self._timer_number = 0
        self._chance = random.Random(options.seed)
        self.support = SupportHouse(self) if options.support_numbers else None

    def heartbeat(self) -> None:
        """HEARTBEAT, with the same figures as ``status``."""
        limits, alive, now = self.limits, self.sessions, time.monotonic()
        starts_five, alive_five = limits.five_minutes(alive, now)
        self.events.fire("HEARTBEAT", "heartbeat", None, {
            "up_time": up_time(now - limits.started), "uptime_ms": str(int((now - limits.started) * 1000)),
            "sessions": str(alive), "max_sessions": str(limits.max_sessions), "sps": str(limits.sps),
            "sps_last": str(limits.sps_now(alive, now)), "sps_peak": str(limits.sps_peak),
            "sps_five": str(starts_five), "since_startup": str(limits.since_startup),
            "peak": str(limits.peak_sessions), "peak_five": str(alive_five), "idle_cpu": f"{self.idle_cpu:f}",
        })  # fmt: skip

    # --- a call -----------------------------------------------------------------------------------

    def originate(self, argument: str, done: Callable[[str], None]) -> None:
        """``originate``; ``done`` gets the answer's text, at once or when the call is answered or over."""
        if PROBE in argument:
            self._answer_probe(done)
            return
        if self.support is not None and argument.endswith(f" XML {CONTEXT}"):
            self.support.originate(argument, done)
            return
        try:
            order = parse_originate(argument)
        except Refused as refused:
            done(f"{refused}\n")
            return
        uuid = order.variables.get("origination_uuid") or str(uuid_module.uuid4())
        alive = len(self.calls)
        if self.is_paused or uuid in self.calls or not self.limits.admit(alive, time.monotonic()):
            done("-ERR DESTINATION_OUT_OF_ORDER\n")
            return
        gateway = self.gateways.get(order.gateway)
        if gateway is None or not gateway.up:
            done("-ERR INVALID_GATEWAY\n" if gateway is None else "-ERR GATEWAY_DOWN\n")
            return
        session_id = self.limits.started_one(alive)
        gateway.calls_out += 1
        fate = fate_of(order.number) or self.people.fate(order.number, gateway.answer_rate)
        call = Call(
            uuid, session_id, order, gateway, gateway.decide(order.number, fate), self.options.speed,
            time.time_ns() // 1000, time.monotonic(), done,
        )  # fmt: skip
        is_full = bool(gateway.channels) and gateway.live >= gateway.channels
        if is_full or (gateway.congestion and self._chance.random() < gateway.congestion):
            call.refusal = REFUSALS[503]
        gateway.live += 1
        self.calls[uuid] = call
        self.events.fire("CHANNEL_CREATE", "create", call)
        if call.slow_ms:
            self._schedule(call, "reached", min(call.slow_ms, call.timeout_ms))
        else:
            self._reached(call, 0)

    def _answer_probe(self, done: Callable[[str], None]) -> None:
        """A probe call: the echo answers at once, if the switch accepts calls at all."""
        if self.limits.admit(len(self.calls), time.monotonic()):
            done(f"+OK {uuid_module.uuid4()}\n")
        else:
            done("-ERR DESTINATION_OUT_OF_ORDER\n")

    def _schedule(self, call: Call, what: str, at_ms: int) -> None:
        """Set the next action of a call; it replaces the one that was planned before."""
        call.next_what, call.next_ms = what, at_ms
        due = call.created_mono + at_ms / (1000 * call.speed)
        self._timer_number += 1
        call.pending = self._timer_number
        heapq.heappush(self._timers, (due, self._timer_number, call))

    def next_due(self) -> float | None:
        """The time of the monotonic clock, on the grid, when the next action is due; None without one."""
        timers = self._timers
        while timers and timers[0][2].pending != timers[0][1]:
            heapq.heappop(timers)
        dues = [(timers[0][0] // GRID_S + 1) * GRID_S] if timers else []
        return min([*dues, *(self.support.dues() if self.support is not None else ())], default=None)

    def run_timers(self, now: float) -> None:
        """Runs all actions that are due in their order; after a SIGSTOP these are all that were missed."""
        if self.support is not None:
            self.support.run_timers(now)
        timers = self._timers
        while timers and timers[0][0] <= now:
            _, number, call = heapq.heappop(timers)
            if call.pending == number:
                call.pending = -1
                self._ACTIONS[call.next_what](self, call, call.next_ms)

    def _reached(self, call: Call, at_ms: int) -> None:
        """The carrier has the INVITE: it rings, refuses, or says nothing until the time-out."""
        fate, refusal = call.fate, call.refusal
        if at_ms >= call.timeout_ms:
            self._timed_out(call, at_ms)
            return
        if not fate.is_silent and (refusal is None or (refusal.rings and refusal is fate.refusal)):
            if fate.early_media:
                call.early_ms = at_ms
                call.base_values()["early_us"] = str(call.us(at_ms))
            else:
                call.progress_ms = at_ms
                call.base_values()["progress_us"] = str(call.us(at_ms))
            self._log_rung(call)
            if fate.early_media:
                self.events.fire("CHANNEL_PROGRESS_MEDIA", "progress_media", call)
                if call.variables.get("ignore_early_media") != "true":
                    self._report(call, f"+OK {call.uuid}\n")
            else:
                self.events.fire("CHANNEL_PROGRESS", "progress", call)
        if refusal is not None:
            ring_ms = fate.ring_ms if refusal is fate.refusal else 100
            what, after = "refused", at_ms + ring_ms
        elif fate.answers:
            what, after = "answered", at_ms + fate.ring_ms
        else:
            what, after = "timed_out", call.timeout_ms
        if after > call.timeout_ms:
            what, after = "timed_out", call.timeout_ms
        self._schedule(call, what, after)

    def _log_rung(self, call: Call) -> None:
        variables = call.variables
        self.rung_log.add(
            Rung(
                time.time_ns() // 1_000_000, call.uuid, variables.get("avanak_attempt", ""),
                variables.get("avanak_campaign", ""), call.order.number, call.gateway.name, self.core_uuid,
            ).line()
        )  # fmt: skip

    @property
    def sessions(self) -> int:  # channels that are alive
        return len(self.calls) + (len(self.support.channels) if self.support is not None else 0)

    @staticmethod
    def _report(call: Call, text: str) -> None:
        """Answers the originate, once."""
        done, call.done = call.done, None
        if done is not None:
            done(text)

    def _refused(self, call: Call, at_ms: int) -> None:
        assert call.refusal is not None
        call.gateway.failed_out += 1
        kind = "refused" if call.has_rung else "silent"
        self._end(call, at_ms, call.refusal.cause, kind)

    def _timed_out(self, call: Call, at_ms: int) -> None:
        self._end(call, at_ms, "NO_ANSWER", _given_up(call))

    def _answered(self, call: Call, at_ms: int) -> None:
        call.answered_ms = at_ms
        call.base_values()["answered_us"] = str(call.us(at_ms))
        self.events.fire("CHANNEL_ANSWER", "answer" + _suffix(call), call)
        self._report(call, f"+OK {call.uuid}\n")
        order, prompts = call.order, self.prompts
        if call.is_message:
            path = prompts.path_of(order.variables.get("avanak_message", ""))
            length = prompts.length_ms(path) if names_a_message(order.variables) else None
            call.application_data, call.message_ms = path, length or 0
            call.steps = plan_message(order.variables, call.fate, path, length)
        else:
            application = order.application or NO_ROUTE
            call.steps = plan_application(application, order.data, call.fate, prompts.length_ms)
        self._schedule(call, "step", at_ms + call.steps[0].at_ms)

    def _step(self, call: Call, at_ms: int) -> None:
        """Runs every step of the plan that is due now, and schedules the next."""
        assert call.answered_ms is not None
        while True:
            step = call.steps[call.step_index]
            call.step_index += 1
            what = step.what
            if what == "play":
                call.playing, call.playing_since_ms = step.value, at_ms
                self.events.fire("PLAYBACK_START", "playback_start" + _suffix(call), call,
                          tail=[("Playback-File-Path", step.value)])  # fmt: skip
            elif what == "stop":
                is_message = call.is_message and call.playing == call.application_data
                played = self._stop_playing(call, at_ms)
                if is_message:
                    call.book_hearing(played)
            elif what == "missing":
                call.response = call.results["current_application_response"] = "FILE NOT FOUND"
            elif what == "key":
                call.digits += step.value
                self.events.fire("DTMF", "dtmf", call, {"digit": step.value})
            elif what == "set":
                name, _, value = step.value.partition("=")
                call.results[name] = value
            elif what == "record":
                self._record(call, int(step.value))
            else:
                self._executed(call, at_ms)
                if call.is_message and what == "end":
                    call.application, call.application_data = "hangup", step.value
                disposition = "recv_bye" if what == "bye" else "send_bye"
                self._end(call, at_ms, step.value or "NORMAL_CLEARING", "answered", disposition)
                return
            following = call.answered_ms + call.steps[call.step_index].at_ms
            if following > at_ms:
                self._schedule(call, "step", following)
                return

    def _record(self, call: Call, ms: int) -> None:
        """80_record: writes the callee's voice to UUID.wav; if that fails there is no recording."""
        if self.options.recordings is None:
            return
        path = self.options.recordings / f"{call.uuid}.wav"
        call.results["avanak_record_path"] = str(path)
        try:
            write_recording(path, ms)
        except OSError as error:
            log.error("action=not_recorded path=%s error=%s", path, error.strerror)
            return
        call.results["record_ms"] = str(ms)

    def _stop_playing(self, call: Call, at_ms: int) -> int:
        """Ends the present playback, if there is one; returns how many milliseconds were played."""
        path = call.playing
        if path is None:
            return 0
        played = call.stop_playing(at_ms)
        call.response = "FILE PLAYED"
        self.events.fire("PLAYBACK_STOP", "playback_stop" + _suffix(call), call,
                  tail=[("Playback-File-Path", path), ("Playback-Status", "done")])  # fmt: skip
        return played

    def _executed(self, call: Call, at_ms: int) -> None:
        """The application has ended: sets its result in the channel, then sends CHANNEL_EXECUTE_COMPLETE."""
        self._stop_playing(call, at_ms)
        response = "_none_"
        if call.application == "playback":
            response = call.results["current_application_response"] = call.response or "FILE PLAYED"
        if "CHANNEL_EXECUTE_COMPLETE" not in self.events.subscribers:
            self.rendering.sequence += 1
            return
        tail = [("Application", call.application), ("Application-Data", call.application_data),
                ("Application-Response", response), ("Application-UUID", str(uuid_module.uuid4()))]  # fmt: skip
        self.events.fire("CHANNEL_EXECUTE_COMPLETE", "executed" + _suffix(call), call, tail=tail)

    def _end(self, call: Call, at_ms: int, cause: str, kind: str, disposition: str = "send_bye") -> None:
        """The call has ended: CDR, CHANNEL_HANGUP, CHANNEL_HANGUP_COMPLETE, and the originate's answer."""
        call.pending = -1
        if kind != "answered":
            refusal = call.refusal if kind != _given_up(call) else None
            disposition = refusal.closed_by if refusal else "send_cancel"
        call.ended_ms, call.cause, call.disposition = at_ms, cause, disposition
        del self.calls[call.uuid]
        partner, call.partner = call.partner, None
        call.gateway.live -= 1
        call.base_values()["ended_us"] = str(call.us(at_ms))
        suffix = _suffix(call)
        self.cdr.add(cdr_line(call.record()))
        values = call.end_values()
        self.events.fire("CHANNEL_HANGUP", f"hangup_{kind}{suffix}", call, values)
        # As recorded: a time-out reports before the channel is gone, a refusal after.
        if disposition == "send_cancel":
            self._report(call, f"-ERR {cause}\n")
        tail = BYE_RECEIVED if disposition == "recv_bye" else []
        self.events.fire("CHANNEL_HANGUP_COMPLETE", f"complete_{kind}{suffix}", call, values, tail)
        self._report(call, f"-ERR {cause}\n")
        if partner is not None:  # hangup_after_bridge
            partner.partner = None
            self.hang_up(partner, "NORMAL_CLEARING")

    def bridge(self, first: Call, second: Call) -> None:
        """``uuid_bridge``: two waiting people talk until the first one hangs up."""
        for call, other in ((first, second), (second, first)):
            at_ms = max(call.moment(time.monotonic()), call.answered_ms or 0)
            self._executed(call, at_ms)
            call.partner = other
            call.results["bridge_uuid"] = other.uuid
            talk_ms = TALK_MS if call is first else 2 * TALK_MS
            call.steps, call.step_index = [Step(at_ms - (call.answered_ms or 0) + talk_ms, "bye")], 0
            self._schedule(call, "step", at_ms + talk_ms)

    def hang_up(self, call: Call, cause: str) -> None:
        """``uuid_kill`` and ``hupall``: ends a call from our side, now."""
        at_ms = max(call.moment(time.monotonic()), call.answered_ms or 0)
        cause = cause if cause in CAUSES else "NORMAL_CLEARING"
        if call.is_answered:
            self._executed(call, at_ms)
            self._end(call, at_ms, cause, "answered")
        else:
            self._end(call, at_ms, cause, _given_up(call))

    def hang_up_all(self, calls: Iterable[Call], cause: str) -> None:
        """Ends several calls in the order of their creation."""
        for call in list(calls):
            self.hang_up(call, cause)

    def dump(self, call: Call, as_json: bool) -> bytes:
        """``uuid_dump``: everything about a live channel."""
        template = ("dump" + _suffix(call)) if call.is_answered else "dump_ringing"
        extra = RUNNING_DUMP if call.is_answered else RINGING_DUMP
        self.rendering.sequence += 1
        values = self.rendering.event_values(time.time_ns() // 1000, call, extra)
        render = self.rendering.as_json if as_json else self.rendering.as_plain
        return render(template, values, call, [])

    _ACTIONS: ClassVar[dict[str, Callable[[Switch, Call, int], None]]] = {
        "reached": _reached,
        "refused": _refused,
        "timed_out": _timed_out,
        "answered": _answered,
        "step": _step,
    }


def _given_up(call: Call) -> str:
    """The template's name for a call that we cancelled."""
    return "cancelled" if call.has_rung else "unheard"


def _suffix(call: Call) -> str:
    """The suffix of the template's name: calls with early media have their headers in another order."""
    return "_early" if call.early_ms is not None else ""
