"""An account's availability in a month: live, or of a month that is over."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from engine.agreement.book import MonthBook
from engine.agreement.calculation import Calculation
from engine.agreement.intervals import Spans
from engine.agreement.months import Month
from engine.agreement.records import Exclusion, Outage
from engine.agreement.terms import Terms
from engine.services.sla import agreements, unknown
from engine.services.sla.exclusions import as_exclusion
from engine.store.tables.sla import ExclusionRecord, OutageRecord


@dataclass(frozen=True, slots=True)
class MonthRecords:
    """All records that touch a month, of everybody and of single accounts, and the version in force."""

    month: Month
    terms: Terms
    outages: tuple[Outage, ...]
    exclusions: tuple[Exclusion, ...]
    unknown: Spans
    until: int | None  # seconds; None: the month is over

    def book(self) -> MonthBook:
        """The month calculated for all accounts."""
        return MonthBook(self.month, self.outages, self.exclusions, self.terms, self.unknown, self.until)

    def sha256(self) -> str:
        """Hash of the records and the version: the same inputs give the same statements."""
        content = {
            "month": self.month.key,
            "terms": self.terms.sha256,
            "outages": sorted([o.start, o.end, o.ref, o.account or 0] for o in self.outages),
            "exclusions": sorted(
                [e.start, e.end, e.kind.value, e.announced_at or 0, e.ref, e.account or 0]
                for e in self.exclusions
            ),
            "unknown": self.unknown,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def records(month: Month, now: int) -> MonthRecords:
    """The records of a month as they stand at `now` (milliseconds).

    An outage's end is cut at the month's: how long it ran on is the next
    month's matter, and the evidence of this one does not change with it.
    """
    until = None if now >= month.end * 1000 else now // 1000
    seen_end = month.end if until is None else max(until, month.start)
    outages = OutageRecord.select().where(
        ~OutageRecord.is_void,
        OutageRecord.start_at < month.end * 1000,
        OutageRecord.end_at.is_null() | (OutageRecord.end_at > month.start * 1000),
    )
    excluded = ExclusionRecord.select().where(
        ExclusionRecord.withdrawn_at.is_null(),
        ExclusionRecord.start_at < month.end * 1000,
        ExclusionRecord.end_at > month.start * 1000,
    )
    return MonthRecords(
        month=month,
        terms=agreements.in_force(month.start * 1000),
        outages=tuple(_as_outage(row, seen_end) for row in outages.iterator()),
        exclusions=tuple(as_exclusion(row) for row in excluded.iterator()),
        unknown=unknown.spans(month.start, month.end, now),
        until=until,
    )


def _as_outage(row: OutageRecord, seen_end: int) -> Outage:
    start = row.start_at // 1000
    end = seen_end if row.end_at is None else min(row.end_at // 1000, seen_end)
    return Outage(start, max(start, end), f"outage {row.id}.{row.revision}", row.account_id, row.id)


def month_of(account_id: int | None, month: Month, now: int) -> Calculation:
    """One account's month (None: without anybody's own records), live if it still runs."""
    book = records(month, now).book()
    return book.common if account_id is None else book.calculate(account_id)


def month_to_date(account_id: int | None, now: int, jalali: bool = True) -> Calculation:
    """The month that runs; `.sentence()` gives «availability 99.91 %, 41 minutes of 180 used; …»."""
    return month_of(account_id, Month.containing(now // 1000, jalali=jalali), now)
