"""A customer's money: the ledger, the price before sending, topping up, subscriptions and their invoices."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from engine.clock import wall_ms
from engine.errors import BadInput
from engine.services.accounts import accounts
from engine.services.money import ledger, payments, pricing, receipts, subscriptions
from engine.services.money.payment_providers import ProviderDown, ProviderRefused
from engine.services.sla import credits
from engine.states import PaymentState
from engine.store.threads import read, write
from webui.forms.number_fields import WholeField, ascii_digits
from webui.forms.pages import (
    Answer,
    PageForm,
    attempt,
    before_id,
    customers_only,
    key_field,
    pages_blueprint,
    refused,
)
from webui.i18n.formats import months, number
from webui.i18n.sentences import reason, said
from webui.request.access import needs, person
from webui.request.outside_links import outside
from webui.request.services import provider
from webui.request.taken_files import documents_taken

blueprint = pages_blueprint(__name__, "balance", "/balance")

LINES = 50


class QuoteForm(PageForm):
    """The price of a planned campaign."""

    class Meta:
        csrf = False  # asks, changes nothing: it is a GET

    mobiles = WholeField(_l("Mobiles"), [NumberRange(0, 10**7)], default=1000, render_kw={"dir": "ltr"})
    landlines = WholeField(_l("Landlines"), [NumberRange(0, 10**7)], default=0, render_kw={"dir": "ltr"})
    seconds = WholeField(
        _l("Length of the message (seconds)"), [NumberRange(1, 600)], default=30, render_kw={"dir": "ltr"}
    )
    text_parts = WholeField(
        _l("Parts of the text that follows the calls"),
        [Optional(), NumberRange(0, 20)],
        default=0,
        render_kw={"dir": "ltr"},
    )


class TopUpForm(PageForm):
    amount = WholeField(_l("Amount (Rials)"), [InputRequired()], default=1_000_000)


class ReceiptForm(PageForm):
    """A transfer to the bank account, which staff confirm."""

    amount = WholeField(_l("Amount (Rials)"), [InputRequired()])
    reference = StringField(
        _l("Number of the transfer"),
        [InputRequired(), Length(4, 100)],
        filters=[ascii_digits],
        render_kw={"dir": "ltr"},
    )
    file = FileField(
        _l("Picture of the receipt"),
        description=_l("PDF, JPEG or PNG of up to 10 MB."),
        render_kw={"accept": ".pdf,.jpg,.jpeg,.png"},
    )


class PlanForm(PageForm):
    key = key_field()
    plan = SelectField(_l("Plan"), coerce=int)


@blueprint.get("")
@needs("money.view")
def index() -> str:
    return render_template("balance/index.html", **_balance())


@blueprint.post("/top-up")
@needs("money.pay")
def top_up() -> str | Answer:
    """Begin a payment; the page leads the payer to the provider."""
    form = TopUpForm(tag="top")
    return _begin(form, lambda: form.amount.data, None, "top")


@blueprint.post("/receipt")
@needs("money.pay")
def receipt() -> Answer | Response:
    account_id, me, now = customers_only(), person(), wall_ms()
    form = ReceiptForm(tag="receipt")

    def work() -> None:
        with documents_taken(account_id, form.file.data) as taken:
            write(
                lambda: receipts.submit(
                    account_id,
                    form.amount.data,
                    form.reference.data,
                    now,
                    person_id=me.id,
                    stored=taken[0] if taken else None,
                )
            )

    if not attempt(form, work, writes=False):
        return refused("balance/index.html", **_balance(receipt=form))
    flash(_("The receipt was kept; the amount counts when staff have confirmed it."), "success")
    return redirect(url_for("balance.index"))


@blueprint.post("/subscribe")
@needs("money.pay")
def subscribe() -> str | Answer | Response:
    """Buy months from the balance; if it is not enough, the difference is paid first."""
    account_id, me, now = customers_only(), person(), wall_ms()
    form = PlanForm(tag="plan")
    form.plan.choices = _plans()
    if not form.validate_on_submit():
        return refused("balance/index.html", **_balance(plan=form))
    plan_id, key = form.plan.data, form.key.data or ""
    is_bought, missing = read(
        lambda: (subscriptions.is_bought(account_id, key), payments.amount_for(account_id, plan_id))
    )
    if missing and not is_bought:
        return _begin(form, lambda: missing, plan_id, "plan")
    if not attempt(form, lambda: subscriptions.buy(account_id, plan_id, now, me.id, key)):
        return refused("balance/index.html", **_balance(plan=form))
    flash(_("The subscription is paid."), "success")
    return redirect(url_for("balance.index"))


@blueprint.get("/callback")
@needs("money.pay")
def callback() -> Response:
    """The payer comes back from the provider; only the provider's answer decides whether it was paid."""
    account_id = customers_only()
    row = payments.callback(request.args.to_dict(), provider(), wall_ms(), read, write, account_id)
    if row.state == PaymentState.PAID:
        flash(_("The payment is booked."), "success")
    elif row.state == PaymentState.PENDING:
        flash(_("The bank has not confirmed the payment yet; it is asked again by itself."), "warning")
    else:
        flash(_("The payment was not made: %(why)s", why=reason(row.reason) or "—"), "danger")
    return redirect(url_for("balance.index"))


@blueprint.get("/invoices/<int:subscription_id>")
@needs("money.view")
def invoice(subscription_id: int) -> str:
    """The invoice of a subscription, to be printed."""
    account_id = customers_only()

    def work() -> dict[str, Any]:
        row = subscriptions.of_account(subscription_id, account_id)
        return {"row": row, "account": accounts.get(account_id), "discount": credits.discount_of(row)}

    return render_template("balance/invoice.html", **read(work))


def _begin(form: Any, amount: Any, plan_id: int | None, name: str) -> str | Answer:
    account_id, me, now = customers_only(), person(), wall_ms()
    if not form.validate_on_submit():
        return refused("balance/index.html", **_balance(**{name: form}))
    found = provider()
    try:
        back = outside("balance.callback")
        begun = payments.begin(
            account_id, amount(), found, back, now, write, person_id=me.id, plan_id=plan_id
        )
    except (BadInput, ProviderDown, ProviderRefused) as error:
        form.complaint = said(error)
        return refused("balance/index.html", **_balance(**{name: form}))
    # A page in between: our content policy forbids forms that lead to other sites, but not links.
    return render_template("balance/go.html", url=begun.url, is_real=found.is_real, amount=amount())


def _plans() -> list[SelectChoice]:
    return [
        SelectChoice(row.id, _("%(time)s, %(price)s Rials", time=months(row.months), price=number(row.price)))
        for row in read(subscriptions.plans)
    ]


def _balance(**forms: Any) -> dict[str, Any]:
    account_id, before, now = customers_only(), before_id(), wall_ms()
    asked = QuoteForm(request.args if "seconds" in request.args else None, tag="quote")
    counts = (asked.mobiles.data or 0, asked.landlines.data or 0, asked.seconds.data or 0)
    parts = asked.text_parts.data or 0
    is_asked = "seconds" in request.args and asked.validate()

    def work() -> dict[str, Any]:
        lines = ledger.statement(account_id, before_id=before, limit=LINES + 1)
        return {
            "account": accounts.get(account_id),
            "money": ledger.money_of(account_id),
            "price": pricing.price_of(account_id, now),
            "quote": pricing.quote(account_id, counts[0], counts[1], counts[2] * 1000, now, parts)
            if is_asked
            else None,
            "lines": lines[:LINES],
            "older": lines[LINES - 1].txn_id if len(lines) > LINES else None,
            "payments": payments.payments(account_id, limit=10),
            "subscriptions": subscriptions.history(account_id),
            "discount": credits.open_discount(account_id),
            "left": {row.id: (row, payments.amount_for(account_id, row.id)) for row in subscriptions.plans()},
        }

    plan = forms.get("plan") or PlanForm.blank("plan")
    plan.plan.choices = _plans()
    return {
        **read(work),
        "asked": asked,
        "top": forms.get("top") or TopUpForm.blank("top"),
        "receipt": forms.get("receipt") or ReceiptForm.blank("receipt"),
        "plan": plan,
        "is_real": provider().is_real,
    }
