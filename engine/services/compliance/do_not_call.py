"""Do-not-call lists: add, remove, import, export, look up.

Advertising respects the list of all advertising and the account's own list, service messages the account's own
list, emergency notices none.  Functions run inside a transaction (`engine.store.threads.write`), or inside a
connection when they only read.
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
from engine.services.accounts import audit_log, quotas
from engine.services.lists.counting import ListCount
from engine.services.lists.reader import ListReader
from engine.services.numbering.numbers import NormalNumber, NumberRules, display
from engine.states import MessageKind
from engine.store import do_not_call
from engine.store.do_not_call import EVERYBODY

EXPORTED = ("number", "source", "campaign", "added_at")

log = logging.getLogger(__name__)

WRITE_CHUNK = 2_000  # one transaction takes about 10 ms; the engine never waits longer
LINES_TOLD = 50  # lines of each reason that an import reports
KEY, IMPORT, PERSON = "key", "import", "person"  # how a number came onto a list

Read = Callable[[Callable[[], Any]], Any]
Write = Callable[[Callable[[], int]], int]
# Starts a long computation elsewhere and returns a function that waits for its result (`engine.store.threads.begin`).
Begin = Callable[[Callable[[], Any]], Callable[[], Any]]


def lists_for(kind: str, account_id: int) -> tuple[int, ...]:
    """The lists that calls of this kind respect, as account ids in do_not_call."""
    if kind == MessageKind.ADVERTISING:
        return (EVERYBODY, account_id)
    return () if kind == MessageKind.EMERGENCY else (account_id,)


def list_of_key(kind: str, account_id: int) -> int:
    """The list that somebody who presses 11 is put on: that of all advertising, or the account's own."""
    return EVERYBODY if kind == MessageKind.ADVERTISING else account_id


def number_rules(area: str) -> NumberRules:
    """How numbers for a list are read, whether or not they may be called; `area` as in `traffic_caps.number_rules`."""
    return NumberRules(area or None, abroad=True, fillers=True)


def as_integer(e164: str) -> int:
    """A number as do_not_call stores it: ``+98912…`` becomes 98912…"""
    return int(e164)


def is_listed(kind: str, account_id: int, number: NormalNumber) -> bool:
    """Whether a number is on a list that messages of this kind respect."""
    return bool(do_not_call.find(lists_for(kind, account_id), [as_integer(number.e164)]))


def listed(kind: str, account_id: int, numbers: Sequence[NormalNumber]) -> set[str]:
    """Those of the numbers (E.164) that are on a list that messages of this kind respect."""
    found = do_not_call.find(lists_for(kind, account_id), [as_integer(number.e164) for number in numbers])
    return {number.e164 for number in numbers if as_integer(number.e164) in found}


def add(account_id: int, number: NormalNumber, now: int, by_id: int | None = None) -> bool:
    """Put one number on a list (EVERYBODY: that of all advertising); whether it was new.  Audited when a person does it."""
    _check_room(account_id, 1)
    is_new = do_not_call.add(account_id, [as_integer(number.e164)], PERSON, now) > 0
    if is_new:
        audit_log.by_staff(by_id, account_id or None, "do_not_call.add", number.e164, now)
    return is_new


def remove(account_id: int, number: NormalNumber, now: int, by_id: int | None = None) -> bool:
    """Take a number off a list; whether it was on it.  Audited when a person does it."""
    gone = do_not_call.remove(account_id, as_integer(number.e164))
    if gone:
        audit_log.by_staff(by_id, account_id or None, "do_not_call.remove", number.e164, now)
        log.info("action=do_not_call_removed account=%d", account_id)
    return gone


@dataclass(slots=True)
class Taken(ListCount):
    """The counts of an import; its lines are counted as those of a campaign's list."""

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

    `begin` runs the reading of the whole list; 8 bytes a number stay in memory.  Then the numbers are written in
    chunks, sorted: in the order of the file each chunk would touch every page of the table.  Raises BadInput
    when the list cannot be read; then nothing is written.
    """
    done: Taken
    done, ordered = begin(lambda: _numbers_of(reader))()
    write(partial(_check_room, account_id, len(ordered)))
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


def _check_room(account_id: int, more: int) -> int:
    """QuotaUsed when an account that is not confirmed would list too many; nothing else is counted, lists are long."""
    if account_id != EVERYBODY and not quotas.is_confirmed(account_id):
        quotas.check_do_not_call(account_id, do_not_call.count(account_id) + more)
    return 0


def _numbers_of(reader: ListReader) -> tuple[Taken, npt.NDArray[np.int64]]:
    """The counts of a list's lines, and its numbers, sorted."""
    done = Taken(reader.filename, reader.number_column)
    parts = [np.zeros(0, np.int64)]
    for chunk in reader:
        numbers = [as_integer(row.number.e164) for row in chunk if row.number is not None]
        parts.append(np.array(numbers, np.int64))
        done.add(chunk, LINES_TOLD)
    done.conclude(reader)
    return done, np.unique(np.concatenate(parts))


def export_rows(account_id: int, read: Read) -> Iterator[tuple[str, str, int | str, str]]:
    """The list, in the columns `EXPORTED`, read page by page; the file can be imported again."""
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
    """Count a contact list without importing it: ``(numbers that may be called, numbers on one of the lists)``.

    The contact list must be opened with `only_numbers`.  Each number counts once.  Memory: 8 bytes for every number
    of the contact list and of the lists.
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
