"""The one thread that writes to the database.

All writes of a process go through here.  They are grouped, one transaction per group, so that a commit (and its sync to
disk) serves hundreds of calls and the hub never waits for a disk.

Two ways in:

* ``writer.call(work)`` runs a function in a transaction and waits for its
  result; an error undoes that function's writes only.
* ``writer.add(channel, item)`` hands over an item; all items of a channel in
  a group are written by one call of ``channel.write(items)``.  Items are never
  dropped: while the database is away or full they wait, and ``writer.fault``
  says why.
"""

from __future__ import annotations

import logging
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Generic, TypeVar

import gevent
import peewee
from gevent import monkey
from gevent.event import AsyncResult, Event
from gevent.threadpool import ThreadPool

from engine.errors import AvanakError, StoreUnavailable
from engine.store.database import db, is_sqlite

log = logging.getLogger(__name__)

# The real sleep: the waiting thread is the writer's own, or belongs to a process without a writer.
_sleep = monkey.get_original("time", "sleep")

T = TypeVar("T")
Item = TypeVar("Item")

GROUP_S = 0.4  # how long a group of items gathers; a call, or enough items, ends the wait
ENOUGH = 120  # items for a group of their own
MAX_GROUP = 600  # bounds how long a caller waits for the group before it
LEAST_REST_S = 0.005  # shortest rest: longer than another process takes to try again
WAIT_S = 10.0  # for SQLite's write lock, before the database refuses
LOOK_S = 0.002
RETRY_S = 0.5  # pause after the database refused a group
COLLISIONS = 5  # how often a group is tried again at once after two engines collided
# PostgreSQL: a deadlock, or a serialization failure; the group was undone wholly.
_COLLIDED = frozenset(("40P01", "40001"))
_UNIQUE = "23505"  # a unique value is there already
_BROKEN = (peewee.OperationalError, peewee.InterfaceError)


class Channel(Generic[Item]):
    """A kind of item that is written in groups."""

    def __init__(
        self,
        name: str,
        write: Callable[[list[Item]], list[Any]],
        done: Callable[[list[Any]], None] | None = None,
    ) -> None:
        self.name = name
        self.write = write  # in the writer's thread, inside the transaction
        self.done = done  # on the hub, after the commit, with what `write` returned


class Writer:
    """Owns the writer thread.  Start it once in a process, after the database is open."""

    def __init__(self, group_s: float = math.inf, rest: float = 0.0) -> None:
        """`group_s`: a transaction that has lasted this long begins no further call.

        `rest`: after each transaction the writer pauses for this share of the time it took, so that another process can
        write.
        """
        self.fault = ""  # the kept sentence while the database refuses; else empty
        self.groups = 0
        self._pool = ThreadPool(1)
        self._calls: list[tuple[Callable[[], Any], AsyncResult]] = []
        self._items: list[tuple[Channel[Any], Any]] = []
        self._wake = Event()
        self._urgent = Event()
        self._idle = Event()
        self._idle.set()
        self._loop: gevent.Greenlet | None = None
        self._stopping = False
        self._flushing = 0  # how many wait until everything is written
        self._is_hurried = False  # the next group gathers no longer
        self._group_s, self._rest = group_s, rest

    def start(self) -> None:
        self._loop = gevent.spawn(self._run)

    def stop(self, deadline_s: float = 10.0) -> bool:
        """Write what is queued, then stop; return True if everything was written within the deadline."""
        self._stopping = True
        self._wake.set()
        self._urgent.set()
        if self._loop is not None:
            self._loop.join(deadline_s)
        clean = self._loop is None or self._loop.dead
        if not clean and self._loop is not None:
            log.error("action=writer_cut_off items=%d fault=%r", len(self._items), self.fault)
            self._loop.kill()
        if clean:
            self._end_thread()
        return bool(clean)

    def _end_thread(self) -> None:
        self._pool.spawn(close_quietly).get(timeout=5)
        self._pool.kill()

    def call(self, work: Callable[[], T]) -> T:
        """Run `work` in a transaction in the writer's thread; return its result or raise its exception."""
        result: AsyncResult = AsyncResult()
        self._calls.append((work, result))
        self._wake.set()
        self._urgent.set()
        return result.get()

    def add(self, channel: Channel[Item], item: Item) -> None:
        """Queue `item` for the next group; return at once."""
        self._items.append((channel, item))
        self._idle.clear()
        self._wake.set()
        if len(self._items) >= ENOUGH:
            self._urgent.set()

    def hurry(self) -> None:
        """Write what was added so far at once; do not wait for it.  For the last of many items."""
        self._is_hurried = True
        self._urgent.set()

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until everything handed over so far is committed."""
        self._flushing += 1
        self._urgent.set()
        try:
            return self._idle.is_set() or bool(self._idle.wait(timeout_s))
        finally:
            self._flushing -= 1

    @property
    def is_running(self) -> bool:
        """Whether it was started (and has not ended)."""
        return self._loop is not None and not self._loop.dead

    def _run(self) -> None:
        while True:
            if not self._calls and not self._items:
                self._idle.set()
                if self._stopping:
                    return
                self._wake.wait()
                self._wake.clear()
                continue
            self._idle.clear()
            is_urgent = self._calls or self._flushing or self._stopping or self._is_hurried
            if not is_urgent and len(self._items) < ENOUGH:
                self._urgent.clear()
                self._urgent.wait(GROUP_S)
            calls, self._calls = self._calls, []
            items = self._items[:MAX_GROUP]
            self._is_hurried = len(items) < len(self._items) and self._is_hurried
            by_channel: dict[Channel[Any], list[Any]] = {}
            for channel, item in items:
                by_channel.setdefault(channel, []).append(item)
            began = time.monotonic()
            try:
                outcome = self._pool.apply(_write_group, (calls, by_channel, self._group_s))
            except (peewee.DatabaseError, peewee.InterfaceError, StoreUnavailable) as error:
                self._refused(error, calls)
                continue
            except Exception as error:
                # An error of our own must not end the writer; it is logged and tried again.
                log.exception("action=group_failed items=%d calls=%d", len(items), len(calls))
                self._refused(error, calls)
                continue
            if self.fault:
                log.warning("action=database_back")
                self.fault = ""
            self.groups += 1
            del self._items[: len(items)]
            done = len(outcome[0])
            self._calls[:0] = calls[done:]
            self._answer(calls[:done], outcome)
            if self._rest and not self._stopping:
                gevent.sleep(max(LEAST_REST_S, self._rest * (time.monotonic() - began)))

    def _refused(self, error: Exception, calls: list[tuple[Callable[[], Any], AsyncResult]]) -> None:
        """Handle the failure of a whole group: callers get the error, items stay queued for the next try."""
        refused = StoreUnavailable("The database refuses writes: %(why)s", why=_one_line(error))
        fault = refused.sentence.kept()
        if fault != self.fault:
            log.error("action=database_refused error=%r", str(refused))
        self.fault = fault
        for _, result in calls:
            result.set_exception(StoreUnavailable(refused.sentence))
        if self._items or not self._stopping:
            gevent.sleep(RETRY_S)

    def _answer(
        self,
        calls: list[tuple[Callable[[], Any], AsyncResult]],
        outcome: tuple[list[tuple[Any, Exception | None]], dict[Channel[Any], list[Any]]],
    ) -> None:
        call_results, channel_results = outcome
        for (_, result), (value, error) in zip(calls, call_results, strict=True):
            if error is not None:
                result.set_exception(error)
            else:
                result.set(value)
        for channel, written in channel_results.items():
            if channel.done is not None:
                channel.done(written)


def transaction() -> AbstractContextManager[Any]:
    """A transaction that may write (on SQLite it takes the write lock at once), or a savepoint inside one."""
    if is_sqlite() and db.transaction_depth() == 0:
        return _immediate()
    return db.atomic()


@contextmanager
def _immediate() -> Iterator[None]:
    """Take SQLite's write lock, trying every other millisecond.

    SQLite's own wait tries less and less often, down to ten times a second, so that the busier of two processes would
    keep the
    other from its turn.
    """
    until = time.monotonic() + WAIT_S
    db.execute_sql("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                held = db.atomic("immediate")
                held.__enter__()
                break
            except peewee.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
            _sleep(LOOK_S)
    finally:
        db.execute_sql(f"PRAGMA busy_timeout = {int(WAIT_S * 1000)}")
    try:
        yield
    except BaseException:
        held.__exit__(*sys.exc_info())
        raise
    held.__exit__(None, None, None)


def _write_group(
    calls: list[tuple[Callable[[], Any], AsyncResult]],
    by_channel: dict[Channel[Any], list[Any]],
    group_s: float,
) -> tuple[list[tuple[Any, Exception | None]], dict[Channel[Any], list[Any]]]:
    """Write the group in one transaction, or as many of its calls as fit into `group_s`; runs in the writer's thread."""
    for collision in range(COLLISIONS + 1):
        try:
            if db.is_closed():  # asked without the lock that `connect` takes; see `threads.read`
                db.connect()
            with transaction():
                results = {channel: _write_items(channel, items) for channel, items in by_channel.items()}
                ends, until = [], time.monotonic() + group_s
                for work, _ in calls:
                    ends.append(_run_call(work))
                    if time.monotonic() > until:
                        break
                return ends, results
        except (peewee.DatabaseError, peewee.InterfaceError) as error:
            if collision == COLLISIONS or not _is_collision(error):
                close_quietly()
                raise
            log.info("action=group_collided try=%d", collision + 1)
    raise AssertionError("unreachable")


def _is_collision(error: BaseException) -> bool:
    """Whether the database undid the group because of a conflict with another engine's writes."""
    return _sqlstate(error) in _COLLIDED


def _sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's code of an error."""
    found: str | None = getattr(error.__cause__ or error.__context__ or error.args[0], "sqlstate", None)
    return found


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


def _run_call(work: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """Run one caller's work in a savepoint; only a broken database ends the group."""
    try:
        return in_savepoint(work), None
    except _BROKEN:
        raise
    except Exception as error:  # noqa: BLE001 - handed to the caller, who asked for it
        return None, error


def in_savepoint(work: Callable[[], T]) -> T:
    """Run `work` in a savepoint; once more if another process wrote the same unique value at the same moment.

    Then `work` sees what the other wrote, and refuses with its own sentence where it looks for that.
    """
    try:
        with db.atomic():
            return work()
    except peewee.IntegrityError as error:
        if is_sqlite() or _sqlstate(error) != _UNIQUE:  # SQLite has one writer: it would fail again
            raise
        log.info("action=written_by_another error=%r", _one_line(error))
    with db.atomic():
        return work()


def _write_items(channel: Channel[Any], items: list[Any]) -> list[Any]:
    """Write a channel's items; an item that always fails is set aside, so that it cannot stop the others."""
    try:
        with db.atomic():
            return channel.write(items)
    except _BROKEN:
        raise
    except (peewee.PeeweeException, AvanakError, ValueError, TypeError, KeyError, RuntimeError):
        if len(items) == 1:
            log.exception("action=item_refused channel=%s item=%r", channel.name, items[0])
            return []
        middle = len(items) // 2
        return _write_items(channel, items[:middle]) + _write_items(channel, items[middle:])


def close_quietly() -> None:
    """Close the connection, even if the server has already ended it."""
    try:
        if not db.is_closed():
            db.close()
    except (peewee.PeeweeException, OSError) as error:
        log.warning("action=close_failed error=%r", str(error))
