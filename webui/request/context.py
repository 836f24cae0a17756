"""The context of the web process: settings, zone, uploads, and threads for computations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TypeVar

import gevent
from flask import current_app
from gevent.event import AsyncResult
from gevent.lock import Semaphore
from werkzeug.exceptions import TooManyRequests

from engine.config import Settings
from engine.errors import AvanakError
from engine.sealing import SecretBox
from engine.services.campaigns.uploads import Uploads
from engine.services.compliance.policy import Policy
from engine.store.threads import begin
from webui.request.checks import PATIENCE_S, Checks

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_HASHING = 20  # each takes a tenth of a second


class AvanakWeb:
    """The context of a process; `web()` returns it within a request."""

    def __init__(self, settings: Settings, policy: Policy, secret_box: SecretBox) -> None:
        self.settings = settings
        self.policy = policy
        self.zone = policy.zone
        self.secret_box = secret_box
        self.uploads = Uploads(settings.data_dir / "uploads", settings.max_upload_mb * 1_000_000)
        self.checks = Checks(lambda work: self.apart(work, waits=True))
        self._hasher = Semaphore(1)
        self._hashing = 0  # requests that hash or wait to

    def apart(self, work: Callable[[], T], *, waits: bool = False) -> T:
        """Run a computation (workbooks, password hashes) outside the hub and return its result.

        With `waits` it runs in the threads for work that takes long or waits for a worker (sounds, lists).
        """
        return begin(work, waits=waits)()

    def hashed(self, work: Callable[[], T]) -> T:
        """Hash a password outside the hub, one at a time, as each takes 64 MB and a processor.

        Raises TooManyRequests when this one would have to wait for seconds.
        """
        if self._hashing >= MOST_HASHING:
            raise TooManyRequests(retry_after=2)
        self._hashing += 1
        try:
            with self._hasher:
                return self.apart(work)
        finally:
            self._hashing -= 1

    def begun(self, work: Callable[[Callable[[int], None]], None]) -> int:
        """Start work that continues after this request, and return the id that it reports.

        `work` gets the function with which it reports the id.  Any exception before the report is raised here, a later
        one is logged.  Short work has ended when this returns.
        """
        told: AsyncResult[int] = AsyncResult()

        def run() -> None:
            try:
                work(told.set)
            except Exception as error:
                if not told.ready():
                    told.set_exception(error)
                elif isinstance(error, AvanakError):
                    log.warning("action=work_cut of=%s error=%r", told.value, str(error))
                else:
                    log.exception("action=work_crashed of=%s", told.value)
            finally:
                if not told.ready():  # nobody else would: the request would wait for ever
                    told.set_exception(RuntimeError("The work ended without telling what it began."))

        gevent.spawn(run).join(PATIENCE_S)
        found: int = told.get()
        return found

    def each_apart(self, items: Iterator[T]) -> Iterator[T]:
        """Yield the items (never None); each is computed outside the hub when it is needed."""
        while (item := self.apart(lambda: next(items, None), waits=True)) is not None:
            yield item


def web() -> AvanakWeb:
    found: AvanakWeb = current_app.extensions["avanak"]
    return found
