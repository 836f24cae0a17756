"""Planned maintenance: plan, announce at least 48 hours before, finish or cancel."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from engine.clock import wall_ms
from engine.services.accounts.display_names import people_names
from engine.services.notices import notices
from engine.services.sla import authorisation, maintenance
from engine.store.threads import read, write
from webui.forms.pages import (
    Answer,
    InstantField,
    PageForm,
    attempt,
    needed_together,
    pages_blueprint,
    reason_field,
    refused,
)
from webui.request.access import for_staff, person

blueprint = pages_blueprint(__name__, "maintenance", "/maintenance")

PAST_SHOWN = 30


class WindowForm(PageForm):
    """A window of planned work, and the text for customers."""

    start_at = InstantField(_l("From"), [needed_together])
    end_at = InstantField(_l("Until"), [needed_together])
    title_fa = StringField(
        _l("Title in Persian"), [InputRequired(), Length(max=200)], render_kw={"dir": "rtl"}
    )
    title_en = StringField(_l("Title in English"), [Length(max=200)], render_kw={"dir": "ltr"})
    text_fa = TextAreaField(_l("Text in Persian"), [Length(max=5000)], render_kw={"rows": 3, "dir": "rtl"})
    text_en = TextAreaField(_l("Text in English"), [Length(max=5000)], render_kw={"rows": 3, "dir": "ltr"})


class CancelForm(PageForm):
    reason = reason_field(_l("Why it is cancelled"))


@blueprint.get("")
@for_staff
def index() -> str:
    return render_template("maintenance/index.html", **_shown())


@blueprint.post("")
@for_staff
def plan() -> Answer | Response:
    form = WindowForm(tag="plan")
    by, now = person().id, wall_ms()

    def work() -> None:
        text = maintenance.Text(
            form.title_fa.data, form.title_en.data or "", form.text_fa.data or "", form.text_en.data or ""
        )
        maintenance.plan(by, form.start_at.data, form.end_at.data, text, now)

    if not attempt(form, work):
        return refused("maintenance/index.html", **_shown(form))
    flash(_("The window was planned; announce it to tell the customers."), "success")
    return redirect(url_for("maintenance.index"))


@blueprint.get("/<int:maintenance_id>")
@for_staff
def detail(maintenance_id: int) -> str:
    return render_template("maintenance/detail.html", **_one(maintenance_id))


@blueprint.post("/<int:maintenance_id>/announce")
@for_staff
def announce(maintenance_id: int) -> Response:
    """Announce maintenance; the 48 hours are measured from this moment."""
    me, now = person(), wall_ms()

    def work() -> bool:
        row = maintenance.get(maintenance_id)
        maintenance.announce(maintenance_id, me.id, now)
        words = notices.Words(row.title_fa, row.title_en, row.text_fa, row.text_en)
        return notices.announce_maintenance(me, maintenance_id, row.start_at, row.end_at, words, now)

    if write(work):
        flash(_("It was announced in time: its downtime does not count."), "success")
    else:
        flash(_("It was announced too late: its downtime counts."), "warning")
    return redirect(url_for("maintenance.detail", maintenance_id=maintenance_id))


@blueprint.post("/<int:maintenance_id>/cancel")
@for_staff
def cancel(maintenance_id: int) -> Answer | Response:
    form = CancelForm()
    me, now = person(), wall_ms()

    def work() -> None:
        is_announced = maintenance.get(maintenance_id).announced_at is not None
        maintenance.cancel(maintenance_id, me.id, form.reason.data, now)
        if is_announced:
            notices.cancel_maintenance(me, maintenance_id, now)

    if not attempt(form, work):
        return refused("maintenance/detail.html", **_one(maintenance_id, form))
    flash(_("The maintenance was cancelled."), "success")
    return redirect(url_for("maintenance.index"))


def _shown(form: WindowForm | None = None) -> dict[str, Any]:
    now = wall_ms()

    def work() -> dict[str, Any]:
        coming = maintenance.upcoming(now)
        return {
            "coming": [(row, maintenance.latest_announcement(row.start_at)) for row in coming],
            "past": maintenance.past(now, PAST_SHOWN),
        }

    return {**read(work), "form": form or WindowForm.blank("plan"), "now": now, "may_write": _may_write()}


def _one(maintenance_id: int, form: CancelForm | None = None) -> dict[str, Any]:
    def work() -> dict[str, Any]:
        row = maintenance.get(maintenance_id)
        return {
            "row": row,
            "until": maintenance.latest_announcement(row.start_at),
            "people": people_names([row.author_id]),
        }

    return {**read(work), "form": form or CancelForm.blank(), "now": wall_ms(), "may_write": _may_write()}


def _may_write() -> bool:
    return person().role in authorisation.RECORD_ROLES
