"""The numbers of a new campaign: first rows with a choice above each column, refused lines, another list."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine.clock import wall_ms
from engine.errors import BadInput
from engine.fold import visible
from engine.sentences import sentence_of
from engine.services.campaigns import launch, list_shelf
from engine.services.campaigns.preflight import set_aside
from engine.services.campaigns.uploads import Pending
from engine.services.compliance import traffic_caps
from engine.services.compliance.do_not_call import lists_for
from engine.services.lists import contact_lists
from engine.services.lists.choices import choices_of
from engine.services.numbering.reasons import Reason
from engine.store import do_not_call
from engine.store.threads import read, write
from webui.campaigns import drafts, list_checks
from webui.campaigns.list_files import NumbersForm, take_list
from webui.forms import downloads
from webui.i18n.formats import digits
from webui.i18n.sentences import reason_sentence, said
from webui.request.access import needs
from webui.request.context import web
from webui.request.services import shelf

blueprint = Blueprint("new_list", __name__, url_prefix="/campaigns/new", template_folder="templates")


@blueprint.get("/<token>/list")
@needs("campaign.change")
def show(token: str) -> str | Response:
    """The first rows and what was found; while a long list is being read, the progress."""
    pending = list_checks.pending_of(token)
    if pending.campaign_id:
        return redirect(url_for("list_imports.check", campaign_id=pending.campaign_id, token=token))
    if not pending.list_name:
        return _page(pending)
    if pending.checked is None and pending.first_rows is None:
        check = web().checks.find(token) or list_checks.begin(pending, _kind(pending))
        if check.error is not None:
            web().checks.forget(token)
            flash(list_checks.failure(check), "danger")
            pending.list_name = ""
            drafts.keep(pending)
            return redirect(url_for("new_list.show", token=token))
        if check.ended.is_set():
            return redirect(url_for("new_list.show", token=token))
        return _page(pending, rows=check.rows)
    return _page(pending)


@blueprint.post("/<token>/list")
@needs("campaign.change")
def choose(token: str) -> Response:
    """Read the list again with the page's choices; go to the next step if that button was pressed."""
    pending = list_checks.pending_of(token)
    is_chosen = list_checks.read_again(pending, _kind(pending))
    pending = list_checks.pending_of(token)
    if request.form.get("action") == "next" and is_chosen and pending.checked is not None:
        return redirect(drafts.next_href(pending, drafts.LIST))
    return redirect(url_for("new_list.show", token=token))


@blueprint.post("/<token>/list/file")
@needs("campaign.change")
def replace(token: str) -> Response:
    """Replace the list; a file that is not a list changes nothing."""
    pending = list_checks.pending_of(token)
    form = _numbers_form(pending)
    if not form.validate():
        flash(" ".join(str(error) for errors in form.errors.values() for error in errors), "danger")
        return redirect(url_for("new_list.show", token=token))
    old, uploads = dataclasses.replace(pending), web().uploads
    with uploads.pinned_list(pending) if pending.list_name else nullcontext() as kept:
        wrong = _take_over(form, pending)
        if wrong:
            flash(wrong, "danger")
            if kept is not None:
                uploads.take_list(old, kept[0])
            uploads.write(old)
    return redirect(url_for("new_list.show", token=token))


@blueprint.get("/<token>/refused.<any(csv, xlsx):kind>")
@needs("campaign.change")
def refused(token: str, kind: str) -> Response:
    """The lines of the list that are not called: line, cell as written, and reason."""
    pending = list_checks.pending_of(token)
    if pending.checked is None:
        raise BadInput("This upload was not checked.")
    downloads.note("campaign.download", pending.account_id, "refused lines")
    columns = [_("line"), _("as it is written"), _("why it is not called"), _("first in line")]
    return downloads.table("avanak-not-called", kind, columns, _refused_rows(pending))


@blueprint.post("/<token>/list/keep")
@needs("campaign.change")
def keep(token: str) -> Response:
    """Save the list as a contact list."""
    pending = list_checks.pending_of(token)
    found = list_checks.found_of(pending)
    if found is None:
        raise BadInput("This upload was not checked.")
    name, now = request.form.get("name", ""), wall_ms()
    files, path = shelf(), web().uploads.list_path(pending)
    kept = web().apart(lambda: files.put(path))
    try:
        write(lambda: list_shelf.keep(pending, kept, name or pending.list_name, now))
    except BaseException:
        files.drop(kept)
        raise
    flash(_("The contact list was saved; choose it for your next campaign."), "success")
    return redirect(url_for("new_list.show", token=token))


def _page(pending: Pending, rows: int | None = None) -> str:
    facts = list_checks.facts(pending)
    return drafts.page(
        "new_campaign/list.html",
        drafts.LIST,
        pending,
        rows=rows,
        found=list_checks.found_of(pending),
        facts=facts,
        roles=list_checks.roles(pending, facts) if facts is not None else [],
        choices=choices_of(pending.choices),
        is_proposed=not choices_of(pending.choices).columns,
        problem=said(sentence_of(pending.problem)) if pending.problem else "",
        form=_numbers_form(pending, blank=True),
        max_mb=web().settings.max_upload_mb,
    )


def _kind(pending: Pending) -> str:
    return str(pending.rules.get("kind", "service"))


def _numbers_form(pending: Pending, *, blank: bool = False) -> NumbersForm:
    account_id = pending.account_id
    form = NumbersForm(formdata=None) if blank else NumbersForm()
    del form.account
    form.offer(read(lambda: contact_lists.whole(account_id)))
    return form


def _take_over(form: NumbersForm, pending: Pending) -> str:
    try:
        take_list(form, pending)
        web().uploads.write(pending)
        list_checks.must_open(pending, _kind(pending))
    except BadInput as error:
        return said(error)
    drafts.keep(list_checks.pending_of(pending.token))
    return ""


def _refused_rows(pending: Pending) -> Iterator[tuple[int | str, ...]]:
    """Read the list again and yield its excluded rows; texts are translated now, rows are made outside the request."""
    uploads = web().uploads
    listed = partial(do_not_call.find, lists_for(_kind(pending), pending.account_id))
    accepted = read(partial(traffic_caps.number_rules, web().settings.default_area_code))
    sentences = {reason: reason_sentence(reason.value) for reason in Reason}

    def rows() -> Iterator[tuple[int | str, ...]]:
        with (
            uploads.pinned_list(pending) as (path, _digest),
            launch.open_pending_list(path, pending, accepted) as reader,
        ):
            for chunk in reader:
                for row in downloads.read_here(partial(set_aside, chunk, listed)):
                    if row.reason is not None:
                        yield row.line, row.raw, sentences[row.reason], row.first_line or ""

    return rows()


@blueprint.app_template_filter()
def column_name(name: str) -> str:
    """The name of a column for people; one without a name is called by its position."""
    place = name.removeprefix("column_")
    return _("Column %(n)s", n=digits(place)) if place != name and place.isdecimal() else visible(name)
