"""A campaign as screens show it: its counts, its progress, why it waits, and when it ends.

Read from the store alone, inside a connection (`engine.store.threads.read`);
the engine's word (`CampaignPulse`) is believed for ten seconds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from engine.errors import NotFound
from engine.fold import fold
from engine.sentences import Sentence
from engine.services.accounts.ownership import owned
from engine.services.campaigns import start_checks, why, why_for_customers
from engine.states import CampaignState, MessageState
from engine.store.numbering import is_number_of
from engine.store.sql import execute
from engine.store.tables.core import (
    Account,
    Attempt,
    Campaign,
    CampaignCounts,
    CampaignPulse,
    Message,
    Recipient,
)

STALE_MS = 10_000  # a running campaign without a pulse for this long has no engine

STARTING = "starting"  # no engine has picked it up yet
_STARTING = Sentence("It is about to be dialled.")


@dataclass(frozen=True, slots=True)
class CampaignView:
    """One campaign for a list or a page of its own; instants in ms."""

    row: Campaign
    account: str
    message: Message | None
    counts: CampaignCounts
    reason: str  # code of engine.services.campaigns.why, or STARTING
    details: dict[str, Any]
    calls_up: int | None  # None: no engine has told lately
    calls_per_second: float
    ends_at: int | None  # expected, while it runs

    @property
    def id(self) -> int:
        return int(self.row.id)

    @property
    def state(self) -> CampaignState:
        return CampaignState(self.row.state)

    @property
    def callable(self) -> int:
        """Recipients that are not set aside."""
        return int(self.counts.total - self.counts.excluded)

    @property
    def done(self) -> int:
        """Recipients that were to be called and have their end."""
        c = self.counts
        return int(c.delivered + c.exhausted + c.cancelled + c.unknown)

    @property
    def progress(self) -> float:
        """Share of recipients that have their end, 0 to 1."""
        return self.done / self.callable if self.callable else 0.0

    @property
    def called(self) -> int:
        """Recipients that were called to some end, those that will be tried again included."""
        c = self.counts
        return int(c.delivered + c.exhausted + c.unknown + c.retry_wait)

    @property
    def delivered_share(self) -> float | None:
        """Delivered, of those called so far; None while there are none.

        Those that wait for another try count: without them the share would begin near 100 %
        and fall as tries run out.
        """
        return self.counts.delivered / self.called if self.called else None

    @property
    def sentence(self) -> Sentence:
        """The reason for its state, in words."""
        return _STARTING if self.reason == STARTING else why.sentence(self.reason, self.details)

    @property
    def sentence_for_owner(self) -> Sentence:
        """As `sentence`, without what is for staff only."""
        if self.reason == STARTING:
            return _STARTING
        return why_for_customers.sentence(self.reason, self.details)


LONGEST_E164 = 16  # the plus included


def view(campaign_id: int, now: int, account_id: int | None = None) -> CampaignView:
    """A campaign, of the account if one is given; NotFound otherwise."""
    query = _rows().where(Campaign.id == campaign_id)
    missing = NotFound("There is no campaign %(id)s.", id=campaign_id)
    return _view(owned(query, Campaign.account, account_id, missing), now)


def views(
    now: int,
    account_id: int | None = None,
    *,
    states: tuple[str, ...] = (),
    text: str = "",
    archived: bool = False,
    before_id: int | None = None,
    limit: int = 50,
) -> list[CampaignView]:
    """Campaigns, newest first: of the account, in the states, with `text` in the name or as number, older than `before_id`.

    Not those that hold quick sends and codes; only the `archived` ones, or only the others.
    """
    query = _rows().order_by(Campaign.id.desc()).limit(limit).where(Campaign.standing_key == "")
    query = query.where(Campaign.archived_at.is_null(not archived))
    if account_id is not None:
        query = query.where(Campaign.account == account_id)
    if states:
        query = query.where(Campaign.state.in_(states))
    if text:
        wanted = fold(text)
        is_named = Campaign.search.contains(wanted)
        is_number = wanted.isdigit() and len(wanted) < 16
        query = query.where(is_named | (Campaign.id == int(wanted)) if is_number else is_named)
    if before_id is not None:
        query = query.where(Campaign.id < before_id)
    return [_view(row, now) for row in query]


def of_number(campaign_id: int, e164: str) -> tuple[Recipient, Attempt | None] | None:
    """What became of a number of a campaign: the recipient and its live or last attempt; None when it has none such."""
    row = None
    if e164.isascii() and e164.removeprefix("+").isdecimal() and len(e164) <= LONGEST_E164:
        row = Recipient.get_or_none(is_number_of(campaign_id, e164))
    if row is None:  # who was set aside, perhaps as no number; and quick sends
        row = Recipient.get_or_none(Recipient.campaign_id == campaign_id, Recipient.number == e164)
    if row is None:
        return None
    return row, Attempt.get_or_none(Attempt.id == row.attempt_id) if row.attempt_id else None


def stopped() -> list[Campaign]:
    """Campaigns that the guard has paused, newest first, with their accounts."""
    return list(
        Campaign.select(Campaign, Account)
        .join(Account)
        .where(Campaign.state == CampaignState.PAUSED, Campaign.pause_code == why.CAPPED)
        .order_by(Campaign.id.desc())
        .limit(100)
    )


def votes(campaign_id: int) -> dict[str, int]:
    """How many pressed which key (a vote delivers the message, so nobody votes twice)."""
    rows = execute(
        "SELECT vote, number FROM campaign_vote WHERE campaign_id = ? ORDER BY vote",
        [campaign_id],
    )
    return {str(vote): int(number) for vote, number in rows}


def expect_pulse(campaign_id: int, now: int) -> None:
    """Note, in the transaction that starts or resumes it, that an engine has ten seconds from `now`."""
    CampaignPulse.update(reason="", details="{}", calls_up=0, calls_per_second=0, ends_at=None, at=now).where(
        CampaignPulse.campaign == campaign_id
    ).execute()


def _rows() -> Any:
    return (
        Campaign.select(Campaign, Account, Message, CampaignCounts, CampaignPulse)
        .join_from(Campaign, Account)
        .join_from(Campaign, Message, "LEFT OUTER JOIN")
        .join_from(Campaign, CampaignCounts, on=(CampaignCounts.campaign == Campaign.id), attr="counts")
        .join_from(Campaign, CampaignPulse, on=(CampaignPulse.campaign == Campaign.id), attr="pulse")
    )


def _view(row: Any, now: int) -> CampaignView:
    pulse, state = row.pulse, CampaignState(row.state)
    is_fresh = state == CampaignState.RUNNING and now - pulse.at <= STALE_MS
    reason, details = _reason(row, state, pulse, is_fresh)
    return CampaignView(
        row=row,
        account=row.account.name,
        message=row.message if row.message_id is not None else None,
        counts=row.counts,
        reason=reason,
        details=details,
        calls_up=pulse.calls_up if is_fresh else None if state == CampaignState.RUNNING else row.counts.live,
        calls_per_second=pulse.calls_per_second if is_fresh else 0.0,
        ends_at=pulse.ends_at if is_fresh else None,
    )


def _reason(
    row: Campaign, state: CampaignState, pulse: CampaignPulse, is_fresh: bool
) -> tuple[str, dict[str, Any]]:
    if state == CampaignState.RUNNING:
        if not is_fresh:
            return why.ENGINE_OFF, {"since": pulse.at or row.started_at}
        return (pulse.reason, json.loads(pulse.details)) if pulse.reason else (STARTING, {})
    if state == CampaignState.PAUSED:
        if row.pause_code:
            return row.pause_code, {"reason": row.state_reason}
        return why.PAUSED, {"reason": row.state_reason}
    if state == CampaignState.SCHEDULED:
        return why.SCHEDULED, {"at": row.starts_at}
    if state == CampaignState.DRAFT and row.awaits_approval:
        message = row.message if row.message_id is not None else None
        if message is not None and message.state == MessageState.REJECTED:
            refused = start_checks.rejected(message.title, message.reason)
            return why.NOT_STARTED_YET, {"reason": refused.kept()}
        if row.starts_at:
            return why.APPROVAL_THEN_START, {"at": row.starts_at}
        return why.AWAITS_APPROVAL, {}
    if state == CampaignState.DRAFT and row.state_reason:
        return why.NOT_STARTED_YET, {"reason": row.state_reason}
    if row.pause_code in (why.ENDED, why.COPYING):
        return row.pause_code, {}
    plain = {
        CampaignState.DRAFT: why.NOT_STARTED,
        CampaignState.STOPPED: why.STOPPED,
        CampaignState.FINISHED: why.FINISHED,
    }
    return plain[state], {}
