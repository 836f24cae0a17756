"""The first page after log-in: the portal for customers, the board for staff."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine.clock import wall_ms
from engine.services.accounts import accounts, permissions
from engine.services.campaigns import view
from engine.services.messages import library
from engine.services.money import ledger, subscriptions
from engine.services.notices import notices
from engine.services.onboarding import identity
from engine.services.sla import availability
from engine.services.tickets import views
from engine.states import AccountState
from engine.store.threads import read, write
from webui.forms.pages import customers_only, pages_blueprint
from webui.home import board
from webui.i18n.formats import language
from webui.request.access import account_scope, for_staff, is_staff, needs, person
from webui.request.context import web

blueprint = pages_blueprint(__name__, "portal")

RENEW_MS = 14 * 86_400_000
CAMPAIGNS_SHOWN = 5
ANSWERS_SHOWN = 3
_OF_NEWS = ("waiting", "by_phone", "rejected")


@blueprint.get("/")
@needs("account.view")
def start() -> str | Response:
    """The first page: staff see what waits and the state of the service, customers what concerns them."""
    if is_staff():
        return render_template("portal/board.html", **board.shown())
    return render_template("portal/home.html", **_home(customers_only()))


@blueprint.get("/live")
@needs("account.view")
def live() -> str:
    """The first page's live part."""
    if is_staff():
        return render_template("portal/_board.html", **board.shown())
    return render_template("portal/_home.html", **_home(customers_only()))


@blueprint.get("/alarms")
@for_staff
def alarms() -> str:
    """The present alarms, which every page polls."""
    return render_template("alarms.html")


@blueprint.post("/notices/<int:notice_id>/read")
@needs("account.view")
def read_notice(notice_id: int) -> Response:
    """The receipt of a notice."""
    me, now = person(), wall_ms()
    customers_only()
    write(lambda: notices.mark_read(me, notice_id, now))
    return redirect(url_for("portal.start"))


def _home(account_id: int) -> dict[str, Any]:
    me, now, scope, jalali = person(), wall_ms(), account_scope(), web().settings.sla_month == "jalali"

    def work() -> dict[str, Any]:
        account = accounts.get(account_id)
        return {
            "account": account,
            "notices": notices.first_page(me, now),
            "month": availability.month_to_date(account_id, now, jalali),
            "money": ledger.money_of(account_id) if permissions.may(me, "money.view", account_id) else None,
            "asked": views.unread_of(account_id),
            "answered": views.of_account(me, account_id, now, state="answered", limit=ANSWERS_SHOWN),
            "has_plan": bool(subscriptions.plans()),
            "undecided": library.of_state(account_id, _OF_NEWS, ANSWERS_SHOWN),
            "review": next(iter(identity.reviews(account_id, limit=1)), None),
            "campaigns": view.views(now, scope, states=("running",), limit=CAMPAIGNS_SHOWN)
            or view.views(now, scope, limit=CAMPAIGNS_SHOWN),
        }

    shown = read(work)
    english, persian = shown["month"].sentence()
    return {
        **shown,
        "sentence": persian if language() == "fa" else english[0].upper() + english[1:] + ".",
        "step": _next_step(
            shown["account"],
            shown["review"],
            permissions.may(me, "identity.submit", account_id),
            shown["has_plan"],
            now,
        ),
    }


def _next_step(account: Any, review: Any, is_owner: bool, has_plan: bool, now: int) -> tuple[str, str, str]:
    """The next thing to do: (sentence, address, text of the button); without an address there is nothing to do but wait."""
    state = AccountState(account.state)
    if state == AccountState.REGISTERED:
        step = (
            _("Verify your mobile: we ring it and speak a code."),
            "registration.verify",
            _("Verify the mobile"),
        )
    elif state == AccountState.MOBILE_VERIFIED:
        if review is not None and review.state == "submitted":
            return _("Your identity lies with our staff; you are told when it is decided."), "", ""
        if review is not None and review.state == "returned":
            why = _("Your identity was returned: %(why)s", why=review.reason)
            step = (why, "registration.identify", _("Submit it again"))
        else:
            step = (_("Tell us who you are."), "registration.identify", _("Submit the identity"))
    elif state == AccountState.IDENTITY_VERIFIED and not has_plan:
        return (
            _("Your identity was accepted. No subscription is on sale at the moment; ask us for one."),
            url_for("tickets.new"),
            _("Write to us"),
        )
    elif state == AccountState.IDENTITY_VERIFIED:
        step = (
            _("Pay the subscription; then you can send at once."),
            "balance.index",
            _("Pay the subscription"),
        )
    elif state == AccountState.SUSPENDED:
        return (
            _("The account is suspended: %(why)s", why=account.state_reason),
            url_for("tickets.new"),
            _("Write to us"),
        )
    elif state == AccountState.EXPIRED:
        step = (_("The subscription has ended; renew it to send."), "balance.index", _("Renew"))
    elif account.expires_at is not None and account.expires_at - now < RENEW_MS:
        step = (_("The subscription ends soon."), "balance.index", _("Renew"))
    else:
        return _("The account is active."), url_for("new_campaign.form"), _("New campaign")
    if not is_owner:
        return _("%(what)s The owner of the account does this.", what=step[0]), "", ""
    return step[0], url_for(step[1]), step[2]
