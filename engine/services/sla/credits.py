"""The discount on the next month's subscription, as a credit in the ledger: once.

A credit's key is its account and month (and 0, 1, … for what corrections add or
take); the key is unique here and in the ledger, so a second booking with it does
nothing.  Amounts are whole Rials, rounded up in the customer's favour.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from peewee import fn

from engine.agreement.months import Month
from engine.store.bookings import Booking, book_many
from engine.store.bulk import insert_rows
from engine.store.ledger import AVAILABILITY, BALANCE
from engine.store.sql import execute
from engine.store.tables.customers import Subscription
from engine.store.tables.sla import Credit

log = logging.getLogger(__name__)

KIND = "availability"
DISCOUNT, ACCOUNT_CREDIT, BANK_TRANSFER = "subscription_discount", "account_credit", "bank_transfer"
WAYS = (DISCOUNT, ACCOUNT_CREDIT, BANK_TRANSFER)
_COLUMNS = (
    "key", "account_id", "month", "sequence", "claim_id", "evidence_sha256", "discount", "rials", "way", "memo",
    "booked_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewCredit:
    """A credit to be booked."""

    key: str
    account_id: int
    rials: int
    memo: str
    month: str = ""
    sequence: int = 0
    claim_id: int | None = None
    discount: int = 0
    way: str = DISCOUNT
    evidence_sha256: str = ""


def month_key(account_id: int, month: str, sequence: int) -> str:
    """The key of an account's credit for a month."""
    return f"availability:{account_id}:{month}:{sequence}"


def amount(subscription_rials: int, discount: int) -> int:
    """`discount` percent of a month's price, rounded up to whole Rials."""
    return -(-subscription_rials * discount // 100)


def prices(account_ids: Sequence[int], month: Month) -> dict[int, int]:
    """What the month after `month` costs each account; an account without a subscription is left out.

    The subscription that covers the next month's first instant; else the last
    one bought before (the next month is not paid yet, its price is the same).
    A subscription of several months costs its part a month, rounded up.
    """
    if not account_ids:
        return {}
    rows = execute(
        "SELECT account_id, price, months, until_at FROM subscription WHERE from_at <= ? AND account_id IN ("  # noqa: S608 - constants
        + ",".join("?" * len(account_ids))
        + ") ORDER BY from_at, id",
        [month.end * 1000, *account_ids],
    )
    found = {row[0]: row for row in rows}  # the last one that begins before the next month
    return {
        account_id: -(-price // months)
        for account_id, price, months, until_at in found.values()
        if until_at > month.start * 1000
    }


def book(credits: Sequence[NewCredit], now: int) -> set[str]:
    """Book credits, in a transaction; the keys booked now (those known before are left as they are).

    An account stands in `credits` once.  A bank transfer is written here and
    not in the ledger: the money does not pass through the account.
    """
    if not credits:
        return set()
    rows = [_values(each, now) for each in credits]
    made = {
        row[0] for row in insert_rows(Credit, _COLUMNS, rows, "ON CONFLICT (key) DO NOTHING RETURNING key")
    }
    booked = book_many(
        KIND,
        AVAILABILITY,
        BALANCE,
        [
            Booking(each.account_id, each.key, each.rials, each.memo)
            for each in credits
            if each.key in made and each.way != BANK_TRANSFER and each.rials
        ],
        now,
    )
    log.info("action=credits_booked credits=%d ledger=%d", len(made), len(booked))
    return made


def _values(each: NewCredit, now: int) -> tuple[object, ...]:
    return (
        each.key,
        each.account_id,
        each.month,
        each.sequence,
        each.claim_id,
        each.evidence_sha256,
        each.discount,
        each.rials,
        each.way,
        each.memo,
        now,
    )


def of_month(account_id: int, month: str) -> list[Credit]:
    """The credits of an account's month, the first first."""
    return list(
        Credit.select()
        .where(Credit.account_id == account_id, Credit.month == month)
        .order_by(Credit.sequence)
    )


def of_account(account_id: int) -> list[Credit]:
    """All credits of an account, the newest first."""
    return list(Credit.select().where(Credit.account_id == account_id).order_by(Credit.id.desc()))


def open_discount(account_id: int) -> int:
    """Rials of discount that stand in the balance for the next subscription that is paid."""
    return _discount_between(account_id, _last_paid_at(account_id, None), None)


def discount_of(subscription: Subscription) -> int:
    """Rials by which discounts lowered what was left to pay of a subscription: those booked since the one before."""
    before_at = _last_paid_at(subscription.account_id, subscription.id)
    booked = _discount_between(subscription.account_id, before_at, subscription.created_at)
    return min(booked, int(subscription.price))


def _last_paid_at(account_id: int, before_id: int | None) -> int:
    query = Subscription.select(fn.MAX(Subscription.created_at)).where(Subscription.account_id == account_id)
    if before_id is not None:
        query = query.where(Subscription.id < before_id)
    return int(query.scalar() or 0)


def _discount_between(account_id: int, after_at: int, until_at: int | None) -> int:
    query = Credit.select(fn.SUM(Credit.rials)).where(
        Credit.account_id == account_id, Credit.way == DISCOUNT, Credit.booked_at > after_at
    )
    if until_at is not None:
        query = query.where(Credit.booked_at <= until_at)
    return max(0, int(query.scalar() or 0))


def settle_month(
    account_id: int, month: str, discount: int, rials: int, memo: str, evidence_sha256: str, now: int
) -> int:
    """Bring an account's credits of a month to `rials` in all: book the difference; the difference.

    The caller holds the month's lock (`locks.lock_month`).
    """
    before = of_month(account_id, month)
    difference = rials - sum(row.rials for row in before)
    if difference or not before:
        sequence = len(before)
        key = month_key(account_id, month, sequence)
        made = NewCredit(key, account_id, difference, memo, month, sequence, None, discount)
        book([replace(made, evidence_sha256=evidence_sha256)], now)
    return difference
