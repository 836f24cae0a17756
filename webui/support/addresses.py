"""A customer's wishes and addresses: special notices in incidents, addresses for notices and tickets."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from engine.clock import wall_ms
from engine.errors import AvanakError
from engine.services.accounts.people import User
from engine.services.campaigns import codes
from engine.services.notices import special_wishes
from engine.services.outbox import addresses, verification
from engine.services.tickets import tickets
from engine.services.tickets.department_rules import SPECIAL
from engine.store.threads import read, write
from webui.forms.codes import asker, tell_code
from webui.forms.number_fields import ascii_digits
from webui.forms.pages import Answer, PageForm, attempt, customers_only, key_field, pages_blueprint, refused
from webui.forms.password_fields import code_told
from webui.i18n.formats import language
from webui.i18n.sentences import said
from webui.i18n.words import WORDS, choices, word
from webui.request.access import is_staff, needs, person
from webui.request.context import web
from webui.request.limits import limiter
from webui.request.services import speak_code
from webui.support.ticket_forms import WishForm
from webui.support.tickets import ticket_page

blueprint = pages_blueprint(__name__, "contacts", "/contacts")


CUSTOMER_TOPICS = ("notices", "tickets", *addresses.OWN_TOPICS)


class NewWishForm(WishForm):
    """A special notice, with the ticket that requests it."""

    key = key_field()
    text = TextAreaField(
        _l("In your words"), [InputRequired(), Length(max=2000)], render_kw={"rows": 3, "dir": "auto"}
    )


class AddressForm(PageForm):
    """A new address of a customer."""

    channel = SelectField(_l("Channel"), choices=choices("channel"))
    address = StringField(
        _l("Address"), [InputRequired(), Length(max=200)], filters=[ascii_digits], render_kw={"dir": "ltr"}
    )
    topics = SelectMultipleField(
        _l("For what"),
        choices=[SelectChoice(name, WORDS["topic"][name]) for name in CUSTOMER_TOPICS],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    spoken = SelectField(
        _l("Language"), choices=[SelectChoice("fa", "فارسی"), SelectChoice("en", "English")], default="fa"
    )


class TopicsForm(PageForm):
    """The topics of an address; none: nothing is sent."""

    topics = SelectMultipleField(
        _l("For what"),
        choices=[SelectChoice(name, WORDS["topic"][name]) for name in CUSTOMER_TOPICS],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )


class AddressCodeForm(PageForm):
    code = code_told(_l("The code that was sent"))


@blueprint.get("")
@needs("account.view")
def index() -> str:
    return render_template("contacts/index.html", **_shown())


@blueprint.post("/special")
@needs("account.view")
def new_wish() -> Answer | Response:
    """Request a special notice in one step: the ticket and the wish."""
    account_id, me, now = customers_only(), person(), wall_ms()
    form = NewWishForm(tag="wish")
    subject = _("Special notice: %(way)s", way=word(form.channel.data, "channel"))
    made: list[int] = []

    def work() -> None:
        ticket_id = tickets.open_ticket(
            me, account_id, SPECIAL, subject, form.text.data, now, key=f"wish-{account_id}-{form.key.data}"
        )
        made.append(ticket_id)
        _agree(me, form, ticket_id, now)

    if not attempt(form, work):
        return refused("contacts/index.html", **_shown(wish=form))
    flash(_("It is stored and applies to every incident."), "success")
    return redirect(url_for("tickets.detail", ticket_id=made[-1]))


@blueprint.post("/special/ticket/<int:ticket_id>")
@needs("account.view")
def add_wish(ticket_id: int) -> Answer | Response:
    """Add a wish to a ticket of that department: the customer fills it in, or staff enter it from the ticket's text."""
    form, me, now = WishForm(tag="wish"), person(), wall_ms()
    ticket_page(ticket_id)  # NotFound for somebody else's ticket, before the form is checked
    if not attempt(form, lambda: _agree(me, form, ticket_id, now)):
        return refused("tickets/detail.html", **ticket_page(ticket_id, wish=form))
    flash(_("It is stored and applies to every incident."), "success")
    return redirect(url_for("tickets.detail", ticket_id=ticket_id))


@blueprint.post("/special/<int:wish_id>/end")
@needs("account.view")
def end_wish(wish_id: int) -> Response:
    me, now = person(), wall_ms()
    write(lambda: special_wishes.end(me, wish_id, now))
    flash(_("It does not apply any more."), "success")
    return redirect(url_for("notices.failed" if is_staff() else "contacts.index"))


@blueprint.post("/addresses")
@needs("account.view")
def add_address() -> Answer | Response:
    account_id, me, now = customers_only(), person(), wall_ms()
    form = AddressForm(tag="address")

    made: list[int] = []

    def work() -> None:
        made.append(
            addresses.add(
                me,
                account_id,
                form.channel.data,
                form.address.data,
                form.topics.data or [],
                now,
                person_id=me.id,
                language=form.spoken.data,
            )
        )

    if not attempt(form, work):
        return refused("contacts/index.html", **_shown(address=form))
    flash(_("The address was added; nothing is sent to it before you verify it."), "success")
    return redirect(url_for("contacts.verify_address", address_id=made[-1]))


@blueprint.get("/addresses/<int:address_id>")
@needs("account.view")
def verify_address(address_id: int) -> str | Response:
    """Verify an address: a code is sent there and entered here."""
    shown = _verifying(address_id)
    if shown["row"].verified_at is not None:
        return redirect(url_for("contacts.index"))
    return render_template("contacts/verify.html", **shown)


@blueprint.post("/addresses/<int:address_id>/code")
@needs("account.view")
@limiter.limit("20 per hour")
def send_address_code(address_id: int) -> Response:
    customers_only()
    me, now = person(), wall_ms()
    row = read(lambda: addresses.get(me, address_id))
    try:
        # The owner of the telephone is not known yet, so it is called only by day.
        who = asker(typed_it_here=row.channel != "voice")
        sent = verification.send(row, who, now, speak_code, write, web().policy)
    except AvanakError as error:
        if error.http_status >= 500:
            raise
        flash(said(error), "danger")
    else:
        flash(_("A code is on its way."), "success")
        if sent is not None:
            tell_code(sent)
    return redirect(url_for("contacts.verify_address", address_id=address_id))


@blueprint.post("/addresses/<int:address_id>/verify")
@needs("account.view")
@limiter.limit("30 per hour")
def take_address_code(address_id: int) -> Answer | Response:
    customers_only()
    me, now, form = person(), wall_ms(), AddressCodeForm(tag="code")
    right: list[bool] = []
    if attempt(form, lambda: right.append(verification.verify(me, address_id, form.code.data, now))):
        if right[-1]:
            flash(_("The address is verified."), "success")
            return redirect(url_for("contacts.index"))
        form.complaint = _("This is not the code that was sent.")
    return refused("contacts/verify.html", **_verifying(address_id, form))


@blueprint.get("/addresses/<int:address_id>/state")
@needs("account.view")
def address_call(address_id: int) -> str:
    """The progress of the call to an address."""
    shown = _verifying(address_id)
    return render_template("codes/_state.html", call=shown["call"], again=shown["again"])


@blueprint.post("/addresses/<int:address_id>/topics")
@needs("account.view")
def choose_topics(address_id: int) -> Answer | Response:
    """Change the topics of an address."""
    me, form = person(), TopicsForm(tag=f"topics-{address_id}")
    customers_only()
    if not attempt(form, lambda: addresses.choose_topics(me, address_id, form.topics.data or [])):
        return refused("contacts/index.html", **_shown(topics=(address_id, form)))
    flash(_("It was changed."), "success")
    return redirect(url_for("contacts.index"))


@blueprint.post("/addresses/<int:address_id>/remove")
@needs("account.view")
def remove_address(address_id: int) -> Response:
    me = person()
    customers_only()
    write(lambda: addresses.remove(me, address_id))
    flash(_("The address was removed."), "success")
    return redirect(url_for("contacts.index"))


def _verifying(address_id: int, form: AddressCodeForm | None = None) -> dict[str, Any]:
    customers_only()
    me, now = person(), wall_ms()

    def work() -> dict[str, Any]:
        row = addresses.get(me, address_id)
        return {"row": row, "call": codes.state_of(verification.subject_of(row), now)}

    return {
        **read(work),
        "form": form or AddressCodeForm.blank("code"),
        "again": url_for("contacts.address_call", address_id=address_id),
    }


def _agree(me: User, form: WishForm, ticket_id: int, now: int) -> None:
    special_wishes.agree(
        me,
        ticket_id,
        form.channel.data,
        ascii_digits(form.address.data) or "",
        now,
        person_name=form.person_name.data or "",
        language=form.spoken.data,
    )


def _shown(**forms: Any) -> dict[str, Any]:
    account_id = customers_only()

    def work() -> dict[str, Any]:
        return {
            "wishes": special_wishes.active(account_id),
            "told": special_wishes.told(account_id),
            "addresses": addresses.of(account_id),
        }

    shown = read(work)
    wrong_id, wrong = forms.get("topics", (0, None))
    return {
        **shown,
        "topics": {
            row.id: wrong
            if row.id == wrong_id
            else TopicsForm.blank(f"topics-{row.id}", topics=row.topics.split())
            for row in shown["addresses"]
        },
        "wish": forms.get("wish") or NewWishForm.blank("wish", spoken=language()),
        "address": forms.get("address")
        or AddressForm.blank("address", spoken=language(), topics=list(CUSTOMER_TOPICS)),
    }
