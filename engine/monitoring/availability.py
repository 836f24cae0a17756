"""Availability as the engine sees it: every few seconds it reports what is up and what is down.

It adds what only this process knows (how its calls end, whether the panel answers, whether the database works) to what the
store knows.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from functools import partial

from engine.clock import monotonic_s, wall_ms
from engine.config import Settings
from engine.dialing.dialer import Dialer
from engine.errors import AvanakError, StoreUnavailable
from engine.loops import Loop, Loops
from engine.monitoring.probes import Probed, Prober
from engine.sentences import kept
from engine.services.sla import observations, probes
from engine.services.sla.call_window import CallWindow
from engine.services.sla.flips import WEB, Health, engine_name, gateway_name, switch_name
from engine.services.sla.monitor import Monitor, StoreRefusal
from engine.services.sla.observations import Calls, Seen
from engine.store.settles import Settle
from engine.store.sql import execute
from engine.store.threads import read
from engine.store.writer import Writer

log = logging.getLogger(__name__)

STEP_S = 5.0
SAMPLE = 500  # ended calls looked at in a step: shares need no more
WEB_EVERY_S, WEB_TIMEOUT_S, WEB_FAILS = 20.0, 5.0, 2


class AvailabilityMonitor:
    """Runs beside the dialer; `start`, `step` (every few seconds), `stop`."""

    def __init__(self, settings: Settings, writer: Writer, dialer: Dialer, name: str) -> None:
        self._settings = settings
        self._writer = writer
        self._dialer = dialer
        self._component = engine_name(name)
        self._monitor = Monitor(name)
        self._window = CallWindow()
        self._ended: deque[int] = deque(maxlen=SAMPLE)
        self._probed: list[Probed] = []
        self._refusal: StoreRefusal | None = None
        self._web_fails = 0
        self._web: Seen | None = None
        # Give switches time to connect, or each start would begin with an outage.
        loops = [
            Loop("availability", lambda: self.step(wall_ms(), monotonic_s()), STEP_S, begins_after_s=STEP_S)
        ]
        if settings.sla_web_url:
            loops.append(Loop("panel", lambda: self._look_at_web(settings.sla_web_url), WEB_EVERY_S))
        self._loops = Loops(loops)
        self.prober = Prober(dialer)

    def start(self) -> None:
        """Watch from now on."""
        self._loops.start()

    def stop(self) -> None:
        """Stop watching.  The time until the next start counts as unknown."""
        self._loops.stop()
        try:
            self._writer.call(lambda: observations.end_pulse(self._component))
        except AvanakError as error:
            log.warning("action=pulse_not_ended error=%r", str(error))

    def probe(self) -> None:
        """Send one synthetic call to each switch (a job that runs every minute)."""
        self.prober.send(wall_ms(), monotonic_s())

    def step(self, now: int, now_m: float) -> None:
        """Report how calls ended and how probes went to the monitor, in one transaction.

        While the database is away, its first moment is remembered and booked when it is back.
        """
        self._probed += self.prober.results(now_m)
        try:
            self._count_ends(now_m)
            self._writer.call(
                partial(self._write, now, self._calls(now_m), list(self._probed), self._refusal)
            )
        except StoreUnavailable as error:
            if self._refusal is None:
                self._refusal = StoreRefusal(now, error.sentence.kept())
            log.warning("action=watch_without_store error=%r", str(error))
            return
        self._probed.clear()
        self._refusal = None

    def _write(self, now: int, calls: Calls, probed: list[Probed], refusal: StoreRefusal | None) -> None:
        observations.pulse(self._component, now)
        for each in probed:
            probes.note(each.switch_name, each.at, each.is_ok, each.took_ms, each.answer)
        self._monitor.loop(now, calls, [self._web] if self._web is not None else [], refusal)

    def note_ended(self, settles: list[Settle]) -> None:
        """Note calls that have ended; the next step reads how."""
        self._ended.extend(each.attempt_id for each in settles)

    def _count_ends(self, now_m: float) -> None:
        """Dispositions of the calls that ended lately, by gateway and switch."""
        ids = list(self._ended)
        if not ids:
            return
        rows = read(
            lambda: execute(
                "SELECT a.gateway_id, a.switch_id, a.disposition FROM attempt a WHERE a.id IN ("  # noqa: S608 - constants
                + ",".join("?" * len(ids))
                + ")",
                ids,
            )
        )
        for _ in ids:
            self._ended.popleft()
        gateways = {lane.id: lane.name for lane in self._dialer.lanes.gateways.values()}
        switches = {lane.id: lane.name for lane in self._dialer.lanes.switches.values()}
        counted: Counter[tuple[str, str]] = Counter()
        for gateway_id, switch_id, disposition in rows:
            if gateway_id in gateways:
                counted[gateway_name(gateways[gateway_id]), disposition] += 1
            if switch_id in switches:
                counted[switch_name(switches[switch_id]), disposition] += 1
        for (component, disposition), count in counted.items():
            self._window.note(component, disposition, count, now_m)

    def _calls(self, now_m: float) -> Calls:
        verdicts = {name: self._window.verdict(name, now_m) for name in self._window.components()}
        return {name: verdict for name, verdict in verdicts.items() if verdict is not None}

    def _look_at_web(self, url: str) -> None:
        """Ask the web UI; two failures in a row mean that it is down."""
        import requests  # noqa: PLC0415 - takes 0.1 s, which the start of the engine should not wait for

        try:
            answer = requests.get(url, timeout=WEB_TIMEOUT_S, allow_redirects=True)
            problem = f"HTTP {answer.status_code}" if answer.status_code >= 500 else ""
        except requests.Timeout:
            problem = kept("no answer within %(n)s s", n=round(WEB_TIMEOUT_S))
        except requests.ConnectionError:
            problem = kept("no connection")
        except requests.RequestException as error:
            problem = type(error).__name__  # the library's text is for programmers
        self._web_fails = self._web_fails + 1 if problem else 0
        if not problem:
            self._web = Seen(WEB, Health.UP)
        elif self._web_fails >= WEB_FAILS:
            self._web = Seen(WEB, Health.DOWN, problem)
