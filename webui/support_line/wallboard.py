"""The wallboard: callers, agents, due call-backs, and the reader's own state as an agent."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine.clock import wall_ms
from engine.errors import AvanakError
from engine.services.overview.alarms import engine_seen
from engine.services.support_line import agents, board, call_backs, calls
from engine.store.threads import read, write
from webui.forms.pages import Answer, attempt, pages_blueprint, refused
from webui.i18n.sentences import said
from webui.request.access import needs, person
from webui.support_line.forms import CancelCallBackForm, PauseForm

blueprint = pages_blueprint(__name__, "line", "/line")


@blueprint.get("")
@needs("line.view")
def index() -> str:
    return render_template("line/wallboard.html", pause_form=PauseForm.blank(tag="pause"), **_shown())


@blueprint.get("/live")
@needs("line.view")
def live() -> str:
    """The part of the wallboard that changes."""
    return render_template("line/_live.html", **_shown())


@blueprint.post("/sign-in")
@needs("line.work")
def sign_in() -> Response:
    """Sign in as an agent: take calls from now on."""
    return _moved(agents.sign_in, _("You take calls now."))


@blueprint.post("/sign-out")
@needs("line.work")
def sign_out() -> Response:
    """Sign out: take no further call."""
    return _moved(agents.sign_out, _("You are signed out."))


@blueprint.post("/pause")
@needs("line.work")
def pause() -> Answer | Response:
    """Pause: take no calls for a while, with a reason."""
    form, me, now = PauseForm(tag="pause"), person(), wall_ms()
    if not attempt(form, lambda: agents.pause(me, form.reason.data, now)):
        return refused("line/wallboard.html", pause_form=form, **_shown())
    flash(_("You are paused: no call is given to you."), "success")
    return redirect(url_for("line.index"))


@blueprint.route("/call-backs/<int:call_back_id>", methods=["GET", "POST"])
@needs("line.work")
def cancel(call_back_id: int) -> str | Answer | Response:
    """Cancel a call-back."""
    form, me, now = CancelCallBackForm(), person(), wall_ms()
    row = read(lambda: call_backs.get(call_back_id))
    if not form.is_submitted():
        return render_template("line/cancel.html", row=row, form=form)
    if not attempt(form, lambda: call_backs.cancel(me, call_back_id, form.reason.data, now)):
        return refused("line/cancel.html", row=row, form=form)
    flash(_("The call-back was cancelled."), "success")
    return redirect(url_for("line.index"))


def _moved(move: Any, text: str) -> Response:
    me, now = person(), wall_ms()
    try:
        write(lambda: move(me, now))
        flash(text, "success")
    except AvanakError as error:
        if error.http_status >= 500:
            raise
        flash(said(error), "danger")
    return redirect(url_for("line.index"))


def _shown() -> dict[str, Any]:
    me, now = person(), wall_ms()

    def work() -> dict[str, Any]:
        mine = agents.find_of_person(me.id)
        return {
            "board": board.board(me, now),
            "engine_seen": engine_seen(now),
            "mine": mine,
            "my_call": calls.current_of(mine.id) if mine is not None else None,
            "my_call_back": call_backs.in_flight_of(mine.id) if mine is not None else None,
        }

    return {**read(work), "reasons": agents.REASONS, "now": now}
