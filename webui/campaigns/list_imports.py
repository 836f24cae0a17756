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
from engine.errors import BadInput
from engine.services.campaigns import campaigns, launch, list_imports
from engine.services.campaigns.campaigns import Campaign
from engine.services.campaigns.list_imports import ListImport
from engine.services.campaigns.uploads import Pending
from engine.services.compliance import traffic_caps
from engine.services.lists.choices import Choices
from engine.states import CampaignState, ImportState
from engine.store.threads import read, write
from engine.text import shown_name
from webui.i18n.sentences import reason, said
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
        import_id = _take(row, form)
    except BadInput as error:
        form.numbers.errors = [*form.numbers.errors, said(error)]
        return render_template("list_imports/add.html", **shown), 400
    return redirect(url_for("list_imports.detail", import_id=import_id))


def _take(row: Campaign, form: AddForm) -> int:
    """Keep the file, see that it is a list, and note that it is to come in; the import's id."""
    file, now = form.numbers.data, wall_ms()
    if not isinstance(file, FileStorage) or not file.filename:
        raise BadInput(_("Choose the list of numbers."))
    uploads, settings = web().uploads, web().settings
    pending = uploads.new(person().id, row.account_id, now)
    pending.list_name = shown_name(file.filename, "—")
    stream: Any = file.stream
    abroad = read(traffic_caps.opens_abroad)
    pending.choices = Choices((form.number_column.data or "").strip()).kept()

    def keep() -> None:
        uploads.save(pending, "list", pending.list_name, stream)
        with uploads.pinned_list(pending) as (path, pending.list_sha256):
            launch.open_pending_list(path, pending, settings, abroad).close()

    try:
        web().apart(keep)
    except BadInput:
        uploads.discard(pending.token)
        raise
    return _note(pending, row.id, now)


def _note(pending: Pending, campaign_id: int, now: int) -> int:
    web().uploads.take(pending)
    return write(lambda: list_imports.note(campaign_id, pending, now))


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
        "sentence": reason(row.sentence),
    }
