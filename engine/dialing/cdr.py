"""The switch's own records of ended calls (CDRs).  They settle calls whose events were lost.

A switch writes one record for every call, failed ones too.  They are followed while the engine runs, so that a lost
event delays its call by two seconds and loses no outcome.  Recovery and the reaper ask them too.
Only records of calls that are open are kept, so memory is bounded by the calls that are up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import gevent
import orjson
from gevent.lock import RLock

from engine.call_end import CallEnd, end_of, last_record, read_record
from engine.dialing.calls import Call, CallTable
from engine.dialing.cdr_file import Cursor, RecordFile, RecordsUnavailable
from engine.errors import StoreUnavailable
from engine.store.cdr import posted_after

Rows = list[tuple[int, str, str]]

log = logging.getLogger(__name__)

GRACE_S = 2.0  # events come first, normally; a record waits this long for its event
SAVE_S = 2.0
FOLLOW_S = 1.0


class Records(Protocol):
    """A switch's records of ended calls, as recovery and the reaper ask for them."""

    def mark(self) -> int:
        """A mark of this moment, for `are_complete`."""

    def are_complete(self, since: int) -> bool | None:
        """Whether `find` knows the record of every call that had left the switch at the mark `since`.

        False: one may still be on its way.  None: nobody can tell, so a call that is neither alive nor recorded may
        have ended unseen.
        """

    def find(self, uuids: Iterable[str]) -> dict[str, CallEnd]:
        """The records of those of `uuids`, which are open, that have one; RecordsUnavailable."""


class NoRecords:
    """A switch without readable records."""

    def mark(self) -> int:
        return 0

    def are_complete(self, since: int) -> bool | None:  # noqa: ARG002 - as every switch's records
        return None

    def find(self, uuids: Iterable[str]) -> dict[str, CallEnd]:  # noqa: ARG002 - as every switch's records
        return {}


@dataclass(frozen=True, slots=True)
class Found:
    """One record as its source has it; `after` is the cursor behind it."""

    uuid: str
    raw: object
    before: Cursor


class Source(Protocol):
    """Where records come from, oldest first."""

    def mark(self) -> int: ...

    def are_complete(self, since: int) -> bool | None: ...

    def read(self, wanted: Callable[[str], bool]) -> Iterator[Found]:
        """New records of calls that are `wanted`; may wait for a disk or a database."""

    def cursor(self) -> Cursor | None:
        """Where the next `read` begins."""

    def parse(self, raw: object) -> CallEnd | None: ...


class SwitchRecords:
    """Follows the records of one switch and ends calls that no event ended."""

    def __init__(
        self,
        source: Source,
        calls: CallTable,
        settle: Callable[[Call, CallEnd, str], None],
        save: Callable[[Cursor], None],
        clock: Callable[[], tuple[int, float]],
    ) -> None:
        self.source = source
        self.calls = calls
        self.settle = settle  # CallEventHandler.settle_hangup
        self.save = save
        self.clock = clock
        self.settled = 0  # calls that were ended by their record alone
        self._waiting: dict[str, tuple[Found, float]] = {}  # of open calls, in the order of the file
        self._saved: Cursor | None = None
        self._save_m = 0.0
        self._lock = RLock()
        self._fault = ""

    def mark(self) -> int:
        return self.source.mark()

    def are_complete(self, since: int) -> bool | None:
        return self.source.are_complete(since)

    def step(self) -> int:
        """Read new records and settle calls that no event settled within the grace period; return how many."""
        try:
            self._read()
        except RecordsUnavailable as error:
            if str(error) != self._fault:
                self._fault = str(error)
                log.error("action=records_unavailable error=%r", str(error))
            return 0
        if self._fault:
            log.warning("action=records_back")
            self._fault = ""
        _, now_m = self.clock()
        done = 0
        for uuid, (found, seen_m) in list(self._waiting.items()):
            call = self.calls.get(uuid)
            if call is None:
                del self._waiting[uuid]
            elif now_m - seen_m >= GRACE_S:
                record = self._parse(found)
                del self._waiting[uuid]
                if record is not None:
                    log.info("action=settled_by_record attempt=%d", call.attempt_id)
                    self.settle(call, record, "record")
                    done += 1
        self.settled += done
        self._save(now_m)
        return done

    def find(self, uuids: Iterable[str]) -> dict[str, CallEnd]:
        """The records of those of `uuids` that have one.  The calls must be in the table of calls."""
        self._read()
        out = {}
        for uuid in uuids:
            waiting = self._waiting.get(uuid)
            record = self._parse(waiting[0]) if waiting else None
            if record is not None:
                out[uuid] = record
        return out

    def save_now(self) -> None:
        """Store how far the records were processed (at the end of the process)."""
        self._save_m = 0.0
        self._save(self.clock()[1])

    def _read(self) -> None:
        with self._lock:
            _, now_m = self.clock()
            for found in self.source.read(self._is_open):
                self._waiting.setdefault(found.uuid, (found, now_m))

    def _is_open(self, uuid: str) -> bool:
        return uuid in self.calls.by_uuid

    def _parse(self, found: Found) -> CallEnd | None:
        record = self.source.parse(found.raw)
        if record is None:
            log.warning("action=record_malformed uuid=%s", found.uuid)
        return record

    def _save(self, now_m: float) -> None:
        """Save the cursor, never past a record whose call is still open.

        The writer stores it after the settles of the records before it.
        """
        if now_m - self._save_m < SAVE_S:
            return
        self._save_m = now_m
        first = next(iter(self._waiting.values()), None)
        cursor = first[0].before if first else self.source.cursor()
        if cursor is not None and cursor != self._saved:
            self._saved = cursor
            self.save(cursor)


class FileSource:
    """Records in mod_cdr_csv's file, on this machine or mounted."""

    def __init__(self, path: Path, cursor: Cursor | None, is_sure: bool = False) -> None:
        self.file = RecordFile(path, cursor)
        self.lines = 0
        self._cursor = cursor
        self._is_sure = is_sure or bool(cursor and cursor.position)

    def mark(self) -> int:
        return 0

    def are_complete(self, since: int) -> bool | None:  # noqa: ARG002 - as every switch's records
        """A record is written before its channel leaves the list of channels.

        If nothing was ever seen in the file, the switch may not write to it.
        """
        return True if self._is_sure or self.lines else None

    def cursor(self) -> Cursor | None:
        return self._cursor

    def parse(self, raw: object) -> CallEnd | None:
        assert isinstance(raw, bytes)
        return read_record(raw)

    def read(self, wanted: Callable[[str], bool]) -> Iterator[Found]:
        pool = gevent.get_hub().threadpool
        while True:
            chunk = pool.apply(self.file.read)
            if chunk is None:
                return
            at = chunk.start
            for line in chunk.data.split(b"\n")[:-1]:
                self.lines += 1
                # A uuid has four hyphens, and nothing else in a record has any.
                record = line if line.count(b"-") == 4 else last_record(line)
                uuid = record[:36].decode("ascii", "replace")
                if wanted(uuid):
                    yield Found(uuid, record, chunk.cursor(at))
                at += len(line) + 1
            self._cursor = chunk.cursor(at)


class PostedSource:
    """Records that a switch on another machine posts to the web part (mod_json_cdr), kept in the store."""

    # Rows become visible in the order of their commits, not of their ids.
    OVERLAP = 500

    def __init__(
        self,
        switch_name: str,
        cursor: Cursor | None,
        read: Callable[[Callable[[], Rows]], Rows],
        count_marks: Callable[[], int],
    ) -> None:
        self.switch_name = switch_name
        self._last_id = cursor.position if cursor else 0
        self._query = read
        self._count_marks = count_marks

    def cursor(self) -> Cursor | None:
        return Cursor(0, "", self._last_id)

    def mark(self) -> int:
        return self._count_marks()

    def are_complete(self, since: int) -> bool | None:
        """Complete when `send-records` (freeswitch-conf) has reported twice since the mark.

        It lists the records, sends all, reports, and begins again, so the second report covers a listing that began
        after the mark.  A switch that never sent anything may have no mod_json_cdr.
        """
        return self._count_marks() >= since + 2 if self._last_id else None

    def parse(self, raw: object) -> CallEnd | None:
        assert isinstance(raw, str)
        return end_of(orjson.loads(raw))

    def read(self, wanted: Callable[[str], bool]) -> Iterator[Found]:
        begin = max(0, self._last_id - self.OVERLAP)
        while True:
            after = begin
            try:
                rows = self._query(lambda: posted_after(self.switch_name, after))  # noqa: B023 - run at once
            except StoreUnavailable as error:
                raise RecordsUnavailable(error.sentence) from error
            for row_id, uuid, fields in rows:
                if wanted(uuid):
                    yield Found(uuid, fields, Cursor(0, "", max(0, row_id - 1)))
            if not rows:
                return
            begin = rows[-1][0]
            self._last_id = max(self._last_id, begin)
