"""The job that sends what is due, the channels in parallel, so that a dead one delays nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from engine.config import Settings
from engine.services.outbox import deliveries
from engine.services.outbox.deliveries import Outcome
from engine.services.outbox.email import Mail
from engine.services.outbox.links import with_link
from engine.services.outbox.messengers import parse_messengers
from engine.services.outbox.voice import VoiceLine
from engine.store.tables.support import Delivery
from engine.store.threads import read, write

BATCH = 30  # of a channel in one run: within the lease even if each takes its whole time-out


class Sender(Protocol):
    """Something that sends messages over a network."""

    def send(self, items: Sequence[Delivery]) -> Iterator[Outcome]: ...


class Channels:
    """The channels that are set up; `deliver` is a job."""

    def __init__(self, senders: dict[str, Sender], voice: VoiceLine | None = None, web_url: str = "") -> None:
        self._senders = senders
        self._voice = voice
        self._web_url = web_url  # for the link under a message; empty: none

    @staticmethod
    def from_settings(settings: Settings, voice: VoiceLine | None = None) -> Channels:
        """The channels of the settings; BadInput names a setting that cannot be."""
        senders: dict[str, Sender] = dict(parse_messengers(settings.messengers.get_secret_value()))
        url = settings.smtp_url.get_secret_value()
        if url:
            senders["email"] = Mail(url, settings.mail_from)
        return Channels(senders, voice, settings.web_url)

    @property
    def names(self) -> list[str]:
        """The channels that can be used, the panel first."""
        return ["panel", *sorted(self._senders), *(["voice"] if self._voice else [])]

    def deliver(self, now: int) -> int:
        """Send what is due at `now`; how many tries were made.  Opens its own transactions.

        Messages of a channel that is not set up wait, and `failures` shows why.
        """
        jobs: list[Callable[[], int]] = [
            self._job(name, sender, now) for name, sender in self._senders.items()
        ]
        if self._voice is not None:
            line = self._voice
            jobs.append(lambda: line.step(now, BATCH))
        if not read(lambda: deliveries.is_any_going(now)):
            return 0
        write(lambda: deliveries.note_missing(set(self.names), now))
        if not jobs:
            return 0
        with ThreadPoolExecutor(max_workers=len(jobs), thread_name_prefix="deliver") as pool:
            return sum(pool.map(lambda job: job(), jobs))

    def _job(self, name: str, sender: Sender, now: int) -> Callable[[], int]:
        def run() -> int:
            items = write(lambda: deliveries.claim(name, now, BATCH))
            items = [with_link(row, self._web_url) for row in items]
            for outcome in sender.send(items) if items else ():
                _settle(outcome, now)
            return len(items)

        return run


def _settle(outcome: Outcome, now: int) -> None:
    write(lambda: deliveries.settle(outcome, now))
