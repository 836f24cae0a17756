"""Bookings that people and payments make, and what is shown of an account's money.

What calls cost is booked by `reservations`.  All functions run inside a
transaction; amounts are whole Rials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.amounts import rials
from engine.errors import AvanakError, BadInput
from engine.sentences import Amount, Sentence
from engine.services.accounts import accounts, audit_log
from engine.services.money import pricing
from engine.store.ledger import (
    ADJUSTMENT,
    BALANCE,
    CASH,
    RESERVED,
    REVENUE,
    SUBSCRIPTION,
    balance_of,
    book,
    lock_balance,
)
from engine.store.sql import execute
from engine.store.tables.money import LedgerTxn


class NoCredit(AvanakError):
    """The account cannot pay for this: `needed` and `available` are Rials."""

    exit_status = 2
    http_status = 402

    def __init__(self, needed: int, available: int) -> None:
        super().__init__(
            Sentence(
                "Not enough credit: %(needed)s Rials are needed and %(available)s are available.",
                needed=Amount(needed),
                available=Amount(available),
            )
        )
        self.needed = needed
        self.available = available


def spendable(account_id: int) -> int:
    """As `pricing.available`, with the balance locked against other transactions."""
    return lock_balance(account_id) + int(accounts.get(account_id).debt_ceiling)


def is_booked(key: str) -> bool:
    """Whether something was booked with that key."""
    return bool(execute("SELECT 1 FROM ledger_txn WHERE key = ?", [key]))


def spend(
    account_id: int, amount: int, kind: str, key: str, book_name: str, now: int, **about: Any
) -> int | None:
    """Move `amount` from the balance to an earning book, if it is there; the booking's id.

    None when `key` was booked before.  Raises NoCredit.
    """
    rials(amount, least=0)
    if is_booked(key):
        return None
    free = spendable(account_id)
    if amount > free:
        raise NoCredit(amount, free)
    return book(account_id, kind, key, [(BALANCE, -amount), (book_name, amount)], now, **about)


def top_up(
    account_id: int,
    amount: int,
    key: str,
    now: int,
    *,
    payment_id: int | None = None,
    person_id: int | None = None,
    note: str = "",
) -> int | None:
    """Book money that came in; the booking's id, None when `key` was booked before."""
    rials(amount)
    accounts.get(account_id)
    return book(
        account_id,
        "topup",
        key,
        [(CASH, -amount), (BALANCE, amount)],
        now,
        payment_id=payment_id,
        person_id=person_id,
        note=note,
    )


def adjust(account_id: int, amount: int, note: str, key: str, person_id: int | None, now: int) -> int | None:
    """Staff give (positive) or take (negative) credit; audited.  None when `key` was booked before."""
    rials(-amount if type(amount) is int and amount < 0 else amount)
    if not note.strip():
        raise BadInput("Say why the credit is adjusted; the customer sees it.")
    accounts.get(account_id)
    before = lock_balance(account_id)
    made = book(
        account_id,
        "adjustment",
        key,
        [(ADJUSTMENT, -amount), (BALANCE, amount)],
        now,
        person_id=person_id,
        note=note.strip()[:500],
    )
    if made is not None:
        audit_log.record(
            person_id,
            account_id,
            "money.adjust",
            f"account {account_id}",
            now,
            {"balance": before},
            {"balance": before + amount, "note": note.strip()},
        )
    return made


def charge_synthesis(account_id: int, text: str, key: str, now: int) -> int:
    """Charge the synthesis of a text, once for a key; the Rials.  Raises NoCredit."""
    amount = pricing.price_of(account_id, now).of_text(text)
    if amount:
        spend(account_id, amount, "synthesis", f"synthesis/{key}"[:100], REVENUE, now)
    return amount


# -- what is shown ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Money:
    """An account's money as its owner sees it; Rials."""

    balance: int
    reserved: int
    debt_ceiling: int
    spent: int  # on calls, synthesis and subscriptions, ever

    @property
    def available(self) -> int:
        """What can be reserved or spent now."""
        return self.balance + self.debt_ceiling


def money_of(account_id: int) -> Money:
    """The balance of an account and what is reserved and spent; inside a connection."""
    row = accounts.get(account_id)
    return Money(
        balance=balance_of(account_id, BALANCE),
        reserved=balance_of(account_id, RESERVED),
        debt_ceiling=int(row.debt_ceiling),
        spent=balance_of(account_id, REVENUE) + balance_of(account_id, SUBSCRIPTION),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A booking as a statement shows it."""

    txn_id: int
    at: int
    kind: str
    balance: int  # change of the balance
    reserved: int  # change of what is reserved
    campaign_id: int | None
    payment_id: int | None
    person_id: int | None
    note: str


def statement(
    account_id: int,
    *,
    since: int | None = None,
    until: int | None = None,
    kinds: Sequence[str] = (),
    campaign_id: int | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> list[Line]:
    """Bookings of an account, newest first; `since <= at < until`, older than `before_id`."""
    query = LedgerTxn.select().where(LedgerTxn.account_id == account_id)
    if since is not None:
        query = query.where(LedgerTxn.at >= since)
    if until is not None:
        query = query.where(LedgerTxn.at < until)
    if kinds:
        query = query.where(LedgerTxn.kind.in_(list(kinds)))
    if campaign_id is not None:
        query = query.where(LedgerTxn.campaign_id == campaign_id)
    if before_id is not None:
        query = query.where(LedgerTxn.id < before_id)
    rows = list(query.order_by(LedgerTxn.id.desc()).limit(limit))
    if not rows:
        return []
    moved: dict[tuple[int, str], int] = {}
    marks = ",".join("?" * len(rows))
    for txn_id, name, amount in execute(
        f"SELECT txn_id, book, amount FROM ledger_entry WHERE txn_id IN ({marks})",  # noqa: S608 - marks only
        [row.id for row in rows],
    ):
        moved[txn_id, name] = moved.get((txn_id, name), 0) + int(amount)
    return [
        Line(
            row.id,
            row.at,
            row.kind,
            moved.get((row.id, BALANCE), 0),
            moved.get((row.id, RESERVED), 0),
            row.campaign_id,
            row.payment_id,
            row.person_id,
            row.note,
        )
        for row in rows
    ]
