"""Names by id, for pages that show many rows.  Inside a connection."""

from __future__ import annotations

from collections.abc import Iterable

from engine.fold import fold
from engine.services.accounts.accounts import list_accounts
from engine.store.tables.core import Account, User


def people_names(ids: Iterable[int | None]) -> dict[int | None, str]:
    """User names by id; nobody is the system."""
    wanted = {each for each in ids if each is not None}
    rows = User.select(User.id, User.username).where(User.id.in_(wanted)) if wanted else []
    return {row.id: row.username for row in rows}


def account_names(ids: Iterable[int | None]) -> dict[int | None, str]:
    """Names of accounts by id."""
    wanted = {each for each in ids if each is not None}
    rows = Account.select(Account.id, Account.name).where(Account.id.in_(wanted)) if wanted else []
    return {row.id: row.name for row in rows}


def accounts_like(text: str, limit: int) -> list[Account]:
    """Accounts to choose from, whose name, mobile or number is like what was typed; the number's own first."""
    rows = list_accounts(text=text, limit=limit)
    number = fold(text)
    if number.isdigit() and len(number) < 10:
        one = Account.get_or_none(Account.id == int(number))
        rows = ([one] if one is not None else []) + [row for row in rows if row.id != int(number)]
    return rows[:limit]
