"""Tokens of programs: a customer makes and revokes them, staff see and revoke them (``?account=``)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from engine.clock import wall_ms
from engine.services.accounts import access_tokens, accounts
from engine.services.accounts.access_tokens import MadeToken
from engine.services.accounts.names import people_names
from engine.services.accounts.permissions import WEB_SERVICE
from engine.store.threads import read, write
from webui.forms.number_fields import row_id
from webui.forms.pages import Answer, PageForm, attempt, customers_only, own_account, pages_blueprint, refused
from webui.request.access import is_staff, needs, person

blueprint = pages_blueprint(__name__, "tokens", "/tokens")


class TokenForm(PageForm):
    name = StringField(_l("What it is for"), [InputRequired(), Length(2, 100)], render_kw={"dir": "auto"})


@blueprint.get("")
@needs("token.view")
def index() -> str:
    return render_template("tokens/index.html", **_shown())


@blueprint.post("")
@needs("token.change")
def make() -> str | Answer:
    """Make a token; the page that answers is the only one that ever shows it."""
    customers_only()
    form = TokenForm()
    me, now = person(), wall_ms()
    made: list[MadeToken] = []
    if not attempt(form, lambda: made.append(access_tokens.make(me, form.name.data, now))):
        return refused("tokens/index.html", **_shown(form))
    return render_template("tokens/index.html", **_shown(secret=made[-1].secret))


@blueprint.post("/<int:token_id>/revoke")
@needs("token.change")
def revoke(token_id: int) -> Response:
    me, now = person(), wall_ms()
    write(lambda: access_tokens.revoke(me, token_id, now))
    flash(_("The token was revoked; nothing is answered to it any more."), "success")
    return redirect(url_for("tokens.index", account=request.args.get("account") if is_staff() else None))


def _shown(form: TokenForm | None = None, secret: str = "") -> dict[str, Any]:
    account_id = own_account(request.args.get("account", type=row_id))

    def work() -> dict[str, Any]:
        account, rows = accounts.get(account_id), access_tokens.working(account_id)
        return {
            "account": account,
            "rows": rows,
            "people": people_names([row.person_id for row in rows]),
            "is_granted": accounts.has_grant(account_id, WEB_SERVICE),
        }

    return {**read(work), "form": form or TokenForm.blank(), "staff": is_staff(), "secret": secret}
