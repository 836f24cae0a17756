"""Closing months: a month that is over and not done gets its statements, adjustments and credits.

The job may run any number of times, be killed anywhere, and run in several
processes at once.  A month is done when its statements were written from the
records as they stand (their hash is kept).  When records change later, the hash
differs, every account is calculated again, and where the figures differ an
adjustment with the difference is written.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.agreement.months import Month
from engine.errors import BadInput
from engine.sentences import Instant
from engine.services.sla.monitor import first_watched
from engine.services.sla.statements import Chunk, MonthCloser
from engine.store.tables.sla import OutageRecord

log = logging.getLogger(__name__)

DAY_MS = 86_400_000
CLAIMED, ALL = "claimed", "all"


@dataclass(frozen=True, slots=True)
class StatementPolicy:
    """How an installation closes its months (settings)."""

    jalali: bool = True
    credits: str = CLAIMED  # claimed: for claimed outages only; all: for every month with a discount
    wait_days: int = 3  # how long a month with unresolved unknown time waits for staff


@dataclass(slots=True)
class Closed:
    """What closing a month wrote."""

    month: str
    statements: int = 0
    adjustments: int = 0
    credits: int = 0
    waits: str = ""  # why the month was left for later


Write = Callable[[Callable[[], Any]], Any]


def closed_months(now: int, jalali: bool) -> list[Month]:
    """The months that are over, from the first one with any records on."""
    first = _first_known()
    if first is None:
        return []
    month = Month.containing(first // 1000, jalali=jalali)
    months = []
    while month.end * 1000 <= now:
        months.append(month)
        month = month.next()
    return months


def _first_known() -> int | None:
    outage = OutageRecord.select(OutageRecord.start_at).order_by(OutageRecord.start_at).first()
    found = [at for at in (first_watched(), outage.start_at if outage else None) if at is not None]
    return min(found) if found else None


def close_all(policy: StatementPolicy, now: int, write: Write) -> list[Closed]:
    """Close every month that is over and not done; what was written.  `write` runs a function in a transaction."""
    return [
        close_month(month, policy, now, write) for month in write(lambda: closed_months(now, policy.jalali))
    ]


def close_month(
    month: Month, policy: StatementPolicy, now: int, write: Write, *, at_once: bool = False
) -> Closed:
    """Write what a month lacks: 1. statements, 2. adjustments, 3. credits of claims, 4. the mark that it is done.

    `at_once` does not wait for staff to resolve unknown time.  BadInput for a
    month that still runs.
    """
    if month.end * 1000 > now:
        raise BadInput(
            "The month %(month)s is not over: it can be closed from %(at)s on.",
            month=month,
            at=Instant(month.end * 1000),
        )
    closed = Closed(month.key)
    closer = MonthCloser(month, now, gives_all=policy.credits == ALL)
    waits_until = 0 if at_once else month.end * 1000 + policy.wait_days * DAY_MS
    closed.waits = write(lambda: closer.begin(waits_until))
    if closed.waits:
        return closed
    for step in (closer.write_chunk, closer.adjust_chunk, closer.claims_chunk):
        chunk = Chunk()
        while chunk.more:
            # A step changes nothing outside the database: it may be run again after a collision.
            chunk = write(partial(step, chunk.after))
            closed.statements += chunk.statements
            closed.adjustments += chunk.adjustments
            closed.credits += chunk.credits
    write(closer.finish)
    if closed.statements or closed.adjustments or closed.credits:
        log.info(
            "action=month_closed month=%s statements=%d adjustments=%d credits=%d",
            month,
            closed.statements,
            closed.adjustments,
            closed.credits,
        )
    return closed
