"""Subscriptions: months for a price, paid from the balance."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from engine.agreement.dates import is_jalali_year, jalali_date, jalali_parts, local_day, local_instant
from engine.amounts import rials
from engine.errors import BadInput, Conflict, NotFound
from engine.sentences import Sentence, Word, kept
from engine.services.accounts import account_states, accounts, audit_log
from engine.services.money import ledger
from engine.states import AccountState
from engine.store.ledger import SUBSCRIPTION, lock_balance
from engine.store.tables.core import Account
from engine.store.tables.customers import Subscription, SubscriptionPlan

log = logging.getLogger(__name__)

MAX_MONTHS = 60


def plans(offered_only: bool = True) -> list[SubscriptionPlan]:
    """Plans that can be bought, the shortest first."""
    query = SubscriptionPlan.select().order_by(SubscriptionPlan.months, SubscriptionPlan.price)
    return list(query.where(SubscriptionPlan.is_offered == True) if offered_only else query)  # noqa: E712 - SQL


def add_plan(months: int, price: int, person_id: int | None, now: int) -> int:
    """Staff offer so many months for a price; the plan's id.  Audited."""
    if type(months) is not int or not 1 <= months <= MAX_MONTHS:
        raise BadInput("A plan has 1 to %(most)s months.", most=MAX_MONTHS)
    rials(price, Sentence("The price of a plan is from %(least)s to %(most)s whole Rials."), least=0)
    row = SubscriptionPlan.create(months=months, price=price, created_at=now)
    audit_log.record(
        person_id, None, "plan.add", f"plan {row.id}", now, after={"months": months, "price": price}
    )
    return int(row.id)


def withdraw_plan(plan_id: int, person_id: int | None, now: int) -> None:
    """Staff withdraw a plan; those who bought it keep it.  Audited."""
    get_plan(plan_id)
    SubscriptionPlan.update(is_offered=False).where(SubscriptionPlan.id == plan_id).execute()
    audit_log.record(person_id, None, "plan.withdraw", f"plan {plan_id}", now)


def get_plan(plan_id: int) -> SubscriptionPlan:
    """A plan; NotFound otherwise."""
    row = SubscriptionPlan.get_or_none(SubscriptionPlan.id == plan_id)
    if row is None:
        raise NotFound("There is no plan %(id)s.", id=plan_id)
    return row


def is_bought(account_id: int, key: str) -> bool:
    """Whether the form with that key bought months before."""
    return bool(key) and ledger.is_booked(_booking(account_id, key))


def buy(account_id: int, plan_id: int, now: int, person_id: int | None = None, key: str = "") -> int | None:
    """Pay a plan from the balance: the account is active until its end; the subscription's id.

    Inside a transaction.  Months are added to what is still paid for.  `key` is that of the form:
    None when it bought before.  Raises NoCredit, and Conflict before the identity was accepted.
    """
    plan = get_plan(plan_id)
    if not plan.is_offered:
        raise Conflict("This plan is offered no more.")
    lock_balance(account_id)  # whoever buys at the same moment adds his months behind ours
    if is_bought(account_id, key):
        return None
    row = accounts.get(account_id)
    if row.is_house:
        raise Conflict("The house account needs no subscription.")
    state = AccountState(row.state)
    if state not in (AccountState.IDENTITY_VERIFIED, AccountState.ACTIVE, AccountState.EXPIRED):
        raise Conflict(
            "The account is %(state)s; a subscription can be paid once the identity is accepted.",
            state=Word(state),
        )
    from_at = max(now, row.expires_at or 0)
    until_at = add_months(from_at, plan.months)
    made = Subscription.create(
        account_id=account_id,
        plan_id=plan_id,
        months=plan.months,
        price=plan.price,
        from_at=from_at,
        until_at=until_at,
        created_at=now,
    )
    ledger.spend(
        account_id,
        int(plan.price),
        "subscription",
        _booking(account_id, key) if key else f"subscription/{made.id}",
        SUBSCRIPTION,
        now,
        person_id=person_id,
        note=kept("%(n)s months", n=plan.months),
    )
    if state == AccountState.ACTIVE:
        Account.update(expires_at=until_at).where(Account.id == account_id).execute()
    else:
        account_states.move(account_id, AccountState.ACTIVE, expires_at=until_at)
    log.info("action=subscribed account=%d months=%d", account_id, plan.months)
    return int(made.id)


def _booking(account_id: int, key: str) -> str:
    return f"subscription/{account_id}/{key}"


def history(account_id: int) -> Sequence[Subscription]:
    """What an account subscribed, newest first."""
    return list(
        Subscription.select().where(Subscription.account_id == account_id).order_by(Subscription.id.desc())
    )


def add_months(at: int, months: int) -> int:
    """The instant (ms) so many Jalali months later, at the same hour in Tehran; the month's last day at most."""
    day = local_day(at // 1000)
    of_day_ms = at - local_instant(day, 0) * 1000
    year, month, of_month = jalali_parts(day)
    index = year * 12 + month - 1 + months
    year, month = index // 12, index % 12 + 1
    last = 31 if month <= 6 else 30 if month < 12 or _is_leap(year) else 29
    target = jalali_date(year, month, min(of_month, last))
    return local_instant(target, 0) * 1000 + of_day_ms


def _is_leap(year: int) -> bool:
    if not is_jalali_year(year + 1):
        return False
    return (jalali_date(year + 1, 1, 1) - jalali_date(year, 1, 1)).days == 366


def of_account(subscription_id: int, account_id: int) -> Subscription:
    """A subscription of the account; NotFound otherwise."""
    row: Subscription | None = Subscription.get_or_none(
        Subscription.id == subscription_id, Subscription.account_id == account_id
    )
    if row is None:
        raise NotFound("There is no invoice %(invoice)s.", invoice=subscription_id)
    return row
