"""Reads off the hub, and writes from any greenlet or thread.

SQLite calls block their thread; a few reading threads keep them off the hub.
Each keeps its connection open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import peewee
from gevent.threadpool import ThreadPool

from engine.errors import StoreUnavailable
from engine.store.database import db, is_sqlite
from engine.store.writer import Writer, close_quietly, in_savepoint, transaction

T = TypeVar("T")

_readers: ThreadPool | None = None
_workers: ThreadPool | None = None
_waiters: ThreadPool | None = None
_writer: Writer | None = None
READERS = 3
READER_CACHE = -4_000  # kB of SQLite's pages that each keeps: pages that are read once gain nothing by more
WORKERS = 4  # that compute: passwords, codes, workbooks
# That wait for a worker process, or are at a list for long: never those that a log-in needs.  The turns of the workers let
# one account hold 22 of them.
WAITERS = 64


def use_writer(writer: Writer | None) -> None:
    """Make `write` use this process's writer (None: write directly again)."""
    global _writer
    _writer = writer


def read(work: Callable[[], T]) -> T:
    """Run `work`, which only reads, in a reading thread with a connection; return its result.

    Raises StoreUnavailable when the database does not answer.
    """
    global _readers
    if _readers is None:
        _readers = ThreadPool(READERS)
    return _unpack(_readers.apply(_with_connection, (work,)))


def begin(work: Callable[[], T], *, waits: bool = False) -> Callable[[], T]:
    """Start `work`, a computation, in a thread; return an object that waits for its result.

    With `waits` it may take long or wait for a worker process, and runs in threads of its own.  If it reads the store, it
    opens and closes a connection itself.
    """
    global _workers, _waiters
    if waits:
        pool = _waiters = _waiters or ThreadPool(WAITERS)
    else:
        pool = _workers = _workers or ThreadPool(WORKERS)
    started = pool.spawn(_caught, work)
    return lambda: _unpack(started.get())


@contextmanager
def staying_connected() -> Iterator[None]:
    """Keep one connection, with its cache, for many `write`s in a row of a process without a writer."""
    if _writer is not None:
        yield
        return
    with db.connection_context():
        yield


@contextmanager
def connected() -> Iterator[None]:
    """Open a connection of this thread, for reading."""
    with db.connection_context():
        yield


def write(work: Callable[[], T]) -> T:
    """Run `work` in a transaction: through the process's writer if there is one, else here.

    Raises what `work` raises (its writes are undone then), or StoreUnavailable.
    """
    if _writer is not None:
        return _writer.call(work)
    opened = False
    try:
        opened = db.connect(reuse_if_open=True)
        with transaction():
            return in_savepoint(work)
    except (peewee.OperationalError, peewee.InterfaceError) as error:
        raise StoreUnavailable(
            "The database cannot be written: %(why)s", why=list(str(error).split())
        ) from error
    finally:
        if opened:
            db.close()


def write_alone(table: type[peewee.Model], row_id: int, work: Callable[[], T]) -> T:
    """As `write`, with a row locked: what `work` reads of it is so until its transaction ends."""

    def alone() -> T:
        if not is_sqlite():  # where a transaction that writes is alone
            key = table._meta.primary_key  # type: ignore[attr-defined]
            list(table.select(key).where(key == row_id).for_update().tuples())
        return work()

    return write(alone)


def _unpack(result: tuple[Any, Exception | None]) -> Any:
    value, error = result
    if error is not None:
        raise error
    return value


def _caught(work: Callable[[], T]) -> tuple[Any, Exception | None]:
    """Run in a thread and return (result, error): the pool would print an exception."""
    try:
        return work(), None
    except Exception as error:  # noqa: BLE001 - handed to the caller, who asked for it
        return None, error


def _with_connection(work: Callable[[], T]) -> tuple[Any, Exception | None]:
    """As `_caught`, with a connection of the reading thread's own."""
    try:
        # Check first: `connect` takes a lock shared by all threads, and gevent's locks can miss a wake-up between threads.
        if db.is_closed() and db.connect() and is_sqlite():
            db.execute_sql(f"PRAGMA cache_size = {READER_CACHE}")
        return work(), None
    except (peewee.OperationalError, peewee.InterfaceError) as error:
        close_quietly()
        return None, StoreUnavailable("The database cannot be read: %(why)s", why=list(str(error).split()))
    except Exception as error:  # noqa: BLE001 - handed to the caller, who asked for it
        return None, error


def close_readers() -> None:
    """End the reading and computing threads (at the end of a process or a test)."""
    global _readers, _workers, _waiters
    pools = (_readers, _workers, _waiters)
    _readers = _workers = _waiters = None  # first: `kill` waits, and nobody may get a pool that is ending
    for pool in pools:
        if pool is not None:
            pool.kill()


def reachable() -> None:
    """Check that the database answers; raise StoreUnavailable if it does not."""
    read(lambda: db.execute_sql("SELECT 1").fetchone())
