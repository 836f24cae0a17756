"""Opening an account online: register, verify the mobile by a code that a call speaks, submit the identity."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, send_file, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from werkzeug.wrappers import Response
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired, Length

from engine.clock import wall_ms
from engine.errors import AvanakError, NotFound
from engine.network import network_of
from engine.services.accounts import accounts, documents, people, permissions
from engine.services.campaigns import codes
from engine.services.onboarding import identity, registration
from engine.states import AccountState
from engine.store.threads import read, write
from webui.accounts import taken_names
from webui.forms import downloads
from webui.forms.codes import asker, tell_code
from webui.forms.number_fields import ascii_digits
from webui.forms.pages import Answer, PageForm, attempt, customers_only, pages_blueprint, refused
from webui.forms.password_fields import code_told, new_password, password_again
from webui.i18n.formats import language, lazy_digits
from webui.i18n.sentences import said
from webui.i18n.words import choices
from webui.request.access import account_scope, log_in, needs, person, person_or_none
from webui.request.context import web
from webui.request.limits import limiter
from webui.request.services import documents_dir, speak_code
from webui.request.taken_files import documents_taken

blueprint = pages_blueprint(__name__, "registration")

_LTR = {"dir": "ltr"}
TYPED = "typed_mobile"  # in the session: the mobile that was typed in it
_AUTO = {"dir": "auto"}


class RegisterForm(PageForm):
    """A new account and its owner."""

    kind = RadioField(_l("Who you are"), [InputRequired()], choices=choices("account_kind"), default="firm")
    name = StringField(_l("Name of the firm or person"), [InputRequired(), Length(2, 200)], render_kw=_AUTO)
    mobile = StringField(
        _l("Mobile"),
        [InputRequired(), Length(max=20)],
        filters=[ascii_digits],
        description=_l("We ring it and speak a code."),
        render_kw={
            "dir": "ltr",
            "inputmode": "tel",
            "autocomplete": "tel",
            "placeholder": lazy_digits("09121234567"),
        },
    )
    username = StringField(
        _l("User name"),
        [InputRequired(), Length(3, 100)],
        render_kw={"dir": "ltr", "autocomplete": "username", "autocapitalize": "none"},
    )
    password = new_password(_l("Password"))
    again = password_again()


class CodeForm(PageForm):
    code = code_told(_l("The code that was spoken"))


class MobileForm(PageForm):
    mobile = StringField(
        _l("Mobile"),
        [InputRequired(), Length(max=20)],
        filters=[ascii_digits],
        render_kw={"inputmode": "tel", **_LTR},
    )


class IdentityForm(PageForm):
    """Who the customer is."""

    kind = RadioField(_l("Who you are"), [InputRequired()], choices=choices("account_kind"))
    name = StringField(_l("Name, as in the documents"), [InputRequired(), Length(2, 200)], render_kw=_AUTO)
    national_number = StringField(
        _l("National code of the person, or national id of the firm"),
        [InputRequired(), Length(max=20)],
        filters=[ascii_digits],
        render_kw={"dir": "ltr", "inputmode": "numeric"},
    )
    files = MultipleFileField(
        _l("Documents"),
        description=_l("PDF, JPEG or PNG of up to 10 MB; a firm gives at least its registration notice."),
        render_kw={"accept": ".pdf,.jpg,.jpeg,.png", "multiple": True},
    )


@blueprint.route("/register", methods=["GET", "POST"])
@limiter.limit("20 per hour", methods=["POST"])
def register() -> str | Answer | Response:
    """Open an account and log its owner in."""
    if person_or_none() is not None:
        return redirect(url_for("portal.start"))
    form = RegisterForm()
    if not form.is_submitted():
        return render_template("registration/register.html", form=form)
    now, network = wall_ms(), network_of(request.remote_addr)
    if taken_names.is_closed(form, network, now):
        return render_template("registration/register.html", form=form), 429
    made: list[Any] = []
    spoken = language()

    def register(password_hash: str) -> None:
        made.append(
            registration.register(
                form.name.data, form.kind.data, form.mobile.data, form.username.data, password_hash, now
            )
        )
        people.set_wishes(made[-1].person_id, language=spoken)

    def work() -> None:
        password = form.password.data
        password_hash = web().hashed(lambda: people.hash_of(password))  # which takes its time
        write(lambda: register(password_hash))

    if not taken_names.attempt_counted(form, network, now, work, writes=False):
        return refused("registration/register.html", form=form)
    log_in(read(lambda: people.get(made[-1].person_id)))
    session[TYPED] = read(lambda: accounts.get(made[-1].account_id).mobile)
    return redirect(url_for("registration.verify"))


@blueprint.get("/verify")
@needs("identity.submit")
def verify() -> str | Response:
    account_id = customers_only()
    account = read(lambda: accounts.get(account_id))
    if account.state != AccountState.REGISTERED:
        return redirect(url_for("portal.start"))
    return render_template("registration/verify.html", **_verifying(account))


@blueprint.post("/verify/call")
@needs("identity.submit")
@limiter.limit("10 per hour")
def call() -> Answer | Response:
    """Call the mobile and speak a new code."""
    account_id = customers_only()
    typed_it_here = session.get(TYPED) == read(lambda: accounts.get(account_id).mobile)
    try:
        sent = registration.send_code(
            account_id,
            asker(typed_it_here),
            wall_ms(),
            speak_code,
            write,
            web().policy,
            language(),
        )
    except AvanakError as error:
        if error.http_status >= 500:
            raise
        flash(said(error), "danger")
    else:
        flash(_("Your mobile rings in a moment; the code is spoken twice."), "success")
        tell_code(sent)
    return redirect(url_for("registration.verify"))


@blueprint.get("/verify/state")
@needs("identity.submit")
def call_state() -> str:
    """The state of the call; polled while it goes on."""
    account_id, now = customers_only(), wall_ms()
    call = read(lambda: codes.state_of(registration.subject_of(account_id), now))
    return render_template("codes/_state.html", call=call, again=url_for("registration.call_state"))


@blueprint.post("/verify/code")
@needs("identity.submit")
@limiter.limit("30 per hour")
def code() -> Answer | Response:
    account_id, now = customers_only(), wall_ms()
    form = CodeForm(tag="code")
    right: list[bool] = []
    if attempt(form, lambda: right.append(registration.verify_code(account_id, form.code.data, now))):
        if right[-1]:
            flash(_("The mobile is verified."), "success")
            return redirect(url_for("registration.identify"))
        form.complaint = _("This is not the code that was spoken.")
    return refused(
        "registration/verify.html", **_verifying(read(lambda: accounts.get(account_id)), code=form)
    )


@blueprint.post("/verify/mobile")
@needs("identity.submit")
def mobile() -> Answer | Response:
    """Correct a mistyped mobile number."""
    account_id = customers_only()
    form = MobileForm(tag="mobile")
    if not attempt(form, lambda: registration.change_mobile(account_id, form.mobile.data)):
        return refused(
            "registration/verify.html", **_verifying(read(lambda: accounts.get(account_id)), mobile=form)
        )
    session[TYPED] = read(lambda: accounts.get(account_id).mobile)
    flash(_("The mobile was changed."), "success")
    return redirect(url_for("registration.verify"))


@blueprint.route("/identity", methods=["GET", "POST"])
@needs("identity.submit")
def identify() -> str | Answer | Response:
    """The identity: what was submitted, the decision of staff, and submitting it again."""
    account_id, me, now = customers_only(), person(), wall_ms()
    account, reviews = read(lambda: (accounts.get(account_id), identity.reviews(account_id)))
    form = IdentityForm(data={"kind": account.kind, "name": account.name})
    shown = {"account": account, "reviews": reviews, "form": form}
    if not form.is_submitted():
        return render_template("registration/identity.html", **shown)

    def work() -> None:
        with documents_taken(account_id, form.files.data) as taken:
            write(
                lambda: identity.submit(
                    account_id, form.kind.data, form.name.data, form.national_number.data, taken, me.id, now
                )
            )

    if not attempt(form, work, writes=False):
        return refused("registration/identity.html", **shown)
    flash(_("The identity was submitted; staff look at it."), "success")
    return redirect(url_for("portal.start"))


@blueprint.get("/documents/<int:document_id>")
@needs("account.view")
def document(document_id: int) -> Response:
    """A document: for its account's owner, and for staff who review what it belongs to."""
    scope, me = account_scope(), person()
    row = read(lambda: documents.get(document_id, scope))
    right = "payment.confirm" if scope is None and row.review_id is None else "identity.view"
    if not permissions.may(me, right, row.account_id):
        raise NotFound("There is no document %(id)s.", id=document_id)
    downloads.note("document.view", row.account_id, f"document {row.id}")
    path = documents.file_of(documents_dir(), row)
    # Only pictures are shown in the browser; nothing of the file runs on our pages.
    return send_file(
        path.resolve(),
        mimetype=row.media_type,
        as_attachment=not row.media_type.startswith("image/"),
        download_name=row.name,
        max_age=0,
    )


def _verifying(account: Any, **forms: PageForm) -> dict[str, Any]:
    now = wall_ms()
    return {
        "account": account,
        "call": read(lambda: codes.state_of(registration.subject_of(account.id), now)),
        "again": url_for("registration.call_state"),
        "code": forms.get("code") or CodeForm.blank("code"),
        "mobile": forms.get("mobile") or MobileForm.blank("mobile", mobile=account.mobile),
    }
