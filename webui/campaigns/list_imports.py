"""Lists on their way into campaigns: how far they are, what was set aside, and numbers added to a campaign."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import Length

from engine.clock import wall_ms
from engine.errors import BadInput, NotFound
from engine.sentences import sentence_of
from engine.services.campaigns import campaigns, list_imports
from engine.services.campaigns.campaigns import Campaign
from engine.services.campaigns.list_imports import ListImport
from engine.services.campaigns.preflight import Preflight
from engine.services.campaigns.uploads import Pending
from engine.services.lists.choices import Choices, choices_of
from engine.states import CampaignState, ImportState
from engine.store.threads import read, write
from engine.text import shown_name
from webui.campaigns import list_checks
from webui.i18n.sentences import said
from webui.request.access import account_scope, needs, person
from webui.request.context import web

blueprint = Blueprint("list_imports", __name__, template_folder="templates")


class AddForm(FlaskForm):
    """More numbers for a campaign."""

    numbers = FileField(_l("List of numbers"))
    number_column = StringField(_l("Column of the numbers"), [Length(max=64)])


@blueprint.get("/imports/<int:import_id>")
@needs("campaign.view")
def detail(import_id: int) -> str:
    return render_template("list_imports/detail.html", **_shown(import_id))


@blueprint.get("/imports/<int:import_id>/live")
@needs("campaign.view")
def live(import_id: int) -> str | Response:
    """The page's live part; at the end the whole page is asked for, or the campaign's if there is nothing to say."""
    shown = _shown(import_id)
    row = shown["row"]
    if shown["is_open"]:
        return render_template("list_imports/_progress.html", **shown)
    if row.state == ImportState.DONE and row.expected and not row.sentence:
        # What is set aside was shown by the pre-flight.
        flash(_("The campaign was started.") if row.starts else _("All numbers are in."), "success")
        target = url_for("campaigns.detail", campaign_id=row.campaign_id)
        return Response(headers={"HX-Redirect": target})
    return Response(headers={"HX-Refresh": "true"})


@blueprint.route("/campaigns/<int:campaign_id>/numbers", methods=["GET", "POST"])
@needs("campaign.change")
def add(campaign_id: int) -> str | tuple[str, int] | Response:
    """Add a list to a campaign that is there, also while it runs."""
    scope = account_scope()
    row = read(lambda: campaigns.get(campaign_id, scope))
    form = AddForm()
    shown = {"row": row, "form": form, "max_mb": web().settings.max_upload_mb}
    if row.state == CampaignState.STOPPED:
        flash(_("This campaign was stopped and takes no more numbers."), "warning")
        return redirect(url_for("campaigns.detail", campaign_id=campaign_id))
    if request.method == "GET":
        return render_template("list_imports/add.html", **shown)
    if not form.validate():
        return render_template("list_imports/add.html", **shown), 400
    try:
        pending = _keep(row, form)
    except BadInput as error:
        form.numbers.errors = [*form.numbers.errors, said(error)]
        return render_template("list_imports/add.html", **shown), 400
    check = list_checks.begin(pending, row.kind)
    if check.error is not None:
        web().checks.forget(pending.token)
        web().uploads.discard(pending.token)
        form.numbers.errors = [*form.numbers.errors, list_checks.failure(check)]
        return render_template("list_imports/add.html", **shown), 400
    if check.ended.is_set():
        pending = list_checks.pending_of(pending.token)
        facts = _found(pending).facts
        if not facts.notes and len(facts.candidates) < 2:  # there is nothing to choose, so nothing to ask
            return redirect(url_for("list_imports.detail", import_id=_note(row, pending)))
    return redirect(url_for("list_imports.check", campaign_id=campaign_id, token=pending.token))


@blueprint.get("/campaigns/<int:campaign_id>/numbers/<token>")
@needs("campaign.change")
def check(campaign_id: int, token: str) -> str | Response:
    """What was found in the list that is to be added, before anybody of it is called."""
    row, pending = _pending_for(campaign_id, token)
    shown: dict[str, Any] = {"row": row, "pending": pending, "found": None, "rows": 0}
    if pending.checked is not None:
        shown |= {"found": _found(pending), "choices": choices_of(pending.choices)}
        return render_template("list_imports/check.html", **shown)
    check = web().checks.find(token) or list_checks.begin(pending, row.kind)
    if check.error is not None:
        web().checks.forget(token)
        flash(list_checks.failure(check), "danger")
        return redirect(url_for("list_imports.add", campaign_id=campaign_id))
    if check.ended.is_set():
        return redirect(url_for("list_imports.check", campaign_id=campaign_id, token=token))
    return render_template("list_imports/check.html", **shown | {"rows": check.rows})


@blueprint.post("/campaigns/<int:campaign_id>/numbers/<token>/list")
@needs("campaign.change")
def choose(campaign_id: int, token: str) -> Response:
    """Read the list again, in the way that was chosen on the page."""
    row, pending = _pending_for(campaign_id, token)
    before = pending.choices
    if list_checks.choose(pending):
        check = list_checks.begin(pending, row.kind)
        if check.error is not None:  # so it cannot be read: as it was before
            flash(list_checks.failure(check), "danger")
            pending.choices = before
            web().uploads.write(pending)
            list_checks.begin(pending, row.kind)
    return redirect(url_for("list_imports.check", campaign_id=campaign_id, token=token))


@blueprint.post("/campaigns/<int:campaign_id>/numbers/<token>")
@needs("campaign.change")
def confirm(campaign_id: int, token: str) -> Response:
    """Note that the list is to come in."""
    row, pending = _pending_for(campaign_id, token)
    if pending.checked is None:
        raise NotFound("This upload was not checked.")
    return redirect(url_for("list_imports.detail", import_id=_note(row, pending)))


def _note(row: Campaign, pending: Pending) -> int:
    """Note that a list that was checked is to come in; the import's id."""
    expected, now = _found(pending).total, wall_ms()
    web().uploads.take(pending)
    return write(lambda: list_imports.note(row.id, pending, now, expected=expected))


def _found(pending: Pending) -> Preflight:
    assert pending.checked is not None
    return Preflight.of_dict(pending.checked)


def _pending_for(campaign_id: int, token: str) -> tuple[Campaign, Pending]:
    """A campaign and the upload of more numbers for it; NotFound when there is none such."""
    scope = account_scope()
    pending = list_checks.pending_of(token)
    if pending.campaign_id != campaign_id:
        raise NotFound("This upload is for another campaign.")
    return read(lambda: campaigns.get(campaign_id, scope)), pending


def _keep(row: Campaign, form: AddForm) -> Pending:
    """Keep the file as an upload for this campaign."""
    file = form.numbers.data
    if not isinstance(file, FileStorage) or not file.filename:
        raise BadInput("Choose the list of numbers.")
    uploads = web().uploads
    pending = uploads.new(person().id, row.account_id, wall_ms())
    pending.list_name, pending.campaign_id = shown_name(file.filename, "—"), int(row.id)
    pending.choices = Choices((form.number_column.data or "").strip()).kept()
    stream: Any = file.stream
    try:
        web().apart(lambda: uploads.save(pending, "list", pending.list_name, stream))
    except BadInput:
        uploads.discard(pending.token)
        raise
    uploads.write(pending)
    return pending


def _shown(import_id: int) -> dict[str, Any]:
    scope = account_scope()

    def work() -> tuple[ListImport, Campaign]:
        row = list_imports.get(import_id, scope)
        return row, campaigns.get(row.campaign_id, scope)

    row, campaign = read(work)
    return {
        "row": row,
        "campaign": campaign,
        "is_open": row.state in list_imports.OPEN,
        "rows": list_imports.rows_of(row),
        "refused": list_imports.refused_of(row),
        "sentence": said(sentence_of(row.sentence)) if row.sentence else "",
    }
