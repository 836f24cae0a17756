"""Payments: from the request to the booking, exactly once, whatever fails in between.

created ─asked the provider─▶ pending ─verified─▶ paid (and in the ledger, in one transaction)
                                  └──────▶ failed | expired (a late verification still counts)

Providers are asked outside transactions.  A callback is only a hint: it may come
twice, late, never, or from somebody else.  `verify_pending` asks about all open
payments, so that a crash between payer and callback loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.amounts import rials
from engine.errors import Conflict, NotFound
from engine.sentences import Sentence
from engine.services.accounts import accounts, quotas
from engine.services.accounts.ownership import owned
from engine.services.money import ledger, subscriptions
from engine.services.money.ledger import NoCredit
from engine.services.money.payment_providers import PaymentAnswer, Provider, ProviderDown
from engine.states import PaymentState
from engine.store.database import db
from engine.store.paging import page_of
from engine.store.tables.customers import Payment

log = logging.getLogger(__name__)

TOPUP, SUBSCRIPTION = "topup", "subscription"
MIN_AMOUNT = 10_000  # Rials; gateways take no less
MAX_AMOUNT = 2_000_000_000  # of one card payment a day, and a slip of the finger
A_PAYMENT = Sentence("A payment is from %(least)s to %(most)s whole Rials.")
ASK_AFTER_MS = 120_000  # a payer needs some minutes; asked again and again meanwhile
GIVE_UP_MS = 3_600_000  # ZarinPal's page lives fifteen minutes
LATE_MS = 3 * 86_400_000  # an expired one is asked about once more for so long when a callback comes

Read = Callable[[Callable[[], Any]], Any]
Write = Callable[[Callable[[], Any]], Any]


@dataclass(frozen=True, slots=True)
class Started:
    """A payment that waits for its payer, who is to be sent to `url`."""

    payment_id: int
    url: str


def begin(
    account_id: int,
    amount: int,
    provider: Provider,
    callback_url: str,
    now: int,
    write: Write,
    *,
    person_id: int | None = None,
    plan_id: int | None = None,
) -> Started:
    """Begin a payment; where to send the payer.  Not inside a transaction.

    With `plan_id` the months are bought with it as soon as it is paid (`amount` is then what the
    plan's price lacks, see `amount_for`).  Raises BadInput, QuotaUsed, ProviderDown, ProviderRefused.
    """
    rials(amount, A_PAYMENT, least=MIN_AMOUNT, most=MAX_AMOUNT)

    def note() -> tuple[int, str]:
        row = accounts.get(account_id)
        if plan_id is not None:
            subscriptions.get_plan(plan_id)
        # Each is asked about until it has ended: a flood of one account's would hold up those of others.
        accounts.one_at_a_time(account_id)
        quotas.check_payments(account_id, _open_ones(account_id, provider.name, now))
        made = Payment.create(
            account_id=account_id,
            person_id=person_id,
            provider=provider.name,
            purpose=TOPUP if plan_id is None else SUBSCRIPTION,
            plan_id=plan_id,
            amount=amount,
            created_at=now,
        )
        return int(made.id), row.mobile

    payment_id, mobile = write(note)
    begun = provider.begin(amount, callback_url, f"Avanak {payment_id}", str(payment_id), mobile)
    write(
        lambda: (
            Payment.update(state=PaymentState.PENDING, authority=begun.authority)
            .where(Payment.id == payment_id, Payment.state == PaymentState.CREATED)
            .execute()
        )
    )
    log.info("action=payment_begun payment=%d account=%d amount=%d", payment_id, account_id, amount)
    return Started(payment_id, begun.url)


def _open_ones(account_id: int, provider: str, now: int) -> int:
    """How many payments of an account were begun lately and not paid, those included that were given up."""
    return int(
        Payment.select()
        .where(
            Payment.account_id == account_id,
            Payment.provider == provider,
            Payment.state != PaymentState.PAID,
            Payment.created_at > now - GIVE_UP_MS,
        )
        .count()
    )


def amount_for(account_id: int, plan_id: int) -> int:
    """What has to be paid in for a plan: its price less what can be spent, at least the smallest payment."""
    missing = int(subscriptions.get_plan(plan_id).price) - ledger.money_of(account_id).available
    return max(MIN_AMOUNT, missing) if missing > 0 else 0


def callback(
    query: Mapping[str, str],
    provider: Provider,
    now: int,
    read: Read,
    write: Write,
    account_id: int | None = None,
) -> Payment:
    """Handle the return of a payer (or of somebody who claims to be): ask the provider and book; the payment as it stands.

    Safe to repeat.  NotFound for an authority that we did not begin (or not of the account).
    """
    authority = query.get("Authority", "")[:100]
    row = read(
        lambda: (
            Payment.get_or_none(Payment.provider == provider.name, Payment.authority == authority)
            if authority
            else None
        )
    )
    if row is None or (account_id is not None and row.account_id != account_id):
        raise NotFound("There is no such payment.")
    if row.state in (PaymentState.PENDING, PaymentState.EXPIRED) and row.created_at > now - LATE_MS:
        try:
            _ask(row, provider, now, write, status=query.get("Status", ""))
        except ProviderDown as error:
            log.warning("action=payment_not_verified payment=%d error=%r", row.id, str(error))
    return read(lambda: get(row.id))


def verify_pending(provider: Provider, now: int, read: Read, write: Write, limit: int = 100) -> list[int]:
    """Ask for all payments that have waited a while; ids of those that are settled now.  A job; safe to repeat."""
    rows = read(
        lambda: list(
            Payment.select()
            .where(
                Payment.provider == provider.name,
                Payment.state.in_([PaymentState.CREATED, PaymentState.PENDING])
                # Somebody may have come back saying «cancelled» while the payer still pays.
                | ((Payment.state == PaymentState.EXPIRED) & (Payment.created_at > now - GIVE_UP_MS)),
                Payment.created_at < now - ASK_AFTER_MS,
                Payment.asked_at.is_null() | (Payment.asked_at < now - ASK_AFTER_MS),
            )
            .order_by(Payment.id)
            .limit(limit)
        )
    )
    settled = []
    for row in rows:
        try:
            if _ask(row, provider, now, write):
                settled.append(int(row.id))
        except ProviderDown as error:
            log.warning("action=provider_down payment=%d error=%r", row.id, str(error))
            break
    return settled


def _ask(row: Payment, provider: Provider, now: int, write: Write, status: str = "") -> bool:
    """Verify a payment and store the result; whether it is settled.  `status` is what the payer's browser says."""
    gave_up = status == "NOK" or row.created_at < now - GIVE_UP_MS  # not paid now means never
    if row.authority is None:
        # The provider never told us its name for it, so nobody can have paid it.
        found = PaymentAnswer(False, True, reason="It was never handed to the provider.")
        gave_up = True
    else:
        found = provider.verify(row.authority, int(row.amount), status == "OK")
    if found.is_paid:
        return bool(write(lambda: book(row.id, found.reference, found.card, now, None)))
    new = (
        PaymentState.FAILED
        if found.is_final
        else PaymentState.EXPIRED
        if gave_up
        else PaymentState(row.state)
    )
    moved = write(
        lambda: (
            Payment.update(
                state=new,
                reason=found.reason[:500],
                asked_at=now,
                ended_at=None if new in (PaymentState.CREATED, PaymentState.PENDING) else now,
            )
            .where(
                Payment.id == row.id,
                Payment.state.in_([PaymentState.CREATED, PaymentState.PENDING, PaymentState.EXPIRED]),
            )
            .execute()
        )
    )
    return bool(moved) and new in (PaymentState.FAILED, PaymentState.EXPIRED)


def book(payment_id: int, reference: str, card: str, now: int, decided_by: int | None) -> bool:
    """In a transaction: mark it paid and book it, once; whether this call did it."""
    moved = (
        Payment.update(
            state=PaymentState.PAID,
            reason="",
            reference=reference[:100],
            card=card,
            decided_by=decided_by,
            asked_at=now,
            ended_at=now,
        )
        .where(
            Payment.id == payment_id,
            Payment.state.in_([PaymentState.CREATED, PaymentState.PENDING, PaymentState.EXPIRED]),
        )
        .execute()
    )
    if not moved:
        return False
    row = get(payment_id)
    ledger.top_up(
        row.account_id,
        int(row.amount),
        f"payment/{payment_id}",
        now,
        payment_id=payment_id,
        person_id=row.person_id,
        note=reference[:500],
    )
    log.info("action=payment_paid payment=%d account=%d amount=%d", payment_id, row.account_id, row.amount)
    if row.plan_id is not None:
        try:
            with db.atomic():
                subscriptions.buy(row.account_id, row.plan_id, now, row.person_id)
        except (NoCredit, Conflict) as error:
            # The money is there all the same; the owner sees it in the balance and can buy.
            log.warning("action=subscription_not_bought payment=%d reason=%r", payment_id, str(error))
    return True


# -- what is shown ----------------------------------------------------------------------


def get(payment_id: int, account_id: int | None = None) -> Payment:
    """A payment, of the account if one is given; NotFound otherwise."""
    query = Payment.select().where(Payment.id == payment_id)
    missing = NotFound("There is no payment %(id)s.", id=payment_id)
    return owned(query, Payment.account_id, account_id, missing)


def payments(
    account_id: int | None = None,
    *,
    states: tuple[str, ...] = (),
    provider: str = "",
    from_id: int | None = None,
    is_queue: bool = False,
    limit: int = 50,
) -> list[Payment]:
    """A page of payments (`paging.page_of`): of the account (customers see theirs), in the states, of a provider."""
    query = Payment.select()
    if account_id is not None:
        query = query.where(Payment.account_id == account_id)
    if states:
        query = query.where(Payment.state.in_(list(states)))
    if provider:
        query = query.where(Payment.provider == provider)
    return page_of(query, Payment.id, from_id=from_id, is_queue=is_queue, limit=limit)
