"""Tokens of programs: a customer makes and revokes them, staff see and revoke them (``?account=``)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from engine.clock import wall_ms
from engine.services.accounts import access_tokens, accounts
from engine.services.accounts.access_tokens import MadeToken, NewToken
from engine.services.accounts.display_names import people_names
from engine.services.accounts.permissions import WEB_SERVICE
from engine.services.accounts.token_scopes import (
    MEANINGS,
    Scope,
    parse_addresses,
    parse_methods,
    parse_scopes,
)
from engine.services.messages import library
from engine.states import MessageState
from engine.store.threads import read, write
from webui.forms.number_fields import row_id
from webui.forms.pages import (
    Answer,
    InstantField,
    PageForm,
    attempt,
    customers_only,
    own_account,
    pages_blueprint,
    refused,
)
from webui.i18n.sentences import said
from webui.request.access import is_staff, needs, person
from webui.request.limits import OF_PROGRAMS_ACCOUNT
from webui.request.outside_links import site_or_name

blueprint = pages_blueprint(__name__, "tokens", "/tokens")


class TokenForm(PageForm):
    name = StringField(_l("What it is for"), [InputRequired(), Length(2, 100)], render_kw={"dir": "auto"})
    expires_at = InstantField(_l("Ends"), description=_l("Empty: it works until it is revoked."))
    addresses = StringField(
        _l("Only from these addresses"),
        [Length(max=2000)],
        description=_l("Addresses and networks such as 192.0.2.7 or 10.0.0.0/8; empty: from everywhere."),
        render_kw={"dir": "ltr", "autocomplete": "off"},
    )
    methods = StringField(
        _l("Only these methods"),
        [Length(max=2000)],
        description=_l("Names such as QuickSend or create_campaign; empty: all that is ticked below."),
        render_kw={"dir": "ltr", "autocomplete": "off"},
    )
    scopes = SelectMultipleField(
        _l("What it may do"), option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scopes.choices = [(str(scope), said(meaning)) for scope, meaning in MEANINGS.items()]

    def wanted(self) -> NewToken:
        """The settings of the token from the form; BadInput."""
        return NewToken(
            name=self.name.data,
            scopes=parse_scopes(self.scopes.data or ()),
            methods=parse_methods([self.methods.data or ""]),
            addresses=parse_addresses([self.addresses.data or ""]),
            expires_at=self.expires_at.data,
        )


@blueprint.get("")
@needs("token.view")
def index() -> str:
    return render_template("tokens/index.html", **_shown())


@blueprint.post("")
@needs("token.change")
def make() -> str | Answer:
    """Make a token; only the resulting page shows it."""
    customers_only()
    form = TokenForm()
    me, now = person(), wall_ms()
    made: list[MadeToken] = []
    if not attempt(form, lambda: made.append(access_tokens.make(me, form.wanted(), now))):
        return refused("tokens/index.html", **_shown(form))
    return render_template("tokens/index.html", **_shown(secret=made[-1].secret))


@blueprint.post("/<int:token_id>/rotate")
@needs("token.change")
def rotate(token_id: int) -> str:
    """Give a token a new secret, shown once on the resulting page; the old one works for one more day."""
    customers_only()
    me, now = person(), wall_ms()
    made: MadeToken = write(lambda: access_tokens.rotate(me, token_id, now))
    return render_template("tokens/index.html", **_shown(secret=made.secret))


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
        account, rows = accounts.get(account_id), access_tokens.of_account(account_id)
        return {
            "account": account,
            "rows": rows,
            "replaced": {row.replaces_id for row in rows},
            "people": people_names([row.person_id for row in rows]),
            "is_granted": accounts.has_grant(account_id, WEB_SERVICE),
            "message": next(iter(library.older(account_id, None, 1, MessageState.APPROVED)), None),
        }

    return {
        **read(work),
        "form": form or TokenForm.blank(scopes=[str(scope) for scope in Scope]),
        "staff": is_staff(),
        "secret": secret,
        "now": wall_ms(),
        "base": site_or_name(),
        "a_minute": OF_PROGRAMS_ACCOUNT.count,
    }
