"""A forgotten password: a call speaks a code to the person's verified mobile, and with it a new one is chosen.

Owners have the account's mobile, others one that they verified (`addresses.mobile_of`).  Without one they need a link from
their owner or an administrator.  Neither the pages nor their timing reveal whether a user name exists.
"""

from __future__ import annotations

import logging
import secrets

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from engine.clock import wall_ms
from engine.errors import BadInput
from engine.network import network_of
from engine.services.accounts import accounts, login_waits, people
from engine.services.accounts.people import User
from engine.services.campaigns import codes
from engine.services.campaigns.codes import Purpose, Subject, TooSoon
from engine.services.outbox import addresses
from engine.store.threads import read, write
from webui.accounts.auth import too_many
from webui.forms.codes import asker, tell_code
from webui.forms.pages import Answer, PageForm, attempt, pages_blueprint, refused
from webui.forms.password_fields import code_told, new_password, password_again
from webui.i18n.formats import language
from webui.i18n.sentences import said
from webui.request.access import person_or_none
from webui.request.context import web
from webui.request.limits import limiter
from webui.request.services import speak_code

log = logging.getLogger(__name__)
blueprint = pages_blueprint(__name__, "forgot", "/forgot")

KEY = "forgot"  # in the session: {name, at}; the name as it was typed, for everybody can read a cookie
LIVES_MS = 15 * 60_000


class NameForm(PageForm):
    username = StringField(
        _l("User name"),
        [InputRequired(), Length(max=100)],
        render_kw={"dir": "ltr", "autocomplete": "username", "autocapitalize": "none", "autofocus": True},
    )


class ForgottenPasswordForm(PageForm):
    """The code from the call, and the new password."""

    code = code_told(_l("The code that was spoken"))
    password = new_password(_l("New password"))
    again = password_again()


@blueprint.route("", methods=["GET", "POST"])
@limiter.limit("20 per hour", methods=["POST"])
def ask() -> str | Answer | Response:
    """Ask for the user name and call the person's mobile, if there is one."""
    if person_or_none() is not None:
        return redirect(url_for("own_login.index"))
    form = NameForm()
    if not form.validate_on_submit():
        return render_template("forgot/ask.html", form=form), 400 if form.is_submitted() else 200
    name, now, who = form.username.data.strip().lower(), wall_ms(), asker(typed_it_here=False)
    policy = web().policy
    counted = f"forgotten password of the name {name}"
    until = read(lambda: login_waits.closed_until(who.network, counted, now))
    if until is not None:
        form.complaint = too_many(until - now)
        return refused("forgot/ask.html", form=form)
    try:
        read(lambda: codes.check_asker(who, now, policy))
    except TooSoon as error:
        form.complaint = said(error)
        return render_template("forgot/ask.html", form=form), 429
    found, spoken = read(lambda: _named(name, now)), language()
    # Trying names leads to waits as trying passwords does, whether the names exist or not.
    write(lambda: login_waits.failed(who.network, counted, None, now))
    is_sent = False
    if found is not None:
        try:
            number = accounts.mobile_of(found[1])
            sent = codes.send(_subject(found[0]), number, who, now, speak_code, write, policy, spoken)
            tell_code(sent, on_page=False)
            is_sent = True
        except TooSoon as error:
            log.info("action=forgot_too_soon person=%d wait_s=%d", found[0].id, error.wait_s)
    if not is_sent:
        speak_code(
            f"{secrets.randbelow(10**codes.CODE_DIGITS):0{codes.CODE_DIGITS}d}", spoken
        )  # takes as long as for an existing name
    session[KEY] = {"name": name, "at": now}
    return redirect(url_for("forgot.choose"))


@blueprint.route("/code", methods=["GET", "POST"])
@limiter.limit("30 per hour", methods=["POST"])
def choose() -> str | Answer | Response:
    """Check the code and set the new password, which ends all sessions."""
    asked, now, network = session.get(KEY) or {}, wall_ms(), network_of(request.remote_addr)
    name = asked.get("name")
    if name is None or now - asked["at"] > LIVES_MS:
        return redirect(url_for("forgot.ask"))
    form = ForgottenPasswordForm()
    shown = {"form": form}
    if not form.is_submitted():
        return render_template("forgot/choose.html", **shown)
    counted = f"code for a forgotten password of the name {name}"
    until = read(lambda: login_waits.closed_until(network, counted, now))
    if until is not None:
        form.complaint = too_many(until - now)
        return refused("forgot/choose.html", **shown)
    right: list[bool] = []

    def work() -> None:
        typed, chosen = form.code.data, form.password.data
        hashed = web().hashed(lambda: people.hash_of(chosen))

        def take() -> bool:
            found = _named(name, now)
            if found is None or not _is_right(found, typed, now):
                login_waits.failed(network, counted, found[0] if found else None, now)
                return False
            people.set_password(found[0].id, hashed, found[0].id, now)
            return True

        right.append(write(take))

    if not attempt(form, work, writes=False):
        return refused("forgot/choose.html", **shown)
    if not right[-1]:
        form.complaint = _(
            "This is not the code that was spoken last, or it is no longer valid:"
            " it lives five minutes, and five wrong tries end it."
        )
        return refused("forgot/choose.html", **shown)
    session.pop(KEY)
    flash(_("Your password was set; log in with it."), "success")
    return redirect(url_for("auth.login"))


def _is_right(found: tuple[User, str], typed: str, now: int) -> bool:
    """Whether the code is the person's; one that has expired or was tried too often is wrong like any other,
    or the sentence would tell that there is such a name.
    """
    try:
        return codes.take(_subject(found[0]), found[1], typed, now)
    except BadInput:
        return False


def _named(name: str, now: int) -> tuple[User, str] | None:
    """The person of that name and their verified mobile."""
    row = people.find(name)
    mobile = addresses.mobile_of(row, now) if row is not None else None
    return (row, mobile) if row is not None and mobile else None


def _subject(person: User) -> Subject:
    return Subject(Purpose.PASSWORD, int(person.account_id or 0), int(person.id))
