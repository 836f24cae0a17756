"""The contact lists of an account."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine.clock import wall_ms
from engine.services.accounts import accounts
from engine.services.accounts.display_names import account_names
from engine.services.lists import contact_lists
from engine.store.threads import read, write
from webui.forms.number_fields import row_id
from webui.request.access import account_scope, needs, person
from webui.request.services import shelf

blueprint = Blueprint("contact_lists", __name__, url_prefix="/lists", template_folder="templates")


@blueprint.get("")
@needs("campaign.view")
def index() -> str:
    """The account's lists; staff see those of the account in ``?account=``, without it those of the house."""
    scope, text = account_scope(), request.args.get("text", "")[:100]
    asked = scope if scope is not None else request.args.get("account", type=row_id)

    def work() -> dict[str, Any]:
        account_id = asked if asked is not None else accounts.house().id
        return {
            "account_id": account_id,
            "account": account_names([account_id]).get(account_id, "") if scope is None else "",
            "rows": contact_lists.page(account_id, text=text),
        }

    return render_template("lists/index.html", text=text, **read(work))


@blueprint.post("/<int:list_id>/remove")
@needs("campaign.change")
def remove(list_id: int) -> Response:
    scope, by, now = account_scope(), person().id, wall_ms()
    row = read(lambda: contact_lists.get(list_id, scope))
    token = write(lambda: contact_lists.remove(list_id, scope, now, by))
    if token:
        shelf().drop(token)
    flash(_("The contact list was removed; campaigns that were made with it stay as they are."), "success")
    return redirect(url_for("contact_lists.index", account=row.account_id if scope is None else None))
