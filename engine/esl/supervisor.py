"""Keeps one link to one switch up: connects, asks the switch about itself, subscribes, and reconnects.

Each connection is a new ``Link``.  Three callbacks tell its owner about it:

- ``on_up(link, info)`` when events flow; it may take its time (to reconcile), but every
  event waits in the link's bounded queue until it has begun;
- ``on_event(event)`` for each event, heartbeats included, never before ``on_up`` began;
- ``on_down(reason)`` once for each ``on_up``, after the last event of that link was handled.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import gevent
from gevent.event import Event as Flag

from engine.clock import monotonic_s, wall_ms
from engine.errors import SwitchUnavailable
from engine.esl import commands
from engine.esl.address import SwitchAddress
from engine.esl.answers import BadAnswer, read_limit, read_version
from engine.esl.checks import UUID
from engine.esl.events import Event, Heartbeat, read_heartbeat
from engine.esl.link import Link
from engine.esl.link_limits import LinkLimits
from engine.esl.replies import AuthFailed

log = logging.getLogger(__name__)

BACKOFF_FIRST_S = 0.5
BACKOFF_MOST_S = 3.0  # so that a switch that is back does not wait long
# Repeating a wrong password is useless, and FreeSWITCH logs each try.
AUTH_RETRY_S = 60.0
# After a link shorter than this the back-off goes on growing.
STEADY_S = 10.0


@dataclass(frozen=True, slots=True)
class SwitchInfo:
    """What a switch reported about itself at connect.

    ``core_uuid`` is new after each restart.  ``sessions_per_second`` is the switch's setting N, which admits N−1;
    ``max_sessions`` counts calls of every kind.
    """

    core_uuid: str
    sessions_per_second: int
    max_sessions: int
    version: str


@dataclass(frozen=True, slots=True)
class SwitchState:
    """The state of a switch for screens.  ``status``: connecting, up, down, refused (password) or stopped."""

    name: str
    address: str
    status: str
    since_at: int
    last_error: str | None
    info: SwitchInfo | None
    heartbeat: Heartbeat | None


def backoff_s(failures: int, chance: float) -> float:
    """Seconds to wait after ``failures`` (≥ 1) in a row; ``chance`` in [0, 1) spreads the second half.

    Doubles from ``BACKOFF_FIRST_S`` to ``BACKOFF_MOST_S``; never less than half of that step.
    """
    step_s = min(BACKOFF_MOST_S, BACKOFF_FIRST_S * 2 ** min(failures - 1, 16))
    return step_s * (0.5 + chance / 2)


class Supervisor:
    """One switch, kept connected between ``start`` and ``stop``."""

    def __init__(
        self,
        name: str,
        address: SwitchAddress,
        *,
        on_up: Callable[[Link, SwitchInfo], None],
        on_down: Callable[[str], None],
        on_event: Callable[[Event], None],
        extra_events: Sequence[str] = (),
        limits: LinkLimits | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.address = address
        self.link: Link | None = None
        self._on_up = on_up
        self._on_down = on_down
        self._on_event = on_event
        self._extra_events = tuple(extra_events)
        self._limits = limits or LinkLimits()
        self._chance = chance
        self._stopping = Flag()
        self._greenlet: gevent.Greenlet | None = None
        self._status = "stopped"
        self._since_at = wall_ms()
        self._last_error: str | None = None
        self._info: SwitchInfo | None = None
        self._heartbeat: Heartbeat | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._run)

    def stop(self, deadline_s: float = 5.0) -> None:
        """Close the link and wait up to ``deadline_s`` for its end; ``on_down`` has run then."""
        self._stopping.set()
        greenlet = self._greenlet
        if greenlet is None:
            return
        link = self.link
        if link is not None:
            gevent.spawn(link.close, min(2.0, deadline_s / 2))
        greenlet.join(deadline_s)
        if not greenlet.dead:
            log.error("action=switch_stop_forced switch=%s after_s=%g", self.name, deadline_s)
            greenlet.kill()
        self._set_status("stopped")

    def state(self) -> SwitchState:
        """A snapshot for screens."""
        return SwitchState(
            self.name,
            str(self.address),
            self._status,
            self._since_at,
            self._last_error,
            self._info,
            self._heartbeat,
        )

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began_s = monotonic_s()
            status, reason, wait_s = "down", "", 0.0
            try:
                reason = self._serve_one_link()
            except AuthFailed as error:
                status, reason, wait_s = "refused", str(error), AUTH_RETRY_S
            except SwitchUnavailable as error:
                reason = str(error)
            except Exception as error:
                # An error in a callback must not end the supervision of the switch.
                log.exception("action=switch_callback_failed switch=%s", self.name)
                reason = f"an error of our own: {error!r}"
            if self._stopping.is_set():
                return
            failures = 1 if monotonic_s() - began_s > STEADY_S else failures + 1
            wait_s = wait_s or backoff_s(failures, self._chance())
            self._last_error = reason
            self._set_status(status)
            log.warning(
                "action=switch_down switch=%s status=%s retry_in_s=%.1f reason=%r",
                self.name,
                status,
                wait_s,
                reason,
            )
            self._stopping.wait(wait_s)

    def _serve_one_link(self) -> str:
        """Serve one connection from beginning to end; return the reason of its end.

        1. connect and log in; 2. ask the switch about itself; 3. subscribe; 4. ``on_up``;
        5. wait for the end; 6. ``on_down``, if ``on_up`` began.
        """
        if self._status in ("stopped", "up"):
            self._set_status("connecting")
        link = self.link = Link(self.address.host, self.address.port, self.address.password, self._limits)
        may_deliver = Flag()
        is_promised = False

        def deliver(event: Event) -> None:
            may_deliver.wait()
            if is_promised:
                self._take_event(event)

        try:
            link.connect()
            info = self._info = ask_switch(link)
            link.start_events(deliver, self._extra_events)
        except BaseException:
            may_deliver.set()  # the owner does not know this link yet, so these events are dropped
            self.link = None
            link.close()
            raise
        self._last_error = None
        self._set_status("up")
        log.info(
            "action=switch_up switch=%s core_uuid=%s sps=%d max_sessions=%d version=%s",
            self.name,
            info.core_uuid,
            info.sessions_per_second,
            info.max_sessions,
            info.version,
        )
        is_promised = True
        may_deliver.set()
        try:
            self._on_up(link, info)
            reason = link.wait_down()
        finally:
            self.link = None
            link.close(drain_s=0.0 if self._stopping.is_set() else None)
            self._on_down(link.down_reason or "closed")
        return reason

    def _take_event(self, event: Event) -> None:
        if event.name == "HEARTBEAT":
            self._heartbeat = read_heartbeat(event)
        self._on_event(event)

    def _set_status(self, status: str) -> None:
        if status != self._status:
            log.info("action=switch_status switch=%s %s -> %s", self.name, self._status, status)
            self._status = status
            self._since_at = wall_ms()


def ask_switch(link: Link) -> SwitchInfo:
    """Ask the switch about itself and its limits; BadAnswer when its answer cannot be parsed."""
    core_uuid = link.api(commands.global_variable("core_uuid")).strip()
    sps = read_limit(link.api(commands.session_rate()))
    max_sessions = read_limit(link.api(commands.max_sessions()))
    version = read_version(link.api(commands.version()))
    if not UUID.fullmatch(core_uuid):
        raise BadAnswer(
            "the switch gives '%(core_uuid)s' for its core_uuid; is it still starting?",
            core_uuid=core_uuid[:60],
        )
    if sps is None or max_sessions is None:
        raise BadAnswer("the switch does not say its sessions-per-second or max-sessions")
    return SwitchInfo(core_uuid, sps, max_sessions, version or "unknown")
