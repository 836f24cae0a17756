"""One engine process: database, writer, switches, dialer and what runs beside them.

Started in this order and stopped in reverse: stop taking work, give unsent
work back, let calls finish (with a deadline), flush the writer, close.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from typing import TYPE_CHECKING

import gevent

from engine.clock import monotonic_s, wall_ms
from engine.config import Settings
from engine.dialing.binding_limit import Said, reason_of, run_limits
from engine.dialing.calls import Call
from engine.dialing.campaign_run import CampaignRun
from engine.dialing.dialer import Dialer
from engine.dialing.dialer import now as clock_now
from engine.dialing.rules.billing import Money
from engine.dialing.rules.consent import Consent
from engine.dialing.running_campaigns import counts_of
from engine.embedded.options import EmbeddedOptions
from engine.errors import AvanakError
from engine.monitoring import auditor
from engine.monitoring.auditor import Auditor
from engine.monitoring.availability import Watch
from engine.monitoring.gateway_health import HealthWatch
from engine.monitoring.registrations import TrunkWatch
from engine.patch import require_patched
from engine.runtime.gateway_shares import GatewayShares
from engine.runtime.identity import Identity, take_identity
from engine.runtime.opening import open_store
from engine.runtime.switchboard import Switchboard, SwitchSpec
from engine.services.campaigns import approvals, campaigns, estimate, why
from engine.services.messages import otp_prompt
from engine.services.messages.personal import UNPREPARED, Preparer
from engine.services.messages.speech import DEFAULT_VOICE, Speech
from engine.services.onboarding.first_start import ensure_first
from engine.states import CampaignState
from engine.store import leases, threads
from engine.store.claims import cancel_waiting
from engine.store.settles import Settle
from engine.store.sql import WAITING, execute
from engine.store.tables.core import Campaign, CampaignCounts, CampaignPulse
from engine.store.threads import read
from engine.store.writer import Writer

if TYPE_CHECKING:
    from engine.runtime.jobs import Jobs

log = logging.getLogger(__name__)

PULSE_S = 1.0
PREPARE_S = 0.5
JOBS_WAIT_S = 5.0  # for a switch to be up, before the jobs begin
JOBS_AFTER_S = 1.0


class Engine:
    """The engine; `start` once, `stop` once."""

    def __init__(self, settings: Settings) -> None:
        require_patched()
        self.settings = settings
        self.name = settings.engine_name or f"{socket.gethostname()}-{os.getpid()}"
        self.writer = Writer()
        self.money = Money(wall_ms)
        self.consent = Consent(wall_ms)
        self.dialer = Dialer(
            settings,
            self.writer,
            hooks=[*self.consent.hooks, approvals.hear_approvals, *self.money.hooks],
            rules=[*self.consent.rules, *self.money.rules],
            claim_hooks=self.consent.claim_hooks,
            undo_hooks=self.consent.undo_hooks,
        )
        self.dialer.on_settled.append(self._hold_back_opted_out)
        self.speech = Speech.of_settings(settings)
        self.preparer = Preparer(
            self.speech, settings.prompts_dir, read, self.writer.call, gevent.get_hub().threadpool.apply
        )
        self.switchboard = Switchboard(settings, self.writer, self.dialer)
        self.new_password: str | None = None  # of `admin`, when it was made up at this start
        self.auditor = Auditor(self.dialer, self.writer, clock_now, settings.switch_wait_s)
        self.shares: GatewayShares | None = None  # with PostgreSQL
        self.watch = Watch(settings, self.writer, self.dialer, settings.engine_name or socket.gethostname())
        self.switchboard.take_job = lambda event: self.watch.prober.on_event(event, monotonic_s())
        self.trunk_watch = TrunkWatch(self.dialer, self.writer)
        self.health_watch = HealthWatch(self.name, self.dialer.lanes, self.writer)
        self.jobs: Jobs | None = None  # some seconds after the start
        self._greenlets: list[gevent.Greenlet] = []
        self._identity: Identity | None = None
        self._owner = ""  # with PostgreSQL
        self._is_stopping = False

    def start(self, specs: list[SwitchSpec], embedded: EmbeddedOptions | None = None) -> None:
        """1. database, 2. writer, 3. dialer, 4. switches, 5. what runs beside.

        Raises EngineBusy when another engine uses the same SQLite file.
        """
        open_store(self.settings)
        self._identity = take_identity(self.settings)
        owner = self._owner = self._identity.owner
        self.writer.start()
        threads.use_writer(self.writer)
        password = self.settings.admin_password.get_secret_value()
        self.new_password = self.writer.call(lambda: ensure_first(wall_ms(), password))
        self.dialer.on_prompt_missing = self._prompt_missing
        self.dialer.start()
        if owner:
            self.shares = GatewayShares(owner, self.writer, self.dialer)
            self.shares.start()
        self.switchboard.start(specs, embedded, owner)
        self._greenlets.append(gevent.spawn(self._pulse_loop))
        self._greenlets.append(gevent.spawn(self._prepare_loop))
        self._greenlets.append(gevent.spawn(self._audit_loop))
        self.watch.start()
        self._greenlets.append(gevent.spawn(self._start_jobs))
        log.info("action=engine_started engine=%s", self.name)

    def stop(self, drain_s: float | None = None) -> bool:
        """Drain and end; True if every call came to its end and everything was written."""
        if self._is_stopping:
            return True
        self._is_stopping = True
        if not self.writer.is_running:  # the start failed before anything ran
            if self._identity is not None:
                self._identity.release()
            return True
        drained = self.dialer.stop(self.settings.drain_s if drain_s is None else drain_s)
        gevent.killall(self._greenlets)
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
        """Wait until some switch is up; False after the time-out."""
        deadline = monotonic_s() + timeout_s
        while monotonic_s() < deadline:
            if self.switchboard.any_up:
                return True
            gevent.sleep(0.02)
        return False

    # -- beside the dialing -------------------------------------------------------------

    def _start_jobs(self) -> None:
        """The jobs by the clock, when dialling goes on: their libraries take half a second to import."""
        self.wait_for_switch(JOBS_WAIT_S)
        gevent.sleep(JOBS_AFTER_S)
        from engine.runtime.jobs import start_jobs
        from engine.services.outbox.channels import Channels

        channels = Channels.from_settings(self.settings, self._speak, self.dialer.wake)
        self.jobs = start_jobs(self.settings, self._owner, self.watch.probe, self.trunk_watch.ask, channels)

    def _pulse_loop(self) -> None:
        while True:
            try:
                self.pulse(wall_ms(), monotonic_s())
                self.health_watch.step(wall_ms(), monotonic_s())
            except AvanakError as error:
                log.warning("action=pulse_failed error=%r", str(error))
            except Exception:
                log.exception("action=pulse_failed")
            gevent.sleep(PULSE_S)

    def _audit_loop(self) -> None:
        while True:
            gevent.sleep(auditor.STEP_S)
            try:
                self.auditor.step()
            except AvanakError as error:
                log.warning("action=audit_failed error=%r", str(error))
            except Exception:
                log.exception("action=audit_failed")

    def pulse(self, now: int, now_m: float) -> None:
        """Once a second: start what is due, finish what is done, cancel what was stopped, tell how it goes."""
        runs = list(self.dialer.board.runs.values())
        counts, waits = read(lambda: _numbers_of([run.id for run in runs])) if runs else ({}, {})
        stopped = read(_stopped_with_leftovers)
        due = read(lambda: _due_ids(now))
        todo = read(lambda: self.money.find(now))

        says = [self._say(run, counts[run.id], waits[run.id], now, now_m) for run in runs if run.id in counts]

        def work() -> None:
            if due:
                campaigns.start_due(now)
            if todo:
                self.money.act(todo, now)
            for campaign_id in stopped:
                cancel_waiting(campaign_id, now)
            for said in says:
                if not campaigns.finish_if_done(said.campaign_id, now):
                    self._write_pulse(said, now)

        if runs or stopped or due or todo:
            self.writer.call(work)

    def _prepare_loop(self) -> None:
        """Make recipients' own messages, forget codes that were heard."""
        forget_at = 0
        while True:
            now = wall_ms()
            has_more = False
            try:
                has_more = self.preparer.step(now)
                if now >= forget_at:
                    forget_at = now + 60_000
                    gevent.get_hub().threadpool.apply(otp_prompt.forget_old, (self.settings.prompts_dir, now))
            except (AvanakError, OSError) as error:
                log.warning("action=prepare_failed error=%r", str(error))
                has_more = False
            except Exception:
                log.exception("action=prepare_failed")
            if not has_more:
                gevent.sleep(PREPARE_S)

    def _say(
        self, run: CampaignRun, counts: CampaignCounts, due: tuple[int, int], now: int, now_m: float
    ) -> Said:
        """How a campaign goes: on the hub, where what it is read from does not change meanwhile."""
        rate = run.rate(now_m)
        left = self.preparer.left.get(run.id, 0)
        reason, details = reason_of(run, self.dialer.lanes, counts, rate, due[0], left, now, now_m)
        ends_at = self._ends_at(run, counts, due[1], now)
        return Said(run.id, reason, details, run.live - run.waiting, rate, ends_at)

    def _write_pulse(self, said: Said, now: int) -> None:
        details = json.dumps(said.details, ensure_ascii=False)
        calls_up, rate, reason, speaker = said.calls_up, said.rate, said.reason, self.name
        if self.shares is not None:
            calls_up, rate, reason, details, speaker = leases.note_pulse(
                said.campaign_id, self.name, reason, details, calls_up, rate, now
            )
        told: dict[str, object] = {"engine": self.name, "reason": reason, "details": details, "at": now}
        if speaker == self.name:  # else the end stands that the speaker told: who cannot dial knows none
            told["ends_at"] = said.ends_at
        CampaignPulse.update(**told, calls_up=calls_up, calls_per_second=rate).where(
            CampaignPulse.campaign == said.campaign_id
        ).execute()

    def _ends_at(self, run: CampaignRun, counts: CampaignCounts, last_due: int, now: int) -> int | None:
        share = self.shares.of_switches if self.shares is not None else 1.0
        limits = run_limits(run, self.dialer.lanes, share)
        if limits is None:  # nothing can leave now, and nobody knows for how long
            return None
        found = estimate.estimate(
            waiting=counts.waiting,
            retrying=counts.retry_wait,
            live=counts.live,
            attempts=counts.attempts,
            answered=counts.answered,
            max_tries=run.policy.max_tries,
            retry_after_s=run.policy.retry_after_ms // 1000,
            message_s=run.message_ms / 1000,
            limits=limits,
            windows=run.windows,
            now=now,
            zone=self.dialer.zone,
            last_due=last_due,
        )
        return found.ends_at

    def _hold_back_opted_out(self, won: list[Settle]) -> None:
        """Calls that were claimed and not sent yet go back, and the next claim excludes them."""
        if not any(item.end.opted_out for item in won):
            return
        digits = self.consent.take_opted_out()
        gevent.spawn(self.dialer.waiting.give_back, digits=digits)

    def _speak(self, text: str, language: str) -> tuple[str, int]:
        """A notice as a prompt: (its name, ms)."""
        voice = "english" if language == "en" else DEFAULT_VOICE
        work = (text, self.settings.prompts_dir, voice)
        made = gevent.get_hub().threadpool.apply(self.speech.make, work)  # it computes and blocks
        return made.prompt, made.duration_ms

    def _prompt_missing(self, call: Call) -> None:
        """The switch has no file for the message: pause rather than ring people for nothing."""
        switch = self.dialer.lanes.switches[call.switch_id].name
        call.run.may_dial = False
        reason = why.sentence(why.PROMPT_MISSING, {"switch": switch})
        gevent.spawn(self._pause, call.run.id, reason)

    def _pause(self, campaign_id: int, reason: str) -> None:
        try:
            self.writer.call(lambda: campaigns.pause_unless_ended(campaign_id, reason))
        except AvanakError as error:
            log.error("action=pause_failed campaign=%d error=%r", campaign_id, str(error))


def _stopped_with_leftovers() -> list[int]:
    rows = (
        CampaignCounts.select(CampaignCounts.campaign)
        .join(Campaign)
        .where(
            Campaign.state == CampaignState.STOPPED,
            (CampaignCounts.waiting + CampaignCounts.retry_wait) > 0,
        )
    )
    return [row.campaign_id for row in rows]


def _due_ids(now: int) -> list[int]:
    rows = Campaign.select(Campaign.id).where(
        Campaign.state == CampaignState.SCHEDULED, Campaign.starts_at <= now
    )
    return [row.id for row in rows]


def _numbers_of(
    campaign_ids: list[int],
) -> tuple[dict[int, CampaignCounts], dict[int, tuple[int, int]]]:
    """The counts of campaigns, and when the next and the last of their recipients are due (ms; 0: nobody waits)."""
    waits = {}
    for campaign_id in campaign_ids:
        # One end of the index after the other: both at once would read all of it.
        first, last = (
            execute(
                f"SELECT {word}(next_at) FROM recipient WHERE campaign_id = ?"  # noqa: S608 - words of ours
                f" AND state IN {WAITING} AND next_at < ?",
                [campaign_id, UNPREPARED],
            )[0][0]
            or 0
            for word in ("MIN", "MAX")
        )
        waits[campaign_id] = (int(first), int(last))
    return counts_of(campaign_ids), waits
