"""Many bookings of one kind at once: a month's credits go to thousands of accounts in a few statements.

The rules are those of `engine.store.ledger.book`: double entry, and each key is booked once.  What was booked before is
left out of the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.store.bulk import insert_rows
from engine.store.tables.money import LedgerBalance, LedgerEntry, LedgerTxn


@dataclass(frozen=True, slots=True)
class Booking:
    """`rials` from one book of an account to another."""

    account_id: int
    key: str
    rials: int
    note: str


def book_many(kind: str, source: str, target: str, bookings: Sequence[Booking], at: int) -> set[str]:
    """Move each booking's Rials from `source` to `target`, in a transaction; return the keys booked now.

    Each account occurs once in `bookings`.  Rows are written in the order of the accounts, so that two processes do not
    deadlock.
    """
    if len({each.account_id for each in bookings}) != len(bookings):
        raise ValueError("an account stands in the bookings twice")
    rows = sorted(bookings, key=lambda each: each.account_id)
    made = insert_rows(
        LedgerTxn,
        ("account_id", "kind", "key", "at", "note"),
        [(each.account_id, kind, each.key, at, each.note) for each in rows],
        "ON CONFLICT (key) DO NOTHING RETURNING id, account_id, key",
    )
    rials = {each.key: each.rials for each in rows}
    entries = [
        (txn_id, account_id, book, sign * rials[key])
        for txn_id, account_id, key in sorted(made, key=lambda row: row[1])
        for book, sign in ((source, -1), (target, 1))
    ]
    insert_rows(LedgerEntry, ("txn_id", "account_id", "book", "amount"), entries)
    insert_rows(
        LedgerBalance,
        ("account_id", "book", "amount"),
        [entry[1:] for entry in entries],
        "ON CONFLICT (account_id, book) DO UPDATE SET amount = ledger_balance.amount + excluded.amount",
    )
    return {key for _, _, key in made}
