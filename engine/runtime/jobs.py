"""Scheduled jobs: what runs daily or every minute beside the dialling.

A missed job (the machine was off) runs once as soon as possible; jobs are idempotent and catch up by themselves.  If several
engines share a database, one of them runs the jobs that concern all; each looks after its own switches and files.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.gevent import GeventScheduler

from engine.clock import TEHRAN, wall_ms
from engine.config import Settings
from engine.errors import AvanakError, Conflict
from engine.runtime.posting import OutsidePoster
from engine.services.accounts import account_states, login_waits, sessions
from engine.services.accounts.sessions import Lifetime
from engine.services.campaigns import clone, recordings, repeats
from engine.services.compliance import traffic_caps
from engine.services.compliance.policy import Policy
from engine.services.messages import prompts
from engine.services.money import payments
from engine.services.money.payment_providers import provider_of
from engine.services.notices import outage_notice, own_events
from engine.services.outbox import one_click, text_receipts, texts
from engine.services.outbox.outside import parse_networks
from engine.services.outbox.sending import Channels
from engine.services.outbox.text_providers import provider_of as text_provider_of
from engine.services.outbox.text_providers import receiver_of
from engine.services.sla import closing, probes
from engine.services.sla.closing import StatementPolicy
from engine.services.support_line import attendance, call_recordings, voice_tickets
from engine.services.tickets import watch
from engine.services.tickets.attachments import Attachments
from engine.services.trunks import switches
from engine.store import leases
from engine.store.threads import begin, read, write
from engine.wake import to_beat

TRUNKS_S = 15.0
EVERY = "every"  # the period of jobs that run again and again

log = logging.getLogger(__name__)


def closing_of(settings: Settings) -> StatementPolicy:
    """How this installation closes its months."""
    return StatementPolicy(settings.sla_month == "jalali", settings.sla_credits, settings.sla_wait_days)


class Jobs:
    """The scheduler; `start` once, `stop` once."""

    def __init__(self, owner: str) -> None:
        self._owner = owner  # name of this engine among others; empty: there is no other
        # The default grace for a missed run is a second: a nightly job would be skipped after a restart.
        self._scheduler = GeventScheduler(
            timezone=TEHRAN,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def daily(self, name: str, hour: int, minute: int, work: Callable[[], object]) -> None:
        """Run `work` every day at that time of Tehran, and once when the process starts."""
        self._scheduler.add_job(
            _guarded(name, work), "cron", id=name, hour=hour, minute=minute, next_run_time=datetime.now(UTC)
        )

    def daily_for_all(self, name: str, hour: int, minute: int, work: Callable[[], object]) -> None:
        """As `daily`, but run by only one of the engines: once a day (of Tehran) unless it failed."""

        def run() -> None:
            day = datetime.now(TEHRAN).date().isoformat()
            if write(lambda: leases.take_job(name, day, self._owner)):
                work()
                write(lambda: leases.job_done(name, day, self._owner))

        self.daily(name, hour, minute, run if self._owner else work)

    def every(self, name: str, seconds: float, work: Callable[[], object]) -> None:
        """Run `work` every so many seconds, at moments that other jobs share."""
        first = datetime.now(UTC) + timedelta(seconds=to_beat(seconds))
        self._scheduler.add_job(
            _guarded(name, work), "interval", id=name, seconds=seconds, start_date=first, timezone=UTC
        )

    def every_for_all(self, name: str, seconds: float, work: Callable[[], object]) -> None:
        """As `every`, but each run is done by the engine that comes first."""

        def run() -> None:
            # Held a little shorter than the interval, or a run that comes a moment early would be skipped.
            if write(lambda: leases.take_job(name, EVERY, self._owner, int(seconds * 900))):
                work()

        self.every(name, seconds, run if self._owner else work)

    def start(self) -> None:
        """Begin; the daily jobs run once immediately."""
        self._scheduler.start()

    def stop(self) -> None:
        """Start no further run."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)


def _guarded(name: str, work: Callable[[], object]) -> Callable[[], None]:
    """Wrap `work` so that a failure is logged and does not end the schedule."""

    def run() -> None:
        try:
            work()
        except AvanakError as error:
            log.error("action=job_failed job=%s error=%r", name, str(error))
        except Exception:
            log.exception("action=job_failed job=%s", name)

    return run


def sweep_recordings(settings: Settings) -> int:
    """Delete expired recordings and return how many; in a thread, because a folder may hold a million."""
    folder, days, now = settings.recordings_folder, settings.recording_days, wall_ms()
    return begin(lambda: recordings.sweep(folder, days, now))()


def complete_prompts(settings: Settings) -> int:
    """Write the files of messages that an earlier version did not keep, in a thread; return how many messages."""
    names = read(prompts.kept_names)
    return begin(lambda: prompts.complete(settings.prompts_dir, names))()


def repeat_campaigns(policy: Policy) -> None:
    """Make the next run of repeated campaigns that are due soon."""
    for row in read(lambda: repeats.due(wall_ms())):
        repeats.make(row, wall_ms(), policy, write)


def continue_copies() -> None:
    """Continue copies of campaigns that were interrupted, for example by a crash."""
    for campaign_id in write(clone.cut):
        try:
            clone.continue_copy(campaign_id, write)
        except Conflict:  # it was not interrupted, only slow
            log.info("action=copy_goes_on campaign=%d", campaign_id)


def verify_payments(settings: Settings) -> None:
    """Verify the open payments; BadInput if a test provider would give credit for real calls."""
    now, named = wall_ms(), settings.switches.get_secret_value()
    provider = provider_of(settings, read(lambda: switches.is_any_real(named, now)))
    payments.verify_pending(provider, now, read, write)


def note_receipt(part_id: str, word: str) -> None:
    """Store a provider's receipt for a part of a text."""
    write(lambda: text_receipts.of_part(part_id, word, wall_ms()))


def start_jobs(
    settings: Settings,
    policy: Policy,
    owner: str,
    probe: Callable[[], object],
    ask_trunks: Callable[[], object],
    channels: Channels,
) -> Jobs:
    """Start the jobs of an engine; `owner` is its name for others that share the database, empty when there are none.

    `probe` makes a synthetic call to each switch, `ask_trunks` asks it how it sees its gateways, `channels` carry notices.
    """
    jobs = Jobs(owner)
    month_policy = closing_of(settings)
    jobs.daily_for_all("statements", 0, 20, lambda: closing.close_all(month_policy, wall_ms(), write))
    lives = Lifetime.of_settings(settings)
    jobs.every_for_all("sessions", 600, lambda: write(lambda: sessions.sweep(lives, wall_ms())))
    jobs.every_for_all("login_waits", 600, lambda: write(lambda: login_waits.sweep(wall_ms())))
    jobs.daily_for_all("prune", 3, 40, lambda: write(lambda: probes.prune(wall_ms())))
    jobs.daily("attachments", 4, 0, lambda: Attachments(settings).sweep(wall_ms()))
    jobs.daily("prompts", 4, 20, lambda: complete_prompts(settings))
    jobs.daily_for_all("recordings", 3, 20, lambda: sweep_recordings(settings))
    jobs.daily_for_all("traffic", 4, 10, lambda: write(lambda: traffic_caps.forget_old_traffic(wall_ms())))
    jobs.daily_for_all("expiry", 0, 5, lambda: write(lambda: account_states.expire_due(wall_ms())))
    jobs.every_for_all("copies", 60, continue_copies)
    jobs.every_for_all("repeats", 60, lambda: repeat_campaigns(policy))
    jobs.every_for_all("payments", 60, lambda: verify_payments(settings))
    jobs.every_for_all("ticket_clocks", 30, lambda: write(lambda: watch.watch(wall_ms())))
    files = Attachments(settings)
    recordings_at = settings.recordings_folder
    jobs.every_for_all("voice_tickets", 10, lambda: voice_tickets.take_over(recordings_at, files, wall_ms()))
    jobs.daily_for_all(
        "support_recordings", 3, 30, lambda: write(lambda: call_recordings.sweep(recordings_at, wall_ms()))
    )
    jobs.every_for_all("support_alarm", 30, lambda: write(lambda: attendance.watch(wall_ms())))
    jobs.every_for_all("outage_notice", 10, lambda: write(lambda: outage_notice.watch(wall_ms())))
    low = settings.low_credit_rials
    jobs.every_for_all("own_events", 20, lambda: write(lambda: own_events.watch(wall_ms(), low)))
    jobs.every_for_all("deliver", 5, lambda: channels.deliver(wall_ms()))
    post = OutsidePoster(parse_networks(settings.own_networks)).post
    jobs.every_for_all("one_click", 3, lambda: one_click.step(wall_ms(), read, write, post))
    carrier = text_provider_of(settings.sms_url.get_secret_value(), settings.sms_lines)
    if carrier is not None:
        jobs.every_for_all("texts", 2, lambda: texts.step(carrier, wall_ms(), read, write))
        jobs.every_for_all("text_parts", 3600, lambda: write(lambda: text_receipts.sweep(wall_ms())))
    receiver = receiver_of(settings.sms_url.get_secret_value())
    if receiver is not None:
        jobs.every("text_receipts", 1, lambda: receiver.step(note_receipt))
    jobs.every("trunks", TRUNKS_S, ask_trunks)
    if settings.sla_probe_s:
        jobs.every("probes", settings.sla_probe_s, probe)
    jobs.start()
    return jobs
