"""Imports of lists into campaigns: progress, what was set aside, and adding numbers to a campaign."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine.clock import wall_ms
from engine.errors import BadInput, NotFound
from engine.sentences import sentence_of
from engine.services.campaigns import campaigns, list_imports
from engine.services.campaigns.campaigns import Campaign
from engine.services.campaigns.list_imports import ListImport
from engine.services.campaigns.uploads import Pending
from engine.services.lists import contact_lists
from engine.services.lists.choices import choices_of
from engine.states import CampaignState, ImportState
from engine.store.threads import read, write
from webui.campaigns import list_checks
from webui.campaigns.list_files import NumbersForm, take_list
from webui.i18n.sentences import said
from webui.request.access import account_scope, needs, person
from webui.request.context import web

blueprint = Blueprint("list_imports", __name__, template_folder="templates")


@blueprint.get("/imports/<int:import_id>")
@needs("campaign.view")
def detail(import_id: int) -> str:
    return render_template("list_imports/detail.html", **_shown(import_id))


@blueprint.get("/imports/<int:import_id>/live")
@needs("campaign.view")
def live(import_id: int) -> str | Response:
    """The page's live part; at the end the browser loads the whole page, or the campaign's if there is nothing to report."""
    shown = _shown(import_id)
    row = shown["row"]
    if shown["is_open"]:
        return render_template("list_imports/_progress.html", **shown)
    if row.state == ImportState.DONE and row.expected and not row.sentence and not shown["awaits"]:
        # Excluded rows were shown by the pre-flight.
        told = _("The campaign was started.") if row.starts else _("All numbers are in.")
        # A slow browser asks again.
        if told not in (text for _category, text in session.get("_flashes", ())):
            flash(told, "success")
        target = url_for("campaigns.detail", campaign_id=row.campaign_id)
        return Response(headers={"HX-Redirect": target})
    return Response(headers={"HX-Refresh": "true"})


@blueprint.post("/imports/<int:import_id>/do-not-wait")
@needs("campaign.change")
def do_not_wait(import_id: int) -> Response:
    """Do not start the campaign automatically when its message is approved."""
    scope, by, now = account_scope(), person().id, wall_ms()
    write(lambda: list_imports.do_not_wait(import_id, by, now, scope))
    flash(_("It waits for you to start it."), "success")
    return redirect(url_for("list_imports.detail", import_id=import_id))


@blueprint.route("/campaigns/<int:campaign_id>/numbers", methods=["GET", "POST"])
@needs("campaign.change")
def add(campaign_id: int) -> str | tuple[str, int] | Response:
    """Add a list to an existing campaign, also while it runs."""
    scope = account_scope()
    row = read(lambda: campaigns.get(campaign_id, scope))
    form, account_id = NumbersForm(), int(row.account_id)
    del form.account
    form.offer(read(lambda: contact_lists.whole(account_id)))
    shown = {"row": row, "form": form, "max_mb": web().settings.max_upload_mb}
    if row.state == CampaignState.STOPPED:
        flash(_("This campaign was stopped and takes no more numbers."), "warning")
        return redirect(url_for("campaigns.detail", campaign_id=campaign_id))
    if request.method == "GET":
        return render_template("list_imports/add.html", **shown)
    if not form.validate():
        return render_template("list_imports/add.html", **shown), 400
    uploads = web().uploads
    pending = uploads.new(person().id, account_id, wall_ms())
    pending.campaign_id = int(row.id)
    try:
        take_list(form, pending)
        uploads.write(pending)
        list_checks.must_open(pending, row.kind)
    except BadInput as error:
        uploads.discard(pending.token)
        form.numbers.errors = [*form.numbers.errors, said(error)]
        return render_template("list_imports/add.html", **shown), 400
    return redirect(url_for("list_imports.check", campaign_id=campaign_id, token=pending.token))


@blueprint.get("/campaigns/<int:campaign_id>/numbers/<token>")
@needs("campaign.change")
def check(campaign_id: int, token: str) -> str | Response:
    """Show what was found in the list to be added, before anybody on it is called."""
    row, pending = _pending_for(campaign_id, token)
    facts = list_checks.facts(pending)
    if facts is None:
        check = web().checks.find(token) or list_checks.begin(pending, row.kind)
        if check.error is not None:
            web().checks.forget(token)
            flash(list_checks.failure(check), "danger")
            return redirect(url_for("list_imports.add", campaign_id=campaign_id))
        if check.ended.is_set():
            return redirect(url_for("list_imports.check", campaign_id=campaign_id, token=token))
        return render_template(
            "list_imports/check.html", row=row, pending=pending, facts=None, rows=check.rows
        )
    return render_template(
        "list_imports/check.html",
        row=row,
        pending=pending,
        facts=facts,
        found=list_checks.found_of(pending),
        roles=list_checks.roles(pending, facts),
        choices=choices_of(pending.choices),
        is_proposed=not choices_of(pending.choices).columns,
        problem=said(sentence_of(pending.problem)) if pending.problem else "",
    )


@blueprint.post("/campaigns/<int:campaign_id>/numbers/<token>/list")
@needs("campaign.change")
def choose(campaign_id: int, token: str) -> Response:
    """Read the list again with the page's choices; import it if that button was pressed."""
    row, pending = _pending_for(campaign_id, token)
    is_chosen = list_checks.read_again(pending, row.kind)
    pending = list_checks.pending_of(token)
    if request.form.get("action") == "next" and is_chosen and pending.checked is not None:
        return redirect(url_for("list_imports.detail", import_id=_note(row, pending)))
    return redirect(url_for("list_imports.check", campaign_id=campaign_id, token=token))


def _note(row: Campaign, pending: Pending) -> int:
    """Record the import of a checked list; its id."""
    found, now = list_checks.found_of(pending), wall_ms()
    expected = found.total if found is not None else 0
    web().uploads.take(pending)
    return write(lambda: list_imports.note(row.id, pending, now, expected=expected))


def _pending_for(campaign_id: int, token: str) -> tuple[Campaign, Pending]:
    """A campaign and the upload of more numbers for it; NotFound if there is none."""
    scope = account_scope()
    pending = list_checks.pending_of(token)
    if pending.campaign_id != campaign_id:
        raise NotFound("This upload is for another campaign.")
    return read(lambda: campaigns.get(campaign_id, scope)), pending


def _shown(import_id: int) -> dict[str, Any]:
    scope = account_scope()

    def work() -> tuple[ListImport, Campaign]:
        row = list_imports.get(import_id, scope)
        return row, campaigns.get(row.campaign_id, scope)

    row, campaign = read(work)
    return {
        "row": row,
        "campaign": campaign,
        "awaits": campaign.awaits_approval,
        "is_open": row.state in list_imports.OPEN,
        "rows": list_imports.rows_of(row),
        "refused": list_imports.refused_of(row),
        "sentence": said(sentence_of(row.sentence)) if row.sentence else "",
    }
