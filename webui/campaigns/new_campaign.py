"""A new campaign: list, message and rules go in; the pre-flight is shown; then it is made."""

from __future__ import annotations

import dataclasses
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from engine.clock import wall_ms
from engine.errors import BadInput, NotAllowed, NotFound
from engine.services.accounts import accounts, permissions, quotas
from engine.services.accounts.display_names import accounts_for_choice
from engine.services.campaigns import campaigns, launch
from engine.services.campaigns.preflight import Preflight, limits_of_switches, reckon
from engine.services.campaigns.rules import CampaignRules, for_customer, longest_call_s
from engine.services.campaigns.start_checks import refusal
from engine.services.campaigns.uploads import Pending
from engine.services.lists.choices import Choices, choices_of
from engine.services.messages import library, prompts
from engine.services.messages.library import Message
from engine.services.messages.personal import Template, is_template
from engine.services.messages.sound_sheet import Sheet, read_sheet
from engine.services.money import pricing
from engine.services.trunks import gateways, switches
from engine.states import MessageKind, MessageState
from engine.store.threads import read, write
from engine.text import shown_name
from webui.campaigns import list_checks
from webui.campaigns.forms import CampaignForm, filled_in
from webui.forms.number_fields import row_id
from webui.forms.player import send_prompt, sheet_of
from webui.i18n.formats import instant_example
from webui.i18n.sentences import said
from webui.i18n.words import WORDS
from webui.request.access import account_scope, is_staff, needs, person
from webui.request.context import web

blueprint = Blueprint("new_campaign", __name__, url_prefix="/campaigns/new", template_folder="templates")

MESSAGES_SHOWN = 100
ACCOUNTS_SHOWN = 500


@blueprint.route("", methods=["GET", "POST"])
@needs("campaign.change")
def form() -> str | tuple[str, int] | Response:
    """The form; with ``?clone=ID`` filled with a campaign's rules, with ``?draft=`` with those of an upload."""
    if request.method == "GET":
        pending = list_checks.pending_of(request.args["draft"]) if "draft" in request.args else None
        filled = CampaignForm(data=_start_values(pending))
        _choices(filled)
        return _page(filled, pending)
    filled = CampaignForm()
    _choices(filled)
    pending = None
    if filled.draft.data:
        try:
            pending = list_checks.pending_of(filled.draft.data)
        except NotFound as error:
            flash(said(error), "warning")
    if not filled.validate():
        return _page(filled, pending), 400
    try:
        pending = pending or _new_upload(filled.account.data)
        if not _take_over(filled, pending):
            return _page(filled, pending), 400
    except (BadInput, NotAllowed) as error:
        flash(said(error), "danger")
        return _page(filled, pending), 400
    return redirect(url_for("new_campaign.check", token=pending.token))


@blueprint.get("/<token>")
@needs("campaign.change")
def check(token: str) -> str | Response:
    """The pre-flight of an upload, reckoned with the gateways and switches of this moment."""
    pending = list_checks.pending_of(token)
    if pending.checked is None:
        return _still_reading(pending)
    rules = CampaignRules.of_document(pending.rules)
    found = Preflight.of_dict(pending.checked)
    share = web().settings.inbound_share
    known, limits, message = read(
        lambda: (
            gateways.all_gateways(),
            limits_of_switches(switches.all_switches(), share),
            _message(pending),
        )
    )
    duration_ms = message.duration_ms if message is not None else pending.duration_ms
    is_personal = message is not None and is_template(message.text)
    # Everybody hears a message of their own then: what may be charged is what will be reserved.
    priced_ms = (
        1000 * min(longest_call_s(rules, duration_ms, has_variables=True), web().settings.max_call_s)
        if is_personal
        else duration_ms
    )
    quote = read(
        lambda: pricing.quote(
            pending.account_id, found.mobiles, found.valid - found.mobiles, priced_ms, wall_ms()
        )
    )
    reckon(found, rules, duration_ms, known, wall_ms(), web().zone, limits)
    return render_template(
        "new_campaign/check.html",
        found=found,
        rules=rules,
        pending=pending,
        title=message.title if message is not None else pending.sound_name,
        not_yet=_not_yet(pending, message),
        duration_ms=duration_ms,
        quote=quote,
        is_personal=is_personal,
        lacking=_lacking(message, found.columns),
        choices=choices_of(pending.choices),
        sheet=_sheet(pending, message),
    )


@blueprint.get("/<token>/reading")
@needs("campaign.change")
def reading(token: str) -> str | Response:
    """How far the list has been read; at its end the whole page is asked for."""
    pending = list_checks.pending_of(token)
    check = web().checks.find(token)
    if pending.checked is not None or check is None or check.ended.is_set():
        return Response(headers={"HX-Refresh": "true"})
    return render_template("new_campaign/_reading.html", rows=check.rows)


@blueprint.post("/<token>")
@needs("campaign.change")
def confirm(token: str) -> Response:
    """Make the draft; its list is brought in outside this request, and it starts then if that was the button."""
    pending = list_checks.pending_of(token)
    if pending.checked is None:
        raise NotFound("This upload was not checked.")
    starts = request.form.get("action") == "start"
    _campaign_id, import_id = launch.launch(
        web().uploads, pending, web().settings, starts=starts, write=write, now=wall_ms()
    )
    return redirect(url_for("list_imports.detail", import_id=import_id))


@blueprint.post("/<token>/list")
@needs("campaign.change")
def choose(token: str) -> Response:
    """Read the list again, in the way that was chosen on the page."""
    pending = list_checks.pending_of(token)
    before = pending.choices
    if list_checks.choose(pending):
        check = list_checks.begin(pending, pending.rules["kind"])
        if check.error is not None:  # so it cannot be read: as it was before
            flash(list_checks.failure(check), "danger")
            pending.choices = before
            web().uploads.write(pending)
            list_checks.begin(pending, pending.rules["kind"])
    return redirect(url_for("new_campaign.check", token=token))


@blueprint.get("/<token>/message.wav")
@needs("campaign.change")
def sound(token: str) -> Response:
    """The message of an upload, as the telephone will hear it."""
    pending = list_checks.pending_of(token)
    message = read(lambda: _message(pending))
    if message is not None:
        return send_prompt(web().settings.prompts_dir, message.prompt)
    if not pending.prompt:
        raise NotFound("This upload has no message yet.")
    return send_prompt(web().uploads.prompts_dir(pending), pending.prompt)


def _new_upload(account_id: int) -> Pending:
    """Begin an upload; QuotaUsed when too many of the customer's wait to be confirmed."""
    uploads = web().uploads
    if not is_staff():
        waiting = web().apart(lambda: uploads.count(account_id))
        read(lambda: quotas.check_uploads(account_id, waiting))
    return uploads.new(person().id, account_id, wall_ms())


def _take_over(filled: CampaignForm, pending: Pending) -> bool:
    """Bring what was filled in into the upload and check the list; False: a field says what is wrong."""
    uploads = web().uploads
    pending.account_id = filled.account.data
    pending.checked = None
    _keep_files(filled, pending)
    uploads.write(pending)
    rules = filled.rules() if is_staff() else for_customer(filled.rules())
    longest = web().settings.max_call_s  # asked here: the readers' threads know no request
    read(lambda: _check_rules(pending.account_id, rules, longest))
    pending.rules = dataclasses.asdict(rules)
    if not pending.list_name:
        _complain(filled.numbers, _("Choose the list of numbers."))
    if not pending.prompt and pending.message_id is None and not filled.sound.errors:
        _complain(filled.sound, _("Choose the message."))
    uploads.write(pending)
    if pending.list_name:
        _check_list(filled, pending)
        if not pending.list_name:
            uploads.write(pending)
    return not (filled.numbers.errors or filled.sound.errors)


def _keep_files(filled: CampaignForm, pending: Pending) -> None:
    uploads = web().uploads
    if _is_given(filled.numbers.data):
        pending.list_name = shown_name(filled.numbers.data.filename or "", "—")
        web().apart(lambda: uploads.save(pending, "list", pending.list_name, filled.numbers.data.stream))
    pending.choices = Choices((filled.number_column.data or "").strip()).kept()
    if filled.message.data:
        pending.message_id = int(read(lambda: prompts.get(filled.message.data, pending.account_id)).id)
        pending.sound_name, pending.prompt, pending.duration_ms = "", "", 0
    if _is_given(filled.sound.data):
        name = shown_name(filled.sound.data.filename or "", "—")
        folder = uploads.prompts_dir(pending)

        def convert() -> tuple[str, int]:
            path = uploads.save(pending, "sound", name, filled.sound.data.stream)
            return prompts.store_prompt(
                path, folder, name, trims=filled.trims.data, account=pending.account_id
            )

        try:
            prompt, duration_ms = web().apart(convert, waits=True)
        except BadInput as error:
            _complain(filled.sound, said(error))
            return
        pending.prompt, pending.duration_ms = prompt, duration_ms
        pending.sound_name, pending.message_id = name, None


def _check_rules(account_id: int, rules: CampaignRules, max_call_s: int) -> None:
    """Refuse at the first step what could never start; inside a connection."""
    campaigns.check_new(account_id, rules, max_call_s)
    if rules.kind != MessageKind.SERVICE:
        accounts.require_kind(account_id, rules.kind)


def _check_list(filled: CampaignForm, pending: Pending) -> None:
    """Begin to read the list; what a short one lacks is said at once."""
    check = list_checks.begin(pending, pending.rules["kind"])
    if check.error is not None:
        web().checks.forget(pending.token)
        _complain(filled.numbers, list_checks.failure(check))
        pending.list_name = ""


def _still_reading(pending: Pending) -> str | Response:
    """The page while the list is read; back to the form when it cannot be used."""
    is_whole = bool(pending.rules and pending.list_name and (pending.prompt or pending.message_id))
    back = redirect(url_for("new_campaign.form", draft=pending.token))
    if not is_whole:
        return back
    check = web().checks.find(pending.token)
    check = check or list_checks.begin(pending, pending.rules["kind"])  # this process began only now
    if check.error is not None:
        web().checks.forget(pending.token)
        flash(list_checks.failure(check), "danger")
        pending.list_name = ""
        web().uploads.write(pending)
        return back
    if check.ended.is_set():
        return redirect(url_for("new_campaign.check", token=pending.token))
    return render_template("new_campaign/reading.html", pending=pending, rows=check.rows)


def _complain(field: Any, sentence: str) -> None:
    field.errors = [*field.errors, sentence]


def _is_given(file: Any) -> bool:
    return isinstance(file, FileStorage) and bool(file.filename)


def _start_values(pending: Pending | None) -> dict[str, Any]:
    if pending is not None:
        values = filled_in(CampaignRules.of_document(pending.rules)) if pending.rules else {}
        return values | {
            "draft": pending.token,
            "account": pending.account_id,
            "message": pending.message_id or 0,
            "number_column": choices_of(pending.choices).columns,
        }
    clone = request.args.get("clone", type=row_id)
    if clone is None:
        return {"windows": _hours()[MessageKind.SERVICE]}
    scope = account_scope()
    row = read(lambda: campaigns.get(clone, scope))
    values = filled_in(CampaignRules.of(row))
    name = _("%(name)s (again)", name=row.name)
    return values | {"name": name, "account": row.account_id, "message": row.message_id or 0}


def _hours() -> dict[str, str]:
    """The hours that the form proposes for each kind of message."""
    settings = web().settings
    return {
        MessageKind.SERVICE.value: settings.hours_service,
        MessageKind.ADVERTISING.value: settings.hours_advertising,
        MessageKind.EMERGENCY.value: settings.hours_emergency,
    }


def _choices(filled: CampaignForm) -> None:
    """What may be chosen: accounts, messages and gateways that are there."""
    scope = account_scope()

    def work() -> tuple[list[Any], list[Any], list[str]]:
        owners = list(reversed(accounts_for_choice(ACCOUNTS_SHOWN, scope)))
        known = library.for_choice(MESSAGES_SHOWN, scope)
        return owners, known, [row.name for row in gateways.all_gateways()]

    owners, known, names = read(work)
    filled.account.choices = [SelectChoice(row.id, row.name) for row in owners]
    if filled.account.data is None and owners:
        filled.account.data = owners[0].id
    filled.message.choices = [SelectChoice(0, "—"), *(SelectChoice(row.id, _titled(row)) for row in known)]
    filled.gateways.choices = [SelectChoice(name, name) for name in names]
    filled.may_record = is_staff() or accounts.is_granted(owners[0], permissions.RECORDING)
    filled.kind.choices = [
        choice
        for choice in CampaignForm.kind.kwargs["choices"]
        if choice.value != "emergency" or is_staff() or "emergency" in owners[0].permissions.split()
    ]


def _message(pending: Pending) -> Message | None:
    if pending.message_id is None:
        return None
    return prompts.get(pending.message_id, pending.account_id)


def _titled(row: Message) -> str:
    """A message's title, with its state if it may not be sent."""
    if row.state == MessageState.APPROVED:
        return str(row.title)
    return f"{row.title} ({WORDS['message'][row.state]})"


def _sheet(pending: Pending, message: Message | None) -> Sheet | None:
    """What is known of the message's sound."""
    if message is not None:
        return sheet_of(message.prompt)
    return read_sheet(web().uploads.prompts_dir(pending), pending.prompt) if pending.prompt else None


def _lacking(message: Message | None, columns: list[str]) -> str:
    """The columns that the message's text needs and the list does not have, one sentence; else empty."""
    if message is not None and is_template(message.text):
        try:
            Template(message.text).check(columns)
        except BadInput as error:
            return said(error)
    return ""


def _not_yet(pending: Pending, message: Message | None) -> str:
    """Why a campaign with this message cannot start yet, one sentence; empty when it can."""
    if message is not None:
        refused = refusal(message.title, message.state, message.reason)
        return said(refused) if refused else ""
    if is_staff() or read(lambda: accounts.has_grant(pending.account_id, permissions.OWN_VOICE)):
        return ""
    waits = refusal(pending.sound_name, MessageState.WAITING, "")
    return said(waits) if waits else ""


def _page(filled: CampaignForm, pending: Pending | None) -> str:
    return render_template(
        "new_campaign/form.html",
        form=filled,
        pending=pending,
        example=instant_example(),
        hours=_hours(),
        max_mb=web().settings.max_upload_mb,
    )
