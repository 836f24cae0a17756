"""The audit log in the reader's words: the action, its subject, and the changes."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from engine.services.accounts.permissions import GRANTS
from engine.services.support_line.settings import TITLES
from webui.i18n.formats import digits, number, plain_instant
from webui.i18n.sentences import grant, reason, said
from webui.i18n.words import WORDS

ACTS: dict[str, Any] = {
    "account.open": _l("Account opened"),
    "account.change": _l("Account changed"),
    "account.grant": _l("Permissions of the account set"),
    "account.caps": _l("Caps of the account set"),
    "account.suspend": _l("Account suspended"),
    "account.unsuspend": _l("Suspension ended"),
    "caller_id.confirm": _l("Number confirmed"),
    "caller_id.withdraw": _l("Confirmed number removed"),
    "calendar.edit": _l("Working calendar changed"),
    "agent_added": _l("Agent added"),
    "agent_changed": _l("Agent changed"),
    "agent_password": _l("Agent's telephone given a new password"),
    "call_back_cancelled": _l("Call-back cancelled"),
    "campaign.archive": _l("Campaign archived"),
    "campaign.change": _l("Campaign changed"),
    "campaign.create": _l("Campaign made"),
    "campaign.download": _l("Result of a campaign downloaded"),
    "campaign.list": _l("List added to a campaign"),
    "campaign.pause": _l("Campaign paused"),
    "campaign.repeat": _l("Repetition of a campaign changed"),
    "campaign.repeat_end": _l("Repetition of a campaign ended"),
    "campaign.resume": _l("Campaign resumed"),
    "campaign.start": _l("Campaign started"),
    "campaign.stop": _l("Campaign stopped"),
    "campaign.unarchive": _l("Campaign restored from the archive"),
    "caps.ask": _l("Higher cap requested"),
    "caps.refuse": _l("Higher cap refused"),
    "document.view": _l("Document viewed"),
    "do_not_call.add": _l("Number put on the do-not-call list"),
    "do_not_call.download": _l("Do-not-call list downloaded"),
    "do_not_call.import": _l("Do-not-call list imported"),
    "do_not_call.remove": _l("Number removed from the do-not-call list"),
    "destination.set": _l("Destination set"),
    "destination.remove": _l("Destination removed"),
    "gateway.add": _l("Gateway added"),
    "gateway.change": _l("Gateway changed"),
    "gateway.test": _l("Gateway tested with a call"),
    "identity.submitted": _l("Identity submitted"),
    "identity.accepted": _l("Identity accepted"),
    "identity.returned": _l("Identity returned"),
    "message.approved": _l("Message approved"),
    "message.rejected": _l("Message rejected"),
    "message.waiting": _l("Message waits for approval"),
    "message.by_phone": _l("Message waits for a telephone approval"),
    "ledger.download": _l("Ledger downloaded"),
    "quick.send": _l("Quick send"),
    "login": _l("Logged in"),
    "login.failed": _l("Wrong password or code"),
    "logout": _l("Logged out"),
    "session.end": _l("Session ended"),
    "password.set": _l("Password set"),
    "second_factor.on": _l("Second factor switched on"),
    "second_factor.off": _l("Second factor switched off"),
    "second_factor.code": _l("Recovery code used"),
    "money.adjust": _l("Credit adjusted"),
    "notice.publish": _l("Notice published"),
    "notice.withdraw": _l("Notice taken down"),
    "payment.confirm": _l("Payment confirmed"),
    "payment.refuse": _l("Receipt refused"),
    "recording.listen": _l("Recording listened to"),
    "person.add": _l("Person added"),
    "person.change": _l("Person changed"),
    "person.invite": _l("Person invited"),
    "plan.add": _l("Plan added"),
    "plan.withdraw": _l("Plan withdrawn"),
    "price.set": _l("Price set"),
    "price_group.add": _l("Price group added"),
    "special.end": _l("Special notice ended"),
    "support_call_handed_over": _l("Call transferred"),
    "support_line_setting": _l("Setting of the support line changed"),
    "support_prompt_replaced": _l("Prompt of the support line replaced by a recording"),
    "support_prompt_spoken": _l("Prompt of the support line spoken by the computer"),
    "support_recording_heard": _l("Recorded call listened to"),
    "voice_message_heard": _l("Spoken message of a caller listened to"),
    "switch.change": _l("Switch changed"),
    "token.make": _l("Access token made"),
    "token.revoke": _l("Access token revoked"),
    "token.rotate": _l("Secret of an access token renewed"),
    "webhook.add": _l("Web hook made"),
    "webhook.change": _l("Web hook changed"),
    "webhook.remove": _l("Web hook removed"),
    "webhook.rotate": _l("Secret of a web hook renewed"),
    "sla.agreement_published": _l("Version of the agreement published"),
    "sla.claim_answered": _l("Claim answered"),
    "sla.claim_linked": _l("Claim linked to an outage"),
    "sla.claim_unlinked": _l("Claim unlinked from its outage"),
    "sla.claim_paid": _l("Claim paid"),
    "sla.claim_voted": _l("Vote on a claim"),
    "sla.exclusion_added": _l("Exclusion added"),
    "sla.exclusion_withdrawn": _l("Exclusion withdrawn"),
    "sla.maintenance_planned": _l("Maintenance planned"),
    "sla.maintenance_announced": _l("Maintenance announced"),
    "sla.maintenance_cancelled": _l("Maintenance cancelled"),
    "sla.outage_entered": _l("Outage entered"),
    "sla.outage_corrected": _l("Outage corrected"),
    "sla.report_answered": _l("Report answered"),
    "sla.unknown_resolved": _l("Unknown time resolved"),
}
SUBJECTS: dict[str, Any] = {
    "account": _l("account"),
    "agent": _l("agent"),
    "agreement": _l("agreement"),
    "call": _l("call"),
    "call-back": _l("call-back"),
    "calendar": _l("calendar"),
    "campaign": _l("campaign"),
    "claim": _l("claim"),
    "document": _l("document"),
    "exclusion": _l("exclusion"),
    "gateway": _l("gateway"),
    "identity review": _l("identity"),
    "maintenance": _l("maintenance"),
    "message": _l("message"),
    "notice": _l("notice"),
    "outage": _l("outage"),
    "payment": _l("payment"),
    "person": _l("person"),
    "plan": _l("plan"),
    "price group": _l("price group"),
    "prompt": _l("prompt"),
    "recipient": _l("recipient"),
    "recording": _l("recording"),
    "report": _l("report"),
    "special notice": _l("special notice"),
    "switch": _l("switch"),
    "ticket": _l("ticket"),
    "token": _l("access token"),
    "unknown": _l("unknown time"),
    "web hook": _l("web hook"),
}
FIELDS: dict[str, Any] = {
    "added": _l("new numbers"),
    "answer": _l("answer"),
    "balance": _l("balance"),
    "effective_at": _l("in force from"),
    "end_at": _l("end"),
    "gateways": _l("gateways"),
    "is_open": _l("open"),
    "is_void": _l("no outage"),
    "kind": _l("kind"),
    "note": _l("note"),
    "number": _l("number"),
    "outage": _l("outage"),
    "start_at": _l("beginning"),
    "synthesis": _l("synthesis"),
    "text_part": _l("part of a text message"),
    "verdict": _l("verdict"),
    "way": _l("way"),
    "caller_id": _l("caller id"),
    "known": _l("numbers known before"),
    "name": _l("name"),
    "scopes": _l("scopes"),
    "username": _l("user name"),
    "state": _l("state"),
    "reason": _l("reason"),
    "expires_at": _l("subscription until"),
    "permissions": _l("permissions"),
    "months": _l("months"),
    "price": _l("price"),
    "amount": _l("amount"),
    "role": _l("role"),
    "is_active": _l("active"),
    "active": _l("active"),
    "departments": _l("departments"),
    "outside": _l("outside number"),
    "wrap_up_s": _l("seconds to write after a call"),
    "weight": _l("weight"),
    "price_group_id": _l("price group"),
    "max_cps": _l("calls a second"),
    "max_channels": _l("calls at once"),
    "parent_id": _l("reseller"),
    "min_gap_s": _l("gap between calls (s)"),
    "max_calls_a_day": _l("calls a day"),
    "debt_ceiling": _l("debt ceiling"),
    "windows": _l("calling hours"),
    "weekdays": _l("days"),
    "max_tries": _l("tries"),
    "retry_after_s": _l("wait between tries (s)"),
    "starts_at": _l("start"),
    "ends_at": _l("end"),
    "cps": _l("calls a second"),
    "channels": _l("calls at once"),
    "prefixes": _l("prefixes"),
    "number_format": _l("how numbers are dialled"),
    "dial_prefix": _l("dialled in front of numbers"),
    "priority": _l("priority"),
    "ptime_ms": _l("packet time (ms)"),
    "codecs": _l("codecs"),
    "transport": _l("SIP by"),
    "srtp": _l("encrypted voice"),
    "voice_to": _l("where voice is sent"),
    "keys": _l("how keys arrive"),
    "cost_rials_a_minute": _l("cost of a minute (Rials)"),
    "is_draining": _l("takes no new call"),
    "switch_name": _l("its only switch"),
    "calls_an_hour": _l("calls an hour"),
    "rials_a_day": _l("Rials a day"),
    "landline": _l("landline"),
    "mobile": _l("mobile"),
    "pulse_s": _l("pulse (s)"),
    "from_at": _l("from"),
    "from": _l("address"),
    "every": _l("how often"),
    "next_at": _l("next start"),
    "until_at": _l("until"),
}
# The groups of words that a field's values belong to.
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_KINDS = {
    "state": ("campaign", "account", "review", "message", "claim", "notice", "payment", "report", "health"),
    "role": ("role",),
    "verdict": ("claim",),
    "way": ("way",),
    "kind": ("exclusion", "account_kind"),
    "every": ("every",),
}


def init_app(app: Flask) -> None:
    for filter_ in (act, subject, changes):
        app.add_template_filter(filter_)


def act(action: str) -> str:
    """The name of an action."""
    return str(ACTS.get(action, action))


def subject(text: str) -> str:
    """The subject of an action: «account 7», «حساب ۷»."""
    if text == "nobody":
        return _("an unknown name")
    if text in TITLES:
        return said(TITLES[text])
    kind, _space, number_ = text.rpartition(" ")
    if kind.startswith("calendar "):
        edit = kind.removeprefix("calendar ")
        return f"{WORDS['edit'].get(edit, edit)} {digits(number_.replace('-', '/'))}"
    shown = number_ if kind in ("gateway", "switch") else digits(number_)  # gateways and switches have names
    return f"{SUBJECTS.get(kind, kind)} {shown}"


def changes(text: str) -> str:
    """The values before or after a change, with their names; a text of a person stays as it is."""
    if not text.startswith("{"):
        return text
    try:
        values = json.loads(text)
    except ValueError:
        return text  # it was long and was truncated
    return "\n".join(f"{_field(name)}: {_value(name, value)}" for name, value in values.items())


def _field(name: str) -> str:
    """The name of a field; a day of the calendar is its own name."""
    return digits(name.replace("-", "/")) if _DAY.fullmatch(name) else str(FIELDS.get(name, name))


def _value(name: str, value: Any) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return str(_l("yes") if value else _l("no"))
    if name.endswith("_at") and isinstance(value, int):
        return plain_instant(value)
    if isinstance(value, (int, float)):
        return number(value, 0 if float(value).is_integer() else 2)
    if name == "caller_id":
        return digits(value)
    if name == "permissions":
        return _(", ").join(grant(word) if word in GRANTS else word for word in str(value).split())
    if name in _KINDS:
        groups = [WORDS[group] for group in _KINDS[name]]
        return next((str(group[value]) for group in groups if value in group), str(value))
    return reason(str(value)) if _DAY.fullmatch(name) else str(value)
