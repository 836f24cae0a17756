"""Outages, for staff: monitored components, outages, corrections with their history, reports, unknown time."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from engine.clock import wall_ms
from engine.services.accounts.display_names import account_names, people_names
from engine.services.sla import authorisation, flips, incidents, unknown
from engine.store.threads import read
from webui.forms.account_field import AccountField
from webui.forms.number_fields import WholeField, row_id
from webui.forms.pages import (
    Answer,
    InstantField,
    PageForm,
    attempt,
    before_id,
    needed_together,
    pages_blueprint,
    reason_field,
    refused,
)
from webui.i18n.words import component
from webui.request.access import for_staff, person

blueprint = pages_blueprint(__name__, "incidents", "/incidents")

PAGE = 40


class OutageForm(PageForm):
    """A new outage."""

    account = AccountField(_l("Whom it concerns"), none=_l("Everybody"))
    start_at = InstantField(_l("Began at"), [needed_together])
    end_at = InstantField(_l("Ended at"), description=_l("Empty: it has not ended."))
    component = SelectField(_l("What was down"), default=flips.SERVICE)
    reason = reason_field(_l("What happened, and how it is known"))


class CorrectionForm(PageForm):
    """A correction of an outage: a new revision; earlier ones stay."""

    revision = HiddenField()
    start_at = InstantField(_l("Began at"), [needed_together])
    end_at = InstantField(_l("Ended at"), description=_l("Empty: it has not ended."))
    is_void = BooleanField(_l("It was no outage"))
    reason = reason_field(_l("Why it is corrected"))


class ReportForm(PageForm):
    """The answer to a customer's report."""

    outage = WholeField(
        _l("Number of the outage"), [Optional()], description=_l("Empty: the report is dismissed.")
    )
    answer = reason_field(_l("Answer"))


class ResolveForm(PageForm):
    """The decision about an unknown time."""

    state = RadioField(
        _l("The service was"),
        [InputRequired()],
        choices=[
            SelectChoice(flips.Health.UP.value, _l("Up")),
            SelectChoice(flips.Health.DOWN.value, _l("Down")),
        ],
    )
    start_at = InstantField(_l("From"), [needed_together])
    end_at = InstantField(_l("Until"), [needed_together])
    reason = reason_field(_l("How this is known"))


@blueprint.get("")
@for_staff
def index() -> str:
    before = before_id()

    def work() -> dict[str, Any]:
        rows = incidents.page(before, PAGE + 1)
        reports = incidents.open_reports()
        return {
            "components": flips.components(),
            "rows": rows[:PAGE],
            "older": rows[PAGE - 1].id if len(rows) > PAGE else None,
            "reports": reports,
            "unknown": unknown.open_spans(),
            "names": account_names([*(row.account_id for row in rows), *(row.account_id for row in reports)]),
        }

    return render_template("incidents/index.html", **read(work), may_write=_may_write())


@blueprint.route("/new", methods=["GET", "POST"])
@for_staff
def enter() -> str | Answer | Response:
    """Enter an outage; ``?report=`` fills the form from a customer's report."""
    form = OutageForm(data=_from_report())
    known = read(lambda: [row.name for row in flips.components()])
    names = dict.fromkeys([flips.SERVICE, *known])
    form.component.choices = [SelectChoice(name, component(name)) for name in names]
    made: list[int] = []
    by, now = person().id, wall_ms()

    def work() -> None:
        made.append(
            incidents.enter(
                by,
                form.start_at.data,
                form.end_at.data,
                form.reason.data,
                now,
                form.account.account_id,
                form.component.data,
            )
        )

    if not form.is_submitted():
        return render_template("incidents/new.html", form=form)
    if not attempt(form, work):
        return refused("incidents/new.html", form=form)
    flash(_("The outage was entered."), "success")
    return redirect(url_for("incidents.detail", outage_id=made[-1]))


@blueprint.get("/<int:outage_id>")
@for_staff
def detail(outage_id: int) -> str:
    return render_template("incidents/detail.html", **_outage(outage_id))


@blueprint.post("/<int:outage_id>/correct")
@for_staff
def correct(outage_id: int) -> Answer | Response:
    form = CorrectionForm(tag="correct")
    by, now = person().id, wall_ms()
    seen = int(form.revision.data) if (form.revision.data or "").isdecimal() else None

    def work() -> None:
        incidents.correct(
            outage_id,
            by,
            form.reason.data,
            now,
            start_at=form.start_at.data,
            end_at=form.end_at.data,
            is_void=form.is_void.data,
            revision=seen,
        )

    if not attempt(form, work):
        return refused("incidents/detail.html", **_outage(outage_id, form))
    flash(_("The correction was saved; statements of closed months will get an adjustment."), "success")
    return redirect(url_for("incidents.detail", outage_id=outage_id))


@blueprint.route("/reports/<int:report_id>", methods=["GET", "POST"])
@for_staff
def report(report_id: int) -> str | Answer | Response:
    """A customer's report: link it to an outage, or dismiss it with a reason."""

    def found() -> dict[str, Any]:
        row = incidents.get_report(report_id)
        day = 86_400_000
        near = incidents.between(row.happened_at - day, row.happened_at + day, row.account_id)
        return {"row": row, "near": near, "names": account_names([row.account_id])}

    shown = read(found)
    form = ReportForm(data={"outage": shown["near"][0].id if shown["near"] else None})
    if not form.is_submitted():
        return render_template("incidents/report.html", form=form, **shown)
    by, now = person().id, wall_ms()
    done = attempt(
        form, lambda: incidents.answer_report(report_id, by, form.answer.data, now, form.outage.data or None)
    )
    if not done:
        return refused("incidents/report.html", form=form, **shown)
    flash(_("The report was answered."), "success")
    return redirect(url_for("incidents.index"))


@blueprint.route("/unknown/<int:unknown_id>", methods=["GET", "POST"])
@for_staff
def resolve(unknown_id: int) -> str | Answer | Response:
    """Decide what an unknown time was; it never counts as up or down automatically."""

    def found() -> dict[str, Any]:
        row = unknown.get(unknown_id)
        left = next((spans for each, spans in unknown.open_spans() if each.id == unknown_id), ())
        return {"row": row, "left": left}

    shown = read(found)
    start = shown["left"][0][0] * 1000 if shown["left"] else shown["row"].start_at
    end = shown["left"][0][1] * 1000 if shown["left"] else shown["row"].end_at
    form = ResolveForm(data={"start_at": start, "end_at": end})
    if not form.is_submitted():
        return render_template("incidents/resolve.html", form=form, **shown)
    by, now = person().id, wall_ms()
    done = attempt(
        form,
        lambda: unknown.resolve(
            unknown_id,
            by,
            form.state.data,
            form.reason.data,
            now,
            # People type minutes; the exact start and end of the whole time are kept.
            _edge(form.start_at.data, start),
            _edge(form.end_at.data, end),
        ),
    )
    if not done:
        return refused("incidents/resolve.html", form=form, **shown)
    flash(_("The unknown time was resolved."), "success")
    return redirect(url_for("incidents.index"))


def _edge(typed: int, exact: int | None) -> int:
    return exact if exact is not None and typed // 60_000 == exact // 60_000 else typed


def _outage(outage_id: int, form: CorrectionForm | None = None) -> dict[str, Any]:
    def work() -> dict[str, Any]:
        row, history = incidents.get(outage_id), incidents.history(outage_id)
        return {
            "row": row,
            "history": history,
            "people": people_names([each.author_id for each in history]),
            "names": account_names([row.account_id]),
        }

    shown = read(work)
    row = shown["row"]
    shown["form"] = form or CorrectionForm.blank(
        "correct", revision=row.revision, start_at=row.start_at, end_at=row.end_at, is_void=row.is_void
    )
    return {**shown, "may_write": _may_write()}


def _from_report() -> dict[str, Any]:
    report_id = request.args.get("report", type=row_id)
    if not report_id:
        return {}
    row = read(lambda: incidents.get_report(report_id))
    return {"start_at": row.happened_at, "reason": row.text}


def _may_write() -> bool:
    return person().role in authorisation.RECORD_ROLES
