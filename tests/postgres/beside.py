"""What another engine does at the same moment, on PostgreSQL: its transaction stays open while ours begins."""

from __future__ import annotations

from collections.abc import Callable, Sized

import gevent
from gevent.event import AsyncResult
from gevent.threadpool import ThreadPool

from engine.store.database import db
from engine.store.sql import execute
from engine.store.threads import read
from engine.store.writer import transaction

OPEN_S = 0.5  # for which it is not committed yet


def other_engine(work: Callable[[], Sized]) -> AsyncResult:
    """Do `work` in a transaction of another connection; return when it is done and not committed.

    The result, after the commit: how many `work` returned.
    """

    def run() -> int:
        db.connect(reuse_if_open=True)
        try:
            with transaction():
                made = work()
                db.execute_sql("SELECT pg_advisory_xact_lock(7)")
                db.execute_sql(f"SELECT pg_sleep({OPEN_S})")
            return len(made)
        finally:
            db.close()

    other = ThreadPool(1).spawn(run)
    with gevent.Timeout(20):
        while not read(lambda: execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 7")):
            gevent.sleep(0.01)
    return other
