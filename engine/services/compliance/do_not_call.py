"""Do-not-call lists: what people add, import, export and ask.

Which lists count for whom: advertising of any account heeds the list of all
advertising and the account's own; service messages heed the account's own;
emergency notices heed none.  Functions run inside a transaction
(`engine.store.threads.write`), or a connection when they only read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.clock import from_ms
from engine.services.accounts import audit_log
from engine.services.lists.counting import ListCount
from engine.services.lists.reader import ListReader
from engine.services.numbering.numbers import NormalNumber, display
from engine.states import MessageKind
from engine.store import do_not_call
from engine.store.do_not_call import EVERYBODY

EXPORTED = ("number", "source", "campaign", "added_at")

log = logging.getLogger(__name__)

WRITE_CHUNK = 2_000  # one transaction takes some 10 ms; the engine waits no longer
LINES_TOLD = 50  # lines of each reason that an import tells of
KEY, IMPORT, PERSON = "key", "import", "person"  # how a number came onto a list

Read = Callable[[Callable[[], Any]], Any]
Write = Callable[[Callable[[], int]], int]
# Starts a function that computes for long elsewhere; what is called for its result (`engine.store.threads.begin`).
Begin = Callable[[Callable[[], Any]], Callable[[], Any]]


def lists_for(kind: str, account_id: int) -> tuple[int, ...]:
    """The lists that calls of this kind heed, as account ids of do_not_call."""
    if kind == MessageKind.ADVERTISING:
        return (EVERYBODY, account_id)
    return () if kind == MessageKind.EMERGENCY else (account_id,)


def list_of_key(kind: str, account_id: int) -> int:
    """The list that the key 11 enters: advertising of everybody, or else the account's own."""
    return EVERYBODY if kind == MessageKind.ADVERTISING else account_id


def as_integer(e164: str) -> int:
    """A number as do_not_call keeps it: ``+98912…`` is 98912…"""
    return int(e164)


def is_listed(kind: str, account_id: int, number: NormalNumber) -> bool:
    """Whether a number may not be called for such a message."""
    return bool(do_not_call.find(lists_for(kind, account_id), [as_integer(number.e164)]))


def listed(kind: str, account_id: int, numbers: Sequence[NormalNumber]) -> set[str]:
    """Those of the numbers (E.164) that may not be called for such a message."""
    found = do_not_call.find(lists_for(kind, account_id), [as_integer(number.e164) for number in numbers])
    return {number.e164 for number in numbers if as_integer(number.e164) in found}


def add(account_id: int, number: NormalNumber, now: int, by_id: int | None = None) -> bool:
    """Put one number on a list (EVERYBODY: of all advertising); whether it was new.  Audited when staff do it."""
    is_new = do_not_call.add(account_id, [as_integer(number.e164)], PERSON, now) > 0
    if is_new:
        audit_log.by_staff(by_id, account_id or None, "do_not_call.add", number.e164, now)
    return is_new


def remove(account_id: int, number: NormalNumber, now: int, by_id: int | None = None) -> bool:
    """Take a number off; whether it was on the list.  Audited when staff do it."""
    gone = do_not_call.remove(account_id, as_integer(number.e164))
    if gone:
        audit_log.by_staff(by_id, account_id or None, "do_not_call.remove", number.e164, now)
        log.info("action=do_not_call_removed account=%d", account_id)
    return gone


@dataclass(slots=True)
class Taken(ListCount):
    """What an import brought; the list's lines are counted as for a campaign."""

    added: int = 0
    known: int = 0  # on the list already, or twice in the file


def import_list(
    account_id: int,
    reader: ListReader,
    write: Write,
    now: int,
    by_id: int | None = None,
    begin: Begin = lambda work: work,
) -> Taken:
    """Put all numbers of a list on a do-not-call list.

    1. read the whole list, where `begin` computes (8 bytes a number are kept); 2. write it in the order of the
    numbers, in chunks: in the order of the file each chunk would touch every page of the table.  Raises BadInput
    when the list cannot be read; then nothing was written.
    """
    done: Taken
    done, ordered = begin(lambda: _numbers_of(reader))()
    for start in range(0, len(ordered), WRITE_CHUNK):
        part = ordered[start : start + WRITE_CHUNK].tolist()
        done.added += write(partial(do_not_call.add, account_id, part, IMPORT, now))
    done.known = done.valid + done.duplicates - done.added
    counts = {"added": done.added, "known": done.known}

    def audit() -> int:
        audit_log.by_staff(by_id, account_id or None, "do_not_call.import", "list", now, after=counts)
        return 0

    write(audit)
    log.info("action=do_not_call_imported account=%d added=%d known=%d", account_id, done.added, done.known)
    return done


def _numbers_of(reader: ListReader) -> tuple[Taken, npt.NDArray[np.int64]]:
    """What became of a list's lines, and its numbers, sorted."""
    done = Taken(reader.filename, reader.number_column)
    parts = [np.zeros(0, np.int64)]
    for chunk in reader:
        numbers = [as_integer(row.number.e164) for row in chunk if row.number is not None]
        parts.append(np.array(numbers, np.int64))
        done.add(chunk, LINES_TOLD)
    done.conclude(reader)
    return done, np.unique(np.concatenate(parts))


def export_rows(account_id: int, read: Read) -> Iterator[tuple[str, str, int | str, str]]:
    """The list, in the columns `EXPORTED`, read a page at a time; what is written so can be imported again."""
    after = 0
    while rows := read(partial(do_not_call.page, account_id, after)):
        for number, source, campaign_id, added_at in rows:
            yield (
                display(f"+{number}"),
                source,
                campaign_id or "",
                from_ms(added_at).isoformat("T", "seconds"),
            )
        after = rows[-1][0]


def check_list(reader: ListReader, lists: Sequence[int], read: Read) -> tuple[int, int]:
    """Go through a contact list without importing it; ``(numbers that may be called, numbers on one of the lists)``.

    The contact list was opened with `only_numbers`.  Each number counts once; 8 bytes are kept of every number of
    the contact list and of the lists.
    """
    wanted = np.sort(np.concatenate([np.zeros(0, np.int64), *reader.numbers()]))
    is_first = np.diff(wanted, prepend=-1) != 0
    is_listed = np.zeros(len(wanted), bool)
    for list_id in lists:
        numbers = read(partial(do_not_call.all_numbers, list_id))  # sorted
        if len(numbers):
            at = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
            is_listed |= numbers[at] == wanted
    listed = int((is_first & is_listed).sum())
    return int(is_first.sum()) - listed, listed
