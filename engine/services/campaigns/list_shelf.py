"""Contact lists made from a campaign's file, for use in later campaigns.

The file is kept until `fill` has read it and put its numbers on the contact list, part by part.  This can be
interrupted at any moment and repeated: a number that is on the list stays as it is.  Each time a list is used, it is
read as a file again (`lay_out`), so that the do-not-call lists of that day apply.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import AvanakError, EngineBusy, StoreUnavailable
from engine.services.campaigns.recipients import Begin
from engine.services.campaigns.uploads import Pending
from engine.services.compliance import traffic_caps
from engine.services.lists import contact_lists
from engine.services.lists.choices import Choices, choices_of
from engine.services.lists.contact_lists import NewContact
from engine.services.lists.names import is_of_person
from engine.services.lists.reader import ListReader, open_list
from engine.services.lists.rows import Row
from engine.services.numbering.numbers import NumberRules
from engine.store.sql import execute
from engine.store.tables.programs import ContactList
from engine.workers.job import Lane

log = logging.getLogger(__name__)

PART = 1_000  # contacts of a transaction
READ_PART = 5_000
_NUMBER, _REFERENCE = "number", "reference"

Run = Callable[[Callable[[], Any]], Any]


class Shelf:
    """The folder of the files that are to be read, ``data_dir/lists``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, source: Path) -> str:
        """Store a file; the name under which it is stored.  StoreUnavailable when the disk is full."""
        token = secrets.token_urlsafe(24)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                os.link(source, self._folder / token)
            except OSError:
                shutil.copyfile(source, self._folder / token)
        except OSError as error:
            raise StoreUnavailable(
                "The contact list cannot be saved: %(why)s.", why=os.strerror(error.errno or 0)
            ) from error
        return token

    def path(self, token: str) -> Path:
        """Where a file lies."""
        return self._folder / token

    def drop(self, token: str) -> None:
        """Remove a file."""
        (self._folder / token).unlink(missing_ok=True)


def keep(pending: Pending, token: str, name: str, now: int) -> int:
    """Keep the list of an upload, whose file `Shelf.put` has taken, under a name; its id."""
    return contact_lists.make(
        pending.account_id,
        name,
        now,
        pending.person_id,
        token=token,
        source_name=pending.list_name[:255],
        choices=pending.choices,
    )


def coming() -> list[ContactList]:
    """Lists whose files are still to be read; inside a connection."""
    ids = [int(row[0]) for row in execute("SELECT id FROM contact_list WHERE token <> '' ORDER BY id")]
    return list(ContactList.select().where(ContactList.id << ids).order_by(ContactList.id)) if ids else []


def fill(row: ContactList, shelf: Shelf, default_area: str, read: Run, write: Run, begin: Begin) -> None:
    """Put the numbers of a list's file on it; not inside a transaction.

    A file that cannot be read to its end leaves the sentence on the list.  Raises StoreUnavailable and EngineBusy
    when it is to be tried again.
    """
    list_id, sentence = int(row.id), ""
    accepted = read(partial(traffic_caps.number_rules, default_area))
    try:
        with begin(lambda: _open(row, shelf, accepted))() as reader:
            _take(list_id, reader, bool(choices_of(row.choices).name_column), write, begin)
    except (StoreUnavailable, EngineBusy):
        raise
    except AvanakError as error:
        sentence = error.sentence.kept()
    write(lambda: ContactList.update(token="", sentence=sentence).where(ContactList.id == list_id).execute())
    shelf.drop(row.token)
    log.info("action=list_kept list=%d sentence=%r", list_id, sentence)


def fail_by_our_fault(row: ContactList, sentence: str) -> None:
    """Inside a write: note that an error of ours ended the reading of a list; the numbers read so far stay."""
    ContactList.update(token="", sentence=sentence).where(ContactList.id == row.id).execute()


def lay_out(row: ContactList, file: BinaryIO) -> str:
    """Write a contact list as a file that `open_list` reads, inside a connection; the choices that go with it, kept."""
    names: list[str] = json.loads(row.columns)
    has_references = bool(
        execute("SELECT 1 FROM listed_contact WHERE list_id = ? AND reference <> '' LIMIT 1", [row.id])
    )
    with_reference = has_references and _REFERENCE not in names
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    lines = csv.writer(text)
    lines.writerow([_NUMBER, *names, *([_REFERENCE] if with_reference else [])])
    last = 0
    while found := execute(
        "SELECT id, number, reference, variables FROM listed_contact WHERE list_id = ? AND id > ? ORDER BY id LIMIT ?",
        [row.id, last, READ_PART],
    ):
        for _, number, reference, variables in found:
            own = json.loads(variables) if variables != "{}" else {}
            cells = [own.get(name, "") for name in names]
            lines.writerow([number, *cells, *([reference] if with_reference else [])])
        last = int(found[-1][0])
    text.flush()
    text.detach()
    return Choices(columns="1", name_column=2 if row.has_name else 0).kept()


def _open(row: ContactList, shelf: Shelf, accepted: NumberRules) -> ListReader:
    return open_list(
        shelf.path(row.token),
        choices_of(row.choices),
        accepted,
        filename=row.source_name,
        account=int(row.account_id),
        lane=Lane.BEHIND,
    )


def _take(list_id: int, reader: ListReader, has_name: bool, write: Run, begin: Begin) -> None:
    source = iter(reader)
    wait = begin(lambda: next(source, None))
    is_first = True
    while (chunk := wait()) is not None:
        if is_first:
            kept = list(reader.kept_columns)
            named = bool(kept) and (has_name or is_of_person(kept[0]))
            write(partial(_note_columns, list_id, kept, named))
            is_first = False
        contacts = _contacts(chunk, reader)
        for at in range(0, len(contacts), PART):
            write(partial(_put, list_id, contacts[at : at + PART]))
        wait = begin(lambda: next(source, None))


def _note_columns(list_id: int, names: Sequence[str], has_name: bool) -> None:
    contact_lists.widen(list_id, names)
    ContactList.update(has_name=has_name).where(ContactList.id == list_id).execute()


def _put(list_id: int, contacts: Sequence[NewContact]) -> None:
    contact_lists.get(list_id, None)
    contact_lists.add(list_id, contacts)


def _contacts(chunk: Sequence[Row], reader: ListReader) -> list[NewContact]:
    kept = set(reader.kept_columns)
    names = [name if name in kept else "" for name in reader.variable_columns]
    return [
        NewContact(
            row.number,
            "",
            {name: cell for name, cell in zip(names, row.cells, strict=False) if name and cell},
        )
        for row in chunk
        if row.number is not None and row.reason is None
    ]
