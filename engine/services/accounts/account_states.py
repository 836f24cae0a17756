"""The states of an account: the one place that changes them, and the job that marks expired accounts.

Functions run inside a transaction.  What staff change is written to the audit log here.
"""

from __future__ import annotations

import logging
from typing import Any

from engine.errors import BadInput, Conflict
from engine.sentences import Word
from engine.services.accounts import audit_log
from engine.services.accounts.accounts import get
from engine.states import ACCOUNT_MOVES, AccountState, ReviewState
from engine.store.sql import execute
from engine.store.tables.core import Account
from engine.store.tables.customers import IdentityReview

log = logging.getLogger(__name__)


def move(account_id: int, new: AccountState, reason: str = "", **also: Any) -> None:
    """The one place where an account changes its state; Conflict when it cannot."""
    row = get(account_id)
    old = AccountState(row.state)
    if row.is_house:
        raise Conflict("The house account has no states.")
    if old == new:
        return
    if new not in ACCOUNT_MOVES[old]:
        raise Conflict(
            "Account %(id)s is %(old)s and cannot become %(new)s.",
            id=account_id,
            old=Word(old),
            new=Word(new),
        )
    moved = (
        Account.update(state=new, state_reason=reason, **also)
        .where(Account.id == account_id, Account.state == old)
        .execute()
    )
    if not moved:
        raise Conflict(
            "Account %(id)s was changed by somebody else at the same moment; look again.", id=account_id
        )
    log.info("action=account_state account=%d %s -> %s", account_id, old, new)


def advance(account_id: int, new: AccountState, **also: Any) -> None:
    """Advance an account's state by what it has proved.

    A suspended account stays suspended; `unsuspend` takes into account what was proved meanwhile.
    """
    if get(account_id).state != AccountState.SUSPENDED:
        move(account_id, new, **also)
    elif also:
        Account.update(**also).where(Account.id == account_id).execute()


def suspend(account_id: int, reason: str, person_id: int | None, now: int) -> None:
    """Suspend an account: from the next second on nothing is sent for it."""
    if not reason.strip():
        raise BadInput("Say why the account is suspended; the customer sees it.")
    before = get(account_id).state
    move(account_id, AccountState.SUSPENDED, reason.strip()[:500])
    audit_log.record(
        person_id,
        account_id,
        "account.suspend",
        f"account {account_id}",
        now,
        {"state": before},
        {"state": "suspended", "reason": reason.strip()},
    )


def unsuspend(account_id: int, person_id: int | None, now: int) -> None:
    """Lift a suspension; the new state follows from what the account has proved and paid."""
    row = get(account_id)
    if row.state != AccountState.SUSPENDED:
        raise Conflict("Account %(id)s is %(state)s, not suspended.", id=account_id, state=Word(row.state))
    new = _proved(row, now)
    move(account_id, new)
    audit_log.record(
        person_id,
        account_id,
        "account.unsuspend",
        f"account {account_id}",
        now,
        {"state": "suspended"},
        {"state": new},
    )


def _proved(row: Account, now: int) -> AccountState:
    if row.expires_at is not None:
        return AccountState.ACTIVE if row.expires_at > now else AccountState.EXPIRED
    if row.mobile_verified_at is None:
        return AccountState.REGISTERED
    accepted = IdentityReview.select().where(
        IdentityReview.account_id == row.id, IdentityReview.state == ReviewState.ACCEPTED
    )
    if not accepted.exists():
        return AccountState.MOBILE_VERIFIED
    return AccountState.IDENTITY_VERIFIED


def expire_due(now: int) -> list[int]:
    """Mark active accounts whose subscription has ended; their ids.  A job; safe to repeat."""
    ids = [int(row.id) for row in _due(now)]
    for account_id in ids:
        move(account_id, AccountState.EXPIRED)
    return ids


def is_any_due(now: int) -> bool:
    """Whether `expire_due` has something to do; inside a connection.  Asked each second."""
    ask = "SELECT 1 FROM account WHERE state = ? AND NOT is_house AND expires_at <= ? LIMIT 1"
    return bool(execute(ask, [AccountState.ACTIVE.value, now]))


def _due(now: int) -> Any:
    return Account.select(Account.id).where(
        Account.state == AccountState.ACTIVE,
        Account.is_house == False,  # noqa: E712 - SQL
        Account.expires_at.is_null(False),
        Account.expires_at <= now,
    )
