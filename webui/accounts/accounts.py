"""Accounts for staff: the list, and one account with its settings, money and audit log."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from engine.clock import wall_ms
from engine.services.accounts import account_states, accounts, audit_log, people, permissions
from engine.services.accounts.display_names import accounts_like, people_names
from engine.services.campaigns import own_numbers
from engine.services.compliance import caller_ids, traffic_caps
from engine.services.money import ledger, pricing, subscriptions
from engine.services.onboarding import identity
from engine.services.tickets import views
from engine.states import AccountState
from engine.store.threads import read, write
from webui.accounts.account_forms import (
    AdjustForm,
    CapsForm,
    GrantsForm,
    LimitsForm,
    NumberForm,
    OpenForm,
    SuspendForm,
    TermsForm,
)
from webui.forms.account_field import SHOWN, shown_name
from webui.forms.number_fields import row_id
from webui.forms.pages import (
    Answer,
    PageForm,
    attempt,
    before_id,
    pages_blueprint,
    refused,
)
from webui.i18n.formats import number as shown_number
from webui.i18n.sentences import grant
from webui.i18n.words import WORDS
from webui.request.access import for_staff, needs, person
from webui.request.context import web

blueprint = pages_blueprint(__name__, "accounts", "/accounts")

PAGE = 50
AUDIT_SHOWN = 30
_LIMITS = ("name", "mobile", "weight", "max_cps", "max_channels", "gateways", "parent_id", "caller_id")


@blueprint.get("")
@for_staff
def index() -> str:
    text, state, before = request.args.get("text", ""), request.args.get("state", ""), before_id()
    rows = read(
        lambda: accounts.list_accounts(
            states=(state,) if state else (), text=text, before_id=before, limit=PAGE + 1
        )
    )
    older = rows[PAGE - 1].id if len(rows) > PAGE else None
    return render_template(
        "accounts/index.html",
        rows=rows[:PAGE],
        older=older,
        text=text,
        state=state,
        states=WORDS["account"],
    )


@blueprint.get("/choose")
@for_staff
def choose() -> str:
    """Accounts that match what was typed into an account field."""
    text = request.args.get("text", "")[:100]
    rows = read(lambda: accounts_like(text, SHOWN)) if text.strip() else []
    return render_template(
        "accounts/_choose.html", rows=[(row, shown_name(row.id, row.name)) for row in rows]
    )


@blueprint.route("/new", methods=["GET", "POST"])
@needs("account.open")
def open_account() -> str | Answer | Response:
    gives = permissions.may(person(), "account.terms")
    form = OpenForm(data={"expires_at": subscriptions.add_months(wall_ms(), 12) if gives else None})
    if not gives:
        del form.expires_at
    if not form.is_submitted():
        return render_template("accounts/new.html", form=form)
    by, now = person().id, wall_ms()
    made: list[int] = []

    def work() -> None:
        until = form.expires_at.data if gives else None
        made.append(accounts.open_by_staff(form.name.data, until, by, now, form.kind.data))

    if not attempt(form, work):
        return refused("accounts/new.html", form=form)
    flash(_("The account was opened."), "success")
    return redirect(url_for("accounts.detail", account_id=made[-1]))


@blueprint.get("/<int:account_id>")
@for_staff
def detail(account_id: int) -> str:
    return render_template("accounts/detail.html", **_account(account_id))


@blueprint.post("/<int:account_id>/limits")
@needs("account.change")
def limits(account_id: int) -> Answer | Response:
    form = LimitsForm(tag="limits")
    by, now = person().id, wall_ms()

    def work() -> None:
        accounts.change(
            account_id,
            by,
            now,
            name=form.name.data,
            **({"mobile": form.mobile.data} if form.mobile.data else {}),
            weight=form.weight.data,
            max_cps=form.max_cps.data,
            max_channels=form.max_channels.data,
            gateways=" ".join((form.gateways.data or "").split()),
            parent_id=form.parent_id.data,
            caller_id=form.caller_id.data or "",
        )

    return _done(account_id, form, work, "limits")


@blueprint.post("/<int:account_id>/terms")
@needs("account.terms")
def terms(account_id: int) -> Answer | Response:
    form = TermsForm(tag="terms")
    _groups(form)
    by, now = person().id, wall_ms()

    def work() -> None:
        accounts.change(account_id, by, now, debt_ceiling=form.debt_ceiling.data)
        pricing.give_group(account_id, form.price_group_id.data or None, by, now)

    return _done(account_id, form, work, "terms")


@blueprint.post("/<int:account_id>/caps")
@needs("account.change")
def caps(account_id: int) -> Answer | Response:
    form = CapsForm(tag="caps")
    by, now = person().id, wall_ms()

    def work() -> None:
        gap_s, calls = form.min_gap_s.data, form.max_calls_a_day.data
        accounts.change(account_id, by, now, min_gap_s=gap_s, max_calls_a_day=calls)
        traffic_caps.set_caps(account_id, form.calls_an_hour.data, form.rials_a_day.data, now, by)

    return _done(account_id, form, work, "caps")


@blueprint.post("/<int:account_id>/grants")
@needs("account.change")
def grants(account_id: int) -> Answer | Response:
    form = GrantsForm(tag="grants")
    form.grants.choices = [SelectChoice(name, grant(name)) for name in permissions.GRANTS]
    by, now = person().id, wall_ms()
    return _done(
        account_id, form, lambda: accounts.grant(account_id, form.grants.data or [], by, now), "grants"
    )


@blueprint.post("/<int:account_id>/numbers")
@needs("account.change")
def confirm_number(account_id: int) -> Answer | Response:
    """Confirm a number that the account's campaigns may show."""
    form = NumberForm(tag="number")
    by, now = person().id, wall_ms()
    return _done(
        account_id, form, lambda: caller_ids.confirm(account_id, form.number.data, by, now), "number"
    )


@blueprint.post("/<int:account_id>/numbers/<number>/withdraw")
@needs("account.change")
def withdraw_number(account_id: int, number: str) -> Response:
    by, now, policy = person().id, wall_ms(), web().policy
    paused = write(lambda: own_numbers.withdraw(account_id, number, by, now, policy))
    flash(
        _("The number was taken away; %(n)s campaigns were paused.", n=shown_number(len(paused))), "warning"
    )
    return redirect(url_for("accounts.detail", account_id=account_id))


@blueprint.post("/<int:account_id>/suspend")
@needs("account.change")
def suspend(account_id: int) -> Answer | Response:
    form = SuspendForm(tag="suspend")
    by, now = person().id, wall_ms()
    return _done(
        account_id, form, lambda: account_states.suspend(account_id, form.reason.data, by, now), "suspend"
    )


@blueprint.post("/<int:account_id>/unsuspend")
@needs("account.change")
def unsuspend(account_id: int) -> Response:
    by, now = person().id, wall_ms()
    write(lambda: account_states.unsuspend(account_id, by, now))
    flash(_("The account goes on."), "success")
    return redirect(url_for("accounts.detail", account_id=account_id))


@blueprint.get("/<int:account_id>/money")
@for_staff
@needs("money.view")
def money(account_id: int) -> str:
    return render_template("accounts/money.html", **_money(account_id))


@blueprint.post("/<int:account_id>/adjust")
@needs("money.adjust")
def adjust(account_id: int) -> Answer | Response:
    form = AdjustForm(tag="adjust")
    by, now = person().id, wall_ms()

    def work() -> None:
        amount = form.amount.data if form.direction.data == "give" else -form.amount.data
        ledger.adjust(account_id, amount, form.note.data, f"adjust/{account_id}/{form.key.data}", by, now)

    if not attempt(form, work):
        return refused("accounts/money.html", **_money(account_id, form))
    flash(_("The credit was adjusted."), "success")
    return redirect(url_for("accounts.money", account_id=account_id))


@blueprint.get("/audit")
@needs("audit.view")
def audit() -> str:
    """The audit log of one account (``?account=``) or of all."""
    account_id, before = request.args.get("account", type=row_id), before_id()

    def work() -> dict[str, Any]:
        rows = audit_log.entries(account_id, before_id=before, limit=101)
        return {
            "rows": rows[:100],
            "older": rows[99].id if len(rows) > 100 else None,
            "people": people_names([row.person_id for row in rows]),
        }

    return render_template("accounts/audit.html", account_id=account_id, **read(work))


def _done(account_id: int, form: PageForm, work: Any, name: str) -> Answer | Response:
    if not attempt(form, work):
        return refused("accounts/detail.html", **_account(account_id, **{name: form}))
    flash(_("The account was changed."), "success")
    return redirect(url_for("accounts.detail", account_id=account_id))


def _account(account_id: int, **forms: Any) -> dict[str, Any]:
    me, now, caps = person(), wall_ms(), web().policy.caps

    def work() -> dict[str, Any]:
        row = accounts.get(account_id)
        entries = (
            audit_log.entries(account_id, limit=AUDIT_SHOWN) if permissions.may(me, "audit.view") else None
        )
        return {
            "row": row,
            "money": ledger.money_of(account_id) if permissions.may(me, "money.view") else None,
            "subscriptions": subscriptions.history(account_id),
            "staff_people": people.of_account(account_id),
            "numbers": caller_ids.confirmed(account_id),
            "reviews": identity.reviews(account_id, limit=5),
            "tickets": views.of_account(me, account_id, now, limit=5),
            "usage": traffic_caps.usage(account_id, caps, now),
            "entries": entries,
            "people": people_names([each.person_id for each in entries or []]),
            "own_caps": traffic_caps.own_caps_of(account_id),
            "children": accounts.list_accounts(parent_id=account_id, limit=20),
        }

    shown = read(work)
    row = shown["row"]
    return {
        **shown,
        **_forms(row, shown["own_caps"], forms),
        "may_lend": permissions.may(me, "account.terms") and not row.is_house,
        "may_change": permissions.may(me, "account.change") and not row.is_house,
        "is_suspended": row.state == AccountState.SUSPENDED,
    }


def _forms(row: Any, own: Any, sent: dict[str, Any]) -> dict[str, Any]:
    """The forms of an account's page: those of `sent` by name, the others filled from its row and caps."""
    limits = sent.get("limits") or LimitsForm.blank(
        "limits", **{name: getattr(row, name) for name in _LIMITS}
    )
    terms = sent.get("terms") or TermsForm.blank(
        "terms", price_group_id=row.price_group_id or 0, debt_ceiling=row.debt_ceiling
    )
    _groups(terms)
    grants = sent.get("grants") or GrantsForm.blank("grants", grants=row.permissions.split())
    grants.grants.choices = [SelectChoice(name, grant(name)) for name in permissions.GRANTS]
    caps = sent.get("caps") or CapsForm.blank(
        "caps",
        min_gap_s=row.min_gap_s,
        max_calls_a_day=row.max_calls_a_day,
        calls_an_hour=own.calls_an_hour if own else None,
        rials_a_day=own.rials_a_day if own else None,
    )
    return {
        "limits": limits,
        "terms": terms,
        "grants": grants,
        "caps": caps,
        "number": sent.get("number") or NumberForm.blank("number"),
        "suspend": sent.get("suspend") or SuspendForm.blank("suspend"),
    }


def _money(account_id: int, form: AdjustForm | None = None) -> dict[str, Any]:
    before, me = before_id(), person()

    def work() -> dict[str, Any]:
        lines = ledger.statement(account_id, before_id=before, limit=101)
        return {
            "row": accounts.get(account_id),
            "money": ledger.money_of(account_id),
            "lines": lines[:100],
            "older": lines[99].txn_id if len(lines) > 100 else None,
            "people": people_names([line.person_id for line in lines]),
        }

    return {
        **read(work),
        "form": form or AdjustForm.blank("adjust"),
        "may_adjust": permissions.may(me, "money.adjust"),
    }


def _groups(form: Any) -> None:
    rows = read(pricing.groups)
    form.price_group_id.choices = [
        SelectChoice(0, _("the default")),
        *(SelectChoice(row.id, row.name) for row in rows),
    ]
