"""Web hooks of an account: their addresses, the log of deliveries, and sending events again."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange
from wtforms.widgets import CheckboxInput, ListWidget

from engine.clock import wall_ms
from engine.errors import BadInput
from engine.services.accounts import accounts
from engine.services.outbox import outside
from engine.services.webhooks import events, hooks
from engine.services.webhooks.hooks import KINDS, MOST_BATCH, MadeHook
from engine.store.threads import read, write
from webui.forms.number_fields import WholeField, row_id
from webui.forms.pages import (
    Answer,
    PageForm,
    attempt,
    before_id,
    customers_only,
    own_account,
    pages_blueprint,
    refused,
)
from webui.i18n.formats import number
from webui.i18n.words import WORDS
from webui.request.access import is_staff, needs, person
from webui.request.context import web

blueprint = pages_blueprint(__name__, "webhooks", "/webhooks")

PAGE = 50
STATES = ("", "pending", "sent", "parked")


class WebhookForm(PageForm):
    """A receiver and its events."""

    url = StringField(
        _l("Address"),
        [InputRequired(), Length(max=outside.LONGEST_URL)],
        description=_l("Such as https://example.com/avanak; it must be reachable from the internet."),
        render_kw={"dir": "ltr", "inputmode": "url", "autocomplete": "off"},
    )
    kinds = SelectMultipleField(
        _l("Events"),
        choices=[SelectChoice(kind, WORDS["webhook_kind"][kind]) for kind in KINDS],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    batch = WholeField(
        _l("Events in one request at most"), [InputRequired(), NumberRange(1, MOST_BATCH)], default=1
    )

    def checked_url(self) -> str:
        """The address, looked up outside the transaction; BadInput."""
        url, networks = self.url.data, outside.parse_networks(web().settings.own_networks)
        found: str = web().apart(lambda: outside.check_url(url, networks), waits=True)
        return found


class WebhookChangeForm(WebhookForm):
    """The same for an existing hook."""

    is_active = BooleanField(_l("Is told of events"))


class ReplayForm(PageForm):
    """Events to be sent again."""

    first = WholeField(_l("From event"), [InputRequired(), NumberRange(1)])
    last = WholeField(_l("To event"), [InputRequired(), NumberRange(1)])


@blueprint.get("")
@needs("webhook.view")
def index() -> str:
    return render_template("webhooks/index.html", **_shown())


@blueprint.post("")
@needs("webhook.change")
def add() -> str | Answer:
    """Make a hook; only the resulting page shows its secret."""
    account_id = customers_only()
    form, me, now, box = WebhookForm(), person(), wall_ms(), web().secret_box
    made: list[MadeHook] = []

    def work() -> None:
        url = form.checked_url()
        made.append(
            write(lambda: hooks.add(me, account_id, url, form.kinds.data or [], box, now, form.batch.data))
        )

    if not attempt(form, work, writes=False):
        return refused("webhooks/index.html", **_shown(form))
    return render_template("webhooks/index.html", **_shown(secret=made[-1].secret))


@blueprint.get("/<int:webhook_id>")
@needs("webhook.view")
def detail(webhook_id: int) -> str:
    """A hook and its log."""
    return render_template("webhooks/detail.html", **_detail(webhook_id))


@blueprint.post("/<int:webhook_id>")
@needs("webhook.change")
def change(webhook_id: int) -> Answer | Response:
    account_id = customers_only()
    form, me, now = WebhookChangeForm(tag="change"), person(), wall_ms()
    read(lambda: hooks.get(account_id, webhook_id))  # NotFound before the form is looked at

    def work() -> None:
        url = form.checked_url()
        write(
            lambda: hooks.change(
                me, account_id, webhook_id, now, url=url, kinds=form.kinds.data or [], batch=form.batch.data,
                is_active=form.is_active.data,
            )
        )  # fmt: skip

    if not attempt(form, work, writes=False):
        return refused("webhooks/detail.html", **_detail(webhook_id, form))
    flash(_("The web hook was changed."), "success")
    return redirect(url_for("webhooks.detail", webhook_id=webhook_id))


@blueprint.post("/<int:webhook_id>/rotate")
@needs("webhook.change")
def rotate(webhook_id: int) -> str:
    """Make a new secret, shown once on the resulting page; the old one also signs for a day."""
    account_id, me, now, box = customers_only(), person(), wall_ms(), web().secret_box
    made: MadeHook = write(lambda: hooks.rotate(me, account_id, webhook_id, box, now))
    return render_template("webhooks/detail.html", **_detail(webhook_id, secret=made.secret))


@blueprint.post("/<int:webhook_id>/test")
@needs("webhook.change")
def test(webhook_id: int) -> Response:
    """Send a test event."""
    account_id, me, now = customers_only(), person(), wall_ms()
    write(lambda: events.send_test(me, account_id, webhook_id, now))
    flash(_("A test event is on its way; its answer appears in the log."), "success")
    return redirect(url_for("webhooks.detail", webhook_id=webhook_id))


@blueprint.post("/<int:webhook_id>/replay")
@needs("webhook.change")
def replay(webhook_id: int) -> Answer | Response:
    """Send a range of events again, with their ids."""
    account_id = customers_only()
    form, me, now = ReplayForm(tag="replay"), person(), wall_ms()
    read(lambda: hooks.get(account_id, webhook_id))
    sent: list[int] = []

    def work() -> None:
        if form.first.data > form.last.data:
            raise BadInput("The first event comes after the last.")
        sent.append(events.replay(me, account_id, webhook_id, now, form.first.data, form.last.data))

    if not attempt(form, work):
        return refused("webhooks/detail.html", **_detail(webhook_id, again=form))
    flash(_("Events that are sent again: %(n)s.", n=number(sent[-1])), "success")
    return redirect(url_for("webhooks.detail", webhook_id=webhook_id))


@blueprint.post("/<int:webhook_id>/remove")
@needs("webhook.change")
def remove(webhook_id: int) -> Response:
    account_id, me, now = customers_only(), person(), wall_ms()
    write(lambda: hooks.remove(me, account_id, webhook_id, now))
    flash(_("The web hook was removed."), "success")
    return redirect(url_for("webhooks.index"))


def _account() -> int:
    return own_account(request.args.get("account", type=row_id))


def _shown(form: WebhookForm | None = None, secret: str = "") -> dict[str, Any]:
    account_id = _account()
    account, rows = read(lambda: (accounts.get(account_id), hooks.of_account(account_id)))
    return {
        "account": account, "rows": rows, "form": form or WebhookForm.blank(kinds=list(KINDS), batch=1),
        "secret": secret, "staff": is_staff(),
    }  # fmt: skip


def _detail(
    webhook_id: int,
    form: WebhookChangeForm | None = None,
    again: ReplayForm | None = None,
    secret: str = "",
) -> dict[str, Any]:
    account_id, before = _account(), before_id()
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    row, found = read(
        lambda: (
            hooks.get(account_id, webhook_id),
            events.log_of(account_id, webhook_id, before, PAGE + 1, state),
        )
    )
    return {
        "row": row, "events": found[:PAGE], "older": found[PAGE - 1].id if len(found) > PAGE else None, "state": state,
        "form": form or WebhookChangeForm.blank(
            tag="change", url=row.url, kinds=row.kinds.split(), batch=row.batch, is_active=row.is_active
        ),
        "again": again or ReplayForm.blank(tag="replay"),
        "secret": secret, "staff": is_staff(), "account_id": account_id,
    }  # fmt: skip
