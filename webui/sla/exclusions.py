"""Exclusions, which are downtime that does not count: the six kinds, with their reasons."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import SelectField

from engine.clock import wall_ms
from engine.services.accounts.display_names import account_names, people_names
from engine.services.sla import authorisation, exclusions
from engine.store.threads import read
from webui.forms.account_field import AccountField
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
from webui.i18n.words import choices
from webui.request.access import for_staff, person

blueprint = pages_blueprint(__name__, "exclusions", "/exclusions")

PAGE = 40


class ExclusionForm(PageForm):
    """A new exclusion."""

    kind = SelectField(_l("Kind"), choices=choices("exclusion"))
    account = AccountField(_l("Whom it concerns"), none=_l("Everybody"))
    start_at = InstantField(_l("From"), [needed_together])
    end_at = InstantField(_l("Until"), [needed_together])
    announced_at = InstantField(
        _l("Announced at"),
        description=_l(
            "Only for planned maintenance and announced outages: 48 hours before, or the downtime counts."
        ),
    )
    reason = reason_field(_l("Reason"))


class WithdrawExclusionForm(PageForm):
    reason = reason_field(_l("Why it is withdrawn"))


@blueprint.get("")
@for_staff
def index() -> str:
    return render_template("exclusions/index.html", **_shown())


@blueprint.post("")
@for_staff
def add() -> Answer | Response:
    form = ExclusionForm(tag="add")
    by, now = person().id, wall_ms()

    def work() -> None:
        exclusions.add(
            by,
            form.kind.data,
            form.start_at.data,
            form.end_at.data,
            form.reason.data,
            now,
            form.account.account_id,
            form.announced_at.data,
        )

    if not attempt(form, work):
        return refused("exclusions/index.html", **_shown(form))
    flash(_("The exclusion was added."), "success")
    return redirect(url_for("exclusions.index"))


@blueprint.route("/<int:exclusion_id>", methods=["GET", "POST"])
@for_staff
def withdraw(exclusion_id: int) -> str | Answer | Response:
    """One exclusion; a wrong one is withdrawn and another is added."""

    def found() -> dict[str, Any]:
        row = exclusions.get(exclusion_id)
        return {
            "row": row,
            "judged": exclusions.judged(row),
            "names": account_names([row.account_id]),
            "people": people_names([row.author_id, row.withdrawn_by]),
        }

    shown = {**read(found), "may_write": _may_write()}
    form = WithdrawExclusionForm()
    if not form.is_submitted():
        return render_template("exclusions/detail.html", form=form, **shown)
    by, now = person().id, wall_ms()
    if not attempt(form, lambda: exclusions.withdraw(exclusion_id, by, form.reason.data, now)):
        return refused("exclusions/detail.html", form=form, **shown)
    flash(_("The exclusion was withdrawn."), "success")
    return redirect(url_for("exclusions.index"))


def _shown(form: ExclusionForm | None = None) -> dict[str, Any]:
    before = before_id()

    def work() -> dict[str, Any]:
        rows = exclusions.page(before, PAGE + 1)
        return {
            "rows": [(row, exclusions.judged(row)) for row in rows[:PAGE]],
            "older": rows[PAGE - 1].id if len(rows) > PAGE else None,
            "names": account_names([row.account_id for row in rows]),
        }

    shown = read(work)
    shown["form"] = form or ExclusionForm.blank("add")
    return {**shown, "may_write": _may_write()}


def _may_write() -> bool:
    return person().role in authorisation.RECORD_ROLES
