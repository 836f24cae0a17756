"""When and how a new campaign calls; all errors are shown at once, beside their fields."""

from __future__ import annotations

import dataclasses
from typing import Any

from flask import Blueprint, redirect
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from engine.clock import wall_ms
from engine.errors import BadInput, NotAllowed
from engine.services.accounts import accounts, permissions
from engine.services.campaigns import campaigns, repeats
from engine.services.campaigns.rules import CampaignRules, for_customer
from engine.services.campaigns.uploads import Pending
from engine.services.compliance import caller_ids, message_kinds
from engine.services.money import pricing
from engine.services.trunks import gateways
from engine.states import MessageKind
from engine.store.threads import read
from webui.campaigns import drafts, list_checks
from webui.campaigns.change import day_choices
from webui.campaigns.forms import NOW, REPEATED, RulesForm, filled_in
from webui.i18n.formats import instant_example
from webui.i18n.sentences import said
from webui.request.access import is_staff, needs
from webui.request.context import web

blueprint = Blueprint("new_rules", __name__, url_prefix="/campaigns/new", template_folder="templates")

# Where a rule stands in the form, if not under its own name.
_FIELDS = {"retry_after_s": "retry_after", "delivered_share": "delivered_percent"}


@blueprint.route("/<token>/rules", methods=["GET", "POST"])
@needs("campaign.change")
def show(token: str) -> str | tuple[str, int] | Response:
    pending = list_checks.pending_of(token)
    filled = RulesForm(data=_start_values(pending))
    if not filled.is_submitted():
        return _page(filled, pending)
    filled = RulesForm()
    _choices(filled, pending.account_id)
    is_whole = filled.validate()
    rules = filled.rules() if is_staff() else for_customer(filled.rules())
    _complain(filled, pending, rules)
    if not is_whole or filled.errors:
        return _page(filled, pending), 400
    old_kind = pending.rules.get("kind", MessageKind.SERVICE)
    pending.rules = dataclasses.asdict(rules)
    pending.texts = filled.texts()
    is_repeated = filled.begins.data == REPEATED
    pending.every = filled.every.data if is_repeated else ""
    pending.until_at = filled.instant("until_at") if is_repeated else None
    drafts.keep(pending)
    if rules.kind != old_kind and pending.list_name:  # other do-not-call lists count
        list_checks.begin(pending, rules.kind)
        pending = list_checks.pending_of(token)
    return redirect(drafts.next_href(pending, drafts.RULES))


def _complain(filled: RulesForm, pending: Pending, rules: CampaignRules) -> None:
    """Say beside the fields what the services would refuse, unless the field says something already."""
    policy, account_id, now = web().policy, pending.account_id, wall_ms()

    def work() -> list[tuple[str, BadInput | NotAllowed]]:
        found = list(campaigns.problems_of_new(account_id, rules, policy))
        if rules.kind != MessageKind.SERVICE:
            try:
                accounts.require_kind(account_id, rules.kind)
            except (BadInput, NotAllowed) as error:
                found.append(("kind", error))
        return found

    for name, error in read(work):
        _beside(filled, _FIELDS.get(name, name), said(error))
    starts_at, until_at = rules.starts_at, filled.instant("until_at")
    if filled.begins.data != NOW and starts_at is not None and starts_at <= now:
        _beside(filled, "starts_at", _("This time has passed."))
    if filled.begins.data == REPEATED:
        try:
            repeats.check(filled.every.data, starts_at, until_at)
        except BadInput as error:
            _beside(filled, "until_at", said(error))


def _beside(filled: RulesForm, name: str, sentence: str) -> None:
    fields: dict[str, Any] = {field.name: field for field in filled}
    field = fields.get(name, filled.name)
    if not field.errors:
        field.errors = [sentence]


def _start_values(pending: Pending) -> dict[str, Any]:
    if pending.rules:
        return filled_in(
            CampaignRules.of_document(pending.rules), pending.every, pending.until_at, pending.texts
        )
    return {"windows": _hours(pending.account_id)[MessageKind.SERVICE], "weekdays": list("1234567")}


def _hours(account_id: int) -> dict[str, str]:
    """The hours in which the account may send each kind of message, as they are written; empty: any."""

    hours = web().policy.hours

    def work() -> dict[str, str]:
        any_hour = message_kinds.may_any_hour(accounts.get(account_id))
        return {kind.value: str(hours.allowed(kind, any_hour)) for kind in MessageKind}

    return read(work)


def _choices(filled: RulesForm, account_id: int) -> None:
    """What may be chosen: days, kinds and gateways."""
    account, names = read(lambda: (accounts.get(account_id), [row.name for row in gateways.all_gateways()]))
    filled.weekdays.choices = day_choices()
    filled.gateways.choices = [SelectChoice(name, name) for name in names]
    filled.may_text = drafts.may_text(account)
    filled.may_record = is_staff() or accounts.is_granted(account, permissions.RECORDING)
    filled.kind.choices = [
        choice
        for choice in RulesForm.kind.kwargs["choices"]
        if choice.value != MessageKind.EMERGENCY
        or is_staff()
        or permissions.EMERGENCY in account.permissions.split()
    ]


def _page(filled: RulesForm, pending: Pending) -> str:
    _choices(filled, pending.account_id)
    account_id = pending.account_id
    now = wall_ms()
    account, shown, price = read(
        lambda: (
            accounts.get(account_id),
            caller_ids.confirmed(account_id),
            pricing.price_of(account_id, now),
        )
    )
    return drafts.page(
        "new_campaign/rules.html",
        drafts.RULES,
        pending,
        form=filled,
        example=instant_example(),
        hours=_hours(account_id),
        text_part=price.text_part,
        own_numbers=list(dict.fromkeys(filter(None, [account.caller_id, *(row.number for row in shown)]))),
    )
