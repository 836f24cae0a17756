"""Outage reports of customers: through a ticket from their pages, or by telephone, entered by staff."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from engine.clock import wall_ms
from engine.services.sla import incidents
from engine.services.tickets import tickets
from engine.store.threads import read
from webui.forms.account_field import AccountField, account_needed
from webui.forms.pages import (
    Answer,
    InstantField,
    PageForm,
    attempt,
    customers_only,
    key_field,
    needed_together,
    pages_blueprint,
    refused,
)
from webui.request.access import for_staff, needs, person

blueprint = pages_blueprint(__name__, "outage_reports", "/outage-reports")


class OutageReportForm(PageForm):
    """A report: what does not work, and since when."""

    key = key_field()
    account = AccountField(_l("Account"), [account_needed])
    happened_at = InstantField(_l("Since when"), [needed_together])
    text = TextAreaField(
        _l("What does not work"), [InputRequired(), Length(max=2000)], render_kw={"rows": 4, "dir": "auto"}
    )


@blueprint.route("", methods=["GET", "POST"])
@needs("account.view")
def mine() -> str | Answer | Response:
    """Report an outage as a customer: a ticket for support, and a report that staff link to the outage."""
    account_id, me, now = customers_only(), person(), wall_ms()
    form = OutageReportForm(data={"happened_at": now})
    del form.account
    reports = read(lambda: incidents.reports_of(account_id))
    if not form.is_submitted():
        return render_template("outage_reports/mine.html", form=form, rows=reports)
    subject = _("The service is down")

    def work() -> None:
        ticket_id = tickets.open_ticket(
            me, account_id, "support", subject, form.text.data, now, key=f"down-{account_id}-{form.key.data}"
        )
        if not any(row.ticket_id == ticket_id for row in incidents.reports_of(account_id)):
            incidents.report(
                account_id, form.happened_at.data, "ticket", form.text.data, now, me.id, ticket_id
            )

    if not attempt(form, work):
        return refused("outage_reports/mine.html", form=form, rows=reports)
    flash(_("It was reported; support answers in the ticket."), "success")
    return redirect(url_for("outage_reports.mine"))


@blueprint.route("/telephone", methods=["GET", "POST"])
@for_staff
def by_telephone() -> str | Answer | Response:
    """Enter the report of a customer on the telephone; for staff."""
    by, now = person().id, wall_ms()
    form = OutageReportForm(data={"happened_at": now})
    if not form.is_submitted():
        return render_template("outage_reports/telephone.html", form=form)
    account_id = form.account.account_id

    def work() -> Any:
        return incidents.report(account_id or 0, form.happened_at.data, "telephone", form.text.data, now, by)

    if not attempt(form, work):
        return refused("outage_reports/telephone.html", form=form)
    flash(_("The report was saved."), "success")
    return redirect(url_for("incidents.index"))
