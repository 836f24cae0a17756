"""What every part of the web UI needs: settings, zone, uploads, and a place to compute apart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import TypeVar

from flask import current_app
from gevent.threadpool import ThreadPool

from engine.config import Settings
from engine.services.uploads import Uploads
from webui.checks import Checks

T = TypeVar("T")

COMPUTING_THREADS = 2


class AvanakWeb:
    """One a process; `web()` gives the one of the present request."""

    def __init__(self, settings: Settings, zone: tzinfo) -> None:
        self.settings = settings
        self.zone = zone
        self.uploads = Uploads(settings.data_dir / "uploads", settings.max_upload_mb * 1_000_000)
        self._pool = ThreadPool(COMPUTING_THREADS)
        self.checks = Checks(self.apart)

    def apart(self, work: Callable[[], T]) -> T:
        """Run what computes for long (sounds, lists, workbooks, password hashes) off the hub; its result."""
        return self._pool.apply(work)


def web() -> AvanakWeb:
    found: AvanakWeb = current_app.extensions["avanak"]
    return found
