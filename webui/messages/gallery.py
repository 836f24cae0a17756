"""The gallery of messages: upload, record in the browser, synthesise; and their approval by the staff."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from engine.clock import wall_ms
from engine.errors import NotFound
from engine.services.accounts import permissions
from engine.services.accounts.display_names import account_names, people_names
from engine.services.campaigns import approvals
from engine.services.messages import library
from engine.services.messages.speech import DEFAULT_VOICE
from engine.services.money import pricing
from engine.store.threads import read, write
from webui.forms.number_fields import TelephoneField, row_id
from webui.forms.pages import (
    Answer,
    PageForm,
    attempt,
    customers_only,
    pages_blueprint,
    reason_field,
    refused,
)
from webui.forms.player import send_prompt, sheet_of
from webui.i18n.sentences import said
from webui.messages.making import SpeakForm, UploadForm, add_sound, add_spoken
from webui.request.access import account_scope, for_staff, needs, person
from webui.request.context import web
from webui.request.services import speech

blueprint = pages_blueprint(__name__, "gallery", "/messages")

PAGE = 12  # each with its waveform


class RenameForm(PageForm):
    title = StringField(_l("Title"), [InputRequired(), Length(max=200)], render_kw={"dir": "auto"})


class RejectForm(PageForm):
    reason = reason_field(_l("Why it is rejected; its owner reads it"))


class PhoneForm(PageForm):
    number = TelephoneField(
        _l("Telephone number"),
        [InputRequired()],
        description=_l("It is played there; 1 approves, 2 repeats it."),
    )


@blueprint.get("")
@needs("message.view")
def index() -> str | Response:
    """The customer's messages; staff have the queue of approval."""
    if account_scope() is None:
        return redirect(url_for("gallery.queue"))
    return with_microphone(render_template("gallery/index.html", **_gallery()))


@blueprint.post("/upload")
@needs("message.change")
def upload() -> Answer | Response:
    """A sound from a file, or one that was recorded in the browser (``origin=recorded``)."""
    account_id, now = customers_only(), wall_ms()
    is_recorded = request.form.get("origin") == library.RECORDED
    form = UploadForm(tag="record" if is_recorded else "upload")
    origin = library.RECORDED if is_recorded else library.UPLOADED

    kept: list[str] = []

    if not attempt(form, lambda: kept.append(add_sound(form, account_id, now, origin).prompt), writes=False):
        return refused("gallery/index.html", **_gallery(**{"record" if is_recorded else "upload": form}))
    flash(_("The message was added to the gallery."), "success")
    for sheet in filter(None, map(sheet_of, kept)):
        for sentence in sheet.noted:
            flash(said(sentence), "info")
        for sentence in sheet.warned:
            flash(said(sentence), "warning")
    return redirect(url_for("gallery.index"))


@blueprint.post("/speak")
@needs("message.change")
def speak() -> Answer | Response:
    account_id, now = customers_only(), wall_ms()
    form = SpeakForm(tag="speak")
    if not attempt(form, lambda: add_spoken(form, account_id, now), writes=False):
        return refused("gallery/index.html", **_gallery(speak=form))
    flash(_("The message was spoken and added to the gallery."), "success")
    return redirect(url_for("gallery.index"))


@blueprint.get("/<int:message_id>/sound.wav")
@needs("message.view")
def sound(message_id: int) -> Response:
    """The message as the telephone hears it."""
    scope = account_scope()
    row = read(lambda: library.get(message_id, scope))
    return send_prompt(web().settings.prompts_dir, row.prompt)


@blueprint.route("/<int:message_id>", methods=["GET", "POST"])
@needs("message.view")
def detail(message_id: int) -> str | Answer | Response:
    """One message; its owner can change the title."""
    scope = account_scope()
    if scope is None:
        return redirect(url_for("gallery.review", message_id=message_id))
    row = read(lambda: library.get(message_id, scope))
    form = RenameForm(data={"title": row.title})
    if not form.is_submitted():
        return render_template("gallery/detail.html", row=row, form=form)
    if not attempt(form, lambda: library.rename(message_id, form.title.data, scope)):
        return refused("gallery/detail.html", row=row, form=form)
    flash(_("The title was changed."), "success")
    return redirect(url_for("gallery.index"))


@blueprint.post("/<int:message_id>/remove")
@needs("message.change")
def remove(message_id: int) -> Response:
    account_id = customers_only()
    write(lambda: library.remove(message_id, account_id))
    flash(_("The message was removed."), "success")
    return redirect(url_for("gallery.index"))


# -- staff ----------------------------------------------------------------------------


@blueprint.get("/approval")
@for_staff
@needs("message.view")
def queue() -> str:
    """Messages of all accounts that wait, the oldest first."""
    skip = max(0, request.args.get("skip", 0, type=row_id))

    def work() -> dict[str, Any]:
        rows = approvals.waiting(skip, PAGE + 1)
        return {
            "rows": rows[:PAGE],
            "more": skip + PAGE if len(rows) > PAGE else None,
            "names": account_names([row.account_id for row in rows]),
        }

    return render_template("gallery/queue.html", **read(work))


@blueprint.get("/approval/<int:message_id>")
@for_staff
@needs("message.view")
def review(message_id: int) -> str:
    return render_template("gallery/review.html", **_review(message_id))


@blueprint.get("/approval/<int:message_id>/samples/<int:recipient_id>.wav")
@for_staff
@needs("message.view")
def sample(message_id: int, recipient_id: int) -> Response:
    """The message as one recipient of a list would hear it; synthesised on request."""
    row, found = read(lambda: (library.get(message_id), approvals.samples(message_id)))
    texts = [each.text for each in found if each.recipient_id == recipient_id and each.text]
    if not texts:
        raise NotFound("This recipient hears no message.")
    folder, voice, speaker = web().settings.prompts_dir, row.voice or DEFAULT_VOICE, speech()
    made = web().apart(lambda: speaker.make(texts[0], folder, voice), waits=True)
    return send_prompt(folder, made.prompt)


@blueprint.post("/approval/<int:message_id>/approve")
@needs("message.approve")
def approve(message_id: int) -> Response:
    by, now = person().id, wall_ms()
    write(lambda: approvals.approve(message_id, by, now))
    flash(_("The message was approved."), "success")
    return redirect(url_for("gallery.queue"))


@blueprint.post("/approval/<int:message_id>/reject")
@needs("message.approve")
def reject(message_id: int) -> Answer | Response:
    form = RejectForm(tag="reject")
    by, now = person().id, wall_ms()
    if not attempt(form, lambda: approvals.reject(message_id, form.reason.data, by, now)):
        return refused("gallery/review.html", **_review(message_id, reject=form))
    flash(_("The message was rejected with the reason."), "success")
    return redirect(url_for("gallery.queue"))


@blueprint.post("/approval/<int:message_id>/call")
@needs("message.approve")
def by_phone(message_id: int) -> Answer | Response:
    """Play it on a telephone; pressing 1 there approves it."""
    form = PhoneForm(tag="phone")
    by, now, policy = person().id, wall_ms(), web().policy

    if not attempt(form, lambda: approvals.ask_by_phone(message_id, form.number.data, by, now, policy)):
        return refused("gallery/review.html", **_review(message_id, phone=form))
    flash(_("The telephone rings in a moment."), "success")
    return redirect(url_for("gallery.review", message_id=message_id))


def _gallery(**forms: Any) -> dict[str, Any]:
    text = request.args.get("text", "")[:100]
    account_id, skip, now, me = (
        customers_only(),
        request.args.get("skip", 0, type=row_id),
        wall_ms(),
        person(),
    )

    def work() -> dict[str, Any]:
        rows = library.page(account_id, skip, PAGE + 1, text)
        return {
            "text": text,
            "rows": rows[:PAGE],
            "more": max(0, skip) + PAGE if len(rows) > PAGE else None,
            "price": pricing.price_of(account_id, now),
        }

    return {
        **read(work),
        "upload": forms.get("upload") or UploadForm.blank("upload"),
        "record": forms.get("record") or UploadForm.blank("record"),
        "speak": forms.get("speak") or SpeakForm.blank("speak"),
        "may_change": permissions.may(me, "message.change", me.account_id),
    }


def _review(message_id: int, **forms: Any) -> dict[str, Any]:
    def work() -> dict[str, Any]:
        row = library.get(message_id)
        return {
            "row": row,
            "names": account_names([row.account_id]),
            "people": people_names([row.decided_by]),
            "calls": approvals.calls_of(message_id),
            "samples": approvals.samples(message_id),
        }

    return {
        **read(work),
        "reject": forms.get("reject") or RejectForm.blank("reject"),
        "phone": forms.get("phone") or PhoneForm.blank("phone"),
        "may_approve": permissions.may(person(), "message.approve"),
    }


def with_microphone(page: str) -> Response:
    """Allow a page to use the microphone, which few pages need."""
    response = make_response(page)
    response.headers["Permissions-Policy"] = "camera=(), microphone=(self), geolocation=()"
    return response
