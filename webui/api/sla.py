"""Availability: the month that runs, and the monthly statements."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel, Field

from engine.agreement.statement import statement_csv
from engine.clock import wall_ms
from engine.services.accounts.token_scopes import Scope
from engine.services.sla import archive, availability
from engine.store.threads import read
from webui.api.models import At, Rials, at
from webui.api.operations import operation
from webui.request.context import web
from webui.request.programs import caller

TAG = "Availability"


class AvailabilityAnswer(BaseModel):
    """A month as it stands now."""

    month: str = Field(description="1405-09 or 2026-11.")
    availability: str = Field(description="Percent, as 99.91.")
    downtime_s: int
    counted_s: int = Field(description="Downtime that counts, without what is excluded.")
    discount: int = Field(description="Percent of the month's fee that is given back.")


class StatementAnswer(BaseModel):
    """A month as published; adjustments follow their statement."""

    number: str
    month: str
    sequence: int
    adjusts: str
    issued_at: At
    availability: str
    downtime_s: int
    counted_s: int
    unknown_s: int
    discount: int = Field(description="Percent.")
    discount_rials: Rials | None
    sha256: str


class Statements(BaseModel):
    data: list[StatementAnswer]


class StatementPath(BaseModel):
    number: str = Field(min_length=1, max_length=40)


@operation("get", "/availability", Scope.SLA_READ, TAG, AvailabilityAnswer)
def get_availability() -> AvailabilityAnswer:
    """Availability in the current month so far."""
    account_id, now, jalali = caller().account_id, wall_ms(), web().settings.sla_month == "jalali"
    found = read(lambda: availability.month_to_date(account_id, now, jalali))
    figures = archive.figures_of(found)
    return AvailabilityAnswer(
        month=found.month.key,
        availability=str(figures["availability"]),
        downtime_s=figures["downtime_s"],
        counted_s=figures["counted_s"],
        discount=figures["discount"],
    )


@operation("get", "/statements", Scope.SLA_READ, TAG, Statements)
def list_statements() -> Statements:
    """The statements of the account, the newest month first."""
    account_id = caller().account_id
    rows = read(lambda: archive.of_account(account_id))
    return Statements(data=[_answer(row) for row in rows])


@operation("get", "/statements/<number>", Scope.SLA_READ, TAG, StatementAnswer)
def get_statement(path: StatementPath) -> StatementAnswer:
    """One statement."""
    account_id = caller().account_id
    return _answer(read(lambda: archive.get(path.number, account_id)))


_CSV = {"content": {"text/csv": {"schema": {"type": "string"}}}}


@operation("get", "/statements/<number>/csv", Scope.SLA_READ, TAG, _CSV)
def get_statement_csv(path: StatementPath) -> Response:
    """A statement as CSV with every outage: the same bytes each time."""
    account_id = caller().account_id
    head, found = read(lambda: archive.reproduce(archive.get(path.number, account_id)))
    return Response(statement_csv(head, found), content_type="text/csv; charset=utf-8")


def _answer(row: archive.Statement) -> StatementAnswer:
    names = set(StatementAnswer.model_fields) - {"issued_at"}
    return StatementAnswer(**{name: getattr(row, name) for name in names}, issued_at=at(row.issued_at) or "")
