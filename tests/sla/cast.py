"""Firms, staff and outages of Aban 1405 (30 days), as few words as possible."""

from __future__ import annotations

import pytest

from engine.agreement.months import Month
from engine.services.sla import closing, incidents
from engine.services.sla.closing import Closed, StatementPolicy
from engine.store import ledger
from engine.store.sql import execute
from engine.store.tables.core import Account, User
from engine.store.tables.customers import Subscription
from engine.store.tables.sla import MonitorSpan
from engine.store.threads import read, write

ABAN = Month.parse("1405-08")
START = ABAN.start * 1000  # milliseconds
END = ABAN.end * 1000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
AFTER = END + HOUR  # when the month is closed
PRICE = 1_000_001  # Rials a month: a discount of it is no whole number
ALL = StatementPolicy(credits="all")
CLAIMED = StatementPolicy()
on_sqlite = pytest.mark.parametrize(
    "store_url", ["sqlite"], indirect=True
)  # the databases do not differ here


def firm(name: str = "Sahar", price: int | None = PRICE) -> int:
    """An account with a subscription over the month and the next."""

    def work() -> int:
        row = Account.create(name=name, created_at=START - DAY)
        if price is not None:
            Subscription.create(
                account_id=row.id,
                plan_id=1,
                months=3,
                price=price * 3,
                from_at=START - DAY,
                until_at=END + 60 * DAY,
                created_at=START - DAY,
            )
        return int(row.id)

    return write(work)


def person(role: str = "operator", account_id: int | None = None) -> int:
    """Somebody who logs in; their id."""

    def work() -> int:
        count = User.select().count()
        row = User.create(
            username=f"{role}{count}", password_hash="-", role=role, account=account_id, created_at=START
        )
        return int(row.id)

    return write(work)


def watched(from_at: int = START - DAY, until_at: int = AFTER) -> None:
    """A monitor watched all that time."""
    write(lambda: MonitorSpan.create(monitor="test", from_at=from_at, until_at=until_at))


def outage(
    minutes: int, author_id: int, at: int = START + DAY, account_id: int | None = None, now: int = AFTER
) -> int:
    """Staff enter an outage of so many minutes; its id."""
    return write(
        lambda: incidents.enter(author_id, at, at + minutes * MINUTE, "the trunk was cut", now, account_id)
    )


def close(policy: StatementPolicy = CLAIMED, now: int = AFTER) -> Closed:
    """Close Aban."""
    return closing.close_month(ABAN, policy, now, write)


def told(account_id: int) -> list[tuple[int, int, int | None]]:
    """(counted minutes, discount, Rials) of an account's statement and adjustments."""
    from engine.services.sla import archive

    rows = read(lambda: archive.of_month(account_id, ABAN.key))
    return [(row.counted_s // 60, row.discount, row.discount_rials) for row in rows]


def balance(account_id: int) -> int:
    return read(lambda: ledger.balance_of(account_id))


def ledger_sum() -> int:
    return read(lambda: int(execute("SELECT COALESCE(SUM(amount), 0) FROM ledger_entry")[0][0]))
