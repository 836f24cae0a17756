"""The ledger: whole Rials, double entry, append-only.

A booking (``ledger_txn``) has entries whose amounts sum to zero, and a key that
is unique: what was booked is booked once, however often it is asked for.  What
is positive is owed to the customer or earned; what came from outside is
negative, so that the sum of everything is zero.

=============  ====================================================================
balance        what the customer may spend (negative: what it owes)
reserved       set aside for campaigns and quick sends that run
revenue        earned: calls, synthesis
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

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    IntegerField,
    TextField,
)

from engine.store.database import is_sqlite
from engine.store.models import Table
from engine.store.sql import execute

log = logging.getLogger(__name__)

BALANCE, RESERVED, REVENUE, SUBSCRIPTION = "balance", "reserved", "revenue", "subscription"
CASH, ADJUSTMENT, AVAILABILITY = "cash", "adjustment", "availability"
BOOKS = (BALANCE, RESERVED, REVENUE, SUBSCRIPTION, CASH, ADJUSTMENT, AVAILABILITY)


class PriceGroup(Table):
    """A price list that accounts are put on; one is the default."""

    id = BigAutoField()
    name = CharField(100, unique=True)
    is_default = BooleanField(default=False)
    created_at = BigIntegerField()


class PriceVersion(Table):
    """What a group pays from an instant on.  Never changed: a new price is a new row."""

    id = BigAutoField()
    group_id = BigIntegerField()
    landline = BigIntegerField()  # Rials a pulse
    mobile = BigIntegerField()  # Rials a pulse
    pulse_ms = IntegerField()
    synthesis = BigIntegerField()  # Rials for each started hundred characters
    from_at = BigIntegerField()
    person_id = BigIntegerField(null=True)

    class Meta:
        table_name = "price"
        indexes = ((("group_id", "from_at"), False),)


class LedgerTxn(Table):
    """One booking: why, for whom, when, by whom."""

    id = BigAutoField()
    account_id = BigIntegerField()
    kind = CharField(20)
    key = CharField(100, unique=True)
    at = BigIntegerField()
    campaign_id = BigIntegerField(null=True)
    payment_id = BigIntegerField(null=True)
    person_id = BigIntegerField(null=True)  # of staff, or who pressed the button
    note = TextField(default="")
    first_attempt_id = BigIntegerField(null=True)  # of a charge: the attempts are among these
    last_attempt_id = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id", "id"), False), (("campaign_id", "id"), False))


class LedgerEntry(Table):
    """An amount in one book of one account."""

    id = BigAutoField()
    txn_id = BigIntegerField()
    account_id = BigIntegerField()
    book = CharField(20)
    amount = BigIntegerField()
    campaign_id = BigIntegerField(null=True)  # of `reserved`: for which campaign

    class Meta:
        indexes = ((("txn_id",), False), (("account_id", "book", "id"), False))


class LedgerBalance(Table):
    """The sum of the entries of an account's book."""

    account_id = BigIntegerField()
    book = CharField(20)
    amount = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("account_id", "book")


class Reservation(Table):
    """What is set aside for a campaign, and the price that it was started at.

    `held` is what is still there: reserved, less charged, less returned.  A
    reservation that was closed opens again when the campaign goes on; `round`
    counts that, so that each closing returns once.
    """

    campaign_id = BigIntegerField(primary_key=True)
    account_id = BigIntegerField()
    price_id = BigIntegerField()
    call_ms = IntegerField()  # the longest that one call is expected to be heard
    held = BigIntegerField(default=0)
    charged = BigIntegerField(default=0)
    is_open = BooleanField(default=True)
    round = IntegerField(default=1)
    slices = IntegerField(default=0)  # reservations booked so far
    opened_at = BigIntegerField()
    closed_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id",), False),)


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
