"""The lists of numbers that an account keeps."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine.clock import wall_ms
from engine.services.accounts.display_names import account_names
from engine.services.campaigns import saved_lists
from engine.store.threads import read, write
from webui.campaigns.list_files import shelf
from webui.forms.number_fields import row_id
from webui.request.access import account_scope, needs, person
from webui.request.context import web

blueprint = Blueprint("saved_lists", __name__, url_prefix="/lists", template_folder="templates")


@blueprint.get("")
@needs("campaign.view")
def index() -> str:
    """The account's lists; staff see those of the account in ``?account=``, without it none."""
    scope = account_scope()
    account_id = scope if scope is not None else request.args.get("account", type=row_id)
    rows = read(lambda: saved_lists.of(account_id)) if account_id is not None else []
    names = read(lambda: account_names([account_id])) if account_id is not None else {}
    return render_template("lists/kept.html", rows=rows, account=names.get(account_id, ""))


@blueprint.post("/<int:list_id>/remove")
@needs("campaign.change")
def remove(list_id: int) -> Response:
    scope, by, now = account_scope(), person().id, wall_ms()
    row = read(lambda: saved_lists.get(list_id, scope))
    token = write(lambda: saved_lists.remove(list_id, by, now, scope))
    files = shelf()
    web().apart(lambda: files.drop(token))
    flash(_("The list was removed; campaigns that were made with it stay as they are."), "success")
    return redirect(url_for("saved_lists.index", account=row.account_id if scope is None else None))
