"""Approval of messages by staff: on a page, or by pressing 1 in a call that plays the message.

A campaign with a message that is not approved does not start, and pauses if
it runs.  Functions run inside a transaction.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import BadInput, Conflict
from engine.sentences import Sentence, Word
from engine.services.accounts import accounts, audit_log, permissions
from engine.services.campaigns import campaigns, quick_sends, why
from engine.services.campaigns.quick_sends import QuickOptions, QuickState
from engine.services.campaigns.start_checks import rejected
from engine.services.compliance.policy import Policy
from engine.services.messages.library import get
from engine.services.messages.personal import Template
from engine.services.numbering.numbers import NormalNumber
from engine.states import CampaignState, MessageState
from engine.store.do_not_call import numbers_source, numbers_value
from engine.store.settles import Settle
from engine.store.sql import execute
from engine.store.tables.core import Campaign, Message, MessageCall, Recipient

log = logging.getLogger(__name__)

APPROVE_KEY = "1"
SAMPLES, SAMPLED_CAMPAIGNS = 3, 3  # lines of a list, and lists, that staff hear
MOST_CALLS = 20  # of one message that are shown
APPROVAL_CALLS = QuickOptions(vote_keys=APPROVE_KEY, repeat_key="2")


def waiting(skip: int = 0, limit: int = 200) -> list[Message]:
    """Messages of all accounts that wait for staff, oldest first."""
    states = (MessageState.WAITING, MessageState.BY_PHONE)
    query = Message.select().where(Message.state.in_(states), Message.in_gallery == True)  # noqa: E712 - SQL
    query = query.where(Message.state != "approved")  # as the index of those that wait has it
    return list(query.order_by(Message.created_at, Message.id).offset(max(0, skip)).limit(limit))


def approve(message_id: int, person_id: int | None, now: int) -> None:
    """Approve a message."""
    _decide(get(message_id), MessageState.APPROVED, "", person_id, now)


def reject(message_id: int, reason: str, person_id: int | None, now: int) -> list[int]:
    """Reject a message, with a reason that the customer reads; pauses the running campaigns that use it and returns
    their ids.

    A message that was approved can be rejected later.
    """
    reason = reason.strip()
    if not reason:
        raise BadInput("Say why the message is rejected: its owner reads it.")
    row = get(message_id)
    _decide(row, MessageState.REJECTED, reason[:500], person_id, now)
    sentence = rejected(row.title, reason)
    running = (CampaignState.RUNNING, CampaignState.SCHEDULED)
    ids = [
        int(item.id)
        for item in Campaign.select(Campaign.id).where(
            Campaign.message == row.id, Campaign.state.in_(running), Campaign.standing_key == ""
        )
    ]
    for campaign_id in ids:
        campaigns.pause(campaign_id, sentence.kept(), code=why.NOT_APPROVED)
    return ids


@dataclass(frozen=True, slots=True)
class Sample:
    """What one recipient of a list would hear; empty, with the reason, when its cells cannot be spoken."""

    campaign_id: int
    recipient_id: int
    text: str
    why: Sentence | None = None


def samples(message_id: int) -> list[Sample]:
    """A text with its variables filled in from some rows of the newest campaigns that use it.  Only reads."""
    row = get(message_id)
    found: list[Sample] = []
    campaigns_ = Campaign.select().where(Campaign.message == row.id, Campaign.text != "")
    for campaign in campaigns_.order_by(Campaign.id.desc()).limit(SAMPLED_CAMPAIGNS):
        columns, template = json.loads(campaign.columns), Template(campaign.text)
        is_free = accounts.has_grant(campaign.account_id, permissions.OWN_VOICE)
        lines = Recipient.select(Recipient.id, Recipient.variables).where(
            Recipient.campaign_id == campaign.id, Recipient.reason == ""
        )
        for line in lines.order_by(Recipient.id).limit(SAMPLES):
            values = dict(zip(columns, json.loads(line.variables or "[]"), strict=False))
            text, why_not = template.spoken(values, is_free)
            found.append(Sample(int(campaign.id), int(line.id), text, why_not))
    return found


def ask_by_phone(
    message_id: int, number: NormalNumber, person_id: int | None, now: int, policy: Policy
) -> int:
    """Call staff and play them a message, at the house's cost; 1 approves it, 2 repeats it.

    Returns the id of the quick send's recipient; wake the dialer afterwards.  Conflict if the message was decided.
    """
    row = get(message_id)
    if row.state not in (MessageState.WAITING, MessageState.BY_PHONE):
        raise Conflict(
            "The message «%(title)s» is %(state)s: there is nothing to decide.",
            title=row.title,
            state=Word(row.state),
        )
    house = accounts.house()
    recipient_id = quick_sends.send(
        house.id, number, row.prompt, APPROVAL_CALLS, now, policy, message_ms=row.duration_ms
    )
    MessageCall.create(recipient_id=recipient_id, message_id=row.id, person_id=person_id, placed_at=now)
    if row.state == MessageState.WAITING:
        _decide(row, MessageState.BY_PHONE, "", person_id, now)
    return recipient_id


def hear_approvals(won: Sequence[Settle]) -> None:
    """Hook of the settler: pressing 1 in a call placed by `ask_by_phone` approves the message."""
    voted = {item.recipient_id: item for item in won if item.end.vote == APPROVE_KEY}
    if not voted:
        return
    rows = execute(
        f"SELECT recipient_id, message_id, person_id FROM message_call WHERE recipient_id IN {numbers_source()}",  # noqa: S608 - constants
        [numbers_value(list(voted))],
    )
    for recipient_id, message_id, person_id in rows:
        row = Message.get_by_id(message_id)
        if row.state == MessageState.BY_PHONE:
            _decide(row, MessageState.APPROVED, "", person_id, voted[recipient_id].ended_at, "telephone")


def calls_of(message_id: int) -> list[QuickState]:
    """The approval calls of a message and how they ended, the newest first."""
    rows = MessageCall.select().where(MessageCall.message_id == message_id)
    rows = rows.order_by(MessageCall.recipient_id.desc()).limit(MOST_CALLS)
    return [quick_sends.state_of(row.recipient_id) for row in rows]


def _decide(
    row: Message, state: MessageState, reason: str, person_id: int | None, now: int, way: str = ""
) -> None:
    """The one place where a message changes its state."""
    if row.state == state:
        return
    moved = (
        Message.update(
            state=state,
            reason=reason,
            decided_by=person_id,
            decided_at=now,
        )
        .where(Message.id == row.id, Message.state == row.state)
        .execute()
    )
    if not moved:
        raise Conflict(
            "The message «%(title)s» was decided by somebody else at the same moment.", title=row.title
        )
    after = {"state": str(state), "reason": reason, "way": way}
    audit_log.record(
        person_id, row.account_id, f"message.{state}", f"message {row.id}", now,
        {"state": str(row.state)}, {name: value for name, value in after.items() if value},
    )  # fmt: skip
    log.info("action=message_state message=%d %s -> %s", row.id, row.state, state)
