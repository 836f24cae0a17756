"""Money, for staff: receipts to confirm, price groups and their prices, subscription plans."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from engine.clock import wall_ms
from engine.errors import NotFound
from engine.services.accounts import permissions
from engine.services.accounts.display_names import account_names, people_names
from engine.services.money import payments, pricing, receipts, subscriptions
from engine.services.money.payment_providers import RECEIPT
from engine.states import PaymentState
from engine.store.threads import read, write
from webui.forms.number_fields import WholeField
from webui.forms.pages import (
    Answer,
    InstantField,
    PageForm,
    attempt,
    from_id,
    pages_blueprint,
    reason_field,
    refused,
    staff_page,
)
from webui.request.access import for_staff, needs, person

blueprint = pages_blueprint(__name__, "payments", "/payments")

PAGE = 50


class RefuseForm(PageForm):
    reason = reason_field(_l("Why it is refused; the customer sees it"))


class GroupForm(PageForm):
    name = StringField(_l("Name"), [InputRequired(), Length(max=100)], render_kw={"dir": "auto"})


class PriceForm(PageForm):
    """A price from an instant on; running campaigns keep theirs."""

    group = SelectField(_l("Price group"), coerce=int)
    landline = WholeField(_l("Landline, Rials a pulse"), [InputRequired()])
    mobile = WholeField(_l("Mobile, Rials a pulse"), [InputRequired()])
    pulse_s = WholeField(_l("Pulse (seconds)"), [InputRequired(), NumberRange(1, 600)], default=6)
    synthesis = WholeField(_l("Synthesis, Rials for each hundred characters"), [InputRequired()])
    text_part = WholeField(
        _l("Text messages, Rials a part"),
        [InputRequired()],
        default=0,
        description=_l("A part has 70 characters in Persian, 160 in Latin letters."),
    )
    from_at = InstantField(_l("From"), [Optional()], description=_l("Empty: from now on."))


class NewPlanForm(PageForm):
    months = WholeField(_l("Months"), [InputRequired(), NumberRange(1, 60)])
    price = WholeField(_l("Price (Rials)"), [InputRequired()])


@blueprint.get("")
@for_staff
@needs("money.view")
def index() -> str:
    """Receipts that wait, oldest first, or all payments."""
    show, start = request.args.get("show", "waiting"), from_id()
    waiting = show == "waiting"

    def work() -> dict[str, Any]:
        rows = payments.payments(
            states=(PaymentState.PENDING,) if waiting else (),
            provider=RECEIPT if waiting else "",
            from_id=start,
            is_queue=waiting,
            limit=PAGE + 1,
        )
        return staff_page(rows, PAGE)

    return render_template("payments/index.html", show=show, **read(work))


@blueprint.get("/<int:payment_id>")
@for_staff
@needs("money.view")
def detail(payment_id: int) -> str:
    return render_template("payments/detail.html", **_payment(payment_id))


@blueprint.post("/<int:payment_id>/confirm")
@needs("payment.confirm")
def confirm(payment_id: int) -> Response:
    by, now = person().id, wall_ms()
    write(lambda: receipts.confirm(payment_id, by, now))
    flash(_("The payment is booked."), "success")
    return redirect(url_for("payments.index"))


@blueprint.post("/<int:payment_id>/refuse")
@needs("payment.confirm")
def refuse(payment_id: int) -> Answer | Response:
    form = RefuseForm()
    by, now = person().id, wall_ms()
    if not attempt(form, lambda: receipts.refuse(payment_id, form.reason.data, by, now)):
        return refused("payments/detail.html", **_payment(payment_id, form))
    flash(_("The receipt was refused."), "success")
    return redirect(url_for("payments.index"))


@blueprint.get("/prices")
@for_staff
@needs("money.view")
def prices() -> str:
    return render_template("payments/prices.html", **_prices())


@blueprint.post("/prices/groups")
@needs("price.change")
def add_group() -> Answer | Response:
    form = GroupForm(tag="group")
    by, now = person().id, wall_ms()
    return _done("group", form, lambda: pricing.add_group(form.name.data, by, now))


@blueprint.post("/prices")
@needs("price.change")
def set_price() -> Answer | Response:
    form = PriceForm(tag="price")
    form.group.choices = [SelectChoice(row.id, row.name) for row in read(pricing.groups)]
    by, now = person().id, wall_ms()

    def work() -> None:
        pricing.set_price(
            form.group.data,
            landline=form.landline.data,
            mobile=form.mobile.data,
            pulse_s=form.pulse_s.data,
            synthesis=form.synthesis.data,
            text_part=form.text_part.data,
            person_id=by,
            now=now,
            from_at=form.from_at.data,
        )

    return _done("price", form, work)


@blueprint.post("/plans")
@needs("price.change")
def add_plan() -> Answer | Response:
    form = NewPlanForm(tag="plan")
    by, now = person().id, wall_ms()
    return _done("plan", form, lambda: subscriptions.add_plan(form.months.data, form.price.data, by, now))


@blueprint.post("/plans/<int:plan_id>/withdraw")
@needs("price.change")
def withdraw_plan(plan_id: int) -> Response:
    by, now = person().id, wall_ms()
    write(lambda: subscriptions.withdraw_plan(plan_id, by, now))
    flash(_("The plan is offered no more."), "success")
    return redirect(url_for("payments.prices"))


def _done(name: str, form: PageForm, work: Any) -> Answer | Response:
    if not attempt(form, work):
        return refused("payments/prices.html", **_prices(**{name: form}))
    flash(_("The change was kept."), "success")
    return redirect(url_for("payments.prices"))


def _prices(**forms: Any) -> dict[str, Any]:
    now = wall_ms()

    def work() -> dict[str, Any]:
        groups = pricing.groups()
        return {
            "groups": [(row, _current(row.id, now)) for row in groups],
            "plans": subscriptions.plans(offered_only=False),
        }

    shown = read(work)
    price = forms.get("price") or PriceForm.blank("price")
    price.group.choices = [SelectChoice(row.id, row.name) for row, _price in shown["groups"]]
    return {
        **shown,
        "group": forms.get("group") or GroupForm.blank("group"),
        "price": price,
        "plan": forms.get("plan") or NewPlanForm.blank("plan"),
        "may_change": permissions.may(person(), "price.change"),
    }


def _current(group_id: int, now: int) -> pricing.Price | None:
    try:
        return pricing.current(group_id, now)
    except NotFound:
        return None  # a new group


def _payment(payment_id: int, form: RefuseForm | None = None) -> dict[str, Any]:
    def work() -> dict[str, Any]:
        row = payments.get(payment_id)
        rivals = receipts.same_number(row)
        return {
            "row": row,
            "rivals": rivals,
            "names": account_names([row.account_id, *(each.account_id for each in rivals)]),
            "people": people_names([row.person_id, row.decided_by]),
        }

    shown = read(work)
    row = shown["row"]
    is_open = row.provider == RECEIPT and row.state == PaymentState.PENDING
    return {
        **shown,
        "form": form or RefuseForm.blank(),
        "may_decide": is_open and permissions.may(person(), "payment.confirm"),
    }
