"""Logging in and out, and the reader's language and calendar."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from engine.clock import wall_ms
from engine.services.accounts import people
from engine.store.tables.core import User
from engine.store.threads import read, write
from webui.i18n.formats import CALENDARS, LANGUAGES, refresh_language
from webui.request.access import log_in, person_or_none, safe_target
from webui.request.context import web
from webui.request.login_backoff import Backoff
from webui.request.security import limiter

log = logging.getLogger(__name__)
blueprint = Blueprint("auth", __name__, template_folder="templates")


class LoginForm(FlaskForm):
    username = StringField(_l("User name"), [InputRequired(), Length(max=100)])
    password = PasswordField(_l("Password"), [InputRequired(), Length(max=1000)])


@blueprint.route("/login", methods=["GET", "POST"])
@limiter.limit("20 per minute", methods=["POST"])
def login() -> str | tuple[str, int] | Response:
    target = safe_target(request.values.get("next"))
    if person_or_none() is not None:
        return redirect(target)
    form = LoginForm()
    if not form.validate_on_submit():
        return render_template("auth/login.html", form=form, next=target), 400 if form.is_submitted() else 200
    name, now = form.username.data.strip().lower(), wall_ms()
    waits = _backoff()
    until = waits.closed_until(name, now)
    if until is not None:
        seconds = -(-(until - now) // 1000)
        return _refuse(form, target, _("Too many attempts. Try again in %(n)s seconds.", n=seconds), 429)
    found = read(lambda: people.find(name))
    kept = found.password_hash if found is not None else None
    if not web().apart(lambda: people.password_fits(kept, form.password.data)) or found is None:
        waits.failed(name, now)
        log.warning("action=login_failed person=%s from=%s", found.id if found else "-", request.remote_addr)
        return _refuse(form, target, _("The user name or the password is wrong."), 401)
    waits.succeeded(name)
    log_in(found)
    write(lambda: User.update(last_login_at=now).where(User.id == found.id).execute())
    log.info("action=login person=%d role=%s from=%s", found.id, found.role, request.remote_addr)
    return redirect(target)


@blueprint.post("/logout")
def logout() -> Response:
    kept = {key: session[key] for key in ("language", "calendar") if key in session}
    session.clear()
    session.update(kept)
    return redirect(url_for("auth.login"))


@blueprint.post("/language")
def language() -> Response:
    """Take over language and calendar, for the session and for the person."""
    wanted: dict[str, Any] = {}
    if request.form.get("language") in LANGUAGES:
        wanted["language"] = request.form["language"]
    if request.form.get("calendar") in CALENDARS:
        wanted["calendar"] = request.form["calendar"]
    session.update(wanted)
    found = person_or_none()
    if found is not None and wanted:
        write(lambda: User.update(**wanted).where(User.id == found.id).execute())
    refresh_language()
    return redirect(safe_target(request.form.get("next")))


def _refuse(form: LoginForm, target: str, sentence: str, status: int) -> tuple[str, int]:
    flash(sentence, "danger")
    return render_template("auth/login.html", form=form, next=target), status


def _backoff() -> Backoff:
    found: Backoff = current_app.extensions.setdefault("avanak_backoff", Backoff())
    return found
