"""Tells customers about their own events: a campaign ended, credit is low, a message was approved or rejected.

By e-mail and messenger, to verified addresses for that topic, through the durable outbox.  Answers to tickets are
sent by `services.tickets.tickets`.  Each event is sent once, however often this runs and in however many processes.
"""

from __future__ import annotations

import logging
from typing import Any

from engine.sentences import Amount, Sentence
from engine.services.outbox import deliveries
from engine.services.outbox.wording import bilingual
from engine.states import AccountState, CampaignState, MessageState
from engine.store.sql import execute
from engine.store.tables.core import Campaign, CampaignCounts, Message
from engine.store.tables.support import EventTold
from engine.store.webhook_events import CREDIT_LOW, MESSAGE_APPROVED, Happened, note

log = logging.getLogger(__name__)

CAMPAIGNS, MONEY, MESSAGES = "campaigns", "money", "messages"  # topics of addresses
SINCE = "since"  # the key of the time from which on events are sent
LOOKED_BACK_MS = 3 * 86_400_000  # older events are not sent any more after an outage of ours
MOST_AT_ONCE = 200

_ENDED = Sentence(
    "Campaign «%(name)s» has ended: %(delivered)s of %(called)s delivered. The result is in the panel."
)
_STOPPED = Sentence(
    "Campaign «%(name)s» was stopped: %(delivered)s of %(called)s delivered. The result is in the panel."
)
_ENDED_SUBJECT = Sentence("Campaign «%(name)s» has ended")
_STOPPED_SUBJECT = Sentence("Campaign «%(name)s» was stopped")
_LOW = Sentence(
    "The credit of «%(name)s» is low: %(left)s Rials are left. Top it up in the panel, or campaigns pause."
)
_APPROVED = Sentence("The message «%(title)s» was approved.")
_REJECTED = Sentence("The message «%(title)s» was rejected: %(why)s")
_HOW_TO_END = Sentence("In the panel, under «Who is told, and how», you choose what you are told and where.")

# Parameters: the limit.  Accounts with less credit, and accounts that were told and have more again.
_LOW_ONES = """
SELECT account.id, account.name, ledger_balance.amount FROM ledger_balance
JOIN account ON account.id = ledger_balance.account_id
WHERE ledger_balance.book = 'balance' AND ledger_balance.amount < ? AND account.state = ?
  AND NOT account.is_house AND account.debt_ceiling = 0
  AND NOT EXISTS (SELECT 1 FROM event_told WHERE event_told.key = 'credit/' || CAST(account.id AS TEXT))
ORDER BY account.id LIMIT ?
"""
_ENOUGH_AGAIN = """
DELETE FROM event_told WHERE key IN (
  SELECT 'credit/' || CAST(account_id AS TEXT) FROM ledger_balance WHERE book = 'balance' AND amount >= ?)
"""


def watch(now: int, low_rials: int) -> int:
    """Send new events and return how many; inside a transaction.  `low_rials` 0: no events about credit."""
    EventTold.insert(key=SINCE, at=now).on_conflict_ignore().execute()
    since = max(int(EventTold.get_by_id(SINCE).at), now - LOOKED_BACK_MS)
    told = _campaigns(since, now) + _messages(since, now)
    if low_rials:
        told += _credit(low_rials, now)
    EventTold.delete().where(
        EventTold.at < now - 2 * LOOKED_BACK_MS, EventTold.key != SINCE, ~EventTold.key.startswith("credit/")
    ).execute()
    return told


def _campaigns(since: int, now: int) -> int:
    ended = (CampaignState.FINISHED, CampaignState.STOPPED)
    rows = (
        Campaign.select(Campaign, CampaignCounts)
        .join_from(Campaign, CampaignCounts, on=(CampaignCounts.campaign == Campaign.id), attr="counts")
        .where(Campaign.finished_at > since, Campaign.state.in_(ended), Campaign.standing_key == "")
        .order_by(Campaign.finished_at)
    )
    told = 0
    row: Any
    for row in rows:
        key = f"campaign/{row.id}"
        if told >= MOST_AT_ONCE or not _is_new(key, now):
            continue
        values = {
            "name": row.name,
            "delivered": Amount(row.counts.delivered),
            "called": Amount(row.counts.total - row.counts.excluded),
        }
        is_whole = row.state == CampaignState.FINISHED
        form, subject = (_ENDED, _ENDED_SUBJECT) if is_whole else (_STOPPED, _STOPPED_SUBJECT)
        told += _tell(
            row.account_id,
            CAMPAIGNS,
            key,
            Sentence(subject, name=row.name),
            Sentence(form, **values),
            now,
        )
    return told


def _messages(since: int, now: int) -> int:
    rows = Message.select().where(
        Message.decided_at > since,
        Message.in_gallery,
        Message.state.in_((MessageState.APPROVED, MessageState.REJECTED)),
    )
    told = 0
    for row in rows.order_by(Message.decided_at):
        key = f"message/{row.id}/{row.decided_at}"
        if told >= MOST_AT_ONCE or not _is_new(key, now):
            continue
        is_approved = row.state == MessageState.APPROVED
        if is_approved:
            data = {"message_id": int(row.id), "title": row.title}
            note([Happened(row.account_id, MESSAGE_APPROVED, f"message/{row.id}", data)], now)
        text = (
            Sentence(_APPROVED, title=row.title)
            if is_approved
            else Sentence(_REJECTED, title=row.title, why=row.reason)
        )
        told += _tell(row.account_id, MESSAGES, key, Sentence("Approval of messages"), text, now)
    return told


def _credit(low_rials: int, now: int) -> int:
    execute(_ENOUGH_AGAIN, [low_rials])
    told = 0
    for account_id, name, left in execute(_LOW_ONES, [low_rials, AccountState.ACTIVE.value, MOST_AT_ONCE]):
        if _is_new(f"credit/{account_id}", now):
            data = {"balance_rials": int(left)}
            note([Happened(int(account_id), CREDIT_LOW, f"account/{account_id}", data)], now)
            text = Sentence(_LOW, name=name, left=Amount(int(left)))
            told += _tell(
                int(account_id), MONEY, f"credit/{account_id}/{now}", Sentence("Balance"), text, now
            )
    return told


def _is_new(key: str, now: int) -> bool:
    return bool(EventTold.insert(key=key, at=now).on_conflict_ignore().as_rowcount().execute())


def _tell(account_id: int, topic: str, key: str, subject: Sentence, text: Sentence, now: int) -> int:
    """Send an event to the addresses of a topic.  Returns 1, also when there is no address."""
    words, end = bilingual(text), bilingual(_HOW_TO_END)
    texts = {each: f"{words[each]}\n\n{end[each]}" for each in words}
    sent = deliveries.to_account(account_id, topic, key, subject=bilingual(subject), text=texts, now=now)
    log.info("action=event_told key=%s account=%d messages=%d", key, account_id, sent)
    return 1
