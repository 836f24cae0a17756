"""A new campaign: its numbers come first and are kept as a draft; the last page shows a summary and creates it."""

from __future__ import annotations

import dataclasses
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine.clock import wall_ms
from engine.errors import BadInput, NotFound
from engine.sentences import Sentence
from engine.services.accounts import accounts, permissions
from engine.services.accounts.display_names import account_names
from engine.services.campaigns import campaigns, drafts, launch
from engine.services.campaigns.preflight import Preflight, estimate_end, ground_of
from engine.services.campaigns.rules import CampaignRules, call_length_s, for_customer
from engine.services.campaigns.start_checks import refusal
from engine.services.campaigns.uploads import Pending
from engine.services.lists import contact_lists
from engine.services.messages.library import Message
from engine.services.messages.personal import Template, is_template
from engine.services.money import pricing
from engine.services.money.reservations import longest_heard_ms
from engine.services.outbox import texts
from engine.states import MessageState
from engine.store.threads import read, write
from webui.campaigns import drafts as steps
from webui.campaigns import list_checks
from webui.campaigns.list_files import NumbersForm, take_list
from webui.forms.number_fields import row_id
from webui.forms.player import sheet_of
from webui.i18n.formats import calendar
from webui.i18n.sentences import said
from webui.request.access import account_scope, is_staff, needs, person
from webui.request.context import web

blueprint = Blueprint("new_campaign", __name__, url_prefix="/campaigns/new", template_folder="templates")


@blueprint.route("", methods=["GET", "POST"])
@needs("campaign.change")
def form() -> str | tuple[str, int] | Response:
    """The form for the numbers; with ``?clone=ID`` the campaign gets the rules and the message of another."""
    clone = request.args.get("clone", type=row_id)
    old = _old(clone) if clone is not None else None
    whose = old.account_id if old is not None else account_scope()
    filled = _form(whose)
    if request.method == "GET":
        return _page(filled, old)
    if not filled.validate():
        return _page(filled, old), 400
    account_id = whose if whose is not None else int(filled.account.data)
    uploads = web().uploads
    try:
        if not is_staff():
            read(lambda: drafts.check_room(account_id))
        pending = uploads.new(person().id, account_id, wall_ms())
        try:
            _begin(filled, pending, old)
        except BaseException:
            uploads.discard(pending.token)
            raise
    except BadInput as error:
        filled.numbers.errors = [*filled.numbers.errors, said(error)]
        return _page(filled, old), 400
    return redirect(url_for("new_list.show", token=pending.token))


@blueprint.post("/<token>/discard")
@needs("campaign.change")
def discard(token: str) -> Response:
    """Discard an unfinished campaign with its files."""
    pending = list_checks.pending_of(token)
    write(lambda: drafts.forget(pending.token))
    web().uploads.discard(pending.token)
    flash(_("It was discarded."), "success")
    return redirect(url_for("new_campaign.form"))


@blueprint.get("/<token>")
@needs("campaign.change")
def check(token: str) -> str | Response:
    """All rules, cost and duration, computed with the present gateways, switches and caps."""
    pending = list_checks.pending_of(token)
    if pending.campaign_id:
        raise NotFound("This upload is for another campaign.")
    lacking = [step for step in steps.steps(pending)[:-1] if not step.is_done]
    if [step.name for step in lacking] == [steps.LIST] and (rows := _rows_so_far(pending)) is not None:
        return steps.page("new_campaign/wait.html", steps.CHECK, pending, rows=rows)
    if lacking:
        flash(_("Something is still missing: %(what)s.", what=lacking[0].title), "warning")
        return redirect(lacking[0].href)
    message = steps.message_of(pending)
    assert message is not None
    rules, found = CampaignRules.of_document(pending.rules), Preflight.of_dict(pending.checked or {})
    now, policy, share, kind = wall_ms(), web().policy, web().settings.inbound_share, rules.kind
    is_personal = is_template(message.text)
    longest_s = call_length_s(
        rules, message.duration_ms, has_variables=is_personal, max_call_s=policy.max_call_s
    )
    # The reservation at the start is computed with the same length of a call.
    heard_ms = longest_heard_ms(
        None if is_personal else message.duration_ms, longest_s, repeats=bool(rules.repeat_key)
    )
    account_id, parts = pending.account_id, texts.most_parts(pending.texts.values())
    ground, quote, names = read(
        lambda: (
            ground_of(account_id, kind, share, now, policy),
            pricing.quote(account_id, found.mobiles, found.valid - found.mobiles, heard_ms, now, parts),
            account_names([account_id]),
        )
    )
    estimate_end(found, rules, message.duration_ms, ground, now, policy.zone, quote.average_call)
    return steps.page(
        "new_campaign/check.html",
        steps.CHECK,
        pending,
        found=found,
        rules=rules,
        hours=rules.hours().within(ground.hours),
        message=message,
        account=names.get(account_id, ""),
        text_parts=parts,
        not_yet=_not_yet(message),
        is_rejected=message.state == MessageState.REJECTED,
        quote=quote,
        usage=ground.caps,
        is_personal=is_personal,
        lacking=(lacking_columns := steps.lacking_columns(message, found.columns)),
        unspoken=[] if lacking_columns else read(lambda: _unspoken(message, found, account_id)),
        sheet=sheet_of(message.prompt),
    )


def _rows_so_far(pending: Pending) -> int | None:
    """How many lines were read of a list that is still being read; None when it is not."""
    if not pending.list_name or pending.first_rows is not None:
        return None
    check = web().checks.find(pending.token)
    return check.rows if check is not None and not check.ended.is_set() else None


@blueprint.get("/<token>/reading")
@needs("campaign.change")
def reading(token: str) -> str | Response:
    """The progress of reading the list; at the end the browser loads the whole page."""
    pending = list_checks.pending_of(token)
    check = web().checks.find(token)
    is_read = pending.checked is not None or pending.first_rows is not None
    if is_read or check is None or check.ended.is_set():
        return Response(headers={"HX-Refresh": "true"})
    return render_template("new_campaign/_reading.html", rows=check.rows)


@blueprint.post("/<token>")
@needs("campaign.change")
def confirm(token: str) -> Response:
    """Create the campaign; its list is imported outside this request, and after that it starts if that button was pressed."""
    pending = list_checks.pending_of(token)
    if any(not step.is_done for step in steps.steps(pending)[:-1]):
        raise NotFound("This upload was not checked.")
    starts = request.form.get("action") == "start"
    account_id, wanted = pending.account_id, texts.wanted_of(pending.texts)
    _campaign_id, import_id = launch.launch(
        web().uploads,
        pending,
        web().policy,
        starts=starts,
        awaits_approval=starts and "awaits" in request.form,
        is_jalali=calendar() == "jalali",
        also=lambda made: texts.allow(account_id, made, wanted, ()) if wanted else None,
        write=write,
        now=wall_ms(),
    )
    return redirect(url_for("list_imports.detail", import_id=import_id))


def _begin(filled: NumbersForm, pending: Pending, old: Any) -> None:
    """Put the numbers into a new upload; BadInput when they cannot be read."""
    if old is not None:
        rules = dataclasses.replace(CampaignRules.of(old), starts_at=None, ends_at=None)
        rules = dataclasses.replace(rules, name=_("%(name)s (again)", name=old.name)[:200])
        pending.rules = dataclasses.asdict(rules if is_staff() else for_customer(rules))
        pending.message_id = old.message_id
        account, following = read(lambda: (accounts.get(old.account_id), texts.of_campaign(old.id)))
        pending.texts = following if steps.may_text(account) else {}
    take_list(filled, pending)
    web().uploads.write(pending)
    list_checks.must_open(pending, _kind(pending))
    steps.keep(list_checks.pending_of(pending.token))


def _kind(pending: Pending) -> str:
    return str(pending.rules.get("kind", "service"))


def _old(campaign_id: int) -> campaigns.Campaign:
    scope = account_scope()
    return read(lambda: campaigns.get(campaign_id, scope))


def _form(whose: int | None) -> NumbersForm:
    """The form for the account `whose`, with its lists; None: still to be chosen, with the house account proposed."""
    filled = NumbersForm() if whose is not None else NumbersForm(data={"account": read(accounts.house).id})
    if whose is not None:
        del filled.account
        filled.offer(read(lambda: contact_lists.whole(whose)))
    else:
        filled.offer([])
    return filled


def _page(filled: NumbersForm, old: Any) -> str:
    me = person().id
    return render_template(
        "new_campaign/numbers.html",
        form=filled,
        old=old,
        drafts=read(lambda: drafts.of_person(me)) if old is None else [],
        max_mb=web().settings.max_upload_mb,
    )


def _unspoken(message: Message, found: Preflight, account_id: int) -> list[tuple[int, Sentence]]:
    """The first recipients for whom the message's text cannot be made: line and reason.  Inside a connection."""
    if not is_template(message.text):
        return []
    template, is_free = Template(message.text), accounts.has_grant(account_id, permissions.OWN_VOICE)
    tried = (
        (line, template.spoken(dict(zip(found.columns, cells, strict=False)), is_free)[1])
        for line, cells in found.sample
    )
    return [(line, why_not) for line, why_not in tried if why_not is not None]


def _not_yet(message: Message) -> str:
    """A sentence why a campaign with this message cannot start yet; empty if it can."""
    refused = refusal(message.title, message.state, message.reason)
    return said(refused) if refused else ""
