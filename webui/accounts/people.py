"""People of an account, and staff: the list, their rights, invitations to choose a password."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from engine.clock import wall_ms
from engine.errors import Conflict
from engine.services.accounts import accounts, people, permissions, second_factor
from engine.services.accounts.people import User
from engine.store.threads import read, write
from webui.accounts import taken_names
from webui.forms.number_fields import row_id
from webui.forms.pages import Answer, PageForm, attempt, pages_blueprint, refused
from webui.forms.password_fields import new_password, password_again
from webui.i18n.words import WORDS
from webui.request.access import account_scope, log_in, needs, person
from webui.request.context import web
from webui.request.limits import limiter
from webui.request.outside_links import outside, site

blueprint = pages_blueprint(__name__, "people", "/people")

INVITATION_S = 3 * 86_400


class InviteForm(PageForm):
    """A new colleague."""

    username = StringField(
        _l("User name"),
        [InputRequired(), Length(3, 100)],
        render_kw={"dir": "ltr", "autocomplete": "off", "autocapitalize": "none"},
    )
    role = SelectField(_l("Role"), [InputRequired()])


class RoleForm(PageForm):
    role = SelectField(_l("Role"), [InputRequired()])


class PasswordForm(PageForm):
    """The password of an invited person."""

    password = new_password(_l("Password"))
    again = password_again()


@blueprint.get("")
@needs("people.view")
def index() -> str:
    return render_template("people/index.html", **_shown())


@blueprint.post("/invite")
@needs("people.change")
def invite() -> str | Answer:
    """Make a person, and show the address at which they choose their password."""
    site()  # nobody is made whose link cannot be shown
    account_id, by, now = _account(), person(), wall_ms()
    form = InviteForm(tag="invite")
    form.role.choices = _roles(account_id)
    made: list[int] = []
    tried_by = f"account {account_scope()}"
    if account_scope() is not None and taken_names.is_closed(form, tried_by, now):  # staff see all names
        return render_template("people/index.html", **_shown(invite=form)), 429

    def work() -> None:
        made.append(people.invite(form.username.data, form.role.data, by, now, account_id))

    if not taken_names.attempt_counted(form, tried_by, now, work):
        return refused("people/index.html", **_shown(invite=form))
    return _link(made[-1], now)


@blueprint.post("/<int:person_id>/link")
@needs("people.change")
def link(person_id: int) -> str:
    """Make another invitation, for somebody who lost the first or forgot the password."""
    return _link(person_id, wall_ms())


@blueprint.post("/<int:person_id>/role")
@needs("people.change")
def role(person_id: int) -> Answer | Response:
    found, scope, by, now = _found(person_id), account_scope(), person().id, wall_ms()
    form = RoleForm(tag=f"role-{person_id}")
    form.role.choices = _roles(found.account_id)
    if not attempt(form, lambda: people.change(person_id, by, now, role=form.role.data, account_id=scope)):
        return refused("people/index.html", **_shown(found.account_id, role=(person_id, form)))
    flash(_("The role was changed."), "success")
    return _back(found.account_id)


@blueprint.post("/<int:person_id>/<any(shutout, letin):how>")
@needs("people.change")
def access(person_id: int, how: str) -> Response:
    """Block somebody at once, or unblock them."""
    found, scope, by, now = _found(person_id), account_scope(), person().id, wall_ms()
    is_active = how == "letin"
    write(lambda: people.change(person_id, by, now, is_active=is_active, account_id=scope))
    flash(_("They may log in again.") if is_active else _("They cannot log in any more."), "success")
    return _back(found.account_id)


@blueprint.route("/join/<token>", methods=["GET", "POST"])
@limiter.limit("20 per hour", methods=["POST"])
def join(token: str) -> str | Answer | Response:
    """An invited person chooses a password and is logged in."""
    person_id, seal = _opened(token)
    form = PasswordForm()
    invited = read(lambda: people.active(person_id))
    if invited is None or people.seal_of(invited) != seal:
        raise Conflict("This invitation has been used already, or was withdrawn; ask for another.")
    if not form.is_submitted():
        return render_template("people/join.html", form=form, invited=invited, token=token)
    accepted: list[User] = []

    def work() -> None:
        password = form.password.data
        password_hash = web().hashed(lambda: people.hash_of(password))
        accepted.append(write(lambda: people.accept(person_id, seal, password_hash, wall_ms())))

    if not attempt(form, work, writes=False):
        return refused("people/join.html", form=form, invited=invited, token=token)
    if second_factor.is_on(accepted[-1]):  # the link replaces the password, not the second factor
        flash(_("Your password was set; log in with it."), "success")
        return redirect(url_for("auth.login"))
    log_in(accepted[-1])
    flash(_("Your password was set."), "success")
    return redirect(url_for("portal.start"))


def _link(person_id: int, now: int) -> str:
    scope, by = account_scope(), person().id
    site()  # before an earlier invitation becomes void
    sealed = write(lambda: people.invitation(person_id, by, now, scope))
    found = read(lambda: people.get(person_id))
    address = outside("people.join", token=_signer().dumps(sealed))
    return render_template("people/link.html", found=found, address=address, back=_address(found.account_id))


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="invitation")


def _opened(token: str) -> tuple[int, str]:
    """Open an invitation: the person, and the state it was made for."""
    try:
        person_id, seal = _signer().loads(token, max_age=INVITATION_S)
    except SignatureExpired as error:
        raise Conflict("This invitation is more than three days old; ask for another.") from error
    except (BadSignature, ValueError, TypeError) as error:
        raise Conflict("This is no invitation of this site; ask for another.") from error
    return int(person_id), str(seal)


def _account() -> int | None:
    """The account of the page: a customer's own; for staff ``?account=``, or None for the staff themselves."""
    scope = account_scope()
    if scope is not None:
        return scope
    wanted = request.values.get("account", type=row_id)
    return int(read(lambda: accounts.get(wanted)).id) if wanted else None


def _found(person_id: int) -> User:
    scope = account_scope()
    return read(lambda: people.get(person_id, scope))


def _roles(account_id: int | None) -> list[SelectChoice]:
    known = permissions.STAFF_ROLES if account_id is None else permissions.CUSTOMER_ROLES
    return [SelectChoice(each, WORDS["role"][each]) for each in known]


def _address(account_id: int | None) -> str:
    return url_for("people.index", account=None if account_scope() is not None else account_id)


def _back(account_id: int | None) -> Response:
    return redirect(_address(account_id))


def _shown(account_id: int | None = None, **forms: Any) -> dict[str, Any]:
    account_id = account_id if account_id is not None else _account()
    text = request.args.get("text", "")[:100]

    def work() -> dict[str, Any]:
        return {
            "rows": people.of_account(account_id, text),
            "text": text,
            "account": accounts.get(account_id) if account_id is not None else None,
        }

    shown, me = read(work), person()
    wrong_id, wrong = forms.get("role", (0, None))
    by_person = {}
    for row in shown["rows"]:
        form = wrong if row.id == wrong_id else RoleForm.blank(f"role-{row.id}", role=row.role)
        form.role.choices = _roles(account_id)
        by_person[row.id] = form
    invite_form = forms.get("invite") or InviteForm.blank("invite")
    invite_form.role.choices = _roles(account_id)
    return {
        **shown,
        "forms": by_person,
        "invite": invite_form,
        "may_change": permissions.may(me, "people.change", me.account_id),
        "is_own": account_scope() is not None,
        "of": None if account_scope() is not None else account_id,
    }
