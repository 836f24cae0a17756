"""Stored statements: reading, reproducing and verifying them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.agreement.calculation import Calculation, from_evidence
from engine.agreement.intervals import total
from engine.agreement.statement import StatementHead, statement_sha256
from engine.errors import BadInput, NotFound
from engine.services.accounts.ownership import owned
from engine.services.sla import support_calls
from engine.store.paging import page_of
from engine.store.tables.sla import Evidence, Statement


def figures_of(calculation: Calculation) -> dict[str, Any]:
    """The columns of a statement that a calculation gives."""
    known = calculation.as_known
    return {
        "month_s": calculation.month.seconds,
        "downtime_s": total(calculation.down),
        "counted_s": known.down_s,
        "unknown_s": total(calculation.unknown),
        "availability": known.percent_shown,
        "discount_by_percent": known.discount_by_percent,
        "discount_by_minutes": known.discount_by_minutes,
        "discount": known.discount,
        "discount_if_down": calculation.if_unknown_was_down.discount,
        "decided_by": known.decided_by,
    }


def of_account(account_id: int) -> list[Statement]:
    """An account's statements, the newest month first, adjustments behind their statement."""
    return list(
        Statement.select()
        .where(Statement.account_id == account_id)
        .order_by(Statement.month.desc(), Statement.sequence)
    )


def of_month(account_id: int, month: str) -> list[Statement]:
    """An account's statement of a month and its adjustments."""
    return list(
        Statement.select()
        .where(Statement.account_id == account_id, Statement.month == month)
        .order_by(Statement.sequence)
    )


def page(month: str, before: int | None, limit: int) -> list[Statement]:
    """Statements of all accounts, of one `month` if it is given, the newest first."""
    query = Statement.select().where(Statement.month == month) if month else Statement.select()
    return page_of(query, Statement.id, from_id=before, is_queue=False, limit=limit)


def get(number: str, account_id: int | None = None) -> Statement:
    """A statement by its number (of that account only, if given); NotFound otherwise."""
    missing = NotFound("There is no statement %(number)s.", number=number)
    query = Statement.select().where(Statement.number == number)
    return owned(query, Statement.account_id, account_id, missing)


def reproduce(row: Statement) -> tuple[StatementHead, Calculation]:
    """The head and the calculation of a statement from what is stored: for the PDF and the CSV.

    BadInput if the evidence does not give the stored figures, or the hash differs.
    """
    evidence = Evidence.get_by_id(row.evidence_sha256)
    calculation = from_evidence(evidence.content)
    head = _head(row)
    if (
        calculation.evidence_sha256 != row.evidence_sha256
        or statement_sha256(head, calculation) != row.sha256
    ):
        raise BadInput("The statement %(number)s does not agree with its hash.", number=row.number)
    return head, calculation


def _head(row: Statement) -> StatementHead:
    line = support_calls.of_month(row.month, [row.account_id]).get(row.account_id) if row.has_line else None
    return StatementHead(
        row.number,
        row.account_id,
        row.account_name,
        row.issued_at // 1000,
        row.subscription_rials,
        row.discount_rials,
        row.adjusts,
        row.note,
        line,
    )


def verify(month: str | None = None) -> Iterator[str]:
    """Calculate every statement again from its evidence alone; one sentence for each that does not agree."""
    rows = Statement.select().order_by(Statement.evidence_sha256, Statement.id)
    if month is not None:
        rows = rows.where(Statement.month == month)
    calculation: Calculation | None = None
    for row in rows.iterator():
        if calculation is None or calculation.evidence_sha256 != row.evidence_sha256:
            try:
                calculation = reproduce(row)[1]
            except BadInput as error:
                calculation = None
                yield f"{row.number}: {error}"
                continue
        figures = figures_of(calculation)
        if statement_sha256(_head(row), calculation) != row.sha256:
            yield f"{row.number}: the statement does not agree with its hash"
        for name, value in figures.items():
            if getattr(row, name) != value:
                yield f"{row.number}: {name} is {getattr(row, name)}, the evidence gives {value}"
