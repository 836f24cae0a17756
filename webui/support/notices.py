"""Notices, for staff: drafts, publication, updates, receipts, and failed deliveries."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from engine.clock import wall_ms
from engine.errors import BadInput
from engine.services.accounts.display_names import account_names, people_names
from engine.services.accounts.permissions import NOTICE_ROLES
from engine.services.notices import notices, outage_notice, special_wishes
from engine.services.outbox import addresses, deliveries
from engine.store.threads import read, write
from webui.forms.number_fields import ascii_digits
from webui.forms.pages import (
    Answer,
    InstantField,
    PageForm,
    attempt,
    before_id,
    pages_blueprint,
    reason_field,
    refused,
)
from webui.i18n.words import choices
from webui.request.access import for_staff, person

blueprint = pages_blueprint(__name__, "notices", "/notices")

PAGE = 50


class NoticeForm(PageForm):
    """A notice: its texts, its audience, and until when it is shown."""

    title_fa = StringField(
        _l("Title in Persian"), [InputRequired(), Length(max=200)], render_kw={"dir": "rtl"}
    )
    title_en = StringField(_l("Title in English"), [Length(max=200)], render_kw={"dir": "ltr"})
    text_fa = TextAreaField(_l("Text in Persian"), [Length(max=5000)], render_kw={"rows": 4, "dir": "rtl"})
    text_en = TextAreaField(_l("Text in English"), [Length(max=5000)], render_kw={"rows": 4, "dir": "ltr"})
    accounts = StringField(
        _l("Numbers of accounts"),
        filters=[ascii_digits],
        description=_l("As in 12, 15. Empty: for all."),
        render_kw={"dir": "ltr"},
    )
    ends_at = InstantField(_l("Shown until"), description=_l("Empty: until it is taken down."))

    def audience(self) -> list[int] | None:
        """The accounts of its audience; None: all.  Raises BadInput."""
        words = (self.accounts.data or "").replace(",", " ").split()
        if not all(word.isdecimal() for word in words):
            raise BadInput("Numbers of accounts are written as in 12, 15.")
        return [int(word) for word in words] or None

    def words(self) -> notices.Words:
        return notices.Words(
            self.title_fa.data, self.title_en.data or "", self.text_fa.data or "", self.text_en.data or ""
        )


class UpdateForm(PageForm):
    text_fa = TextAreaField(
        _l("Text in Persian"), [InputRequired(), Length(max=5000)], render_kw={"rows": 2, "dir": "rtl"}
    )
    text_en = TextAreaField(_l("Text in English"), [Length(max=5000)], render_kw={"rows": 2, "dir": "ltr"})


class WithdrawNoticeForm(PageForm):
    reason = reason_field(_l("Why it is taken down"))


class ContactAddressForm(PageForm):
    """A new address of staff."""

    channel = SelectField(_l("Channel"), choices=choices("channel"))
    address = StringField(_l("Address"), [InputRequired(), Length(max=200)], render_kw={"dir": "ltr"})
    topics = SelectMultipleField(
        _l("For what"),
        choices=[
            SelectChoice("incidents", _l("Incidents: called when the service is down")),
            SelectChoice("tickets", _l("Tickets")),
            SelectChoice("notices", _l("Notices")),
            SelectChoice("public", _l("Our public channel")),
        ],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )


@blueprint.get("")
@for_staff
def index() -> str:
    state, before = request.args.get("state", ""), before_id()

    def work() -> dict[str, Any]:
        rows = notices.all_of(state, before, PAGE + 1)
        return {
            "rows": rows[:PAGE],
            "older": rows[PAGE - 1].id if len(rows) > PAGE else None,
            "people": people_names([row.author_id for row in rows]),
            "failures": len(deliveries.failures()),
        }

    return render_template(
        "notices/index.html", state=state, may_write=_may_write(), now=wall_ms(), **read(work)
    )


@blueprint.route("/new", methods=["GET", "POST"])
@for_staff
def new() -> str | Answer | Response:
    form = NoticeForm()
    me, now = person(), wall_ms()
    made: list[int] = []

    def work() -> None:
        words, audience, ends_at = form.words(), form.audience(), form.ends_at.data
        made.append(write(lambda: notices.draft(me, words, now, account_ids=audience, ends_at=ends_at)))

    if not form.is_submitted():
        return render_template("notices/new.html", form=form)
    if not attempt(form, work, writes=False):
        return refused("notices/new.html", form=form)
    flash(_("The draft was saved; nobody sees it before it is published."), "success")
    return redirect(url_for("notices.detail", notice_id=made[-1]))


@blueprint.get("/<int:notice_id>")
@for_staff
def detail(notice_id: int) -> str:
    return render_template("notices/detail.html", **_notice(notice_id))


@blueprint.post("/<int:notice_id>/edit")
@for_staff
def edit(notice_id: int) -> Answer | Response:
    form = NoticeForm(tag="edit")
    me = person()

    def work() -> None:
        words, audience, ends_at = form.words(), form.audience(), form.ends_at.data
        write(lambda: notices.edit(me, notice_id, words, account_ids=audience, ends_at=ends_at))

    return _done(notice_id, "edit", form, work, _("The draft was changed."), writes=False)


@blueprint.post("/<int:notice_id>/publish")
@for_staff
def publish(notice_id: int) -> Response:
    me, now = person(), wall_ms()
    write(lambda: notices.publish(me, notice_id, now))
    flash(_("The notice was published."), "success")
    return redirect(url_for("notices.detail", notice_id=notice_id))


@blueprint.post("/<int:notice_id>/add")
@for_staff
def add(notice_id: int) -> Answer | Response:
    form = UpdateForm(tag="add")
    me, now = person(), wall_ms()

    def work() -> None:
        notices.add_update(me, notice_id, form.text_fa.data, form.text_en.data or "", now)

    return _done(notice_id, "add", form, work, _("It was added to the notice."))


@blueprint.post("/<int:notice_id>/withdraw")
@for_staff
def withdraw(notice_id: int) -> Answer | Response:
    form = WithdrawNoticeForm(tag="withdraw")
    me, now = person(), wall_ms()
    return _done(
        notice_id,
        "withdraw",
        form,
        lambda: notices.withdraw(me, notice_id, form.reason.data, now),
        _("The notice was taken down."),
    )


@blueprint.get("/deliveries")
@for_staff
def failed() -> str:
    """Messages that failed or are being tried again, and the addresses of staff."""
    return render_template("notices/deliveries.html", **_deliveries())


@blueprint.post("/deliveries/<int:delivery_id>/again")
@for_staff
def again(delivery_id: int) -> Response:
    me, now = person(), wall_ms()
    write(lambda: deliveries.again(me, delivery_id, now))
    flash(_("It is tried again."), "success")
    return redirect(url_for("notices.failed"))


@blueprint.post("/addresses")
@for_staff
def add_address() -> Answer | Response:
    form = ContactAddressForm(tag="address")
    me, now = person(), wall_ms()

    def work() -> None:
        addresses.add(me, None, form.channel.data, form.address.data, form.topics.data or [], now)

    if not attempt(form, work):
        return refused("notices/deliveries.html", **_deliveries(form))
    flash(_("The address was added."), "success")
    return redirect(url_for("notices.failed"))


@blueprint.post("/addresses/<int:address_id>/remove")
@for_staff
def remove_address(address_id: int) -> Response:
    me = person()
    write(lambda: addresses.remove(me, address_id))
    flash(_("The address was removed."), "success")
    return redirect(url_for("notices.failed"))


def _done(
    notice_id: int, name: str, form: PageForm, work: Any, text: str, writes: bool = True
) -> Answer | Response:
    if not attempt(form, work, writes=writes):
        return refused("notices/detail.html", **_notice(notice_id, **{name: form}))
    flash(text, "success")
    return redirect(url_for("notices.detail", notice_id=notice_id))


def _notice(notice_id: int, **forms: Any) -> dict[str, Any]:
    now = wall_ms()

    def work() -> dict[str, Any]:
        row, audience = notices.get(notice_id), notices.audience(notice_id)
        return {
            "row": row,
            "updates": notices.updates(notice_id),
            "receipts": notices.receipts(notice_id),
            "audience": audience,
            "names": account_names(audience),
            "sent": deliveries.of_notice(notice_id),
            "steps": outage_notice.steps(notice_id),
            "measured": outage_notice.of_outage(row.outage_id, now) if row.outage_id else None,
            "people": people_names([row.author_id, row.published_by]),
        }

    shown = read(work)
    row = shown["row"]
    values = {name: getattr(row, name) for name in ("title_fa", "title_en", "text_fa", "text_en", "ends_at")}
    listed = ", ".join(str(each) for each in shown["audience"])
    return {
        **shown,
        "edit": forms.get("edit") or NoticeForm.blank("edit", accounts=listed, **values),
        "add": forms.get("add") or UpdateForm.blank("add"),
        "withdraw": forms.get("withdraw") or WithdrawNoticeForm.blank("withdraw"),
        "may_write": _may_write(),
    }


def _deliveries(form: ContactAddressForm | None = None) -> dict[str, Any]:
    def work() -> dict[str, Any]:
        wishes = list(special_wishes.active())
        return {
            "rows": deliveries.failures(),
            "addresses": addresses.of(None),
            "wishes": wishes,
            "told": special_wishes.told(None),
            "names": account_names([row.account_id for row in wishes]),
        }

    return {**read(work), "form": form or ContactAddressForm.blank("address"), "may_write": _may_write()}


def _may_write() -> bool:
    return person().role in (*NOTICE_ROLES, "administrator")
