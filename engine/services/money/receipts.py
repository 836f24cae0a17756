"""Receipts: payments into the bank account that customers report and staff confirm or refuse.

One transfer is one payment: numbers are compared however they were typed (`receipt_key`), and reporting
a number first does not make it one's own (`same_number`).
"""

from __future__ import annotations

import unicodedata

from peewee import IntegrityError

from engine.amounts import rials
from engine.errors import BadInput, Conflict
from engine.fold import to_ascii_digits
from engine.sentences import Word
from engine.services.accounts import accounts, audit_log, documents, quotas
from engine.services.accounts.documents import StoredFile
from engine.services.money import payments
from engine.services.money.payment_providers import RECEIPT
from engine.states import PaymentState
from engine.store.tables.customers import Payment


def submit(
    account_id: int,
    amount: int,
    reference: str,
    now: int,
    *,
    person_id: int | None = None,
    stored: StoredFile | None = None,
) -> int:
    """A customer reports the number of a transfer into the bank account; the payment's id.

    Inside a transaction; the payment counts once staff confirm it.  Conflict when the account reported the
    number before.  What other accounts reported does not matter here (see `same_number`).
    """
    rials(amount, payments.A_PAYMENT, least=payments.MIN_AMOUNT)
    number = "".join(char for char in reference.strip() if char.isprintable())[:100]
    key = receipt_key(number)
    if len(key) < 4:
        raise BadInput("Give the number of the transfer as the bank wrote it.")
    accounts.get(account_id)
    accounts.one_at_a_time(account_id)
    # A refused receipt may be told again, with its mistake corrected; a counted one may not.
    again = Payment.select().where(
        Payment.account_id == account_id,
        Payment.receipt_key == key,
        Payment.state.in_([PaymentState.PENDING, PaymentState.PAID]),
    )
    if again.exists():
        raise Conflict("A payment with the number %(number)s was told already.", number=number)
    waiting = Payment.select().where(
        Payment.account_id == account_id, Payment.provider == RECEIPT, Payment.state == PaymentState.PENDING
    )
    quotas.check_receipts(account_id, waiting.count())
    document_id = documents.note(account_id, stored, now) if stored is not None else None
    row = Payment.create(
        account_id=account_id,
        person_id=person_id,
        provider=RECEIPT,
        purpose=payments.TOPUP,
        amount=amount,
        reference=number,
        receipt_key=key,
        document_id=document_id,
        state=PaymentState.PENDING,
        created_at=now,
    )
    return int(row.id)


def confirm(payment_id: int, person_id: int, now: int) -> None:
    """Staff confirm that the money is on the bank account: book it, once.  Inside a transaction; audited.

    Conflict when another receipt with this number was confirmed: one transfer is one payment.
    """
    row = _receipt(payment_id)
    for other in same_number(row):
        if other.state == PaymentState.PAID:
            raise Conflict(
                "Payment %(payment)s of account %(account)s has this number and is booked: refuse this one.",
                payment=other.id,
                account=other.account_id,
            )
    try:
        is_booked = payments.book(payment_id, row.reference, "", now, person_id)
    except IntegrityError as error:  # two were confirmed at the same moment
        raise Conflict("Another receipt with this number was confirmed at the same moment.") from error
    if not is_booked:
        raise Conflict(
            "Payment %(id)s is %(state)s already.", id=payment_id, state=Word(payments.get(payment_id).state)
        )
    audit_log.record(
        person_id,
        row.account_id,
        "payment.confirm",
        f"payment {payment_id}",
        now,
        {"state": row.state},
        {"state": "paid", "amount": int(row.amount)},
    )


def refuse(payment_id: int, reason: str, person_id: int, now: int) -> None:
    """Staff reject a receipt because the money did not arrive; the reason is shown.  Inside a transaction; audited."""
    if not reason.strip():
        raise BadInput("Say why the receipt is refused; the customer sees it.")
    row = _receipt(payment_id)
    moved = (
        Payment.update(
            state=PaymentState.FAILED, reason=reason.strip()[:500], decided_by=person_id, ended_at=now
        )
        .where(Payment.id == payment_id, Payment.state == PaymentState.PENDING)
        .execute()
    )
    if not moved:
        raise Conflict("Payment %(id)s is %(state)s already.", id=payment_id, state=Word(row.state))
    audit_log.record(
        person_id,
        row.account_id,
        "payment.refuse",
        f"payment {payment_id}",
        now,
        {"state": row.state},
        {"state": "failed", "reason": reason.strip()},
    )


def receipt_key(number: str) -> str:
    """A transfer's number in the form in which receipts are compared, however it was typed."""
    plain = to_ascii_digits(unicodedata.normalize("NFKC", number).casefold())
    return "".join(filter(str.isalnum, plain))[:100]


def same_number(row: Payment) -> list[Payment]:
    """Other receipts of any account that report the same transfer and were not refused."""
    if row.receipt_key is None:
        return []
    return list(
        Payment.select()
        .where(
            Payment.receipt_key == row.receipt_key,
            Payment.id != row.id,
            Payment.state.in_([PaymentState.PENDING, PaymentState.PAID]),
        )
        .order_by(Payment.id)
    )


def _receipt(payment_id: int) -> Payment:
    row = payments.get(payment_id)
    if row.provider != RECEIPT:
        raise Conflict(
            "Payment %(id)s went through %(provider)s; nobody confirms it by hand.",
            id=payment_id,
            provider=Word(row.provider),
        )
    return row
