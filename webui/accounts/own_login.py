"""One's own log-in: the password, the sessions that are open, and the second factor."""

from __future__ import annotations

from typing import Any

import segno
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from engine.clock import wall_ms
from engine.network import network_of
from engine.services.accounts import login_waits, people, second_factor, sessions
from engine.store.threads import read, write
from webui.accounts.auth import too_many
from webui.forms.pages import Answer, PageForm, attempt, pages_blueprint, refused
from webui.forms.password_fields import code_told, new_password, password_again
from webui.request.access import is_staff, lifetime, log_in, needs, person, session_id
from webui.request.context import web
from webui.request.limits import limiter

blueprint = pages_blueprint(__name__, "own_login", "/me")


class NewPasswordForm(PageForm):
    """A new password in place of the old one."""

    old = PasswordField(
        _l("Your password now"),
        [InputRequired(), Length(max=1000)],
        render_kw={"dir": "ltr", "autocomplete": "current-password"},
    )
    password = new_password(_l("New password"))
    again = password_again()


class OldPasswordForm(PageForm):
    """Changing how one logs in asks for the password: a session alone may be a thief's."""

    old = PasswordField(
        _l("Your password now"),
        [InputRequired(), Length(max=1000)],
        render_kw={"dir": "ltr", "autocomplete": "current-password"},
    )


class ConfirmForm(OldPasswordForm):
    """With it a thief would shut the owner out."""

    code = code_told(_l("Code that the app shows"))


@blueprint.get("")
def index() -> str:
    return render_template("own_login/index.html", **_shown())


@blueprint.post("/password")
@limiter.limit("20 per hour")
def password() -> Answer | Response:
    """Choose another password: all sessions end, and this one is renewed."""
    me, now = person(), wall_ms()
    form = NewPasswordForm(tag="password")
    if not (form.validate_on_submit() and _knows_password(form)):
        return refused("own_login/index.html", **_shown(password=form))
    chosen = form.password.data
    hashed = web().hashed(lambda: people.hash_of(chosen))
    write(lambda: people.set_password(me.id, hashed, me.id, now))
    log_in(read(lambda: people.get(me.id)))
    flash(_("Your password was changed; you were logged out everywhere else."), "success")
    return redirect(url_for("own_login.index"))


@blueprint.post("/sessions/<int:ended_id>/end")
def end_session(ended_id: int) -> Response:
    me, now = person(), wall_ms()
    write(lambda: sessions.end(me, ended_id, now))
    flash(_("The session was ended."), "success")
    return redirect(url_for("own_login.index"))


@blueprint.get("/second-factor")
def factor() -> str | Response:
    """The picture that an app reads, and the first code."""
    if second_factor.is_on(person()):
        return redirect(url_for("own_login.index"))
    return render_template("own_login/factor.html", **_proposed(ConfirmForm.blank()))


@blueprint.post("/second-factor")
@limiter.limit("30 per hour")
def confirm_factor() -> str | Answer:
    """Switch it on; the page that answers is the only one that shows the recovery codes."""
    me, now, box = person(), wall_ms(), web().secret_box
    form = ConfirmForm()
    if not (form.validate_on_submit() and _knows_password(form)):
        return refused("own_login/factor.html", **_proposed(form))
    codes: list[str] = []
    if not attempt(form, lambda: codes.extend(second_factor.confirm(me, form.code.data, box, now))):
        return refused("own_login/factor.html", **_proposed(form))
    return render_template("own_login/codes.html", codes=codes)


@blueprint.post("/second-factor/codes")
@limiter.limit("20 per hour")
def renew_codes() -> str | Answer | Response:
    me, form = person(), OldPasswordForm(tag="codes")
    if not second_factor.is_on(me):
        return redirect(url_for("own_login.index"))
    if not (form.validate_on_submit() and _knows_password(form)):
        return refused("own_login/index.html", **_shown(codes=form))
    return render_template("own_login/codes.html", codes=write(lambda: second_factor.renew_codes(me)))


@blueprint.post("/second-factor/off")
@limiter.limit("20 per hour")
def switch_off() -> Answer | Response:
    me, now, form = person(), wall_ms(), OldPasswordForm(tag="off")
    if not (form.validate_on_submit() and _knows_password(form)):
        return refused("own_login/index.html", **_shown(off=form))
    write(lambda: second_factor.switch_off(me.id, me, now))
    flash(_("You log in with the password alone again."), "warning")
    return redirect(url_for("own_login.index"))


@blueprint.post("/second-factor/of/<int:person_id>/off")
@needs("people.change")
def switch_off_of(person_id: int) -> Response:
    """Let a colleague in who lost app and recovery codes."""
    me, now = person(), wall_ms()
    write(lambda: second_factor.switch_off(person_id, me, now))
    flash(_("They log in with the password alone until they set a second factor up again."), "warning")
    account_id = request.args.get("account") if is_staff() else None
    return redirect(url_for("people.index", account=account_id))


def _knows_password(form: Any) -> bool:
    """Whether the password in the form is the person's; a wrong one makes this network wait, as at the log-in."""
    me, now, network = person(), wall_ms(), network_of(request.remote_addr)
    until = read(lambda: login_waits.closed_until(network, me.username, now))
    if until is not None:
        form.complaint = too_many(until - now)
        return False
    kept, typed = me.password_hash, form.old.data
    if web().hashed(lambda: people.password_fits(kept, typed)):
        return True
    write(lambda: login_waits.failed(network, me.username, me, now))
    form.complaint = _("Your password now is another one.")
    return False


def _proposed(form: PageForm) -> dict[str, Any]:
    me, box = person(), web().secret_box
    secret = write(lambda: second_factor.propose(me, box))
    address = second_factor.address_of(me, secret)
    picture = segno.make(address, error="m").svg_inline(scale=5, border=4, omitsize=True, svgclass="qr")
    return {
        "form": form,
        "picture": Markup(picture),  # noqa: S704 - drawn by us, of our own text
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "is_required": web().settings.staff_second_factor and is_staff(),
    }


def _shown(**forms: PageForm) -> dict[str, Any]:
    me, now, lives = person(), wall_ms(), lifetime()

    def work() -> dict[str, Any]:
        return {"rows": sessions.of(me.id, lives, now), "codes_left": second_factor.codes_left(me.id)}

    return {
        **read(work),
        "here": session_id(),
        "lives": lives,
        "factor_since": me.totp_since_at,
        "is_required": web().settings.staff_second_factor and is_staff(),
        "password": forms.get("password") or NewPasswordForm.blank("password"),
        "codes": forms.get("codes") or OldPasswordForm.blank("codes"),
        "off": forms.get("off") or OldPasswordForm.blank("off"),
    }
