"""The texts that followed an account's calls, with their states: all, or those of one campaign."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from engine.services.accounts import accounts, permissions
from engine.services.campaigns import campaigns
from engine.services.outbox import text_log
from engine.store.threads import read
from webui.forms.number_fields import row_id
from webui.forms.pages import before_id, own_account, pages_blueprint
from webui.i18n.words import may_do
from webui.request.access import is_staff, needs

blueprint = pages_blueprint(__name__, "texts", "/texts")

PAGE = 50


@blueprint.get("")
@needs("campaign.view")
def index() -> str:
    """A page of the texts; staff name the account (``?account=``)."""
    account_id, before = own_account(request.args.get("account", type=row_id)), before_id()
    campaign_id, state = request.args.get("campaign", type=row_id), request.args.get("state", "")
    state = state if state in text_log.STATES else ""

    def work() -> dict[str, Any]:
        rows = text_log.page(account_id, state, campaign_id, before, PAGE + 1)
        return {
            "account": accounts.get(account_id),
            "campaign": None if campaign_id is None else campaigns.get(campaign_id, account_id),
            "rows": rows[:PAGE],
            "older": rows[PAGE - 1].recipient_id if len(rows) > PAGE else None,
            "granted": accounts.has_grant(account_id, permissions.TEXTS),
        }

    return render_template(
        "texts/index.html", state=state, states=text_log.STATES, state_of=text_log.state_of, staff=is_staff(),
        may_see_cost=may_do("money.view"), **read(work),
    )  # fmt: skip
