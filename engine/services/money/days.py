"""A ledger as people read it: one line for each campaign and day, one for each other booking, with the balance after it.

Functions run inside a connection.  Days are days of Tehran, counted since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from engine.store.ledger import DAY_MS, TEHRAN_MS
from engine.store.sql import execute

CALLS = "calls"  # the kind of a campaign's line
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class DayLine:
    """A line; amounts are Rials."""

    day: date
    campaign_id: int | None  # None: a booking of its own
    name: str  # of the campaign
    is_quick: bool  # the campaign holds quick sends
    kind: str
    note: str
    change: int  # of the balance
    reserved: int  # change of what is set aside
    spent: int
    bookings: int
    balance: int  # after it
    key: tuple[int, int]  # its place: day and last booking


@dataclass(frozen=True, slots=True)
class Which:
    """Which lines: of a kind (`CALLS`, or of a booking; empty: all), from a day, until a day (both included)."""

    kind: str = ""
    since: date | None = None
    until: date | None = None


def day_of(number: int) -> date:
    """The day of a day's number."""
    return _EPOCH + timedelta(days=number)


def number_of(day: date) -> int:
    """Days since the epoch."""
    return (day - _EPOCH).days


_LINES = (
    "WITH line AS (SELECT day, campaign_id, 'calls' AS kind, '' AS note, balance, reserved, spent, bookings,"  # noqa: S608 - ours
    " last_txn_id AS id FROM ledger_day WHERE account_id = ?"
    f" UNION ALL SELECT (t.at + {TEHRAN_MS}) / {DAY_MS}, NULL, t.kind, t.note,"
    " SUM(CASE WHEN e.book = 'balance' THEN e.amount ELSE 0 END),"
    " SUM(CASE WHEN e.book = 'reserved' THEN e.amount ELSE 0 END),"
    " SUM(CASE WHEN e.book IN ('revenue', 'subscription') THEN e.amount ELSE 0 END), 1, t.id"
    " FROM ledger_txn t JOIN ledger_entry e ON e.txn_id = t.id"
    " WHERE t.account_id = ? AND t.campaign_id IS NULL GROUP BY t.id, t.at, t.kind, t.note),"
    " running AS (SELECT line.*, SUM(balance) OVER (ORDER BY day, id ROWS UNBOUNDED PRECEDING) AS after FROM line)"
    " SELECT r.day, r.campaign_id, c.name, c.standing_key, r.kind, r.note, r.balance, r.reserved, r.spent,"
    " r.bookings, r.after, r.id FROM running r LEFT JOIN campaign c ON c.id = r.campaign_id WHERE 1 = 1"
)


def lines(account_id: int, which: Which, before: tuple[int, int] | None, limit: int) -> list[DayLine]:
    """Lines of an account that are older than the line with the key `before`, newest first."""
    sql, values = _LINES, list[Any]([account_id, account_id])
    if which.kind:
        sql += " AND r.kind = ?"
        values.append(which.kind)
    for sign, day in ((">=", which.since), ("<=", which.until)):
        if day is not None:
            sql += f" AND r.day {sign} ?"
            values.append(number_of(day))
    if before is not None:
        sql += " AND (r.day < ? OR (r.day = ? AND r.id < ?))"
        values += [before[0], before[0], before[1]]
    rows = execute(sql + " ORDER BY r.day DESC, r.id DESC LIMIT ?", [*values, limit])
    return [
        DayLine(
            day=day_of(int(day)),
            campaign_id=campaign_id,
            name=name or "",
            is_quick=bool(standing_key),
            kind=kind,
            note=note,
            change=int(change),
            reserved=int(reserved),
            spent=int(spent),
            bookings=int(bookings),
            balance=int(after),
            key=(int(day), int(last_id)),
        )
        for day, campaign_id, name, standing_key, kind, note, change, reserved, spent, bookings, after, last_id in rows
    ]


@dataclass(frozen=True, slots=True)
class PaidCall:
    """A call that cost something."""

    attempt_id: int
    number: str
    at: int
    heard_ms: int
    price: int


def calls(account_id: int, campaign_id: int, day: date, before_id: int | None, limit: int) -> list[PaidCall]:
    """The calls that a campaign was charged for on a day, newest first, older than the attempt `before_id`."""
    first_at = number_of(day) * DAY_MS - TEHRAN_MS
    ends = execute(
        "SELECT MIN(first_attempt_id), MAX(last_attempt_id) FROM ledger_txn WHERE campaign_id = ? AND account_id = ?"
        " AND kind = 'charge' AND at >= ? AND at < ?",
        [campaign_id, account_id, first_at, first_at + DAY_MS],
    )
    if ends[0][0] is None:
        return []
    last = int(ends[0][1]) if before_id is None else min(int(ends[0][1]), before_id - 1)
    rows = execute(
        "SELECT a.id, r.number, a.created_at, a.heard_ms, a.price FROM attempt a"
        " JOIN ledger_txn t ON t.id = a.ledger_txn_id JOIN recipient r ON r.id = a.recipient_id"
        " WHERE a.id >= ? AND a.id <= ? AND a.campaign_id = ? AND a.price > 0 AND t.at >= ? AND t.at < ?"
        " ORDER BY a.id DESC LIMIT ?",
        [int(ends[0][0]), last, campaign_id, first_at, first_at + DAY_MS, limit],
    )
    return [PaidCall(int(row[0]), row[1], int(row[2]), int(row[3]), int(row[4])) for row in rows]


def texts(account_id: int, campaign_id: int, day: date) -> int:
    """Rials that the texts after a campaign's calls cost on a day, less what was given back."""
    first_at = number_of(day) * DAY_MS - TEHRAN_MS
    rows = execute(
        "SELECT COALESCE(SUM(e.amount), 0) FROM ledger_txn t JOIN ledger_entry e ON e.txn_id = t.id"
        " WHERE t.campaign_id = ? AND t.account_id = ? AND t.kind IN ('text', 'text_return')"
        " AND t.at >= ? AND t.at < ? AND e.book = 'revenue'",
        [campaign_id, account_id, first_at, first_at + DAY_MS],
    )
    return int(rows[0][0])
