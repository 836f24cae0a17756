"""One engine process: database, writer, switches, dialer and what runs beside them.

They are started in this order and stopped in reverse: take no more work, release unsent calls, let calls finish (with a
deadline), flush the writer, close.
"""

from __future__ import annotations

import importlib
import logging
import os
import socket
from typing import TYPE_CHECKING

import gevent

from engine.clock import both_clocks, monotonic_s, wall_ms
from engine.config import Settings
from engine.dialing import joining
from engine.dialing.dialer import Dialer
from engine.dialing.joining import Joining
from engine.dialing.pulse import Pulse
from engine.dialing.rules.billing import Billing
from engine.dialing.rules.consent import Consent
from engine.dialing.rules.webhooks import WebhookRules
from engine.dialing.shares import GatewayParts
from engine.embedded.options import EmbeddedOptions
from engine.errors import AvanakError
from engine.esl.events import Event
from engine.loops import Loop, Loops
from engine.monitoring import auditor
from engine.monitoring.auditor import Auditor
from engine.monitoring.availability import AvailabilityMonitor
from engine.monitoring.carrier_names import CarrierNames
from engine.monitoring.gateway_health import GatewayHealthMonitor
from engine.monitoring.registrations import RegistrationMonitor
from engine.monitoring.switch_limits import EVERY_S, SwitchLimits
from engine.patch import require_patched
from engine.runtime.gateway_shares import GatewayShares
from engine.runtime.identity import Identity, take_identity
from engine.runtime.opening import open_store
from engine.runtime.switchboard import Switchboard, SwitchSpec
from engine.services.campaigns import approvals
from engine.services.compliance.policy import Policy
from engine.services.messages import otp_prompt
from engine.services.messages.personal import Preparer
from engine.services.messages.speech import DEFAULT_VOICE, Speech
from engine.services.onboarding.first_start import ensure_first
from engine.services.outbox.texts import Following
from engine.services.support_line import voice_prompts
from engine.store import threads
from engine.store.settles import Settle
from engine.store.threads import read
from engine.store.writer import Writer
from engine.support_line.line import STEP_S as SUPPORT_S
from engine.support_line.line import SupportLine

if TYPE_CHECKING:
    from engine.runtime.jobs import Jobs

log = logging.getLogger(__name__)

PULSE_S = 1.0
PREPARE_S = 1.0
FORGET_S = 60.0
JOBS_WAIT_S = 5.0  # jobs wait this long for a switch to be up
JOBS_AFTER_S = 1.0
# What the jobs need takes a third of a second to import, on a busy machine more.  Calls leave between one and the next.
JOBS_IMPORTS = (
    "apscheduler.schedulers.gevent",
    "urllib3.util",
    "urllib3",
    "charset_normalizer",
    "requests.exceptions",
    "requests.adapters",
    "requests",
    "engine.services.money.payment_providers",
    "engine.services.money.payments",
    "engine.services.campaigns.clone",
    "engine.services.sla.statements",
    "engine.services.sla.closing",
    "engine.runtime.posting",
    "engine.services.outbox.sending",
    "engine.services.outbox.voice",
    "engine.runtime.jobs",
)
IMPORT_REST_S = 0.02


class Engine:
    """The engine; `start` once, `stop` once."""

    def __init__(self, settings: Settings) -> None:
        require_patched()
        self.settings = settings
        self.name = settings.engine_name or f"{socket.gethostname()}-{os.getpid()}"
        self.policy = Policy.of_settings(settings)
        self.writer = Writer()
        self.money = Billing(wall_ms, self.policy)
        self.consent = Consent(wall_ms, self.policy.caps)
        self._parts = GatewayParts()
        self.dialer = Dialer(
            settings,
            self.policy,
            self.writer,
            hooks=[
                *self.consent.hooks,
                approvals.hear_approvals,
                *self.money.hooks,
                WebhookRules(wall_ms).settled,
                Following(wall_ms).settled,
            ],
            rules=[*self.consent.rules, *self.money.rules],
            claim_hooks=self.consent.claim_hooks,
            undo_hooks=self.consent.undo_hooks,
            on_settled=[self._hold_back_opted_out, lambda won: self.watch.note_ended(won)],
            parts=self._parts,
        )
        self.speech = Speech.of_settings(settings)
        self.preparer = Preparer(
            self.speech, settings.prompts_dir, read, self.writer.call, gevent.get_hub().threadpool.apply
        )
        self.new_password: str | None = None  # of `admin`, when it was made up at this start
        self.auditor = Auditor(self.dialer, self.writer, both_clocks, settings.switch_wait_s)
        self.shares: GatewayShares | None = None  # with PostgreSQL
        self.watch = AvailabilityMonitor(
            settings, self.writer, self.dialer, settings.engine_name or socket.gethostname()
        )
        self.support_line = SupportLine(self.writer, tuple(settings.support_numbers.split()))
        self.switchboard = Switchboard(
            settings,
            self.writer,
            self.dialer,
            self._take_job,
            self.support_line,
        )
        self.joining = Joining(
            self.dialer.links,
            lambda switch_id: self.dialer.lanes.switches[switch_id].name,
            self.writer,
            self.dialer.wake,
            self.policy,
        )
        self.trunk_watch = RegistrationMonitor(self.dialer, self.writer)
        self.carrier_names = CarrierNames(self.dialer)
        self.switch_limits = SwitchLimits(self.dialer)
        self.health_watch = GatewayHealthMonitor(self.name, self.dialer.lanes, self.writer)
        self.jobs: Jobs | None = None  # some seconds after the start
        self.pulse = Pulse(
            self.name,
            self.dialer.running_campaigns,
            self.dialer.lanes,
            self.policy,
            self.writer,
            self.money,
            lambda: self.preparer.left,
            lambda: self.shares.of_switches if self.shares is not None else None,
        )
        listening = self.dialer.news.listening
        self._loops = Loops(
            (
                listening("pulse", lambda: self.pulse.step(wall_ms(), monotonic_s()), PULSE_S),
                listening("carrier_names", lambda: self.carrier_names.step(monotonic_s()), PULSE_S),
                listening(
                    "gateway_health", lambda: self.health_watch.step(wall_ms(), monotonic_s()), PULSE_S
                ),
                listening("joining", lambda: self.joining.step(wall_ms()), joining.EVERY_S),
                Loop("support_line", self.support_line.step, SUPPORT_S, wake=self.support_line.wake),
                listening("prepare", lambda: self.preparer.step(wall_ms()), PREPARE_S),
                Loop("switch_limits", self.switch_limits.ask, EVERY_S, begins_after_s=EVERY_S),
                Loop("forget_codes", self._forget_codes, FORGET_S),
                Loop("audit", self.auditor.step, auditor.STEP_S, begins_after_s=auditor.STEP_S),
            )
        )
        self._starting_jobs: gevent.Greenlet | None = None
        self._identity: Identity | None = None
        self._owner = ""  # with PostgreSQL
        self._is_stopping = False

    def start(self, specs: list[SwitchSpec], embedded: EmbeddedOptions | None = None) -> None:
        """Start 1. the database, 2. the writer, 3. the dialer, 4. the switches, 5. what runs beside them.

        Raises EngineBusy when another engine uses the same SQLite file.
        """
        open_store(self.settings)
        self._identity = take_identity(self.settings)
        owner = self._owner = self._identity.owner
        self.writer.start()
        threads.use_writer(self.writer)
        password = self.settings.admin_password.get_secret_value()
        self.new_password = self.writer.call(lambda: ensure_first(wall_ms(), password))
        self.dialer.start()
        if owner:
            self.shares = GatewayShares(owner, self.writer, self.dialer, self._parts)
            self.shares.start()
        self.switchboard.start(specs, embedded, owner)
        self._loops.start()
        self.watch.start()
        self._starting_jobs = gevent.spawn(self._start_jobs)
        log.info("action=engine_started engine=%s", self.name)

    def stop(self, drain_s: float | None = None) -> bool:
        """Drain and stop; return True if every call has ended and everything is written."""
        if self._is_stopping:
            return True
        self._is_stopping = True
        if not self.writer.is_running:  # the start failed before anything ran
            if self._identity is not None:
                self._identity.release()
            return True
        drained = self.dialer.stop(self.settings.drain_s if drain_s is None else drain_s)
        self._loops.stop()
        if self._starting_jobs is not None:
            self._starting_jobs.kill()
        if self.jobs is not None:
            self.jobs.stop()
        self.watch.stop()
        if self.shares is not None:
            self.shares.stop()
        self.switchboard.stop()
        self.speech.close()
        flushed = self.writer.stop()
        threads.use_writer(None)
        threads.close_readers()
        if self._identity is not None:
            self._identity.release()
        log.info("action=engine_stopped engine=%s drained=%s flushed=%s", self.name, drained, flushed)
        return drained and flushed

    def wait_for_switch(self, timeout_s: float) -> bool:
        """Wait until a switch is up; return False after the time-out."""
        deadline = monotonic_s() + timeout_s
        while monotonic_s() < deadline:
            if self.switchboard.any_up:
                return True
            gevent.sleep(0.02)
        return False

    # -- beside the dialing -------------------------------------------------------------

    def _start_jobs(self) -> None:
        """Start scheduled jobs after dialling has begun, because of what they import."""
        self.wait_for_switch(JOBS_WAIT_S)
        gevent.sleep(JOBS_AFTER_S)
        for name in JOBS_IMPORTS:
            importlib.import_module(name)
            gevent.sleep(IMPORT_REST_S)
        from engine.runtime.jobs import start_jobs  # noqa: PLC0415
        from engine.services.outbox.sending import Channels  # noqa: PLC0415
        from engine.services.outbox.voice import VoiceLine  # noqa: PLC0415

        voice = VoiceLine(self._speak, self.dialer.wake, self.policy)
        channels = Channels.from_settings(self.settings, voice)
        if (
            self.settings.support_numbers
        ):  # a few hundred sounds the first time: in a thread that nobody waits for
            gevent.get_hub().threadpool.spawn(self._make_support_prompts)
        self.jobs = start_jobs(
            self.settings, self.policy, self._owner, self.watch.probe, self.trunk_watch.ask, channels
        )

    def _take_job(self, event: Event) -> bool:
        """Take the end of a background job that is no call's: a look-up's, a probe's."""
        now_m = monotonic_s()
        return self.carrier_names.on_event(event, now_m) or self.watch.prober.on_event(event, now_m)

    def _forget_codes(self) -> None:
        """Forget one-time codes once they were heard."""
        gevent.get_hub().threadpool.apply(otp_prompt.forget_old, (self.settings.prompts_dir, wall_ms()))

    def _hold_back_opted_out(self, won: list[Settle]) -> None:
        """Release unsent calls to numbers that opted out; the next claim excludes them."""
        if not any(item.end.opted_out for item in won):
            return
        digits = self.consent.take_opted_out()
        gevent.spawn(self.dialer.unsent.release, digits=digits)

    def _make_support_prompts(self) -> None:
        try:
            voice_prompts.ensure(self.settings.prompts_dir, self.speech.samples)
        except AvanakError as error:
            log.error("action=support_prompts_failed error=%r", str(error))

    def _speak(self, text: str, language: str) -> tuple[str, int]:
        """Speak a notice: (name of the prompt, ms)."""
        voice = "english" if language == "en" else DEFAULT_VOICE
        work = (text, self.settings.prompts_dir, voice)
        made = gevent.get_hub().threadpool.apply(self.speech.make, work)  # it computes and blocks
        return made.prompt, made.duration_ms
