"""What must hold before a campaign or a quick send may start: its message, its hours, the account's caps.

Inside a connection.  The claimer asks again at every claim (`engine.dialing.rules.consent`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from engine.clock import from_ms
from engine.errors import Conflict, NotAllowed
from engine.services.accounts import accounts, permissions
from engine.services.compliance import caller_ids, message_kinds, policy, traffic_caps
from engine.services.compliance.calling_windows import parse_windows
from engine.services.messages.personal import Template
from engine.states import MessageState
from engine.store.tables.core import Campaign, Message


class NotApproved(Conflict):
    """The message may not be sent (yet); `state` is its MessageState."""

    def __init__(self, state: str, sentence: str) -> None:
        super().__init__(sentence)
        self.state = state


class HourNotAllowed(NotAllowed):
    """Such messages may not be sent at this hour."""


def check_approved(message: Message) -> None:
    """Raise NotApproved, with the reason, unless the message may be sent."""
    refused = refusal(message.title, message.state, message.reason)
    if refused:
        raise NotApproved(message.state, refused)


def refusal(title: str, state: str, reason: str) -> str:
    """Why a message may not be sent, one sentence; empty when it may."""
    if state == MessageState.APPROVED:
        return ""
    if state == MessageState.REJECTED:
        return f"The message «{title}» was rejected: {reason.rstrip('.')}."
    if state == MessageState.BY_PHONE:
        return f"The message «{title}» waits for an approval by telephone."
    return f"The message «{title}» waits for approval."


def check_campaign(row: Campaign, now: int) -> None:
    """Raise NotApproved, BadInput (windows outside the kind's hours, an unknown variable, a caller id that it may not show),
    SendingRefused (a recording without the permission) or CapReached."""
    if row.message is not None:
        check_approved(row.message)
    if row.text:
        Template(row.text).check(json.loads(row.columns))
    if row.record_s:
        accounts.require_grant(row.account_id, permissions.RECORDING)
    rules = policy.current()
    any_hour = message_kinds.may_any_hour(accounts.get(row.account_id))
    rules.hours.check(row.kind, parse_windows(row.windows), any_hour)
    caller_ids.check(row.account_id, row.kind, row.caller_id, row.gateways.split())
    traffic_caps.check(row.account_id, rules.caps, now)


def check_quick(
    account_id: int, kind: str, prompt: str, now: int, caller_id: str = "", gateways: Sequence[str] = ()
) -> None:
    """Raise NotApproved, HourNotAllowed, CallerIdNotAllowed or CapReached for a quick send."""
    message = Message.get_or_none(Message.account == account_id, Message.prompt == prompt)
    if message is not None:
        check_approved(message)
    rules = policy.current()
    allowed = rules.hours.allowed(kind, message_kinds.may_any_hour(accounts.get(account_id)))
    if not allowed.is_open(now, rules.zone):
        opens = from_ms(allowed.next_open(now, rules.zone)).astimezone(rules.zone)
        raise HourNotAllowed(
            f"Messages of the kind {kind} may be sent at {allowed}; the next hour begins at {opens:%H:%M}."
        )
    caller_ids.check(account_id, kind, caller_id, gateways)
    traffic_caps.check(account_id, rules.caps, now)
