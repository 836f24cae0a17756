"""The message of a new campaign: one from the gallery, or a new one; played here or on the telephone."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine.clock import wall_ms
from engine.errors import BadInput, NotFound
from engine.services.accounts import accounts
from engine.services.campaigns import quick_sends, test_calls
from engine.services.campaigns.uploads import Pending
from engine.services.messages import library, prompts
from engine.services.money import pricing
from engine.services.outbox import addresses
from engine.states import RecipientState
from engine.store.threads import read
from webui.campaigns import drafts, list_checks
from webui.forms.number_fields import row_id
from webui.forms.pages import Answer, PageForm, attempt
from webui.forms.player import send_prompt, sheet_of
from webui.i18n.sentences import said
from webui.messages.gallery import with_microphone
from webui.messages.making import SpeakForm, UploadForm, add_sound, add_spoken
from webui.request.access import is_staff, needs, person
from webui.request.context import web
from webui.request.limits import limiter

blueprint = Blueprint("new_message", __name__, url_prefix="/campaigns/new", template_folder="templates")

SHOWN = 8  # messages of the gallery on a page
_ENDED = (
    RecipientState.DELIVERED,
    RecipientState.EXHAUSTED,
    RecipientState.EXCLUDED,
    RecipientState.CANCELLED,
    RecipientState.UNKNOWN,
)


@blueprint.get("/<token>/message")
@needs("campaign.change")
def show(token: str) -> Response:
    return with_microphone(_page(list_checks.pending_of(token)))


@blueprint.post("/<token>/message")
@needs("campaign.change")
def choose(token: str) -> Response | Answer:
    """Take a message of the gallery."""
    pending = list_checks.pending_of(token)
    chosen = request.form.get("message", type=row_id)
    if chosen is None and pending.message_id is None:
        return _page(pending, wrong=_("Choose the message.")), 400
    if chosen is not None:
        account_id = pending.account_id
        pending.message_id = int(read(lambda: prompts.get(chosen, account_id)).id)
        drafts.keep(pending)
    if request.form.get("action") == "next":
        return redirect(drafts.next_href(pending, drafts.MESSAGE))
    return redirect(url_for("new_message.show", token=token))


@blueprint.post("/<token>/message/upload")
@needs("message.change")
def upload(token: str) -> Response | Answer:
    """Add a sound from a file, or one recorded in the browser (``origin=recorded``), to the gallery."""
    pending, now = list_checks.pending_of(token), wall_ms()
    is_recorded = request.form.get("origin") == library.RECORDED
    form = UploadForm(tag="record" if is_recorded else "upload")
    origin = library.RECORDED if is_recorded else library.UPLOADED
    account_id, staff_id = pending.account_id, person().id if is_staff() else None

    def work() -> None:
        made = add_sound(form, account_id, now, origin, staff_id)
        _take(pending, int(made.id), made.prompt)

    if not attempt(form, work, writes=False):
        return _page(pending, **{"record" if is_recorded else "upload": form}), 400
    return redirect(url_for("new_message.show", token=token))


@blueprint.post("/<token>/message/speak")
@needs("message.change")
def speak(token: str) -> Response | Answer:
    """Add a synthesised text to the gallery."""
    pending, now = list_checks.pending_of(token), wall_ms()
    form, account_id = SpeakForm(tag="speak"), pending.account_id

    def work() -> None:
        made = add_spoken(form, account_id, now)
        _take(pending, int(made.id), made.prompt)

    if not attempt(form, work, writes=False):
        return _page(pending, speak=form), 400
    return redirect(url_for("new_message.show", token=token))


@blueprint.get("/<token>/message.wav")
@needs("campaign.change")
def sound(token: str) -> Response:
    """The chosen message as the telephone will play it; with ``?id=`` another one of the account."""
    pending = list_checks.pending_of(token)
    account_id, wanted = pending.account_id, request.args.get("id", type=row_id) or pending.message_id
    if wanted is None:
        raise NotFound("This upload has no message yet.")
    found = read(lambda: prompts.get(wanted, account_id))
    return send_prompt(web().settings.prompts_dir, found.prompt)


@blueprint.post("/<token>/message/call")
@limiter.limit("20 per hour")
@needs("campaign.change")
def call(token: str) -> Response | Answer:
    """«Call me and play it»: the message is played to the person on a number of their own."""
    pending, me, now = list_checks.pending_of(token), person(), wall_ms()
    policy, number = web().policy, request.form.get("number", "")
    account_id = read(lambda: accounts.house().id) if is_staff() else pending.account_id
    message = drafts.message_of(pending)
    form = PageForm(tag="call")

    def work() -> None:
        if message is None:
            raise BadInput("Choose the message.")
        own = addresses.own_numbers(me)
        placed.append(test_calls.place(message, account_id, number, own, now, policy))

    placed: list[int] = []
    if not attempt(form, work):
        return _page(pending, call=form), 400
    return redirect(url_for("new_message.show", token=token, call=placed[0]))


@blueprint.get("/<token>/message/call/<int:recipient_id>")
@needs("campaign.change")
def call_state(token: str, recipient_id: int) -> str:
    """The state of that call."""
    pending = list_checks.pending_of(token)
    return render_template("new_campaign/_call.html", **_call(pending, recipient_id))


def _take(pending: Pending, message_id: int, prompt: str) -> None:
    """Choose a message that was just added, and show its warnings."""
    pending.message_id = message_id
    drafts.keep(pending)
    flash(_("The message was added to the gallery."), "success")
    sheet = sheet_of(prompt)
    for sentence in sheet.noted if sheet is not None else ():
        flash(said(sentence), "info")
    for sentence in sheet.warned if sheet is not None else ():
        flash(said(sentence), "warning")


def _call(pending: Pending, recipient_id: int) -> dict[str, Any]:
    whose = read(lambda: accounts.house().id) if is_staff() else pending.account_id
    found = read(lambda: quick_sends.state_of(recipient_id, whose))
    return {"pending": pending, "found": found, "is_over": found.state in _ENDED}


def _page(pending: Pending, *, wrong: str = "", **forms: Any) -> str:
    account_id, me, now = pending.account_id, person(), wall_ms()
    message, columns = drafts.message_of(pending), list((pending.checked or {}).get("columns", []))
    skip, called = max(0, request.args.get("skip", 0, type=row_id)), request.args.get("call", type=row_id)
    text = request.args.get("text", "")[:100]

    def work() -> dict[str, Any]:
        rows = library.page(account_id, skip, SHOWN + 1, text)
        return {
            "rows": rows[:SHOWN],
            "more": skip + SHOWN if len(rows) > SHOWN else None,
            "price": pricing.price_of(account_id, now),
            "numbers": addresses.own_numbers(me),
        }

    return drafts.page(
        "new_campaign/message.html",
        drafts.MESSAGE,
        pending,
        **read(work),
        message=message,
        columns=columns,
        lacking=drafts.lacking_columns(message, columns) if message is not None and pending.checked else "",
        wrong=wrong,
        text=text,
        upload=forms.get("upload") or UploadForm.blank("upload"),
        record=forms.get("record") or UploadForm.blank("record"),
        speak=forms.get("speak") or SpeakForm.blank("speak"),
        call=forms.get("call") or PageForm.blank("call"),
        placed=_call(pending, called) if called else None,
    )
