"""Availability and statements: of the customer's own account, and for staff of any account (``?account=``)."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.agreement.intervals import total
from engine.agreement.months import Month
from engine.agreement.statement import notes_of, statement_csv
from engine.agreement.statement_pdf import statement_pdf
from engine.clock import wall_ms
from engine.errors import BadInput, NotFound
from engine.services.accounts import accounts
from engine.services.accounts.display_names import account_names
from engine.services.sla import agreements, archive, availability, credits
from engine.store.threads import read
from webui.forms.number_fields import ascii_digits, row_id
from webui.forms.pages import pages_blueprint
from webui.i18n.formats import digits, language
from webui.request.access import account_scope, for_staff, is_staff, needs
from webui.request.context import web

blueprint = pages_blueprint(__name__, "sla", "/availability")

MONTHS_SHOWN = 24


@blueprint.get("")
@needs("account.view")
def index() -> str:
    """The present month, closed months, and credits."""
    account_id, now, jalali = _account(), wall_ms(), web().settings.sla_month == "jalali"

    def work() -> dict[str, Any]:
        account = accounts.get(account_id) if account_id is not None else None
        found = availability.month_to_date(account_id, now, jalali)
        return {
            "account": account,
            "live": found,
            "statements": archive.of_account(account_id)[: MONTHS_SHOWN * 2] if account_id else [],
            "credits": credits.of_account(account_id)[:MONTHS_SHOWN] if account_id else [],
        }

    shown = read(work)
    return render_template(
        "sla/index.html", **shown, **_figures(shown["live"]), staff=is_staff(), total=total
    )


@blueprint.get("/months/<month>")
@needs("account.view")
def month(month: str) -> str:
    """A month according to the present records, with every outage and exclusion."""
    account_id, now = _account(), wall_ms()
    try:
        wanted = Month.parse(month)
    except BadInput as error:
        raise NotFound(error.sentence) from error
    if wanted.start * 1000 > now:
        raise NotFound("The month %(month)s has not begun.", month=wanted)
    found = read(lambda: availability.month_of(account_id, wanted, now))
    return render_template(
        "sla/month.html", live=found, account_id=account_id, staff=is_staff(), total=total, **_figures(found)
    )


@blueprint.get("/statements")
@for_staff
def statements() -> str:
    """The statements of a month for all accounts; for staff."""
    before = request.args.get("before", type=row_id)
    wanted = (ascii_digits(request.args.get("month")) or "").replace("/", "-")

    def work() -> dict[str, Any]:
        rows = archive.page(wanted, before, 101)
        return {
            "rows": rows[:100],
            "older": rows[99].id if len(rows) > 100 else None,
            "names": account_names([row.account_id for row in rows]),
        }

    return render_template("sla/statements.html", wanted=digits(wanted), **read(work))


@blueprint.get("/statements/<number>")
@needs("account.view")
def statement(number: str) -> str:
    row, (head, found) = _statement(number)
    return render_template(
        "sla/statement.html",
        row=row,
        head=head,
        notes=notes_of(row.note),
        live=found,
        staff=is_staff(),
        total=total,
        **_figures(found),
    )


@blueprint.get("/statements/<number>.<any(pdf, csv):kind>")
@needs("account.view")
def statement_file(number: str, kind: str) -> BaseResponse:
    """A statement as a file, with the same bytes each time."""
    row, (head, found) = _statement(number)
    headers = {"Content-Disposition": f'attachment; filename="avanak-statement-{row.number}.{kind}"'}
    if kind == "csv":
        return Response(statement_csv(head, found), headers=headers, content_type="text/csv; charset=utf-8")
    terms = read(lambda: agreements.versions().by_id(row.terms_id))
    body = web().apart(lambda: statement_pdf(head, found, terms))
    return Response(body, headers=headers, content_type="application/pdf")


def _statement(number: str) -> Any:
    scope = account_scope()

    def work() -> Any:
        row = archive.get(number, scope)
        return row, archive.reproduce(row)

    return read(work)


def _account() -> int | None:
    """The customer's own account; for staff the requested one, or None for what concerns everybody."""
    scope = account_scope()
    return request.args.get("account", type=row_id) if scope is None else scope


def _figures(found: Any) -> dict[str, Any]:
    english, persian = found.sentence()
    sentence = persian if language() == "fa" else english[0].upper() + english[1:]
    return {
        "sentence": sentence,
        "month_name": found.month.name_fa if language() == "fa" else found.month.name_en,
        "back": url_for("sla.index", account=request.args.get("account")),
    }
