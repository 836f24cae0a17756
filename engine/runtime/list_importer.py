"""Imports uploaded lists into campaigns and contact lists.  It runs beside the web UI, where the files are."""

from __future__ import annotations

import logging
from functools import partial

import gevent

from engine.clock import wall_ms
from engine.config import Settings
from engine.errors import AvanakError
from engine.loops import Loop, Loops
from engine.services.campaigns import list_imports, list_shelf
from engine.services.campaigns.list_shelf import Shelf
from engine.services.campaigns.uploads import Uploads
from engine.services.compliance.policy import Policy
from engine.services.lists import contact_lists
from engine.store.tables.lists import ListImport
from engine.store.tables.programs import ContactList
from engine.store.threads import begin, read, write

log = logging.getLogger(__name__)

LOOK_S = 0.5
AT_ONCE = 2  # so that a short list does not wait for a long one


class Importer:
    """Looks for waiting lists whose files are on this machine, and imports them."""

    def __init__(self, settings: Settings) -> None:
        self._uploads = Uploads(settings.data_dir / "uploads", settings.max_upload_mb * 1_000_000)
        self._shelf = Shelf(settings.data_dir / "lists")
        self._area = settings.default_area_code
        self._policy = Policy.of_settings(settings)
        self._working: dict[int, gevent.Greenlet] = {}  # by account: one list at a time
        self._served: dict[int, int] = {}  # the newest import of an account that was started
        self._loops = Loops([Loop("list_imports", self.loop, LOOK_S)])

    def start(self) -> None:
        """Look every half second, until `stop`."""
        self._loops.start()

    def stop(self) -> None:
        """Abandon imports in progress.  The next start continues after their last chunk."""
        self._loops.stop()
        gevent.killall(list(self._working.values()))

    def loop(self) -> None:
        """Start waiting imports while there is room.  The account that was served longest ago is next."""
        self._working = {key: each for key, each in self._working.items() if not each.dead}
        noted = read(list_imports.unfinished)
        noted.sort(key=lambda each: self._served.get(each[1], 0))
        for row, account_id in noted:
            if len(self._working) >= AT_ONCE:
                return
            if account_id not in self._working and self._uploads.taken_list(row.token).exists():
                self._working[account_id] = gevent.spawn(self._import, row)
                self._served[account_id] = max(self._served.values(), default=0) + 1
        for kept in read(list_shelf.coming):
            if len(self._working) >= AT_ONCE:
                return
            if kept.account_id not in self._working and self._shelf.path(kept.token).exists():
                self._working[kept.account_id] = gevent.spawn(self._keep, kept)
        for list_id in read(contact_lists.removed):
            while not write(partial(contact_lists.delete_part, list_id)):
                pass

    def wait(self) -> None:
        """Wait until no import is running."""
        gevent.joinall(list(self._working.values()))

    def _import(self, row: ListImport) -> None:
        with list_imports.held(self._uploads.taken_list(row.token)) as is_ours:
            if not is_ours:
                return
            try:
                list_imports.run(
                    row.id,
                    self._uploads,
                    self._area,
                    self._policy,
                    read=read,
                    write=write,
                    begin=partial(begin, waits=True),
                    clock=wall_ms,
                )
            except AvanakError as error:
                log.warning("action=import_cut import=%d error=%r", row.id, str(error))
            except Exception:
                # An error of our own must not end the loop, and the waiting person is told.
                log.exception("action=import_cut import=%d", row.id)
                write(lambda: list_imports.fail_by_our_fault(row, wall_ms()))

    def _keep(self, row: ContactList) -> None:
        with list_imports.held(self._shelf.path(row.token)) as is_ours:
            if not is_ours:
                return
            try:
                list_shelf.fill(row, self._shelf, self._area, read, write, partial(begin, waits=True))
            except AvanakError as error:
                log.warning("action=list_cut list=%d error=%r", row.id, str(error))
            except Exception:
                log.exception("action=list_cut list=%d", row.id)
                write(lambda: list_shelf.fail_by_our_fault(row, list_imports.OUR_FAULT.kept()))
