"""The review of identities by staff: the queue, and one with its documents, to accept or return."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from engine.clock import wall_ms
from engine.services.accounts import accounts, permissions
from engine.services.accounts.display_names import account_names, people_names
from engine.services.onboarding import identity
from engine.states import ReviewState
from engine.store.threads import read, write
from webui.forms.pages import (
    Answer,
    PageForm,
    attempt,
    from_id,
    pages_blueprint,
    reason_field,
    refused,
    staff_page,
)
from webui.request.access import for_staff, needs, person

blueprint = pages_blueprint(__name__, "identity", "/identities")

PAGE = 50


class ReturnForm(PageForm):
    reason = reason_field(_l("Why it is returned; the customer sees it"))


@blueprint.get("")
@for_staff
@needs("identity.view")
def index() -> str:
    """Identities in a state; waiting ones in the order of their waiting time."""
    state, start = request.args.get("state", ReviewState.SUBMITTED.value), from_id()
    is_queue = state == ReviewState.SUBMITTED

    def work() -> dict[str, Any]:
        rows = identity.reviews(state=state, from_id=start, is_queue=is_queue, limit=PAGE + 1)
        return staff_page(rows, PAGE)

    return render_template("identity/index.html", state=state, **read(work))


@blueprint.get("/<int:review_id>")
@for_staff
@needs("identity.view")
def detail(review_id: int) -> str:
    return render_template("identity/detail.html", **_review(review_id))


@blueprint.post("/<int:review_id>/accept")
@needs("identity.review")
def accept(review_id: int) -> Response:
    by, now = person().id, wall_ms()
    write(lambda: identity.accept(review_id, by, now))
    flash(_("The identity was accepted."), "success")
    return redirect(url_for("identity.index"))


@blueprint.post("/<int:review_id>/return")
@needs("identity.review")
def send_back(review_id: int) -> Answer | Response:
    form = ReturnForm()
    by, now = person().id, wall_ms()
    if not attempt(form, lambda: identity.return_(review_id, form.reason.data, by, now)):
        return refused("identity/detail.html", **_review(review_id, form))
    flash(_("The identity was returned with the reason."), "success")
    return redirect(url_for("identity.index"))


def _review(review_id: int, form: ReturnForm | None = None) -> dict[str, Any]:
    def work() -> dict[str, Any]:
        row = identity.get(review_id)
        others = identity.others_with(row)
        return {
            "row": row,
            "account": accounts.get(row.account_id),
            "documents": identity.documents_of(review_id),
            "others": others,
            "names": account_names(others),
            "people": people_names([row.submitted_by, row.decided_by]),
        }

    return {
        **read(work),
        "form": form or ReturnForm.blank(),
        "may_review": permissions.may(person(), "identity.review"),
    }
