"""A quick send: plays a message or a text to one number now; the page shows the call live."""

from __future__ import annotations

import uuid
from typing import Any

from flask import redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, ValidationError

from engine.clock import wall_ms
from engine.services.accounts import accounts, audit_log, permissions
from engine.services.campaigns import quick_sends
from engine.services.messages import library
from engine.services.messages.personal import is_template
from engine.services.messages.speech import DEFAULT_VOICE
from engine.services.money import ledger
from engine.states import FINAL_STATES, MessageState
from engine.store.threads import read, write
from webui.forms.number_fields import TelephoneField
from webui.forms.pages import ASK_NO_MORE, Answer, PageForm, attempt, pages_blueprint, refused
from webui.request.access import account_scope, needs, person
from webui.request.context import web
from webui.request.services import speak_once

blueprint = pages_blueprint(__name__, "quick_send", "/quick")

MESSAGES_SHOWN = 100
SHOWN = 20


class QuickForm(PageForm):
    """Whom to call, and what to play."""

    number = TelephoneField(_l("Telephone number"), [InputRequired()])
    message = SelectField(_l("Message"), coerce=int, default=0)
    text = TextAreaField(
        _l("Or a text that the computer speaks"), [Length(max=1000)], render_kw={"rows": 3, "dir": "auto"}
    )

    def validate_message(self, field: SelectField) -> None:
        if not field.data and not (self.text and (self.text.data or "").strip()):
            raise ValidationError(_("Choose the message that is to be heard."))

    def validate_text(self, field: TextAreaField) -> None:
        if is_template(field.data or ""):
            raise ValidationError(
                _("A quick send has no columns of a list; write the text as it is to be heard.")
            )


@blueprint.route("", methods=["GET", "POST"])
@needs("campaign.change")
def index() -> str | Answer | Response:
    """The form, and the last quick sends; staff send from the house account."""
    account_id, me, now = _account(), person(), wall_ms()
    form = QuickForm()
    may_speak = _prepare(form, account_id)
    shown = {"form": form, "rows": read(lambda: quick_sends.latest(account_id, SHOWN))}
    if not form.is_submitted():
        return render_template("quick_send/index.html", **shown)
    policy = web().policy
    made: list[int] = []

    def work() -> None:
        text = (form.text.data or "").strip() if may_speak else ""
        if text:
            spoken, keep = speak_once(account_id, text, DEFAULT_VOICE, now)
            prompt, length_ms = spoken.prompt, spoken.duration_ms
        else:
            row = read(lambda: library.get(form.message.data, account_id))
            prompt, length_ms = row.prompt, row.duration_ms

        def send() -> int:
            if text:
                keep()
            if text and account_id != accounts.house().id:
                ledger.charge_synthesis(account_id, text, f"quick/{uuid.uuid4().hex}", now)
            sent = quick_sends.send(
                account_id, form.number.data, prompt, quick_sends.QuickOptions(), now, policy, length_ms
            )
            audit_log.by_staff(me.id, account_id, "quick.send", f"recipient {sent}", now)
            return sent

        made.append(write(send))

    if not attempt(form, work, writes=False):
        return refused("quick_send/index.html", **shown)
    return redirect(url_for("quick_send.detail", quick_id=made[0]))


@blueprint.get("/<int:quick_id>")
@needs("campaign.change")
def detail(quick_id: int) -> str:
    return render_template("quick_send/detail.html", **_shown(quick_id))


@blueprint.get("/<int:quick_id>/live")
@needs("campaign.change")
def live(quick_id: int) -> tuple[str, int]:
    """The present state; at the end the page stops polling."""
    shown = _shown(quick_id)
    return render_template("quick_send/_live.html", **shown), ASK_NO_MORE if shown["is_over"] else 200


def _shown(quick_id: int) -> dict[str, Any]:
    scope = account_scope()
    one = read(lambda: quick_sends.state_of(quick_id, scope))
    return {"one": one, "is_over": one.state in FINAL_STATES}


def _account() -> int:
    """The account of these quick sends."""
    scope = account_scope()
    return int(read(accounts.house).id) if scope is None else scope


def _prepare(form: Any, account_id: int) -> bool:
    """Fill in the messages that may be sent; return whether a text may be spoken without approval."""
    scope = account_scope()

    def work() -> tuple[list[SelectChoice], bool]:
        rows = [
            row
            for row in library.for_choice(MESSAGES_SHOWN, account_id)
            if row.state == MessageState.APPROVED and not is_template(row.text)
        ]
        return (
            [SelectChoice(row.id, row.title) for row in rows],
            scope is None or accounts.has_grant(account_id, permissions.OWN_VOICE),
        )

    found, may_speak = read(work)
    form.message.choices = [SelectChoice(0, "—"), *found]
    if not may_speak:
        del form.text
    return may_speak
