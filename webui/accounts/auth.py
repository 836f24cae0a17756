"""Logging in and out, and the reader's language and calendar."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from engine.clock import wall_ms
from engine.network import network_of
from engine.services.accounts import login_waits, people, second_factor, sessions
from engine.store.threads import read, write
from webui.forms.base import BoundedForm
from webui.forms.number_fields import ascii_digits
from webui.forms.pages import PageForm
from webui.i18n.formats import CALENDARS, LANGUAGES, refresh_language
from webui.request.access import fresh_cookie, log_in, person_or_none, safe_target
from webui.request.context import web
from webui.request.limits import limiter

blueprint = Blueprint("auth", __name__, template_folder="templates")


HALF_MS = 5 * 60_000  # between the password and the second factor


class LoginForm(BoundedForm):
    username = StringField(_l("User name"), [InputRequired(), Length(max=100)])
    password = PasswordField(_l("Password"), [InputRequired(), Length(max=1000)])


class FactorForm(PageForm):
    code = StringField(
        _l("Code"),
        [InputRequired(), Length(max=40)],
        filters=[ascii_digits],
        description=_l("Six digits that the app shows, or one of your recovery codes."),
        render_kw={"dir": "ltr", "autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"},
    )


@blueprint.route("/login", methods=["GET", "POST"])
@limiter.limit("20 per minute", methods=["POST"])
def login() -> str | tuple[str, int] | Response:
    target = safe_target(request.values.get("next"))
    if person_or_none() is not None:
        return redirect(target)
    form = LoginForm()
    if not form.validate_on_submit():
        return render_template("auth/login.html", form=form, next=target), 400 if form.is_submitted() else 200
    name, now, network = form.username.data.strip().lower(), wall_ms(), network_of(request.remote_addr)
    until, found = read(lambda: (login_waits.closed_until(network, name, now), people.find(name)))
    if until is not None:
        return _refuse(form, target, too_many(until - now), 429)
    kept = found.password_hash if found is not None else None
    if not web().hashed(lambda: people.password_fits(kept, form.password.data)) or found is None:
        write(lambda: login_waits.failed(network, name, found, now))
        return _refuse(form, target, _("The user name or the password is wrong."), 401)
    write(lambda: login_waits.succeeded(network, name))
    if second_factor.is_on(found):
        fresh_cookie()
        session["half"] = {"person": found.id, "seal": people.seal_of(found), "at": now, "next": target}
        return redirect(url_for("auth.second_factor"))
    log_in(found)
    return redirect(target)


@blueprint.route("/login/code", endpoint="second_factor", methods=["GET", "POST"])
@limiter.limit("20 per minute", methods=["POST"])
def take_factor() -> str | tuple[str, int] | Response:
    """The second step of logging in: a code of the app, or a recovery code."""
    half, now, network = session.get("half") or {}, wall_ms(), network_of(request.remote_addr)
    found = read(lambda: people.active(half.get("person")))
    if found is None or half["seal"] != people.seal_of(found) or now - half["at"] > HALF_MS:
        session.pop("half", None)
        return redirect(url_for("auth.login"))
    form = FactorForm()
    if not form.validate_on_submit():
        return render_template("auth/code.html", form=form), 400 if form.is_submitted() else 200
    name, box = f"second factor of {found.id}", web().secret_box
    until = read(lambda: login_waits.closed_until(network, name, now, found.id))
    if until is not None:
        form.complaint = too_many(until - now)
        return render_template("auth/code.html", form=form), 429

    def take() -> bool:
        if login_waits.closed_until(network, name, now, found.id) is not None:
            return False  # others were typed at the same moment
        is_right = second_factor.take(found, form.code.data, box, now)
        if is_right:
            login_waits.succeeded(network, name, found.id)
        else:
            login_waits.failed(network, name, found, now, found.id)
        return is_right

    if not write(take):
        form.complaint = _("This code is wrong, or it was used already.")
        return render_template("auth/code.html", form=form), 401
    target = safe_target(half["next"])
    log_in(found)
    return redirect(target)


@blueprint.post("/logout")
def logout() -> Response:
    key, now = session.get("key", ""), wall_ms()
    write(lambda: sessions.log_out(key, now))
    fresh_cookie()
    return redirect(url_for("auth.login"))


@blueprint.post("/language")
def language() -> Response:
    """Set language and calendar, for the session and for the person."""
    wanted: dict[str, Any] = {}
    if request.form.get("language") in LANGUAGES:
        wanted["language"] = request.form["language"]
    if request.form.get("calendar") in CALENDARS:
        wanted["calendar"] = request.form["calendar"]
    session.update(wanted)
    found = person_or_none()
    if found is not None and wanted:
        write(lambda: people.set_wishes(found.id, **wanted))
    refresh_language()
    return redirect(safe_target(request.form.get("next")))


def too_many(wait_ms: int) -> str:
    """The page for a network that has to wait."""
    return _("Too many attempts. Try again in %(n)s seconds.", n=-(-wait_ms // 1000))


def _refuse(form: LoginForm, target: str, sentence: str, status: int) -> tuple[str, int]:
    flash(sentence, "danger")
    return render_template("auth/login.html", form=form, next=target), status
