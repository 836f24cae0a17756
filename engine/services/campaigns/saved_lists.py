"""Lists of numbers that an account keeps for further campaigns: the file as it came, and how it is to be read.

Each time a list is used it is read anew, so that the do-not-call lists of that day count.  Functions run inside
a transaction, or a connection when they only read.
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from engine.errors import BadInput, NotFound, StoreUnavailable
from engine.services.accounts import audit_log, quotas
from engine.services.campaigns.uploads import Pending
from engine.store.tables.lists import SavedList
from engine.text import one_line

SHOWN = 100


class Shelf:
    """The folder of the files, ``data_dir/lists``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, source: Path) -> str:
        """Keep a file; the name that it has here.  StoreUnavailable when the disk is full."""
        token = secrets.token_urlsafe(24)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                os.link(source, self._folder / token)
            except OSError:
                shutil.copyfile(source, self._folder / token)
        except OSError as error:
            raise StoreUnavailable(
                "The list cannot be kept: %(why)s.", why=os.strerror(error.errno or 0)
            ) from error
        return token

    def path(self, token: str) -> Path:
        """Where a file lies."""
        return self._folder / token

    def drop(self, token: str) -> None:
        """Remove a file."""
        (self._folder / token).unlink(missing_ok=True)


def add(pending: Pending, token: str, name: str, numbers: int, now: int) -> int:
    """Keep the list of an upload, whose file `Shelf.put` has taken, under a name; its id."""
    name = one_line(name)[:200]
    if not name:
        raise BadInput("Give the list a name.")
    quotas.check_lists(
        pending.account_id, SavedList.select().where(SavedList.account_id == pending.account_id).count()
    )
    row = SavedList.create(
        account_id=pending.account_id,
        name=name,
        token=token,
        source_name=pending.list_name[:255],
        choices=pending.choices,
        numbers=numbers,
        created_by=pending.person_id,
        created_at=now,
    )
    audit_log.by_staff(pending.person_id, pending.account_id, "list.keep", f"list {row.id}", now, after=name)
    return int(row.id)


def of(account_id: int) -> list[SavedList]:
    """The lists of an account, newest first."""
    query = SavedList.select().where(SavedList.account_id == account_id)
    return list(query.order_by(SavedList.id.desc()).limit(SHOWN))


def get(list_id: int, account_id: int | None = None) -> SavedList:
    """A list, of the account if one is given; NotFound otherwise."""
    row = SavedList.get_or_none(SavedList.id == list_id)
    if row is None or (account_id is not None and row.account_id != account_id):
        raise NotFound("There is no list %(id)s.", id=list_id)
    found: SavedList = row
    return found


def remove(list_id: int, person_id: int | None, now: int, account_id: int | None = None) -> str:
    """Forget a list; the name of its file, to be dropped after the transaction."""
    row = get(list_id, account_id)
    SavedList.delete().where(SavedList.id == row.id).execute()
    audit_log.by_staff(person_id, row.account_id, "list.remove", f"list {row.id}", now, before=row.name)
    return str(row.token)
