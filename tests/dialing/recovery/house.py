"""An engine taken apart: its dialer without its loops, on a real store, so that a test makes each step."""

from __future__ import annotations

from typing import Any

from engine.call_end import CallEnd
from engine.clock import monotonic_s, wall_ms
from engine.config import load_settings
from engine.dialing.calls import Call
from engine.dialing.dialer import Dialer
from engine.dialing.sender import Sender
from engine.esl.events import BackgroundJob
from engine.services.compliance.policy import Policy
from engine.store import threads
from engine.store.audit import audit_campaign
from engine.store.findings import Finding
from engine.store.tables.core import Attempt, Recipient
from engine.store.threads import read
from engine.store.writer import Writer
from tests.dialing.recovery.fake_switch import FakeSwitch

SWITCH = 1


class House:
    """One switch, and the lives of an engine one after the other."""

    def __init__(self, switch: FakeSwitch | None = None, **settings: Any) -> None:
        self.switch = switch or FakeSwitch()
        self.settings = load_settings(inbound_share=0.0, hours_service="", **settings)
        self.writer: Writer
        self.dialer: Dialer
        self.live()

    def live(self) -> None:
        """A new engine process, not connected."""
        self.writer = Writer()
        self.writer.start()
        threads.use_writer(self.writer)
        self.dialer = Dialer(self.settings, Policy.of_settings(self.settings), self.writer)
        self.dialer.add_switch(SWITCH, "one", False, self.switch)
        self.dialer.refresh()

    def connect(self, recover: bool = True) -> Any:
        """What `switch_up` does, without its greenlets."""
        self.switch.is_up = True
        lane = self.dialer.lanes.switches[SWITCH]
        lane.limiter.set_rate(5000)
        lane.seats.limit = 5000
        for gateway in self.dialer.lanes.gateways.values():
            gateway.limiter.set_rate(5000)
        if lane.core_uuid != self.switch.core:
            lane.core_uuid = self.switch.core
            self.dialer.unsent.release(SWITCH)
        self.dialer.recovery.learn(SWITCH)
        lane.is_up = True
        self.dialer.links[SWITCH] = self.switch
        self.dialer._away_since_m.pop(SWITCH, None)
        return self.recover() if recover else None

    def recover(self) -> Any:
        return self.dialer.recovery.run(
            SWITCH, self.switch.core, self.switch.api, self.switch, monotonic_s(), lambda: self.switch.is_up
        )

    def disconnect(self) -> None:
        """The connection is cut: what was on its way to us is lost."""
        self.switch.is_up = False
        self.switch.events.clear()
        if SWITCH in self.dialer.links:
            self.dialer.switch_down(SWITCH)

    def crash(self, written: bool) -> None:
        """kill -9 of the engine, with what it had handed to its writer written or not."""
        if written:
            assert self.writer.flush(10)
        self.writer._loop.kill()
        self.writer._end_thread()
        self.switch.events.clear()
        self.switch.is_up = False
        self.live()

    def stop(self) -> None:
        self.writer.stop()
        threads.use_writer(None)

    # -- steps --------------------------------------------------------------------------

    def claim(self) -> int:
        self.dialer.refresh()
        for run in self.dialer.running_campaigns.runs.values():
            run.next_look_m = 0.0
        self.dialer.claimer._claimed_m = 0.0  # how patiently it waits for more places is tested elsewhere
        # Later than what `send` let out, so that the rates permit it.
        return self.dialer.claimer.step(wall_ms(), monotonic_s() + 120.0)

    def send(self) -> int:
        dialer = self.dialer
        sender = Sender(
            SWITCH,
            dialer.lanes,
            dialer.calls,
            dialer._sent,
            dialer.call_events.on_refused,
            dialer.call_events.on_unsendable,
        )
        sent = 0
        while SWITCH in dialer.links and (now := sender.step(self.switch, monotonic_s() + 60.0 + sent)):
            sent += now
        for call in dialer.calls.by_uuid.values():
            call.sent_m = min(call.sent_m, monotonic_s())
        return sent

    def deliver(self, index: int, again: bool = False) -> None:
        """Hand the engine one of the events that it has not got yet."""
        event = self.switch.events[index] if again else self.switch.events.pop(index)
        call_events = self.dialer.call_events
        if isinstance(event, CallEnd):
            call_events.on_hangup(event)
        elif isinstance(event, BackgroundJob):
            call_events.on_job(event)
        else:
            call_events.on_answer(event[1], wall_ms())

    def overdue(self) -> None:
        """Time passes: the reaper looks at every call that was sent."""
        for call in list(self.dialer.calls.by_uuid.values()):
            if call.is_sent:
                self.dialer.calls.watch(call, 0.0)
        self.dialer.reaper.step()

    # -- looking ------------------------------------------------------------------------

    def calls(self) -> list[Call]:
        return list(self.dialer.calls.by_uuid.values())

    def flush(self) -> None:
        assert self.writer.flush(10)

    def audit(self, campaign_id: int) -> list[Finding]:
        self.flush()
        return read(lambda: audit_campaign(campaign_id, deep=True))

    def attempts(self) -> list[Attempt]:
        self.flush()
        return read(lambda: list(Attempt.select().order_by(Attempt.id)))

    def recipients(self) -> list[Recipient]:
        self.flush()
        return read(lambda: list(Recipient.select().order_by(Recipient.id)))

    def seats(self) -> tuple[int, ...]:
        lanes = self.dialer.lanes
        return tuple(lane.seats.used for lane in (*lanes.gateways.values(), *lanes.switches.values()))
