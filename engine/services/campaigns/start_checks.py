"""What must hold before a campaign or a quick send may start: its message, hours and the account's caps.

Inside a connection.  The claimer asks again at every claim (`engine.dialing.rules.consent`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from engine.clock import from_ms
from engine.errors import Conflict, NotAllowed
from engine.sentences import Sentence, Word
from engine.services.accounts import accounts, permissions
from engine.services.compliance import caller_ids, message_kinds, traffic_caps
from engine.services.compliance.calling_windows import windows_of
from engine.services.compliance.policy import Policy
from engine.services.messages.personal import Template
from engine.states import MessageState
from engine.store.rows import row_of
from engine.store.tables.core import Campaign, Message


class NotApproved(Conflict):
    """The message may not be sent (yet); `state` is its MessageState."""

    def __init__(self, message: Sentence, /, *, state: str) -> None:
        super().__init__(message)
        self.state = state


class HourNotAllowed(NotAllowed):
    """Such messages may not be sent at this hour."""


def check_approved(message: Message) -> None:
    """Raise NotApproved, with the reason, unless the message may be sent."""
    refused = refusal(message.title, message.state, message.reason)
    if refused:
        raise NotApproved(refused, state=message.state)


def refusal(title: str, state: str, reason: str) -> Sentence | None:
    """Why a message may not be sent; None when it may."""
    if state == MessageState.APPROVED:
        return None
    if state == MessageState.REJECTED:
        return rejected(title, reason)
    if state == MessageState.BY_PHONE:
        return Sentence("The message «%(title)s» waits for an approval by telephone.", title=title)
    return Sentence("The message «%(title)s» waits for approval.", title=title)


def rejected(title: str, reason: str) -> Sentence:
    """The error for a message that staff rejected, with their reason."""
    return Sentence("The message «%(title)s» was rejected: %(reason)s.", title=title, reason=reason)


def check_campaign(row: Campaign, now: int, policy: Policy) -> None:
    """Raise NotApproved, BadInput (windows outside the kind's hours, an unknown variable, a caller id that it may not show),
    SendingRefused (a recording without the permission) or CapReached."""
    if row.message is not None:
        check_approved(row.message)
    if row.text:
        template = Template(row.text)
        template.check(json.loads(row.columns))
        if not accounts.has_grant(row.account_id, permissions.OWN_VOICE):
            template.check_share()
    if row.record_s:
        accounts.require_grant(row.account_id, permissions.RECORDING)
    any_hour = message_kinds.may_any_hour(accounts.get(row.account_id))
    policy.hours.check(row.kind, windows_of(row.windows, row.weekdays), any_hour)
    caller_ids.check(row.account_id, row.kind, row.caller_id, row.gateways.split(), policy)
    traffic_caps.check(row.account_id, policy.caps, now)


def check_quick(
    account_id: int,
    kind: str,
    prompt: str,
    now: int,
    policy: Policy,
    caller_id: str = "",
    gateways: Sequence[str] = (),
) -> None:
    """Raise NotApproved, HourNotAllowed, CallerIdNotAllowed or CapReached for a quick send."""
    message = row_of(Message, account=account_id, prompt=prompt)
    if message is not None:
        check_approved(message)
    allowed = policy.hours.allowed(kind, message_kinds.may_any_hour(accounts.get(account_id)))
    if not allowed.is_open(now, policy.zone):
        opens = from_ms(allowed.next_open(now, policy.zone)).astimezone(policy.zone)
        raise HourNotAllowed(
            "Messages of the kind %(kind)s may be sent at %(allowed)s; the next hour begins at %(at)s.",
            kind=Word(kind),
            allowed=allowed,
            at=f"{opens:%H:%M}",
        )
    caller_ids.check(account_id, kind, caller_id, gateways, policy)
    traffic_caps.check(account_id, policy.caps, now)


def check_caps(account_id: int, now: int, policy: Policy) -> None:
    """Raise CapReached when the account may place no further call now."""
    traffic_caps.check(account_id, policy.caps, now)
