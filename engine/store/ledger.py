"""The ledger: whole Rials, double entry, append-only.

A booking (``ledger_txn``) has entries whose amounts sum to zero, and a key that
is unique: what was booked is booked once, however often it is asked for.  What
is positive is owed to the customer or earned; what came from outside is
negative, so that the sum of everything is zero.

=============  ====================================================================
balance        what the customer may spend (negative: what it owes)
reserved       set aside for campaigns and quick sends that run
revenue        earned: calls, synthesis, text messages
subscription   earned: subscriptions
cash           what came in (negative) through payments and receipts
adjustment     given or taken by staff
availability   credits of the service agreement
=============  ====================================================================

``ledger_balance`` keeps the sum of each account's books, moved in the
transaction that books; `avanakctl ledger check` adds the entries up again.
No code changes or removes an entry, and triggers in the database hold that.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from engine.store.database import is_sqlite
from engine.store.sql import execute

log = logging.getLogger(__name__)

BALANCE, RESERVED, REVENUE, SUBSCRIPTION = "balance", "reserved", "revenue", "subscription"
DAY_MS = 86_400_000
TEHRAN_MS = 12_600_000  # ahead of UTC; there has been no summer time since 2022
CASH, ADJUSTMENT, AVAILABILITY = "cash", "adjustment", "availability"
BOOKS = (BALANCE, RESERVED, REVENUE, SUBSCRIPTION, CASH, ADJUSTMENT, AVAILABILITY)


def book(
    account_id: int,
    kind: str,
    key: str,
    entries: Sequence[tuple[str, int]],
    at: int,
    **about: Any,
) -> int | None:
    """Book `entries` (book, amount) for an account, in a transaction; the booking's id.

    None when `key` was booked before: then nothing was written, and the caller
    changes nothing either.  Zero amounts are left out.  `about` are columns of
    LedgerTxn.  A sum that is not zero is a programming error (ValueError).
    """
    txn_id = begin(account_id, kind, key, at, **about)
    if txn_id is not None:
        add_entries(txn_id, account_id, entries, about.get("campaign_id"))
    return txn_id


def book_new(
    account_id: int,
    kind: str,
    key: str,
    entries: Sequence[tuple[str, int]],
    at: int,
    **about: Any,
) -> int:
    """As `book`, for a key that cannot have been booked before: what the caller changes goes with it.

    ValueError, which undoes the caller's writes, if it was.
    """
    txn_id = book(account_id, kind, key, entries, at, **about)
    if txn_id is None:
        raise ValueError(f"{key} was booked before")
    return txn_id


def begin(account_id: int, kind: str, key: str, at: int, **about: Any) -> int | None:
    """The head of a booking, for one whose amounts are known only after its id; None as for `book`."""
    values = {"account_id": account_id, "kind": kind, "key": key, "at": at, "note": "", **about}
    made = execute(
        f"INSERT INTO ledger_txn ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"
        " ON CONFLICT (key) DO NOTHING RETURNING id",
        list(values.values()),
    )
    if not made:
        log.info("action=booked_before account=%d kind=%s key=%s", account_id, kind, key)
        return None
    return int(made[0][0])


def add_entries(
    txn_id: int, account_id: int, entries: Sequence[tuple[str, int]], campaign_id: int | None = None
) -> None:
    """The entries of a booking that `begin` made; all of them at once, since they must sum to zero."""
    if sum(amount for _, amount in entries):
        raise ValueError(f"the entries of booking {txn_id} do not sum to zero: {list(entries)}")
    for name, amount in entries:
        if amount:
            execute(
                "INSERT INTO ledger_entry (txn_id, account_id, book, amount, campaign_id) VALUES (?, ?, ?, ?, ?)",
                [txn_id, account_id, name, amount, campaign_id],
            )
            execute(
                "INSERT INTO ledger_balance (account_id, book, amount) VALUES (?, ?, ?)"
                " ON CONFLICT (account_id, book) DO UPDATE SET amount = ledger_balance.amount + excluded.amount",
                [account_id, name, amount],
            )
    _add_to_day(txn_id, entries)


def _add_to_day(txn_id: int, entries: Sequence[tuple[str, int]]) -> None:
    """Keep the sums of a campaign's bookings by days of Tehran: a statement has one line for each."""
    sums = {
        name: sum(amount for of, amount in entries if of == name) for name in (BALANCE, RESERVED, REVENUE)
    }
    execute(_TO_DAY, [*sums.values(), txn_id])


_TO_DAY = (
    "INSERT INTO ledger_day (account_id, day, campaign_id, balance, reserved, spent, bookings, last_txn_id)"
    f" SELECT account_id, (at + {TEHRAN_MS}) / {DAY_MS}, campaign_id, CAST(? AS BIGINT), CAST(? AS BIGINT),"
    " CAST(? AS BIGINT), 1, id FROM ledger_txn WHERE id = ? AND campaign_id IS NOT NULL"
    " ON CONFLICT (account_id, day, campaign_id) DO UPDATE SET balance = ledger_day.balance + excluded.balance,"
    " reserved = ledger_day.reserved + excluded.reserved, spent = ledger_day.spent + excluded.spent,"
    " bookings = ledger_day.bookings + 1, last_txn_id = excluded.last_txn_id"
)


def balance_of(account_id: int, name: str = BALANCE) -> int:
    """The sum of an account's book; Rials."""
    rows = execute("SELECT amount FROM ledger_balance WHERE account_id = ? AND book = ?", [account_id, name])
    return int(rows[0][0]) if rows else 0


def lock_balance(account_id: int) -> int:
    """The balance, kept from other transactions until this one ends."""
    execute(
        "INSERT INTO ledger_balance (account_id, book, amount) VALUES (?, ?, 0) ON CONFLICT DO NOTHING",
        [account_id, BALANCE],
    )
    rows = execute_locked(
        "SELECT amount FROM ledger_balance WHERE account_id = ? AND book = ?", [account_id, BALANCE]
    )
    return int(rows[0][0])


def execute_locked(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Read rows and keep them from other transactions until this one ends (SQLite has one writer anyway)."""
    return execute(sql if is_sqlite() else sql + " FOR UPDATE", params)
