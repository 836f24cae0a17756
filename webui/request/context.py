"""What every part of the web UI needs: settings, zone, uploads, and a place to compute apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import tzinfo
from typing import TypeVar

from flask import current_app

from engine.config import Settings
from engine.services.campaigns.uploads import Uploads
from engine.store.threads import begin
from webui.request.checks import Checks

T = TypeVar("T")


class AvanakWeb:
    """One a process; `web()` gives the one of the present request."""

    def __init__(self, settings: Settings, zone: tzinfo) -> None:
        self.settings = settings
        self.zone = zone
        self.uploads = Uploads(settings.data_dir / "uploads", settings.max_upload_mb * 1_000_000)
        self.checks = Checks(lambda work: self.apart(work, waits=True))

    def apart(self, work: Callable[[], T], *, waits: bool = False) -> T:
        """Run what computes (workbooks, password hashes) off the hub; its result.

        With `waits` in the threads for what takes long or waits for a worker (sounds, lists).
        """
        return begin(work, waits=waits)()

    def each_apart(self, items: Iterator[T]) -> Iterator[T]:
        """The items (none is None), each made off the hub when it is asked for."""
        while (item := self.apart(lambda: next(items, None))) is not None:
            yield item


def web() -> AvanakWeb:
    found: AvanakWeb = current_app.extensions["avanak"]
    return found
